/**
 * The snippet is built with the console's tools, into the same folder: one file, served as /onevoice.js. With
 * `--mode chat`, the chat that it loads: /onevoice-chat.js, a module, and its parts, whose names hold a digest.
 */
import { defineConfig, type BuildEnvironmentOptions, type Plugin } from "vite";

import { packed } from "./packed.ts";

const CORE: BuildEnvironmentOptions = {
  lib: { entry: "src/index.ts", formats: ["iife"], name: "onevoiceSnippet", fileName: () => "onevoice.js" },
};
const CHAT: BuildEnvironmentOptions = {
  lib: { entry: "src/chat/index.ts", formats: ["es"], fileName: () => "onevoice-chat.js" },
  rolldownOptions: {
    // What its parts share with it stays in it: else there were one file more to wait for.
    preserveEntrySignatures: "allow-extension",
    output: { chunkFileNames: "onevoice-chat-[name]-[hash].js", minify: true },
  },
  cssTarget: "esnext", // what is written there is understood wherever there is `adoptedStyleSheets`
};

/** What bundlers tell each other nobody needs to load. */
const BARE: Plugin = {
  name: "bare",
  enforce: "post",
  generateBundle: (_, files) => {
    for (const one of Object.values(files)) if (one.type === "chunk") one.code = one.code.replaceAll("/* @__PURE__ */ ", "");
  },
};

export default defineConfig(({ mode }) => ({
  root: new URL("../snippet", import.meta.url).pathname,
  base: "./",
  mode: "production",
  plugins: [BARE, packed()],
  build: {
    outDir: "../src/onevoice/static/console",
    emptyOutDir: false,
    target: "es2020",
    reportCompressedSize: false,
    ...(mode === "chat" ? CHAT : CORE),
  },
}));
