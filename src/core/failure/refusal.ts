/**
 * What an answer that is no success says: by its status and its text, never by the body's `type`, which differs between
 * versions. One function for both dialects, pure and total: the body may be Ollama's JSON in any of its shapes, or a
 * proxy's HTML, or nothing.
 */
import type { PartialAnswer } from "../../Message.js"
import {
  ContextOverflow,
  EndpointNotFound,
  Forbidden,
  ImagesNotSupported,
  InvalidRequest,
  ModelNotFound,
  RateLimited,
  ServerBusy,
  ServerError,
  ThinkingNotSupported,
  ToolsNotSupported,
  Unauthorized
} from "../../OllamaError.js"
import type { EndpointError, ModelEndpointError } from "../../OllamaError.js"
import { redact } from "./transport.js"

export interface Answer {
  readonly url: string
  readonly status: number
  readonly body: string
  readonly location?: string | undefined
  readonly retryAfter?: string | undefined
}

export interface AnswerContext {
  /** Epoch ms, for a `Retry-After` that is a date. */
  readonly now: number
  /** The model that was asked for. */
  readonly model?: string | undefined
  /** What had arrived before. */
  readonly partial?: PartialAnswer | undefined
  /** Texts of the request that the server may quote and that must not be seen. */
  readonly secrets?: ReadonlyArray<string> | undefined
}

const maxDetail = 300
const maxDepth = 5

// =============================================================================
// reading an error
// =============================================================================

interface Said {
  text: string
  /** Whether there was an `error`, as all of Ollama's failures have. */
  found: boolean
  signinUrl?: string
  promptTokens?: number
  contextSize?: number
  status?: number
}

const own = (value: object, key: string): unknown =>
  Object.prototype.hasOwnProperty.call(value, key) ? (value as Record<string, unknown>)[key] : undefined

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const count = (value: unknown): number | undefined => {
  const n = typeof value === "string" ? Number(value) : value
  return typeof n === "number" && Number.isSafeInteger(n) && n >= 0 ? n : undefined
}

const digits = (pattern: RegExp, text: string): number | undefined => count(pattern.exec(text)?.[1])

const status = (value: unknown): number | undefined => {
  const n = count(value)
  return n !== undefined && n >= 400 && n <= 599 ? n : undefined
}

// Cut short, on one line, and not in the middle of a character.
const short = (text: string): string => {
  const line = text.slice(0, 4 * maxDetail).replace(/\s+/g, " ").trim()
  return line.length <= maxDetail ? line : `${line.slice(0, maxDetail - 1).replace(/[\uD800-\uDBFF]$/, "")}…`
}

const page = (text: string): string => {
  if (!/^\s*</.test(text)) return text
  const title = /<title[^>]*>([^<]{0,300})/i.exec(text)?.[1]?.trim()
  return title !== undefined && title !== "" ? title : text.slice(0, 8192).replace(/<[^>]*>/g, " ")
}

// `error` may be a string, an object with a message, JSON inside a string, or stand in a struct with a status of its own.
const read = (value: unknown, said: Said, depth: number): void => {
  if (depth > maxDepth) return
  if (typeof value === "string") {
    const inner = /^\s*\{/.test(value) ? parse(value) : undefined
    said.text = value
    if (isObject(inner)) read(inner, said, depth + 1)
    return
  }
  if (!isObject(value)) return
  const signin = own(value, "signin_url")
  if (typeof signin === "string" && signin !== "") said.signinUrl = signin.slice(0, 2048)
  const promptTokens = count(own(value, "n_prompt_tokens"))
  if (promptTokens !== undefined) said.promptTokens = promptTokens
  const contextSize = count(own(value, "n_ctx"))
  if (contextSize !== undefined) said.contextSize = contextSize
  const code = status(own(value, "StatusCode")) ?? status(own(value, "status_code")) ?? status(own(value, "code"))
  if (code !== undefined) said.status = code
  const error = own(value, "error")
  const message = own(value, "message")
  if (error !== undefined && error !== null) {
    said.found = true
    read(error, said, depth + 1)
  } else if (typeof message === "string") {
    read(message, said, depth + 1)
  } else {
    // v0.11.3 once wrote the text into the key.
    const key = Object.keys(value).find((key) => /^error\b/i.test(key))
    if (key !== undefined) {
      said.found = true
      said.text = `${key}: ${String(JSON.stringify(own(value, key))).slice(0, maxDetail)}`
    }
  }
}

const finish = (said: Said, secrets: ReadonlyArray<string> = []): Said => {
  const exceeds = /\((\d+) tokens\) exceeds the available context size \((\d+) tokens\)/.exec(said.text)
  const promptTokens = said.promptTokens ?? count(exceeds?.[1]) ?? digits(/"n_prompt_tokens"\s*:\s*(\d+)/, said.text)
  const contextSize = said.contextSize ?? count(exceeds?.[2]) ?? digits(/"n_ctx"\s*:\s*(\d+)/, said.text)
  return {
    ...said,
    text: short(redact(page(said.text), secrets)),
    ...(said.signinUrl === undefined ? {} : { signinUrl: redact(said.signinUrl, secrets) }),
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(contextSize === undefined ? {} : { contextSize })
  }
}

const readBody = (body: string, secrets: ReadonlyArray<string> | undefined): Said => {
  const said: Said = { text: body, found: false }
  const value = /^\s*[{"]/.test(body) ? parse(body) : undefined
  read(value, said, 0)
  return finish(said, secrets)
}

/** The wait (ms) that a `Retry-After` of seconds or of a date asks for. */
export const retryAfterMillis = (value: string | undefined, now: number): number | undefined => {
  const text = value?.trim() ?? ""
  if (/^\d{1,12}(\.\d{1,6})?$/.test(text)) return Math.ceil(Number(text) * 1000)
  if (!/[a-z]{3}/i.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

// =============================================================================
// texts
// =============================================================================

const noTools = /does not support tools/i
const noThinking = /does not support thinking|think value .* is not supported/i
const noImages = /does not support (images?|vision|multimodal)|image input is not supported|required for image input/i
// A model of another kind (an embedding model, say): the request is right, and another model can answer it.
const otherKind = /does not support \w+/i
const overflow = new RegExp(
  [
    "exceeds? (the )?(available |maximum |model'?s? )*context (length|size|window)",
    "longer than the (maximum )?context",
    "context length exceeded",
    "maximum context length",
    "exceed_context_size",
    "context_length_exceeded",
    "prompt is too long"
  ].join("|"),
  "i"
)
const missing = /\bmodels? .{0,300}(not found|does not exist|not exist)|model_not_found|manifest.{0,40} does not exist/i
const noEndpoint =
  /page not found|(unknown|invalid) (path|url|endpoint|route|request url)|no route|cannot (get|post) \//i
const callersMistake = new RegExp(
  [
    "^option \".*\" must be of type",
    "^invalid format:",
    "expected \"json\" or a valid JSON Schema",
    "^invalid (think|reasoning) value",
    "^invalid model name",
    "^invalid tool call arguments",
    "^model is required",
    "^missing request body",
    "^illegal base64 data",
    "^time: (invalid|missing)",
    "^json: cannot unmarshal"
  ].join("|"),
  "i"
)
const busy = /server busy|server overloaded|maximum pending requests/i
const quota = /quota|usage limit|upgrade|billing|insufficient|credit/i
const limited = /usage limit|rate.?limit|too many requests|quota exceeded/i
const cloudDisabled = /cloud is disabled/i
const otherScheme = /HTTP request (was sent )?to (an )?HTTPS (server|port)/i

const named = /\bmodel ['"`]([^'"`]{1,300})['"`]/i

// =============================================================================
// deciding
// =============================================================================

interface Facts {
  readonly url: string
  readonly status: number
  readonly detail: string
  readonly partial: PartialAnswer | undefined
}

const byText = (facts: Facts, said: Said, context: AnswerContext): ModelEndpointError | undefined => {
  const { text } = said
  const model = context.model ?? named.exec(text)?.[1]
  const about = { ...facts, ...(model === undefined ? {} : { model }) }
  if (noTools.test(text)) return new ToolsNotSupported(about)
  if (noThinking.test(text)) return new ThinkingNotSupported(about)
  if (noImages.test(text)) return new ImagesNotSupported(about)
  if (overflow.test(text) || (said.promptTokens !== undefined && said.contextSize !== undefined)) {
    return new ContextOverflow({
      ...facts,
      ...(said.promptTokens === undefined ? {} : { promptTokens: said.promptTokens }),
      ...(said.contextSize === undefined ? {} : { contextSize: said.contextSize })
    })
  }
  if (callersMistake.test(text)) return new InvalidRequest(facts)
  if (missing.test(text)) return new ModelNotFound(about)
  return undefined
}

const decide = (
  facts: Facts,
  said: Said,
  answer: { readonly location?: string | undefined; readonly retryAfter?: string | undefined },
  context: AnswerContext
): ModelEndpointError => {
  const { text } = said
  const wait = retryAfterMillis(answer.retryAfter, context.now)
  const retryAfter = wait === undefined ? {} : { retryAfter: wait }
  const unauthorized = () =>
    new Unauthorized({ ...facts, ...(said.signinUrl === undefined ? {} : { signinUrl: said.signinUrl }) })
  const rateLimited = () => new RateLimited({ ...facts, reason: quota.test(text) ? "quota" : "rate", ...retryAfter })
  const serverBusy = () => new ServerBusy({ ...facts, ...retryAfter })
  const endpointNotFound = () =>
    new EndpointNotFound({
      ...facts,
      ...(answer.location === undefined ? {} : { location: short(answer.location) })
    })
  switch (facts.status) {
    case 401:
      return unauthorized()
    case 402:
      return new RateLimited({ ...facts, reason: "quota", ...retryAfter })
    case 403:
      return new Forbidden({
        ...facts,
        reason: text === "" ? "host-or-origin" : cloudDisabled.test(text) ? "cloud-disabled" : "other"
      })
    case 404: {
      if (!said.found || noEndpoint.test(text)) return endpointNotFound()
      const model = context.model ?? named.exec(text)?.[1]
      return byText(facts, said, context) ?? new ModelNotFound({ ...facts, ...(model === undefined ? {} : { model }) })
    }
    case 405:
      return endpointNotFound()
    case 408:
      return new ServerError(facts)
    case 429:
      return rateLimited()
    case 503:
    case 529:
      return byText(facts, said, context) ?? serverBusy()
  }
  // 0 is a redirect that a browser does not let us see.
  if (facts.status < 200 || (facts.status >= 300 && facts.status < 400)) return endpointNotFound()
  const special = byText(facts, said, context)
  if (special !== undefined) return special
  if (facts.status >= 400 && facts.status < 500) {
    if (otherScheme.test(text)) return endpointNotFound()
    if (/cannot run this remote model/i.test(text)) return new Forbidden({ ...facts, reason: "other" })
    return otherKind.test(text) ? new ServerError(facts) : new InvalidRequest(facts)
  }
  if (busy.test(text)) return serverBusy()
  if (facts.status >= 500) return new ServerError(facts)
  // An error inside a success has only its text.
  if (said.signinUrl !== undefined || /^unauthorized$/i.test(text)) return unauthorized()
  if (cloudDisabled.test(text)) return new Forbidden({ ...facts, reason: "cloud-disabled" })
  if (limited.test(text)) return rateLimited()
  return new ServerError(facts)
}

/** The error that an answer is which is no success. */
export const classifyAnswer = (answer: Answer, context: AnswerContext): ModelEndpointError => {
  const said = readBody(answer.body, context.secrets)
  const { partial } = context
  return decide({ url: answer.url, status: answer.status, detail: said.text, partial }, said, answer, context)
}

/**
 * The error inside a success: the `error` of a line or an event, or the whole line. A status that the error itself
 * carries counts as the answer's. Without one that is known, it is a `ServerError`.
 */
export const classifyText = (
  error: unknown,
  where: {
    readonly url: string
    readonly status?: number | undefined
    readonly model?: string | undefined
    readonly partial?: PartialAnswer | undefined
    readonly secrets?: ReadonlyArray<string> | undefined
  }
): ModelEndpointError => {
  const said: Said = { text: "", found: false }
  read(error, said, 0)
  const done = finish(said, where.secrets)
  const facts = {
    url: where.url,
    status: done.status ?? where.status ?? 200,
    detail: done.text,
    partial: where.partial
  }
  return decide(facts, { ...done, found: true }, {}, { now: 0, model: where.model, partial: where.partial })
}

/** The same for an endpoint that is not asked for a model, where errors about models cannot be meant. */
export const asEndpointError = (error: ModelEndpointError): EndpointError => {
  const facts = {
    url: error.url ?? "",
    status: error.status ?? 0,
    detail: error.detail ?? "",
    partial: error.partial
  }
  switch (error._tag) {
    case "ModelNotFound":
      return new EndpointNotFound(facts)
    case "ContextOverflow":
    case "InvalidRequest":
    case "ToolsNotSupported":
    case "ThinkingNotSupported":
    case "ImagesNotSupported":
      return new ServerError(facts)
    default:
      return error
  }
}
