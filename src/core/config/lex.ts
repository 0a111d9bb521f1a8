/**
 * The tokens of a JSON5 text, as far as they are needed before it is parsed: to count nesting, to fold products of
 * numbers and to mask what must not be shown. Total: any text has tokens.
 */

export interface Token {
  readonly kind: "string" | "comment" | "punctuation" | "word"
  readonly start: number
  readonly end: number
  /** Of a string or block comment: whether it is closed. */
  readonly closed: boolean
}

const isSpace = (c: number): boolean =>
  c === 32 || (c >= 9 && c <= 13) || c === 0xa0 || c === 0xfeff || c === 0x2028 || c === 0x2029 || c === 0x1680
  || (c >= 0x2000 && c <= 0x200a) || c === 0x202f || c === 0x205f || c === 0x3000

export const isNewline = (c: number): boolean => c === 10 || c === 13

/** Where the line of an offset begins. */
export const lineStart = (text: string, offset: number): number => {
  let start = offset
  while (start > 0 && !isNewline(text.charCodeAt(start - 1))) start--
  return start
}

/** The line break of a text: that of its first line. */
export const newlineOf = (text: string): string => /\r\n|[\n\r]/.exec(text)?.[0] ?? "\n"

const punctuation = new Set("{}[]:,*")

const stringEnd = (text: string, start: number): readonly [end: number, closed: boolean] => {
  const quote = text.charCodeAt(start)
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) return [i + 1, true]
    if (c === 92) {
      i++
      // an escaped line break may be two characters
      if (text.charCodeAt(i) === 13 && text.charCodeAt(i + 1) === 10) i++
    } else if (isNewline(c)) return [i, false]
  }
  return [text.length, false]
}

const lineEnd = (text: string, start: number): number => {
  let i = start
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (isNewline(c) || c === 0x2028 || c === 0x2029) break
  }
  return i
}

const isWordEnd = (text: string, i: number): boolean => {
  const c = text.charCodeAt(i)
  return isSpace(c) || c === 34 || c === 39 || punctuation.has(text[i]!)
    || (c === 47 && (text.charCodeAt(i + 1) === 47 || text.charCodeAt(i + 1) === 42))
}

export const tokens = (text: string): Array<Token> => {
  const out: Array<Token> = []
  const push = (kind: Token["kind"], start: number, end: number, closed = true): number => {
    out.push({ kind, start, end, closed })
    return end
  }
  let i = 0
  while (i < text.length) {
    const c = text.charCodeAt(i)
    const next = text.charCodeAt(i + 1)
    if (isSpace(c)) i++
    else if (c === 34 || c === 39) {
      const [end, closed] = stringEnd(text, i)
      i = push("string", i, end, closed)
    } else if (c === 47 && next === 47) i = push("comment", i, lineEnd(text, i))
    else if (c === 47 && next === 42) {
      const close = text.indexOf("*/", i + 2)
      i = push("comment", i, close < 0 ? text.length : close + 2, close >= 0)
    } else if (punctuation.has(text[i]!)) i = push("punctuation", i, i + 1)
    else {
      let end = i + 1
      while (end < text.length && !isWordEnd(text, end)) end++
      i = push("word", i, end)
    }
  }
  return out
}

export interface Position {
  readonly line: number
  readonly column: number
}

const lineStarts = (text: string): Array<number> => {
  const starts = [text.charCodeAt(0) === 0xfeff ? 1 : 0]
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1)
  }
  return starts
}

/** The offset of a position; of a line that is not there, the end of the text. */
export const offsetOf = (text: string, { column, line }: Position): number =>
  (lineStarts(text)[line - 1] ?? text.length) + column - 1

/** Finds line and column (from 1) of offsets; a byte order mark has no column. */
export const positions = (text: string): (offset: number) => Position => {
  let starts: Array<number> | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: Math.max(1, offset - starts[low]! + 1) }
  }
}

export const isNumber = (word: string): boolean =>
  /^[-+]?(?:0x[0-9a-f]+|(?:(?:0|[1-9]\d*)\.?\d*|\.\d+)(?:e[-+]?\d+)?)$/i.test(word)

/** Whether a word is what examples have in place of what they leave out. */
export const isEllipsis = (word: string): boolean => /^(?:\.{3,}|…)$/.test(word)

const mask = (text: string, start: number, end: number): string => text.slice(start, end).replace(/[^\r\n]/g, "*")

/**
 * The text with everything masked that could be a secret: strings, comments, and words that are neither keys nor
 * numbers (a key without quotes is a common mistake). Its length stays the same.
 */
export const masked = (text: string, all: ReadonlyArray<Token>): string => {
  const significant = all.filter((t) => t.kind !== "comment")
  const isKey = (i: number): boolean => {
    const before = significant[i - 1]
    const after = significant[i + 1]
    return (before === undefined || "{,".includes(text[before.start]!)) && after !== undefined
      && after.kind === "punctuation" && text[after.start] === ":"
  }
  const shown = new Set<Token>()
  significant.forEach((t, i) => {
    const word = t.kind === "word" ? text.slice(t.start, t.end) : ""
    if (
      t.kind === "punctuation" || (t.closed && isKey(i)) || isNumber(word) || /^(?:true|false|null)$/.test(word)
      || isEllipsis(word)
    ) shown.add(t)
  })
  let out = ""
  let at = 0
  for (const t of all) {
    out += text.slice(at, t.start)
    if (shown.has(t)) out += text.slice(t.start, t.end)
    else if (t.kind === "comment") out += text.slice(t.start, t.start + 2) + mask(text, t.start + 2, t.end)
    else {
      const quote = t.kind === "string" ? 1 : 0
      const inner = t.kind === "string" && t.closed ? t.end - 1 : t.end
      out += text.slice(t.start, t.start + quote) + mask(text, t.start + quote, inner) + text.slice(inner, t.end)
    }
    at = t.end
  }
  return out + text.slice(at)
}

/** The line of an offset, masked, with a mark under the place. */
export const excerpt = (text: string, all: ReadonlyArray<Token>, offset: number): string => {
  const hidden = masked(text, all)
  const at = Math.min(offset, hidden.length)
  const start = lineStart(hidden, at)
  let end = at
  while (end < hidden.length && !isNewline(hidden.charCodeAt(end))) end++
  const from = Math.max(start, at - 40)
  const line = hidden.slice(from, Math.min(end, at + 40)).replace(/[\u0000-\u001f\u007f\ufeff]/g, " ")
  return line.trim() === "" ? "" : `${line}\n${" ".repeat(at - from)}^`
}
