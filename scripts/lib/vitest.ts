import { availableParallelism } from "node:os"

/** How the tests of both packages run, those of the one whose source is in `src`. */
export const settings = (src: string) => ({
  resolve: {
    alias: [
      { find: /^effect-ollama$/, replacement: `${src}/index.ts` },
      { find: /^effect-ollama\/testing$/, replacement: `${src}/testing/index.ts` },
      { find: /^effect-ollama\/(.+)$/, replacement: `${src}/$1.ts` }
    ]
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/bundleFolder.ts"],
    // One module graph for all files of a worker: no test keeps global state, and loading effect anew for each file took
    // longer than the tests.
    pool: "threads" as const,
    isolate: false,
    fakeTimers: { toFake: undefined },
    sequence: { concurrent: true },
    // for machines that are busy with other things: no test takes this long of itself
    testTimeout: 120_000
  }
})

/** Vitest would leave one core to itself, which is half of two. */
export const workers = Math.max(2, availableParallelism() - 1)
