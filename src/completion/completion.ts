/** The door of this room: a call goes in, the answer of the first candidate that gives one comes out, whole or as events. */
import * as Effect from "effect/Effect"
import type { Candidate } from "../catalog/catalog.js"
import { ChatResponse } from "../Chat.js"
import { attributes } from "../core/about.js"
import type { CompletionError } from "../OllamaError.js"
import type * as Span from "../telemetry/span.js"
import { answerWhole, type Call } from "./attempt.js"
import { type Completion, firstToAnswer } from "./candidates.js"
import { collected } from "./stream.js"

export type { Call } from "./attempt.js"
export type { Completion } from "./candidates.js"
export { decodeObject, type ObjectResponse } from "./object.js"
export { open, stream } from "./stream.js"

/** The whole answer, whatever goes over the wire. */
export const create = (
  completion: Completion,
  call: Call,
  candidates: ReadonlyArray<Candidate>,
  span: Span.OpenSpan
): Effect.Effect<ChatResponse, CompletionError> =>
  Effect.map(
    firstToAnswer(
      completion,
      call,
      candidates,
      (asking) => asking.selection.streaming ? collected(asking) : answerWhole(asking)
    ),
    ({ attempts, value: { about, parts } }) => {
      span.annotate(attributes(about))
      return new ChatResponse({ parts, ...about, attempts }, { disableValidation: true })
    }
  )
