/** What catalogs say about a model, and why it is not theirs. */
import * as Either from "effect/Either"
import type { Catalog, ModelDefinition } from "../../Model.js"
import * as ModelRef from "../../ModelRef.js"
import type { ExcludedModel, ProviderError } from "../../OllamaError.js"
import { NoModelsConfigured, NoToolModels, UnknownModel } from "../../OllamaError.js"
import type { Provider } from "../provider.js"
import { refOf, type Settings, unknownProvider } from "./refs.js"
import type { Selection } from "./selection.js"

// No error lists more than this, however large a catalog is.
const mostKnown = 1000

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
  discovered?: boolean,
  unanswered: ReadonlyArray<string> = []
): UnknownModel =>
  new UnknownModel({
    ref,
    known: refsOf(catalogs),
    ...(unanswered.length === 0 ? {} : { unanswered: unanswered.slice(0, mostKnown) }),
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(discovered === undefined ? {} : { discovered })
  })

/** Why nothing can be selected from a catalog without models. */
export const empty = (catalog: Catalog): NoToolModels | NoModelsConfigured =>
  catalog.source === "configured"
    ? new NoModelsConfigured({ provider: catalog.provider, url: catalog.url, excluded: catalog.excluded })
    : new NoToolModels({ provider: catalog.provider, url: catalog.url, models: catalog.excluded })

/** Why a provider that answered does not have a model. */
export const missing = (catalog: Catalog, model: string): NoToolModels | NoModelsConfigured | UnknownModel =>
  catalog.models.length === 0 && (catalog.source === "discovered" || catalog.excluded.length === 0)
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
 * Why a bare name is nobody's, or not only one provider's. While a provider does not answer, nobody knows whether the model
 * is there, and the first failure is the reason; but what the caller named is not there then, for it never becomes another.
 */
export const missingName = <E>(
  settings: Settings,
  consulted: ReadonlyArray<Consulted<E>>,
  name: string,
  selectedBy: Selection["selectedBy"]
): E | ProviderError | NoToolModels | UnknownModel => {
  const several = having(consulted, name).map(({ model, provider }) => refOf(provider.id, model.id))
  const catalogs: Array<Catalog> = []
  const unanswered: Array<string> = []
  let failure: { readonly error: E } | undefined
  for (const { catalog, provider } of consulted) {
    if (Either.isRight(catalog)) catalogs.push(catalog.right)
    else {
      unanswered.push(provider.id)
      failure ??= { error: catalog.left }
    }
  }
  if (several.length > 0) {
    return new UnknownModel({
      ref: name,
      known: refsOf(catalogs),
      suggestion: several[0],
      several: several.slice(0, mostKnown)
    })
  }
  const [first] = catalogs
  if (failure !== undefined && (first === undefined || selectedBy !== "caller")) return failure.error
  if (first === undefined) {
    if (name.includes("/")) {
      return unknownModel(name, [], undefined, refOf(settings.providers[0]?.id ?? "ollama", name))
    }
    const result = settings.providers[0]?.result
    return result !== undefined && Either.isLeft(result) ? result.left : unknownProvider(settings.providers, "ollama")
  }
  if (failure === undefined && catalogs.every((catalog) => catalog.models.length === 0)) return empty(first)
  return unknownModel(
    name,
    catalogs,
    catalogs.map((catalog) => leftOutOf(catalog, name)).find((model) => model !== undefined),
    meantBy(catalogs, name) ?? refOf(unanswered[0] ?? first.provider, name),
    first.source === "discovered",
    unanswered
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
