/**
 * Reads the body of an answer in bounds: bytes, time, and nothing but UTF-8. What goes wrong comes out as one of the
 * library's errors.
 */
import type * as Headers from "@effect/platform/Headers"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { MalformedResponse, RequestTimeout, type TransportError } from "../OllamaError.js"
import { make as makeReader, type ReadLimits } from "./bodyReader.js"
import { join } from "./bytes.js"
import { classifyTransport } from "./classifyTransport.js"
import { within } from "./deadlines.js"
import { pullOf } from "./direct.js"

const strict = new TextDecoder("utf-8", { fatal: true })
const lenient = new TextDecoder("utf-8")

export interface ReadOptions {
  readonly url: string
  /** Which attempt this is; the first by default. */
  readonly attempts?: number | undefined
  /** Texts that must not appear in an error. */
  readonly secrets?: (() => ReadonlyArray<string>) | undefined
  /** The largest body, in bytes. */
  readonly limit: number
  /** Longest wait for more, in ms; none when infinite. */
  readonly idle: number
  /** When the first byte is due, in ms of the clock, if that is not after `idle`. */
  readonly firstByteDeadline?: number | undefined
  /** The limit that this came from, in ms. */
  readonly firstByte?: number | undefined
  /** When all of it is due, in ms of the clock. */
  readonly until?: number | undefined
}

// Up to this size, a body whose length is known comes in one piece.
const maxWhole = 256 * 1024

const lengthOf = (headers: Headers.Headers): number | undefined => {
  const text = headers["content-length"]
  const encoding = headers["content-encoding"]
  return text !== undefined && /^\d{1,15}$/.test(text) && (encoding === undefined || encoding === "identity")
    ? Number(text)
    : undefined
}

const tooLarge = (options: ReadOptions) =>
  new MalformedResponse({ url: options.url, detail: `it is larger than ${options.limit} bytes` })

const decode = (bytes: Uint8Array, options: ReadOptions): Effect.Effect<string, MalformedResponse> => {
  try {
    return Effect.succeed(strict.decode(bytes))
  } catch {
    return Effect.fail(new MalformedResponse({ url: options.url, detail: "it is not valid UTF-8" }))
  }
}

const isEmptyBody = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "reason" in error && error.reason === "EmptyBody"

const timeout = (options: ReadOptions, phase: "first-byte" | "idle") =>
  phase === "idle" || options.firstByte === undefined
    ? new RequestTimeout({ url: options.url, phase: "idle", limit: options.idle, attempts: options.attempts ?? 1 })
    : new RequestTimeout({ url: options.url, phase, limit: options.firstByte, attempts: options.attempts ?? 1 })

const cut = (error: unknown, options: ReadOptions): TransportError =>
  classifyTransport(error, {
    url: options.url,
    phase: "body",
    attempts: options.attempts ?? 1,
    limit: options.idle,
    secrets: options.secrets?.()
  })

/**
 * The whole body as text: bounded, and nothing but UTF-8. A body that is cut is `ConnectionFailed`, one that stops
 * coming is `RequestTimeout`.
 */
export const readText = (
  response: HttpClientResponse.HttpClientResponse,
  options: ReadOptions
): Effect.Effect<string, TransportError | MalformedResponse> =>
  Effect.suspend(() => {
    const length = lengthOf(response.headers)
    if (length !== undefined && length > options.limit) {
      return Effect.zipRight(discard(response), Effect.fail(tooLarge(options)))
    }
    if (length === undefined || length > maxWhole || pullOf(response) !== undefined) {
      return readPieces(response, options)
    }
    const whole = Effect.mapError(response.arrayBuffer, (error) => cut(error, options))
    return Effect.flatMap(
      limited(whole, options),
      (buffer) =>
        buffer.byteLength > options.limit
          ? Effect.fail(tooLarge(options))
          : decode(new Uint8Array(buffer), options)
    )
  })

// In one piece there is no telling when its first byte came: the longer of both limits counts.
const limited = <A, E>(whole: Effect.Effect<A, E>, options: ReadOptions): Effect.Effect<A, E | TransportError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const first = (options.firstByteDeadline ?? now) - now
    const duration = Math.max(first, options.idle)
    const onTimeout = () => timeout(options, first > options.idle ? "first-byte" : "idle")
    return Number.isFinite(duration) ? within(whole, duration, onTimeout) : whole
  })

const limitsOf = ({ firstByte, firstByteDeadline, idle, until }: ReadOptions, now: number): ReadLimits => ({
  firstByteDeadline: firstByteDeadline ?? until ?? now + idle,
  firstByte: firstByte ?? idle,
  idle,
  until
})

const readPieces = (
  response: HttpClientResponse.HttpClientResponse,
  options: ReadOptions
): Effect.Effect<string, TransportError | MalformedResponse> =>
  Effect.suspend(() => {
    const pieces: Array<Uint8Array> = []
    let size = 0
    const take = (some: Iterable<Uint8Array>): boolean => {
      for (const piece of some) {
        size += piece.length
        pieces.push(piece)
      }
      return size <= options.limit
    }
    const endless = !Number.isFinite(options.idle) && !Number.isFinite(options.firstByteDeadline ?? Infinity)
    const read = pullOf(response) === undefined && endless
      ? readStream(response, options, take)
      : readWatched(response, options, take)
    return Effect.flatMap(read, () => decode(join(pieces), options))
  })

type Take = (some: Iterable<Uint8Array>) => boolean

// Under somebody else's limit, a body needs none of its own, and no fiber but this one.
const readStream = (
  response: HttpClientResponse.HttpClientResponse,
  options: ReadOptions,
  take: Take
): Effect.Effect<void, TransportError | MalformedResponse> =>
  Effect.scoped(Effect.flatMap(Stream.toPull(response.stream), (pull) => {
    const all: Effect.Effect<void, TransportError | MalformedResponse> = Effect.matchEffect(pull, {
      onFailure: Option.match({
        onNone: () => Effect.void,
        onSome: (error) => isEmptyBody(error) ? Effect.void : Effect.fail(cut(error, options))
      }),
      onSuccess: (some) => take(some) ? all : Effect.fail(tooLarge(options))
    })
    return all
  }))

const readWatched = (
  response: HttpClientResponse.HttpClientResponse,
  options: ReadOptions,
  take: Take
): Effect.Effect<void, TransportError | MalformedResponse> =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      Effect.flatMap(makeReader(response, limitsOf(options, now)), (reader) => {
        let fits = true
        const read = Effect.matchEffect(reader.all(undefined, (pieces) => fits = take(pieces)), {
          onFailure: (error): Effect.Effect<void, TransportError | MalformedResponse> => {
            if (error._tag === "ReadTimeout") return Effect.fail(timeout(options, error.phase))
            return isEmptyBody(error.error) ? Effect.void : Effect.fail(cut(error.error, options))
          },
          onSuccess: () => fits ? Effect.void : Effect.fail(tooLarge(options))
        })
        return Effect.ensuring(read, reader.close)
      })
  )

const maxPrefix = 64 * 1024
const prefixWait = 5000

/**
 * The beginning of a body that tells of a failure, as text: as much of it as comes while it is waited for 5 s in all.
 * What a failed answer says is worth no second failure.
 */
export const readPrefix = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse
): Effect.fn.Return<string> {
  const reader = yield* makeReader(response, { firstByteDeadline: Infinity, firstByte: Infinity, idle: Infinity })
  const pieces: Array<Uint8Array> = []
  let size = 0
  const all = reader.all(prefixWait, (some) => {
    for (const piece of some) {
      size += piece.length
      pieces.push(piece)
    }
    return size < maxPrefix
  })
  yield* Effect.ensuring(Effect.ignore(all), reader.close)
  return lenient.decode(join(pieces).subarray(0, maxPrefix))
})

/** Closes the connection of an answer that will not be read. */
export const discard = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<void> =>
  Effect.suspend(() => {
    const direct = pullOf(response)
    if (direct !== undefined) return Effect.sync(() => direct.cancel())
    // HttpClient aborts a request when the reading of its body is interrupted; there is no other way to say so.
    return Effect.forkDaemon(Effect.interruptible(response.arrayBuffer)).pipe(
      Effect.tap(Effect.yieldNow()),
      Effect.flatMap(Fiber.interruptFork)
    )
  })
