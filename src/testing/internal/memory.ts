/** The mock as an `HttpClient`: no sockets, no promises, so that `TestClock` governs every delay. */
import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { causeOf, type Runtime } from "../../core/mock/failures.js"
import { headersOf, type Plan, sending } from "../../core/mock/plan.js"
import type { Recording, Server } from "../../core/mock/server.js"

const concat = (chunks: Iterable<Uint8Array>) => {
  const list = Array.from(chunks)
  const all = new Uint8Array(list.reduce((sum, bytes) => sum + bytes.length, 0))
  let at = 0
  for (const bytes of list) {
    all.set(bytes, at)
    at += bytes.length
  }
  return all
}

const utf8 = new TextDecoder()

/** What becomes of an answer whose head has come. */
class Exchange {
  /** Before the head a client waits, and afterwards while it reads: one that only looks at the head does not leave. */
  private waits = true
  private isOver = false

  constructor(private readonly plan: Plan, private readonly record: Recording) {}

  /** What nobody has to wait for is all there, whether somebody reads it or not. */
  head(): void {
    this.waits = false
    const { chunks, end } = this.plan
    if (end !== "complete" || chunks.some(({ delay }) => delay > 0)) return
    this.plan.effect?.()
    this.over()
  }

  reading(): void {
    this.waits = true
  }

  sending(index: number): void {
    if (!this.isOver) sending(this.plan, index)
  }

  over(): void {
    this.isOver = true
    this.record.complete = this.plan.end === "complete"
  }

  left(): void {
    if (this.waits && !this.isOver) this.record.aborted = true
  }
}

class Response extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly cookies = Cookies.empty
  readonly remoteAddress = Option.some("127.0.0.1")
  readonly status: number
  readonly headers: Headers.Headers
  readonly stream: Stream.Stream<Uint8Array, HttpClientError.ResponseError>
  private readonly bytes: Effect.Effect<Uint8Array, HttpClientError.ResponseError>

  constructor(
    readonly request: HttpClientRequest.HttpClientRequest,
    plan: Plan,
    now: number,
    runtime: Runtime,
    url: URL,
    exchange: Exchange
  ) {
    super()
    this.status = plan.head!.status
    this.headers = Headers.fromInput(headersOf(plan, now))
    const chunks = Stream.mapEffect(
      Stream.fromIterable(plan.chunks.entries()).pipe(Stream.rechunk(1)),
      ([index, { bytes, delay }]) =>
        Effect.zipRight(
          delay > 0 ? Effect.sleep(delay) : Effect.void,
          Effect.sync(() => {
            exchange.sending(index)
            return bytes
          })
        )
    )
    this.stream = Stream.concat(
      Stream.suspend(() => {
        exchange.reading()
        return chunks
      }),
      Stream.execute(Effect.suspend((): Effect.Effect<void, HttpClientError.ResponseError> => {
        switch (plan.end) {
          case "reset":
          case "close":
            exchange.over()
            return this.fail(causeOf(runtime, plan.end, url, true))
          case "stall":
            return Effect.never
          default:
            return Effect.sync(() => exchange.over())
        }
      }))
    )
    // a body is read once, and then remembered
    this.bytes = Effect.runSync(Effect.cached(Effect.map(Stream.runCollect(this.stream), concat)))
  }

  private fail(cause: unknown) {
    return Effect.fail(
      new HttpClientError.ResponseError({ request: this.request, response: this, reason: "Decode", cause })
    )
  }

  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "effect-ollama/testing/MockResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }

  get text() {
    return Effect.map(this.bytes, (bytes) => utf8.decode(bytes))
  }

  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return Effect.flatMap(this.text, (text) =>
      Effect.suspend(() => {
        try {
          return Effect.succeed(text === "" ? null : JSON.parse(text) as unknown)
        } catch (cause) {
          return this.fail(cause)
        }
      }))
  }

  get arrayBuffer() {
    return Effect.map(this.bytes, (bytes) => bytes.slice().buffer)
  }

  get urlParamsBody() {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return this.fail(new TypeError("the mock answers no forms"))
  }
}

const nothing = new Uint8Array(0)

const bodyOf = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Uint8Array, HttpClientError.RequestError> => {
  const { body } = request
  switch (body._tag) {
    case "Empty":
    case "FormData":
      return Effect.succeed(nothing)
    case "Uint8Array":
      return Effect.succeed(body.body)
    case "Raw":
      return Effect.sync(() =>
        typeof body.body === "string"
          ? new TextEncoder().encode(body.body)
          : body.body instanceof Uint8Array
          ? body.body
          : body.body instanceof ArrayBuffer
          ? new Uint8Array(body.body)
          : nothing
      )
    case "Stream":
      return Stream.runCollect(body.stream).pipe(
        Effect.map(concat),
        Effect.mapError((cause) => new HttpClientError.RequestError({ request, reason: "Encode", cause }))
      )
  }
}

/** As a client adds them: what the body says of itself. */
const sentHeaders = (request: HttpClientRequest.HttpClientRequest) => {
  const { body } = request
  const added: Record<string, string> = {}
  if (body._tag !== "Empty" && body._tag !== "FormData") {
    if (body.contentType !== undefined) added["content-type"] = body.contentType
    if (body.contentLength !== undefined) added["content-length"] = String(body.contentLength)
  }
  return { ...added, ...request.headers }
}

export const makeClient = (server: Server, runtime: Runtime): HttpClient.HttpClient =>
  HttpClient.make(Effect.fnUntraced(function*(request, url, signal) {
    const bytes = yield* bodyOf(request)
    const now = yield* Clock.currentTimeMillis
    const { plan, record } = server.handle(
      { method: request.method, url: url.href, headers: sentHeaders(request), body: utf8.decode(bytes), bytes },
      now
    )
    const exchange = new Exchange(plan, record)
    signal.addEventListener("abort", () => exchange.left(), { once: true })
    if (plan.delay > 0) yield* Effect.sleep(plan.delay)
    if (plan.head !== undefined) {
      exchange.head()
      return new Response(request, plan, now + plan.delay, runtime, url, exchange)
    }
    if (plan.end === "stall" || plan.end === "complete") return yield* Effect.never
    exchange.over()
    return yield* new HttpClientError.RequestError({
      request,
      reason: "Transport",
      cause: causeOf(runtime, plan.end, url, false)
    })
  }))
