import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

const src = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

/** Those that wait for processes begin, so that there is other work beside them; the rest goes as Vitest would have it. */
class ProcessesFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>) {
    const sorted = await super.sort(files)
    const waits = ({ moduleId }: TestSpecification) =>
      ["cli/processes", "cli/terminal", "demo"].some((name) => moduleId.endsWith(`/test/${name}.test.ts`))
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))]
  }
}

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
    sequence: { concurrent: true, sequencer: ProcessesFirst },
    // for machines that are busy with other things: no test takes this long of itself
    testTimeout: 120_000,
    coverage: {
      include: ["src/**"],
      reporter: ["text-summary", "html"]
    }
  }
})
