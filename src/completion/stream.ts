/** An answer as a stream, read and decoded as it is pulled; and the events of a whole one, where nothing is streamed. */
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Stream from "effect/Stream"
import type { FinishEvent, StreamEvent } from "../Chat.js"
import { notUtf8, Portions } from "../core/decode/bytes.js"
import { type About, about } from "../core/decode/decoder.js"
import type { ContentEvent, DecodeFailure, Decoder } from "../core/decode/types.js"
import { type AnswerContext, decodeError, interrupted } from "../core/failure/answer.js"
import type { PartialAnswer } from "../Message.js"
import type { AttemptError, CompletionError } from "../OllamaError.js"
import type * as Telemetry from "../telemetry/telemetry.js"
import * as Transport from "../transport/transport.js"
import type { Answered, Asking, Sent } from "./asking.js"

/** What errors of this answer tell. */
export const contextOf = (
  { reply: { outgoing: { url }, secrets } }: Sent,
  { selection: { model } }: Asking,
  partial: PartialAnswer | undefined
): AnswerContext => ({ url, model: model.id, partial, secrets: secrets() })

// More than this does not follow a finish: usage and an end mark are small.
const maxAfterFinish = 64 * 1024

type Events = ReadonlyArray<ContentEvent>

type Next = Effect.Effect<Events | undefined, AttemptError>

export class OpenStream {
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

  /** Some servers put a finish on every piece: it was none. */
  private goesOn(): void {
    this.afterFinish = 0
    this.reader.forgetWaits()
  }

  /** What the bytes at hand say; `undefined` when that is nothing. */
  private decodeMore(): Next | undefined {
    while (!this.portions.isEmpty) {
      const wasFinished = this.decoder.isFinished
      const events = this.decoder.push(this.portions.next())
      if (wasFinished && events.length > 0) this.goesOn()
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
    else if (end.finish !== undefined) this.about = about(end.finish, this.asking.selection, this.sent.question)
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

/** What is to be ended with a stream, however it ends. */
export interface Connection {
  close: Effect.Effect<void>
  operation: Telemetry.Operation | undefined
  /** It was the call that failed, not who reads its answer. */
  failed: boolean
  /** The finish is told. */
  finished: boolean
}

const connection = (): Connection => ({ close: Effect.void, operation: undefined, failed: false, finished: false })

// A reader that fails has no more use for the answer.
const abandoned: Exit.Exit<void> = Exit.interrupt(FiberId.none)

const ended = ({ close, failed, finished, operation }: Connection, exit: Exit.Exit<unknown, unknown>) =>
  Effect.zipRight(
    close,
    Effect.sync(() => operation?.end(failed || exit._tag === "Success" ? exit : finished ? Exit.void : abandoned))
  )

/** An answer that has begun: its first events, then those that `open` reads, or all of them and what is said about them. */
export interface Begun {
  readonly first: ReadonlyArray<StreamEvent> | undefined
  readonly open: OpenStream | undefined
  readonly about: About | undefined
  readonly parts: PartialAnswer["parts"]
}

export type Opened = Answered<Begun>

/** A stream of what `open` opens, closed however it ends. One channel for all of it: in Effect 3 each step of one is dear. */
export const stream = <R>(
  open: (connection: Connection) => Effect.Effect<Opened, CompletionError, R>
): Stream.Stream<StreamEvent, CompletionError, R> =>
  Stream.fromChannel(Channel.suspend(() => {
    const made = connection()
    const told = Channel.flatMap(Channel.fromEffect(open(made)), (opened) => emit(opened, made))
    const failing = Channel.mapErrorCause(told, (cause) => {
      made.failed = true
      return cause
    })
    return Channel.ensuringWith(failing, (exit) => ended(made, exit))
  }))

/** As `Stream.unwrap`, whose own way takes 140 steps of a fiber more: a fifth of all that a stream of few deltas takes. */
export const unwrap = <A, E, R>(
  stream: Effect.Effect<Stream.Stream<A, E, R>, E, R>
): Stream.Stream<A, E, R> => Stream.fromChannel(Channel.unwrap(Effect.map(stream, Stream.toChannel)))

// One network piece becomes one chunk; the finish goes out with the last of them.
const withFinish = ({ attempts, value: { about, open, parts } }: Opened, connection: Connection) => {
  const { operation } = connection
  operation?.begins()
  const finish = (said: About): FinishEvent => {
    connection.finished = true
    operation?.answers(said, () => open?.parts ?? parts)
    return { type: "finish", ...said, attempts }
  }
  return (events: ReadonlyArray<StreamEvent> | undefined): ReadonlyArray<StreamEvent> | undefined => {
    const done = connection.finished ? undefined : about ?? open?.about
    return done === undefined ? events : [...(events ?? []), finish(done)]
  }
}

type Emit = Channel.Channel<Chunk.Chunk<StreamEvent>, unknown, AttemptError, unknown, void>

const emit = (opened: Opened, connection: Connection): Emit => {
  const { first, open } = opened.value
  const told = withFinish(opened, connection)
  const write = (events: ReadonlyArray<StreamEvent> | undefined): Emit => {
    const all = told(events)
    if (all === undefined) return Channel.void
    const written = Channel.write(Chunk.unsafeFromArray(all))
    return next === undefined || open!.isOver ? written : Channel.flatMap(written, () => next)
  }
  const next: Emit | undefined = open === undefined ? undefined : Channel.flatMap(Channel.fromEffect(open.next), write)
  return write(first)
}

/** Reads all that is left. */
export const drain = (open: OpenStream): Effect.Effect<void, AttemptError> =>
  Effect.flatMap(open.next, (events) => events === undefined ? Effect.void : drain(open))
