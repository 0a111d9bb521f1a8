/**
 * The one edge to HTTP: makes requests and sends them under a limit. Everything that can go wrong on the way comes
 * out as one of the library's errors, without the request that caused it.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { type MalformedResponse, type ModelEndpointError, RequestTimeout, type TransportError } from "../OllamaError.js"
import type { Provider, ProviderHeaders } from "../Provider.js"
import * as Answer from "./answer.js"
import { readPrefix, readText } from "./body.js"
import { classifyAnswer } from "./classifyAnswer.js"
import { classifyTransport, mask, redact } from "./classifyTransport.js"
import * as Deadlines from "./deadlines.js"
import { type Send, sendOf } from "./direct.js"
import { isTraced } from "./span.js"

// =============================================================================
// requests
// =============================================================================

export interface RequestOptions {
  readonly provider: Pick<Provider, "key" | "headers" | "authHeader">
  readonly method: "GET" | "POST"
  readonly url: string
  /** JSON text. */
  readonly body?: string | undefined
  /** Instead of the provider's. */
  readonly headers?: ProviderHeaders | undefined
  /** A discovery on loopback sends no key but one that was configured for the provider. */
  readonly purpose: "discovery" | "completion"
}

/** Whether a URL leads to this machine. */
export const isLoopback = (url: string): boolean => {
  const host = /^https?:\/\/(\[[^\]]*\]|[^/:?#]*)/i.exec(url)?.[1]?.toLowerCase() ?? ""
  return /^127(\.\d{1,3}){3}$/.test(host)
    || /^(.*\.)?localhost\.?$/.test(host)
    || /^\[(0{0,4}:){2,7}0{0,3}1\]$/.test(host)
    || /^\[::ffff:(127\.|7f)/.test(host)
}

/** The request with the provider's headers and key. The only place where these are no longer `Redacted`. */
export const makeRequest = (options: RequestOptions): HttpClientRequest.HttpClientRequest => {
  const { key } = options.provider
  const given = options.headers ?? options.provider.headers
  const headers: Record<string, string> = {}
  for (const name of Object.keys(given)) headers[name.toLowerCase()] = Redacted.value(given[name]!)
  const mayCarryKey = options.purpose === "completion" || key?.explicit === true || !isLoopback(options.url)
  if (key !== undefined && options.provider.authHeader && mayCarryKey && headers["authorization"] === undefined) {
    headers["authorization"] = `Bearer ${Redacted.value(key.value)}`
  }
  const request = HttpClientRequest.make(options.method)(options.url, { headers })
  return options.body === undefined ? request : HttpClientRequest.bodyText(request, options.body, "application/json")
}

// =============================================================================
// sending
// =============================================================================

export interface OpenOptions {
  /** For errors; without secrets. */
  readonly url: string
  /** Longest wait for the head of the answer, in ms; none when infinite. */
  readonly firstByte: number
  /** Which attempt this is. */
  readonly attempts: number
  /** The model that is asked for. */
  readonly model?: string | undefined
}

// What we send and what answers of Ollama carry is no secret; every other header may be.
const secretHeader =
  /^(?!(accept|content-encoding|content-length|content-type|date|retry-after|server|transfer-encoding|user-agent)$)/

/** What a request holds that nobody may see, as it is and as it may be quoted, the longest first. */
export const secretsOf = (request: HttpClientRequest.HttpClientRequest): ReadonlyArray<string> => {
  const secrets: Array<string> = []
  for (const name of Object.keys(request.headers)) {
    if (!secretHeader.test(name)) continue
    const value = request.headers[name]!
    for (const secret of [value.replace(/^\w+\s+/, ""), value]) {
      const json = JSON.stringify(secret).slice(1, -1)
      for (const quoted of [secret, json]) secrets.push(quoted, quoted.replace(/\s+/g, " "))
    }
  }
  return secrets.sort((a, b) => b.length - a.length)
}

// HTTP clients quote what they refuse, and the spans of HttpClient show that before it can be masked here.
const isSendable = (request: HttpClientRequest.HttpClientRequest): boolean =>
  Object.keys(request.headers).every((name) =>
    /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(request.headers[name]!)
  )

// The options of fetch that hosts provide are kept. Redirects are never followed: they would carry the key elsewhere.
const withoutRedirects = (context: Context.Context<never>): Context.Context<never> =>
  Context.add(context, FetchHttpClient.RequestInit, {
    ...Option.getOrUndefined(Context.getOption(context, FetchHttpClient.RequestInit)),
    redirect: "manual"
  })

// node:http throws for input that it does not take, a header value with a line break, say; its errors have such codes.
const isInputDefect = (defect: unknown): boolean =>
  defect instanceof Error && "code" in defect && typeof defect.code === "string" && defect.code.startsWith("ERR_")

// How HttpClient is to behave. To be used on a fiber of its own: what is set is not set back.
const settings: Effect.Effect<void> = Effect.withFiberRuntime(
  (fiber) =>
    FiberRef.update(Headers.currentRedactedNames, (names) => [...names, secretHeader]).pipe(
      Effect.zipRight(FiberRef.update(FiberRef.currentContext, withoutRedirects)),
      Effect.zipRight(
        isTraced(fiber)
          ? FiberRef.set(HttpClient.currentTracerPropagation, false)
          : FiberRef.set(HttpClient.currentTracerDisabledWhen, constTrue)
      )
    )
)

type Client<R> = HttpClient.HttpClient.With<HttpClientError.HttpClientError, R>

const scopedClients = new WeakMap<object, Client<Scope.Scope>>()

// A client whose requests are aborted by the end of a scope, and not by that of the response object: HttpClient would keep
// each response, with all that belongs to it, for a finalizer until the next full collection.
const scoped = <R>(client: Client<R>): Client<R | Scope.Scope> => {
  const known = scopedClients.get(client) as Client<R | Scope.Scope> | undefined
  if (known !== undefined) return known
  const made = HttpClient.withScope(client)
  scopedClients.set(client, made as Client<Scope.Scope>)
  return made
}

// Sends a request, on a fiber of its own, and gives its answer, whatever its status.
const exchange = <R>(
  client: Client<R>,
  request: HttpClientRequest.HttpClientRequest,
  options: Omit<OpenOptions, "firstByte"> & { readonly limit: number }
): Effect.Effect<Answer.Answer, TransportError, R> => {
  const fail = (error: unknown) => Effect.fail(unsent(error, request, options))
  if (!isSendable(request)) return Effect.fail(unsendable(request, options))
  return Effect.flatMap(Scope.make(), (scope) => {
    const abort = Scope.close(scope, Exit.void)
    return Effect.zipRight(settings, Scope.extend(scoped(client).execute(request), scope)).pipe(
      Effect.map((response) => Answer.through(response, abort)),
      Effect.catchAllCause((cause): Effect.Effect<never, TransportError> => {
        const failure = Cause.failureOrCause(cause)
        if (failure._tag === "Left") return fail(failure.left)
        const defect = Option.getOrUndefined(Cause.dieOption(cause))
        return isInputDefect(defect) ? fail(defect) : Effect.failCause(failure.right)
      }),
      Effect.onInterrupt(() => abort)
    )
  })
}

const unsent = (
  error: unknown,
  request: HttpClientRequest.HttpClientRequest,
  { attempts, limit, url }: { readonly url: string; readonly attempts: number; readonly limit: number }
) => classifyTransport(error, { url, phase: "head", attempts, limit, secrets: secretsOf(request) })

const unsendable = (request: HttpClientRequest.HttpClientRequest, options: Parameters<typeof unsent>[2]) =>
  unsent(new TypeError("a header has characters that cannot be sent"), request, options)

const succeeded = (
  request: HttpClientRequest.HttpClientRequest,
  answer: Answer.Answer,
  options: Pick<OpenOptions, "url" | "model">
) => {
  const { status } = answer.response
  return status >= 200 && status < 300 ? Effect.succeed(answer) : failed(request, answer, options)
}

/** Sends a request. Succeeds with an answer that is a success (2xx), its body not read yet. */
export const open = <R>(
  client: Client<R>,
  request: HttpClientRequest.HttpClientRequest,
  options: OpenOptions
): Effect.Effect<Answer.Answer, TransportError | ModelEndpointError, R> =>
  Effect.withFiberRuntime((fiber) => {
    // HttpClient makes the span of a request.
    const send = isTraced(fiber) ? undefined : sendOf(client)
    const opened = send === undefined
      ? openLimited(client, request, options)
      : openDirectly(send, request, options, Deadlines.of(fiber))
    return Effect.flatMap(opened, (answer) => succeeded(request, answer, options))
  })

const openLimited = <R>(
  client: Client<R>,
  request: HttpClientRequest.HttpClientRequest,
  options: OpenOptions
): Effect.Effect<Answer.Answer, TransportError, R> => {
  const { attempts, firstByte: limit, url } = options
  let arrived: Answer.Answer | undefined
  return Effect.onInterrupt(
    Deadlines.within(
      Effect.tap(exchange(client, request, { ...options, limit }), (answer) => Effect.sync(() => arrived = answer)),
      limit,
      () => new RequestTimeout({ url, phase: "first-byte", limit, attempts })
    ),
    // An answer may have arrived while its asker was interrupted.
    () => arrived === undefined ? Effect.void : arrived.close
  )
}

const openDirectly = (
  send: Send,
  request: HttpClientRequest.HttpClientRequest,
  { attempts, firstByte: limit, url }: OpenOptions,
  deadlines: Deadlines.Deadlines
): Effect.Effect<Answer.Answer, TransportError> => {
  if (!isSendable(request)) return Effect.fail(unsendable(request, { attempts, limit, url }))
  let deadline: Deadlines.Deadline | undefined
  let close = () => {}
  const stop = Effect.sync(() => {
    if (deadline !== undefined) deadlines.remove(deadline)
    close()
  })
  const opening = Effect.async<Answer.Answer, TransportError>((resume) => {
    deadline = deadlines.add(deadlines.now() + limit, () => {
      resume(Effect.zipRight(stop, Effect.fail(new RequestTimeout({ url, phase: "first-byte", limit, attempts }))))
    })
    close = send(request, (error, response) => {
      deadlines.remove(deadline!)
      resume(
        response === undefined
          ? Effect.fail(unsent(error, request, { attempts, limit, url }))
          : Effect.succeed(Answer.direct(response, response))
      )
    })
  })
  return Effect.onInterrupt(opening, () => stop)
}

const failed = Effect.fnUntraced(function*(
  request: HttpClientRequest.HttpClientRequest,
  answer: Answer.Answer,
  options: Pick<OpenOptions, "url" | "model">
): Effect.fn.Return<never, ModelEndpointError> {
  const body = yield* readPrefix(answer)
  const { headers, status } = answer.response
  const secrets = secretsOf(request)
  return yield* Effect.fail(classifyAnswer({
    url: options.url,
    status,
    // A server may quote what it was sent.
    body: redact(body, secrets),
    location: headers["location"] === undefined ? undefined : mask(headers["location"], secrets),
    retryAfter: headers["retry-after"]
  }, {
    secrets,
    now: yield* Clock.currentTimeMillis,
    model: options.model
  }))
})

// =============================================================================
// both
// =============================================================================

export interface AskOptions extends Pick<OpenOptions, "url" | "attempts" | "model"> {
  /** Longest time for all of it, in ms. */
  readonly limit: number
  /** The largest answer, in bytes. */
  readonly maxBytes: number
  /** Called when the answer begins. */
  readonly onHead?: (() => void) | undefined
}

/** Sends a request and reads the answer, under one limit for both. */
export const ask = <R>(
  client: Client<R>,
  request: HttpClientRequest.HttpClientRequest,
  { attempts, limit, maxBytes, model, onHead, url }: AskOptions
): Effect.Effect<string, TransportError | ModelEndpointError | MalformedResponse, R> =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      Effect.flatMap(open(client, request, { url, attempts, model, firstByte: limit }), (answer) => {
        onHead?.()
        return readText(answer, { url, attempts, limit: maxBytes, idle: limit, until: now + limit })
      })
  )
