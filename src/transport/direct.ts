/**
 * Driving a transport without effects. `HttpClient` makes a controller, a finalizer and a span for each request, and in
 * Effect 3 a Stream for its body: together more than a small answer costs. A transport of this library says for its client
 * and its responses how they are driven directly; all others are driven through `HttpClient`. Both are known by identity,
 * so a client or a response that somebody wrapped is used through the wrapper.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"
import type { Arrived, BodyPull, Send } from "./exchange.js"

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

// =============================================================================
// responses of fetch: their body's own reader, without a Stream in between. The platform's classes for such responses are
// not exported, so they are learned from a sample; anything that is not exactly of these classes (a wrapper, or a later
// version's response) has no direct pull and is read through `response.stream`
// =============================================================================

/** What `HttpClient.make` wraps a response in, to abort its request. */
interface Interruptible extends HttpClientResponse.HttpClientResponse {
  readonly original: HttpClientResponse.HttpClientResponse & { readonly source: Response }
  readonly controller: AbortController
  /** Says that somebody takes care of the request now, who aborts it when that effect is interrupted. */
  readonly applyInterrupt: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

interface Prototypes {
  readonly outer: object
  readonly inner: object
}

let prototypes: Prototypes | null | undefined

const learn = (): Prototypes | null => {
  const sample = Effect.runSync(
    Effect.either(
      HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response()))).execute(
        HttpClientRequest.get("http://sample.invalid")
      ).pipe(Effect.withTracerEnabled(false))
    )
  )
  if (sample._tag === "Left") return null
  const { applyInterrupt, controller, original } = sample.right as Partial<Interruptible>
  return original?.source instanceof Response
      && controller instanceof AbortController
      && typeof applyInterrupt === "function"
    ? { outer: Object.getPrototypeOf(sample.right), inner: Object.getPrototypeOf(original) }
    : null
}

const isFetched = (response: HttpClientResponse.HttpClientResponse): response is Interruptible => {
  prototypes ??= learn()
  if (prototypes === null || Object.getPrototypeOf(response) !== prototypes.outer) return false
  const { original } = response as Interruptible
  return Object.getPrototypeOf(original) === prototypes.inner
    && !Object.hasOwn(response, "stream")
    && !Object.hasOwn(original, "stream")
}

const fromFetched = (response: HttpClientResponse.HttpClientResponse): BodyPull | undefined => {
  if (!isFetched(response)) return undefined
  const { controller, original: { source: { body } } } = response
  if (body === null || body.locked) return undefined
  // Taken with the first read: who only asks for a pull leaves the body free.
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  let ended = false
  let cancelled = false
  return {
    read(resume) {
      if (reader === undefined) {
        reader = body.getReader()
        // Else the request would be aborted when its response is collected, where that is noticed, or after 5 s.
        Effect.runSync(response.applyInterrupt(Effect.void))
      }
      reader.read().then(
        ({ done, value }) => {
          ended = done
          return cancelled ? undefined : resume(undefined, done ? undefined : [value!])
        },
        (cause) => {
          ended = true
          if (cancelled) return undefined
          const { request } = response
          return resume(new HttpClientError.ResponseError({ request, response, reason: "Decode", cause }), undefined)
        }
      )
    },
    cancel() {
      if (ended || cancelled) return
      cancelled = true
      ;(reader ?? body).cancel().catch(() => {})
      controller.abort()
    }
  }
}
