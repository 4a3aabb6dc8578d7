import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import type { Plugin } from "vite";

/** Lays a .br and a .gz beside every text file, so that the server packs nothing while somebody waits. */
export function packed(): Plugin {
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
        await writeFile(path.join(folder, `${name}.gz`), await promisify(gzip)(body, { level: 9, memLevel: 9 }));
      }
    },
  };
}
