import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const server = process.env["ONEVOICE_API"] ?? "http://127.0.0.1:8080";

/** Lays a .br and a .gz beside every text file, so that the server packs nothing while somebody waits. */
function packed(): Plugin {
  let folder = "";
  return {
    name: "packed",
    apply: "build",
    configResolved: (config) => {
      folder = path.resolve(config.root, config.build.outDir);
    },
    closeBundle: async () => {
      for (const name of await readdir(folder, { recursive: true })) {
        if (!/\.(js|css|svg|html)$/.test(name)) continue;
        const body = await readFile(path.join(folder, name));
        if (body.length < 1024) continue;
        const small = await promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } });
        await writeFile(path.join(folder, `${name}.br`), small);
        await writeFile(path.join(folder, `${name}.gz`), await promisify(gzip)(body, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/",
  plugins: [react(), packed()],
  resolve: { alias: { "~": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/onevoice/static/console",
    emptyOutDir: true,
    target: "es2023",
    // Fonts and icons stay files: the content policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": { target: server, ws: true },
      "/login": server,
      "/logout": server,
    },
  },
});
