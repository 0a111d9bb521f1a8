/**
 * What becomes of each provider: where it is, with which key, and why it cannot be used when it cannot.
 */
import * as Either from "effect/Either"
import type { AnyApi } from "../../ConfigValue.js"
import { Api } from "../../Model.js"
import {
  type ConfigInvalid,
  type ExcludedModel,
  MissingEnvironmentVariable,
  NoModelsConfigured,
  NotEnabled,
  type ProviderError,
  ProviderUnavailable
} from "../../OllamaError.js"
import * as baseUrl from "../baseUrl.js"
import type { Provider, ProviderModel, ProviderStatus } from "../provider.js"
import { isBlank, type Missing } from "./env.js"
import {
  type Context,
  entryKey,
  environmentKey,
  firstKey,
  hostKey,
  invalid,
  isFound,
  none,
  profileKey,
  unreadable,
  unsetVariable,
  variable
} from "./key.js"
import type { Problem } from "./plain.js"
import type { Entry, EntryModel } from "./sections.js"
import { formatPath, type KeyPath } from "./tree.js"

export interface Configured {
  readonly entry: Entry
  /** Variables that the entry needs and that are not set. */
  readonly missing: ReadonlyArray<Missing>
  /** What is wrong with its key, headers or base URL. */
  readonly problems: ReadonlyArray<Problem>
}

/** Without the members that are `undefined`. */
export const compact = <A extends object>(value: A): A =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as A

const isSpoken = (api: AnyApi | undefined): api is Api | undefined =>
  api === undefined || (Api.literals as ReadonlyArray<string>).includes(api)

const left = (id: string, configured: boolean, error: ProviderError, reason: string = error.hint): ProviderStatus => ({
  id,
  configured,
  reason,
  result: Either.left(error)
})

// =============================================================================
// the entry
// =============================================================================

const belongsTo = (path: KeyPath, entry: Entry, names: ReadonlyArray<string>): boolean => {
  const rest = path.slice(entry.path.length)
  return names.includes(String(rest[0])) || (rest[0] === "models" && names.includes(String(rest[2])))
}

/**
 * What makes the entry unusable: a missing variable, or a problem in its key, headers or base URL. What a host option
 * replaces (`ignored`) is only said.
 */
const entryFailure = (
  configured: Configured | undefined,
  ignored: ReadonlyArray<string>,
  context: Context
): ConfigInvalid | MissingEnvironmentVariable | undefined => {
  if (configured === undefined) return undefined
  const matters = (path: KeyPath) => !belongsTo(path, configured.entry, ignored)
  for (const problem of configured.problems) {
    context.diagnose({
      level: matters(problem.path) ? "error" : "warning",
      path: formatPath(problem.path),
      message: `expected ${problem.expected}, found ${problem.actual}`
    })
  }
  for (const { path, variable } of configured.missing) {
    context.diagnose({
      level: matters(path) ? "error" : "warning",
      path: formatPath(path),
      message: unsetVariable(variable)
    })
  }
  const missing = configured.missing.find((m) => matters(m.path))
  if (missing !== undefined) {
    return new MissingEnvironmentVariable({ variable: missing.variable, path: formatPath(missing.path) })
  }
  const problems = configured.problems.filter((p) => matters(p.path))
  return problems.length === 0 ? undefined : invalid(context, problems)
}

const diagnose = (context: Context, failure: ProviderError): void => {
  if (failure._tag === "ConfigInvalid") {
    for (const p of failure.problems) {
      if (p.file !== undefined && p.file === context.profiles.path) continue // said when the file was read
      context.diagnose({ level: "error", path: p.path, message: `expected ${p.expected}, found ${p.actual}` })
    }
  } else if (failure._tag === "MissingEnvironmentVariable") {
    context.diagnose({
      level: "error",
      path: failure.path,
      message: unsetVariable(failure.variable)
    })
  }
}

const models = (
  entry: Entry | undefined,
  keepHeaders: boolean,
  context: Context
): Either.Either<Pick<Provider, "models" | "excluded">, AnyApi> => {
  const out: Array<ProviderModel> = []
  const excluded: Array<ExcludedModel> = []
  let foreign: AnyApi | undefined
  entry?.models.forEach((model: EntryModel) => {
    const { api } = model
    if (isSpoken(api)) {
      out.push(compact({ ...model, api, headers: keepHeaders ? model.headers : undefined }))
    } else {
      foreign = api
      excluded.push({ name: model.definition.id, reason: "unsupported-api", detail: api })
      context.diagnose({
        level: "error",
        path: formatPath([...entry.path, "models"]),
        message: `"${model.definition.id}" is left out: its api "${api}" is not spoken here`
      })
    }
  })
  return foreign !== undefined && out.length === 0
    ? Either.left(foreign)
    : Either.right({ models: out, excluded: excluded.length === 0 ? undefined : excluded })
}

const counted = (n: number): string => n === 1 ? "1 model is" : `${n} models are`

const warnUrl = (context: Context, path: KeyPath, warnings: ReadonlyArray<string>): void => {
  for (const message of warnings) context.diagnose({ level: "warning", path: formatPath(path), message })
}

// "auth profile", and why those that there are do not count.
const profilesOf = (id: string, context: Context): string => {
  const skipped = context.profiles.skipped.filter((profile) => profile.providers.includes(id))
  const most = 3
  const named = skipped.slice(0, most).map((profile) => `${JSON.stringify(profile.id)} is skipped: ${profile.reason}`)
  const more = skipped.length > most ? `; and ${skipped.length - most} more` : ""
  return skipped.length === 0 ? "auth profile" : `usable auth profile (${named.join("; ")}${more})`
}

// =============================================================================
// ollama
// =============================================================================

/** The provider `ollama`, which needs no entry. */
export const ollama = (configured: Configured | undefined, context: Context): ProviderStatus => {
  const id = "ollama"
  const { options } = context
  const entry = configured?.entry
  const api = entry?.api ?? "openai-completions"
  const spoken: Api = isSpoken(entry?.api) ? entry?.api ?? "openai-completions" : "openai-completions"
  const normalize = (value: string) => baseUrl.normalize(value, { provider: id, api: spoken })

  const hostUrl = isBlank(options.baseUrl) ? undefined : normalize(options.baseUrl)
  const hasUrl = entry?.hasBaseUrl === true
  const entryUrl = hasUrl && entry.baseUrl !== undefined ? normalize(entry.baseUrl) : undefined
  // What was meant for another address does not go to the host's.
  const detached = hostUrl !== undefined && hasUrl && !(Either.isRight(hostUrl) && entryUrl !== undefined
    && Either.isRight(entryUrl) && hostUrl.right.root === entryUrl.right.root)

  const host = hostKey(context)
  const ignored = [
    ...(detached ? ["apiKey", "headers", "baseUrl"] : []),
    ...(isFound(host) ? ["apiKey"] : [])
  ]
  const found = firstKey(
    () => host,
    () => detached ? none : entryKey(entry, context),
    () => profileKey(id, context),
    () => environmentKey(context),
    () => options.discover === true ? none : unreadable(context)
  )
  const broken = entryFailure(configured, ignored, context)
  const credential = found.key !== undefined
  const enabled = credential || options.discover === true
  const explicit = (entry?.models.length ?? 0) > 0
  const empty = !explicit && hasUrl && options.discover !== true
  const fail = (error: ProviderError, reason?: string) =>
    left(id, credential || options.discover === true, error, reason)
  const refuse = (error: ConfigInvalid | MissingEnvironmentVariable) => {
    diagnose(context, error)
    return fail(error)
  }

  const attempted = isFound(found) || (entry?.hasKey === true && !detached)
  if (!attempted && !enabled && !explicit && !empty) {
    return left(
      id,
      false,
      new NotEnabled({ provider: id }),
      `Nothing enables it: there is no ${variable}, no ${profilesOf(id, context)} and no apiKey.`
    )
  }
  if (hostUrl !== undefined && Either.isLeft(hostUrl)) {
    return refuse(invalid(context, [{ path: ["options", "baseUrl"], ...hostUrl.left }]))
  }
  if (broken !== undefined) return fail(broken)
  if (!isSpoken(entry?.api)) {
    return fail(new ProviderUnavailable({ provider: id, reason: "unsupported-api", detail: api }))
  }
  if (hostUrl === undefined && entryUrl !== undefined && Either.isLeft(entryUrl)) {
    return refuse(invalid(context, [{ path: [...entry!.path, "baseUrl"], ...entryUrl.left }]))
  }
  const url = hostUrl !== undefined && Either.isRight(hostUrl)
    ? hostUrl.right
    : entryUrl !== undefined && Either.isRight(entryUrl)
    ? entryUrl.right
    : { root: baseUrl.defaultRoot, completionsUrl: `${baseUrl.defaultRoot}/v1`, warnings: [] }
  warnUrl(context, hostUrl === undefined ? [...entry?.path ?? [], "baseUrl"] : ["options", "baseUrl"], url.warnings)
  if (empty) {
    return fail(
      new NoModelsConfigured({ provider: id, url: url.root }),
      "Its entry has a baseUrl and lists no models: list them, remove that `baseUrl`, or say `discover: true`."
    )
  }
  if (found.failure !== undefined) return refuse(found.failure)
  if (!enabled) {
    return fail(
      new ProviderUnavailable({ provider: id, reason: "no-credential" }),
      `It lists models and has no key: set ${variable} (any value works), an auth profile or apiKey.`
    )
  }
  const listed = models(entry, !detached, context)
  if (Either.isLeft(listed)) {
    return fail(new ProviderUnavailable({ provider: id, reason: "unsupported-api", detail: listed.left }))
  }
  const provider: Provider = compact({
    id,
    source: explicit ? "configured" : "discovered",
    api: spoken,
    root: url.root,
    completionsUrl: url.completionsUrl,
    key: found.key,
    authHeader: entry?.authHeader ?? true,
    headers: detached ? {} : entry?.headers ?? {},
    timeout: entry?.timeout,
    params: entry?.params ?? {},
    ...listed.right,
    keepWithoutTools: options.keepWithoutTools === true
  })
  const how = found.key === undefined ? "the host enables it without a key" : `the key comes from ${found.key.source}`
  return {
    id,
    configured: true,
    reason: explicit
      ? `${counted(listed.right.models.length)} configured at ${url.root} and nothing is discovered; ${how}.`
      : `Models are discovered at ${url.root}; ${how}.`,
    result: Either.right(provider)
  }
}

// =============================================================================
// others
// =============================================================================

/** Any other provider: everything about it is written in its entry. */
export const other = (configured: Configured, context: Context): ProviderStatus => {
  const { entry } = configured
  const { id } = entry
  const broken = entryFailure(configured, [], context)
  const keyless = !entry.authHeader || Object.hasOwn(entry.headers, "authorization")
  const found = firstKey(
    () => entryKey(entry, context),
    () => profileKey(id, context),
    () => keyless ? none : unreadable(context)
  )
  const credential = found.key !== undefined || keyless
  const fail = (error: ProviderError) => left(id, credential, error)
  const refuse = (error: ConfigInvalid | MissingEnvironmentVariable) => {
    diagnose(context, error)
    return fail(error)
  }
  const { api = "openai-completions" } = entry
  if (!isSpoken(api)) {
    return fail(new ProviderUnavailable({ provider: id, reason: "unsupported-api", detail: api }))
  }
  if (broken !== undefined) return fail(broken)
  if (!entry.hasBaseUrl || entry.baseUrl === undefined) {
    return fail(new ProviderUnavailable({ provider: id, reason: "no-base-url" }))
  }
  const path = [...entry.path, "baseUrl"]
  const url = baseUrl.normalize(entry.baseUrl, { provider: id, api })
  if (Either.isLeft(url)) return refuse(invalid(context, [{ path, ...url.left }]))
  warnUrl(context, path, url.right.warnings)
  if (entry.models.length === 0) return fail(new NoModelsConfigured({ provider: id, url: url.right.root }))
  if (found.failure !== undefined) return refuse(found.failure)
  if (!credential) return fail(new ProviderUnavailable({ provider: id, reason: "no-credential" }))
  const listed = models(entry, true, context)
  if (Either.isLeft(listed)) {
    return fail(new ProviderUnavailable({ provider: id, reason: "unsupported-api", detail: listed.left }))
  }
  const provider: Provider = compact({
    id,
    source: "configured",
    api,
    root: url.right.root,
    completionsUrl: url.right.completionsUrl,
    key: found.key,
    authHeader: entry.authHeader,
    headers: entry.headers,
    timeout: entry.timeout,
    params: entry.params,
    ...listed.right,
    keepWithoutTools: false
  })
  const how = found.key === undefined ? "it needs no key" : `the key comes from ${found.key.source}`
  return {
    id,
    configured: true,
    reason: `${counted(listed.right.models.length)} configured at ${url.right.root}; ${how}.`,
    result: Either.right(provider)
  }
}
