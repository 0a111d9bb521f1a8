/**
 * The configuration of this machine: environment, `openclaw.json`, auth profiles.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as dotenv from "../core/config/dotenv.js"
import { filling, isBlank } from "../core/config/env.js"
import type { FileProblem, ProfilesFile } from "../core/config/profiles.js"
import { resolve, variables } from "../core/config/resolve.js"
import type { Diagnostic } from "../core/config/resolved.js"
import { locate, toValue } from "../core/config/tree.js"
import type { ConfigInvalid, ConfigSyntaxError, ConfigUnreadable } from "../OllamaError.js"
import { readText, readTree } from "./files.js"
import { given, type HostOptions, withSecrets } from "./host.js"
import { expand } from "./include.js"
import { lookups } from "./lookups.js"

/**
 * The host's options, and which file is read.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileOptions extends HostOptions {
  /** The configuration file. It must exist. Default: `OPENCLAW_CONFIG_PATH`, else where OpenClaw has it. */
  readonly path?: string | undefined
}

/**
 * Where the files are, or would be.
 *
 * @since 0.1.0
 * @category models
 */
export interface Locations {
  /** `openclaw.json`; absent when there is not even a home directory. */
  readonly config?: string | undefined
  /** Whether somebody named the file: then it must be there. */
  readonly named: boolean
  /** `auth-profiles.json`. */
  readonly profiles?: string | undefined
}

const names = [
  "OPENCLAW_CONFIG_PATH",
  "OPENCLAW_STATE_DIR",
  "OPENCLAW_AGENT_DIR",
  "OPENCLAW_INCLUDE_ROOTS",
  "OPENCLAW_HOME",
  "HOME",
  "USERPROFILE"
]

/**
 * Where the files are, or would be, the file whose variables fill those that are unset, and the directories from which may
 * be included, besides that of the configuration.
 */
export const places = Effect.fnUntraced(function*(given: string | undefined) {
  const path = yield* Path.Path
  const lookup = yield* lookups(names)
  const first = (...names: ReadonlyArray<string>) => names.map(lookup).find((value) => !isBlank(value))
  const written = first("OPENCLAW_HOME", "HOME", "USERPROFILE")
  const osHome = first("HOME", "USERPROFILE")
  const expandHome = (value: string, home: string | undefined): string =>
    home !== undefined && /^~(?=$|[\\/])/.test(value.trim())
      ? path.join(home, value.trim().slice(1))
      : path.resolve(value.trim())
  const home = written === undefined ? undefined : expandHome(written, osHome)
  const directory = first("OPENCLAW_STATE_DIR")
  const state = directory !== undefined
    ? expandHome(directory, home)
    : home === undefined
    ? undefined
    : path.join(home, ".openclaw")
  const named = isBlank(given) ? first("OPENCLAW_CONFIG_PATH") : given
  const agent = first("OPENCLAW_AGENT_DIR")
  const agentDir = agent !== undefined
    ? expandHome(agent, home)
    : state === undefined
    ? undefined
    : path.join(state, "agents", "main", "agent")
  const found: Locations = {
    config: named !== undefined
      ? expandHome(named, home)
      : state === undefined
      ? undefined
      : path.join(state, "openclaw.json"),
    named: named !== undefined,
    profiles: agentDir === undefined ? undefined : path.join(agentDir, "auth-profiles.json")
  }
  const roots = (first("OPENCLAW_INCLUDE_ROOTS") ?? "").split(path.sep === "/" ? ":" : ";")
  return {
    found,
    env: state === undefined ? undefined : path.join(state, ".env"),
    roots: roots.filter((root) => !isBlank(root)).map((root) => expandHome(root, home)).filter(path.isAbsolute)
  }
})

/** Where the files are, or would be. */
export const locations = (given: string | undefined): Effect.Effect<Locations, never, Path.Path> =>
  Effect.map(places(given), ({ found }) => found)

/** The tree of a configuration file; `undefined` when there is none and nobody named it. */
const readConfig = Effect.fnUntraced(function*(where: Locations, roots: ReadonlyArray<string>) {
  if (where.config === undefined) return undefined
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const parsed = yield* readTree(fs, where.config).pipe(
    Effect.catchIf(
      (error) => !where.named && error._tag === "ConfigUnreadable" && error.reason === "not-found",
      () => Effect.succeed(undefined)
    )
  )
  return parsed === undefined
    ? undefined
    : yield* expand({ fs, path }, where.config, roots, parsed.node, parsed.bytes)
})

const problemOf = (error: ConfigUnreadable | ConfigSyntaxError | ConfigInvalid): FileProblem => {
  switch (error._tag) {
    case "ConfigInvalid":
      return error.problems[0]!
    case "ConfigSyntaxError":
      return {
        path: "",
        expected: "JSON5",
        actual: `an error (${error.detail})`,
        line: error.line,
        column: error.column
      }
    case "ConfigUnreadable":
      return {
        path: "",
        expected: "a file that can be read",
        actual: error.reason === "not-a-file"
          ? "no regular file"
          : error.reason === "permission"
          ? "one without the permission"
          : `an error (${error.cause?.message ?? "unknown"})`
      }
  }
}

/** The auth profiles: what cannot be read is a fact about them, no failure. */
const readProfiles = Effect.fnUntraced(function*(file: string | undefined) {
  if (file === undefined) return undefined
  const fs = yield* FileSystem.FileSystem
  const found = yield* Effect.either(readTree(fs, file))
  if (Either.isRight(found)) return { path: file, value: toValue(found.right.node) } satisfies ProfilesFile
  const error = found.left
  return error._tag === "ConfigUnreadable" && error.reason === "not-found"
    ? undefined
    : { path: file, problem: problemOf(error) } satisfies ProfilesFile
})

interface Filled {
  readonly variables: ReadonlyMap<string, string>
  readonly diagnostics: ReadonlyArray<Diagnostic>
}

const nothing: Filled = { variables: new Map(), diagnostics: [] }

/** The variables of the `.env` file. What it says about where OpenClaw's files are counts for nothing. */
const readEnv = Effect.fnUntraced(function*(file: string | undefined) {
  if (file === undefined) return nothing
  const fs = yield* FileSystem.FileSystem
  const found = yield* Effect.either(readText(fs, file))
  if (Either.isRight(found)) {
    const variables = Array.from(dotenv.parse(found.right.text)).filter(([name]) => !name.startsWith("OPENCLAW_"))
    return { variables: new Map(variables), diagnostics: [] } satisfies Filled
  }
  const error = found.left
  if (error._tag === "ConfigUnreadable" && error.reason === "not-found") return nothing
  const { actual, expected } = problemOf(error)
  const message = `expected ${error._tag === "ConfigSyntaxError" ? "UTF-8 text" : expected}, found ${actual}: not used`
  return { variables: new Map(), diagnostics: [{ level: "warning", path: file, message }] } satisfies Filled
})

/** Reads and resolves the configuration of this machine. */
export const load = Effect.fnUntraced(function*(options: FileOptions) {
  const { env, found: where, roots } = yield* places(options.path)
  const tree = yield* readConfig(where, roots)
  const profiles = yield* readProfiles(where.profiles)
  const filled = yield* readEnv(env)
  const config = tree === undefined ? undefined : toValue(tree)
  const stored = profiles !== undefined && "value" in profiles ? profiles.value : undefined
  const environment = yield* lookups(variables(config, stored))
  const resolved = yield* resolve({
    config,
    lookup: filling(environment, filled.variables),
    profiles,
    profilesPath: where.profiles,
    ...given(options),
    now: yield* Clock.currentTimeMillis,
    configPath: where.config,
    configFound: tree !== undefined,
    locate: tree === undefined ? undefined : locate(tree),
    diagnostics: filled.diagnostics
  })
  return withSecrets(resolved, options)
})
