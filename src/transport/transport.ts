/**
 * The one edge to HTTP: makes requests and sends them under a limit. Everything that can go wrong on the way comes
 * out as one of the library's errors, without the request that caused it.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import { mask, redact } from "../core/failure/redact.js"
import { classifyAnswer } from "../core/failure/refusal.js"
import { classifyTransport } from "../core/failure/transport.js"
import type { Provider, ProviderHeaders } from "../core/provider.js"
import { type MalformedResponse, type ModelEndpointError, RequestTimeout, type TransportError } from "../OllamaError.js"
import { isTraced } from "../telemetry/span.js"
import { readPrefix, readText } from "./body.js"
import * as Deadlines from "./deadlines.js"
import { type Answer, answer as answerOf, pullOf, type Send, sendOf } from "./direct.js"
import type { Restore } from "./restore.js"

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
  /** When all of it is due, in ms of the clock: what a failed answer says is not waited for longer. */
  readonly until?: number | undefined
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

type Client<R> = HttpClient.HttpClient.With<HttpClientError.HttpClientError, R>

// How a fiber sends that does nothing else: as its parent would, under the settings of this library.
const runtimeOf = <R>(parent: Fiber.RuntimeFiber<unknown, unknown>, traced: boolean): Runtime.Runtime<R> => {
  const set = <A>(fiberRefs: FiberRefs.FiberRefs, fiberRef: FiberRef.FiberRef<A>, value: A) =>
    FiberRefs.updateAs(fiberRefs, { fiberId: parent.id(), fiberRef, value })
  const names = [...parent.getFiberRef(Headers.currentRedactedNames), secretHeader]
  const redacted = set(parent.getFiberRefs(), Headers.currentRedactedNames, names)
  return Runtime.make({
    context: withoutRedirects(parent.currentContext) as Context.Context<R>, // of an effect that needs R
    runtimeFlags: Runtime.defaultRuntimeFlags,
    fiberRefs: traced
      ? set(redacted, HttpClient.currentTracerPropagation, false)
      : set(redacted, HttpClient.currentTracerDisabledWhen, constTrue)
  })
}

const answered = (response: HttpClientResponse.HttpClientResponse): Answer => {
  const pull = pullOf(response)
  if (pull !== undefined) return answerOf(response, pull)
  // HttpClient aborts a request when the reading of its body is interrupted; there is no other way to say so.
  const close = Effect.forkDaemon(Effect.interruptible(response.arrayBuffer)).pipe(
    Effect.tap(Effect.yieldNow()),
    Effect.flatMap(Fiber.interruptFork)
  )
  return { response, pull, close }
}

// Through HttpClient, on a fiber that can be left alone: some transports never settle.
const sendThrough = <R>(client: Client<R>, runtime: Runtime.Runtime<R>): Send => (request, onHead) => {
  const fiber = Runtime.runFork(runtime)(Effect.map(client.execute(request), answered))
  fiber.addObserver(onHead)
  return () => {
    const exit = fiber.unsafePoll()
    if (exit === null) fiber.unsafeInterruptAsFork(FiberId.none)
    else if (Exit.isSuccess(exit)) Effect.runFork(exit.value.close)
  }
}

const unsent = (
  error: unknown,
  request: HttpClientRequest.HttpClientRequest,
  { attempts, firstByte: limit, url }: OpenOptions
) => classifyTransport(error, { url, phase: "head", attempts, limit, secrets: secretsOf(request) })

const succeeded = (
  request: HttpClientRequest.HttpClientRequest,
  answer: Answer,
  options: OpenOptions,
  restore: Restore
) => {
  const { status } = answer.response
  return status >= 200 && status < 300 ? Effect.succeed(answer) : failed(request, answer, options, restore)
}

/** Sends a request. Succeeds with an answer that is a success (2xx), its body not read yet. */
export const open = <R>(
  client: Client<R>,
  request: HttpClientRequest.HttpClientRequest,
  options: OpenOptions,
  restore: Restore
): Effect.Effect<Answer, TransportError | ModelEndpointError, R> =>
  Effect.withFiberRuntime((fiber) => {
    if (!isSendable(request)) {
      return Effect.fail(unsent(new TypeError("a header has characters that cannot be sent"), request, options))
    }
    // HttpClient makes the span of a request.
    const traced = isTraced(fiber)
    const direct = traced ? undefined : sendOf(client)
    const head = receive(direct ?? sendThrough(client, runtimeOf<R>(fiber, traced)), request, options, fiber, restore)
    return Effect.flatMap(head, (answer) => succeeded(request, answer, options, restore))
  })

// Waits for the head of the answer. Whatever becomes of that, nothing stays open that nobody has.
const receive = (
  send: Send,
  request: HttpClientRequest.HttpClientRequest,
  options: OpenOptions,
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  restore: Restore
): Effect.Effect<Answer, TransportError> => {
  const { attempts, firstByte: limit, url } = options
  const deadlines = Deadlines.of(fiber)
  let deadline: Deadlines.Deadline | undefined
  let close = () => {}
  const head = Effect.async<Answer, TransportError>((resume) => {
    deadline = deadlines.add(deadlines.now() + limit, () => {
      resume(Effect.fail(new RequestTimeout({ url, phase: "first-byte", limit, attempts })))
    })
    close = send(request, (exit) => {
      deadlines.remove(deadline!)
      resume(Exit.mapErrorCause(exit, (cause) => causeOf(cause, request, options)))
    })
  })
  // It failed, or took too long, or its asker was interrupted: then the answer may be here already.
  return Effect.tapErrorCause(restore(head), () =>
    Effect.sync(() => {
      if (deadline !== undefined) deadlines.remove(deadline)
      close()
    }))
}

const causeOf = (
  cause: Cause.Cause<unknown>,
  request: HttpClientRequest.HttpClientRequest,
  options: OpenOptions
): Cause.Cause<TransportError> => {
  const failure = Cause.failureOrCause(cause)
  if (failure._tag === "Left") return Cause.fail(unsent(failure.left, request, options))
  const defect = Option.getOrUndefined(Cause.dieOption(cause))
  return isInputDefect(defect) ? Cause.fail(unsent(defect, request, options)) : failure.right
}

const failed = Effect.fnUntraced(function*(
  request: HttpClientRequest.HttpClientRequest,
  answer: Answer,
  options: OpenOptions,
  restore: Restore
): Effect.fn.Return<never, ModelEndpointError> {
  const body = yield* readPrefix(answer, restore, options.until)
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
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const until = now + limit
      return Effect.flatMap(
        open(client, request, { url, attempts, model, firstByte: limit, until }, restore),
        (answer) => {
          onHead?.()
          return readText(answer, { url, attempts, limit: maxBytes, idle: limit, until }, restore)
        }
      )
    })
  )
