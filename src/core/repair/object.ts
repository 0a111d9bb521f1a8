/**
 * The value that an answer holds. Servers that ignore the form of an answer let the model put its object into a code fence,
 * or say something around it: exactly one is taken, and nothing is guessed.
 */
import type { ChatResponse } from "../../Chat.js"
import { endOfBracket, scan, unbalanced } from "../decode/jsonText.js"
import { hasProto, isRecord, type JsonRecord, own, parse } from "../json.js"
import { target } from "../request/jsonSchema.js"

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

const kindsOf = (root: unknown): Kinds => {
  const kinds = { object: false, array: false }
  const refs = new Set<string>()
  const add = (schema: unknown): void => {
    const ref = own(schema, "$ref")
    if (typeof ref === "string") {
      if (refs.has(ref)) return
      refs.add(ref)
      return add(target(root, ref))
    }
    const type = own(schema, "type")
    const members = own(schema, "anyOf") ?? own(schema, "oneOf")
    const only = own(schema, "const")
    const values = own(schema, "enum") ?? (only === undefined ? undefined : [only])
    if (type !== undefined) {
      const types: ReadonlyArray<unknown> = Array.isArray(type) ? type : [type]
      kinds.object ||= types.includes("object")
      kinds.array ||= types.includes("array")
    } else if (Array.isArray(members)) members.forEach(add)
    else {
      // A schema that does not say it may be either.
      kinds.object ||= !Array.isArray(values) || values.some(isRecord)
      kinds.array ||= !Array.isArray(values) || values.some(Array.isArray)
    }
  }
  add(root)
  return kinds
}

// How objects and lists begin; other brackets are prose.
const beginning = /\{(?=\s{0,1000}["}])|\[(?=\s{0,1000}(?:["\]{[\d-]|(?:true|false|null)\s{0,1000}[,\]]))/g

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

/** What stands somewhere instead; `undefined` leaves the field out. */
class Other {
  constructor(readonly value: unknown) {}
}

/** What is changed, as a tree of the paths to it. */
type Changes = Map<PropertyKey, Changes | Other>

const changed = (value: unknown, change: Changes | Other | undefined): unknown => {
  if (change === undefined) return value
  if (change instanceof Other) return change.value
  if (Array.isArray(value)) return value.map((item: unknown, i) => changed(item, change.get(i)))
  // A path leads through nothing but lists and objects.
  const fields = Object.entries(value as JsonRecord).map(([name, field]) =>
    [name, changed(field, change.get(name))] as const
  )
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined))
}

// Deeper ones would overflow the stack of whoever walks them.
const maxDepth = 1000

// The list or the object that a text holds, and nothing else.
const held = (text: string): unknown => {
  const value = /^\s*[[{]/.test(text) && scan(unbalanced, text).deepest <= maxDepth ? parse(text)?.value : undefined
  return hasProto(value) ? undefined : value
}

const otherAt = (value: unknown, path: ReadonlyArray<PropertyKey>): Other | undefined => {
  const found = path.length === 0 ? undefined : at(value, path)
  if (found === null) return isRecord(at(value, path.slice(0, -1))) ? new Other(undefined) : undefined
  const inside = typeof found === "string" ? held(found) : undefined
  return inside === undefined ? undefined : new Other(inside)
}

const changesOf = (value: unknown, issues: ReadonlyArray<Issue>): Changes => {
  const root: Changes = new Map()
  for (const { path } of issues) {
    const other = otherAt(value, path)
    if (other === undefined) continue
    let changes = root
    for (const key of path.slice(0, -1)) {
      const inner = changes.get(key)
      const next: Changes = inner instanceof Map ? inner : new Map()
      changes.set(key, next)
      changes = next
    }
    changes.set(path.at(-1)!, other)
  }
  return root
}

/**
 * The value with what keeps it from being decoded mended, as models write it: a field that is `null` is left out, and the
 * text of a list or an object stands for that. `undefined` where that does not help, or the issues are too many (`undefined`).
 */
export const mended = (
  value: unknown,
  issuesOf: (value: unknown) => ReadonlyArray<Issue> | undefined,
  tries = 3
): unknown => {
  const issues = issuesOf(value)
  if (issues === undefined) return undefined
  if (issues.length === 0) return value
  const changes = changesOf(value, issues)
  return changes.size === 0 || tries === 0 ? undefined : mended(changed(value, changes), issuesOf, tries - 1)
}

/** The names of all fields of a schema. */
const namesIn = (schema: unknown): ReadonlySet<PropertyKey> => {
  const names = new Set<PropertyKey>()
  const open: Array<unknown> = [schema]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== "object" || next === null) continue
    const properties = own(next, "properties")
    if (isRecord(properties)) { for (const name of Object.keys(properties)) names.add(name) }
    for (const inner of Object.values(next)) open.push(inner)
  }
  return names
}

// A key that the schema does not name is one that the model wrote.
const shownPath = (path: ReadonlyArray<PropertyKey>, names: ReadonlySet<PropertyKey>): string =>
  path.slice(0, 20).reduce<string>((shown, key) => {
    if (typeof key === "number") return `${shown}[${key}]`
    const name = names.has(key) ? String(key) : "*"
    return shown === "" ? name : `${shown}.${name}`
  }, "")

// What the engines say of a text that is no JSON, which they quote.
const notJson = / is not valid JSON$|JSON at position|JSON input$|^JSON Parse error|^JSON\.parse: /

// What a schema says of itself in code is nothing for a person, and what the model wrote belongs into no message.
const expected = (message: string): string => {
  if (notJson.test(message)) return "expected JSON"
  const line = message.replace(/, actual [^]*$/, "").replace(/^Unable to decode [^]* into /, "Expected ")
  const kind = line.startsWith("Expected {") ? "Expected an object" : line.replace(
    /^Expected (?:readonly |ReadonlyArray|Array|\[)[^]*$/,
    "Expected a list"
  )
  const said = kind.charAt(0).toLowerCase() + kind.slice(1)
  return said.length > maxMessage ? `${said.slice(0, maxMessage)}…` : said
}

/** What of `schema` was wrong with a value, in words that a person understands: where, and what was expected there. */
export const explained = (issues: ReadonlyArray<Issue>, schema: unknown): string => {
  const names = namesIn(schema)
  const byPath = new Map<string, Set<string>>()
  for (const { message, path } of issues) {
    const where = shownPath(path, names).slice(0, maxMessage)
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
