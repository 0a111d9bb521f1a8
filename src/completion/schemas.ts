/** A `Schema` as JSON Schema, before it reaches the core; and what a model writes for one. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as JSONSchema from "effect/JSONSchema"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { own } from "../core/json.js"
import { type Issue, mended } from "../core/repair/object.js"
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

/** What is wrong with a value, and where. */
export const issuesOf: (error: ParseResult.ParseError) => ReadonlyArray<Issue> =
  ParseResult.ArrayFormatter.formatErrorSync

// Beyond these a value is not mended, and only the first issue is told: to name each takes longer than to decode.
const mostMended = 10_000
const mostTold = 100

/** Whether there are more, by what decoders nest them in. */
const areMore = (error: ParseResult.ParseError, most: number): boolean => {
  const open: Array<unknown> = [error.issue]
  let count = 0
  while (open.length > 0 && count + open.length <= most) {
    const next = open.pop()
    const inner = own(next, "issues") ?? own(next, "issue")
    if (inner === undefined) count++
    else if (!Array.isArray(inner)) open.push(inner)
    else if (inner.length > most) return true
    else open.push(...inner)
  }
  return open.length > 0
}

/** A value that a model wrote, mended by what the schema takes before it decodes it; `undefined` where that does not help. */
export const mendedFor = (schema: Schema.Schema.All, value: unknown): unknown => {
  const check = Schema.decodeUnknownEither(Schema.encodedSchema(schema as Schema.Schema.Any), { errors: "all" })
  return mended(value, (value) =>
    Either.match(check(value), {
      onLeft: (error) => areMore(error, mostMended) ? undefined : issuesOf(error),
      onRight: () => []
    }))
}

/** Decodes what a model wrote as it is, else mended. The error is that of what was written. */
export const decodeWritten = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  value: unknown
): Effect.Effect<A, ParseResult.ParseError, R> => {
  const decode = Schema.decodeUnknown(schema, { errors: "all" })
  return Effect.catchAll(decode(value), (error) => {
    const failed = areMore(error, mostTold) ? Schema.decodeUnknown(schema)(value) : Effect.fail(error)
    const better = areMore(error, mostMended) ? undefined : mendedFor(schema, value)
    return better === undefined || better === value
      ? failed
      : Effect.catchAll(decode(better), () => failed)
  })
}
