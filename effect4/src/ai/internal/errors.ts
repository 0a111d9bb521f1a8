/** Errors of this library as those of `effect/ai`, and the way back. */
import * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as OllamaError from "../../OllamaError.js"

/** What the models of this entry can fail with, before it becomes an `AiError`. */
export type Failure = OllamaError.CompletionError | OllamaError.OutputInvalid

/** Who failed, in the words of `AiError`. */
export interface Where {
  readonly module: string
  readonly method: string
}

// An `AiError` holds JSON and no cause: the error travels encoded, without what was said. The error itself stays with it as
// long as it is the same object: as a function, which nothing that prints an error shows.
const kept = Symbol.for("effect-ollama/ai/error")

const codec = Schema.fromJsonString(
  Schema.toCodecJson(Schema.Union([...OllamaError.CompletionError.members, OllamaError.OutputInvalid]))
)
const encode = Schema.encodeOption(codec)
const decode = Schema.decodeUnknownOption(codec)

const unsaid = (key: string, value: unknown): unknown =>
  key === "partial" ? undefined : (key === "text" || key === "raw") && typeof value === "string" ? "" : value

type Metadata = { readonly ollama?: Schema.MutableJson }

const metadataOf = (error: Failure): Metadata =>
  Option.match(encode(error), {
    onNone: () => ({}),
    onSome: (text) => ({ ollama: JSON.parse(text, unsaid) as Schema.MutableJson })
  })

const reasonOf = (error: Failure): AiError.AiErrorReason => {
  const description = error.message
  const metadata = metadataOf(error)
  const given = { description, metadata }
  switch (error._tag) {
    case "ConnectionRefused":
    case "ConnectionFailed":
    case "RequestTimeout":
      return new AiError.NetworkError({
        reason: "TransportError",
        method: /\/api\/(?:tags|ps|version)$/.test(error.url) ? "GET" : "POST",
        url: error.url,
        description,
        // the one reason without metadata
        cause: metadata
      })
    case "RateLimited":
      return error.reason === "quota"
        ? new AiError.QuotaExhaustedError({ metadata })
        : new AiError.RateLimitError({
          metadata,
          retryAfter: error.retryAfter === undefined ? undefined : Duration.millis(error.retryAfter)
        })
    case "Unauthorized":
      return new AiError.AuthenticationError({ kind: "InvalidKey", ...given })
    case "Forbidden":
      return new AiError.AuthenticationError({ kind: "InsufficientPermissions", ...given })
    case "MalformedResponse":
    case "MalformedToolCall":
    case "IncompleteResponse":
    case "OutputInvalid":
      return new AiError.InvalidOutputError(given)
    case "ServerBusy":
    case "ServerError":
      return new AiError.InternalProviderError(given)
    case "UnknownModel":
    case "ToolsNotSupported":
    case "ThinkingNotSupported":
    case "ImagesNotSupported":
      return new AiError.InvalidRequestError(given)
    default:
      return error.category === "caller" || ("status" in error && error.status !== undefined)
        ? new AiError.InvalidRequestError(given)
        : new AiError.UnknownError(given)
  }
}

export const toAiError = (where: Where) => (error: Failure): AiError.AiError =>
  Object.defineProperty(AiError.make({ ...where, reason: reasonOf(error) }), kept, { value: () => error })

export const errorOf = (error: unknown): Failure | undefined => {
  if (!AiError.isAiError(error)) return undefined
  const same = (error as { readonly [kept]?: () => Failure })[kept]?.()
  if (same !== undefined) return same
  const { reason } = error
  const held = reason._tag === "NetworkError" ? reason.cause : "metadata" in reason ? reason.metadata : undefined
  const encoded = (held as Metadata | undefined)?.ollama
  return encoded === undefined ? undefined : Option.getOrUndefined(decode(JSON.stringify(encoded)))
}

/** Of an answer that came and that nobody can use. */
export const unusable = (where: Where, description: string): AiError.AiError =>
  AiError.make({ ...where, reason: new AiError.InvalidOutputError({ description }) })
