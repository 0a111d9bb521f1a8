/** The runtimes, and how the program is run on each. */
import { Command, type CommandExecutor } from "@effect/platform"
import { Data, Effect, Stream } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Bundles } from "./bundle.js"
import { isGone, NotHere, openPage } from "./chromium.js"
import type { Report, Servers } from "./program/checks.js"
import { serveFiles } from "./servers.js"

export class Failed extends Data.TaggedError("Failed")<{ readonly message: string }> {}

export interface Runtime {
  /** As in the table. */
  readonly name: string
  /** For the command line: `node20`. */
  readonly id: string
  readonly client: "fetch" | "effect-ollama/node"
  /** Fails when this machine does not have it, or cannot start it. */
  readonly ready: Effect.Effect<void, NotHere, CommandExecutor.CommandExecutor>
  readonly run: (
    bundles: Bundles,
    servers: Servers
  ) => Effect.Effect<Report, Failed | NotHere, CommandExecutor.CommandExecutor>
}

const installed = (path: string) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))

const { packages } = JSON.parse(readFileSync(new URL("package-lock.json", import.meta.url), "utf8")) as {
  readonly packages: Readonly<Record<string, { readonly version: string }>>
}

const versionOf = (name: string): string => packages[`node_modules/${name}`]!.version

const textOf = Stream.runFold("", (all, text: string) => all + text)

/** What a command prints. */
const printed = (command: string, ...args: ReadonlyArray<string>) =>
  Effect.scoped(Effect.gen(function*() {
    const process = yield* Command.start(Command.make(command, ...args))
    const [code, out, errors] = yield* Effect.all([
      process.exitCode,
      textOf(Stream.decodeText(process.stdout)),
      textOf(Stream.decodeText(process.stderr))
    ], { concurrency: "unbounded" })
    return code === 0 ? out : yield* new Failed({ message: `exit code ${code}\n${errors}` })
  })).pipe(
    Effect.catchTags({
      BadArgument: (error) => new Failed({ message: error.message }),
      SystemError: (error) => new Failed({ message: error.message })
    })
  )

const reported = (command: string, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(printed(command, ...args), (out) =>
    Effect.try({
      try: () => JSON.parse(out) as Report,
      catch: () => new Failed({ message: `it printed ${JSON.stringify(out.slice(0, 200))}` })
    }))

/** Whether a program of a package is installed, and starts. */
const starts = (path: string) =>
  existsSync(installed(path))
    ? printed(installed(path), "--version").pipe(
      Effect.timeoutFail({ duration: "1 minute", onTimeout: () => new Failed({ message: "no answer" }) }),
      Effect.mapError(({ message }) => new NotHere({ message: `${path} does not start: ${message.trim()}` })),
      Effect.asVoid
    )
    : new NotHere({ message: `${path} is not installed: npm ci --prefix test/runtimes` })

const cli = (name: string, id: string, command: string, ...args: ReadonlyArray<string>): ReadonlyArray<Runtime> =>
  (["fetch", "effect-ollama/node"] as const).map((client) => ({
    name,
    id,
    client,
    ready: starts(command),
    run: ({ cli }, servers) =>
      reported(installed(command), ...args, cli, client === "fetch" ? "fetch" : "node", JSON.stringify(servers))
  }))

const node = (major: number) => cli(`Node ${versionOf(`node${major}`)}`, `node${major}`, `node${major}/bin/node`)

const bun = cli(`Bun ${versionOf("@oven/bun-linux-x64")}`, "bun", "@oven/bun-linux-x64/bin/bun")

const deno = cli(
  `Deno ${versionOf("@deno/linux-x64-glibc")}`,
  "deno",
  "@deno/linux-x64-glibc/deno",
  "run",
  "--quiet",
  "--no-lock",
  "--node-modules-dir=manual",
  "--allow-all"
)

// Debian's newest: its version is no part of the table, which would else be another one every few days.
const chromium: Runtime = {
  name: "Chromium",
  id: "chromium",
  client: "fetch",
  ready: Effect.scoped(Effect.asVoid(openPage)),
  run: ({ page }, servers) =>
    Effect.gen(function*() {
      const root = yield* serveFiles(
        new Map([
          ["/", { type: "text/html", text: "<!doctype html><script type=module src=/page.mjs></script>" }],
          ["/page.mjs", { type: "text/javascript", text: readFileSync(page, "utf8") }]
        ])
      )
      const opened = yield* openPage
      return yield* Effect.tryPromise({
        try: async () => {
          await opened.goto(root)
          return await opened.evaluate(
            (servers) => (globalThis as unknown as { report: (servers: Servers) => Promise<Report> }).report(servers),
            servers
          )
        },
        catch: (error) => new (isGone(error) ? NotHere : Failed)({ message: String(error) })
      })
    }).pipe(Effect.scoped)
}

// miniflare wants a newer Node than the oldest one that this library supports
const workerd: Runtime = {
  name: `workerd ${versionOf("workerd")}`,
  id: "workerd",
  client: "fetch",
  ready: Effect.all([
    starts("node24/bin/node"),
    starts("@cloudflare/workerd-linux-64/bin/workerd"),
    existsSync(installed("miniflare/package.json"))
      ? Effect.void
      : new NotHere({ message: "miniflare is not installed: npm ci --prefix test/runtimes" })
  ], { discard: true }),
  run: ({ worker }, servers) =>
    reported(
      installed("node24/bin/node"),
      fileURLToPath(new URL("workerd.mjs", import.meta.url)),
      worker,
      JSON.stringify(servers)
    )
}

/** In the order of the table. */
export const runtimes: ReadonlyArray<Runtime> = [...[20, 22, 24, 26].flatMap(node), ...bun, ...deno, chromium, workerd]
