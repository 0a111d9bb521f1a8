/** One candidate's answer as a stream, read and decoded as it is pulled. */
import * as Effect from "effect/Effect"
import type { Selection } from "../core/catalog/selection.js"
import { Portions } from "../core/decode/bytes.js"
import { make as makeDecoder } from "../core/decode/decoder.js"
import type { ContentEvent, DecodeFailure, Decoder } from "../core/decode/types.js"
import { repaired } from "../core/repair/repairs.js"
import { wires } from "../core/wire/wires.js"
import type { PartialAnswer } from "../Message.js"
import type { AttemptError } from "../OllamaError.js"
import { type BodyReader, make as makeReader, type Pieces, type ReadError } from "../transport/bodyReader.js"
import type { Restore } from "../transport/restore.js"
import {
  type AnswerInfo,
  type AttemptOptions,
  beginAll,
  type Call,
  decodeError,
  infoOf,
  readError,
  send,
  type Sent
} from "./attempt.js"
import * as shortLived from "./shortLived.js"

export interface OpenStream {
  /** The next events, at least one before the finish; `undefined` when there is nothing more to read. */
  readonly next: Effect.Effect<ReadonlyArray<ContentEvent> | undefined, AttemptError>
  /** What the next read will fail with, when that is known. */
  readonly failure: AttemptError | undefined
  /** Only once the answer is finished. */
  readonly info: AnswerInfo | undefined
  /** The answer is finished, and its body was read to the end. */
  readonly isOver: boolean
  /** All that arrived. */
  readonly parts: PartialAnswer["parts"]
  readonly close: Effect.Effect<void>
}

/**
 * Asks with `stream: true`. `keepChars`: how much of the answer is kept, for `parts` and for errors; all by default. Whoever
 * calls it closes what it returns.
 */
export const openStream = (
  options: AttemptOptions,
  selection: Selection,
  call: Call,
  keepChars: number | undefined,
  restore: Restore
): Effect.Effect<OpenStream, AttemptError> =>
  Effect.flatMap(restore(options.generateId), (makeId) => {
    shortLived.tell()
    // Before anything is open: a repair of the caller's may throw.
    const { maxBytes } = options
    const decoder = repaired(
      makeDecoder({ wire: wires[selection.api], maxEventBytes: maxBytes, maxAnswerChars: maxBytes, keepChars, makeId }),
      beginAll(call, makeId),
      keepChars
    )
    return Effect.flatMap(send(options, selection, call, true, restore), (sent) =>
      Effect.map(
        makeReader(sent.answer, sent.limits),
        (reader) => new StreamAttempt(options, selection, call, sent, reader, decoder)
      ))
  })

// More than this does not follow a finish: usage and an end mark are small.
const maxAfterFinish = 64 * 1024

type Events = ReadonlyArray<ContentEvent>

type Next = OpenStream["next"]

class StreamAttempt implements OpenStream {
  failure: AttemptError | undefined
  info: AnswerInfo | undefined
  private over = false
  private afterFinish = 0
  private readonly portions = new Portions()
  readonly next: Next
  readonly close: Effect.Effect<void>

  constructor(
    private readonly options: AttemptOptions,
    private readonly selection: Selection,
    private readonly call: Call,
    private readonly sent: Sent,
    private readonly reader: BodyReader,
    private readonly decoder: Decoder
  ) {
    this.close = reader.close
    this.next = Effect.suspend(() => this.told() ?? this.decodeMore() ?? this.wait)
  }

  get isOver(): boolean {
    return this.info !== undefined && (this.over || this.reader.isAtEnd)
  }

  get parts(): PartialAnswer["parts"] {
    return this.decoder.partial().parts
  }

  private get partial(): PartialAnswer | undefined {
    const partial = this.decoder.partial()
    return partial.parts.length === 0 ? undefined : partial
  }

  /** Once nothing more is decoded. */
  private told(): Next | undefined {
    if (this.failure !== undefined) return Effect.fail(this.failure)
    if (this.over) return Effect.succeed(undefined)
    return this.info === undefined ? undefined : this.drain
  }

  /** Reads to the end of the body, so that the connection can be used again. */
  private get drain(): Next {
    const rest = this.reader.all(this.options.finishGrace, (pieces) => !this.isTooMuch(pieces))
    return Effect.match(rest, { onFailure: () => undefined, onSuccess: () => undefined })
  }

  /**
   * The fiber is woken only for events, and for the end: what is less than an event waits in the decoder. An interrupted
   * read goes on until `close`, for nobody.
   */
  private readonly wait: Next = Effect.async((resume) => {
    const onRead = (error: ReadError | undefined, pieces: Pieces | undefined): boolean => {
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
    this.reader.each(() => this.decoder.isFinished ? this.options.finishGrace : undefined, onRead)
  })

  private onPieces(pieces: Pieces | undefined): Next | undefined {
    if (pieces === undefined || (this.decoder.isFinished && this.isTooMuch(pieces))) return this.end()
    this.portions.add(pieces)
    return this.decodeMore()
  }

  private onError(error: ReadError): Next {
    // Once finished, an answer is complete: only its usage may be missing.
    return this.decoder.isFinished ? this.end() : Effect.fail(readError(error, this.sent, this.partial))
  }

  private isTooMuch(pieces: Pieces): boolean {
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
    else if (end.finish !== undefined) this.info = infoOf(end.finish, this.selection, this.call, this.sent)
    const events = end.events.length === 0 ? before : [...before, ...end.events]
    return events.length === 0 && this.failure !== undefined ? Effect.fail(this.failure) : Effect.succeed(events)
  }

  private decodeFailure(failure: DecodeFailure): AttemptError {
    return decodeError(failure, this.sent, this.selection.model.id, this.partial)
  }
}
