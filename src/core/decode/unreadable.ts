/**
 * What is wrong with a text that should have been JSON, in words that hold none of it: it may be what a model said, and an
 * error is printed and kept. What no model writes is named: a page of HTML by its title, and a server's few words of its own.
 */

const maxTitle = 80

const words =
  /^(?:error: ?|http\/\d(?:\.\d)? )?(?:\d{3} )?(?:bad gateway|bad request|forbidden|gateway time-?out|internal server error|method not allowed|(?:page )?not found|no healthy upstream|(?:service|server|temporarily)? ?(?:temporarily )?unavailable|too many requests|unauthorized)[.!]?$/i

const pageOf = (text: string): string => {
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.replace(/\s+/g, " ").trim() ?? ""
  if (title === "") return "a page of HTML"
  return `a page of HTML, "${title.length > maxTitle ? `${title.slice(0, maxTitle)}…` : title}"`
}

const kindOf = (character: string): string => {
  if (/[a-z]/i.test(character)) return "a letter"
  if (/\d/.test(character)) return "a digit"
  return /[\x20-\x7e]/.test(character) ? `\`${character}\`` : "a character beyond ASCII"
}

// V8 says where; what other words it has quote the text.
const placeOf = (text: string): string => {
  try {
    JSON.parse(text)
    return ""
  } catch (error) {
    const place = /in JSON at position (\d{1,9})(?: \(line \d+ column \d+\))?$/.exec(String(error))?.[1]
    return place === undefined ? "" : `, wrong from character ${Number(place) + 1} on`
  }
}

/** `begins`: whether it is the first that was read, which alone can be a page or a server's words. */
export const described = (given: string, begins: boolean): string => {
  const text = given.trim()
  if (begins && /^<(?:!doctype|html|head|title)\b/i.test(text)) return pageOf(text.slice(0, 8192))
  if (begins && text.length <= maxTitle && words.test(text)) return `"${text}"`
  const { length } = text
  return `${length} ${length === 1 ? "character" : "characters"}, the first ${kindOf(text.slice(0, 1))}${placeOf(text)}`
}
