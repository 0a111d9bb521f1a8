/**
 * Completions of the configured models, whole or as a stream, on both of Ollama's APIs.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { ChatResponse, StreamEvent } from "./Chat.js"
import * as Completion from "./completion/completion.js"
import type { CompletionOptions } from "./completion/options.js"
import { toJsonSchema } from "./completion/schemas.js"
import { normalize } from "./core/request/request.js"
import { Models } from "./Models.js"
import type { AttemptError, CompletionError, OutputInvalid } from "./OllamaError.js"
import * as OllamaSchedule from "./OllamaSchedule.js"
import * as Telemetry from "./telemetry/telemetry.js"

export type { ChatResponse, ContentEvent, Finish, FinishEvent, StreamEvent } from "./Chat.js"
export type { ObjectResponse } from "./completion/completion.js"
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
  /**
   * The answer as a value of `schema`, which is also sent as the form that the answer must have. A server that ignores the
   * form may put the value into a code fence, or into prose: when there is exactly one, it is taken.
   */
  readonly createObject: <A, I, R>(
    options: CompletionOptions & { readonly schema: Schema.Schema<A, I, R> }
  ) => Effect.Effect<Completion.ObjectResponse<A>, CompletionError | OutputInvalid, R>
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

const prefixes = 36 ** 6

/** Ids with another prefix for each answer, the first of them by chance. */
const randomIds: Effect.Effect<NonNullable<Options["generateId"]>> = Effect.map(
  Random.nextIntBetween(0, prefixes),
  (first) => {
    let next = first
    return Effect.sync(() => {
      const prefix = next.toString(36).padStart(6, "0")
      // a step that has no factor in common with the number of prefixes comes by all of them
      next = (next + 786_433_567) % prefixes
      return (index) => `call_${prefix}${index.toString(36)}`
    })
  }
)

// =============================================================================
// the service
// =============================================================================

const millis = (input: Duration.DurationInput | undefined): number | undefined =>
  input === undefined ? undefined : Duration.toMillis(input)

const prepare = (input: CompletionOptions, operation: Telemetry.Operation) =>
  Either.map(normalize(input, toJsonSchema), (request): Completion.Call => ({
    request,
    operation,
    streaming: input.streaming,
    repairs: input.repairs ?? [],
    malformedCalls: input.malformedCalls,
    firstByte: millis(input.firstByteTimeout),
    idle: millis(input.idleTimeout)
  }))

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
  const completion: Completion.Completion = {
    settings: {
      client: yield* HttpClient.HttpClient,
      limits: {
        firstByte: millis(options?.firstByteTimeout) ?? 600_000,
        idle: millis(options?.idleTimeout) ?? 300_000,
        total: Infinity,
        maxBytes: options?.maxBytes ?? 64 * 1024 * 1024
      },
      finishGrace: millis(options?.finishGrace) ?? 1000,
      generateId: options?.generateId ?? (yield* randomIds)
    },
    retry: options?.retrySchedule ?? OllamaSchedule.transient,
    invalidate: models.invalidate
  }

  const chats = Telemetry.make("chat", () => Completion.secretsOfAll(models.providers))

  const whole = (input: CompletionOptions, operation: Telemetry.Operation) => {
    const call = prepare(input, operation)
    return Either.isLeft(call)
      ? Effect.fail(call.left)
      : Completion.create(completion, call.right, models.candidates(input))
  }

  const create: Service["create"] = (input) =>
    Telemetry.run(chats, "ChatCompletions.create", (operation) => whole(input, operation))

  const stream: Service["stream"] = (input) =>
    Completion.stream((connection) =>
      Effect.flatMap(Telemetry.begin(chats, "ChatCompletions.stream"), (operation) => {
        connection.operation = operation
        const call = prepare(input, operation)
        return Either.isLeft(call) ? Effect.fail(call.left) : Telemetry.within(
          operation,
          Completion.open(completion, call.right, models.candidates(input), connection)
        )
      })
    )

  const createObject: Service["createObject"] = (input) =>
    Telemetry.run(
      chats,
      "ChatCompletions.createObject",
      (operation) =>
        Effect.flatMap(
          whole({ ...input, format: input.schema }, operation),
          (response) => Completion.decodeObject(response, input.schema)
        )
    )

  return { create, stream, createObject }
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
  Completion.unwrap(Effect.map(ChatCompletions, (service) => service.stream(options)))

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
): Effect.Effect<Completion.ObjectResponse<A>, CompletionError | OutputInvalid, ChatCompletions | R> =>
  Effect.flatMap(ChatCompletions, (service) => service.createObject(options))
