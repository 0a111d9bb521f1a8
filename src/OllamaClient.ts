/**
 * The small questions to an Ollama server: what is there, what is loaded, load it, unload it.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as catalog from "./catalog/catalog.js"
import type { ModelError } from "./catalog/catalog.js"
import type { InstalledModel, LoadedModel, ShownModel } from "./core/catalog/answers.js"
import type { Endpoint } from "./core/provider.js"
import type { DiscoveryError } from "./OllamaError.js"

export type { ModelError } from "./catalog/catalog.js"
export type { InstalledModel, LoadedModel, ShownModel } from "./core/catalog/answers.js"

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
  /** Longest time for an answer, in ms. Default: 5,000; a `show` has as much. */
  readonly timeout?: number | undefined
  /** Longest time for loading a model when the provider sets none, in ms. Default: 600,000. */
  readonly loadTimeout?: number | undefined
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
    const timeout = options?.timeout ?? 5000
    const loadTimeout = options?.loadTimeout ?? 600_000
    const asking = (endpoint: Endpoint, maxBytes = 64 * mebi): catalog.Asking => ({
      client,
      endpoint,
      limit: timeout,
      maxBytes: options?.maxBytes ?? maxBytes
    })
    const loading = (endpoint: Endpoint): catalog.Asking => ({
      client,
      endpoint,
      limit: endpoint.timeout ?? loadTimeout,
      maxBytes: mebi
    })
    return {
      version: (endpoint) => inSpan("version", catalog.version(asking(endpoint))),
      tags: (endpoint) => inSpan("tags", catalog.tags(asking(endpoint), maxModels)),
      show: (endpoint, model) => inSpan("show", catalog.show(asking(endpoint, 8 * mebi), model)),
      ps: (endpoint) => inSpan("ps", catalog.ps(asking(endpoint), maxModels)),
      load: (endpoint, model, options) =>
        inSpan(
          "load",
          catalog.load(loading(endpoint), model, {
            ...(options?.keepAlive === undefined ? undefined : { keep_alive: options.keepAlive }),
            ...(options?.numCtx === undefined ? undefined : { options: { num_ctx: options.numCtx } })
          })
        ),
      unload: (endpoint, model) => inSpan("unload", catalog.load(loading(endpoint), model, { keep_alive: 0 }))
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
