/**
 * From a configuration as it was written to what it means. Pure, and total over whatever is given.
 */
import * as Either from "effect/Either"
import { ConfigInvalid } from "../../OllamaError.js"
import { compact, isRecord, type JsonRecord, own } from "../json.js"
import { authOrder, authProfiles, type Defaults, readDefaults } from "./defaults.js"
import { type Entry, readEntry } from "./entry.js"
import * as env from "./env.js"
import { variable as apiKeyVariable, variableOf } from "./keys.js"
import { read as readKeys, unknownKeys } from "./known.js"
import { kindOf, plain, type Problem } from "./plain.js"
import * as profiles from "./profiles.js"
import * as provider from "./provider.js"
import * as reader from "./reader.js"
import type { Diagnostic, HostOptions, ResolvedConfig } from "./resolved.js"
import { formatPath, type KeyPath, type SourcePosition } from "./tree.js"

export interface Input {
  /** The configuration as it was written; `undefined` when there is none. */
  readonly config: unknown
  readonly lookup: env.Lookup
  readonly profiles?: profiles.ProfilesFile | undefined
  readonly options?: HostOptions | undefined
  /** Whether the host looks up secrets. */
  readonly asks?: boolean | undefined
  /** For tokens that expire, in ms since 1970. */
  readonly now: number
  readonly configPath?: string | undefined
  readonly configFound?: boolean | undefined
  readonly profilesPath?: string | undefined
  readonly locate?: ((path: KeyPath) => SourcePosition | undefined) | undefined
  /** What was found while the files were read. */
  readonly diagnostics?: ReadonlyArray<Diagnostic> | undefined
}

// =============================================================================
// sections
// =============================================================================

/** The parts of a configuration that are read. */
interface Sections {
  readonly models: unknown
  /** `agents.defaults`; of keys that are not read only the names. */
  readonly defaults: unknown
  readonly auth: unknown
  readonly env: unknown
}

const defaultsPath = ["agents", "defaults"]

/** Takes out the sections that are read; the others may hold anything. */
const sections = (config: unknown, report: (problem: Problem) => void): Sections => {
  const object = (value: unknown, path: ReadonlyArray<string>): JsonRecord | undefined => {
    if (value === undefined || isRecord(value)) return value
    report({ path, expected: "an object", actual: kindOf(value) })
    return undefined
  }
  const top = object(config, [])
  const section = (name: string) => object(own(top, name), [name])
  const defaults = own(section("agents"), "defaults")
  const used = readKeys["agents.defaults"]!.split(" ")
  return {
    models: plain(section("models"), ["models"], report),
    defaults: isRecord(defaults)
      ? Object.fromEntries(
        Object.keys(defaults).filter((key) => key !== "__proto__").map((key) => [
          key,
          used.includes(key) ? plain(defaults[key], [...defaultsPath, key], report) : null
        ])
      )
      : defaults,
    auth: plain(section("auth"), ["auth"], report),
    env: plain(section("env"), ["env"], report)
  }
}

/** The variables that a configuration, and auth profiles, may need. */
export const variables = (config: unknown, stored?: unknown): ReadonlySet<string> => {
  const found = sections(config, () => undefined)
  const names = env.variables(found)
  for (const { name } of env.block(found.env)) names.add(name)
  const providers = own(found.models, "providers")
  if (isRecord(providers)) {
    for (const id of Object.keys(providers)) names.add(variableOf(id.trim()))
  }
  const all = own(plain(stored, [], () => undefined), "profiles")
  if (isRecord(all)) {
    for (const profile of Object.values(all)) {
      env.variables(profile, names)
      const id = own(profile, "provider")
      if (typeof id === "string") names.add(variableOf(id.trim()))
    }
  }
  return names.add(apiKeyVariable)
}

// The texts are read elsewhere, before all others.
const checkEnv = (r: reader.Reader, value: unknown): void => {
  for (const [key, text] of Object.entries(reader.object(r, own(value, "vars"), ["env", "vars"]) ?? {})) {
    if (typeof text !== "string") r.problem(["env", "vars", key], "a string", kindOf(text))
  }
}

// =============================================================================
// providers
// =============================================================================

const readProviders = (r: reader.Reader, models: unknown): ReadonlyMap<string, Entry> => {
  reader.oneOf(r, own(models, "mode"), ["models", "mode"], ["merge", "replace"])
  const path = ["models", "providers"]
  const entries = new Map<string, Entry>()
  for (const [key, value] of Object.entries(reader.object(r, own(models, "providers"), path) ?? {})) {
    const at = [...path, key]
    const id = key.trim().toLowerCase()
    if (id === "" || id.includes("/")) r.warn(at, "no model ref can name this provider: it is empty or holds a slash")
    if (entries.has(id)) r.warn(at, `the provider "${id}" is defined twice, the first one is used`)
    else entries.set(id, readEntry(r, provider.knownOf(id), value, at))
  }
  return entries
}

// What is said with the provider, or the model, that it belongs to.
const isSaidElsewhere = ([section, providers, , key, , inModel]: KeyPath): boolean =>
  section === "models" && providers === "providers"
  && (["api", "apiKey", "baseUrl", "baseURL", "headers", "request", "timeoutSeconds"].includes(String(key))
    || (key === "models" && inModel === "headers"))

const mentioned = (defaults: Defaults, entries: ReadonlyMap<string, Entry>): ReadonlySet<string> => {
  const refs = [defaults.primary ?? "", ...defaults.fallbacks, ...defaults.models.map(({ ref }) => ref)]
  const named = refs.flatMap((ref) => ref.includes("/") ? [ref.split("/", 1)[0]!.trim().toLowerCase()] : [])
  return new Set([...entries.keys(), ...named])
}

// =============================================================================
// all of it
// =============================================================================

// A variable, an option of the host or an auth profile stands nowhere in the file.
const isInFile = (path: KeyPath): boolean =>
  path.length === 0 || ["models", "agents", "auth", "env"].includes(String(path[0]))

const place = (input: Input) => (path: KeyPath) => ({
  path: formatPath(path),
  ...(isInFile(path) ? input.locate?.(path) : {})
})

const positioned = (input: Input) => ({ actual, expected, path }: Problem) => ({
  ...place(input)(path),
  expected,
  actual
})

/** Resolves a configuration. It fails only when there is none to speak of; all else is a fact about a part of it. */
export const resolve = (input: Input): Either.Either<ResolvedConfig, ConfigInvalid> => {
  const problems: Array<Problem> = []
  const found = sections(input.config, (problem) => problems.push(problem))
  if (problems.length > 0) return Either.left(new ConfigInvalid({ problems: problems.map(positioned(input)) }))

  const diagnostics: Array<Diagnostic> = [...input.diagnostics ?? []]
  const say = (level: Diagnostic["level"], path: KeyPath, message: string) =>
    void diagnostics.push({ level, ...place(input)(path), message })
  const warn = (path: KeyPath, message: string) => say("warning", path, message)
  const { auth, defaults: written, env: block, models } = found
  unknownKeys(models, ["models"], warn)
  unknownKeys(written, defaultsPath, warn)
  unknownKeys(auth, ["auth"], warn)
  unknownKeys(block, ["env"], warn)

  const lookup = env.withBlock(block, input.lookup, (path, name) => warn(path, `${env.unsetVariable(name)}: not used`))
  const said = new Set<string>()
  const plainReader = reader.make(lookup, warn)
  const r: reader.Reader = {
    ...plainReader,
    missing: (path, variable) => {
      said.add(formatPath(path))
      return plainReader.missing(path, variable)
    }
  }
  checkEnv(r, block)
  const entries = readProviders(r, models)
  const ids = ["ollama", ...Array.from(entries.keys()).filter((id) => id !== "ollama" && id !== "")]
  const unlisted = ["ollama-cloud"].filter((id) => !entries.has(id))
  const known = new Set([...ids, ...unlisted])
  const defaults = readDefaults(r, written, defaultsPath, known)
  const configOrder = authOrder(r, auth)
  const unsaid = (path: KeyPath, variable: string) => {
    if (!isSaidElsewhere(path) && !said.has(formatPath(path))) warn(path, env.unsetVariable(variable))
  }
  env.unset(models, ["models"], lookup, unsaid)
  env.unset(written, defaultsPath, lookup, unsaid)
  env.unset(auth, ["auth"], lookup, unsaid)

  const asks = input.asks === true
  const stored = profiles.decode(input.profiles, known, lookup, input.now, asks)
  diagnostics.push(...stored.diagnostics)
  const context: provider.Context = {
    asks,
    lookup,
    profiles: stored,
    configOrder,
    configProfiles: authProfiles(auth),
    options: input.options ?? {},
    mentioned: mentioned(defaults, entries),
    positioned: positioned(input),
    say
  }
  const profilesPath = input.profilesPath ?? input.profiles?.path
  return Either.right(compact({
    source: compact({
      configPath: input.configPath,
      configFound: input.configFound ?? input.config !== undefined,
      profilesPath,
      profilesFound: input.profiles !== undefined
    }),
    providers: ids.map((id) => provider.resolve(id, entries.get(id), context)),
    unlisted: unlisted.map((id) => provider.resolve(id, undefined, { ...context, say: () => undefined })),
    primary: defaults.primary,
    fallbacks: defaults.fallbacks,
    broken: defaults.broken.length === 0 ? undefined : defaults.broken,
    models: defaults.models,
    defaults: Object.keys(defaults.defaults).length === 0 ? undefined : defaults.defaults,
    streaming: input.options?.streaming,
    diagnostics
  }))
}
