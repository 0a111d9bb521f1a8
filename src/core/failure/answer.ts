/** What ended an answer that had begun: errors of decoding and of reading, with what had arrived. */
import type { PartialAnswer } from "../../Message.js"
import {
  IncompleteResponse,
  MalformedResponse,
  MalformedToolCall,
  type ModelEndpointError,
  RequestTimeout,
  type TransportError
} from "../../OllamaError.js"
import type { DecodeFailure, PlainFailure } from "../decode/types.js"
import { redactCut } from "./redact.js"
import { classifyText } from "./refusal.js"

export interface AnswerContext {
  readonly url: string
  /** The model that was asked for. */
  readonly model: string | undefined
  /** What had arrived. */
  readonly partial: PartialAnswer | undefined
  readonly secrets: ReadonlyArray<string>
}

/** What was received says that there is no answer, or is none. */
export const decodeError = (failure: DecodeFailure, context: AnswerContext): PlainError | MalformedToolCall => {
  if (failure._tag !== "MalformedToolCall") return plainError(failure, context)
  const { id, name, raw } = failure
  return new MalformedToolCall({ url: context.url, id, name, raw, partial: context.partial })
}

export type PlainError = ModelEndpointError | MalformedResponse | IncompleteResponse

/** The same of an answer that has no tools to call. */
export const plainError = (failure: PlainFailure, context: AnswerContext): PlainError => {
  const { partial, secrets, url } = context
  switch (failure._tag) {
    case "InBandError":
      return classifyText(failure.error, context)
    case "Malformed":
      return new MalformedResponse({ url, detail: redactCut(failure.detail, secrets), partial })
    case "Failed":
      return new IncompleteResponse({ url, reason: "failed", finish: failure.word, partial })
    case "NotDone":
      return new IncompleteResponse({ url, reason: "not-done", partial })
    case "Ended":
      return new IncompleteResponse({ url, reason: "ended", partial })
  }
}

/** Reading failed: after a response head, a broken connection is an incomplete answer. */
export const interrupted = (
  error: TransportError | MalformedResponse,
  partial: PartialAnswer | undefined
): TransportError | MalformedResponse | IncompleteResponse => {
  switch (error._tag) {
    case "ConnectionFailed":
    case "ConnectionRefused":
      return new IncompleteResponse({ url: error.url, reason: "connection", cause: error.cause, partial })
    case "RequestTimeout":
      return partial === undefined ? error : new RequestTimeout({ ...error, partial })
    case "MalformedResponse":
      return partial === undefined ? error : new MalformedResponse({ ...error, partial })
  }
}
