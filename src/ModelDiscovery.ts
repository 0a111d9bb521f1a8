/**
 * Asks an Ollama which models it has and what each can do.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import * as catalog from "./catalog/catalog.js"
import type { Provider } from "./core/provider.js"
import type { Catalog } from "./Model.js"
import type { DiscoveryError, TransportError } from "./OllamaError.js"
import * as OllamaSchedule from "./OllamaSchedule.js"

/**
 * What {@link ModelDiscovery} can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Asks `/api/tags`, then `/api/show` for each model of which the answer is not remembered. Succeeds, also with an
   * empty catalog, when the server answers.
   */
  readonly discover: (provider: Provider) => Effect.Effect<Catalog, DiscoveryError>
}

/**
 * The service that asks a server for its models.
 *
 * @since 0.1.0
 * @category tags
 */
export class ModelDiscovery extends Context.Tag("effect-ollama/ModelDiscovery")<ModelDiscovery, Service>() {}

/**
 * Limits of discovery, and how its probe is repeated.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How a server that refuses, resets or does not answer is asked again. Default: `OllamaSchedule.probe`.
   */
  readonly probe?: Schedule.Schedule<unknown, TransportError> | undefined
  /** Longest time for the list of models, in ms. Default: 5,000. */
  readonly tagsTimeout?: number | undefined
  /** How long one attempt may take to answer while another is to follow, in ms. Default: 500. */
  readonly attemptTimeout?: number | undefined
  /** Longest time for what is asked about one model, in ms. Default: 3,000. */
  readonly showTimeout?: number | undefined
  /** How many models are asked about at a time. Default: 8. */
  readonly concurrency?: number | undefined
  /** How long the answer about a model (as long as its digest stays the same) is remembered. Default: 24 hours. */
  readonly showTimeToLive?: Duration.DurationInput | undefined
  /** How many such answers are remembered. Default: 10,000. */
  readonly showCapacity?: number | undefined
  /** The largest list of models, in bytes. Default: 64 MiB. */
  readonly maxTagsBytes?: number | undefined
  /** The largest answer about a model, in bytes. Default: 8 MiB. */
  readonly maxShowBytes?: number | undefined
  /** The longest list of models. Default: 100,000. */
  readonly maxModels?: number | undefined
}

const mebi = 1024 * 1024

const makeWith = (
  options: Options | undefined,
  store: KeyValueStore.KeyValueStore | undefined
): Effect.Effect<Service, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) => ({
    discover: catalog.makeDiscovery({
      client,
      store,
      probeSchedule: options?.probe ?? OllamaSchedule.probe,
      tagsTimeout: options?.tagsTimeout ?? 5000,
      attemptTimeout: options?.attemptTimeout ?? 500,
      showTimeout: options?.showTimeout ?? 3000,
      showTimeToLive: Duration.toMillis(options?.showTimeToLive ?? Duration.hours(24)),
      concurrency: options?.concurrency ?? 8,
      showCapacity: options?.showCapacity ?? 10_000,
      maxTagsBytes: options?.maxTagsBytes ?? 64 * mebi,
      maxShowBytes: options?.maxShowBytes ?? 8 * mebi,
      maxModels: options?.maxModels ?? 100_000
    })
  }))

/**
 * A discovery over the `HttpClient` of the context. It remembers what models can do for as long as it lives.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<Service, never, HttpClient.HttpClient> =>
  makeWith(options, undefined)

/**
 * The same, and what models can do is kept in the `KeyValueStore` of the context too, so that it survives the process.
 * Of a server that has nothing new, only the list of models is then ever asked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makePersisted = (
  options?: Options
): Effect.Effect<Service, never, HttpClient.HttpClient | KeyValueStore.KeyValueStore> =>
  Effect.flatMap(KeyValueStore.KeyValueStore, (store) => makeWith(options, store))

/**
 * Discovery with other limits, or another way to repeat its probe.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { ModelDiscovery } from "effect-ollama"
 *
 * // 16 models at a time, 10 s for each
 * export const Discovery = ModelDiscovery.layerWith({ concurrency: 16, showTimeout: 10_000 })
 */
export const layerWith = (options: Options): Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient> =>
  Layer.effect(ModelDiscovery, make(options))

/**
 * Discovery.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient> = /* @__PURE__ */ layerWith({})

/**
 * Discovery that keeps what models can do in a `KeyValueStore`.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { NodeContext } from "@effect/platform-node"
 * import { KeyValueStore } from "@effect/platform"
 * import { ModelDiscovery } from "effect-ollama"
 * import { Layer } from "effect"
 *
 * export const Discovery = ModelDiscovery.layerPersisted().pipe(
 *   Layer.provide(KeyValueStore.layerFileSystem(".cache/ollama")),
 *   Layer.provide(NodeContext.layer)
 * )
 */
export const layerPersisted = (
  options?: Options
): Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient | KeyValueStore.KeyValueStore> =>
  Layer.effect(ModelDiscovery, makePersisted(options))
