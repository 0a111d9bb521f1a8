import { defineConfig } from "vitest/config"
import base from "./vitest.config.js"

// The tests that need a real Ollama server: `npm run test:live`, at OLLAMA_HOST or Ollama's own address.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/live/**/*.test.ts"],
    exclude: [],
    testTimeout: 120_000,
    sequence: { concurrent: false },
    fileParallelism: false
  }
})
