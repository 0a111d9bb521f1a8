/**
 * Reading a body without a Stream: in Effect 3 a Stream costs more than a small answer does. A transport that can say
 * "here are the next bytes" registers that for each of its responses; the library reads through it and falls back to
 * `response.stream`. Responses are known by identity, so one that somebody wrapped is read through the wrapper.
 */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { globalValue } from "effect/GlobalValue"
import { fromFetched } from "./webPull.js"

export interface BodyPull {
  /**
   * Calls back once with the next pieces (all that is there), or with `undefined` at the end, or with an error;
   * synchronously when something is there already. At most one read at a time.
   */
  read(
    resume: (
      error: HttpClientError.ResponseError | undefined,
      pieces: ReadonlyArray<Uint8Array> | undefined
    ) => void
  ): void
  /** Closes the connection, unless the body came to its end. A read that waits is not called back. */
  cancel(): void
}

// Global, because a bundler may give the Node transport and the library a copy of this module each.
const pulls = globalValue(
  Symbol.for("effect-ollama/BodyPull"),
  () => new WeakMap<HttpClientResponse.HttpClientResponse, BodyPull>()
)

/** Says how the body of this response can be read directly. */
export const register = (response: HttpClientResponse.HttpClientResponse, pull: BodyPull): void => {
  pulls.set(response, pull)
}

/** The direct pull of a response, when its transport has one. */
export const fromResponse = (response: HttpClientResponse.HttpClientResponse): BodyPull | undefined =>
  pulls.get(response) ?? fromFetched(response)
