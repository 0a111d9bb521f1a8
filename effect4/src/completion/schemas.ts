// @partial
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { isPlain } from "../core/json.js"
import type { Issue } from "../core/repair/object.js"

// What may be left out may be `null` too in the JSON that Effect 4 describes: a model that is told so sends `null`, which
// nobody decodes.
const withoutNull = (schema: unknown): unknown => {
  const left = isPlain(schema) && Array.isArray(schema["anyOf"])
    ? schema["anyOf"].filter((one: unknown) => !(isPlain(one) && one["type"] === "null"))
    : []
  if (!isPlain(schema) || left.length === 0) return schema
  const { anyOf: _, ...rest } = schema
  return left.length === 1 ? { ...left[0], ...rest } : { ...rest, anyOf: left }
}

const told = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(told)
  if (!isPlain(schema)) return schema
  const all = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, told(value)]))
  const { properties, required } = all
  if (!isPlain(properties)) return all
  const isRequired = (key: string) => Array.isArray(required) && required.includes(key)
  return {
    ...all,
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, isRequired(key) ? value : withoutNull(value)])
    )
  }
}

const make = (schema: Schema.Top): object => {
  const { definitions, schema: root } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  // an empty struct
  if (JSON.stringify(root) === "{\"not\":{\"type\":\"null\"}}") return { type: "object", properties: {} }
  return told(Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions }) as object
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

// In the words of Effect 3, which say no more than a person needs.
const worded = (message: string): string =>
  message.replace(/ \| undefined$/, "").replace(/^Expected object$/, "Expected an object").replace(
    /^Expected array$/,
    "Expected a list"
  ).replace(" a finite number", " a number").replace(/^Missing key$/, "is missing")

export const issuesOf = (error: Schema.SchemaError): ReadonlyArray<Issue> =>
  format(error.issue).issues.map(({ message, path }) => ({
    message: worded(message),
    path: (path ?? []).map((step) => typeof step === "object" ? step.key : step)
  }))
