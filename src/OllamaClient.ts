/**
 * All that an Ollama server is asked, apart from completions: what is there and what is loaded; models that are pulled,
 * pushed, made, copied and deleted; raw prompts; the web.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { InstalledModel, LoadedModel, ShownModel } from "./core/catalog/answers.js"
import type { Endpoint } from "./core/provider.js"
import type { Generated, GenerateEvent, Page, SearchResult } from "./core/server/answers.js"
import type { Progress } from "./core/server/progress.js"
import type { GenerateOptions } from "./core/server/requests.js"
import { type DiscoveryError, type InvalidRequest, NotEnabled, type ProviderError } from "./OllamaError.js"
import * as internal from "./server/server.js"
import type { Blob, CreateOptions, Ensured, ModelError, PullOptions, StreamError } from "./server/server.js"

export type { InstalledModel, LoadedModel, ShownModel } from "./core/catalog/answers.js"
export type { Endpoint } from "./core/provider.js"
export type { Generated, GenerateEvent, Page, SearchResult } from "./core/server/answers.js"
export type { Layer as ModelLayer, Progress } from "./core/server/progress.js"
export type { GenerateOptions, ModelParts } from "./core/server/requests.js"
export type { DiscoveryError, ProviderError } from "./OllamaError.js"
export type { Blob, CreateOptions, Ensured, ModelError, PullOptions, StreamError } from "./server/server.js"

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
  /**
   * Pulls a model. The last progress is `done`; a pull that ends without is a failure. Interruption closes the connection,
   * which stops the pull; the next one goes on from there.
   */
  readonly pull: (endpoint: Endpoint, model: string, options?: PullOptions) => Stream.Stream<Progress, StreamError>
  /** Pushes a model to its registry, as {@link pull} pulls one. */
  readonly push: (endpoint: Endpoint, model: string, options?: PullOptions) => Stream.Stream<Progress, StreamError>
  /** Makes a model, after it has uploaded the files that the server does not have. */
  readonly create: <E = never, R = never>(
    endpoint: Endpoint,
    options: CreateOptions<E, R>
  ) => Stream.Stream<Progress, StreamError | E, R>
  /** Gives a model a second name. */
  readonly copy: (endpoint: Endpoint, source: string, destination: string) => Effect.Effect<void, ModelError>
  /** Deletes a model. */
  readonly delete: (endpoint: Endpoint, model: string) => Effect.Effect<void, ModelError>
  /** Whether the server has a file of this digest. */
  readonly hasBlob: (endpoint: Endpoint, digest: string) => Effect.Effect<boolean, ModelError>
  /** Sends a file as its bytes come, unless the server has it. */
  readonly upload: <E = never, R = never>(
    endpoint: Endpoint,
    blob: Blob<E, R>
  ) => Effect.Effect<Ensured, ModelError | E, R>
  /** What a model says after a prompt, without roles, tools and fallbacks. */
  readonly generate: (endpoint: Endpoint, options: GenerateOptions) => Effect.Effect<Generated, StreamError>
  /** The same as it comes; the last event has all of it. Interruption closes the connection. */
  readonly generateStream: (endpoint: Endpoint, options: GenerateOptions) => Stream.Stream<GenerateEvent, StreamError>
  /** Searches the web, by Ollama's cloud. */
  readonly webSearch: (query: string, options?: SearchOptions) => Effect.Effect<ReadonlyArray<SearchResult>, WebError>
  /** Fetches a page of the web as text, by Ollama's cloud. */
  readonly webFetch: (url: string, options?: WebOptions) => Effect.Effect<Page, WebError>
}

/**
 * Who is asked for the web.
 *
 * @since 0.1.0
 * @category models
 */
export interface WebOptions {
  /** Default: {@link Options.cloud}. A server asks the cloud for its client, when it is signed in. */
  readonly endpoint?: Endpoint | undefined
}

/**
 * The same, and how much is wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface SearchOptions extends WebOptions {
  /** The most results; Ollama gives 5 by default, and 10 at most. */
  readonly maxResults?: number | undefined
}

/**
 * How asking for the web can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type WebError = DiscoveryError | ProviderError | InvalidRequest

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
  /**
   * Longest silence of a pull, a push, a create, an upload or a streamed generation when their endpoint sets none. Default:
   * 5 minutes.
   */
  readonly idleTimeout?: Duration.DurationInput | undefined
  /**
   * Who is asked for the web when no endpoint is named. `Ollama.layer` gives its provider `ollama-cloud`. Default: nobody,
   * which fails with `NotEnabled`.
   */
  readonly cloud?: Effect.Effect<Endpoint, ProviderError> | undefined
}

const mebi = 1024 * 1024
const maxModels = 100_000

/** In ms: a search, or a page, is not there at once. */
const webTimeout = 60_000

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
    const idleTimeout = Duration.toMillis(options?.idleTimeout ?? "5 minutes")
    const streaming = (endpoint: Endpoint): internal.Streaming => ({
      client,
      endpoint,
      limits: {
        firstByte: endpoint.timeout ?? loadTimeout,
        idle: endpoint.timeout ?? idleTimeout,
        total: Infinity,
        maxBytes: options?.maxBytes ?? 64 * mebi
      }
    })
    const cloud = options?.cloud ?? Effect.fail(new NotEnabled({ provider: "ollama-cloud" }))
    const onWeb = <A>(
      named: Endpoint | undefined,
      ask: (asking: internal.Asking) => Effect.Effect<A, DiscoveryError | InvalidRequest>
    ): Effect.Effect<A, WebError> =>
      Effect.flatMap(
        named === undefined ? cloud : Effect.succeed(named),
        (endpoint) => ask({ ...asking(endpoint), limit: endpoint.timeout ?? webTimeout })
      )
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
      unload: (endpoint, model) => inSpan("unload", internal.load(loading(endpoint), model, { keep_alive: 0 })),
      pull: (endpoint, model, options) => streamInSpan("pull", internal.pull(streaming(endpoint), model, options)),
      push: (endpoint, model, options) => streamInSpan("push", internal.push(streaming(endpoint), model, options)),
      create: (endpoint, options) => streamInSpan("create", internal.create(streaming(endpoint), options)),
      copy: (endpoint, source, destination) => inSpan("copy", internal.copy(loading(endpoint), source, destination)),
      delete: (endpoint, model) => inSpan("delete", internal.remove(loading(endpoint), model)),
      hasBlob: (endpoint, digest) => inSpan("hasBlob", internal.has(streaming(endpoint), digest)),
      upload: (endpoint, blob) => inSpan("upload", internal.upload(streaming(endpoint), blob)),
      generate: (endpoint, input) => {
        const maxBytes = options?.maxBytes ?? 64 * mebi
        return inSpan("generate", internal.generate({ ...loading(endpoint), maxBytes }, input))
      },
      generateStream: (endpoint, options) =>
        streamInSpan("generateStream", internal.generateStream(streaming(endpoint), options)),
      webSearch: (query, options) =>
        inSpan(
          "webSearch",
          onWeb(options?.endpoint, (asking) => internal.webSearch(asking, query, options?.maxResults))
        ),
      webFetch: (url, options) =>
        inSpan("webFetch", onWeb(options?.endpoint, (asking) => internal.webFetch(asking, url)))
    }
  })

const inSpan = <A, E, R>(method: keyof Service, effect: Effect.Effect<A, E, R>) =>
  Effect.withSpan(effect, `OllamaClient.${method}`, { captureStackTrace: false }) as Effect.Effect<A, E, R> // not of a span

const streamInSpan = <A, E, R>(method: keyof Service, stream: Stream.Stream<A, E, R>) =>
  Stream.withSpan(stream, `OllamaClient.${method}`, { captureStackTrace: false }) as Stream.Stream<A, E, R> // not of a span

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

/**
 * Pulls a model. The last progress is `done`; interruption closes the connection, which stops the pull.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * import { Console, Effect, Stream } from "effect"
 * import { OllamaClient, Provider } from "effect-ollama"
 *
 * export const pulled = Effect.flatMap(Provider.make({ baseUrl: "http://127.0.0.1:11434" }), (endpoint) =>
 *   Stream.runForEach(
 *     OllamaClient.pull(endpoint, "gpt-oss:20b"),
 *     ({ completed, status, total }) => Console.log(status, completed, "of", total)
 *   ))
 */
export const pull = (
  endpoint: Endpoint,
  model: string,
  options?: PullOptions
): Stream.Stream<Progress, StreamError, OllamaClient> => onStream((client) => client.pull(endpoint, model, options))

/**
 * Pushes a model to its registry.
 *
 * @since 0.1.0
 * @category accessors
 */
export const push = (
  endpoint: Endpoint,
  model: string,
  options?: PullOptions
): Stream.Stream<Progress, StreamError, OllamaClient> => onStream((client) => client.push(endpoint, model, options))

/**
 * Makes a model, after it has uploaded the files that the server does not have.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * import { Effect, Stream } from "effect"
 * import { OllamaClient, Provider } from "effect-ollama"
 *
 * export const pirate = Effect.flatMap(Provider.make({ baseUrl: "http://127.0.0.1:11434" }), (endpoint) =>
 *   Stream.runDrain(OllamaClient.create(endpoint, {
 *     model: "pirate",
 *     from: "gpt-oss:20b",
 *     system: "You are a pirate.",
 *     parameters: { temperature: 1 }
 *   })))
 */
export const create = <E = never, R = never>(
  endpoint: Endpoint,
  options: CreateOptions<E, R>
): Stream.Stream<Progress, StreamError | E, OllamaClient | R> => onStream((client) => client.create(endpoint, options))

/**
 * Gives a model a second name.
 *
 * @since 0.1.0
 * @category accessors
 */
export const copy = (
  endpoint: Endpoint,
  source: string,
  destination: string
): Effect.Effect<void, ModelError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.copy(endpoint, source, destination))

const delete_ = (endpoint: Endpoint, model: string): Effect.Effect<void, ModelError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.delete(endpoint, model))

export {
  /**
   * Deletes a model.
   *
   * @since 0.1.0
   * @category accessors
   */
  delete_ as delete
}

/**
 * Whether the server has a file of this digest.
 *
 * @since 0.1.0
 * @category accessors
 */
export const hasBlob = (endpoint: Endpoint, digest: string): Effect.Effect<boolean, ModelError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.hasBlob(endpoint, digest))

/**
 * Sends a file as its bytes come, unless the server has it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const upload = <E = never, R = never>(
  endpoint: Endpoint,
  blob: Blob<E, R>
): Effect.Effect<Ensured, ModelError | E, OllamaClient | R> =>
  Effect.flatMap(OllamaClient, (client) => client.upload(endpoint, blob))

/**
 * What a model says after a prompt, without roles, tools and fallbacks.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * import { Effect } from "effect"
 * import { Models, OllamaClient } from "effect-ollama"
 *
 * // fill in the middle
 * export const body = Effect.flatMap(
 *   Models.select("ollama/codellama:code"),
 *   ({ endpoint, model }) =>
 *     OllamaClient.generate(endpoint, { model: model.id, prompt: "const add = (a, b) => ", suffix: "\n" })
 * )
 */
export const generate = (
  endpoint: Endpoint,
  options: GenerateOptions
): Effect.Effect<Generated, StreamError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.generate(endpoint, options))

/**
 * The same as it comes; the last event has all of it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const generateStream = (
  endpoint: Endpoint,
  options: GenerateOptions
): Stream.Stream<GenerateEvent, StreamError, OllamaClient> =>
  onStream((client) => client.generateStream(endpoint, options))

/**
 * Searches the web, by Ollama's cloud.
 *
 * @since 0.1.0
 * @category accessors
 */
export const webSearch = (
  query: string,
  options?: SearchOptions
): Effect.Effect<ReadonlyArray<SearchResult>, WebError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.webSearch(query, options))

/**
 * Fetches a page of the web as text, by Ollama's cloud.
 *
 * @since 0.1.0
 * @category accessors
 */
export const webFetch = (url: string, options?: WebOptions): Effect.Effect<Page, WebError, OllamaClient> =>
  Effect.flatMap(OllamaClient, (client) => client.webFetch(url, options))

const onStream = <A, E, R>(
  use: (client: Service) => Stream.Stream<A, E, R>
): Stream.Stream<A, E, OllamaClient | R> => Stream.unwrap(Effect.map(OllamaClient, use))

/**
 * The digest of the bytes of a stream, as servers name files: `sha256:` and 64 hex digits.
 *
 * @since 0.1.0
 * @category utils
 */
export const digest: <E, R>(content: Stream.Stream<Uint8Array, E, R>) => Effect.Effect<string, E, R> = internal.digest
