/**
 * The small questions to an Ollama server: what is there, what is loaded, load it, unload it.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as internal from "./catalog/catalog.js"
import type { ModelError } from "./catalog/catalog.js"
import type { InstalledModel, LoadedModel, ShownModel } from "./core/catalog/answers.js"
import type { Endpoint } from "./core/provider.js"
import type { DiscoveryError } from "./OllamaError.js"

export type { ModelError } from "./catalog/catalog.js"
export type { InstalledModel, LoadedModel, ShownModel } from "./core/catalog/answers.js"
export type { Endpoint } from "./core/provider.js"
export type { DiscoveryError } from "./OllamaError.js"

/**
 * How a model is loaded ahead.
 *
 * @since 0.1.0
 * @category models
 */
export interface LoadOptions {
  /** How long the model stays loaded: seconds, or a Go duration such as `"5m"`; negative is for ever. */
  readonly keepAlive?: number | string | undefined
  /** The context size, in tokens. A completion with another one loads the model again. */
  readonly numCtx?: number | undefined
}

/**
 * What {@link OllamaClient} can do. The endpoint says which server is asked, and with which key: a provider is one, and a
 * selection has one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The version of the server; `0.0.0` for one that was built without. */
  readonly version: (endpoint: Endpoint) => Effect.Effect<string, DiscoveryError>
  /** The models that are installed, as the server orders them. */
  readonly tags: (endpoint: Endpoint) => Effect.Effect<ReadonlyArray<InstalledModel>, DiscoveryError>
  /** What the server knows about a model. */
  readonly show: (endpoint: Endpoint, model: string) => Effect.Effect<ShownModel, ModelError>
  /** The models that are in memory. */
  readonly ps: (endpoint: Endpoint) => Effect.Effect<ReadonlyArray<LoadedModel>, DiscoveryError>
  /** Loads a model ahead, so that the first completion need not wait for it; succeeds when it is loaded. */
  readonly load: (endpoint: Endpoint, model: string, options?: LoadOptions) => Effect.Effect<void, ModelError>
  /** Takes a model out of memory. */
  readonly unload: (endpoint: Endpoint, model: string) => Effect.Effect<void, ModelError>
}

/**
 * The service that asks a server about itself.
 *
 * @since 0.1.0
 * @category tags
 */
export class OllamaClient extends Context.Tag("effect-ollama/OllamaClient")<OllamaClient, Service>() {}

/**
 * Limits of the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Longest time for an answer. Default: 5 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** Longest time for loading a model when its endpoint sets none. Default: 10 minutes. */
  readonly loadTimeout?: Duration.DurationInput | undefined
  /** The largest answer, in bytes. Default: 64 MiB, and 8 MiB for `show`. */
  readonly maxBytes?: number | undefined
}

const mebi = 1024 * 1024
const maxModels = 100_000

/**
 * The client over the `HttpClient` of the context.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<Service, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client): Service => {
    const timeout = Duration.toMillis(options?.timeout ?? "5 seconds")
    const loadTimeout = Duration.toMillis(options?.loadTimeout ?? "10 minutes")
    const asking = (endpoint: Endpoint, maxBytes = 64 * mebi): internal.Asking => ({
      client,
      endpoint,
      limit: timeout,
      maxBytes: options?.maxBytes ?? maxBytes
    })
    const loading = (endpoint: Endpoint): internal.Asking => ({
      client,
      endpoint,
      limit: endpoint.timeout ?? loadTimeout,
      maxBytes: mebi
    })
    return {
      version: (endpoint) => inSpan("version", internal.version(asking(endpoint))),
      tags: (endpoint) => inSpan("tags", internal.tags(asking(endpoint), maxModels)),
      show: (endpoint, model) => inSpan("show", internal.show(asking(endpoint, 8 * mebi), model)),
      ps: (endpoint) => inSpan("ps", internal.ps(asking(endpoint), maxModels)),
      load: (endpoint, model, options) =>
        inSpan(
          "load",
          internal.load(loading(endpoint), model, {
            ...(options?.keepAlive === undefined ? undefined : { keep_alive: options.keepAlive }),
            ...(options?.numCtx === undefined ? undefined : { options: { num_ctx: options.numCtx } })
          })
        ),
      unload: (endpoint, model) => inSpan("unload", internal.load(loading(endpoint), model, { keep_alive: 0 }))
    }
  })

const inSpan = <A, E>(method: keyof Service, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withSpan(effect, `OllamaClient.${method}`, { captureStackTrace: false })

/**
 * The client, with other limits.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<OllamaClient, never, HttpClient.HttpClient> =>
  Layer.effect(OllamaClient, make(options))

/**
 * The client.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<OllamaClient, never, HttpClient.HttpClient> = /* @__PURE__ */ layerWith({})

// =============================================================================
// accessors
// =============================================================================

/**
 * The version of the server; `0.0.0` for one that was built without.
 *
 * @since 0.1.0
 * @category accessors
 */
export const version = (endpoint: Endpoint): Effect.Effect<string, DiscoveryError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.version(endpoint))

/**
 * The models that are installed, as the server orders them.
 *
 * @since 0.1.0
 * @category accessors
 */
export const tags = (
  endpoint: Endpoint
): Effect.Effect<ReadonlyArray<InstalledModel>, DiscoveryError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.tags(endpoint))

/**
 * What the server knows about a model.
 *
 * @since 0.1.0
 * @category accessors
 */
export const show = (endpoint: Endpoint, model: string): Effect.Effect<ShownModel, ModelError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.show(endpoint, model))

/**
 * The models that are in memory.
 *
 * @since 0.1.0
 * @category accessors
 */
export const ps = (endpoint: Endpoint): Effect.Effect<ReadonlyArray<LoadedModel>, DiscoveryError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.ps(endpoint))

/**
 * Loads a model ahead, so that the first completion need not wait for it; succeeds when it is loaded.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * import { Effect } from "effect"
 * import { Models, OllamaClient } from "effect-ollama"
 *
 * // the model that would answer
 * export const warmUp = Effect.flatMap(
 *   Models.select(),
 *   ({ endpoint, model }) => OllamaClient.load(endpoint, model.id, { keepAlive: "30m" })
 * )
 */
export const load = (
  endpoint: Endpoint,
  model: string,
  options?: LoadOptions
): Effect.Effect<void, ModelError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.load(endpoint, model, options))

/**
 * Takes a model out of memory.
 *
 * @since 0.1.0
 * @category accessors
 */
export const unload = (endpoint: Endpoint, model: string): Effect.Effect<void, ModelError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.unload(endpoint, model))
