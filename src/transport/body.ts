/**
 * Reads the body of an answer in bounds: bytes, time, and nothing but UTF-8. What goes wrong comes out as one of the
 * library's errors.
 */
import type * as Headers from "@effect/platform/Headers"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { join } from "../core/decode/bytes.js"
import { classifyTransport } from "../core/failure/transport.js"
import { MalformedResponse, RequestTimeout, type TransportError } from "../OllamaError.js"
import { make as makeReader, type ReadLimits } from "./bodyReader.js"
import { within } from "./deadlines.js"
import type { Answer } from "./direct.js"
import type { Restore } from "./restore.js"

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
 * coming is `RequestTimeout`. However it ends, the connection is free or closed.
 */
export const readText = (
  answer: Answer,
  options: ReadOptions,
  restore: Restore
): Effect.Effect<string, TransportError | MalformedResponse> =>
  Effect.suspend(() => {
    const length = lengthOf(answer.response.headers)
    if (length !== undefined && length > options.limit) {
      return Effect.zipRight(answer.close, Effect.fail(tooLarge(options)))
    }
    return answer.pull === undefined && length !== undefined && length <= maxWhole
      ? readWhole(answer, options, restore)
      : readPieces(answer, options, restore)
  })

// In one piece there is no telling when its first byte came: the longer of both limits counts.
const readWhole = (
  { close, response }: Answer,
  options: ReadOptions,
  restore: Restore
): Effect.Effect<string, TransportError | MalformedResponse> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const first = (options.firstByteDeadline ?? now) - now
    const most = Math.min(Math.max(first, options.idle), (options.until ?? Infinity) - now)
    const onTimeout = () => timeout(options, first > options.idle ? "first-byte" : "idle")
    const bytes = Effect.mapError(response.arrayBuffer, (error) => cut(error, options))
    return Effect.flatMap(
      // It may not even have begun.
      Effect.onInterrupt(restore(within(bytes, most, onTimeout)), () => close),
      (buffer) =>
        buffer.byteLength > options.limit
          ? Effect.fail(tooLarge(options))
          : decode(new Uint8Array(buffer), options)
    )
  })

/** The pieces of a body so far. */
class Gathered {
  size = 0
  private readonly pieces: Array<Uint8Array> = []

  get bytes(): Uint8Array {
    return join(this.pieces)
  }

  /** The size (bytes) with these. */
  add(pieces: ReadonlyArray<Uint8Array>): number {
    for (const piece of pieces) {
      this.size += piece.length
      this.pieces.push(piece)
    }
    return this.size
  }
}

const readPieces = (
  answer: Answer,
  options: ReadOptions,
  restore: Restore
): Effect.Effect<string, TransportError | MalformedResponse> =>
  Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      Effect.flatMap(makeReader(answer, limitsOf(options, now)), (reader) => {
        const body = new Gathered()
        const all = reader.all(undefined, (pieces) => body.add(pieces) <= options.limit)
        const done = () => body.size <= options.limit ? decode(body.bytes, options) : Effect.fail(tooLarge(options))
        const read = Effect.matchEffect(all, {
          onFailure: (error): Effect.Effect<string, TransportError | MalformedResponse> => {
            if (error._tag === "ReadTimeout") return Effect.fail(timeout(options, error.phase))
            return isEmptyBody(error.error) ? done() : Effect.fail(cut(error.error, options))
          },
          onSuccess: done
        })
        return Effect.ensuring(restore(read), reader.close)
      })
  )

const limitsOf = ({ firstByte, firstByteDeadline, idle, until }: ReadOptions, now: number): ReadLimits => ({
  firstByteDeadline: firstByteDeadline ?? until ?? now + idle,
  firstByte: firstByte ?? idle,
  idle,
  until
})

const maxPrefix = 64 * 1024
const prefixWait = 5000

/**
 * The beginning of a body that tells of a failure, as text: as much of it as comes while it is waited for 5 s in all, and
 * not after `until` (ms of the clock). What a failed answer says is worth no second failure.
 */
export const readPrefix = (answer: Answer, restore: Restore, until = Infinity): Effect.Effect<string> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.flatMap(makeReader(answer, endless), (reader) => {
      const body = new Gathered()
      const all = reader.all(Math.min(prefixWait, until - now), (pieces) => body.add(pieces) < maxPrefix)
      return Effect.map(
        Effect.ensuring(restore(Effect.ignore(all)), reader.close),
        () => lenient.decode(body.bytes.subarray(0, maxPrefix))
      )
    }))

const endless: ReadLimits = { firstByteDeadline: Infinity, firstByte: Infinity, idle: Infinity }
