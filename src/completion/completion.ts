/** The door of this room: a call goes in, the answer of the first candidate that gives one comes out, whole or as events. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Candidate } from "../catalog/catalog.js"
import { ChatResponse } from "../Chat.js"
import type { ProviderStatus } from "../core/provider.js"
import type { CompletionError } from "../OllamaError.js"
import * as Transport from "../transport/transport.js"
import { answerWhole, type Call } from "./attempt.js"
import { type Completion, firstToAnswer } from "./candidates.js"
import { collected } from "./stream.js"

export type { Call } from "./attempt.js"
export { type Completion, repeated } from "./candidates.js"
export { decodeObject, type ObjectResponse } from "./object.js"
export { open, stream } from "./stream.js"

/** All that nobody may see of what these providers are sent. */
export const secretsOf = (providers: ReadonlyArray<ProviderStatus>): ReadonlyArray<string> =>
  providers.flatMap(({ result }) =>
    Either.isLeft(result)
      ? []
      : [result.right.headers, ...result.right.models.flatMap(({ headers }) => headers === undefined ? [] : [headers])]
        .flatMap((headers) =>
          Transport.secretsOf({
            endpoint: { ...result.right, headers },
            method: "POST",
            url: result.right.root,
            purpose: "completion"
          })
        )
  )

/** The whole answer, whatever goes over the wire. */
export const create = (
  completion: Completion,
  call: Call,
  candidates: ReadonlyArray<Candidate>
): Effect.Effect<ChatResponse, CompletionError> =>
  Effect.map(
    firstToAnswer(
      completion,
      call,
      candidates,
      (asking) => asking.selection.streaming ? collected(asking) : answerWhole(asking)
    ),
    ({ attempts, value: { about, parts } }) => {
      call.operation.answers(about, () => parts)
      return new ChatResponse({ parts, ...about, attempts }, { disableValidation: true })
    }
  )
