/**
 * The value that an answer holds. Servers that ignore the form of an answer let the model put its object into a code fence,
 * or say something around it: exactly one is taken, and nothing is guessed.
 */
import type { ChatResponse } from "../../Chat.js"
import { endOfBracket, scan, unbalanced } from "../decode/jsonText.js"
import { hasProto, isRecord, type JsonRecord, own, parse } from "../json.js"

/** What was found in a text, or why there is nothing to take. */
export type Found =
  /** `detail`: why it is none after all where it does not decode. */
  | { readonly _tag: "Value"; readonly value: unknown; readonly extracted: boolean; readonly detail?: string }
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
  { finishReason, reasoning, text, toolCalls }: Pick<ChatResponse, "finishReason" | "reasoning" | "text" | "toolCalls">,
  schema: unknown
): Found => {
  const whole = parse(text)
  if (whole !== undefined) return { _tag: "Value", value: whole.value, extracted: false }
  const none = (detail: string): Found => ({ _tag: "None", detail })
  if (finishReason === "length") return none("it was cut, since the most tokens were reached")
  if (text.trim() === "") {
    if (reasoning.trim() === "") return none("it has no text")
    const detail = "it has reasoning and no text"
    // Some servers take all that such a model says for a thought.
    const thought = finishReason === "stop" && toolCalls.length === 0 ? parse(reasoning) : undefined
    return thought === undefined ? none(detail) : { _tag: "Value", value: thought.value, extracted: true, detail }
  }
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

// The value with another at a path, or without the field there.
const put = (value: unknown, [key, ...rest]: ReadonlyArray<PropertyKey>, other: unknown): unknown => {
  if (key === undefined) return other
  if (Array.isArray(value)) return value.map((item: unknown, i) => i === key ? put(item, rest, other) : item)
  if (!isRecord(value)) return value
  const entries = Object.entries(value as JsonRecord).map(([name, item]) =>
    [name, name === key ? put(item, rest, other) : item] as const
  )
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined))
}

// Deeper ones would overflow the stack of whoever walks them.
const maxDepth = 1000

// The list or the object that a text holds, and nothing else.
const held = (text: string): unknown => {
  const value = /^\s*[[{]/.test(text) && scan(unbalanced, text).deepest <= maxDepth ? parse(text)?.value : undefined
  return hasProto(value) ? undefined : value
}

const mendAt = (value: unknown, { path }: Issue): unknown => {
  const found = path.length === 0 ? undefined : at(value, path)
  const other = typeof found === "string" ? held(found) : undefined
  const isField = found === null && isRecord(at(value, path.slice(0, -1)))
  return other !== undefined || isField ? put(value, path, other) : value
}

/**
 * The value with what keeps it from being decoded mended, as models write it: a field that is `null` is left out, and the
 * text of a list or an object stands for that. `undefined` where that does not help.
 */
export const mended = (
  value: unknown,
  issuesOf: (value: unknown) => ReadonlyArray<Issue>,
  tries = 3
): unknown => {
  const issues = issuesOf(value)
  if (issues.length === 0) return value
  const next = issues.slice(0, 100).reduce(mendAt, value)
  return next === value || tries === 0 ? undefined : mended(next, issuesOf, tries - 1)
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
