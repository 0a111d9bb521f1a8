/**
 * The catalogs of all providers, and the choice of a model from them.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { JsonObject } from "./Message.js"
import type { Api, Catalog, ModelDefinition } from "./Model.js"
import type { DiscoveryError, InvalidModelRef, NoToolModels, ProviderError, UnknownModel } from "./OllamaError.js"
import type { Provider, ProviderHeaders, ProviderStatus } from "./Provider.js"

/**
 * How the models of a provider can fail to be known.
 *
 * @since 0.1.0
 * @category errors
 */
export type CatalogError = ProviderError | DiscoveryError

/**
 * How a model can fail to be chosen.
 *
 * @since 0.1.0
 * @category errors
 */
export type SelectionError = CatalogError | NoToolModels | UnknownModel | InvalidModelRef

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
  readonly model: ModelDefinition
  readonly api: Api
  /** Whether to ask for a stream on the wire. */
  readonly streaming: boolean
  /** The configured parameters, the weakest first: the provider's, the model's, the ref's. */
  readonly params: ReadonlyArray<JsonObject>
  /** The provider's headers with those of the model over them. */
  readonly headers: ProviderHeaders
  readonly maxTokensField: "max_tokens" | "max_completion_tokens"
}

/**
 * A model to try, in its turn: its provider's catalog is only asked for when `select` runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Candidate {
  /** As it was written, or as it was found. */
  readonly ref: string
  readonly selectedBy: Selection["selectedBy"]
  readonly select: Effect.Effect<Selection, SelectionError>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** What is *configured*; no request is made for it. */
  readonly providers: ReadonlyArray<ProviderStatus>
  /** The models of a provider, at most `timeToLive` old. */
  readonly catalog: (provider: string) => Effect.Effect<Catalog, CatalogError>
  /** The models of a provider, asked for anew. */
  readonly refresh: (provider: string) => Effect.Effect<Catalog, CatalogError>
  /** The last catalog that was got, however old; no request is made for it. */
  readonly lastGood: (provider: string) => Effect.Effect<Option.Option<Catalog>>
  /** The model named, else the configured primary, else the first that is available. */
  readonly select: (model?: string) => Effect.Effect<Selection, SelectionError>
  /** The models to try, in order: the one named, the primary, the fallbacks; without duplicates. */
  readonly candidates: (options?: {
    readonly model?: string | undefined
    readonly fallbacks?: ReadonlyArray<string> | undefined
  }) => ReadonlyArray<Candidate>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Models extends Context.Tag("effect-ollama/Models")<Models, Service>() {}
