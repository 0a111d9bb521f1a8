/** Errors of this library as those of `@effect/ai`, and the way back. */
import * as AiError from "@effect/ai/AiError"
import * as Option from "effect/Option"
import { kindOf } from "../../core/ai/failure.js"
import type * as OllamaError from "../../OllamaError.js"

/** What the models of this entry can fail with, before it becomes an `AiError`. */
export type Failure = OllamaError.CompletionError | OllamaError.OutputInvalid

/** Who failed, in the words of `AiError`. */
export interface Where {
  readonly module: string
  readonly method: string
}

// Not `cause`, nor a field: what prints an error prints those, and some errors hold the answer as far as it came. A function,
// for a debugger shows hidden properties too. A property, for Effect hands errors on behind a proxy.
const kept = Symbol.for("effect-ollama/ai/error")

const requestTo = (url: string) => ({
  method: /\/api\/(?:tags|ps|version)$/.test(url) ? "GET" as const : "POST" as const,
  url,
  urlParams: [],
  hash: Option.none<string>(),
  headers: {}
})

const make = (where: Where, error: Failure): AiError.AiError => {
  const kind = kindOf(error)
  const description = error.message
  const given = { ...where, description }
  switch (kind._tag) {
    case "HttpRequestError":
      return new AiError.HttpRequestError({ ...given, reason: "Transport", request: requestTo(kind.url) })
    case "HttpResponseError":
      return new AiError.HttpResponseError({
        ...given,
        reason: "StatusCode",
        request: requestTo(kind.url),
        response: { status: kind.status, headers: {} }
      })
    case "MalformedInput":
      return new AiError.MalformedInput(given)
    case "MalformedOutput":
      return new AiError.MalformedOutput(given)
    case "UnknownError":
      return new AiError.UnknownError(given)
  }
}

export const toAiError = (where: Where) => (error: Failure): AiError.AiError =>
  Object.defineProperty(make(where, error), kept, { value: () => error })

export const errorOf = (error: unknown): Failure | undefined =>
  AiError.isAiError(error) ? (error as { readonly [kept]?: () => Failure })[kept]?.() : undefined

/** Of an answer that came and that nobody can use. */
export const unusable = (where: Where, description: string): AiError.AiError =>
  new AiError.MalformedOutput({ ...where, description })
