/** Which of the errors of `@effect/ai` an error of this library is. */
import type { CompletionError, OutputInvalid } from "../../OllamaError.js"

export type Kind =
  /** The request did not get an answer, or its connection broke. */
  | { readonly _tag: "HttpRequestError"; readonly url: string }
  /** The server refused. */
  | { readonly _tag: "HttpResponseError"; readonly url: string; readonly status: number }
  /** What was asked for is wrong, seen before it was sent. */
  | { readonly _tag: "MalformedInput" }
  /** What was answered is wrong, or not all there. */
  | { readonly _tag: "MalformedOutput" }
  /** Anything else: the configuration, the catalog, several models. */
  | { readonly _tag: "UnknownError" }

export const kindOf = (error: CompletionError | OutputInvalid): Kind => {
  switch (error._tag) {
    case "ConnectionRefused":
    case "ConnectionFailed":
    case "RequestTimeout":
      return { _tag: "HttpRequestError", url: error.url }
    case "MalformedResponse":
    case "MalformedToolCall":
    case "IncompleteResponse":
    case "OutputInvalid":
      return { _tag: "MalformedOutput" }
    case "UnknownModel":
    case "InvalidModelRef":
      return { _tag: "MalformedInput" }
    case "InvalidRequest":
    case "ToolsNotSupported":
    case "ThinkingNotSupported":
    case "ImagesNotSupported":
      return answered(error) ?? { _tag: "MalformedInput" }
    default:
      return answered(error) ?? { _tag: "UnknownError" }
  }
}

// An error inside of an answer that began well has the status of that answer.
const answered = (error: object): Kind | undefined => {
  const { status, url } = error as { readonly status?: unknown; readonly url?: unknown }
  return typeof status === "number" && (status < 200 || status >= 300) && typeof url === "string"
    ? { _tag: "HttpResponseError", url, status }
    : undefined
}
