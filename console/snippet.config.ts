/** The snippet is built with the console's tools, into the same folder: one file, served as /onevoice.js. */
import { defineConfig } from "vite";

import { packed } from "./packed.ts";

export default defineConfig({
  root: new URL("../snippet", import.meta.url).pathname,
  plugins: [packed()],
  build: {
    outDir: "../src/onevoice/static/console",
    emptyOutDir: false,
    target: "es2020",
    lib: { entry: "src/index.ts", formats: ["iife"], name: "onevoiceSnippet", fileName: () => "onevoice.js" },
    reportCompressedSize: false,
  },
});
