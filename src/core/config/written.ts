/**
 * A JSON5 text as it was written: where every key, value and comma stands, so that one value can be exchanged and all
 * else stay byte for byte. Built from the tokens of a text that is known to be valid.
 */
import * as Either from "effect/Either"
import { parse } from "./json5.js"
import * as lex from "./lex.js"

export interface Member {
  /** The key, or the index of an element. */
  readonly key: string | number
  /** Where the key begins (of an element: its value). */
  readonly start: number
  /** The end of the key, and the offset of the colon; absent of an element. */
  readonly keyEnd?: number | undefined
  readonly colon?: number | undefined
  readonly value: Written
  /** The offset of the comma behind the value. */
  readonly comma?: number | undefined
}

/** A value, from its first character to behind its last. */
export type Written =
  | { readonly kind: "object" | "array"; readonly start: number; readonly end: number; readonly members: Array<Member> }
  | { readonly kind: "scalar"; readonly start: number; readonly end: number }

export interface Document {
  readonly text: string
  readonly comments: ReadonlyArray<lex.Token>
  readonly root: Written
}

// A key means what the parser says that it means.
const keyOf = (text: string): string => {
  if (!/^["']/.test(text)) {
    return text.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  if (!text.includes("\\")) return text.slice(1, -1)
  const found = parse(text, "")
  return Either.isRight(found) && found.right.kind === "scalar" ? String(found.right.value) : text
}

/** Reads a valid text. Nothing is checked here. */
export const read = (text: string): Document => {
  const all = lex.tokens(text)
  const tokens = all.filter((token) => token.kind !== "comment")
  let next = 0
  const is = (c: string): boolean => {
    const token = tokens[next]
    return token !== undefined && token.kind === "punctuation" && text[token.start] === c
  }
  const ends = (): boolean => next >= tokens.length || is(",") || is("}") || is("]")

  const value = (): Written => {
    const { start } = tokens[next]!
    if (is("{")) return container("object", "}")
    if (is("[")) return container("array", "]")
    // a product is several tokens
    while (!ends()) next++
    return { kind: "scalar", start, end: tokens[next - 1]!.end }
  }
  const container = (kind: "object" | "array", close: string): Written => {
    const { start } = tokens[next++]!
    const members: Array<Member> = []
    while (next < tokens.length && !is(close)) members.push(member(kind, members.length))
    const { end } = tokens[Math.min(next++, tokens.length - 1)]!
    return { kind, start, end, members }
  }
  const member = (kind: "object" | "array", index: number): Member => {
    const first = tokens[next]!
    let name: Pick<Member, "key" | "keyEnd" | "colon"> = { key: index }
    if (kind === "object") {
      name = { key: keyOf(text.slice(first.start, first.end)), keyEnd: first.end, colon: tokens[next + 1]!.start }
      next += 2
    }
    const found = value()
    const comma = is(",") ? tokens[next++]!.start : undefined
    return { ...name, start: first.start, value: found, comma }
  }
  return { text, comments: all.filter((token) => token.kind === "comment"), root: value() }
}

/** The members of a container that a key names: of a key that is written twice, the last one counts. */
export const find = (written: Written, key: string | number): Member | undefined => {
  if (written.kind === "scalar") return undefined
  const wanted = keyIn(written, key)
  return written.members.findLast((member) => member.key === wanted)
}

/** A key as a container has it: `models.0` is an index in a list, `[0]` a key in an object. */
export const keyIn = (written: Written, key: string | number): string | number =>
  written.kind === "array" && typeof key === "string" && /^\d{1,9}$/.test(key)
    ? Number(key)
    : written.kind === "object"
    ? String(key)
    : key
