import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { packed } from "./packed.ts";

const server = process.env["ONEVOICE_API"] ?? "http://127.0.0.1:8080";

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
