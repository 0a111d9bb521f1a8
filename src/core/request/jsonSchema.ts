/**
 * JSON Schemas as Ollama can use them. It hands a model only `type, properties, required, items, enum, anyOf,
 * description` of a tool's parameters: references are inlined, `allOf` is merged, `oneOf` and `const` become `anyOf` and
 * `enum`. Output schemas are sent whole.
 */
import * as Either from "effect/Either"
import type { JsonObject } from "../../Message.js"
import type { InvalidRequest } from "../../OllamaError.js"
import { isRecord, own } from "../json.js"
import { invalid, plain } from "./plain.js"

class Refused {
  constructor(readonly detail: string) {}
}

/** Schemas in one inlined schema: definitions that use each other twice grow without end. */
const maxSchemas = 20_000

const guard = (path: string, make: () => JsonObject): Either.Either<JsonObject, InvalidRequest> => {
  try {
    return Either.right(make())
  } catch (error) {
    // Only a stack that is too deep is left beside our own.
    return invalid(path, error instanceof Refused ? error.detail : "the schema is nested too deeply")
  }
}

/** Makes JSON Schema of what has another form, or says why it cannot; JSON Schema comes back as it is. */
export type ToJsonSchema = (schema: unknown) => Either.Either<unknown, string>

/** What was given as plain JSON Schema, whatever its form. */
const document = (
  schema: unknown,
  path: string,
  toJsonSchema: ToJsonSchema
): Either.Either<JsonObject, InvalidRequest> =>
  Either.match(toJsonSchema(schema), {
    onLeft: (detail) => invalid(path, `the Schema has no JSON Schema: ${detail}`),
    onRight: (json) =>
      Either.flatMap(
        plain(json, path),
        (value) => isRecord(value) ? Either.right(value) : invalid(path, "expected a Schema or a JSON Schema")
      )
  })

/** The parameters of a tool: a self-contained JSON Schema of type `object`. */
export const toolParameters = (
  schema: unknown,
  path: string,
  toJsonSchema: ToJsonSchema
): Either.Either<JsonObject, InvalidRequest> =>
  schema === undefined || schema === null
    ? Either.right({ type: "object", properties: {} })
    : Either.flatMap(document(schema, path, toJsonSchema), (root) => guard(path, () => asObject(inlined(root))))

/** An output schema: whole, but never with a mere reference as its root. */
export const output = (
  schema: unknown,
  path: string,
  toJsonSchema: ToJsonSchema
): Either.Either<JsonObject, InvalidRequest> =>
  Either.flatMap(document(schema, path, toJsonSchema), (root) => guard(path, () => withoutRootRef(root)))

const withoutRootRef = (root: JsonObject): JsonObject => {
  const seen: Array<string> = []
  let out = root
  for (let ref = own(out, "$ref"); typeof ref === "string"; ref = own(out, "$ref")) {
    if (seen.includes(ref)) throw new Refused("its root refers to itself only")
    seen.push(ref)
    const { $ref: _, ...rest } = out
    const target = resolve(root, ref)
    if (!isRecord(target)) throw new Refused(`${ref} is not a schema`)
    out = { ...target, ...rest }
  }
  return seen.length === 0 ? out : withoutUnused(out, seen)
}

/** Drops the definitions that only the root referred to. */
const withoutUnused = (root: JsonObject, refs: ReadonlyArray<string>): JsonObject => {
  const { $defs, ...rest } = root
  if (!isRecord($defs)) return root
  const text = JSON.stringify(root)
  const kept = Object.entries($defs).filter(([name]) => {
    const ref = `#/$defs/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
    return !refs.includes(ref) || text.includes(`"$ref":${JSON.stringify(ref)}`)
  })
  return kept.length === 0 ? rest : { ...rest, $defs: Object.fromEntries(kept) }
}

const decoded = (token: string): string => {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}

/** What a reference inside of a schema leads to; `undefined` when that is nothing. */
export const target = (root: unknown, ref: string): unknown => {
  if (ref === "#") return root
  let at = root
  for (const raw of ref.slice(2).split("/")) {
    const token = raw.replaceAll("~1", "/").replaceAll("~0", "~")
    if (typeof at !== "object" || at === null) at = undefined
    // `effect` writes identifiers as they are, others percent-encode them.
    else at = Object.hasOwn(at, token) ? own(at as JsonObject, token) : own(at as JsonObject, decoded(token))
  }
  return at
}

const resolve = (root: JsonObject, ref: string): unknown => {
  if (ref !== "#" && !ref.startsWith("#/")) throw new Refused(`the reference ${ref} leads out of the schema`)
  const at = target(root, ref)
  if (at === undefined) throw new Refused(`the reference ${ref} leads nowhere`)
  return at
}

type Kind = "one" | "list" | "map" | "drop"

const keywords: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...["$schema", "$id", "$defs", "definitions", "$anchor", "$comment"].map((key) => [key, "drop"] as const),
  ...["properties", "patternProperties", "dependentSchemas"].map((key) => [key, "map"] as const),
  ...["anyOf", "oneOf", "prefixItems"].map((key) => [key, "list"] as const),
  ...["items", "additionalItems", "unevaluatedItems", "additionalProperties", "unevaluatedProperties", "contains"].map(
    (key) => [key, "one"] as const
  ),
  ...["propertyNames", "not", "if", "then", "else"].map((key) => [key, "one"] as const)
])

type Mutable = Record<string, unknown>

/** Defines instead of assigning: a property named `__proto__` is a property. */
const set = (self: Mutable, key: string, value: unknown): void => {
  Object.defineProperty(self, key, { value, configurable: true, enumerable: true, writable: true })
}

const inlined = (root: JsonObject): JsonObject => {
  let schemas = 0
  const go = (schema: unknown, refs: ReadonlyArray<string>): JsonObject => {
    if (++schemas > maxSchemas) throw new Refused("it becomes too large when its references are inlined")
    // Ollama reads properties into structs, which booleans are not.
    if (schema === true) return {}
    if (schema === false) return { not: {} }
    if (!isRecord(schema)) throw new Refused("expected a schema wherever JSON Schema has one")
    let out: Mutable = {}
    for (const key of Object.keys(schema)) {
      if (key === "$ref" || key === "allOf") continue
      const name = key === "oneOf" && !Object.hasOwn(schema, "anyOf") ? "anyOf" : key
      const value = keyword(keywords.get(name), schema[key], refs)
      if (value !== undefined) set(out, name, value)
      if (key === "const" && !Object.hasOwn(schema, "enum")) set(out, "enum", [value])
    }
    const ref = own(schema, "$ref")
    if (typeof ref === "string") {
      if (refs.includes(ref)) throw new Refused(`it is recursive (${ref}), which Ollama cannot hand to a model`)
      out = merged(out, go(resolve(root, ref), [...refs, ref]))
    }
    const allOf = own(schema, "allOf")
    if (Array.isArray(allOf)) { for (const member of allOf) out = merged(out, go(member, refs)) }
    return out
  }
  const keyword = (kind: Kind | undefined, value: unknown, refs: ReadonlyArray<string>): unknown => {
    switch (kind) {
      case undefined:
        return value
      case "drop":
        return undefined
      case "one":
        // Tuples have a list of schemas here; a boolean says something and is no property's schema.
        return Array.isArray(value) ? value.map((item) => go(item, refs)) : isRecord(value) ? go(value, refs) : value
      case "list":
        return Array.isArray(value) ? value.map((item) => go(item, refs)) : value
      case "map":
        return isRecord(value)
          ? Object.fromEntries(Object.entries(value).map(([name, property]) => [name, go(property, refs)]))
          : value
    }
  }
  const merged = (self: JsonObject, that: JsonObject): Mutable => {
    if (++schemas > maxSchemas) throw new Refused("it becomes too large when its references are inlined")
    const out: Mutable = { ...self }
    for (const key of Object.keys(that)) {
      set(out, key, Object.hasOwn(self, key) ? both(key, self[key], that[key]) : that[key])
    }
    return out
  }
  const each = (self: JsonObject, that: JsonObject): Mutable => {
    const out: Mutable = { ...self }
    for (const [name, value] of Object.entries(that)) {
      const first = own(self, name)
      set(out, name, isRecord(first) && isRecord(value) ? merged(first, value) : first ?? value)
    }
    return out
  }
  /** What holds for a value when both hold; of annotations, the outer one. */
  const both = (key: string, self: unknown, that: unknown): unknown => {
    switch (key) {
      case "properties":
      case "patternProperties":
        return isRecord(self) && isRecord(that) ? each(self, that) : self
      case "items":
        return isRecord(self) && isRecord(that) ? merged(self, that) : self
      case "required":
        return Array.isArray(self) && Array.isArray(that) ? [...new Set([...self, ...that])] : self
      case "enum":
        return Array.isArray(self) && Array.isArray(that) ? self.filter(among(that)) : self
      case "type":
        return types(self, that)
      case "anyOf":
        return Array.isArray(self) && Array.isArray(that)
          ? self.flatMap((one) => that.map((other) => merged(one as JsonObject, other as JsonObject)))
          : self
      case "minimum":
      case "exclusiveMinimum":
      case "minLength":
      case "minItems":
      case "minProperties":
        return typeof self === "number" && typeof that === "number" ? Math.max(self, that) : self
      case "maximum":
      case "exclusiveMaximum":
      case "maxLength":
      case "maxItems":
      case "maxProperties":
        return typeof self === "number" && typeof that === "number" ? Math.min(self, that) : self
      default:
        return self
    }
  }
  return go(root, ["#"])
}

const among = (values: ReadonlyArray<unknown>) => {
  const texts = new Set(values.map((value) => JSON.stringify(value)))
  return (value: unknown): boolean => texts.has(JSON.stringify(value))
}

const types = (self: unknown, that: unknown): unknown => {
  const first: ReadonlyArray<unknown> = Array.isArray(self) ? self : [self]
  const second: ReadonlyArray<unknown> = Array.isArray(that) ? that : [that]
  const narrow = (type: unknown) =>
    second.includes(type) || type === "integer" && second.includes("number")
      ? [type]
      : type === "number" && second.includes("integer")
      ? ["integer"]
      : []
  const common = first.flatMap(narrow)
  if (common.length === 0) throw new Refused(`no value is of both types ${first.join("|")} and ${second.join("|")}`)
  return common.length === 1 ? common[0] : common
}

/** Parameters are the arguments by name: Ollama reads the top of a schema as `{ type: "object", properties }` only. */
const asObject = (schema: JsonObject): JsonObject => {
  const { type, anyOf, properties, ...rest } = schema
  const asProperties = isRecord(properties) ? properties : {}
  const objects = Array.isArray(type) ? type.includes("object") : type === "object"
  if (objects || type === undefined && !Array.isArray(anyOf)) {
    return { type: "object", properties: asProperties, ...rest, ...(anyOf === undefined ? {} : { anyOf }) }
  }
  if (type === undefined && Array.isArray(anyOf)) {
    // `Schema.Struct({})` is "an object or an array", `NullOr` an object or null: only the object can be arguments.
    const candidates = anyOf.filter((one) => isRecord(one) && one["type"] === "object") as ReadonlyArray<JsonObject>
    const only = candidates[0]
    if (only !== undefined && candidates.length === 1) return asObject({ ...only, ...rest })
    if (candidates.length === 0 && isRecord(properties)) return asObject({ type: "object", properties, anyOf, ...rest })
  }
  throw new Refused("expected a schema of one object: its properties are the tool's arguments")
}
