/**
 * The key of a provider: where it may come from, and in which order.
 */
import * as Redacted from "effect/Redacted"
import { ConfigInvalid, type ConfigProblem, MissingEnvironmentVariable } from "../../OllamaError.js"
import type { ProviderKey } from "../provider.js"
import { isProblem, keyExpected, readKey } from "./credential.js"
import { isBlank, type Lookup } from "./env.js"
import type { Problem } from "./plain.js"
import * as profiles from "./profiles.js"
import type { Diagnostic, HostOptions } from "./resolved.js"
import type { Entry } from "./sections.js"
import { formatPath } from "./tree.js"

/** The variable that enables Ollama. */
export const variable = "OLLAMA_API_KEY"

export const unsetVariable = (name: string): string => `the environment variable ${name} is not set`

/** What all providers are resolved with. */
export interface Context {
  readonly lookup: Lookup
  readonly profiles: profiles.Profiles
  readonly configOrder: ReadonlyMap<string, ReadonlyArray<string>>
  readonly options: HostOptions
  readonly positioned: (problem: Problem) => ConfigProblem
  readonly diagnose: (diagnostic: Diagnostic) => void
}

export const invalid = (context: Context, problems: ReadonlyArray<Problem>): ConfigInvalid =>
  new ConfigInvalid({ problems: problems.map(context.positioned) })

export interface KeyFound {
  readonly key?: ProviderKey | undefined
  readonly failure?: ConfigInvalid | MissingEnvironmentVariable | undefined
}

export const none: KeyFound = {}

export const hostKey = (context: Context): KeyFound => {
  const given = context.options.apiKey
  const key = given === undefined ? undefined : readKey(Redacted.value(given))
  if (key === undefined) return none
  return isProblem(key)
    ? { failure: invalid(context, [{ path: ["options", "apiKey"], expected: keyExpected, actual: key.problem }]) }
    : { key: { value: key, source: "option", explicit: true } }
}

export const entryKey = (entry: Entry | undefined, context: Context): KeyFound => {
  const written = entry?.apiKey
  if (written === undefined) return none
  if ("value" in written) return { key: { ...written, explicit: true } }
  const value = context.lookup(written.variable)
  const key = isBlank(value) ? undefined : readKey(value)
  const path = formatPath(written.path)
  if (key === undefined) return { failure: new MissingEnvironmentVariable({ variable: written.variable, path }) }
  const source = `env ${written.variable}`
  return isProblem(key)
    ? {
      failure: invalid(context, [{
        path: written.path,
        expected: keyExpected,
        actual: `${key.problem}, from ${source}`
      }])
    }
    : { key: { value: key, source, explicit: true } }
}

export const profileKey = (id: string, context: Context): KeyFound => {
  const found = profiles.pick(context.profiles, id, context.configOrder)
  return found === undefined
    ? none
    : { key: { value: found.secret, source: `profile ${found.id}`, explicit: false } }
}

export const environmentKey = (context: Context): KeyFound => {
  const value = context.lookup(variable)
  const key = isBlank(value) ? undefined : readKey(value)
  if (key === undefined) return none
  return isProblem(key)
    ? { failure: invalid(context, [{ path: [variable], expected: keyExpected, actual: key.problem }]) }
    : { key: { value: key, source: `env ${variable}`, explicit: false } }
}

// The failure of a file that may hold the key matters only to those who have no other.
export const unreadable = (context: Context): KeyFound =>
  context.profiles.problem === undefined
    ? none
    : {
      failure: new ConfigInvalid({
        problems: [{
          ...context.profiles.problem,
          ...(context.profiles.path === undefined ? {} : { file: context.profiles.path })
        }]
      })
    }

export const isFound = (found: KeyFound): boolean => found.key !== undefined || found.failure !== undefined

export const firstKey = (...sources: ReadonlyArray<() => KeyFound>): KeyFound => {
  for (const source of sources) {
    const found = source()
    if (isFound(found)) return found
  }
  return none
}
