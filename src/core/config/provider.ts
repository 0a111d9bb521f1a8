/**
 * What becomes of each provider: where it is, with which key, and why it cannot be used when it cannot.
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import {
  ConfigInvalid,
  type MissingEnvironmentVariable,
  NoModelsConfigured,
  NotEnabled,
  type ProviderError,
  ProviderUnavailable
} from "../../OllamaError.js"
import * as baseUrl from "../baseUrl.js"
import { compact } from "../json.js"
import type { Provider, ProviderSecret, ProviderStatus } from "../provider.js"
import type { Entry, Flaw, Known } from "./entry.js"
import { isBlank, type Lookup, unsetVariable } from "./env.js"
import * as keys from "./keys.js"
import type { Problem } from "./plain.js"
import * as profiles from "./profiles.js"
import type { HostOptions } from "./resolved.js"
import { formatPath, type KeyPath } from "./tree.js"

/** What all providers are resolved with. */
export interface Context extends keys.Context {
  readonly lookup: Lookup
  readonly profiles: profiles.Profiles
  readonly configOrder: ReadonlyMap<string, ReadonlyArray<string>>
  /** The profiles that the configuration names, by provider. */
  readonly configProfiles: ReadonlyMap<string, ReadonlyArray<string>>
  readonly options: HostOptions
  /** Providers that something in the configuration names. */
  readonly mentioned: ReadonlySet<string>
}

/** The providers that need no entry. */
const known: ReadonlyArray<Known> = [
  { id: "ollama", api: "openai-completions", root: baseUrl.defaultRoot },
  { id: "ollama-cloud", api: "ollama", root: "https://ollama.com" }
]

/** What is known of a provider by its id alone. */
export const knownOf = (id: string): Known =>
  known.find((one) => one.id === id) ?? { id, api: "openai-completions", root: undefined }

const left = (id: string, configured: boolean, error: ProviderError, reason: string = error.hint): ProviderStatus => ({
  id,
  configured,
  reason,
  result: Either.left(error)
})

// =============================================================================
// what is wrong
// =============================================================================

type Failure = ConfigInvalid | MissingEnvironmentVariable | ProviderUnavailable

const messageOf = (flaw: Flaw): string => {
  switch (flaw._tag) {
    case "Problem":
      return `expected ${flaw.expected}, found ${flaw.actual}`
    case "Unavailable":
      return flaw.reason === "unsupported-api"
        ? `the api ${flaw.detail} is not spoken here: ${
          flaw.isElsewhere ? "not used" : "use \"openai-completions\" or \"ollama\""
        }`
        : `${flaw.detail} cannot be set here, and no prompt goes round it`
    case "Secret":
      switch (flaw.secret._tag) {
        case "Wrong":
          return `expected ${flaw.secret.expected}, found ${flaw.secret.actual}`
        case "Reference":
          return `the secret ${flaw.secret.reference.text} is not known here`
        default:
          return unsetVariable(flaw.secret.variable)
      }
  }
}

const problemOf = (flaw: Flaw): Problem | undefined =>
  flaw._tag === "Problem"
    ? flaw
    : flaw._tag === "Secret" && flaw.secret._tag === "Wrong"
    ? { ...flaw.secret, path: [...flaw.path, ...flaw.secret.at] }
    : undefined

/**
 * What makes the entry unusable: a variable that is not set, then all that is wrong in it, then what is not spoken here.
 * What a host option replaces is only said.
 */
const entryFailure = (
  entry: Entry | undefined,
  replaced: ReadonlyArray<string>,
  context: Context
): Failure | undefined => {
  if (entry === undefined) return undefined
  const matters = ({ path }: Flaw) => !replaced.includes(String(path[entry.path.length]))
  // what the host is to look up is no flaw
  const all = entry.flaws.filter((flaw) =>
    !(context.asks && flaw._tag === "Secret" && flaw.secret._tag === "Reference")
  )
  for (const flaw of all) {
    const isMistake = flaw._tag !== "Unavailable" || !flaw.isElsewhere
    context.say(isMistake && matters(flaw) ? "error" : "warning", flaw.path, messageOf(flaw))
  }
  const { path, secret } = entry.key
  if (
    replaced.includes("apiKey") && secret !== undefined && secret._tag !== "Value"
    && !(context.asks && secret._tag === "Reference")
  ) {
    context.say("warning", path, messageOf({ _tag: "Secret", path, secret }))
  }
  const flaws = all.filter(matters)
  const unset = flaws.find((flaw) => flaw._tag === "Secret" && flaw.secret._tag !== "Wrong")
  if (unset?._tag === "Secret") return keys.failureOf(entry.id, unset.secret, unset.path, context)
  const problems = flaws.flatMap((flaw) => problemOf(flaw) ?? [])
  if (problems.length > 0) return keys.invalid(context, problems)
  const unavailable = flaws.find((flaw) => flaw._tag === "Unavailable")
  return unavailable === undefined
    ? undefined
    : new ProviderUnavailable({ provider: entry.id, reason: unavailable.reason, detail: unavailable.detail })
}

// Says what keeps a provider from being used. What is wrong with a file was said when it was read.
const say = (context: Context, path: KeyPath, failure: Failure): void => {
  if (failure._tag === "MissingEnvironmentVariable") context.say("error", path, unsetVariable(failure.variable))
  else if (failure._tag === "ProviderUnavailable") {
    context.say("error", path, `the secret ${failure.detail} is not known here`)
  } else {
    for (const { actual, expected, file } of failure.problems) {
      if (file === undefined || file !== context.profiles.path) {
        context.say("error", path, `expected ${expected}, found ${actual}`)
      }
    }
  }
}

// =============================================================================
// its key
// =============================================================================

const hostSource = ({ options }: Context): keys.Source => ({
  secret: options.apiKey === undefined ? undefined : keys.plainKey(Redacted.value(options.apiKey), "option"),
  path: ["options", "apiKey"],
  explicit: true
})

const entrySource = (entry: Entry | undefined): keys.Source => ({
  secret: entry?.key.secret,
  path: entry?.key.path ?? [],
  explicit: true
})

const profileSource = (id: string, context: Context, kind: profiles.Kind): keys.Source => {
  const found = profiles.pick(context.profiles, id, context.configOrder, kind)
  return {
    secret: found?.secret._tag === "Value" ? { ...found.secret, source: `profile ${found.id}` } : found?.secret,
    path: found?.path ?? [],
    explicit: false,
    source: found === undefined ? undefined : `profile ${found.id}`,
    file: "auth-profiles.json: "
  }
}

const environmentSource = ({ lookup }: Context): keys.Source => ({
  secret: keys.plainKey(lookup(keys.variable), `env ${keys.variable}`),
  path: [keys.variable],
  explicit: false
})

// The failure of a file that may hold the key matters only to those who have no other.
const unreadable = ({ profiles: { path, problem } }: Context): ConfigInvalid | undefined =>
  problem === undefined
    ? undefined
    : new ConfigInvalid({ problems: [{ ...problem, ...(path === undefined ? {} : { file: path }) }] })

// "auth profile", and why those that there are, or that the configuration names, do not count.
const profilesOf = (id: string, context: Context): string => {
  const skipped = context.profiles.skipped.filter((profile) => profile.providers.includes(id))
  const most = 3
  const named = skipped.slice(0, most).map((profile) => `${JSON.stringify(profile.id)} is skipped: ${profile.reason}`)
  const more = skipped.length > most ? `; and ${skipped.length - most} more` : ""
  const here = new Set([...skipped, ...context.profiles.byProvider.get(id) ?? []].map((profile) => profile.id))
  const elsewhere = [...context.configOrder.get(id) ?? [], ...context.configProfiles.get(id) ?? []]
    .find((profile) => !here.has(profile))
  if (skipped.length === 0 && elsewhere !== undefined && context.profiles.problem === undefined) {
    return `auth profile with a key (the configuration names ${
      JSON.stringify(elsewhere)
    }, which is not in auth-profiles.json: newer versions of OpenClaw keep its key in openclaw-agent.sqlite, which is not read)`
  }
  return skipped.length === 0 ? "auth profile" : `usable auth profile (${named.join("; ")}${more})`
}

// =============================================================================
// all of it
// =============================================================================

// What the host is to be asked for. A key that goes into a header of its own is one secret.
const secretsOf = (
  key: ProviderSecret | undefined,
  entry: Entry | undefined
): ReadonlyArray<ProviderSecret> => {
  const headers = (entry?.pending ?? []).map(({ at, header, prefix, reference }): ProviderSecret => {
    const path = formatPath(at)
    return {
      reference: { ...reference, neededBy: entry?.id ?? "", path },
      header,
      ...(prefix === undefined ? {} : { prefix }),
      source: `secret ${reference.text}`,
      explicit: true,
      optional: key?.optional === true && key.reference.path === path
    }
  })
  const isHeader = headers.some(({ reference }) => reference.path === key?.reference.path)
  return key === undefined || isHeader ? headers : [key, ...headers]
}

const counted = (n: number): string => n === 1 ? "1 model is" : `${n} models are`

/** What becomes of a provider. Without an entry it is one that needs none. */
export const resolve = (id: string, entry: Entry | undefined, context: Context): ProviderStatus => {
  const ollama = id === "ollama"
  const { api, root: home } = entry === undefined ? knownOf(id) : { ...knownOf(id), api: entry.api }
  const options = ollama ? context.options : {}
  const discover = options.discover === true
  const normalize = (value: string) => baseUrl.normalize(value, { provider: id, api })

  // Where it is. What was meant for another address does not go to the host's.
  const hostUrl = isBlank(options.baseUrl) ? undefined : normalize(options.baseUrl)
  const hasUrl = entry?.hasBaseUrl === true
  const entryUrl = hasUrl && entry.baseUrl !== undefined ? normalize(entry.baseUrl) : undefined
  const detached = hostUrl !== undefined && hasUrl && !(Either.isRight(hostUrl) && entryUrl !== undefined
    && Either.isRight(entryUrl) && hostUrl.right.root === entryUrl.right.root)
  const url = hostUrl ?? entryUrl ?? (home === undefined ? undefined : normalize(home))
  const root = url !== undefined && Either.isRight(url) ? url.right.root : undefined

  // With which key.
  const host = ollama ? hostSource(context) : undefined
  const usesEnvironment = ollama || id === "ollama-cloud"
  const explicit = entry?.listsModels === true
  const keyless = explicit && (!entry.authHeader || Object.hasOwn(entry.headers, "authorization")
    || (context.asks && entry.pending.some(({ header }) => header === "authorization")))
  const found = keys.firstKey(
    [
      ...host === undefined ? [] : [host],
      ...detached ? [] : [entrySource(entry)],
      profileSource(id, context, "key"),
      ...usesEnvironment ? [environmentSource(context)] : [],
      profileSource(id, context, "marker"),
      // what nobody follows matters only to those who need a key
      ...keyless || discover ? [] : [profileSource(id, context, "reference")]
    ],
    { provider: id, local: root === undefined || baseUrl.isLocal(root), undemanding: ollama },
    context
  )
  const isOn = found?.key !== undefined || found?.without !== undefined || found?.pending !== undefined
  const enabled = isOn || discover || keyless
  const file = isOn || discover || keyless ? undefined : unreadable(context)

  const fail = (error: ProviderError, reason?: string) => left(id, enabled, error, reason)
  const broken = entryFailure(
    entry,
    [
      ...detached ? ["apiKey", "headers", "baseUrl", "baseURL", "request"] : [],
      ...hostUrl === undefined ? [] : ["baseUrl", "baseURL"],
      ...detached || host?.secret === undefined ? [] : ["apiKey"]
    ],
    context
  )
  const empty = !explicit && hasUrl && !discover
  const attempted = found !== undefined || (entry?.hasKey === true && !detached)
    || (file !== undefined && context.mentioned.has(id))
  if (ollama && !attempted && !enabled && !explicit && !empty) {
    return left(
      id,
      false,
      new NotEnabled({ provider: id }),
      `Nothing enables it: there is no ${keys.variable}, no ${profilesOf(id, context)} and no apiKey.`
    )
  }
  // All that is wrong is said, whichever of it is the result.
  const path = hostUrl === undefined ? [...entry?.path ?? [], "baseUrl"] : ["options", "baseUrl"]
  const wrongUrl = url !== undefined && Either.isLeft(url)
    ? keys.invalid(context, [{ path, ...url.left }])
    : undefined
  if (wrongUrl !== undefined) say(context, path, wrongUrl)
  if (found?.failure !== undefined && !found.isSaid) say(context, found.path, found.failure)
  if (url !== undefined && Either.isRight(url)) {
    for (const message of url.right.warnings) context.say("warning", path, message)
  }

  if (hostUrl !== undefined && wrongUrl !== undefined) return fail(wrongUrl)
  if (broken !== undefined) return fail(broken)
  if (found?.failure !== undefined && found.explicit) return fail(found.failure)
  if (wrongUrl !== undefined) return fail(wrongUrl)
  if (url === undefined || Either.isLeft(url)) {
    return fail(new ProviderUnavailable({ provider: id, reason: "no-base-url" }))
  }
  if (empty || (!explicit && home === undefined)) {
    return fail(
      new NoModelsConfigured({ provider: id, url: url.right.root }),
      home === undefined
        ? undefined
        : "Its entry has a baseUrl and lists no models: list them, remove that `baseUrl`, or say `discover: true`."
    )
  }
  if (found?.failure !== undefined) return fail(found.failure)
  if (file !== undefined) {
    say(context, [], file)
    return fail(file)
  }
  if (!enabled) {
    // An apiKey that does not count is a marker for local servers.
    const lacks = [...usesEnvironment ? [keys.variable] : [], ...entry?.hasKey === true ? [] : ["apiKey"]]
    const others = lacks.length === 0 ? "" : `${lacks.join(", no ")} and no `
    return fail(
      new ProviderUnavailable({ provider: id, reason: "no-credential" }),
      explicit ? `It lists models and has no key: there is no ${others}${profilesOf(id, context)}.` : undefined
    )
  }
  const models = (entry?.models ?? []).map((model) => detached ? compact({ ...model, headers: undefined }) : model)
  const secrets = context.asks ? secretsOf(found?.pending, detached ? undefined : entry) : []
  const provider: Provider = compact({
    id,
    source: explicit ? "configured" : "discovered",
    api,
    root: url.right.root,
    completionsUrl: url.right.completionsUrl,
    key: found?.key,
    authHeader: entry?.authHeader ?? true,
    headers: detached ? {} : entry?.headers ?? {},
    timeout: entry?.timeout,
    params: entry?.settings.params ?? {},
    ignored: entry === undefined || entry.settings.ignored.length === 0 ? undefined : entry.settings.ignored,
    streaming: entry?.settings.streaming,
    models,
    excluded: entry === undefined || entry.excluded.length === 0 ? undefined : entry.excluded,
    keepWithoutTools: options.keepWithoutTools === true,
    secrets: secrets.length === 0 ? undefined : secrets
  })
  const how = found?.key !== undefined
    ? `the key comes from ${found.key.source}`
    : found?.pending !== undefined
    ? `the key comes from ${found.pending.source}, which is looked up when it is needed`
    : found?.without ?? (discover ? "the host enables it without a key" : "it needs no key")
  return {
    id,
    configured: true,
    reason: explicit
      ? `${counted(models.length)} configured at ${url.right.root}${
        ollama ? " and nothing is discovered" : ""
      }; ${how}.`
      : `Models are discovered at ${url.right.root}; ${how}.`,
    result: Either.right(provider)
  }
}
