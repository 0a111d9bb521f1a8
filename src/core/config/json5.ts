/**
 * JSON5 with positions. Besides JSON5, a product of number literals may stand where a number stands.
 */
import { parse as parseJson5, type ValueNode } from "@humanwhocodes/momoa"
import * as Either from "effect/Either"
import { ConfigInvalid, ConfigSyntaxError } from "../../OllamaError.js"
import * as lex from "./lex.js"
import { maxDepth } from "./plain.js"
import type { Node } from "./tree.js"

export const maxBytes = 2 * 1024 * 1024

/** A text of the same length that the parser understands, and what was replaced in it, by offset. */
export interface Prepared {
  readonly text: string
  readonly numbers: ReadonlyMap<number, { readonly value: number; readonly end: number }>
  readonly keys: ReadonlyMap<number, string>
}

const at = (text: string, token: lex.Token | undefined): string =>
  token === undefined ? "" : token.kind === "punctuation" ? text[token.start]! : token.kind

const numberOf = (word: string): number => {
  const sign = word.startsWith("-") ? -1 : 1
  return sign * Number(word.replace(/^[-+]/, ""))
}

/** Replaces what the parser does not know: products, `-.5`, and keys such as `true`. */
export const prepare = (text: string, all: ReadonlyArray<lex.Token>): Prepared => {
  const numbers = new Map<number, { readonly value: number; readonly end: number }>()
  const keys = new Map<number, string>()
  const list = all.filter((t) => t.kind !== "comment")
  let out = ""
  let done = 0
  const replace = (start: number, end: number, by: string) => {
    out += text.slice(done, start) + by.padEnd(end - start, " ")
    done = end
  }
  for (let i = 0; i < list.length; i++) {
    const token = list[i]!
    if (token.kind !== "word") continue
    const word = text.slice(token.start, token.end)
    const before = at(text, list[i - 1])
    if (
      (before === "{" || before === ",") && at(text, list[i + 1]) === ":"
      && /^(?:true|false|null|NaN|Infinity)$/.test(word)
    ) {
      keys.set(token.start, word)
      replace(token.start, token.end, "_".repeat(word.length))
      continue
    }
    if ((before !== ":" && before !== "[" && before !== ",") || !lex.isNumber(word)) continue
    let product = numberOf(word)
    let last = i
    while (at(text, list[last + 1]) === "*") {
      const factor = list[last + 2]
      const literal = factor?.kind === "word" ? text.slice(factor.start, factor.end) : ""
      if (!lex.isNumber(literal)) break
      product *= numberOf(literal)
      last += 2
    }
    const ends = ["", ",", "}", "]"].includes(at(text, list[last + 1]))
    if (!ends || (last === i && !/^[-+]\./.test(word))) continue
    numbers.set(token.start, { value: product, end: list[last]!.end })
    replace(token.start, list[last]!.end, "0")
    i = last
  }
  return { text: out + text.slice(done), numbers, keys }
}

// Where brackets are nested too deeply, counted on the text: the parser would overflow the stack.
const tooDeep = (text: string, all: ReadonlyArray<lex.Token>): number | undefined => {
  let depth = 0
  for (const token of all) {
    if (token.kind !== "punctuation") continue
    const c = text[token.start]
    if (c === "{" || c === "[") {
      if (++depth > maxDepth) return token.start
    } else if (c === "}" || c === "]") depth--
  }
  return undefined
}

const offsetOf = (error: unknown): number | undefined => {
  const offset = typeof error === "object" && error !== null ? Reflect.get(error, "offset") : undefined
  return typeof offset === "number" && offset >= 0 ? offset : undefined
}

// Whether nothing is wrong but that the text ends. The parser points at its last token then, or at its beginning; what no
// text goes on with is pointed at itself.
const isCutShort = (text: string): boolean => {
  try {
    parseJson5(`${text}\n::`, { mode: "json5" })
    return false
  } catch (error) {
    return (offsetOf(error) ?? 0) >= text.length
  }
}

// Says what stands there without quoting it: only punctuation is shown.
const describe = (text: string, all: ReadonlyArray<lex.Token>, offset: number): string => {
  const token = all.find((t) => t.start <= offset && offset < t.end)
  if (token === undefined) {
    return all.every((t) => t.end <= offset) ? "unexpected end of the file" : "something is missing here"
  }
  switch (token.kind) {
    case "string":
      return offset === token.start ? "unexpected string" : "a string with an invalid escape"
    case "comment":
      return token.closed ? "unexpected comment" : "a comment that is not closed"
    case "punctuation":
      return `unexpected "${text[token.start]}"`
    case "word":
      return lex.isNumber(text.slice(token.start, token.end))
        ? "unexpected number"
        : "unexpected word (strings need quotes)"
  }
}

interface Convert extends Prepared {
  readonly file: string
  readonly position: (offset: number) => lex.Position
}

const convert = (node: ValueNode, context: Convert): Node => {
  const [start, end] = node.range ?? [0, 0]
  const place = { file: context.file, start, end, position: context.position }
  switch (node.type) {
    case "Object": {
      const members = new Map<string, Node>()
      for (const member of node.members) {
        const written = member.name.type === "String" ? member.name.value : member.name.name
        members.set(context.keys.get(member.name.range?.[0] ?? -1) ?? written, convert(member.value, context))
      }
      return { kind: "object", members, place }
    }
    case "Array":
      return { kind: "array", items: node.elements.map((element) => convert(element.value, context)), place }
    case "Null":
      return { kind: "scalar", value: null, place }
    case "NaN":
      return { kind: "scalar", value: NaN, place }
    case "Infinity":
      return { kind: "scalar", value: node.sign === "-" ? -Infinity : Infinity, place }
    case "Number": {
      const replaced = context.numbers.get(start)
      return replaced === undefined
        ? { kind: "scalar", value: node.value, place }
        : { kind: "scalar", value: replaced.value, place: { ...place, end: replaced.end } }
    }
    default:
      return { kind: "scalar", value: node.value, place }
  }
}

/** Reads a JSON5 text. The value may be of any kind. */
export const parse = (text: string, file: string): Either.Either<Node, ConfigSyntaxError | ConfigInvalid> => {
  const all = lex.tokens(text)
  const position = lex.positions(text)
  const fail = (offset: number, detail: string) =>
    Either.left(
      new ConfigSyntaxError({ path: file, ...position(offset), detail, excerpt: lex.excerpt(text, all, offset) })
    )
  if (all.length === 0) return fail(0, "the file is empty")
  if (all.every((t) => t.kind === "comment" && t.closed)) return fail(0, "the file is empty but for comments")
  const open = all.find((t) => !t.closed)
  if (open !== undefined) return fail(open.start, `a ${open.kind} that is not closed`)
  const deep = tooDeep(text, all)
  if (deep !== undefined) {
    return Either.left(
      new ConfigInvalid({
        problems: [{
          path: "",
          expected: `at most ${maxDepth} levels of nesting`,
          actual: "more",
          file,
          ...position(deep)
        }]
      })
    )
  }
  const prepared = prepare(text, all)
  try {
    // with a line break, as the parser never comes back from a backslash that ends the text
    const document = parseJson5(`${prepared.text}\n`, { mode: "json5", ranges: true })
    return Either.right(convert(document.body, { ...prepared, file, position }))
  } catch (error) {
    const offset = isCutShort(prepared.text) ? text.length : Math.min(offsetOf(error) ?? text.length, text.length)
    const dots = all.find((t) => t.start <= offset && offset < t.end && lex.isEllipsis(text.slice(t.start, t.end)))
    if (dots !== undefined) {
      return fail(dots.start, "`...` stands for something that was left out: write it, or delete the dots")
    }
    return fail(offset, describe(text, all, offset))
  }
}
