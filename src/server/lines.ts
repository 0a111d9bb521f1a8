/** An answer of many lines, read as it is pulled. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { join } from "../core/decode/bytes.js"
import { redactCut } from "../core/failure/redact.js"
import { classifyText } from "../core/failure/refusal.js"
import { type JsonRecord, own } from "../core/json.js"
import type { Endpoint } from "../core/provider.js"
import { JsonLines } from "../core/server/lines.js"
import type { Body } from "../core/server/requests.js"
import { IncompleteResponse, MalformedResponse, type TransportError } from "../OllamaError.js"
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

/** What a line amounts to, and whether it is the last one. */
export interface Taken<A> {
  readonly events: ReadonlyArray<A>
  readonly done: boolean
}

/** Takes the lines of one answer. */
export type Take<A> = (line: JsonRecord) => Either.Either<Taken<A>, string>

/** How long (ms) and how much may follow the last line, so that the connection can be used again. */
const grace = 1000
const maxAfterDone = 64 * 1024

class Reading<A> {
  /** What the next read fails with. */
  private failure: StreamError | undefined
  private done = false
  private readonly lines: JsonLines

  constructor(
    private readonly reply: Transport.Reply,
    private readonly reader: Transport.BodyReader,
    private readonly take: Take<A>
  ) {
    this.lines = new JsonLines(reply.outgoing.limits.maxBytes)
  }

  /** The next events, at least one. */
  readonly next: Effect.Effect<Chunk.Chunk<A>, Option.Option<StreamError>> = Effect.suspend(() => {
    if (this.failure !== undefined) return Effect.fail(Option.some(this.failure))
    return this.done ? Effect.zipRight(this.drain, Effect.fail(Option.none())) : this.wait
  })

  private readonly drain = Effect.suspend(() => {
    let size = 0
    return Effect.ignore(this.reader.all(grace, (pieces) => {
      for (const piece of pieces) size += piece.length
      return size <= maxAfterDone
    }))
  })

  private readonly wait = Effect.async<Chunk.Chunk<A>, Option.Option<StreamError>>((resume) => {
    this.reader.each(() => undefined, (error, pieces) => {
      const events: Array<A> = []
      if (error === undefined) this.onPieces(pieces, events)
      else this.failure = broken(Transport.readError(error, this.reply))
      if (events.length > 0) resume(Effect.succeed(Chunk.unsafeFromArray(events)))
      else if (this.failure !== undefined) resume(Effect.fail(Option.some(this.failure)))
      else return true
      return false
    })
  })

  private onPieces(pieces: Transport.Pieces | undefined, events: Array<A>): void {
    for (const line of pieces === undefined ? this.lines.end() : this.lines.push(join(pieces))) {
      if (this.done || this.failure !== undefined) return
      this.onLine(line, events)
    }
    if (this.done || this.failure !== undefined) return
    if (this.lines.failure !== undefined) this.failure = this.malformed(this.lines.failure)
    else if (pieces === undefined) this.failure = new IncompleteResponse({ url: this.url, reason: "ended" })
  }

  private onLine(line: JsonRecord, events: Array<A>): void {
    const error = own(line, "error")
    if (error !== undefined && error !== null) {
      const { model } = this.reply.outgoing
      this.failure = classifyText(error, { url: this.url, model, secrets: this.reply.secrets() })
      return
    }
    const taken = this.take(line)
    if (Either.isLeft(taken)) this.failure = this.malformed(taken.left)
    else {
      for (const event of taken.right.events) events.push(event)
      this.done = taken.right.done
    }
  }

  private malformed(detail: string): MalformedResponse {
    const told = redactCut(Transport.unreadable(this.reply, detail), this.reply.secrets())
    return new MalformedResponse({ url: this.url, detail: told })
  }

  private get url(): string {
    return this.reply.outgoing.url
  }
}

// After a head, a broken connection is an answer that is not whole.
const broken = (error: TransportError | MalformedResponse): StreamError =>
  error._tag === "ConnectionFailed" || error._tag === "ConnectionRefused"
    ? new IncompleteResponse({ url: error.url, reason: "connection", cause: error.cause })
    : error

/** The answer to a request, line by line; closed however the stream ends. */
export const lines = <A>(
  { client, endpoint, limits }: Streaming,
  path: string,
  body: Body,
  makeTake: () => Take<A>
): Stream.Stream<A, StreamError> =>
  Stream.unwrapScoped(Effect.uninterruptibleMask((restore) => {
    const outgoing: Transport.Outgoing = {
      endpoint,
      method: "POST",
      url: `${endpoint.root}${path}`,
      body: JSON.stringify(body),
      purpose: "completion",
      model: body.model,
      attempts: 1,
      limits
    }
    return Effect.flatMap(Transport.open(client, outgoing, restore), (reply) =>
      Effect.flatMap(Transport.reader(reply), (reader) => {
        const reading = new Reading(reply, reader, makeTake())
        return Effect.as(
          Effect.addFinalizer(() =>
            reader.close
          ),
          Stream.repeatEffectChunkOption(reading.next)
        )
      }))
  }))
