/** JSON as Go writes it: `<`, `>`, `&` and U+2028/9 escaped, keys in the order given, `undefined` left out. */

/** JSON text that goes out as it is. */
export class RawJson {
  constructor(readonly text: string) {}
}

const escapes: Record<string, string> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029"
}

const string = (value: string) => JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => escapes[char]!)

export const goJson = (value: unknown): string => {
  if (typeof value === "string") return string(value)
  if (value instanceof RawJson) return value.text
  if (Array.isArray(value)) return `[${value.map((item) => goJson(item)).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const members: Array<string> = []
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) members.push(`${string(key)}:${goJson(member)}`)
    }
    return `{${members.join(",")}}`
  }
  return JSON.stringify(value) ?? "null"
}
