/**
 * The door of this room: a request goes in, the head of an answer and a pull of its bytes come out, under one set of
 * limits. Whatever goes wrong on the way comes out as one of the library's errors, without the request that caused it.
 * Nobody outside knows whether HttpClient, fetch's reader or undici's dispatch is behind it.
 */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { mask, redact } from "../core/failure/redact.js"
import { classifyAnswer } from "../core/failure/refusal.js"
import { classifyTransport } from "../core/failure/transport.js"
import { MalformedResponse, type ModelEndpointError, RequestTimeout, type TransportError } from "../OllamaError.js"
import { isTraced } from "../telemetry/telemetry.js"
import { type BodyReader, makeReader, type ReadError } from "./body.js"
import * as Deadlines from "./deadlines.js"
import { sendOf } from "./direct.js"
import type { Arrived, Limits, Outgoing, Reply, Restore, Send } from "./exchange.js"
import { type Client, secretHeader, sendThrough } from "./httpClient.js"

export type { BodyReader, Pieces, ReadError } from "./body.js"
export type { Limits, Outgoing, Reply, Restore } from "./exchange.js"
export type { Client } from "./httpClient.js"

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
): Effect.Effect<Reply, TransportError | ModelEndpointError, R> =>
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
    const head = receive(direct ?? sendThrough(client, fiber, traced), sending, deadlines, restore)
    return Effect.flatMap(head, (arrived) => {
      const { status } = arrived.response
      const secrets = () => secretsIn(sending.request)
      const reply: Reply = { ...arrived, outgoing, start, secrets }
      return status >= 200 && status < 300 ? Effect.succeed(reply) : refused(reply, restore)
    })
  })

// Waits for the head. Whatever becomes of that, nothing stays open that nobody has.
const receive = (
  send: Send,
  sending: Sending,
  deadlines: Deadlines.Deadlines,
  restore: Restore
): Effect.Effect<Arrived, TransportError> => {
  const { attempts, limits: { firstByte: limit }, url } = sending.outgoing
  let deadline: Deadlines.Deadline | undefined
  let close = () => {}
  const head = Effect.async<Arrived, TransportError>((resume) => {
    deadline = deadlines.add(deadlines.now() + limit, () => {
      resume(Effect.fail(new RequestTimeout({ url, phase: "first-byte", limit, attempts })))
    })
    close = send(sending.request, (exit) => {
      deadlines.remove(deadline!)
      resume(Exit.mapErrorCause(exit, (cause) => causeOf(cause, sending)))
    })
  })
  // It failed, or took too long, or its asker was interrupted: then the answer may be here already.
  return Effect.tapErrorCause(restore(head), () =>
    Effect.sync(() => {
      if (deadline !== undefined) deadlines.remove(deadline)
      close()
    }))
}

// node:http throws for input that it does not take, a header value with a line break, say; its errors have such codes.
const isInputDefect = (defect: unknown): boolean =>
  defect instanceof Error && "code" in defect && typeof defect.code === "string" && defect.code.startsWith("ERR_")

const causeOf = (cause: Cause.Cause<unknown>, sending: Sending): Cause.Cause<TransportError> => {
  const failure = Cause.failureOrCause(cause)
  if (failure._tag === "Left") return Cause.fail(unsent(failure.left, sending))
  const defect = Option.getOrUndefined(Cause.dieOption(cause))
  return isInputDefect(defect) ? Cause.fail(unsent(defect, sending)) : failure.right
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
// the body
// =============================================================================

/** A reader of the body, which the caller closes. */
export const reader = (reply: Reply): Effect.Effect<BodyReader> => makeReader(reply, reply.outgoing.limits, reply.start)

const maxCauses = 5

// Whether a compression could not be undone: Node has codes for it, other runtimes say it in words.
const isCompression = (error: unknown): boolean => {
  let at = error
  for (let i = 0; i < maxCauses && typeof at === "object" && at !== null; i++) {
    const { code, message } = at as { readonly code?: unknown; readonly message?: unknown }
    if (typeof code === "string" && /^(Z_[A-Z]+_ERROR|ERR__ERROR_FORMAT|ERR_BROTLI|ERR_ZLIB)/.test(code)) return true
    if (typeof message === "string" && /incorrect header check|(invalid|corrupt) (gzip|deflate)/i.test(message)) {
      return true
    }
    at = Reflect.get(at, "cause")
  }
  return false
}

/** What a read ran into. */
export const readError = (
  error: ReadError,
  { outgoing: { attempts, limits, url }, response, secrets }: Reply
): TransportError | MalformedResponse => {
  if (error._tag === "ReadTimeout") return new RequestTimeout({ url, phase: error.phase, limit: error.ms, attempts })
  return isCompression(error.error)
    ? new MalformedResponse({ url, detail: `it is not what its Content-Encoding says (${encodingOf(response)})` })
    : classifyTransport(error.error, { url, phase: "body", attempts, limit: limits.idle, secrets: secrets() })
}

const encodingOf = ({ headers }: Reply["response"]): string => mask(headers["content-encoding"] ?? "none", [], 40)

/** Why a body is no text: it may have come compressed, and nobody undid that. */
export const unreadable = ({ response }: Reply, detail: string): string =>
  /^(identity)?$/i.test(response.headers["content-encoding"]?.trim() ?? "")
    ? detail
    : `${detail}: it says that it is compressed (${encodingOf(response)})`

const strict = new TextDecoder("utf-8", { fatal: true })

/** What of a body is read as text, when something else is made of the rest. */
export type Rest = (bytes: Uint8Array) => Uint8Array

const decode = (bytes: Uint8Array, reply: Reply, rest: Rest | undefined): Effect.Effect<string, MalformedResponse> => {
  const { limits, url } = reply.outgoing
  if (bytes.length > limits.maxBytes) return Effect.fail(tooLarge(limits, url))
  try {
    return Effect.succeed(strict.decode(rest === undefined ? bytes : rest(bytes)))
  } catch {
    return Effect.fail(new MalformedResponse({ url, detail: unreadable(reply, "it is not valid UTF-8") }))
  }
}

const tooLarge = ({ maxBytes }: Limits, url: string) =>
  new MalformedResponse({ url, detail: `it is larger than ${maxBytes} bytes` })

// What the head says about the length of what is read.
const lengthOf = ({ response: { headers } }: Reply): number | undefined => {
  const text = headers["content-length"]
  const encoding = headers["content-encoding"]
  return text !== undefined && /^\d{1,15}$/.test(text) && (encoding === undefined || encoding === "identity")
    ? Number(text)
    : undefined
}

/**
 * The whole body as text: bounded, and nothing but UTF-8. A body that is cut is `ConnectionFailed`, one that stops
 * coming is `RequestTimeout`. However it ends, the connection is free or closed.
 */
export const text = (
  reply: Reply,
  restore: Restore,
  rest?: Rest
): Effect.Effect<string, TransportError | MalformedResponse> =>
  Effect.suspend(() => {
    const { outgoing } = reply
    const { maxBytes } = outgoing.limits
    if ((lengthOf(reply) ?? 0) > maxBytes) {
      return Effect.zipRight(reply.close, Effect.fail(tooLarge(outgoing.limits, outgoing.url)))
    }
    return Effect.flatMap(
      reader(reply),
      (reader) =>
        Effect.matchEffect(Effect.ensuring(restore(reader.bytes(maxBytes)), reader.close), {
          onFailure: (error) => Effect.fail(readError(error, reply)),
          onSuccess: (bytes) => decode(bytes, reply, rest)
        })
    )
  })

// =============================================================================
// both
// =============================================================================

/** Sends a request and reads the answer, under one limit for both. `onHead` is called when the answer begins. */
export const ask = <R>(
  client: Client<R>,
  outgoing: Omit<Outgoing, "limits"> & {
    /** Longest time for all of it, in ms. */
    readonly limit: number
    /** The largest answer, in bytes. */
    readonly maxBytes: number
  },
  onHead?: () => void,
  rest?: Rest
): Effect.Effect<string, TransportError | ModelEndpointError | MalformedResponse, R> =>
  Effect.uninterruptibleMask((restore) => {
    const { limit, maxBytes } = outgoing
    const limits: Limits = { firstByte: limit, idle: limit, total: limit, maxBytes }
    return Effect.flatMap(open(client, { ...outgoing, limits }, restore), (reply) => {
      onHead?.()
      return text(reply, restore, rest)
    })
  })
