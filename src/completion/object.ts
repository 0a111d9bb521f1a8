/** The value of an answer: found in its text, decoded with a `Schema`. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { ChatResponse } from "../Chat.js"
import { hasProto } from "../core/json.js"
import { explained, valueIn, withoutNulls } from "../core/repair/object.js"
import { OutputInvalid } from "../OllamaError.js"
import { toJsonSchema } from "./schemas.js"

/**
 * A decoded answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectResponse<A> {
  readonly value: A
  readonly response: ChatResponse
  /** Whether the value stood in a code fence, or in other text, and was taken out of it. */
  readonly extracted: boolean
}

const issuesOf = ParseResult.ArrayFormatter.formatErrorSync

/** Decodes the one value of an answer. A `null` is left out where the value does not decode with it. */
export const decodeObject = <A, I, R>(
  response: ChatResponse,
  schema: Schema.Schema<A, I, R>
): Effect.Effect<ObjectResponse<A>, OutputInvalid, R> => {
  const { finishReason, ref, text } = response
  const invalid = (detail: string) => new OutputInvalid({ ref, text, finishReason, detail })
  const found = valueIn(response, Either.getOrUndefined(toJsonSchema(schema)))
  if (found._tag === "None") return Effect.fail(invalid(found.detail))
  // A `Schema` with an index signature would make it the prototype of the value.
  if (hasProto(found.value)) return Effect.fail(invalid("it has a key `__proto__`"))
  const decode = Schema.decodeUnknown(schema, { errors: "all" })
  return Effect.mapBoth(
    Effect.catchAll(decode(found.value), (error) => {
      const rest = withoutNulls(found.value, issuesOf(error))
      return rest === undefined ? Effect.fail(error) : Effect.mapError(decode(rest.value), () => error)
    }),
    {
      onFailure: (error) => invalid(explained(issuesOf(error))),
      onSuccess: (value) => ({ value, response, extracted: found.extracted })
    }
  )
}
