/**
 * Which error an answer is that is no success: by what it says, its codes first and its text second, and else by its
 * status; never by a `type` alone, which differs between versions. One function for all servers, pure and total: the body
 * may be Ollama's JSON in any of its shapes, another server's, a proxy's HTML, or nothing.
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
  RequestRejected,
  ServerBusy,
  ServerError,
  ThinkingNotSupported,
  ToolsNotSupported,
  Unauthorized
} from "../../OllamaError.js"
import type { EndpointError, ModelEndpointError } from "../../OllamaError.js"
import { isMistake } from "./mistake.js"
import { cut } from "./redact.js"
import * as said from "./said.js"
import { type Kind, kindOf, namesPath, saysQuota } from "./vocabulary.js"

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

/** The wait (ms, finite) that a `Retry-After` of seconds or of a date asks for. */
export const retryAfterMillis = (value: string | undefined, now: number): number | undefined => {
  const text = value?.trim() ?? ""
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text) * 1000), Number.MAX_SAFE_INTEGER)
  if (!/[a-z]{3}/i.test(text)) return undefined
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

// =============================================================================
// deciding
// =============================================================================

interface Heard {
  readonly url: string
  readonly status: number
  readonly said: said.Said
  readonly location?: string | undefined
  readonly retryAfter?: number | undefined
  readonly model?: string | undefined
  readonly partial: PartialAnswer | undefined
}

type Decision = Kind | "endpoint" | "host" | "forbidden" | "mistake" | "rejected" | "failed"

// 0 is a redirect that a browser does not let us see.
const isElsewhere = (status: number): boolean => status < 200 || (status >= 300 && status < 400) || status === 405

const decide = ({ said, status }: Heard): Decision => {
  const { found, text } = said
  if (isElsewhere(status)) return "endpoint"
  if (status === 401) return "unauthorized"
  if (status === 402) return "quota"
  if (isMistake(text, status)) return "mistake"
  const kind = kindOf(said)
  if (status === 429) return kind === "quota" || (kind !== "rate" && saysQuota(text)) ? "quota" : "rate"
  if (kind !== undefined) return kind
  // A full queue says so in many words.
  if (status === 503 || status === 529) return "busy"
  if (status === 403) return text === "" ? "host" : "forbidden"
  if (status === 404) return found && text !== "" && !namesPath(text) ? "rejected" : "endpoint"
  if (status === 200 || status === 410) return namesPath(text) ? "endpoint" : status === 200 ? "failed" : "rejected"
  // Whoever waited too long, or went away, was not refused.
  return status >= 400 && status < 500 && status !== 408 && status !== 499 ? "rejected" : "failed"
}

const named = /\bmodel ['"`]([^'"`]{1,300})['"`]/i

const errorOf = (heard: Heard): ModelEndpointError => {
  const { code, contextSize, promptTokens, signinUrl, text } = heard.said
  const facts = { url: heard.url, status: heard.status, detail: cut(text, maxDetail), partial: heard.partial }
  const model = heard.model ?? named.exec(text)?.[1]
  const about = { ...facts, ...(model === undefined ? {} : { model }) }
  const wait = heard.retryAfter === undefined ? {} : { retryAfter: heard.retryAfter }
  switch (decide(heard)) {
    case "tools":
      return new ToolsNotSupported(about)
    case "thinking":
      return new ThinkingNotSupported(about)
    case "images":
      return new ImagesNotSupported(about)
    case "overflow": {
      const counted = { ...defined(said.tokensIn(text)), ...defined({ promptTokens, contextSize }) }
      return new ContextOverflow({ ...facts, ...counted })
    }
    case "missing":
      return new ModelNotFound(about)
    case "unauthorized":
      return new Unauthorized({ ...facts, ...(signinUrl === undefined ? {} : { signinUrl }) })
    case "quota":
      return new RateLimited({ ...facts, reason: "quota", ...wait })
    case "rate":
      return new RateLimited({ ...facts, reason: "rate", ...wait })
    case "busy":
      return new ServerBusy({ ...facts, ...wait })
    case "cloud":
      return new Forbidden({ ...facts, reason: "cloud-disabled" })
    case "host":
      return new Forbidden({ ...facts, reason: "host-or-origin" })
    case "forbidden":
      return new Forbidden({ ...facts, reason: "other" })
    case "endpoint":
    case "scheme":
      return new EndpointNotFound({
        ...facts,
        ...(heard.location === undefined ? {} : { location: cut(heard.location, maxDetail) })
      })
    case "mistake":
      return new InvalidRequest(facts)
    case "rejected":
      return new RequestRejected({ ...facts, ...(code === undefined ? {} : { code }) })
    case "failed":
      return new ServerError(facts)
  }
}

const defined = ({ contextSize, promptTokens }: Pick<said.Said, "promptTokens" | "contextSize">) => ({
  ...(promptTokens === undefined ? {} : { promptTokens }),
  ...(contextSize === undefined ? {} : { contextSize })
})

const finite = (status: number): number => Number.isFinite(status) ? status : 0

/** The error that an answer is which is no success. */
export const classifyAnswer = (answer: Answer, context: AnswerContext): ModelEndpointError =>
  errorOf({
    url: answer.url,
    status: finite(answer.status),
    said: said.ofBody(answer.body, context.secrets),
    location: answer.location,
    retryAfter: retryAfterMillis(answer.retryAfter, context.now),
    model: context.model,
    partial: context.partial
  })

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
  const heard = said.ofValue(error, where.secrets)
  return errorOf({
    url: where.url,
    status: heard.status ?? finite(where.status ?? 200),
    said: { ...heard, found: true },
    model: where.model,
    partial: where.partial
  })
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
      return facts.status >= 400 && facts.status < 500 ? new RequestRejected(facts) : new ServerError(facts)
    default:
      return error
  }
}
