/**
 * Runs the program on every runtime, and shows what works where:
 *
 *   npm run test:runtimes                 all of them; writes the table of README.md and the errors that were seen
 *   npm run test:runtimes -- --check      all of them; fails when the table of README.md says something else
 *   npm run test:runtimes -- bun deno     only these; also `chat` and `events`, the examples in Chromium
 *
 * With `--check`, what this machine does not have is told and does not fail, nor what there is no time for: after
 * `--minutes=4` no other one is begun. What differs is run again, alone, before it counts.
 */
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Cause, Clock, Console, Effect } from "effect"
import { lookup } from "node:dns/promises"
import { bundle } from "./bundle.js"
import { chat } from "./chat.js"
import { isGone, NotHere } from "./chromium.js"
import { events } from "./events.js"
import * as fixture from "./fixture.js"
import { Failed, type Runtime, runtimes } from "./runtimes.js"
import { makeServers, nowhere } from "./servers.js"
import * as table from "./table.js"

const args = process.argv.slice(2)
const isCheck = args.includes("--check")
const minutes = Number(args.find((arg) => arg.startsWith("--minutes="))?.slice("--minutes=".length) ?? Infinity)
const named = args.filter((arg) => !arg.startsWith("--"))
const isNamed = (id: string) => named.length === 0 || named.includes(id)

// Some runtimes would ask a proxy for servers of this machine.
for (const name of Object.keys(process.env)) if (/^(all|https?|no)_proxy$/i.test(name)) delete process.env[name]

const timed = <A, E, R>(what: string, run: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    const value = yield* run
    const seconds = ((yield* Clock.currentTimeMillis) - start) / 1000
    yield* Console.error(`${what.padEnd(40)} ${seconds.toFixed(1)} s`)
    return value
  })

const nameOf = ({ client, name }: Pick<Runtime, "client" | "name">) => `${name} ${client}`

/** Whether a name that nobody has is one here: some networks know every name, others none. */
const knowsNames: Effect.Effect<boolean> = Effect.promise(() =>
  lookup(new URL(nowhere).hostname).then(() => false, (error: NodeJS.ErrnoException) => error.code === "ENOTFOUND")
).pipe(Effect.timeoutTo({ duration: "5 seconds", onSuccess: (yes) => yes, onTimeout: () => false }))

const program = Effect.gen(function*() {
  const deadline = (yield* Clock.currentTimeMillis) + minutes * 60_000
  const inTime = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => now < deadline ? Effect.void : new NotHere({ message: `${minutes} minutes are over` })
  )
  const missing: Array<string> = []
  const notRun = (what: string) => ({ message }: NotHere) => Effect.sync(() => void missing.push(`${what}: ${message}`))
  const bundles = yield* timed("bundled", bundle)

  const run = (runtime: Runtime) =>
    timed(
      nameOf(runtime),
      Effect.scoped(Effect.flatMap(makeServers, (servers) => runtime.run(bundles, servers))).pipe(
        Effect.timeoutFail({ duration: "2 minutes", onTimeout: () => new Failed({ message: "it never ended" }) }),
        // The others are worth seeing all the same: nothing of this one was run.
        Effect.catchTag("Failed", ({ message }) => Effect.as(Console.error(message), { outcomes: {}, shapes: [] })),
        Effect.map((report) => ({ ...runtime, ...report }))
      )
    )

  // Four at a time: mostly they wait.
  const ran = yield* Effect.forEach(
    runtimes.filter(({ id }) => isNamed(id)),
    (runtime) =>
      inTime.pipe(
        Effect.zipRight(runtime.ready),
        Effect.zipRight(run(runtime)),
        Effect.catchTag("NotHere", notRun(nameOf(runtime)))
      ),
    { concurrency: 4 }
  )
  let reports = ran.filter((report) => report !== undefined)
  let failed = 0

  for (const [name, example] of [["chat", chat], ["events", events]] as const) {
    if (!isNamed(name)) continue
    const what = `${name} in Chromium`
    const once = timed(
      what,
      Effect.timeoutFail(example, { duration: "2 minutes", onTimeout: () => new Error("it never ended") })
    )
    yield* inTime.pipe(
      Effect.zipRight(once),
      Effect.sandbox,
      // what is not here will not be here then
      Effect.retry({ times: 1, while: (cause) => !(cause._tag === "Fail" && cause.error instanceof NotHere) }),
      Effect.mapError((cause) => isGone(cause) ? Cause.fail(new NotHere({ message: "Chromium went away" })) : cause),
      Effect.unsandbox,
      Effect.catchTag("NotHere", notRun(what)),
      Effect.catchAllCause((cause) => Effect.as(Console.error(`${what} failed\n${String(cause)}`), void failed++))
    )
  }

  if (isCheck) {
    const except = new Set((yield* knowsNames) ? [] : ["DNS"])
    for (const title of except) yield* Console.error(`${title}: not compared, this network knows other names`)
    const known = table.read()
    const differs = (report: table.Row) => table.differences(report, known, except)
    reports = yield* Effect.forEach(reports, (report) =>
      Effect.gen(function*() {
        let last = report
        for (let times = 1; times < 3 && differs(last).length > 0; times++) {
          yield* Console.error(`${nameOf(last)}, again: ${differs(last).join("; ")}`)
          last = yield* Effect.catchTag(run(report), "NotHere", () => Effect.succeed(last))
        }
        return last
      }))
    if (reports.length > 0) yield* Console.log(table.table(reports))
    for (const report of reports) {
      const cells = differs(report)
      if (cells.length === 0) continue
      failed++
      yield* Console.error(`README.md says of ${nameOf(report)} something else: ${cells.join("; ")}`)
    }
  } else {
    const made = table.table(reports)
    if (reports.length > 0) yield* Console.log(made)
    failed += missing.length + reports.filter(({ shapes }) => shapes.length === 0).length
    if (named.length === 0 && failed === 0) {
      table.write(made)
      fixture.write(reports)
    }
  }
  for (const what of missing) yield* Console.error(`NOT RUN: ${what}`)
  yield* Console.error(`${reports.length} runtimes and clients, ${missing.length} not run, ${failed} failed`)
  return failed > 0 ? 1 : 0
})

NodeRuntime.runMain(
  program.pipe(
    Effect.tap((code) => Effect.sync(() => process.exitCode = code)),
    Effect.provide(NodeContext.layer)
  )
)
