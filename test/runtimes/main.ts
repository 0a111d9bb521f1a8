/**
 * Runs the program on every runtime, and shows what works where:
 *
 *   npm run test:runtimes                 all of them; writes the table of README.md and the errors that were seen
 *   npm run test:runtimes -- --check      all of them; fails when the table of README.md says something else
 *   npm run test:runtimes -- bun deno     only these
 */
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect } from "effect"
import { bundle } from "./bundle.js"
import { chat } from "./chat.js"
import * as fixture from "./fixture.js"
import { Failed, type Runtime, runtimes } from "./runtimes.js"
import { makeServers } from "./servers.js"
import * as table from "./table.js"

const args = process.argv.slice(2)
const named = args.filter((arg) => !arg.startsWith("--"))
const isNamed = (id: string) => named.length === 0 || named.includes(id)

const timed = <A, E, R>(what: string, run: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    const value = yield* run
    const seconds = ((yield* Clock.currentTimeMillis) - start) / 1000
    yield* Console.error(`${what.padEnd(40)} ${seconds.toFixed(1)} s`)
    return value
  })

const program = Effect.gen(function*() {
  const bundles = yield* timed("bundled", bundle)

  const one = (runtime: Runtime) =>
    timed(
      `${runtime.name} ${runtime.client}`,
      Effect.scoped(Effect.flatMap(makeServers, (servers) => runtime.run(bundles, servers))).pipe(
        Effect.timeoutFail({ duration: "2 minutes", onTimeout: () => new Failed({ message: "it never ended" }) }),
        // The others are worth seeing all the same: nothing of this one was run.
        Effect.catchTag("Failed", ({ message }) => Effect.as(Console.error(message), { outcomes: {}, shapes: [] })),
        Effect.map((report) => ({ ...runtime, ...report }))
      )
    )

  if (isNamed("chat")) yield* timed("examples/browser in Chromium", chat)

  // Two at a time, as there are cores: mostly they wait.
  const reports = yield* Effect.forEach(runtimes().filter(({ id }) => isNamed(id)), one, { concurrency: 2 })
  const made = table.table(reports)
  yield* Console.log(made)
  const failed = reports.some(({ shapes }) => shapes.length === 0) ? 1 : 0
  if (named.length > 0) return failed

  if (!args.includes("--check")) {
    table.write(made)
    fixture.write(reports)
    return failed
  }
  if (made === table.read()) return 0
  yield* Console.error(`README.md says something else:\n\n${table.read()}\n\nnpm run test:runtimes writes it anew.`)
  return 1
})

NodeRuntime.runMain(
  program.pipe(
    Effect.tap((code) => Effect.sync(() => process.exitCode = code)),
    Effect.provide(NodeContext.layer)
  )
)
