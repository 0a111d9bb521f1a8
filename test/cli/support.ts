/** The command as people have it: a process, in a pipe or on a terminal; and the same program without one. */
import { FileSystem } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { it } from "@effect/vitest"
import { ConfigProvider, Effect, type Scope } from "effect"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { run as runProgram } from "../../src/cli/program.js"
import { inks, Screen } from "../../src/cli/screen.js"
import { bundleFolder as folder } from "../support/bundleFolder.js"

const repo = fileURLToPath(new URL("../..", import.meta.url))

// =============================================================================
// the bundle, made once for all threads of a test run, where no package is near
// =============================================================================

// What NODE_COMPILE_CACHE is for Node 22 and later: the bundle is compiled by the first process that ends, for all others.
const quickly = `const { Module } = require("node:module")
const { readFileSync, renameSync, writeFileSync } = require("node:fs")
const { Script } = require("node:vm")
const compile = Module.prototype._compile
Module.prototype._compile = function(content, filename) {
  if (!filename.endsWith("cli.cjs")) return compile.call(this, content, filename)
  const file = filename + ".compiled"
  let cachedData
  try {
    cachedData = readFileSync(file)
  } catch {}
  const script = new Script(Module.wrap(content.replace(/^#!.*/, "")), { filename, cachedData })
  if (cachedData === undefined) {
    process.once("exit", () => {
      writeFileSync(file + process.pid, script.createCachedData())
      renameSync(file + process.pid, file)
    })
  }
  script.runInThisContext()(this.exports, (id) => this.require(id), this, filename, __dirname)
}
`

// None lives so long that it would be worth to optimize it.
const nodeOptions = [
  "--no-opt",
  "--single-threaded-gc",
  ...Number(process.versions.node.split(".")[0]) < 22 ? ["--require", join(folder, "quickly.cjs")] : []
]

const bundle = async (): Promise<string> => {
  const done = join(folder, "done")
  const first = mkdirSync(folder, { recursive: true }) !== undefined
  if (first) {
    try {
      const { bundleCli } = await import(pathToFileURL(join(repo, "scripts/bundleCli.mjs")).href) as {
        readonly bundleCli: (folder: string) => Promise<unknown>
      }
      await bundleCli(folder)
      writeFileSync(join(folder, "quickly.cjs"), quickly)
      // many begin at the same time
      await new Promise((resolve) =>
        execFile(
          process.execPath,
          [...nodeOptions, join(folder, "cli.cjs"), "config", "set", "env.vars.A", "a"],
          { env: environment(folder) },
          resolve
        )
      )
    } finally {
      writeFileSync(done, "")
    }
  }
  while (!existsSync(done)) await new Promise((resolve) => setTimeout(resolve, 50))
  if (!existsSync(join(folder, "cli.cjs"))) throw new Error("The command could not be bundled")
  return folder
}

let bundled: Promise<string> | undefined

/** The folder with `cli.cjs` and `cli-mock.cjs`. */
export const bin = Effect.promise(() => bundled ??= bundle())

// =============================================================================
// processes
// =============================================================================

export interface Ran {
  /** The exit code; -1 when a signal ended it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly env?: Readonly<Record<string, string>> | undefined
  /** What is piped in. Default: nothing. */
  readonly stdin?: string | undefined
  readonly program?: "cli.cjs" | "cli-mock.cjs" | undefined
}

const environment = (home: string, env: Options["env"] = {}) => {
  const { PATH, TMPDIR } = process.env
  // Node 22 and later compile the bundle once for all processes
  return { PATH, TMPDIR, HOME: home, USERPROFILE: home, NODE_COMPILE_CACHE: join(folder, "compiled"), ...env }
}

const start = (command: string, args: ReadonlyArray<string>, env: Record<string, string | undefined>) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(command, args, { env, cwd: tmpdir(), detached: true })),
    (child) =>
      Effect.sync(() => {
        // the group, so that nothing that it started stays
        if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
          try {
            process.kill(-child.pid, "SIGKILL")
          } catch {
            // it is gone
          }
        }
      })
  )

const collect = (child: ChildProcess) => {
  const out = { stdout: "", stderr: "" }
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => out.stdout += piece)
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => out.stderr += piece)
  child.stdin?.on("error", () => {})
  return out
}

const ended = (child: ChildProcess) =>
  Effect.async<number>((resume) => {
    const done = () => resume(Effect.succeed(child.exitCode ?? -1))
    if (child.exitCode !== null || child.signalCode !== null) done()
    else child.once("close", done)
  })

/** A running command whose outputs are pipes. */
export const piped = (home: string, args: ReadonlyArray<string>, options: Options = {}) =>
  Effect.gen(function*() {
    const path = join(yield* bin, options.program ?? "cli.cjs")
    const child = yield* start(process.execPath, [...nodeOptions, path, ...args], environment(home, options.env))
    const out = collect(child)
    if (options.stdin !== undefined) child.stdin.end(options.stdin)
    return {
      out,
      kill: (signal: NodeJS.Signals) => Effect.sync(() => child.kill(signal)),
      wait: Effect.map(ended(child), (code): Ran => ({ code, ...out })),
      until: (pattern: RegExp) => waitFor(() => pattern.test(out.stdout + out.stderr), () => out.stdout + out.stderr)
    }
  })

/** Runs a command to its end. */
export const execute = (home: string, args: ReadonlyArray<string>, options: Options = {}) =>
  Effect.scoped(Effect.flatMap(piped(home, args, { stdin: "", ...options }), ({ wait }) => wait))

/** Waits for something to become true; says what there was when it does not. */
export const waitFor = (is: () => boolean, seen: () => string): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let i = 0; i < 1000; i++) {
      if (is()) return
      yield* Effect.sleep("20 millis")
    }
    return yield* Effect.dieMessage(`It did not come. There was:\n${seen()}`)
  })

// =============================================================================
// terminals
// =============================================================================

/** Whether there is util-linux's `script`, which has a terminal for a program. */
export const hasTerminal = (() => {
  try {
    return /util-linux/.test(execFileSync("script", ["--version"], { encoding: "utf8" }))
  } catch {
    return false
  }
})()

/** A running command on a terminal of its own. */
export const onTerminal = (
  home: string,
  args: ReadonlyArray<string>,
  options: Options & { readonly columns?: number | undefined } = {}
) =>
  Effect.gen(function*() {
    const path = join(yield* bin, "cli.cjs")
    const quoted = [process.execPath, ...nodeOptions, path, ...args].map((word) => `'${word.replace(/'/g, "'\\''")}'`)
      .join(" ")
    const command = `stty rows 40 cols ${options.columns ?? 80}; exec ${quoted}`
    const child = yield* start("script", ["-qfec", command, "/dev/null"], {
      ...environment(home, options.env),
      TERM: "xterm-256color",
      SHELL: "/bin/sh"
    })
    const out = collect(child)
    let read = 0
    return {
      /** All that the terminal got so far. */
      screen: () => out.stdout,
      type: (text: string) => Effect.sync(() => void child.stdin.write(text)),
      /** Waits for what comes after all that was waited for before. */
      until: (pattern: RegExp) =>
        Effect.zipRight(
          waitFor(() => pattern.test(out.stdout.slice(read)), () => out.stdout),
          Effect.sync(() => {
            const found = pattern.exec(out.stdout.slice(read))!
            read += found.index + found[0].length
          })
        ),
      wait: Effect.map(ended(child), (code) => ({ code, screen: out.stdout }))
    }
  })

// =============================================================================
// without a process
// =============================================================================

/** Runs the same program in this process, on a terminal of so many columns or in a pipe: for what need not be a process. */
export const inside = (
  home: string,
  args: ReadonlyArray<string>,
  options: Options & { readonly columns?: number | undefined } = {}
): Effect.Effect<Ran> =>
  Effect.gen(function*() {
    const out = { stdout: "", stderr: "" }
    const output = (name: "stderr" | "stdout") => ({
      write: (text: string) => Effect.sync(() => void (out[name] += text)),
      isTerminal: options.columns !== undefined,
      columns: () => options.columns ?? Infinity,
      inks: inks(options.columns !== undefined)
    })
    const screen = Screen.of({
      out: output("stdout"),
      err: output("stderr"),
      isInteractive: false,
      input: Effect.succeed(options.stdin ?? "")
    })
    const code = yield* runProgram(args, "0.0.0").pipe(
      Effect.provideService(Screen, screen),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries({ HOME: home, ...options.env }))))
    )
    return { code, ...out }
  })

// =============================================================================
// tests
// =============================================================================

/** A home of its own, with a configuration when there is one. */
export const home = (config?: string | object) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const path = yield* files.makeTempDirectoryScoped({ prefix: "effect-ollama-home-" })
    if (config !== undefined) {
      yield* files.makeDirectory(`${path}/.openclaw`)
      yield* files.writeFileString(
        `${path}/.openclaw/openclaw.json`,
        typeof config === "string" ? config : JSON.stringify(config, null, 2)
      )
    }
    return path
  })

const enabled = { OLLAMA_API_KEY: "ollama-local" }

/** A mock on a socket, and the variables that lead to it. */
export const serve = (description: MockOllama.Description) =>
  Effect.map(makeServer(description), (made) => ({ ...made, env: { ...enabled, OLLAMA_HOST: made.server.url } }))

/** A test of something real. */
export const live = (
  name: string,
  test: () => Effect.Effect<unknown, unknown, NodeContext.NodeContext | Scope.Scope>
) => it.scopedLive(name, () => Effect.provide(test(), NodeContext.layer), 120_000)
