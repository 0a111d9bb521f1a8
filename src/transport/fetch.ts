/**
 * The direct pull of a response of fetch: its body's own reader, without a Stream in between. The platform's classes for
 * such responses are not exported, so they are learned from a sample; anything that is not exactly of these classes (a
 * wrapper, or a later version's response) has no direct pull and is read through `response.stream`.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import type { BodyPull } from "./exchange.js"

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

export const fromFetched = (response: HttpClientResponse.HttpClientResponse): BodyPull | undefined => {
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
