/** The runtimes, and how the program is run on each. */
import { Command, type CommandExecutor } from "@effect/platform"
import { Data, Effect, Stream } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Bundles } from "./bundle.js"
import { launch } from "./chromium.js"
import type { Report, Servers } from "./program/checks.js"
import { serveFiles } from "./servers.js"

export class Failed extends Data.TaggedError("Failed")<{ readonly message: string }> {}

export interface Runtime {
  /** As in the table. */
  readonly name: string
  /** For the command line: `node20`. */
  readonly id: string
  readonly client: "fetch" | "effect-ollama/node"
  readonly run: (bundles: Bundles, servers: Servers) => Effect.Effect<Report, Failed, CommandExecutor.CommandExecutor>
}

const installed = (path: string) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))

const versionOf = (name: string): string => {
  const manifest = installed(`${name}/package.json`)
  if (!existsSync(manifest)) throw new Error(`${name} is not installed: npm ci --prefix test/runtimes`)
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version
}

const textOf = Stream.runFold("", (all, text: string) => all + text)

/** What a command prints, as the report that it is. */
const printed = (command: string, ...args: ReadonlyArray<string>) =>
  Effect.scoped(Effect.gen(function*() {
    const process = yield* Command.start(Command.make(command, ...args))
    const [code, out, errors] = yield* Effect.all([
      process.exitCode,
      textOf(Stream.decodeText(process.stdout)),
      textOf(Stream.decodeText(process.stderr))
    ], { concurrency: "unbounded" })
    if (code !== 0) return yield* new Failed({ message: `exit code ${code}\n${errors}` })
    return JSON.parse(out) as Report
  })).pipe(
    Effect.catchTags({
      BadArgument: (error) => new Failed({ message: error.message }),
      SystemError: (error) => new Failed({ message: error.message })
    })
  )

const cli = (name: string, id: string, command: string, ...args: ReadonlyArray<string>): ReadonlyArray<Runtime> =>
  (["fetch", "effect-ollama/node"] as const).map((client) => ({
    name,
    id,
    client,
    run: ({ cli }, servers) =>
      printed(installed(command), ...args, cli, client === "fetch" ? "fetch" : "node", JSON.stringify(servers))
  }))

const node = (major: number) => cli(`Node ${versionOf(`node${major}`)}`, `node${major}`, `node${major}/bin/node`)

const bun = () => cli(`Bun ${versionOf("@oven/bun-linux-x64")}`, "bun", "@oven/bun-linux-x64/bin/bun")

const deno = () =>
  cli(
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
  run: ({ page }, servers) =>
    Effect.gen(function*() {
      const root = yield* serveFiles(
        new Map([
          ["/", { type: "text/html", text: "<!doctype html><script type=module src=/page.mjs></script>" }],
          ["/page.mjs", { type: "text/javascript", text: readFileSync(page, "utf8") }]
        ])
      )
      const browser = yield* launch
      return yield* Effect.tryPromise({
        try: async () => {
          const opened = await browser.newPage()
          await opened.goto(root)
          return await opened.evaluate(
            (servers) => (globalThis as unknown as { report: (servers: Servers) => Promise<Report> }).report(servers),
            servers
          )
        },
        catch: (error) => new Failed({ message: String(error) })
      })
    }).pipe(Effect.scoped)
}

// miniflare wants a newer Node than the oldest one that this library supports
const workerd = (): Runtime => ({
  name: `workerd ${versionOf("workerd")}`,
  id: "workerd",
  client: "fetch",
  run: ({ worker }, servers) =>
    printed(
      installed("node24/bin/node"),
      fileURLToPath(new URL("workerd.mjs", import.meta.url)),
      worker,
      JSON.stringify(servers)
    )
})

export const runtimes = (): ReadonlyArray<Runtime> => [
  ...[20, 22, 24, 26].flatMap(node),
  ...bun(),
  ...deno(),
  chromium,
  workerd()
]
