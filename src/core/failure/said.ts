/**
 * What an error body says, whoever sends it and in whatever shape: the sentence for people, the codes beside it and the
 * numbers in it. Total: a body may be anything, and its parts too. A sentence is never JSON, and has nothing of what a user
 * or a model wrote where servers are known to quote that.
 */
import { isRecord, type JsonRecord, own, parse } from "../json.js"
import { beginning, cut, oneLine, redact } from "./redact.js"

export interface Said {
  /** The sentence; empty when there is none. */
  readonly text: string
  /** Whether it stood where errors stand in JSON. */
  readonly found: boolean
  /** The codes, the first said first, each as letters and digits only: `model_not_found` and `ModelNotFound` are one. */
  readonly codes: ReadonlyArray<string>
  /** The same of what is called a type. */
  readonly types: ReadonlyArray<string>
  /** The first `code`, as it is written, that is no HTTP status. */
  readonly code?: string | undefined
  /** The HTTP status that the error names itself. */
  readonly status?: number | undefined
  readonly signinUrl?: string | undefined
  readonly promptTokens?: number | undefined
  readonly contextSize?: number | undefined
}

type Noted =
  & { -readonly [K in keyof Omit<Said, "codes" | "types">]: Said[K] }
  & { readonly codes: Array<string>; readonly types: Array<string> }

const nothing = (): Noted => ({ text: "", found: false, codes: [], types: [] })

// Characters of a body that are read, and of a sentence that are looked at.
const maxRead = 64 * 1024
const maxText = 4096
const maxDepth = 6
const maxItems = 5

/** What a body says. */
export const ofBody = (body: string, secrets: ReadonlyArray<string> = []): Said => {
  const text = beginning(body, secrets, maxRead).trim()
  // some send the events of a stream
  const event = /^(?:event:[^\n]*\n)?data:([^\n]*)/.exec(text)?.[1]?.trim() ?? text
  const json = /^[{["]/.test(event) ? parse(event) : undefined
  if (json !== undefined) return ofValue(json.value, secrets)
  const noted = nothing()
  const said = event.startsWith("<") ? page(event) : ofText(event, noted, 0)
  // JSON that was cut
  noted.found = said !== "" && /^[{[]\s*["'{]/.test(event)
  return finish(said, noted, secrets)
}

/** What an error inside of JSON says. */
export const ofValue = (value: unknown, secrets: ReadonlyArray<string> = []): Said => {
  const noted = nothing()
  const text = sentence(value, noted, 0)
  noted.found = text !== ""
  return finish(text === "" ? noted.code ?? keyOf(value) : text, noted, secrets)
}

const finish = (text: string, noted: Noted, secrets: ReadonlyArray<string>): Said => ({
  ...noted,
  text: redact(oneLine(beginning(text, secrets, maxText)), secrets),
  ...(noted.code === undefined ? {} : { code: redact(noted.code, secrets) }),
  ...(noted.signinUrl === undefined ? {} : { signinUrl: redact(noted.signinUrl, secrets) })
})

// =============================================================================
// JSON
// =============================================================================

const sentence = (value: unknown, noted: Noted, depth: number): string => {
  if (depth > maxDepth) return ""
  if (typeof value === "string") return ofText(value, noted, depth)
  if (Array.isArray(value)) {
    const said = value.slice(0, maxItems).map((item) => sentence(item, noted, depth + 1))
    return [...new Set(said.filter((text) => text !== ""))].join("; ")
  }
  if (!isRecord(value)) return ""
  note(value, noted)
  // a router's own message says less than what it was told
  const raw = sentence(own(own(value, "metadata"), "raw"), noted, depth + 1)
  if (raw !== "") return raw
  for (const key of sentences) {
    const text = sentence(own(value, key), noted, depth + 1)
    const title = key === "error" && typeof own(value, "error") === "string"
    const more = title && text !== "" ? sentence(own(value, "message"), noted, depth + 1) : ""
    if (text !== "") return more === "" || more === text ? text : `${text}: ${more}`
  }
  return ""
}

// Where the sentence stands, the likeliest first. Of FastAPI's `detail[]` that is `msg`: its `input` is the user's.
const sentences = [
  "error",
  "message",
  "msg",
  "detail",
  "errors",
  "base_resp",
  "status_msg",
  "error_description",
  "error_message",
  "errorMessage",
  "error_msg",
  "errmsg",
  "Message",
  "description",
  "title"
]

const codes = ["code", "status", "reason", "error_code", "errorCode", "Code"]
const types = ["type", "error_type"]

const push = (value: unknown, keys: ReadonlyArray<string>, to: Array<string>): void => {
  for (const key of keys) {
    const code = own(value, key)
    if (typeof code === "string" && code.length <= 80) to.push(plainCode(code))
  }
}

const note = (value: JsonRecord, noted: Noted): void => {
  push(value, codes, noted.codes)
  push(value, types, noted.types)
  const code = own(value, "code")
  const written = typeof code === "number" ? String(code) : code
  if (typeof written === "string" && /^(?!\d{3}$)[\w .:-]{1,80}$/.test(written)) noted.code ??= written
  // Google's
  const details = own(value, "details")
  if (Array.isArray(details)) {
    for (const detail of details.slice(0, maxItems)) push(detail, ["reason"], noted.codes)
  }
  noted.status =
    ["StatusCode", "status_code", "http_code", "statusCode", "code"].map((key) => statusOf(own(value, key)))
      .find((status) => status !== undefined) ?? noted.status
  const signin = own(value, "signin_url")
  if (typeof signin === "string" && signin !== "") noted.signinUrl = signin.slice(0, 2048)
  noted.promptTokens = count(own(value, "n_prompt_tokens")) ?? noted.promptTokens
  noted.contextSize = count(own(value, "n_ctx")) ?? noted.contextSize
}

const plainCode = (code: string): string => code.toLowerCase().replace(/[^a-z0-9]/g, "")

const count = (value: unknown): number | undefined => {
  const n = typeof value === "string" && value !== "" ? Number(value.replaceAll(",", "")) : value
  return typeof n === "number" && Number.isSafeInteger(n) && n >= 0 ? n : undefined
}

const statusOf = (value: unknown): number | undefined => {
  const n = count(value)
  return n !== undefined && n >= 400 && n <= 599 ? n : undefined
}

// Ollama 0.11.3 wrote the text into the key.
const keyOf = (value: unknown): string => {
  const key = isRecord(value) ? Object.keys(value).find((key) => /^error\b./i.test(key)) : undefined
  return key === undefined ? "" : withoutQuotes(key)
}

// =============================================================================
// text
// =============================================================================

const ofText = (text: string, noted: Noted, depth: number): string => {
  const short = text.slice(0, maxRead).trim()
  if (/^[{["]/.test(short)) {
    const inner = parse(short)
    if (inner !== undefined) return sentence(inner.value, noted, depth + 1)
  }
  return /^<(!doctype|html)/i.test(short) ? page(short) : unwrap(withoutQuotes(short), noted, depth)
}

// Proxies put what they were told into their own sentence: as JSON, as Python's or Go's idea of it, or with a stack.
const unwrap = (text: string, noted: Noted, depth: number): string => {
  const go = /^([^[]{0,200})\bmap\[[^\]]*?\bmessage:([^\]]*?)(?: type:\w+)?\]/.exec(text)
  if (go !== null) return `${go[1]}${go[2]}`
  const start = text.search(/\{\s*["']|\[\s*\{\s*["']/)
  if (start < 0) return withoutStack(text)
  const before = cut(text.slice(0, start), maxBefore).replace(/(?:; \w+ =)?[\s:;,=(-]*$/, "")
  const end = ends(text, start)
  const inner = parse(text.slice(start, end))
  const said = inner === undefined ? lifted(text.slice(start), noted) : sentence(inner.value, noted, depth + 1)
  const together = [before, said === "" && before !== "" ? "…" : said].filter((part) => part !== "").join(": ")
  // What follows may be the server's own, as Ollama's "out of memory"; a name before a stack is not.
  const after = withoutStack(text.slice(end)).replace(/[{[][^]*/, "").trim()
  return /\w\W/.test(after) ? `${together}${/^[.,;:]/.test(after) ? "" : " "}${after}` : together
}

const maxBefore = 500

const withoutStack = (text: string): string => text.replace(/\n[ \t]+at .*/s, "")

// Where the brackets that open at `start` are closed.
const ends = (text: string, start: number): number => {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const char = text[i]
    if (char === "\"") {
      while (++i < text.length && text[i] !== "\"") if (text[i] === "\\") i++
    } else if (char === "{" || char === "[") depth++
    else if ((char === "}" || char === "]") && --depth === 0) return i + 1
  }
  return text.length
}

const quoted =
  /["'](message|msg|error|detail|code|n_prompt_tokens|n_ctx)["']\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\d+))/g

// Of something like JSON that is none: cut, or written by Python.
const lifted = (text: string, noted: Noted): string => {
  const said: Array<string> = []
  for (const [, key, single, double, digits] of text.slice(0, maxText).matchAll(quoted)) {
    const value = single ?? double ?? digits!
    if (digits === undefined && key !== "code") {
      said.push(value.replace(/\\(.)/g, (_, char) => char === "n" ? " " : char))
    } else note({ [key!]: value }, noted)
  }
  return [...new Set(said.slice(0, maxItems))].join("; ")
}

// Servers quote what a user or a model wrote in these places.
const withoutQuotes = (text: string): string => {
  const jinja = text.lastIndexOf("Jinja Exception:")
  return (jinja < 0 ? text : text.slice(jinja)).slice(0, 2 * maxText)
    .replace(/\braw='[^]*?(?:'(?=, err=)|$)/, "raw='…'")
    .replace(/(failed to parse input at pos \d+): [^]*/i, "$1")
    .replace(/, input_value=[^]*?(?=, input_type=|$)/g, "")
}

const page = (html: string): string => {
  const text = html.slice(0, 2 * maxText)
  const title = /<title[^>]*>([^<]{0,300})/i.exec(text)?.[1]?.trim() ?? ""
  // "Error" is the title of all of Express's.
  if (title !== "" && title !== "Error") return title
  return text.replace(/<(script|style|head)\b[^]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ")
}

// =============================================================================
// numbers
// =============================================================================

const n = (name: string): string => `\\(?(?<${name}>\\d[\\d,]*)\\)?`
const prompt = n("prompt")
const size = n("size")

// How many tokens the prompt has and the context.
const numbers = [
  `${prompt} tokens\\)? (?:exceeds|is longer than) .*?${size}`,
  `n_keep: ${prompt}\\s*>=?\\s*n_ctx: ${size}`,
  `(?:context|prompt) length (?:is|of) ${size}\\b.*? (?:requested|resulted in|has|contains)(?: about)? ${prompt}`,
  `[^+] ${prompt} (?:tokens )?> ${size}`,
  `token count (?:of )?${prompt} exceeds .*?${size}`,
  `length (?:is )?${prompt} (?:while limit is|is longer than .*? of) ${size}`,
  `token limit: ${size} \\(re ?quested: ${prompt}`,
  `contains ${prompt} tokens.*? model with ${size}`,
  `must be <= ${size}\\. Given: ${prompt}`,
  `first ${prompt} tokens when .*?context length of only ${size}`,
  `input ${prompt} tokens\\) is too large .*?batch size: ${size}`,
  `reached context length of ${size}`
].map((pattern) => new RegExp(pattern, "is"))

/** The numbers in the sentence of an overflow. */
export const tokensIn = (text: string): Pick<Said, "promptTokens" | "contextSize"> => {
  for (const pattern of numbers) {
    const groups = pattern.exec(text)?.groups
    const promptTokens = count(groups?.["prompt"])
    const contextSize = count(groups?.["size"])
    if (contextSize !== undefined) return { promptTokens, contextSize }
  }
  return {}
}
