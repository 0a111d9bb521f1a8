/** The value of an answer: found in its text, decoded with a `Schema`. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Schema from "effect/Schema"
import type { ChatResponse } from "../Chat.js"
import { hasProto } from "../core/json.js"
import { explained, valueIn } from "../core/repair/object.js"
import { OutputInvalid } from "../OllamaError.js"
import { decodeWritten, issuesOf, toJsonSchema } from "./schemas.js"

/**
 * A decoded answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectResponse<A> {
  readonly value: A
  readonly response: ChatResponse
  /** Whether the value stood in a code fence, in other text, or in the reasoning, and was taken out of it. */
  readonly extracted: boolean
}

/** Decodes the one value of an answer. */
export const decodeObject = <A, I, R>(
  response: ChatResponse,
  schema: Schema.Schema<A, I, R>
): Effect.Effect<ObjectResponse<A>, OutputInvalid, R> => {
  const { finishReason, ref, text } = response
  const invalid = (detail: string) => new OutputInvalid({ ref, text, finishReason, detail })
  const jsonSchema = Either.getOrUndefined(toJsonSchema(schema))
  const found = valueIn(response, jsonSchema)
  if (found._tag === "None") return Effect.fail(invalid(found.detail))
  // A `Schema` with an index signature would make it the prototype of the value.
  if (hasProto(found.value)) return Effect.fail(invalid("it has a key `__proto__`"))
  return Effect.mapBoth(decodeWritten(schema, found.value), {
    onFailure: (error) => invalid(found.detail ?? explained(issuesOf(error), jsonSchema)),
    onSuccess: (value) => ({ value, response, extracted: found.extracted })
  })
}
