/**
 * A `.env` file: `NAME=value` lines, quoted or not, without expansion. Total: what is no such line is passed over.
 */

const isBreak = (c: string | undefined): boolean => c === "\n" || c === "\r" || c === undefined

const lineEnd = (text: string, from: number): number => {
  let i = from
  while (!isBreak(text[i])) i++
  return i
}

const assignment = /(?:export[^\S\r\n]+)?([\w.-]+)(?:[^\S\r\n]*=|:(?=[^\S\r\n]))[^\S\r\n]*/y

/** What stands between quotes, and where it ends; `undefined` when they are not closed, or more follows on the line. */
const quoted = (text: string, from: number): { readonly value: string; readonly end: number } | undefined => {
  const quote = text[from]
  if (quote !== "\"" && quote !== "'" && quote !== "`") return undefined
  let close = from + 1
  while (close < text.length && (text[close] !== quote || text[close - 1] === "\\")) close++
  if (close >= text.length) return undefined
  const end = lineEnd(text, close)
  if (!/^\s*(?:#.*)?$/.test(text.slice(close + 1, end))) return undefined
  const value = text.slice(from + 1, close)
  return { value: quote === "\"" ? value.replace(/\\n/g, "\n").replace(/\\r/g, "\r") : value, end }
}

/** The variables of a `.env` file; of one that is set twice the last. */
export const parse = (text: string): ReadonlyMap<string, string> => {
  const out = new Map<string, string>()
  let i = 0
  while (i < text.length) {
    if (/\s|\ufeff/.test(text[i]!)) {
      i++
      continue
    }
    assignment.lastIndex = i
    const name = assignment.exec(text)?.[1]
    if (name === undefined) {
      i = lineEnd(text, i)
      continue
    }
    const start = assignment.lastIndex
    const found = quoted(text, start)
    if (found !== undefined) {
      out.set(name, found.value)
      i = found.end
      continue
    }
    const end = lineEnd(text, start)
    out.set(name, text.slice(start, end).split("#", 1)[0]!.trim())
    i = end
  }
  return out
}
