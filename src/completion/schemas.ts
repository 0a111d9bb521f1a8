/** A `Schema` as JSON Schema, before it reaches the core. */
import * as Either from "effect/Either"
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import type { ToJsonSchema } from "../core/request/jsonSchema.js"

/** The JSON Schema of a `Schema`, or why it has none; anything else as it is. */
export const toJsonSchema: ToJsonSchema = (given) => {
  if (!Schema.isSchema(given)) return Either.right(given)
  try {
    return Either.right(JSONSchema.make(given))
  } catch (error) {
    return Either.left(error instanceof Error ? error.message.replace(/\s*\n\s*/g, ", ") : "unknown reason")
  }
}
