/** The pocket: a demo's page, built with the console's tools into a folder of its own that only the stand-ins serve. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: new URL("./pocket", import.meta.url).pathname,
  publicDir: new URL("./public", import.meta.url).pathname,
  base: "/",
  plugins: [react()],
  resolve: { alias: { "~": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../../src/onevoice/static/pocket",
    emptyOutDir: true,
    target: "es2023",
    // Fonts stay files: the content policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
