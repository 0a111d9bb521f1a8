/**
 * Looks into the text of JSON that `JSON.parse` alone does not show: where a value stands in it, and whether a piece of
 * it is complete. The functions that look up a place expect text that `JSON.parse` has accepted.
 */

/** A flat copy: a slice of more than 12 characters would keep the whole network chunk alive in V8. */
export const copy = (text: string): string => text.length <= 12 ? text : JSON.parse(JSON.stringify(text)) as string

// -----------------------------------------------------------------------------
// completeness
// -----------------------------------------------------------------------------

/** How far the brackets of a text are closed; fed piece by piece, so that many fragments stay linear. */
export interface Balance {
  readonly depth: number
  readonly inString: boolean
  readonly escaped: boolean
  /** The first bracket was closed. */
  readonly closed: boolean
  readonly deepest: number
}

export const unbalanced: Balance = { depth: 0, inString: false, escaped: false, closed: false, deepest: 0 }

export const scan = (before: Balance, text: string): Balance => {
  let { closed, deepest, depth, escaped, inString } = before
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (inString) {
      if (escaped) escaped = false
      else if (char === 92) escaped = true
      else if (char === 34) inString = false
    } else if (char === 34) inString = true
    else if (char === 123 || char === 91) {
      depth++
      if (depth > deepest) deepest = depth
    } else if (char === 125 || char === 93) {
      depth--
      if (depth <= 0) closed = true
    }
  }
  return { depth, inString, escaped, closed, deepest }
}

/** Whether more text could still make a JSON object of it. */
export const isCutObject = (text: string): boolean => {
  const start = text.trimStart()
  return start.startsWith("{") && !scan(unbalanced, start).closed
}

// -----------------------------------------------------------------------------
// places
// -----------------------------------------------------------------------------

export interface Place {
  readonly from: number
  readonly to: number
}

const skipBlanks = (text: string, at: number): number => {
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return at
}

/** The end of the string that begins at `at`; of the text when it is not closed. */
const endOfString = (text: string, at: number): number => {
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 92) i++
    else if (char === 34) return i + 1
  }
  return text.length
}

/** The end of what the bracket at `at` opens; `undefined` when it is not closed. The text may be no JSON. */
export const endOfBracket = (text: string, at: number): number | undefined => {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 34) i = endOfString(text, i) - 1
    else if (char === 123 || char === 91) depth++
    else if ((char === 125 || char === 93) && --depth === 0) return i + 1
  }
  return undefined
}

const endOfValue = (text: string, at: number): number => {
  const first = text.charCodeAt(at)
  if (first === 34) return endOfString(text, at)
  if (first === 123 || first === 91) return endOfBracket(text, at) ?? text.length
  let i = at
  while (i < text.length) {
    const char = text.charCodeAt(i)
    if (char <= 32 || char === 44 || char === 125 || char === 93) break
    i++
  }
  return i
}

/** Where the value of a key stands; of equal keys the last counts, as in `JSON.parse`. */
export const member = (text: string, object: Place | undefined, key: string): Place | undefined => {
  if (object === undefined || text.charCodeAt(object.from) !== 123) return undefined
  let found: Place | undefined
  let at = skipBlanks(text, object.from + 1)
  while (at < object.to && text.charCodeAt(at) === 34) {
    const end = endOfString(text, at)
    const raw = text.slice(at + 1, end - 1)
    const name = raw.includes("\\") ? JSON.parse(`"${raw}"`) as string : raw
    const from = skipBlanks(text, skipBlanks(text, end) + 1)
    const to = endOfValue(text, from)
    if (name === key) found = { from, to }
    at = skipBlanks(text, to)
    if (text.charCodeAt(at) !== 44) break
    at = skipBlanks(text, at + 1)
  }
  return found
}

/** Where the elements of an array stand. */
export const elements = (text: string, array: Place | undefined): ReadonlyArray<Place> => {
  const found: Array<Place> = []
  if (array === undefined || text.charCodeAt(array.from) !== 91) return found
  let at = skipBlanks(text, array.from + 1)
  while (at < array.to && text.charCodeAt(at) !== 93) {
    const to = endOfValue(text, at)
    found.push({ from: at, to })
    at = skipBlanks(text, to)
    if (text.charCodeAt(at) !== 44) break
    at = skipBlanks(text, at + 1)
  }
  return found
}

/** Where the top value stands. */
export const root = (text: string): Place => {
  const from = skipBlanks(text, 0)
  return { from, to: endOfValue(text, from) }
}
