/**
 * The small questions to an Ollama server: what is there, what is loaded, load it, unload it.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type { InstalledModel, LoadedModel, ShownModel } from "./core/catalog/server.js"
import * as native from "./core/catalog/server.js"
import { entriesOf } from "./core/catalog/show.js"
import { asEndpointError, classifyText } from "./core/failure/refusal.js"
import { isRecord, type JsonRecord, own } from "./core/json.js"
import { type DiscoveryError, MalformedResponse, type ModelEndpointError, type TransportError } from "./OllamaError.js"
import type { Provider } from "./Provider.js"
import * as Transport from "./transport/transport.js"

export type { InstalledModel, LoadedModel, ShownModel } from "./core/catalog/server.js"

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
 * How asking about one model can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type ModelError = TransportError | ModelEndpointError | MalformedResponse

/**
 * What {@link OllamaClient} can do. The provider says which server is asked, and with which key.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The version of the server; `0.0.0` for one that was built without. */
  readonly version: (provider: Provider) => Effect.Effect<string, DiscoveryError>
  /** The models that are installed, as the server orders them. */
  readonly tags: (provider: Provider) => Effect.Effect<ReadonlyArray<InstalledModel>, DiscoveryError>
  /** What the server knows about a model. */
  readonly show: (provider: Provider, model: string) => Effect.Effect<ShownModel, ModelError>
  /** The models that are in memory. */
  readonly ps: (provider: Provider) => Effect.Effect<ReadonlyArray<LoadedModel>, DiscoveryError>
  /** Loads a model ahead, so that the first completion need not wait for it; succeeds when it is loaded. */
  readonly load: (provider: Provider, model: string, options?: LoadOptions) => Effect.Effect<void, ModelError>
  /** Takes a model out of memory. */
  readonly unload: (provider: Provider, model: string) => Effect.Effect<void, ModelError>
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
  Effect.map(HttpClient.HttpClient, (client) => {
    const timeout = options?.timeout ?? 5000
    const loadTimeout = options?.loadTimeout ?? 600_000
    const maxBytes = options?.maxBytes ?? 64 * mebi

    const malformed = (url: string) => (detail: string) => new MalformedResponse({ url, detail })

    const get = (provider: Provider, path: string): Effect.Effect<string, DiscoveryError> => {
      const url = `${provider.root}${path}`
      return Effect.mapError(
        Effect.suspend(() =>
          Transport.ask(client, {
            endpoint: provider,
            method: "GET",
            url,
            purpose: "discovery",
            attempts: 1,
            limit: timeout,
            maxBytes
          })
        ),
        toDiscoveryError
      )
    }

    const post = (
      provider: Provider,
      path: string,
      model: string,
      body: object,
      limits: { readonly limit: number; readonly maxBytes: number }
    ): Effect.Effect<JsonRecord, ModelError> => {
      const url = `${provider.root}${path}`
      const outgoing = () => ({
        endpoint: provider,
        method: "POST" as const,
        url,
        body: JSON.stringify(body),
        purpose: path === "/api/show" ? "discovery" as const : "completion" as const,
        model,
        attempts: 1,
        ...limits
      })
      return Effect.flatMap(
        Effect.suspend(() => Transport.ask(client, outgoing())),
        (text): Effect.Effect<JsonRecord, ModelError> => {
          const json = native.parse(text)
          if (!isRecord(json)) return Effect.fail(malformed(url)("it is not a JSON object"))
          const error = own(json, "error")
          return error === undefined || error === null
            ? Effect.succeed(json)
            : Effect.fail(
              classifyText(error, { url, model, secrets: Transport.secretsOf(Transport.makeRequest(outgoing())) })
            )
        }
      )
    }

    const entries = <A>(provider: Provider, path: string, read: (value: unknown) => A | undefined) =>
      Effect.flatMap(get(provider, path), (text) =>
        Either.map(
          Either.mapLeft(entriesOf(text, maxModels), malformed(`${provider.root}${path}`)),
          (models) => models.map(read).filter((model) => model !== undefined)
        ))

    const load = (provider: Provider, model: string, body: object) =>
      Effect.flatMap(
        post(provider, "/api/chat", model, { model, messages: [], stream: false, ...body }, {
          limit: provider.timeout ?? loadTimeout,
          maxBytes: mebi
        }),
        (json) =>
          own(json, "done") === true
            ? Effect.void
            : Effect.fail(malformed(`${provider.root}/api/chat`)("it does not say that it is done"))
      )

    return {
      version: (provider) =>
        Effect.flatMap(get(provider, "/api/version"), (text) => {
          const version = native.versionOf(native.parse(text))
          return version === undefined
            ? Effect.fail(malformed(`${provider.root}/api/version`)("it names no version"))
            : Effect.succeed(version)
        }).pipe(Effect.withSpan("OllamaClient.version", { captureStackTrace: false })),
      tags: (provider) =>
        entries(provider, "/api/tags", native.installedModel).pipe(
          Effect.withSpan("OllamaClient.tags", { captureStackTrace: false })
        ),
      show: (provider, model) =>
        Effect.map(
          post(provider, "/api/show", model, { model }, {
            limit: timeout,
            maxBytes: options?.maxBytes ?? 8 * mebi
          }),
          native.shownModel
        ).pipe(Effect.withSpan("OllamaClient.show", { captureStackTrace: false })),
      ps: (provider) =>
        entries(provider, "/api/ps", native.loadedModel).pipe(
          Effect.withSpan("OllamaClient.ps", { captureStackTrace: false })
        ),
      load: (provider, model, options) =>
        load(provider, model, {
          ...(options?.keepAlive === undefined ? undefined : { keep_alive: options.keepAlive }),
          ...(options?.numCtx === undefined ? undefined : { options: { num_ctx: options.numCtx } })
        }).pipe(Effect.withSpan("OllamaClient.load", { captureStackTrace: false })),
      unload: (provider, model) =>
        load(provider, model, { keep_alive: 0 }).pipe(
          Effect.withSpan("OllamaClient.unload", { captureStackTrace: false })
        )
    }
  })

const toDiscoveryError = (error: ModelError): DiscoveryError => {
  switch (error._tag) {
    case "ConnectionRefused":
    case "ConnectionFailed":
    case "RequestTimeout":
    case "MalformedResponse":
      return error
    default:
      return asEndpointError(error)
  }
}

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
