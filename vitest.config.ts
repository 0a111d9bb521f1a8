import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const src = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^effect-ollama$/, replacement: src("index.ts") },
      { find: /^effect-ollama\/testing$/, replacement: src("testing/index.ts") },
      { find: /^effect-ollama\/(.+)$/, replacement: src("$1.ts") }
    ]
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/clients/**", "test/live/**"],
    setupFiles: ["test/support/lightTests.ts"],
    // One module graph for all files of a worker: no test keeps global state, and loading effect anew for each file took
    // longer than the tests.
    pool: "threads",
    isolate: false,
    // Vitest would leave one core to itself, which is half of two.
    poolOptions: { threads: { maxThreads: Math.max(2, availableParallelism() - 1) } },
    fakeTimers: { toFake: undefined },
    sequence: { concurrent: true },
    // for machines that are busy with other things: no test takes this long of itself
    testTimeout: 120_000,
    coverage: {
      include: ["src/**"],
      reporter: ["text-summary", "html"]
    }
  }
})
