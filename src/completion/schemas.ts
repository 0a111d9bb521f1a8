/** A `Schema` as JSON Schema, before it reaches the core. */
import * as Either from "effect/Either"
import * as JSONSchema from "effect/JSONSchema"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { own } from "../core/json.js"
import type { ToJsonSchema } from "../core/request/jsonSchema.js"

const make = (schema: Schema.Schema.Any): object => {
  const json = JSONSchema.make(schema)
  // A schema that is written down as JSON Schema may have definitions of its own, which `make` drops.
  const written = own(Option.getOrUndefined(AST.getJSONSchemaAnnotation(schema.ast)), "$defs")
  return typeof written === "object" ? { ...json, $defs: { ...written, ...json.$defs } } : json
}

/** The JSON Schema of a `Schema`, or why it has none; anything else as it is. */
export const toJsonSchema: ToJsonSchema = (given) => {
  if (!Schema.isSchema(given)) return Either.right(given)
  const found = made.get(given) ?? convert(given)
  made.set(given, found)
  return found
}

type Made = ReturnType<ToJsonSchema>

// The tools of a conversation are the same in each of its requests.
const made = /* @__PURE__ */ new WeakMap<object, Made>()

const convert = (schema: Schema.Schema.Any): Made => {
  try {
    return Either.right(make(schema))
  } catch (error) {
    return Either.left(error instanceof Error ? error.message.replace(/\s*\n\s*/g, ", ") : "unknown reason")
  }
}
