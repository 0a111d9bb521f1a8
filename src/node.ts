/**
 * An `HttpClient` for Node on undici's `dispatch`: the same answers as `FetchHttpClient` for about half the CPU, and
 * without its limit of 300 seconds on an answer that is slow to begin. Needs `undici` 7 to be installed.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
// Bun puts a module of its own in place of `undici`, which cannot dispatch; of the path it knows nothing.
import { Agent, type Dispatcher } from "undici/index.js"
import * as Direct from "./transport/direct.js"
import type { Send } from "./transport/exchange.js"
import { Exchange, type Head } from "./transport/undiciExchange.js"
import { UndiciResponse } from "./transport/undiciResponse.js"

/**
 * The limits of the connections. There is none on how long an answer may take: the library has those.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Longest wait for a connection; it ends as a `RequestTimeout` of phase `connect`. Default: 10 seconds. */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** Most connections to one host; further requests wait for a free one. Default: no limit. */
  readonly connections?: number | undefined
  /** How long an unused connection stays open, unless the server says otherwise. Default: 4 seconds. */
  readonly keepAliveTimeout?: Duration.DurationInput | undefined
}

/**
 * The connections of a client: closed with the scope, answers that are being read included.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeDispatcher = (options?: Options): Effect.Effect<Agent, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() =>
      new Agent({
        connect: { timeout: Duration.toMillis(options?.connectTimeout ?? 10_000) },
        connections: options?.connections ?? null,
        keepAliveTimeout: Duration.toMillis(options?.keepAliveTimeout ?? 4_000),
        allowH2: false,
        // A cold model load sends nothing for minutes: the library has limits of its own.
        headersTimeout: 0,
        bodyTimeout: 0
      })
    ),
    (agent) => Effect.promise(() => agent.destroy())
  )

/**
 * A client over a dispatcher of undici, which the caller closes: a proxy, a mock, or an `Agent` with other settings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (dispatcher: Dispatcher): HttpClient.HttpClient => directly(throughEffects(dispatcher), dispatcher)

/**
 * {@link layer} with other limits.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import * as NodeTransport from "effect-ollama/node"
 *
 * export const Transport = NodeTransport.layerWith({ connectTimeout: "2 seconds", connections: 8 })
 */
export const layerWith = (options: Options): Layer.Layer<HttpClient.HttpClient> =>
  Layer.unwrapScoped(Effect.map(makeDispatcher(options), layerDispatcher))

/**
 * A client over a dispatcher of undici, which the caller closes. On Bun the dispatcher must come from `undici/index.js`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDispatcher = (dispatcher: Dispatcher): Layer.Layer<HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    // What the layer is given (a name for spans, say) is there for each request.
    Effect.map(Effect.context<never>(), (context) =>
      directly(
        HttpClient.transformResponse(
          throughEffects(dispatcher),
          Effect.mapInputContext((input: Context.Context<never>) => Context.merge(context, input))
        ),
        dispatcher
      ))
  )

/**
 * The transport that is recommended on Node: an `Agent` of undici of its own, closed with the layer.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { Layer } from "effect"
 * import { ChatCompletions } from "effect-ollama"
 * import * as NodeTransport from "effect-ollama/node"
 *
 * export const Completions = Layer.provide(ChatCompletions.layer, NodeTransport.layer)
 */
export const layer: Layer.Layer<HttpClient.HttpClient> = /* @__PURE__ */ layerWith({})

// =============================================================================
// requests
// =============================================================================

type Body = Uint8Array | AsyncIterable<Uint8Array> | null

interface Target {
  readonly origin: string
  readonly path: string
}

const targetOf = (url: URL): Target => ({ origin: url.origin, path: url.pathname + url.search })

/** Begins an exchange. What undici refuses is told like any other failure. */
const dispatch = (
  dispatcher: Dispatcher,
  exchange: Exchange,
  { origin, path }: Target,
  { method, headers }: HttpClientRequest.HttpClientRequest,
  body: Body,
  contentType?: string
): void => {
  try {
    dispatcher.dispatch({
      origin,
      path,
      method,
      headers: contentType === undefined ? headers : { ...headers, "content-type": contentType },
      // undici takes any iterable; its types do not say so.
      body: body as Uint8Array | null
    }, exchange)
  } catch (cause) {
    exchange.onResponseError(undefined, cause)
  }
}

const directly = (client: HttpClient.HttpClient, dispatcher: Dispatcher): HttpClient.HttpClient =>
  Direct.withSend(HttpClient.transformResponse(client, Effect.map(withPull)), sendOn(dispatcher))

/** Mostly the client wraps the transport's response in one of its own: that has the same pull. */
const withPull = (response: HttpClientResponse.HttpClientResponse): HttpClientResponse.HttpClientResponse => {
  const inner = response instanceof UndiciResponse
    ? response
    : (response as { readonly original?: unknown }).original
  return inner instanceof UndiciResponse ? Direct.withPull(response, inner) : response
}

/** The way of `HttpClient`: any request, with spans, scopes and an abort when nobody is left who could read the answer. */
const throughEffects = (dispatcher: Dispatcher): HttpClient.HttpClient =>
  HttpClient.make((request, url, signal) => {
    switch (request.body._tag) {
      case "Empty":
        return send(dispatcher, request, url, signal, null)
      case "Uint8Array":
      case "Raw":
        return send(dispatcher, request, url, signal, request.body.body as Uint8Array)
      case "Stream":
        return Effect.flatMap(
          Stream.toAsyncIterableEffect(request.body.stream),
          (body) => send(dispatcher, request, url, signal, body)
        )
      case "FormData": {
        const encoded = new Response(request.body.formData)
        return send(dispatcher, request, url, signal, encoded.body, encoded.headers.get("content-type") ?? undefined)
      }
    }
  })

const send = (
  dispatcher: Dispatcher,
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  signal: AbortSignal,
  body: Body,
  contentType?: string
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError> =>
  Effect.async((resume) => {
    const fail = (cause: unknown) =>
      resume(Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause })))
    const exchange = new Exchange((failure, head) =>
      failure === undefined ? resume(Effect.succeed(new UndiciResponse(request, head!, exchange))) : fail(failure.cause)
    )
    if (signal.aborted) return fail(signal.reason)
    signal.addEventListener("abort", exchange.cancel)
    dispatch(dispatcher, exchange, targetOf(url), request, body, contentType)
    return Effect.sync(exchange.cancel)
  })

/** The direct way: requests with bytes, or without a body. */
const sendOn = (dispatcher: Dispatcher): Send => {
  // Mostly the same address is asked again and again.
  let lastUrl: string | undefined
  let lastTarget: Target | undefined
  const target = (url: string): Target => {
    if (url !== lastUrl) {
      lastTarget = targetOf(new URL(url))
      lastUrl = url
    }
    return lastTarget!
  }
  return (request, onHead) => {
    const exchange = new Exchange((failure, head) =>
      onHead(failure === undefined ? Exit.succeed(answer(head!)) : Exit.fail(failure.cause))
    )
    const answer = (head: Head) => {
      const response = new UndiciResponse(request, head, exchange)
      return Direct.arrived(response, response)
    }
    const { body } = request
    try {
      dispatch(dispatcher, exchange, target(request.url), request, body._tag === "Uint8Array" ? body.body : null)
    } catch (cause) {
      exchange.onResponseError(undefined, cause)
    }
    return exchange.cancel
  }
}
