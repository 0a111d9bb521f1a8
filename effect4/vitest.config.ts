import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = (path: string) => fileURLToPath(new URL(`./build/src/${path}`, import.meta.url))

export default defineConfig({
  root: fileURLToPath(new URL("./build", import.meta.url)),
  resolve: {
    alias: [
      { find: /^effect-ollama$/, replacement: src("index.ts") },
      { find: /^effect-ollama\/testing$/, replacement: src("testing/index.ts") },
      { find: /^effect-ollama\/(.+)$/, replacement: src("$1.ts") }
    ]
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    // as for Effect 3: no test keeps global state
    pool: "threads",
    isolate: false,
    maxWorkers: Math.max(2, availableParallelism() - 1),
    fakeTimers: { toFake: undefined },
    sequence: { concurrent: true },
    testTimeout: 120_000
  }
})
