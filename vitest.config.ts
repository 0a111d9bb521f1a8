import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { settings, workers } from "./scripts/lib/vitest.js"

const { resolve, test } = settings(fileURLToPath(new URL("./src", import.meta.url)))

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
  resolve,
  // made ready while the workers start, which ask for one module after the other
  server: { warmup: { ssrFiles: ["src/**/*.ts"] } },
  test: {
    ...test,
    // many of them wait for sockets and processes: with five at a time, as Vitest has it, nothing else was done meanwhile
    maxConcurrency: 30,
    exclude: ["**/node_modules/**", "test/clients/**", "test/live/**"],
    setupFiles: ["test/support/lightTests.ts"],
    poolOptions: { threads: { maxThreads: workers } },
    sequence: { ...test.sequence, sequencer: ProcessesFirst },
    coverage: {
      include: ["src/**"],
      reporter: ["text-summary", "html"]
    }
  }
})
