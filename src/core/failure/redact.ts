/**
 * Keeps secrets out of what is shown: servers and HTTP clients quote what they were sent. Whatever is cut short is cut
 * after that, or with regard to the half of a secret that a cut can leave.
 */

// A shorter one would mask half of every text.
const shortest = 4

/** Removes given secrets from a text: the longest first, since one may be a part of another. */
export const redact = (text: string, secrets: ReadonlyArray<string>): string => {
  let out = text
  for (const secret of secrets.filter(isLong).sort(longestFirst)) out = out.split(secret).join("***")
  return out
}

const isLong = (secret: string): boolean => secret.length >= shortest

const longestFirst = (a: string, b: string): number => b.length - a.length

/** The same for a text that was cut at its end, maybe in the middle of a secret. */
export const redactCut = (text: string, secrets: ReadonlyArray<string>): string => {
  const out = redact(text, secrets)
  if (!out.endsWith("…")) return out
  const kept = out.slice(0, -1)
  const tail = (secret: string): number => {
    let length = Math.min(secret.length - 1, kept.length)
    while (length > 0 && !kept.endsWith(secret.slice(0, length))) length--
    return length
  }
  const longest = Math.max(0, ...secrets.map(tail))
  return longest < shortest ? out : `${kept.slice(0, -longest)}***…`
}

/** At most so many characters of a text, and no half of one. */
export const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`

/** A text on one line. */
export const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

/** The beginning of a text of any size, without secrets, whole or half. */
export const beginning = (text: string, secrets: ReadonlyArray<string>, most: number): string =>
  redactCut(cut(text, most), secrets)

const longestMessage = 4096

/** Makes a message fit to be shown: no given secrets, credentials of URLs, tokens or values of headers; cut short. */
export const mask = (message: string, secrets: ReadonlyArray<string> = [], most = 200): string => {
  let out = beginning(message, secrets, longestMessage)
    .replace(/\/\/[^\s"']*@/g, "//***@")
    .replace(/\b(bearer|basic)\s+[^\s"'<]+/gi, "$1 ***")
  if (/header/i.test(message)) out = out.replace(/(["'`])[^]*\1/, "$1***$1")
  return cut(redact(oneLine(out), secrets), most)
}
