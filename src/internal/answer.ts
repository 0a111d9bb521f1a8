/** An answer whose body has not been read yet, from whichever transport it came. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import { type BodyPull, pullOf } from "./direct.js"
import { pullFetched } from "./webPull.js"

export interface Answer {
  readonly response: HttpClientResponse.HttpClientResponse
  /** How its body is read without a Stream, when that can be. */
  readonly pull: BodyPull | undefined
  /** Closes the connection, unless the body was read to its end: for an answer that is not read, or not to its end. */
  readonly close: Effect.Effect<void>
}

/** One that the transport itself gave. */
export const direct = (response: HttpClientResponse.HttpClientResponse, pull: BodyPull): Answer => ({
  response,
  pull,
  close: Effect.sync(() => pull.cancel())
})

/** One that came through `HttpClient`, with the effect that aborts its request. */
export const through = (response: HttpClientResponse.HttpClientResponse, abort: Effect.Effect<void>): Answer => {
  const pull = pullOf(response) ?? pullFetched(response, abort)
  return pull === undefined ? { response, pull, close: abort } : direct(response, pull)
}
