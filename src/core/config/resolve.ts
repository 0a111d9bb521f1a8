/**
 * From a configuration as it was written to what it means. Pure, and total over whatever is given.
 */
import * as Either from "effect/Either"
import { ConfigInvalid, MissingEnvironmentVariable } from "../../OllamaError.js"
import { isRecord, own } from "../json.js"
import type { ProviderStatus } from "../provider.js"
import * as env from "./env.js"
import { type Context, unsetVariable, variable as apiKeyVariable } from "./key.js"
import { isRead, isReadElsewhere } from "./known.js"
import { kindOf, plain, type Problem } from "./plain.js"
import * as profiles from "./profiles.js"
import * as provider from "./provider.js"
import * as reader from "./reader.js"
import type { Diagnostic, HostOptions, ResolvedConfig } from "./resolved.js"
import * as decode from "./sections.js"
import { formatPath, type KeyPath, type SourcePosition } from "./tree.js"

export interface Input {
  /** The configuration as it was written; `undefined` when there is none. */
  readonly config: unknown
  readonly lookup: env.Lookup
  readonly profiles?: profiles.ProfilesFile | undefined
  readonly options?: HostOptions | undefined
  /** For tokens that expire, in ms since 1970. */
  readonly now: number
  readonly configPath?: string | undefined
  readonly configFound?: boolean | undefined
  readonly profilesPath?: string | undefined
  readonly locate?: ((path: KeyPath) => SourcePosition | undefined) | undefined
}

/** The parts of a configuration that are read. */
export interface Sections {
  readonly models: unknown
  readonly model: unknown
  readonly modelSettings: unknown
  readonly auth: unknown
  readonly env: unknown
}

/** Takes out the sections that are read; the others may hold anything. */
export const sections = (config: unknown, report: (problem: Problem) => void): Sections => {
  const top = config === undefined ? {} : config
  if (!isRecord(top)) report({ path: [], expected: "an object", actual: kindOf(top) })
  const section = (...path: ReadonlyArray<string>): unknown => {
    let here: unknown = top
    for (const [i, key] of path.entries()) {
      if (here === undefined) return undefined
      if (!isRecord(here)) {
        if (i > 0) report({ path: path.slice(0, i), expected: "an object", actual: kindOf(here) })
        return undefined
      }
      here = own(here, key)
    }
    return plain(here, path, report)
  }
  const found = {
    models: section("models"),
    model: section("agents", "defaults", "model"),
    modelSettings: section("agents", "defaults", "models"),
    auth: section("auth"),
    env: section("env")
  }
  return found
}

/** The variables that a configuration may need. */
export const variables = (config: unknown): ReadonlySet<string> => {
  const found = sections(config, () => undefined)
  const names = env.variables(found)
  for (const name of env.block(found.env).keys()) names.add(name)
  return names.add(apiKeyVariable)
}

const checkEnv = (r: reader.Reader, value: unknown): void => {
  const found = reader.object(r, value, ["env"])
  if (found === undefined) return
  for (const [key, text] of Object.entries(reader.object(r, own(found, "vars"), ["env", "vars"]) ?? {})) {
    reader.string(r, text, ["env", "vars", key])
  }
  const rest = Object.fromEntries(Object.entries(found).filter(([, text]) => typeof text !== "string"))
  reader.keys(r, rest, ["env"], ["vars", "shellEnv"])
}

const positioned = (input: Input) => (problem: Problem) => ({
  path: formatPath(problem.path),
  expected: problem.expected,
  actual: problem.actual,
  ...input.locate?.(problem.path)
})

const unique = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> => {
  const seen = new Set<string>()
  return problems.filter((p) => {
    const text = formatPath(p.path)
    return seen.has(text) ? false : seen.add(text)
  })
}

// A text with a variable that is not set was not written to be read.
const unlessMissing = (r: reader.Reader, missing: ReadonlyArray<env.Missing>): reader.Reader => {
  const paths = new Set(missing.map((m) => formatPath(m.path)))
  return {
    ...r,
    problem: (where, expected, actual) => paths.has(formatPath(where)) ? undefined : r.problem(where, expected, actual)
  }
}

const readProviders = (
  r: reader.Reader,
  models: unknown,
  lookup: env.Lookup,
  missingElsewhere: Array<env.Missing>
): ReadonlyMap<string, provider.Configured> => {
  const found = reader.object(r, models, ["models"])
  const entries = new Map<string, provider.Configured>()
  if (found === undefined) return entries
  reader.keys(r, found, ["models"], ["mode", "providers"])
  const mode = env.substitute(own(found, "mode"), ["models", "mode"], lookup, (m) => missingElsewhere.push(m))
  reader.oneOf(unlessMissing(r, missingElsewhere), mode, ["models", "mode"], ["merge", "replace"])
  const path = ["models", "providers"]
  for (const [key, value] of Object.entries(reader.object(r, own(found, "providers"), path) ?? {})) {
    const at = [...path, key]
    const id = key.trim().toLowerCase()
    if (id === "" || id.includes("/")) r.warn(at, "no model ref can name this provider: it is empty or holds a slash")
    if (entries.has(id)) {
      r.warn(at, `the provider "${id}" is defined twice, the first one is used`)
      continue
    }
    const missing: Array<env.Missing> = []
    const problems: Array<Problem> = []
    const written = own(value, "apiKey")
    const substituted = env.substitute(value, at, lookup, (m) => {
      if (isRead(m.path.slice(at.length))) missing.push(m)
      else r.warn(m.path, unsetVariable(m.variable))
    })
    const unset = env.unsetSource(own(substituted, "apiKey"), lookup)
    if (unset !== undefined) missing.push({ variable: unset, path: [...at, "apiKey"] })
    const ownReader: reader.Reader = {
      ...r,
      problem: (where, expected, actual) => void problems.push({ path: where, expected, actual })
    }
    const entry = decode.entry(unlessMissing(r, missing), unlessMissing(ownReader, missing), {
      id,
      path: at,
      variable: typeof written === "string" ? env.onlyVariable(written, lookup) : undefined,
      unset: missing.find((m) => formatPath(m.path) === formatPath([...at, "apiKey"]))?.variable,
      value: substituted
    })
    if (entry !== undefined) entries.set(id, { entry, missing, problems })
  }
  return entries
}

/** Resolves a configuration. Fails with all its problems at once. */
export const resolve = (input: Input): Either.Either<ResolvedConfig, ConfigInvalid | MissingEnvironmentVariable> => {
  const problems: Array<Problem> = []
  const missing: Array<env.Missing> = []
  const diagnostics: Array<Diagnostic> = []
  const report = (problem: Problem) => void problems.push(problem)
  const r = reader.make(report, diagnostics)
  const read = sections(input.config, report)
  checkEnv(r, read.env)
  const lookup = env.withBlock(read.env, input.lookup, (m) => missing.push(m))
  const substituted = (value: unknown, ...path: ReadonlyArray<string>) =>
    env.substitute(value, path, lookup, (m) => {
      if (isReadElsewhere(m.path)) missing.push(m)
      else r.warn(m.path, unsetVariable(m.variable))
    })
  const model = substituted(read.model, "agents", "defaults", "model")
  const modelSettings = substituted(read.modelSettings, "agents", "defaults", "models")
  const choice = decode.choice(unlessMissing(r, missing), model, modelSettings)
  const configOrder = decode.authOrder(r, substituted(read.auth, "auth"))
  const entries = readProviders(r, read.models, lookup, missing)
  if (problems.length > 0) {
    return Either.left(new ConfigInvalid({ problems: unique(problems).map(positioned(input)) }))
  }
  const first = missing[0]
  if (first !== undefined) {
    return Either.left(new MissingEnvironmentVariable({ variable: first.variable, path: formatPath(first.path) }))
  }
  const ids = ["ollama", ...Array.from(entries.keys()).filter((id) => id !== "ollama" && id !== "")]
  const stored = profiles.decode(input.profiles, new Set(ids), input.now)
  diagnostics.push(...stored.diagnostics)
  const context: Context = {
    lookup,
    profiles: stored,
    configOrder,
    options: input.options ?? {},
    positioned: positioned(input),
    diagnose: (diagnostic) => void diagnostics.push(diagnostic)
  }
  const statuses: ReadonlyArray<ProviderStatus> = ids.map((id) =>
    id === "ollama" ? provider.ollama(entries.get(id), context) : provider.other(entries.get(id)!, context)
  )
  const profilesPath = input.profilesPath ?? input.profiles?.path
  return Either.right({
    source: {
      ...(input.configPath === undefined ? {} : { configPath: input.configPath }),
      configFound: input.configFound ?? input.config !== undefined,
      ...(profilesPath === undefined ? {} : { profilesPath }),
      profilesFound: input.profiles !== undefined
    },
    providers: statuses,
    ...(choice.primary === undefined ? {} : { primary: choice.primary }),
    fallbacks: choice.fallbacks,
    models: choice.models.map(provider.compact),
    diagnostics
  })
}
