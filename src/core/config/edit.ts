/**
 * Edits a configuration file as text: one value is written or taken out, and everything else (comments, order, blanks)
 * stays byte for byte. The text must be valid JSON5, as `json5.parse` says.
 */
import * as Either from "effect/Either"
import { isRecord } from "../json.js"
import { parse } from "./json5.js"
import { isNewline, newlineOf } from "./lex.js"
import type { Problem } from "./plain.js"
import { indentOf, isInline, lineStart, print, printKey, type Style, styleOf } from "./print.js"
import { formatPath, type KeyPath, type Node, toValue } from "./tree.js"
import { type Document, find, keyIn, type Member, read, type Written } from "./written.js"

/** What a file that is not there yet begins with. */
export const emptyFile = "{}\n"

type Container = Exclude<Written, { readonly kind: "scalar" }>

// The model that is asked first may stand alone, where an object with it and its fallbacks may.
const model = "agents.defaults.model"
const isPrimary = (path: KeyPath): boolean => formatPath(path) === `${model}.primary`

/** The value of a path; unlike a position, it is there or it is not. */
export const nodeAt = (node: Node, path: KeyPath): Node | undefined => {
  if (isPrimary(path)) {
    const alone = nodeAt(node, path.slice(0, -1))
    if (alone?.kind === "scalar" && typeof alone.value === "string") return alone
  }
  let here: Node | undefined = node
  for (const key of path) {
    if (here?.kind === "object") here = here.members.get(String(key))
    else if (here?.kind === "array" && /^\d+$/.test(String(key))) here = here.items[Number(key)]
    else return undefined
  }
  return here
}

/** Whether two plain values are the same, the order of keys aside. */
export const same = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]))
  if (!isRecord(a)) return Object.is(a, b)
  if (!isRecord(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
}

const splice = (text: string, start: number, end: number, by: string): string =>
  text.slice(0, start) + by + text.slice(end)

// =============================================================================
// setting
// =============================================================================

/** What is still missing of a path, with the value at its end. */
const nested = (rest: KeyPath, value: unknown): unknown =>
  rest.reduceRight<unknown>(
    (inner, key) => typeof key === "number" ? [inner] : Object.fromEntries([[key, inner]]),
    value
  )

const describe = (path: KeyPath): string => path.length === 0 ? "the file" : formatPath(path)

const problem = (path: KeyPath, expected: string, actual: string): Either.Either<never, Problem> =>
  Either.left({ path, expected, actual })

const textOf = (text: string, written: Written): string | undefined => {
  const found = written.kind === "scalar" ? parse(text.slice(written.start, written.end), "") : undefined
  const value = found !== undefined && Either.isRight(found) ? toValue(found.right) : undefined
  return typeof value === "string" ? value : undefined
}

/** Writes a plain value at a path. Objects on the way that are missing are made. */
export const set = (text: string, path: KeyPath, value: unknown): Either.Either<string, Problem> => {
  const document = read(text)
  let here = document.root
  let inline = false
  for (const [i, key] of path.entries()) {
    const at = path.slice(0, i)
    if (here.kind === "scalar") {
      const alone = formatPath(at) === model && (key === "primary" || key === "fallbacks")
        ? textOf(text, here)
        : undefined
      if (alone !== undefined) {
        return isPrimary(path) && alone === value
          ? Either.right(text)
          : Either.flatMap(set(text, at, { primary: alone }), (spelled) => set(spelled, path, value))
      }
      return problem(at, "an object, or nothing yet", `another value, which has no ${formatPath([key])}`)
    }
    const name = keyIn(here, key)
    if (here.kind === "array" && (typeof name !== "number" || name > here.members.length)) {
      return problem(
        path.slice(0, i + 1),
        `an index of the list ${describe(at)}, at most ${here.members.length}`,
        JSON.stringify(key)
      )
    }
    inline ||= here.members.length > 0 && isInline(text, here.start, here.end)
    const member = find(here, key)
    if (member === undefined) {
      const rest = path.slice(i + 1)
      // a new list begins with its first element
      const gap = rest.findIndex((next) => typeof next === "number" && next > 0)
      if (gap >= 0) {
        return problem(path.slice(0, i + gap + 2), "the index 0, since the list is new", JSON.stringify(rest[gap]))
      }
      return Either.right(insert(document, here, inline, name, nested(rest, value)))
    }
    here = member.value
  }
  if (here === document.root) return problem([], "a path inside the file", "none")
  const indent = inline ? undefined : indentOf(text, here.start)
  return Either.right(splice(text, here.start, here.end, print(value, styleOf(document), indent)))
}

const insert = (
  document: Document,
  container: Container,
  inline: boolean,
  key: string | number,
  value: unknown
): string => {
  const { text } = document
  const style = styleOf(document)
  const printed = (indent: string | undefined) =>
    (typeof key === "number" ? "" : `${printKey(key, style)}: `) + print(value, style, indent)
  const last = container.members.at(-1)
  if (last === undefined) return insertFirst(document, container, inline, style, printed)
  if (isInline(text, container.start, container.end)) {
    const at = last.comma === undefined ? last.value.end : last.comma + 1
    const member = printed(undefined)
    return splice(text, at, at, last.comma === undefined ? `, ${member}` : ` ${member},`)
  }
  const indent = isFirstOnLine(text, last.start)
    ? indentOf(text, last.start)
    : indentOf(text, container.start) + style.unit
  const at = behind(document, last)
  const member = style.newline + indent + printed(indent)
  return last.comma === undefined
    ? `${text.slice(0, last.value.end)},${text.slice(last.value.end, at)}${member}${text.slice(at)}`
    : splice(text, at, at, `${member},`)
}

const isFirstOnLine = (text: string, offset: number): boolean =>
  text.slice(lineStart(text, offset), offset).trim() === ""

// Behind a member and the comments that stand behind it on its line.
const behind = ({ comments, text }: Document, member: Member): number => {
  let end = member.comma === undefined ? member.value.end : member.comma + 1
  for (const comment of comments) {
    if (comment.start < end) continue
    if (!/^[^\S\n\r]*$/.test(text.slice(end, comment.start))) break
    end = comment.end
  }
  return end
}

const insertFirst = (
  { comments, text }: Document,
  container: Container,
  inline: boolean,
  style: Style,
  printed: (indent: string | undefined) => string
): string => {
  const close = container.end - 1
  const inside = comments.filter((comment) => comment.start > container.start && comment.end <= close)
  const lastComment = inside.at(-1)
  if (inline) {
    // no line break is near, so all of these are closed
    const [before, after] = container.kind === "array" ? ["", ""] : [" ", " "]
    const at = lastComment?.end ?? container.start + 1
    return splice(text, at, close, `${lastComment === undefined ? before : " "}${printed(undefined)}${after}`)
  }
  const outer = indentOf(text, container.start)
  const indent = lastComment !== undefined && isFirstOnLine(text, lastComment.start)
    ? indentOf(text, lastComment.start)
    : outer + style.unit
  const at = lastComment?.end ?? container.start + 1
  const comma = style.trailingCommas ? "," : ""
  return splice(text, at, close, `${style.newline}${indent}${printed(indent)}${comma}${style.newline}${outer}`)
}

// =============================================================================
// taking out
// =============================================================================

/** Takes a value out. What is not there needs no taking out: the text stays. */
export const unset = (text: string, path: KeyPath): string => {
  const last = path.at(-1)
  if (last === undefined) return text
  let now = text
  // a key that is written twice is taken out twice, or the other one would come to light
  for (;;) {
    const document = read(now)
    let here: Written | undefined = document.root
    for (const key of path.slice(0, -1)) here = here === undefined ? undefined : find(here, key)?.value
    if (here?.kind === "scalar" && isPrimary(path) && textOf(now, here) !== undefined) {
      return unset(now, path.slice(0, -1))
    }
    const member = here === undefined ? undefined : find(here, last)
    if (here === undefined || here.kind === "scalar" || member === undefined) return now
    now = take(document, here, member)
    if (here.kind === "array") return now
  }
}

const take = (document: Document, container: Container, member: Member): string => {
  const { text } = document
  const index = container.members.indexOf(member)
  const previous = container.members[index - 1]
  const end = member.comma === undefined ? member.value.end : member.comma + 1
  // The last member goes with the comma before it: not every reader takes one at the end.
  const comma = member.comma === undefined ? previous?.comma : undefined
  const kept = commentsOf(document, member, end)
  const [from, to, by] = kept === "" ? hole(document, member.start, end, comma) : [member.start, end, kept]
  const without = splice(text, from, to, by)
  const result = comma === undefined ? without : splice(without, comma, comma + 1, "")
  if (container.members.length > 1) return result
  const inner = [container.start + 1, container.end - 1 - (text.length - result.length)] as const
  return result.slice(...inner).trim() === "" ? splice(result, ...inner, "") : result
}

// The comments between the key, the colon, the value and the comma, which are nobody's to take out.
const commentsOf = ({ comments, text }: Document, member: Member, end: number): string => {
  const newline = newlineOf(text)
  return comments
    .filter((c) =>
      c.start > member.start && c.end < end && (c.end <= member.value.start || c.start >= member.value.end)
    )
    .map((c) => text.slice(c.start, c.end) + (text.startsWith("//", c.start) ? newline : ""))
    .join(" ")
}

/** What goes with a member: its line when it is alone there, else the blanks beside it. */
const hole = (
  { text }: Document,
  start: number,
  end: number,
  comma: number | undefined
): readonly [start: number, end: number, by: string] => {
  const first = lineStart(text, start)
  const isBlank = (c: string | undefined) => c === " " || c === "\t"
  let after = end
  while (isBlank(text[after])) after++
  const atLineEnd = after >= text.length || isNewline(text.charCodeAt(after))
  if (isFirstOnLine(text, start)) {
    if (!atLineEnd) return [start, after, ""]
    return [first, after + (text.startsWith("\r\n", after) ? 2 : 1), ""]
  }
  if (comma === undefined) return [start, after, ""]
  let before = start
  while (before > comma + 1 && isBlank(text[before - 1])) before--
  return [before, end, ""]
}
