/**
 * The door of this room: a request goes in, the head of an answer and a pull of its bytes come out, under one set of
 * limits. Whatever goes wrong on the way comes out as one of the library's errors, without the request that caused it.
 * Nobody outside knows whether HttpClient, fetch's reader or undici's dispatch is behind it.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
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
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import { mask, redact } from "../core/failure/redact.js"
import { classifyAnswer } from "../core/failure/refusal.js"
import { refusedByHost } from "../core/failure/sentences.js"
import { classifyTransport, responseIn } from "../core/failure/transport.js"
import { MalformedResponse, type ModelEndpointError, RequestTimeout, type TransportError } from "../OllamaError.js"
import { isTraced } from "../telemetry/telemetry.js"
import { makeReader, readOn, type Rest, text } from "./body.js"
import * as Deadlines from "./deadlines.js"
import { arrived, pullOf, sendOf } from "./direct.js"
import type { Arrived, Limits, Outgoing, Reply, Restore, Send } from "./exchange.js"

export { type BodyReader, type Pieces, reader, readError, type Rest, text, unreadable } from "./body.js"
export type { Limits, Outgoing, ReadError, Reply, Restore } from "./exchange.js"

export type Client<R> = HttpClient.HttpClient.With<HttpClientError.HttpClientError, R>

// =============================================================================
// requests
// =============================================================================

/** Whether a URL leads to this machine. */
export const isLoopback = (url: string): boolean => {
  const host = /^https?:\/\/(\[[^\]]*\]|[^/:?#]*)/i.exec(url)?.[1]?.toLowerCase() ?? ""
  return /^127(\.\d{1,3}){3}$/.test(host)
    || /^(.*\.)?localhost\.?$/.test(host)
    || /^\[(0{0,4}:){2,7}0{0,3}1\]$/.test(host)
    || /^\[::ffff:(127\.|7f)/.test(host)
}

/** Whether two roots lead to one server: this machine has more than one name. */
export const isSameServer = (a: string, b: string): boolean => {
  const behindHost = (root: string) => root.replace(/^(https?:\/\/)(\[[^\]]*\]|[^/:]*)/i, "$1")
  return a === b || (isLoopback(a) && isLoopback(b) && behindHost(a) === behindHost(b))
}

/** The request with the endpoint's headers and key. The only place where these are no longer `Redacted`. */
export const makeRequest = (
  { body, endpoint, method, purpose, url }: Omit<Outgoing, "attempts" | "limits">
): HttpClientRequest.HttpClientRequest => {
  const { key } = endpoint
  const headers: Record<string, string> = {}
  for (const name of Object.keys(endpoint.headers)) {
    headers[name.toLowerCase()] = Redacted.value(endpoint.headers[name]!)
  }
  const mayCarryKey = purpose === "completion" || key?.explicit === true || !isLoopback(url)
  if (key !== undefined && endpoint.authHeader && mayCarryKey && headers["authorization"] === undefined) {
    headers["authorization"] = `Bearer ${Redacted.value(key.value)}`
  }
  const request = HttpClientRequest.make(method)(url, { headers })
  if (body === undefined) return request
  return typeof body === "string"
    ? HttpClientRequest.bodyText(request, body, "application/json")
    : HttpClientRequest.bodyStream(request, body, { contentType: "application/octet-stream" })
}

/** What a request carries that nobody may see, as it is and as it may be quoted, the longest first. */
export const secretsOf = (outgoing: Omit<Outgoing, "attempts" | "limits">): ReadonlyArray<string> =>
  secretsIn(makeRequest(outgoing))

// What we send and what answers of Ollama carry is no secret; every other header may be.
const secretHeader =
  /^(?!(accept|content-encoding|content-length|content-type|date|retry-after|server|transfer-encoding|user-agent)$)/

const secretsIn = (request: HttpClientRequest.HttpClientRequest): ReadonlyArray<string> => {
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

// =============================================================================
// the way through `HttpClient`: for every client that is not driven directly, and for all of them where a host traces
// =============================================================================

// The options of fetch that hosts provide are kept. Redirects are never followed: they would carry the key elsewhere.
const withoutRedirects = (context: Context.Context<never>): Context.Context<never> =>
  Context.add(context, FetchHttpClient.RequestInit, {
    ...Option.getOrUndefined(Context.getOption(context, FetchHttpClient.RequestInit)),
    redirect: "manual"
  })

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

const arrivedBy = (response: HttpClientResponse.HttpClientResponse): Arrived => {
  const pull = pullOf(response)
  if (pull !== undefined) return arrived(response, pull)
  // HttpClient aborts a request when the reading of its body is interrupted; there is no other way to say so.
  const close = Effect.forkDaemon(Effect.interruptible(response.arrayBuffer)).pipe(
    Effect.tap(Effect.yieldNow()),
    Effect.flatMap((fiber) => Fiber.interruptFork(fiber))
  )
  return { response, pull, close }
}

// A host's own middleware may make an error of a status (`filterStatusOk`): what the server said is in it.
const respondedIn = (error: unknown): HttpClientResponse.HttpClientResponse | undefined => {
  const response = responseIn(error)
  if (response === undefined || !(HttpClientResponse.TypeId in response)) return undefined
  return response as HttpClientResponse.HttpClientResponse // has its TypeId
}

const isSuccess = ({ status }: HttpClientResponse.HttpClientResponse): boolean => status >= 200 && status < 300

/** On a fiber that can be left alone: some transports never settle. */
const sendThrough = <R>(
  client: Client<R>,
  parent: Fiber.RuntimeFiber<unknown, unknown>,
  traced: boolean
): Send =>
(request, onHead) => {
  const sent = Effect.matchEffect(client.execute(request), {
    onFailure: (error) => {
      const response = respondedIn(error)
      return response === undefined ? Effect.fail(error) : Effect.succeed({
        ...arrivedBy(response),
        seen: true,
        ...(isSuccess(response) ? { unwanted: error } : undefined)
      })
    },
    onSuccess: (response) => Effect.succeed(arrivedBy(response))
  })
  const fiber = Runtime.runFork(runtimeOf<R>(parent, traced))(sent)
  fiber.addObserver(onHead)
  return () => {
    const exit = fiber.unsafePoll()
    if (exit === null) fiber.unsafeInterruptAsFork(FiberId.none)
    else if (Exit.isSuccess(exit)) Effect.runFork(exit.value.close)
  }
}

// =============================================================================
// the head
// =============================================================================

interface Sending {
  readonly outgoing: Outgoing
  readonly request: HttpClientRequest.HttpClientRequest
}

const unsent = (error: unknown, { outgoing: { attempts, limits, url }, request }: Sending) =>
  classifyTransport(error, { url, phase: "head", attempts, limit: limits.firstByte, secrets: secretsIn(request) })

/** Sends a request. Succeeds with an answer that is a success (2xx), its body not read yet. */
export const open = <R>(
  client: Client<R>,
  outgoing: Outgoing,
  restore: Restore
): Effect.Effect<Reply, TransportError | ModelEndpointError | MalformedResponse, R> =>
  Effect.withFiberRuntime((fiber) => {
    const sending: Sending = { outgoing, request: makeRequest(outgoing) }
    if (!isSendable(sending.request)) {
      return Effect.fail(unsent(new TypeError("a header has characters that cannot be sent"), sending))
    }
    // HttpClient makes the span of a request.
    const traced = isTraced(fiber)
    const direct = traced || sending.request.body._tag === "Stream" ? undefined : sendOf(client)
    const deadlines = Deadlines.of(fiber)
    const start = deadlines.now()
    const head = receive(direct ?? sendThrough(client, fiber, traced), sending, start, deadlines, restore)
    return Effect.flatMap(head, (arrived): Effect.Effect<Reply, ModelEndpointError | MalformedResponse> => {
      const { status } = arrived.response
      const secrets = () => secretsIn(sending.request)
      if (arrived.unwanted !== undefined) {
        const detail = unwanted(arrived.unwanted, status, secrets())
        return Effect.zipRight(arrived.close, Effect.fail(new MalformedResponse({ url: outgoing.url, detail })))
      }
      const reply: Reply = { ...arrived, outgoing, start, secrets }
      return isSuccess(arrived.response) ? Effect.succeed(reply) : refused(reply, restore)
    })
  })

// A success that middleware of the host does not want: the host knows why, the server answered.
const unwanted = (error: unknown, status: number, secrets: ReadonlyArray<string>): string => {
  const said = Predicate.hasProperty(error, "message") && typeof error.message === "string" ? error.message : ""
  return `${refusedByHost} (${status}${said === "" ? "" : `: ${mask(said, secrets)}`})`
}

// Waits for the head, or for all of it. Whatever becomes of that, nothing stays open that nobody has.
const receive = (
  send: Send,
  sending: Sending,
  start: number,
  deadlines: Deadlines.Deadlines,
  restore: Restore
): Effect.Effect<Arrived, TransportError> => {
  const { attempts, limits, onHead, url, whole } = sending.outgoing
  const limit = limits.firstByte
  let deadline: Deadlines.Deadline | undefined
  let close = () => {}
  let leave: (() => void) | undefined
  const head = Effect.async<Arrived, TransportError>((resume) => {
    deadline = deadlines.add(deadlines.now() + limit, () => {
      resume(Effect.fail(new RequestTimeout({ url, phase: "first-byte", limit, attempts })))
    })
    close = send(sending.request, (exit) => {
      deadlines.remove(deadline!)
      if (Exit.isFailure(exit)) return resume(Effect.failCause(causeOf(exit.cause, sending)))
      const arrived = exit.value
      const isWanted = arrived.unwanted === undefined && isSuccess(arrived.response)
      if (isWanted) onHead?.()
      leave = isWanted && whole === true
        ? readOn(arrived, limits, start, deadlines, (body) => resume(Effect.succeed({ ...arrived, body })))
        : undefined
      if (leave === undefined) resume(Effect.succeed(arrived))
    })
  })
  // It failed, or took too long, or its asker was interrupted: then the answer may be here already.
  return Effect.tapErrorCause(restore(head), () =>
    Effect.sync(() => {
      if (deadline !== undefined) deadlines.remove(deadline)
      leave?.()
      close()
    }))
}

// node:http throws for input that it does not take, a header value with a line break, say; its errors have such codes.
const isInputDefect = (defect: unknown): boolean =>
  defect instanceof Error && "code" in defect && typeof defect.code === "string" && defect.code.startsWith("ERR_")

const causeOf = (cause: Cause.Cause<unknown>, sending: Sending): Cause.Cause<TransportError> => {
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) return Cause.fail(unsent(failure.value, sending))
  const defect = Option.getOrUndefined(Cause.dieOption(cause))
  return isInputDefect(defect) ? Cause.fail(unsent(defect, sending)) : cause as Cause.Cause<never> // it has no failure
}

// What a refusal says is worth no second error: as much of it as comes while it is waited for so long (ms) in all.
const refusalWait = 5000
const maxRefusal = 64 * 1024
const unlimited: Limits = { firstByte: Infinity, idle: Infinity, total: Infinity, maxBytes: Infinity }

const lenient = new TextDecoder("utf-8")

// Who has read it before left its text with the response.
const remembered = (response: Reply["response"], wait: number): Effect.Effect<string> =>
  Effect.timeoutTo(Effect.orElseSucceed(response.text, () => ""), {
    duration: wait,
    onSuccess: (text) => text.slice(0, maxRefusal),
    onTimeout: () => ""
  })

const refused = Effect.fnUntraced(function*(
  reply: Reply,
  restore: Restore
): Effect.fn.Return<never, ModelEndpointError> {
  const { outgoing: { limits, model, url }, response: { headers, status }, start } = reply
  const before = yield* Clock.currentTimeMillis
  const reader = yield* makeReader(reply, unlimited, start)
  const wait = Math.min(refusalWait, start + limits.total - before)
  const read = yield* Effect.ensuring(restore(reader.beginning(wait, maxRefusal)), reader.close)
  const said = read.length > 0 || reply.seen !== true
    ? lenient.decode(read)
    : yield* restore(remembered(reply.response, wait))
  const secrets = reply.secrets()
  return yield* Effect.fail(classifyAnswer({
    url,
    status,
    // A server may quote what it was sent.
    body: redact(said, secrets),
    location: headers["location"] === undefined ? undefined : mask(headers["location"], secrets),
    retryAfter: headers["retry-after"]
  }, { secrets, now: yield* Clock.currentTimeMillis, model }))
})

// =============================================================================
// both
// =============================================================================

/** Sends a request and reads the answer, under one limit for both. */
export const ask = <R>(
  client: Client<R>,
  outgoing: Omit<Outgoing, "limits" | "whole"> & {
    /** Longest time for all of it, in ms. */
    readonly limit: number
    /** The largest answer, in bytes. */
    readonly maxBytes: number
  },
  rest?: Rest
): Effect.Effect<string, TransportError | ModelEndpointError | MalformedResponse, R> =>
  Effect.uninterruptibleMask((restore) => {
    const { limit, maxBytes } = outgoing
    const limits: Limits = { firstByte: limit, idle: limit, total: limit, maxBytes }
    return Effect.flatMap(
      open(client, { ...outgoing, limits, whole: true }, restore),
      (reply) => text(reply, restore, rest)
    )
  })
