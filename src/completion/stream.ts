/** An answer as a stream, read and decoded as it is pulled; and the events of a whole one, where nothing is streamed. */
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Candidate } from "../catalog/catalog.js"
import type { FinishEvent, StreamEvent } from "../Chat.js"
import { type About, about } from "../core/about.js"
import { notUtf8, Portions } from "../core/decode/bytes.js"
import { make as makeDecoder } from "../core/decode/decoder.js"
import type { ContentEvent, DecodeFailure, Decoder } from "../core/decode/types.js"
import { decodeError, interrupted } from "../core/failure/answer.js"
import { repaired } from "../core/repair/repairs.js"
import type { PartialAnswer } from "../Message.js"
import type { AttemptError, CompletionError } from "../OllamaError.js"
import type * as Telemetry from "../telemetry/telemetry.js"
import * as Transport from "../transport/transport.js"
import { answerWhole, type Asking, beginRepairs, type Call, contextOf, decodingOf, send, type Sent } from "./attempt.js"
import { type Answered, type Completion, firstToAnswer } from "./candidates.js"
import * as shortLived from "./shortLived.js"

/**
 * Asks with `stream: true`. `keepChars`: how much of the answer is kept, for `parts` and for errors; all by default. Whoever
 * calls it closes what it returns.
 */
const openStream = (
  asking: Asking,
  keepChars: number | undefined,
  restore: Transport.Restore
): Effect.Effect<OpenStream, AttemptError> =>
  Effect.flatMap(restore(asking.settings.generateId), (makeId) => {
    shortLived.tell()
    // Before anything is open: a repair of the caller's may throw.
    const { maxBytes } = asking.settings.limits
    const decoder = repaired(
      makeDecoder({
        wire: asking.wire,
        ...decodingOf(asking),
        maxEventBytes: maxBytes,
        maxAnswerChars: maxBytes,
        keepChars,
        makeId
      }),
      beginRepairs(asking, makeId),
      keepChars
    )
    return Effect.flatMap(send(asking, true, restore), (sent) =>
      Effect.map(Transport.reader(sent.reply), (reader) => new OpenStream(asking, sent, reader, decoder)))
  })

// More than this does not follow a finish: usage and an end mark are small.
const maxAfterFinish = 64 * 1024

type Events = ReadonlyArray<ContentEvent>

type Next = Effect.Effect<Events | undefined, AttemptError>

class OpenStream {
  /** What the next read will fail with, when that is known. */
  failure: AttemptError | undefined
  /** Only once the answer is finished. */
  about: About | undefined
  private over = false
  private afterFinish = 0
  private readonly portions = new Portions()
  /** The next events, at least one before the finish; `undefined` when there is nothing more to read. */
  readonly next: Next
  readonly close: Effect.Effect<void>

  constructor(
    private readonly asking: Asking,
    private readonly sent: Sent,
    private readonly reader: Transport.BodyReader,
    private readonly decoder: Decoder
  ) {
    this.close = reader.close
    this.next = Effect.suspend(() => this.told() ?? this.decodeMore() ?? this.wait)
  }

  /** The answer is finished, and its body was read to the end. */
  get isOver(): boolean {
    return this.about !== undefined && (this.over || this.reader.isAtEnd)
  }

  /** All that arrived. */
  get parts(): PartialAnswer["parts"] {
    return this.decoder.partial().parts
  }

  private get partial(): PartialAnswer | undefined {
    const partial = this.decoder.partial()
    return partial.parts.length === 0 ? undefined : partial
  }

  private get grace(): number {
    return this.asking.settings.finishGrace
  }

  /** Once nothing more is decoded. */
  private told(): Next | undefined {
    if (this.failure !== undefined) return Effect.fail(this.failure)
    if (this.over) return Effect.succeed(undefined)
    return this.about === undefined ? undefined : this.drain
  }

  /** Reads to the end of the body, so that the connection can be used again. */
  private get drain(): Next {
    const rest = this.reader.all(this.grace, (pieces) => !this.isTooMuch(pieces))
    return Effect.match(rest, { onFailure: () => undefined, onSuccess: () => undefined })
  }

  /**
   * The fiber is woken only for events, and for the end: what is less than an event waits in the decoder. An interrupted
   * read goes on until `close`, for nobody.
   */
  private readonly wait: Next = Effect.async((resume) => {
    const onRead = (error: Transport.ReadError | undefined, pieces: Transport.Pieces | undefined): boolean => {
      let next: Next | undefined
      try {
        next = error === undefined ? this.onPieces(pieces) : this.onError(error)
      } catch (defect) {
        // a repair of the caller's threw; the transport must not see it
        next = Effect.die(defect)
      }
      if (next !== undefined) resume(next)
      return next === undefined
    }
    this.reader.each(() => this.decoder.isFinished ? this.grace : undefined, onRead)
  })

  private onPieces(pieces: Transport.Pieces | undefined): Next | undefined {
    if (pieces === undefined || (this.decoder.isFinished && this.isTooMuch(pieces))) return this.end()
    this.portions.add(pieces)
    return this.decodeMore()
  }

  private onError(error: Transport.ReadError): Next {
    // Once finished, an answer is complete: only its usage may be missing.
    return this.decoder.isFinished
      ? this.end()
      : Effect.fail(interrupted(Transport.readError(error, this.sent.reply), this.partial))
  }

  private isTooMuch(pieces: Transport.Pieces): boolean {
    for (const piece of pieces) this.afterFinish += piece.length
    return this.afterFinish > maxAfterFinish
  }

  /** What the bytes at hand say; `undefined` when that is nothing. */
  private decodeMore(): Next | undefined {
    while (!this.portions.isEmpty) {
      const events = this.decoder.push(this.portions.next())
      if (this.decoder.failure !== undefined) this.failure = this.decodeFailure(this.decoder.failure)
      else if (this.decoder.isDone) return this.finish(events)
      if (events.length > 0) return Effect.succeed(events)
      if (this.failure !== undefined) return Effect.fail(this.failure)
    }
    return undefined
  }

  private end(): Next {
    this.over = true
    return this.finish([])
  }

  // The finish is told as soon as it is known, also when no event comes with it.
  private finish(before: Events): Next {
    const end = this.decoder.end()
    if (this.decoder.failure !== undefined) this.failure = this.decodeFailure(this.decoder.failure)
    else if (end.finish !== undefined) this.about = about(end.finish, this.asking.selection, this.sent.asked)
    const events = end.events.length === 0 ? before : [...before, ...end.events]
    return events.length === 0 && this.failure !== undefined ? Effect.fail(this.failure) : Effect.succeed(events)
  }

  private decodeFailure(failure: DecodeFailure): AttemptError {
    const { reply } = this.sent
    const told = failure._tag === "Malformed" && failure.detail === notUtf8
      ? { ...failure, detail: Transport.unreadable(reply, notUtf8) }
      : failure
    return decodeError(told, contextOf(this.sent, this.asking, this.partial))
  }
}

// =============================================================================
// the stream of events
// =============================================================================

// The caller of a stream has seen its events: for an error, the beginning of a very long answer is enough.
const keptOfStreams = 1024 * 1024

/** What is to be ended with a stream, however it ends. */
export interface Connection {
  close: Effect.Effect<void>
  operation: Telemetry.Operation | undefined
}

/** An answer that has begun: its first events, then those that `open` reads, or all of them and what is said about them. */
interface Begun {
  readonly first: ReadonlyArray<StreamEvent> | undefined
  readonly open: OpenStream | undefined
  readonly about: About | undefined
  readonly parts: PartialAnswer["parts"]
}

export type Opened = Answered<Begun>

/** Opens an answer and waits for its first events: until they are there, another model may still be tried. */
export const open = (
  completion: Completion,
  call: Call,
  candidates: ReadonlyArray<Candidate>,
  connection: Connection
): Effect.Effect<Opened, CompletionError> =>
  firstToAnswer(completion, call, candidates, (asking): Effect.Effect<Begun, AttemptError> =>
    asking.selection.streaming
      ? begin(asking, connection)
      : Effect.map(
        answerWhole(asking),
        ({ about, events, parts }) => ({ first: events, open: undefined, about, parts })
      ))

const begin = (asking: Asking, connection: Connection): Effect.Effect<Begun, AttemptError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(openStream(asking, keptOfStreams, restore), (open) => {
      connection.close = open.close
      return Effect.tapErrorCause(
        Effect.flatMap(restore(open.next), (first): Effect.Effect<Begun, AttemptError> =>
          // What came with a failure has reached nobody yet.
          open.failure === undefined
            ? Effect.succeed({ first, open, about: undefined, parts: [] })
            : Effect.fail(open.failure)),
        () => open.close
      )
    })
  )

/** A stream of what `open` opens, closed however it ends. One channel for all of it: in Effect 3 each step of one is dear. */
export const stream = <R>(
  open: (connection: Connection) => Effect.Effect<Opened, CompletionError, R>
): Stream.Stream<StreamEvent, CompletionError, R> =>
  Stream.fromChannel(Channel.suspend(() => {
    const connection: Connection = { close: Effect.void, operation: undefined }
    return Channel.ensuringWith(
      Channel.flatMap(Channel.fromEffect(open(connection)), (opened) => emit(opened, connection.operation)),
      (exit) => Effect.zipRight(connection.close, Effect.sync(() => connection.operation?.end(exit)))
    )
  }))

type Emit = Channel.Channel<Chunk.Chunk<StreamEvent>, unknown, AttemptError, unknown, void>

// One network piece becomes one chunk; the finish goes out with the last of them.
const emit = (
  { attempts, value: { about, first, open, parts } }: Opened,
  operation: Telemetry.Operation | undefined
): Emit => {
  operation?.begins()
  let finished = false
  const finish = (said: About): FinishEvent => {
    finished = true
    operation?.answers(said, () => open?.parts ?? parts)
    return { type: "finish", ...said, attempts }
  }
  const write = (events: ReadonlyArray<StreamEvent> | undefined): Emit => {
    const done = finished ? undefined : about ?? open?.about
    if (events === undefined && done === undefined) return Channel.void
    const written = Channel.write(
      Chunk.unsafeFromArray(done === undefined ? events! : [...(events ?? []), finish(done)])
    )
    return next === undefined || open!.isOver ? written : Channel.flatMap(written, () => next)
  }
  const next: Emit | undefined = open === undefined ? undefined : Channel.flatMap(Channel.fromEffect(open.next), write)
  return write(first)
}

// =============================================================================
// the whole answer of a stream
// =============================================================================

/** The whole answer, put together from what is streamed. */
export const collected = (asking: Asking) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(openStream(asking, undefined, restore), (open) =>
      Effect.ensuring(
        Effect.map(restore(drain(open)), () => ({ parts: open.parts, about: open.about! })),
        open.close
      ))
  )

const drain = (open: OpenStream): Effect.Effect<void, AttemptError> =>
  Effect.flatMap(open.next, (events) => events === undefined ? Effect.void : drain(open))
