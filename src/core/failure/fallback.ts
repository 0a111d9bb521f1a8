/** When the next model is tried, and what it comes to when none answers. Pure. */
import type * as Arr from "effect/Array"
import {
  AllModelsFailed,
  type Attempt,
  type AttemptError,
  type CompletionError,
  type ConnectionRefused,
  type TransportError
} from "../../OllamaError.js"
import { isUnexplained } from "./sentences.js"
import { isTransportError } from "./transport.js"

/**
 * Whether another model may answer where this one failed. Always, but for a mistake of the caller that would be one
 * anywhere: a request that is wrong whatever the model, and a model that the caller named and nobody has, which never
 * silently becomes another one.
 */
export const mayFallBack = (error: AttemptError, namedByCaller: boolean): boolean =>
  error._tag !== "InvalidRequest" && !(namedByCaller && isNobodys.has(error._tag))

const isNobodys: ReadonlySet<AttemptError["_tag"]> = new Set([
  "UnknownModel",
  "InvalidModelRef",
  "NoToolModels",
  "NoModelsConfigured"
])

/** Whether the same request to the same model is worth repeating: nothing has been generated yet. */
export const mayRetry = (error: AttemptError): boolean => {
  // what was generated is paid for
  if ("partial" in error && error.partial !== undefined) return false
  switch (error._tag) {
    case "ConnectionRefused":
      return true
    case "ServerBusy":
      return waitable(error.retryAfter)
    case "ConnectionFailed":
      return error.reason === "reset"
    case "RateLimited":
      // 413: one request alone is over the limit
      return error.reason !== "quota" && error.status !== 413 && waitable(error.retryAfter)
    default:
      return false
  }
}

/**
 * Whether a server that did not answer a probe may yet do so: it may be starting. Browsers do not say of any failure what
 * it was.
 */
export const mayProbe = (error: { readonly _tag: string }): error is TransportError =>
  isTransportError(error)
  && (error._tag !== "ConnectionFailed" || error.reason === "reset" || isUnexplained(error.cause))

/** The longest `Retry-After` that is waited for, in ms. */
const longestWait = 30_000

const waitable = (retryAfter: number | undefined): boolean => retryAfter === undefined || retryAfter <= longestWait

/** The scheme, host and port of a URL. */
export const origin = (url: string): string => /^[a-z]+:\/\/[^/?#]*/i.exec(url)?.[0].toLowerCase() ?? url

/** The hosts that refused the connection within a call, by origin: none is asked again. */
export type Refusals = Map<string, ConnectionRefused>

/** How the host of that URL refused. */
export const refusalOf = (refusals: Refusals, url: string): ConnectionRefused | undefined => refusals.get(origin(url))

/** Remembers the host of an error that is a refusal. */
export const noteRefusal = (refusals: Refusals, error: AttemptError): void => {
  if (error._tag === "ConnectionRefused") refusals.set(origin(error.url), error)
}

/** What two attempts must share for their errors to be one: the provider, or the host. */
const identity = (error: AttemptError): string | undefined => {
  switch (error._tag) {
    case "NotEnabled":
    case "ProviderUnavailable":
    case "NoModelsConfigured":
    case "NoToolModels":
      return `${error._tag} ${error.provider}`
    case "MissingEnvironmentVariable":
      return `${error._tag} ${error.path}`
    case "ConfigInvalid":
      return `${error._tag} ${error.problems.map((problem) => problem.path).join()}`
    case "ConnectionRefused":
    case "ConnectionFailed":
    case "RequestTimeout":
      return `${error._tag} ${origin(error.url)}`
    default:
      return undefined
  }
}

/**
 * The error of a call whose candidates all failed: the one error that they share, so that a handler written for one
 * model still fires, else all of them.
 */
export const combine = (attempts: Arr.NonEmptyReadonlyArray<Attempt>): CompletionError => {
  const first = attempts[0].error
  if (attempts.length === 1) return first
  const shared = identity(first)
  return shared !== undefined && attempts.every((attempt) => identity(attempt.error) === shared)
    ? first
    : new AllModelsFailed({ attempts })
}
