/**
 * The direct pull of a response of fetch: its body's own reader, without a Stream in between. The platform's class for such
 * responses is not exported, so it is learned from a sample; anything that is not exactly of it (a wrapper, or a later
 * version's response) has no direct pull and is read through `response.stream`.
 */
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import type { BodyPull } from "./direct.js"

interface Fetched extends HttpClientResponse.HttpClientResponse {
  readonly source: Response
}

let prototype: object | null | undefined

const learn = (): object | null => {
  if (typeof Response !== "function") return null
  const sample = HttpClientResponse.fromWeb(HttpClientRequest.get("http://sample.invalid"), new Response())
  return (sample as Partial<Fetched>).source instanceof Response ? Object.getPrototypeOf(sample) : null
}

const isFetched = (response: HttpClientResponse.HttpClientResponse): response is Fetched => {
  if (prototype === undefined) prototype = learn()
  return prototype !== null && Object.getPrototypeOf(response) === prototype && !Object.hasOwn(response, "stream")
}

/** `abort`: ends the request; a body that is cancelled does not end it everywhere. */
export const pullFetched = (
  response: HttpClientResponse.HttpClientResponse,
  abort: Effect.Effect<void>
): BodyPull | undefined => {
  if (!isFetched(response)) return undefined
  const { body } = response.source
  if (body === null || body.locked) return undefined
  // Taken with the first read: who only asks for a pull leaves the body free.
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  let ended = false
  let cancelled = false
  return {
    read(resume) {
      reader ??= body.getReader()
      reader.read().then(
        ({ done, value }) => {
          ended = done
          return cancelled ? undefined : resume(undefined, done ? undefined : [value!])
        },
        (cause) => {
          ended = true
          if (cancelled) return undefined
          // Names the response, so that it is not collected, and its request aborted, while a read waits.
          const { request } = response
          return resume(new HttpClientError.ResponseError({ request, response, reason: "Decode", cause }), undefined)
        }
      )
    },
    cancel() {
      if (ended || cancelled) return
      cancelled = true
      ;(reader ?? body).cancel().catch(() => {})
      Effect.runFork(abort)
    }
  }
}
