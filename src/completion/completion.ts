/** The door of this room: a call goes in, the answer of the first candidate that gives one comes out, whole or as events. */
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { Candidate } from "../catalog/catalog.js"
import { ChatResponse, type FinishEvent, type StreamEvent } from "../Chat.js"
import type { About } from "../core/about.js"
import { wires } from "../core/wire/wires.js"
import type { AttemptError, CompletionError } from "../OllamaError.js"
import * as Span from "../telemetry/span.js"
import { answerWhole, type Asking, type Call, type Settings } from "./attempt.js"
import { type Answered, firstToAnswer } from "./candidates.js"
import { type OpenStream, openStream } from "./stream.js"

export type { Call, Settings } from "./attempt.js"

/** What a service asks with. */
export interface Completion {
  readonly settings: Settings
  /** How a candidate is asked again before any output. */
  readonly retry: Schedule.Schedule<unknown, AttemptError>
}

type Candidates = ReadonlyArray<Candidate>

// OpenTelemetry's GenAI attributes.
const attributes = (about: About): Record<string, unknown> => ({
  "gen_ai.operation.name": "chat",
  "gen_ai.system": about.ref.slice(0, about.ref.indexOf("/")),
  "gen_ai.request.model": about.ref.slice(about.ref.indexOf("/") + 1),
  "gen_ai.response.model": about.model,
  "gen_ai.response.finish_reasons": [about.finishReason],
  "gen_ai.usage.input_tokens": about.usage?.inputTokens,
  "gen_ai.usage.output_tokens": about.usage?.outputTokens
})

// =============================================================================
// whole
// =============================================================================

/** The whole answer, whatever goes over the wire. */
export const create = (
  { retry, settings }: Completion,
  call: Call,
  candidates: Candidates,
  span: Span.OpenSpan
): Effect.Effect<ChatResponse, CompletionError> =>
  Effect.map(
    firstToAnswer(candidates, retry, (selection, attempts) => {
      const asking: Asking = { settings, selection, wire: wires[selection.api], call, attempts }
      return selection.streaming ? collected(asking) : answerWhole(asking)
    }),
    ({ attempts, value: { about, parts } }) => {
      span.annotate(attributes(about))
      return new ChatResponse({ parts, ...about, attempts }, { disableValidation: true })
    }
  )

const collected = (asking: Asking) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(openStream(asking, undefined, restore), (open) =>
      Effect.ensuring(
        Effect.map(restore(drain(open)), () => ({ parts: open.parts, about: open.about! })),
        open.close
      ))
  )

const drain = (open: OpenStream): Effect.Effect<void, AttemptError> =>
  Effect.flatMap(open.next, (events) => events === undefined ? Effect.void : drain(open))

// =============================================================================
// streamed
// =============================================================================

// The caller of a stream has seen its events: for an error, the beginning of a very long answer is enough.
const keptOfStreams = 1024 * 1024

/** What is to be ended with a stream, however it ends. */
export interface Connection {
  close: Effect.Effect<void>
  span: Span.OpenSpan
}

/** An answer that has begun: its first events, then those that `open` reads, or all of them and what is said about them. */
interface Begun {
  readonly first: ReadonlyArray<StreamEvent> | undefined
  readonly open: OpenStream | undefined
  readonly about: About | undefined
}

export type Opened = Answered<Begun>

/** Opens an answer and waits for its first events: until they are there, another model may still be tried. */
export const open = (
  { retry, settings }: Completion,
  call: Call,
  candidates: Candidates,
  connection: Connection
): Effect.Effect<Opened, CompletionError> =>
  firstToAnswer(candidates, retry, (selection, attempts): Effect.Effect<Begun, AttemptError> => {
    const asking: Asking = { settings, selection, wire: wires[selection.api], call, attempts }
    return selection.streaming
      ? begin(asking, connection)
      : Effect.map(answerWhole(asking), ({ about, events }) => ({ first: events, open: undefined, about }))
  })

const begin = (asking: Asking, connection: Connection): Effect.Effect<Begun, AttemptError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(openStream(asking, keptOfStreams, restore), (open) => {
      connection.close = open.close
      return Effect.tapErrorCause(
        Effect.flatMap(restore(open.next), (first): Effect.Effect<Begun, AttemptError> =>
          // What came with a failure has reached nobody yet.
          open.failure === undefined
            ? Effect.succeed({ first, open, about: undefined })
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
    const connection: Connection = { close: Effect.void, span: Span.untraced }
    return Channel.ensuringWith(
      Channel.flatMap(Channel.fromEffect(open(connection)), (opened) => emit(opened, connection.span)),
      (exit) =>
        connection.span === Span.untraced
          ? connection.close
          : Effect.zipRight(connection.close, connection.span.end(exit))
    )
  }))

type Emit = Channel.Channel<Chunk.Chunk<StreamEvent>, unknown, AttemptError, unknown, void>

// One network piece becomes one chunk; the finish goes out with the last of them.
const emit = ({ attempts, value: { about, first, open } }: Opened, span: Span.OpenSpan): Emit => {
  let finished = false
  const finish = (said: About): FinishEvent => {
    finished = true
    span.annotate(attributes(said))
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
