/**
 * Writes values the way a file is written: its indentation, quotes, commas and line breaks.
 */
import * as lex from "./lex.js"
import type { Document, Written } from "./written.js"

export interface Style {
  readonly newline: string
  /** One step of indentation. */
  readonly unit: string
  /** The quote of texts. */
  readonly quote: "\"" | "'"
  /** Whether keys have quotes where they need none. */
  readonly quotedKeys: boolean
  /** Whether the last member of a container of several lines has a comma. */
  readonly trailingCommas: boolean
}

/** That of plain JSON. */
export const plainStyle: Style = { newline: "\n", unit: "  ", quote: "\"", quotedKeys: true, trailingCommas: false }

/** The blanks with which the line of an offset begins. */
export const indentOf = (text: string, offset: number): string => {
  const start = lineStart(text, offset)
  return /^[\t \u00a0]*/.exec(text.slice(start, offset))![0]
}

/** Where the line of an offset begins; a byte order mark stands before the first one. */
export const lineStart = (text: string, offset: number): number => {
  const start = lex.lineStart(text, offset)
  return text.charCodeAt(start) === 0xfeff ? start + 1 : start
}

/** Whether there is no line break in a part of a text. */
export const isInline = (text: string, start: number, end: number): boolean => !/[\n\r]/.test(text.slice(start, end))

const containers = function*(written: Written): Generator<Exclude<Written, { readonly kind: "scalar" }>> {
  if (written.kind === "scalar") return
  yield written
  for (const { value } of written.members) yield* containers(value)
}

const identifier = /^[A-Za-z_$][\w$]*$/
const reserved = /^(?:true|false|null|NaN|Infinity)$/
const isIdentifier = (key: string): boolean => identifier.test(key) && !reserved.test(key)

/** How a file is written; what it does not say is as in plain JSON. */
export const styleOf = ({ root, text }: Document): Style => {
  let unit: string | undefined
  let trailingCommas: boolean | undefined
  let quotedKeys: boolean | undefined
  const quotes = { "\"": 0, "'": 0 }
  const count = (offset: number) => {
    const c = text[offset]
    if (c === "\"" || c === "'") quotes[c]++
  }
  for (const container of containers(root)) {
    for (const { key, keyEnd, start, value } of container.members) {
      if (keyEnd !== undefined) {
        if (typeof key === "string" && isIdentifier(key)) quotedKeys ??= /["']/.test(text[start]!)
        count(start)
      }
      if (value.kind === "scalar") count(value.start)
    }
    const first = container.members[0]
    const last = container.members.at(-1)
    if (first === undefined || last === undefined || isInline(text, container.start, container.end)) continue
    trailingCommas ??= last.comma !== undefined
    const outer = indentOf(text, container.start)
    const inner = indentOf(text, first.start)
    if (inner.length > outer.length && inner.startsWith(outer)) unit ??= inner.slice(outer.length)
  }
  return {
    newline: lex.newlineOf(text),
    unit: unit ?? plainStyle.unit,
    quote: quotes["'"] > quotes["\""] ? "'" : plainStyle.quote,
    quotedKeys: quotedKeys ?? plainStyle.quotedKeys,
    trailingCommas: trailingCommas ?? plainStyle.trailingCommas
  }
}

const printText = (value: string, quote: Style["quote"]): string => {
  // both stand for a line break in some readers
  const json = JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)
  return quote === "\"" ? json : `'${json.slice(1, -1).replace(/\\"/g, "\"").replace(/'/g, "\\'")}'`
}

export const printKey = (key: string, style: Style): string =>
  style.quotedKeys || !isIdentifier(key) ? printText(key, style.quote) : key

const printScalar = (value: unknown, style: Style): string =>
  typeof value === "string" ? printText(value, style.quote) : Object.is(value, -0) ? "-0" : String(value)

const width = 80

/**
 * A plain value. `indent` is that of the line on which it begins; without it all of the value stands on that line.
 */
export const print = (value: unknown, style: Style, indent: string | undefined): string => {
  if (typeof value !== "object" || value === null) return printScalar(value, style)
  const isList = Array.isArray(value)
  const [open, close] = isList ? "[]" : "{}"
  const entries: ReadonlyArray<readonly [prefix: string, value: unknown]> = isList
    ? value.map((item: unknown) => ["", item] as const)
    : Object.entries(value).map(([key, member]) => [`${printKey(key, style)}: `, member] as const)
  if (entries.length === 0) return `${open}${close}`
  const inner = indent === undefined ? undefined : indent + style.unit
  const printed = (indent: string | undefined) =>
    entries.map(([prefix, member]) => prefix + print(member, style, indent))
  const flat = isList && value.every((item) => typeof item !== "object" || item === null)
  if (inner === undefined || flat) {
    const line = isList ? `[${printed(undefined).join(", ")}]` : `{ ${printed(undefined).join(", ")} }`
    if (inner === undefined || line.length <= width) return line
  }
  const lines = printed(inner).map((line) => style.newline + inner + line)
  return `${open}${lines.join(",")}${style.trailingCommas ? "," : ""}${style.newline}${indent}${close}`
}
