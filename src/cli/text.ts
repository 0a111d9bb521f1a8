/**
 * Text on a screen: how wide it is, what of it may reach a terminal, and how it is cut and wrapped.
 */

const escapes = /\u001b\[[0-9;]*m/g

// Wide in terminals: CJK, Hangul, full-width forms, emoji.
const isWide = (c: number): boolean =>
  (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf && c !== 0x303f) || (c >= 0xac00 && c <= 0xd7a3)
  || (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60)
  || (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd)

const widthOfCharacter = (character: string): number => {
  const code = character.codePointAt(0)!
  if (code === 0x200b || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f) || /\p{Mn}/u.test(character)) return 0
  return isWide(code) ? 2 : 1
}

/** The number of columns of a text without line breaks; colours have none. */
export const widthOf = (text: string): number => {
  let width = 0
  for (const character of text.replace(escapes, "")) width += widthOfCharacter(character)
  return width
}

/**
 * A text of a server, a file or a model as a terminal may get it: without control characters, which could move the
 * cursor, change the title or hide what is shown.
 */
export const harmless = (text: string): string =>
  text.replace(/\r/g, "").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")

/** A text on one line. */
export const oneLine = (text: string): string => harmless(text).replace(/\s+/g, " ").trim()

/** A sentence as a part of another one. */
export const partOfSentence = (text: string): string =>
  text.slice(0, 1).toLowerCase() + text.slice(1).replace(/\.$/, "")

/** The first characters, as many as fit into so many columns. */
const fitting = (characters: Iterable<string>, columns: number): string => {
  let out = ""
  let width = 0
  for (const character of characters) {
    width += widthOfCharacter(character)
    if (width > columns) break
    out += character
  }
  return out
}

/** A text without colours, cut to a number of columns. */
export const cut = (text: string, columns: number): string =>
  widthOf(text) <= columns ? text : `${fitting(text, columns - 1)}…`

/** A line without colours, and the line with a mark (`^`) below one of its places: what stands around the mark. */
export const around = (line: string, mark: string, columns: number): string => {
  if (widthOf(line) <= columns && mark.length <= columns) return `${line}\n${mark}`
  const before = fitting(line, mark.length - 1)
  const after = line.slice(before.length)
  const room = Math.max(Math.floor(columns / 2), columns - Math.max(1, widthOf(after)))
  const left = widthOf(before) <= room
    ? before
    : `…${[...fitting([...before].reverse(), room - 1)].reverse().join("")}`
  const width = widthOf(left)
  return `${left}${cut(after, columns - width)}\n${" ".repeat(width)}^`
}

const isMark = (line: string | undefined): line is string => line !== undefined && /^ *\^$/.test(line)

export const padEnd = (text: string, columns: number): string => text + " ".repeat(Math.max(0, columns - widthOf(text)))

export const padStart = (text: string, columns: number): string =>
  " ".repeat(Math.max(0, columns - widthOf(text))) + text

const wrapLine = (line: string, columns: number, indent: string): string => {
  if (widthOf(line) <= columns) return line
  const lead = /^\s*(?:[-•] )?/.exec(line)![0]
  const hanging = indent + " ".repeat(lead.length)
  const lines: Array<string> = []
  let now = lead
  let used = widthOf(lead)
  let isEmpty = true
  for (const word of line.slice(lead.length).split(" ")) {
    const width = widthOf(word)
    if (!isEmpty && used + 1 + width > columns) {
      lines.push(now)
      now = hanging + word
      used = widthOf(hanging) + width
    } else {
      now += isEmpty ? word : ` ${word}`
      used += width + (isEmpty ? 0 : 1)
    }
    isEmpty = false
  }
  return [...lines, now].join("\n")
}

/**
 * Wraps each line of a text between words. A word that is longer than a line stays whole: it may be a path. A line with a
 * mark below is cut: the mark would stand below something else.
 */
export const wrap = (text: string, columns: number, indent = ""): string => {
  const lines = text.split("\n")
  return lines.flatMap((line, i) => {
    const below = lines[i + 1]
    if (isMark(below)) return [around(line, below, columns)]
    return i > 0 && isMark(line) ? [] : [wrapLine(line, columns, indent)]
  }).join("\n")
}

// =============================================================================
// numbers
// =============================================================================

/** `131,072` */
export const grouped = (n: number): string => n.toLocaleString("en-US")

const scaled = (n: number, unit: number, names: ReadonlyArray<string>): string => {
  let value = n
  let at = 0
  while (value >= unit && at < names.length - 1) {
    value /= unit
    at++
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${names[at]}`
}

/** `4.7 GB`, as Ollama counts. */
export const bytes = (n: number): string => scaled(n, 1000, ["B", "KB", "MB", "GB", "TB", "PB"])

export const plural = (n: number, one: string, many = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : many}`

/** `850 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`. */
export const duration = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : minutes < 48 * 60
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : `${Math.round(minutes / 60 / 24)} days`
}
