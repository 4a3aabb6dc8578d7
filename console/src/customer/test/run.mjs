// Tests of the customer page's pure parts: each *.test.ts beside this file is bundled and given to Node's own runner.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { build } from "rolldown";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const source = path.resolve(here, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "onevoice-customer-"));
process.env.TZ = "Europe/Warsaw";

const names = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
for (const name of names) {
  await build({
    input: path.join(here, name),
    platform: "node",
    resolve: { alias: { "~": source } },
    moduleTypes: { ".css": "empty" },
    output: { file: path.join(folder, name.replace(/\.ts$/, ".mjs")), format: "esm", codeSplitting: false },
    logLevel: "warn",
  });
}
const files = names.map((name) => path.join(folder, name.replace(/\.ts$/, ".mjs")));
const stream = run({ files });
stream.on("test:fail", () => (process.exitCode = 1));
stream.compose(new spec()).pipe(process.stdout);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
