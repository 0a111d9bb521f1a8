/** An answer of many lines, read as it is pulled. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { join } from "../core/decode/bytes.js"
import type { PlainFailure } from "../core/decode/types.js"
import { interrupted, plainError } from "../core/failure/answer.js"
import type { Endpoint } from "../core/provider.js"
import { written } from "../core/request/plain.js"
import type { Decoding } from "../core/server/lines.js"
import type { Body } from "../core/server/requests.js"
import type { IncompleteResponse } from "../OllamaError.js"
import * as Transport from "../transport/transport.js"
import type { ModelError } from "./questions.js"

/**
 * How something fails that is told line by line.
 *
 * @since 0.1.0
 * @category errors
 */
export type StreamError = ModelError | IncompleteResponse

/** Who is asked, and what bounds the answer. */
export interface Streaming {
  readonly client: Transport.Client<never>
  readonly endpoint: Endpoint
  readonly limits: Transport.Limits
}

/** How long (ms) and how much may follow the last line: an error, or the end, after which the connection can be used again. */
const grace = 1000
const maxAfterFinish = 64 * 1024

class Reading<A> {
  /** What the next read fails with. */
  private failure: StreamError | undefined
  private over = false
  private afterFinish = 0

  constructor(
    private readonly reply: Transport.Reply,
    private readonly reader: Transport.BodyReader,
    private readonly decoding: Decoding<A>
  ) {}

  /** The next events, at least one. */
  readonly next: Effect.Effect<Chunk.Chunk<A>, Option.Option<StreamError>> = Effect.suspend(() =>
    this.told ?? this.wait
  )

  private readonly wait = Effect.async<Chunk.Chunk<A>, Option.Option<StreamError>>((resume) => {
    this.reader.each(() => this.decoding.isFinished ? grace : undefined, (error, pieces) => {
      const events = this.onRead(error, pieces)
      const next = events.length > 0 ? Effect.succeed(Chunk.unsafeFromArray(events)) : this.told
      if (next !== undefined) resume(next)
      return next === undefined
    })
  })

  /** Once nothing more is read. */
  private get told(): Effect.Effect<never, Option.Option<StreamError>> | undefined {
    if (this.failure !== undefined) return Effect.fail(Option.some(this.failure))
    return this.over ? Effect.fail(Option.none()) : undefined
  }

  private onRead(error: Transport.ReadError | undefined, pieces: Transport.Pieces | undefined): ReadonlyArray<A> {
    const { decoding } = this
    const wasFinished = decoding.isFinished
    if (error !== undefined && !wasFinished) {
      this.failure = interrupted(Transport.readError(error, this.reply), decoding.partial?.())
      return []
    }
    this.over = pieces === undefined || (wasFinished && this.isTooMuch(pieces))
    const events = pieces === undefined || this.over ? decoding.end() : decoding.push(join(pieces))
    if (decoding.failure !== undefined) this.failure = this.failureOf(decoding.failure)
    // Some servers put a finish on every line: it was none.
    if (wasFinished && events.length > 0) {
      this.afterFinish = 0
      this.reader.forgetWaits()
    }
    return events
  }

  private isTooMuch(pieces: Transport.Pieces): boolean {
    for (const piece of pieces) this.afterFinish += piece.length
    return this.afterFinish > maxAfterFinish
  }

  private failureOf(failure: PlainFailure): StreamError {
    const { outgoing: { model, url }, secrets } = this.reply
    const told = failure._tag === "Malformed"
      ? { ...failure, detail: Transport.unreadable(this.reply, failure.detail) }
      : failure
    return plainError(told, { url, model, partial: this.decoding.partial?.(), secrets: secrets() })
  }
}

/** The answer to a request, line by line; closed however the stream ends. `decode`: of at most so many bytes at once. */
export const lines = <A>(
  { client, endpoint, limits }: Streaming,
  path: string,
  body: Body,
  decode: (most: number) => Decoding<A>
): Stream.Stream<A, StreamError> =>
  Stream.unwrapScoped(Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(written(body), (text) => {
      const outgoing: Transport.Outgoing = {
        endpoint,
        method: "POST",
        url: `${endpoint.root}${path}`,
        body: text,
        purpose: "completion",
        model: body.model,
        attempts: 1,
        limits
      }
      return Effect.flatMap(Transport.open(client, outgoing, restore), (reply) =>
        Effect.flatMap(Transport.reader(reply), (reader) => {
          const reading = new Reading(reply, reader, decode(limits.maxBytes))
          return Effect.as(
            Effect.addFinalizer(() =>
              reader.close
            ),
            Stream.repeatEffectChunkOption(reading.next)
          )
        }))
    })
  ))
