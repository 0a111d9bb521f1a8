import { fileURLToPath } from "node:url"
import { defineConfig } from "vite"

const src = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // An app that has `effect-ollama` installed needs no alias: this one is built from its source.
  resolve: { alias: [{ find: /^effect-ollama$/, replacement: src("index.ts") }] },
  server: { fs: { allow: ["../.."] } },
  build: { target: "es2022" }
})
