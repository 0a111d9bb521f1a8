/**
 * Driving a transport without effects. `HttpClient` makes a controller, a finalizer and a span for each request, and in
 * Effect 3 a Stream for its body: together more than a small answer costs. A transport of this library says for its client
 * and its responses how they are driven directly; all others are driven through `HttpClient`. Both are known by identity,
 * so a client or a response that somebody wrapped is used through the wrapper.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"
import type { Arrived, BodyPull, Send } from "./exchange.js"
import { fromFetched } from "./fetch.js"

/** A response whose body is read by this pull. */
export const arrived = (response: HttpClientResponse.HttpClientResponse, pull: BodyPull): Arrived => ({
  response,
  pull,
  close: Effect.sync(() => pull.cancel())
})

// Global, because a bundler may give the Node transport and the library a copy of this module each.
const clients = globalValue(
  Symbol.for("effect-ollama/direct/clients"),
  () => new WeakMap<object, { readonly send: Send; readonly execute: unknown }>()
)

const pulls = globalValue(Symbol.for("effect-ollama/direct/pulls"), () => new WeakMap<object, BodyPull>())

/** Says how requests are sent directly that this client would send as they are. */
export const withSend = (client: HttpClient.HttpClient, send: Send): HttpClient.HttpClient => {
  clients.set(client, { send, execute: client.execute })
  return client
}

/** Says how the body of this response is read directly. */
export const withPull = (
  response: HttpClientResponse.HttpClientResponse,
  pull: BodyPull
): HttpClientResponse.HttpClientResponse => {
  pulls.set(response, pull)
  return response
}

/** How this client sends directly, when it can, and when nobody put another `execute` in place of its own. */
export const sendOf = (client: { readonly execute: unknown }): Send | undefined => {
  const known = clients.get(client)
  return known !== undefined && known.execute === client.execute ? known.send : undefined
}

/** How the body of this response is read directly, when its transport has a way. */
export const pullOf = (response: HttpClientResponse.HttpClientResponse): BodyPull | undefined =>
  pulls.get(response) ?? fromFetched(response)
