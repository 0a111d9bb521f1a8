/**
 * The value that an answer holds. Servers that ignore the form of an answer let the model put its object into a code fence,
 * or say something around it: exactly one is taken, and nothing is guessed.
 */
import type { ChatResponse } from "../../Chat.js"
import { endOfBracket } from "../decode/jsonText.js"
import { isRecord, type JsonRecord, own, parse } from "../json.js"

/** What was found in a text, or why there is nothing to take. */
export type Found =
  | { readonly _tag: "Value"; readonly value: unknown; readonly extracted: boolean }
  | { readonly _tag: "None"; readonly detail: string }

/** What the root of a schema may be, of what can be told from the text around it. */
interface Kinds {
  readonly object: boolean
  readonly array: boolean
}

const kindsOf = (schema: unknown): Kinds => {
  const type = own(schema, "type")
  // A schema that does not say it (`anyOf`, `enum`, …) may be either.
  if (type === undefined) return { object: true, array: true }
  const types: ReadonlyArray<unknown> = Array.isArray(type) ? type : [type]
  return { object: types.includes("object"), array: types.includes("array") }
}

// How objects and lists begin; other brackets are prose.
const beginning = /\{(?=\s{0,1000}["}])|\[(?=\s{0,1000}["\]{[\d-])/g

/** The values in a text, each outside of all others; at most two, which is one too many. `isCut`: one is not closed. */
const valuesIn = (text: string, kinds: Kinds) => {
  const values: Array<unknown> = []
  const begin = new RegExp(beginning)
  for (let found = begin.exec(text); found !== null && values.length < 2; found = begin.exec(text)) {
    const end = endOfBracket(text, found.index)
    if (end === undefined) return { values, isCut: true }
    // What is no JSON is passed over, with all that stands in it.
    begin.lastIndex = end
    const value = parse(text.slice(found.index, end))?.value
    if (isRecord(value) ? kinds.object : Array.isArray(value) && kinds.array) values.push(value)
  }
  return { values, isCut: false }
}

/** The value of an answer, of the form that `schema` (a JSON Schema) says. */
export const valueIn = (
  { finishReason, text }: Pick<ChatResponse, "finishReason" | "text">,
  schema: unknown
): Found => {
  const whole = parse(text)
  if (whole !== undefined) return { _tag: "Value", value: whole.value, extracted: false }
  const none = (detail: string): Found => ({ _tag: "None", detail })
  if (finishReason === "length") return none("it was cut, since the most tokens were reached")
  if (text.trim() === "") return none("it has no text")
  const kinds = kindsOf(schema)
  const { isCut, values } = valuesIn(text, kinds)
  if (isCut) return none("it was cut, or never closes a bracket")
  if (values.length > 1) return none("it has more than one value")
  if (values.length === 0) return none(kinds.object || !kinds.array ? "it has no JSON object" : "it has no JSON list")
  return { _tag: "Value", value: values[0], extracted: true }
}

/** An issue of decoding: where, and what was expected there. */
export interface Issue {
  readonly path: ReadonlyArray<PropertyKey>
  readonly message: string
}

// More would not be read.
const maxIssues = 3
const maxMessage = 200

// What stands at a path, and what holds it.
const at = (value: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      (typeof inner === "object" && inner !== null && Object.hasOwn(inner, key))
        ? (inner as { readonly [key: PropertyKey]: unknown })[key]
        : undefined,
    value
  )

const isNullAt = (value: unknown, { path }: Issue): boolean =>
  path.length > 0 && isRecord(at(value, path.slice(0, -1))) && at(value, path) === null

const without = (value: unknown, [key, ...rest]: ReadonlyArray<PropertyKey>): unknown => {
  if (key === undefined) return value
  if (Array.isArray(value)) return value.map((item: unknown, i) => i === key ? without(item, rest) : item)
  if (!isRecord(value)) return value
  const entries = Object.entries(value as JsonRecord)
  return Object.fromEntries(
    rest.length === 0
      ? entries.filter(([name]) => name !== key)
      : entries.map(([name, inner]) => [name, name === key ? without(inner, rest) : inner])
  )
}

/** The value without the fields that are `null` and that kept it from being decoded; `undefined` when there are none. */
export const withoutNulls = (value: unknown, issues: ReadonlyArray<Issue>): { readonly value: unknown } | undefined => {
  const nulls = issues.filter((issue) => isNullAt(value, issue)).slice(0, 100)
  return nulls.length === 0 ? undefined : { value: nulls.reduce((inner, { path }) => without(inner, path), value) }
}

const shownPath = (path: ReadonlyArray<PropertyKey>): string =>
  path.slice(0, 20).reduce<string>(
    (shown, key) =>
      typeof key === "number" ? `${shown}[${key}]` : shown === "" ? String(key) : `${shown}.${String(key)}`,
    ""
  )

// What a schema says of itself in code is nothing for a person, and what the model wrote belongs into no message.
const expected = (message: string): string => {
  const line = message.replace(/, actual [^]*$/, "").replace(/^Unable to decode [^]* into /, "Expected ")
  const kind = line.startsWith("Expected {") ? "Expected an object" : line.replace(
    /^Expected (?:readonly |ReadonlyArray|Array|\[)[^]*$/,
    "Expected a list"
  )
  const said = kind.charAt(0).toLowerCase() + kind.slice(1)
  return said.length > maxMessage ? `${said.slice(0, maxMessage)}…` : said
}

/** What was wrong with a value, in words that a person understands: where, and what was expected there. */
export const explained = (issues: ReadonlyArray<Issue>): string => {
  const byPath = new Map<string, Set<string>>()
  for (const { message, path } of issues) {
    const where = shownPath(path).slice(0, maxMessage)
    const said = byPath.get(where) ?? new Set()
    byPath.set(where, said.add(expected(message)))
  }
  const told = [...byPath].map(([where, said]) => {
    // An optional field expects nothing beside what it expects.
    if (said.size > 1) said.delete("expected undefined")
    return (where === "" ? "" : `\`${where}\`: `) + [...said].slice(0, maxIssues).join(", or ")
  })
  const more = told.length - maxIssues
  return told.slice(0, maxIssues).join("; ") + (more > 0 ? `; and ${more} more` : "")
}
