/**
 * The choice of a model, without asking anybody: what a text names, which candidates there are, what a catalog answers,
 * and what a chosen model is called with.
 */
import * as Either from "effect/Either"
import type { JsonObject } from "../../Message.js"
import type { Api, Catalog, ModelDefinition } from "../../Model.js"
import * as ModelRef from "../../ModelRef.js"
import type { ExcludedModel, ProviderError } from "../../OllamaError.js"
import {
  InvalidModelRef,
  NoModelsConfigured,
  NoToolModels,
  ProviderUnavailable,
  UnknownModel
} from "../../OllamaError.js"
import type { ModelSettings, ResolvedConfig } from "../config/resolved.js"
import type { Endpoint, Provider, ProviderHeaders, ProviderModel, ProviderStatus } from "../provider.js"
import { wires } from "../wire/wires.js"

/**
 * A model that was chosen, with all that a completion needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Selection {
  /** The full ref, e.g. `ollama/gpt-oss:20b`. */
  readonly ref: string
  readonly selectedBy: "caller" | "primary" | "fallback" | "first-available"
  readonly provider: Provider
  /** Where the model is asked: the provider's, with the model's headers over its own. */
  readonly endpoint: Endpoint
  readonly model: ModelDefinition
  readonly api: Api
  /** Whether to ask for a stream on the wire. */
  readonly streaming: boolean
  /** The configured parameters, the weakest first: the provider's, the model's, the ref's. */
  readonly params: ReadonlyArray<JsonObject>
  readonly maxTokensField: "max_tokens" | "max_completion_tokens"
}

/**
 * What a caller says about the models to try.
 *
 * @since 0.1.0
 * @category models
 */
export interface CandidateOptions {
  /** The first to try: a ref, an alias, or a name that only one provider has. Default: the configured primary. */
  readonly model?: string | undefined
  /** They replace all that the configuration would try after the first; `[]` is none. */
  readonly fallbacks?: ReadonlyArray<string> | undefined
}

/** What the choice depends on. */
export type Settings = Pick<ResolvedConfig, "providers" | "primary" | "fallbacks" | "models">

/** What a text names: a model of a known provider, or a name that a catalog has to know. */
export type Target =
  | { readonly _tag: "Ref"; readonly status: ProviderStatus; readonly model: string }
  | { readonly _tag: "Name"; readonly name: string }

/** A candidate before anybody was asked. */
export interface Planned {
  readonly ref: string
  readonly selectedBy: Selection["selectedBy"]
  readonly target: Either.Either<Target, InvalidModelRef> | "first-available"
  readonly url?: string | undefined
}

// No error lists more than this, however large a catalog is.
const mostKnown = 1000

// =============================================================================
// names
// =============================================================================

export const findStatus = (providers: ReadonlyArray<ProviderStatus>, id: string): ProviderStatus | undefined => {
  const wanted = id.trim().toLowerCase()
  return providers.find((status) => status.id.trim().toLowerCase() === wanted)
}

export const unknownProvider = (providers: ReadonlyArray<ProviderStatus>, id: string): ProviderUnavailable =>
  new ProviderUnavailable({
    provider: id.trim(),
    reason: "unknown-provider",
    ...(providers.length === 0 ? {} : { detail: `known are ${providers.map((status) => status.id).join(", ")}` })
  })

export const usable = (providers: ReadonlyArray<ProviderStatus>): ReadonlyArray<Provider> =>
  providers.flatMap((status) => Either.isRight(status.result) ? [status.result.right] : [])

const refOf = (provider: string, model: string): string => `${provider}/${model}`

// A text as a ref or a bare name; aliases are not looked at.
const read = (settings: Settings, text: string): Either.Either<Target, InvalidModelRef> => {
  const name = text.trim()
  if (name === "") return Either.left(new InvalidModelRef({ ref: text, reason: "empty-model" }))
  if (!name.includes("/")) return Either.right({ _tag: "Name", name })
  return Either.map(ModelRef.parse(name), ({ model, provider }): Target => {
    const status = findStatus(settings.providers, provider)
    return status === undefined ? { _tag: "Name", name } : { _tag: "Ref", status, model }
  })
}

const findAlias = (settings: Settings, name: string): ModelSettings | undefined => {
  const wanted = name.toLowerCase()
  return settings.models.find((model) => model.alias !== undefined && model.alias.trim().toLowerCase() === wanted)
}

/** What a text names. An alias stands for the ref that it is written at, never for another alias. */
export const target = (settings: Settings, text: string): Either.Either<Target, InvalidModelRef> =>
  Either.flatMap(read(settings, text), (found) => {
    const alias = found._tag === "Name" ? findAlias(settings, found.name) : undefined
    return alias === undefined ? Either.right(found) : read(settings, alias.ref)
  })

// =============================================================================
// candidates
// =============================================================================

/**
 * Where the model comes from when none is named: the first provider that is enabled. One that is enabled and cannot be
 * used keeps its turn, so that a prompt never goes elsewhere because something is broken.
 */
export const firstStatus = (settings: Settings): ProviderStatus | undefined =>
  settings.providers.find((status) => Either.isRight(status.result) || status.result.left._tag !== "NotEnabled")
    ?? settings.providers[0]

const rootOf = (status: ProviderStatus | undefined): string | undefined =>
  status === undefined ? undefined : Either.getOrUndefined(status.result)?.root

const planned = (settings: Settings, text: string, selectedBy: Selection["selectedBy"]): Planned => {
  const found = target(settings, text)
  if (Either.isLeft(found)) return { ref: text, selectedBy, target: found }
  if (found.right._tag === "Ref") {
    const { model, status } = found.right
    return { ref: refOf(status.id, model), selectedBy, target: found, url: rootOf(status) }
  }
  const providers = usable(settings.providers)
  return {
    ref: found.right.name,
    selectedBy,
    target: found,
    url: providers.length === 1 ? providers[0]!.root : undefined
  }
}

// Candidates with the same key are the same model. A bare name can only be of the one provider that there is.
const keyOf = (settings: Settings, { ref, target }: Planned): string => {
  if (target === "first-available") return ModelRef.normalizeModel(ref)
  if (Either.isLeft(target)) return `invalid ${ref}`
  const found = target.right
  if (found._tag === "Ref") return refOf(found.status.id, ModelRef.normalizeModel(found.model))
  const providers = usable(settings.providers)
  return refOf(providers.length === 1 ? providers[0]!.id : "", ModelRef.normalizeModel(found.name))
}

const first = (settings: Settings): Planned => {
  const status = firstStatus(settings)
  const model = status !== undefined && Either.isRight(status.result) && status.result.right.source === "configured"
    ? status.result.right.models[0]?.definition.id
    : undefined
  return {
    ref: refOf(status?.id ?? "ollama", model ?? "*"),
    selectedBy: "first-available",
    target: "first-available",
    url: rootOf(status)
  }
}

/**
 * The candidates, in order. A named model comes before the primary; the caller's own fallbacks stand for all that the
 * configuration would have tried after it, so that with `[]` no other model answers.
 */
export const plan = (
  settings: Settings,
  { fallbacks, model }: CandidateOptions = {}
): ReadonlyArray<Planned> => {
  const all: Array<Planned> = []
  if (model !== undefined) all.push(planned(settings, model, "caller"))
  if (settings.primary !== undefined && (model === undefined || fallbacks === undefined)) {
    all.push(planned(settings, settings.primary, "primary"))
  }
  if (all.length === 0) all.push(first(settings))
  for (const ref of fallbacks ?? settings.fallbacks) all.push(planned(settings, ref, "fallback"))
  const seen = new Set<string>()
  return all.filter((candidate) => {
    const key = keyOf(settings, candidate)
    return !seen.has(key) && seen.add(key)
  })
}

// =============================================================================
// catalogs
// =============================================================================

/** The catalog of a provider that lists its models. */
export const configured = (provider: Provider): Catalog => {
  const seen = new Set<string>()
  const models: Array<ModelDefinition> = []
  const excluded: Array<ExcludedModel> = [...provider.excluded ?? []]
  for (const { definition } of provider.models) {
    const id = ModelRef.normalizeModel(definition.id)
    if (seen.has(id)) excluded.push({ name: definition.id, reason: "duplicate" })
    else models.push(definition)
    seen.add(id)
  }
  return { provider: provider.id, url: provider.root, source: "configured", models, excluded }
}

/** A model of a catalog by its name; `x` and `x:latest` are the same. */
export const findModel = (catalog: Catalog, name: string): ModelDefinition | undefined => {
  const wanted = ModelRef.normalizeModel(name)
  return catalog.models.find((model) => model.id === name)
    ?? catalog.models.find((model) => ModelRef.normalizeModel(model.id) === wanted)
}

const leftOutOf = (catalog: Catalog, name: string): ExcludedModel | undefined => {
  const wanted = ModelRef.normalizeModel(name)
  return catalog.excluded.find((model) => ModelRef.normalizeModel(model.name) === wanted)
}

const refsOf = (catalogs: ReadonlyArray<Catalog>): ReadonlyArray<string> => {
  const refs: Array<string> = []
  for (const catalog of catalogs) {
    for (const model of catalog.models) {
      if (refs.length === mostKnown) return refs
      refs.push(refOf(catalog.provider, model.id))
    }
  }
  return refs
}

// The same name in another case, or with another tag.
const similar = (catalog: Catalog, name: string): string | undefined => {
  const lower = name.toLowerCase()
  const untagged = (id: string) => id.replace(/:[^/:]*$/, "")
  const model = catalog.models.find((model) => model.id.toLowerCase() === lower)
    ?? catalog.models.find((model) => untagged(model.id.toLowerCase()) === untagged(lower))
  return model === undefined ? undefined : refOf(catalog.provider, model.id)
}

const unknownModel = (
  ref: string,
  catalogs: ReadonlyArray<Catalog>,
  leftOut: ExcludedModel | undefined,
  suggestion: string | undefined,
  discovered?: boolean
): UnknownModel =>
  new UnknownModel({
    ref,
    known: refsOf(catalogs),
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(discovered === undefined ? {} : { discovered })
  })

/** Why nothing can be selected from a catalog without models. */
export const empty = (catalog: Catalog): NoToolModels | NoModelsConfigured =>
  catalog.source === "configured"
    ? new NoModelsConfigured({ provider: catalog.provider, url: catalog.url })
    : new NoToolModels({ provider: catalog.provider, url: catalog.url, models: catalog.excluded })

/** Why a provider that answered does not have a model. */
export const missing = (catalog: Catalog, model: string): NoToolModels | NoModelsConfigured | UnknownModel =>
  catalog.models.length === 0
    ? empty(catalog)
    : unknownModel(
      refOf(catalog.provider, model),
      [catalog],
      leftOutOf(catalog, model),
      similar(catalog, model),
      catalog.source === "discovered"
    )

/** What became of asking one provider for its catalog. */
export interface Consulted<E> {
  readonly provider: Provider
  readonly catalog: Either.Either<Catalog, E>
}

/** The providers that have the name. */
export const having = <E>(consulted: ReadonlyArray<Consulted<E>>, name: string) =>
  consulted.flatMap(({ catalog, provider }) => {
    const model = Either.isRight(catalog) ? findModel(catalog.right, name) : undefined
    return model === undefined ? [] : [{ provider, model }]
  })

/**
 * Why a bare name is nobody's, or not only one provider's. When no provider answered, nobody knows whether the model is
 * there, and the first failure is the reason.
 */
export const missingName = <E>(
  settings: Settings,
  consulted: ReadonlyArray<Consulted<E>>,
  name: string
): E | ProviderError | NoToolModels | UnknownModel => {
  const several = having(consulted, name)[0]
  const catalogs = consulted.flatMap(({ catalog }) => Either.isRight(catalog) ? [catalog.right] : [])
  if (several !== undefined) {
    return unknownModel(name, catalogs, undefined, refOf(several.provider.id, several.model.id))
  }
  if (catalogs.length === 0) {
    const failed: Either.Either<unknown, E | ProviderError> | undefined = consulted[0]?.catalog
      ?? settings.providers[0]?.result
    return failed !== undefined && Either.isLeft(failed) ? failed.left : unknownProvider(settings.providers, "ollama")
  }
  if (catalogs.every((catalog) => catalog.models.length === 0)) return empty(catalogs[0]!)
  return unknownModel(
    name,
    catalogs,
    catalogs.map((catalog) => leftOutOf(catalog, name)).find((model) => model !== undefined),
    meantBy(catalogs, name) ?? refOf(consulted[0]!.provider.id, name),
    consulted[0]!.provider.source === "discovered"
  )
}

// `olama/gpt-oss:20b` is ollama's with a slip in it; `hf.co/u/m` is the whole name of a model.
const meantBy = (catalogs: ReadonlyArray<Catalog>, name: string): string | undefined => {
  const rest = name.slice(name.indexOf("/") + 1).trim()
  for (const catalog of catalogs) {
    const model = findModel(catalog, rest)
    const ref = model === undefined ? similar(catalog, name) : refOf(catalog.provider, model.id)
    if (ref !== undefined) return ref
  }
  return undefined
}

// =============================================================================
// what a chosen model is called with
// =============================================================================

// The settings written at the model's ref; at its bare name first, which is the weaker way to say it.
const settingsOf = (settings: Settings, provider: Provider, id: string): ReadonlyArray<ModelSettings> => {
  const wanted = ModelRef.make(provider.id, id)
  const name = ModelRef.normalizeModel(wanted.model)
  const byName: Array<ModelSettings> = []
  const byRef: Array<ModelSettings> = []
  for (const entry of settings.models) {
    const key = read(settings, entry.ref)
    if (Either.isLeft(key)) continue
    if (key.right._tag === "Name") {
      if (ModelRef.normalizeModel(key.right.name) === name) byName.push(entry)
    } else if (ModelRef.equals(ModelRef.make(key.right.status.id, key.right.model), wanted)) byRef.push(entry)
  }
  return [...byName, ...byRef]
}

const mergeHeaders = (weak: ProviderHeaders, strong: ProviderHeaders | undefined): ProviderHeaders => {
  if (strong === undefined) return weak
  const names = new Set(Object.keys(strong).map((name) => name.toLowerCase()))
  return Object.fromEntries([
    ...Object.entries(weak).filter(([name]) => !names.has(name.toLowerCase())),
    ...Object.entries(strong)
  ])
}

const endpointOf = (
  { authHeader, completionsUrl, headers, key, root, timeout }: Provider,
  entry: ProviderModel | undefined
): Endpoint => ({ root, completionsUrl, key, authHeader, headers: mergeHeaders(headers, entry?.headers), timeout })

/** A chosen model with all that a completion needs. */
export const select = (
  settings: Settings,
  provider: Provider,
  model: ModelDefinition,
  selectedBy: Selection["selectedBy"]
): Selection => {
  const entry: ProviderModel | undefined = provider.models.find(({ definition }) => definition.id === model.id)
  const overrides = settingsOf(settings, provider, model.id)
  const api = entry?.api ?? provider.api
  const streaming = overrides.reduce<boolean | undefined>((set, override) => override.streaming ?? set, undefined)
  const params = [provider.params, entry?.params, ...overrides.map((override) => override.params)]
  return {
    ref: refOf(provider.id, model.id),
    selectedBy,
    provider,
    endpoint: endpointOf(provider, entry),
    model,
    api,
    streaming: streaming ?? (wires[provider.api].streams(provider.id) && wires[api].streams(provider.id)),
    params: params.filter((layer) => layer !== undefined && Object.keys(layer).length > 0) as Selection["params"],
    maxTokensField: entry?.maxTokensField ?? "max_tokens"
  }
}
