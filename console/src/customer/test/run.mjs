// Tests of the console's pure parts: each *.test.ts beside this file and of the desk is bundled and given to Node's own runner.
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

const folders = [here, path.join(source, "desk/test")];
const inputs = folders.flatMap((from) => readdirSync(from).flatMap((name) => (name.endsWith(".test.ts") ? [path.join(from, name)] : [])));
const bundled = (input) => path.join(folder, path.basename(input).replace(/\.ts$/, ".mjs"));
for (const input of inputs) {
  await build({
    input,
    platform: "node",
    resolve: { alias: { "~": source } },
    moduleTypes: { ".css": "empty" },
    output: { file: bundled(input), format: "esm", codeSplitting: false },
    logLevel: "warn",
  });
}
const stream = run({ files: inputs.map(bundled) });
stream.on("test:fail", () => (process.exitCode = 1));
stream.compose(new spec()).pipe(process.stdout);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
