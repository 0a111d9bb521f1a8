import { defineConfig, mergeConfig } from "vitest/config"
import base from "./vitest.config.js"

// The tests that need a real Ollama server: `npm run test:live`, at OLLAMA_HOST or Ollama's own address.
export default mergeConfig(base, defineConfig({ test: { testTimeout: 120_000, fileParallelism: false } }), false)
