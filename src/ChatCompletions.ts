/**
 * Completions of the configured models, whole or as a stream, on both of Ollama's APIs.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as Arr from "effect/Array"
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Candidate } from "./catalog/catalog.js"
import { ChatResponse, type FinishEvent, type StreamEvent } from "./Chat.js"
import * as attempt from "./completion/attempt.js"
import type { CompletionOptions } from "./completion/options.js"
import { toJsonSchema } from "./completion/schemas.js"
import { type OpenStream, openStream } from "./completion/stream.js"
import type { Selection } from "./core/catalog/selection.js"
import * as fallback from "./core/failure/fallback.js"
import { normalize } from "./core/request/request.js"
import { textOf } from "./Message.js"
import { Models } from "./Models.js"
import { type Attempt, type AttemptError, type CompletionError, OutputInvalid } from "./OllamaError.js"
import * as OllamaSchedule from "./OllamaSchedule.js"
import * as Span from "./telemetry/span.js"

export type { ChatResponse, ContentEvent, Finish, FinishEvent, StreamEvent } from "./Chat.js"
export type { CompletionOptions, Tool } from "./completion/options.js"

/**
 * What {@link ChatCompletions} can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * The whole answer of the first model that gives one: the one named, else the configured primary, then the
   * fallbacks. The setting `streaming` of a model decides what goes over the wire, not what is returned.
   */
  readonly create: (options: CompletionOptions) => Effect.Effect<ChatResponse, CompletionError>
  /**
   * The answer as events. Another model is only tried before the first event; after it, an error is an error. The
   * stream is pulled: nothing is read ahead of its consumer, and interruption or an early end closes the connection,
   * which stops the generation.
   */
  readonly stream: (options: CompletionOptions) => Stream.Stream<StreamEvent, CompletionError>
  /** The answer as a value of `schema`, which is also sent as the form that the answer must have. */
  readonly createObject: <A, I, R>(
    options: CompletionOptions & { readonly schema: Schema.Schema<A, I, R> }
  ) => Effect.Effect<ObjectResponse<A>, CompletionError | OutputInvalid, R>
}

/**
 * A decoded answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface ObjectResponse<A> {
  readonly value: A
  readonly response: ChatResponse
}

/**
 * The service that asks models.
 *
 * @since 0.1.0
 * @category tags
 */
export class ChatCompletions extends Context.Tag("effect-ollama/ChatCompletions")<ChatCompletions, Service>() {}

/**
 * Limits and retries of all completions; a call, or a provider's `timeoutSeconds`, may set its own limits.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How a request is repeated before any output. Default: `OllamaSchedule.transient`. */
  readonly retrySchedule?: Schedule.Schedule<unknown, AttemptError> | undefined
  /** Longest wait for the first byte; a model that is being loaded sends nothing. Default: 10 minutes. */
  readonly firstByteTimeout?: Duration.DurationInput | undefined
  /** Longest wait between two pieces of an answer, counted only while a read is waiting. Default: 5 minutes. */
  readonly idleTimeout?: Duration.DurationInput | undefined
  /** How long a finished stream may still send its usage. Default: 1 second. */
  readonly finishGrace?: Duration.DurationInput | undefined
  /** Bytes of a whole answer, and of one event of a stream, whose text may be as many characters. Default: 64 MiB. */
  readonly maxBytes?: number | undefined
  /** Makes the ids of tool calls that came without one, from their position. Must be unique in an answer. */
  readonly generateId?: Effect.Effect<(index: number) => string> | undefined
}

const randomId: Effect.Effect<(index: number) => string> = Effect.map(
  Random.nextIntBetween(0, 36 ** 6),
  (prefix) => (index) => `call_${prefix.toString(36).padStart(6, "0")}${index.toString(36)}`
)

// =============================================================================
// candidates
// =============================================================================

interface Answered<A> {
  readonly value: A
  readonly attempts: ReadonlyArray<Attempt>
}

// Tries one candidate after the other. A host that refused the connection is not asked again.
const firstToAnswer = <A>(
  candidates: ReadonlyArray<Candidate>,
  run: (selection: Selection) => Effect.Effect<A, AttemptError>
): Effect.Effect<Answered<A>, CompletionError> => {
  const attempts: Array<Attempt> = []
  const refused = new Map<string, AttemptError>()
  const before = (url: string | undefined) =>
    url === undefined || refused.size === 0 ? undefined : refused.get(fallback.origin(url))
  const ask = (selection: Selection) => {
    const error = before(selection.endpoint.root)
    return error === undefined ? run(selection) : Effect.fail(error)
  }
  const tryFrom = (index: number): Effect.Effect<Answered<A>, CompletionError> => {
    const candidate = candidates[index]
    if (candidate === undefined) return Effect.fail(fallback.combine(attempts as Arr.NonEmptyArray<Attempt>))
    const known = before(candidate.url)
    return Effect.matchEffect(known === undefined ? Effect.flatMap(candidate.select, ask) : Effect.fail(known), {
      onFailure: (error) => {
        if (!fallback.mayFallBack(error, candidate.selectedBy === "caller")) return Effect.fail(error)
        if (error._tag === "ConnectionRefused") refused.set(fallback.origin(error.url), error)
        attempts.push({ ref: candidate.ref, error })
        return tryFrom(index + 1)
      },
      onSuccess: (value) => Effect.succeed({ value, attempts })
    })
  }
  return tryFrom(0)
}

// =============================================================================
// the service
// =============================================================================

const millis = (input: Duration.DurationInput | undefined): number | undefined =>
  input === undefined ? undefined : Duration.toMillis(input)

/**
 * The service over the `HttpClient` and the `Models` of the context.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<Service, never, HttpClient.HttpClient | Models> {
  const models = yield* Models
  const attemptOptions: attempt.AttemptOptions = {
    client: yield* HttpClient.HttpClient,
    retry: options?.retrySchedule ?? OllamaSchedule.transient,
    firstByte: millis(options?.firstByteTimeout) ?? 600_000,
    idle: millis(options?.idleTimeout) ?? 300_000,
    finishGrace: millis(options?.finishGrace) ?? 1000,
    maxBytes: options?.maxBytes ?? 64 * 1024 * 1024,
    generateId: options?.generateId ?? randomId
  }

  const prepare = (input: CompletionOptions) =>
    Effect.map(normalize(input, toJsonSchema), (request): attempt.Call => ({
      request,
      repairs: input.repairs ?? [],
      firstByte: millis(input.firstByteTimeout),
      idle: millis(input.idleTimeout)
    }))

  // The whole answer, whatever goes over the wire.
  const whole = (selection: Selection, call: attempt.Call) =>
    selection.streaming
      ? Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(openStream(attemptOptions, selection, call, undefined, restore), (open) =>
          Effect.ensuring(
            Effect.map(restore(collect(open)), () => ({ parts: open.parts, info: open.info! })),
            open.close
          ))
      )
      : attempt.answerWhole(attemptOptions, selection, call)

  const create: Service["create"] = (input) =>
    Span.use("ChatCompletions.create", (span) =>
      Effect.flatMap(prepare(input), (call) =>
        Effect.map(
          firstToAnswer(models.candidates(input), (selection) => whole(selection, call)),
          ({ attempts, value }) => {
            span.annotate(attributes(value.info))
            return new ChatResponse({ parts: value.parts, ...value.info, attempts }, { disableValidation: true })
          }
        )))

  const open: Open = (input, connection) =>
    Effect.flatMap(Span.open("ChatCompletions.stream"), (span) => {
      connection.span = span
      return span.within(
        Effect.flatMap(
          prepare(input),
          (call) => firstToAnswer(models.candidates(input), (selection) => begin(selection, call, connection))
        )
      )
    })

  // Opens an answer and waits for its first events: until they are there, another model may still be tried.
  const begin = (
    selection: Selection,
    call: attempt.Call,
    connection: Connection
  ): Effect.Effect<Opened, AttemptError> =>
    selection.streaming
      ? Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(openStream(attemptOptions, selection, call, keptOfStreams, restore), (open) => {
          connection.close = open.close
          return Effect.tapErrorCause(
            Effect.flatMap(restore(open.next), (first): Effect.Effect<Opened, AttemptError> =>
              // What came with a failure has reached nobody yet.
              open.failure === undefined
                ? Effect.succeed({ first, open, info: undefined })
                : Effect.fail(open.failure)),
            () => open.close
          )
        })
      )
      : Effect.map(
        attempt.answerWhole(attemptOptions, selection, call),
        (answer): Opened => ({ first: answer.events, open: undefined, info: answer.info })
      )

  const createObject: Service["createObject"] = (input) =>
    Span.use(
      "ChatCompletions.createObject",
      () =>
        Effect.flatMap(create({ ...input, format: input.schema }), (response) =>
          Effect.mapBoth(Schema.decodeUnknown(Schema.parseJson(input.schema))(textOf(response.parts)), {
            onFailure: (error) =>
              new OutputInvalid({ ref: response.ref, text: response.text, detail: error.message }),
            onSuccess: (value) => ({ value, response })
          }))
    )

  const service: Service = {
    create,
    stream: (input) => streamOf((connection) => open(input, connection)),
    createObject
  }
  openings.set(service, { open, stream: service.stream })
  return service
})

// The caller of a stream has seen its events: for an error, the beginning of a very long answer is enough.
const keptOfStreams = 1024 * 1024

/** What is to be ended with a stream, however it ends. */
interface Connection {
  close: Effect.Effect<void>
  span: Span.OpenSpan
}

type Open = (input: CompletionOptions, connection: Connection) => Effect.Effect<Answered<Opened>, CompletionError>

// How the services of this module open a stream, for `stream` below: in Effect 3 each step of a stream costs about as much
// as decoding a small answer, so it asks for the service and opens the stream in one.
const openings = new WeakMap<Service, { readonly open: Open; readonly stream: Service["stream"] }>()

// One channel for all of it, for the same reason.
const streamOf = <R>(
  open: (
    connection: Connection
  ) => Effect.Effect<Answered<Opened> | Stream.Stream<StreamEvent, CompletionError>, CompletionError, R>
): Stream.Stream<StreamEvent, CompletionError, R> =>
  Stream.fromChannel(Channel.suspend(() => {
    const connection: Connection = { close: Effect.void, span: Span.untraced }
    return Channel.ensuringWith(
      Channel.flatMap(Channel.fromEffect(open(connection)), (opened) =>
        "value" in opened ? emit(opened, connection.span) : Stream.toChannel(opened)),
      (exit) =>
        connection.span === Span.untraced
          ? connection.close
          : Effect.zipRight(connection.close, connection.span.end(exit))
    )
  }))

interface Opened {
  readonly first: ReadonlyArray<StreamEvent> | undefined
  readonly open: OpenStream | undefined
  readonly info: attempt.AnswerInfo | undefined
}

const collect = (open: OpenStream): Effect.Effect<void, AttemptError> =>
  Effect.flatMap(open.next, (events) => events === undefined ? Effect.void : collect(open))

type Emit = Channel.Channel<Chunk.Chunk<StreamEvent>, unknown, AttemptError, unknown, void>

// One network piece becomes one chunk; the finish goes out with the last of them.
const emit = ({ attempts, value: { first, info, open } }: Answered<Opened>, span: Span.OpenSpan): Emit => {
  let finished = false
  const finish = (answerInfo: attempt.AnswerInfo): FinishEvent => {
    finished = true
    span.annotate(attributes(answerInfo))
    return { type: "finish", ...answerInfo, attempts }
  }
  const write = (events: ReadonlyArray<StreamEvent> | undefined): Emit => {
    const done = finished ? undefined : info ?? open?.info
    if (events === undefined && done === undefined) return Channel.void
    const written = Channel.write(
      Chunk.unsafeFromArray(done === undefined ? events! : [...(events ?? []), finish(done)])
    )
    return next === undefined || open!.isOver ? written : Channel.flatMap(written, () => next)
  }
  const next: Emit | undefined = open === undefined ? undefined : Channel.flatMap(Channel.fromEffect(open.next), write)
  return write(first)
}

// OpenTelemetry's GenAI attributes.
const attributes = (info: attempt.AnswerInfo): Record<string, unknown> => ({
  "gen_ai.operation.name": "chat",
  "gen_ai.system": info.ref.slice(0, info.ref.indexOf("/")),
  "gen_ai.request.model": info.ref.slice(info.ref.indexOf("/") + 1),
  "gen_ai.response.model": info.model,
  "gen_ai.response.finish_reasons": [info.finishReason],
  "gen_ai.usage.input_tokens": info.usage?.inputTokens,
  "gen_ai.usage.output_tokens": info.usage?.outputTokens
})

/**
 * Completions with the default limits.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ChatCompletions, never, HttpClient.HttpClient | Models> = /* @__PURE__ */ Layer.effect(
  ChatCompletions,
  /* @__PURE__ */ make()
)

/**
 * Completions with other limits, or other retries.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<ChatCompletions, never, HttpClient.HttpClient | Models> =>
  Layer.effect(ChatCompletions, make(options))

// =============================================================================
// accessors
// =============================================================================

/**
 * The text of an event, when it is a piece of the answer's text: for `Stream.filterMap`.
 *
 * @since 0.1.0
 * @category utils
 */
export const textDelta = (event: StreamEvent): Option.Option<string> =>
  event.type === "text-delta" ? Option.some(event.delta) : Option.none()

/**
 * The whole answer of the configured model. See {@link Service.create}.
 *
 * @since 0.1.0
 * @category completions
 * @example
 * import { Effect } from "effect"
 * import { ChatCompletions } from "effect-ollama"
 *
 * export const answer = Effect.map(
 *   ChatCompletions.create({ prompt: "Why is the sky blue?" }),
 *   (response) => response.text
 * )
 */
export const create = (
  options: CompletionOptions
): Effect.Effect<ChatResponse, CompletionError, ChatCompletions> =>
  Effect.flatMap(ChatCompletions, (service) => service.create(options))

/**
 * The answer of the configured model as events. See {@link Service.stream}.
 *
 * @since 0.1.0
 * @category completions
 * @example
 * import { Stream } from "effect"
 * import { ChatCompletions } from "effect-ollama"
 *
 * export const text = ChatCompletions.stream({ prompt: "Why is the sky blue?" }).pipe(
 *   Stream.filterMap(ChatCompletions.textDelta)
 * )
 */
export const stream = (options: CompletionOptions): Stream.Stream<StreamEvent, CompletionError, ChatCompletions> =>
  streamOf((connection) =>
    Effect.flatMap(
      ChatCompletions,
      (service): Effect.Effect<Answered<Opened> | ReturnType<Service["stream"]>, CompletionError> => {
        const own = openings.get(service)
        return own?.stream === service.stream ? own.open(options, connection) : Effect.succeed(service.stream(options))
      }
    )
  )

/**
 * The answer of the configured model as a value of a schema. See {@link Service.createObject}.
 *
 * @since 0.1.0
 * @category completions
 * @example
 * import { Schema } from "effect"
 * import { ChatCompletions } from "effect-ollama"
 *
 * export const capital = ChatCompletions.createObject({
 *   prompt: "What is the capital of France?",
 *   schema: Schema.Struct({ name: Schema.String, inhabitants: Schema.Number })
 * })
 */
export const createObject = <A, I, R>(
  options: CompletionOptions & { readonly schema: Schema.Schema<A, I, R> }
): Effect.Effect<ObjectResponse<A>, CompletionError | OutputInvalid, ChatCompletions | R> =>
  Effect.flatMap(ChatCompletions, (service) => service.createObject(options))
