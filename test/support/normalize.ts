/** Makes two answers of Ollama comparable: what differs from run to run is replaced, all else stays, key order included. */

const fresh = new Map<string, unknown>([
  ["created_at", "DATE"],
  ["modified_at", "DATE"],
  ["expires_at", "DATE"],
  ["created", "SECONDS"],
  ["total_duration", "NS"],
  ["load_duration", "NS"],
  ["prompt_eval_duration", "NS"],
  ["eval_duration", "NS"]
])

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === "object" && value !== null
    ? Object.fromEntries(
      Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, one]) => [key, sorted(one)])
    )
    : value

const id = (value: string) =>
  value.replace(/^chatcmpl-\d{1,3}$/, "CHATCMPL").replace(/^call_[a-z0-9]{8}$/, "CALL_8").replace(
    /^[A-Za-z0-9]{32}$/,
    "CHARS_32"
  )

const value = (key: string, one: unknown): unknown => {
  const type = fresh.get(key)
  if (type === "DATE") return typeof one === "string" && /^\d{4}-.*T.*Z$/.test(one) ? type : one
  if (type !== undefined) return typeof one === "number" ? type : one
  if (key === "id" && typeof one === "string") return id(one)
  if (key === "arguments") return typeof one === "string" ? JSON.stringify(sorted(JSON.parse(one))) : sorted(one)
  if (Array.isArray(one)) return one.map((item) => value("", item))
  if (typeof one === "object" && one !== null) {
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, value(name, member)]))
  }
  return one
}

const text = (line: string) =>
  line.replace(/"(created_at|modified_at|expires_at)":"\d{4}-[^"]*T[^"]*Z"/g, "\"$1\":\"DATE\"")
    .replace(/"created":\d+/g, "\"created\":\"SECONDS\"")
    .replace(/"((?:total|load|prompt_eval|eval)_duration)":\d+/g, "\"$1\":\"NS\"")
    .replace(/"id":"([^"]*)"/g, (_, one: string) => `"id":"${id(one)}"`)

/** A chunk of a body. Only what holds arguments is parsed: the rest is compared as text, escapes included. */
export const normalize = (chunk: string): string =>
  chunk.split("\n").map((line) => {
    const data = /^(data: )?([{[].*)$/.exec(line)
    if (data === null || !line.includes("\"arguments\":")) return text(line)
    try {
      return `${data[1] ?? ""}${JSON.stringify(value("", JSON.parse(data[2]!)))}`
    } catch {
      return text(line)
    }
  }).join("\n")
