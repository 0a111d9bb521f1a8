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
import * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import * as internal from "./catalog/catalog.js"
import type { Provider } from "./core/provider.js"
import type { Catalog } from "./Model.js"
import type { DiscoveryError, TransportError } from "./OllamaError.js"
import * as OllamaSchedule from "./OllamaSchedule.js"

export type { Catalog } from "./Model.js"
export type { DiscoveryError } from "./OllamaError.js"

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
  readonly discover: (provider: Provider, options?: DiscoverOptions) => Effect.Effect<Catalog, DiscoveryError>
}

/**
 * Which of a server's models are wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface DiscoverOptions {
  /**
   * `tools`: models that call tools; `completion`: all that can chat, also where that is not known; `embedding`: models that
   * make vectors. Default: `tools`, or `completion` when the provider keeps models without tools.
   */
  readonly capability?: "tools" | "completion" | "embedding" | undefined
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
  /** How a server that refuses, resets or does not answer is asked again. Default: `OllamaSchedule.probe`. */
  readonly probeSchedule?: Schedule.Schedule<unknown, TransportError> | undefined
  /** Longest time for the list of models. Default: 5 seconds. */
  readonly tagsTimeout?: Duration.DurationInput | undefined
  /** How long one attempt may take to answer while another is to follow. Default: 500 ms. */
  readonly attemptTimeout?: Duration.DurationInput | undefined
  /** Longest time for what is asked about one model. Default: 3 seconds. */
  readonly showTimeout?: Duration.DurationInput | undefined
  /** How many models are asked about at a time. Default: 8. */
  readonly concurrency?: number | undefined
  /** How long the answer about a model (as long as its digest stays the same) is remembered. Default: 24 hours. */
  readonly showTimeToLive?: Duration.DurationInput | undefined
  /** How many such answers are remembered, beside those of models that are listed now. Default: 10,000. */
  readonly showCapacity?: number | undefined
  /** The largest list of models, in bytes. Default: 64 MiB. */
  readonly maxTagsBytes?: number | undefined
  /** The largest answer about a model, in bytes. Default: 8 MiB. */
  readonly maxShowBytes?: number | undefined
  /** The longest list of models. Default: 100,000. */
  readonly maxModels?: number | undefined
}

/**
 * Options of a discovery that keeps what models can do in the `KeyValueStore` of the context, so that it survives the
 * process. Of a server that has nothing new, only the list of models is then ever asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface PersistedOptions extends Options {
  readonly persisted: true
}

// =============================================================================
// constructors
// =============================================================================

const mebi = 1024 * 1024

/**
 * A discovery over the `HttpClient` of the context. It remembers what models can do for as long as it lives.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: {
  (options: PersistedOptions): Effect.Effect<Service, never, HttpClient.HttpClient | KeyValueStore.KeyValueStore>
  (options?: Options): Effect.Effect<Service, never, HttpClient.HttpClient>
} = (options: Options | PersistedOptions = {}) => {
  const persisted = "persisted" in options && options.persisted
  return Effect.zipWith(
    HttpClient.HttpClient,
    persisted ? Effect.serviceOption(KeyValueStore.KeyValueStore) : Effect.succeedNone,
    (client, store): Service => {
      const discover = internal.makeDiscovery({
        client,
        store: Option.getOrUndefined(store),
        probeSchedule: options.probeSchedule ?? OllamaSchedule.probe,
        tagsTimeout: Duration.toMillis(options.tagsTimeout ?? "5 seconds"),
        attemptTimeout: Duration.toMillis(options.attemptTimeout ?? "500 millis"),
        showTimeout: Duration.toMillis(options.showTimeout ?? "3 seconds"),
        showTimeToLive: Duration.toMillis(options.showTimeToLive ?? "24 hours"),
        concurrency: options.concurrency ?? 8,
        showCapacity: options.showCapacity ?? 10_000,
        maxTagsBytes: options.maxTagsBytes ?? 64 * mebi,
        maxShowBytes: options.maxShowBytes ?? 8 * mebi,
        maxModels: options.maxModels ?? 100_000
      })
      return { discover: (provider, options) => discover(provider, options?.capability) }
    }
  )
}

/**
 * Discovery with other limits, with another way to repeat its probe, or one that outlives the process.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { NodeContext } from "@effect/platform-node"
 * import { KeyValueStore } from "@effect/platform"
 * import { ModelDiscovery } from "effect-ollama"
 * import { Layer } from "effect"
 *
 * // 16 models at a time, 10 s for each
 * export const Patient = ModelDiscovery.layerWith({ concurrency: 16, showTimeout: "10 seconds" })
 *
 * // what models can do is kept in files
 * export const Persisted = ModelDiscovery.layerWith({ persisted: true }).pipe(
 *   Layer.provide(KeyValueStore.layerFileSystem(".cache/ollama")),
 *   Layer.provide(NodeContext.layer)
 * )
 */
export const layerWith: {
  (
    options: PersistedOptions
  ): Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient | KeyValueStore.KeyValueStore>
  (options: Options): Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient>
} = (options: Options) => Layer.effect(ModelDiscovery, make(options))

/**
 * Discovery.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient> = /* @__PURE__ */ layerWith({})

// =============================================================================
// accessors
// =============================================================================

/**
 * The models of a provider as its server tells them now; `Models.catalog` remembers them.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * import { Effect } from "effect"
 * import { ModelDiscovery, Provider } from "effect-ollama"
 *
 * export const catalog = Effect.flatMap(
 *   Provider.make({ baseUrl: "http://gpu-box:11434" }),
 *   (provider) => ModelDiscovery.discover(provider)
 * )
 */
export const discover = (
  provider: Provider,
  options?: DiscoverOptions
): Effect.Effect<Catalog, DiscoveryError, ModelDiscovery> =>
  Effect.flatMap(ModelDiscovery, (discovery) => discovery.discover(provider, options))
