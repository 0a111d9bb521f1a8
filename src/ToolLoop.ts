/**
 * Runs the tools that a model calls, and gives it their results, until it answers without a call.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ChatResponse, type FinishEvent, type StreamEvent, type ToolChoice } from "./Chat.js"
import { ChatCompletions } from "./ChatCompletions.js"
import type { CompletionOptions, Tool } from "./completion/options.js"
import { decodeWritten } from "./completion/schemas.js"
import { Collector } from "./core/decode/machine.js"
import { cut } from "./core/failure/redact.js"
import { hasProto } from "./core/json.js"
import { opening } from "./core/request/request.js"
import { failureText, resultText } from "./core/request/toolResult.js"
import * as Attributes from "./core/telemetry/attributes.js"
import { offered } from "./core/wire/wire.js"
import type { Message, ToolCall, ToolMessage } from "./Message.js"
import { type CompletionError, TooManyTurns } from "./OllamaError.js"
import * as Telemetry from "./telemetry/telemetry.js"

/**
 * A tool with the effect that does its work.
 *
 * @since 0.1.0
 * @category models
 */
export interface HandledTool<out E = never, out R = never> extends Tool {
  /** Runs a call; what it succeeds with is the text for the model, with `isError` when the text tells of a failure. */
  readonly run: (call: ToolCall, turn?: number) => Effect.Effect<string | ToolResult, E, R>
}

/**
 * Which call a handler runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface HandlerCall {
  /** Unique in its answer. */
  readonly id: string
  /** In which answer of the loop it stands, from 1. */
  readonly turn: number
}

/** The arguments of a call are a JSON object: what is encoded otherwise can never decode. */
type OfObject<I> = [I] extends [ReadonlyArray<unknown>] ? never : unknown

/**
 * The text for the model, and whether it tells of a failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolResult extends Pick<ToolMessage, "content" | "isError"> {}

/**
 * Makes a tool. Its handler gets the decoded parameters; what it returns goes to the model, a string as it is and
 * anything else as JSON. A failure fails the loop (`failureMode: "error"`, the default), or goes to the model as text
 * (`"return"`). Parameters that do not decode always go back to the model, which can then mend its call; before that, `null`
 * for what may be left out is left out, and the text of a list or an object read as one.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { Effect, Schema } from "effect"
 * import { ToolLoop } from "effect-ollama"
 *
 * export const weather = ToolLoop.tool({
 *   name: "get_weather",
 *   description: "Current weather of a city",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   handler: ({ city }) => Effect.succeed({ city, degrees: 21 })
 * })
 */
export const tool = <A, I extends object, RS, B, E, R, const Mode extends "error" | "return" = "error">(options: {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters: Schema.Schema<A, I, RS> & OfObject<I>
  readonly handler: (parameters: A, call: HandlerCall) => Effect.Effect<B, E, R>
  readonly failureMode?: Mode | undefined
}): HandledTool<Mode extends "return" ? never : E, R | RS> => {
  const wrong = (detail: string) =>
    Effect.succeed(failed(`the arguments of ${options.name} are wrong: ${cut(detail, 2000)}`))
  const run = (call: ToolCall, turn = 1): Effect.Effect<string | ToolResult, E, R | RS> => {
    // A `Schema` with an index signature would make it the prototype of the parameters.
    if (hasProto(call.arguments)) return wrong("`__proto__` is no name")
    return Effect.matchEffect(decodeWritten(options.parameters as Schema.Schema<A, I, RS>, call.arguments), {
      onFailure: (error) => wrong(error.message),
      onSuccess: (parameters) => {
        const result: Effect.Effect<string | ToolResult, E, R> = Effect.map(
          options.handler(parameters, { id: call.id, turn }),
          resultText
        )
        return options.failureMode === "return"
          ? Effect.catchAll(result, (error) => Effect.succeed(failed(told(error))))
          : result
      }
    })
  }
  return {
    name: options.name,
    description: options.description,
    parameters: options.parameters,
    // With "return" the failure is handled above, which the type of `run` cannot tell.
    run: run as HandledTool<Mode extends "return" ? never : E, R | RS>["run"]
  }
}

const failed = (error: unknown): ToolResult => ({ content: failureText(error), isError: true })

// An error without a message says what it is by its fields.
const told = (error: unknown): unknown => error instanceof Error && error.message !== "" ? error.message : error

/**
 * A completion, with tools that can be run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<out T extends HandledTool<unknown, unknown> = HandledTool>
  extends Omit<CompletionOptions, "tools">
{
  readonly tools: ReadonlyArray<T>
  /**
   * Of the first answer; after one with calls the model may choose, among the tools that it was offered. With `none` it is
   * offered no tool, with a named tool only that one, in every turn. Default: `auto`.
   */
  readonly toolChoice?: ToolChoice | undefined
  /** The most answers to ask for. Default 10. */
  readonly maxTurns?: number | undefined
  /** How many calls of one answer run at once. Default 4. */
  readonly concurrency?: number | undefined
}

/**
 * What came of a loop.
 *
 * @since 0.1.0
 * @category models
 */
export interface Result {
  /** The last answer, the one without calls. */
  readonly response: ChatResponse
  /** All answers, in order; the last is `response`. */
  readonly turns: ReadonlyArray<ChatResponse>
  /** The whole conversation, with every call, result and answer. */
  readonly history: ReadonlyArray<Message>
}

/**
 * How tools can fail.
 *
 * @since 0.1.0
 * @category models
 */
export type Failure<T> = T extends HandledTool<infer E, unknown> ? E : never

/**
 * What tools need.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements<T> = T extends HandledTool<unknown, infer R> ? R : never

/**
 * Asks, runs what the model calls (the calls of one answer at the same time), tells it the results and asks again,
 * until it calls nothing. Fails as `ChatCompletions.create` does, with the typed failures of the handlers, and with
 * `TooManyTurns` (which carries the history) when the model does not stop calling.
 *
 * @since 0.1.0
 * @category completions
 * @example
 * import { Effect, Schema } from "effect"
 * import { ToolLoop } from "effect-ollama"
 *
 * const weather = ToolLoop.tool({
 *   name: "get_weather",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   handler: ({ city }) => Effect.succeed(`21 degrees in ${city}`)
 * })
 *
 * export const answer = ToolLoop.run({ prompt: "What is the weather in Paris?", tools: [weather] })
 */
export const run = <T extends HandledTool<unknown, unknown>>(
  options: Options<T>
): Effect.Effect<Result, CompletionError | TooManyTurns | Failure<T>, ChatCompletions | Requirements<T>> =>
  loop(options as Options<HandledTool<Failure<T>, Requirements<T>>>)

/**
 * What comes of a loop while it runs: in each turn its start, the events of the answer, the results of its calls in the
 * order in which they come, and its end with the history so far; last the result, which is what {@link run} gives.
 *
 * @since 0.1.0
 * @category models
 */
export type Event =
  | StreamEvent
  | { readonly type: "turn-start"; readonly turn: number }
  | {
    readonly type: "tool-result"
    readonly turn: number
    readonly call: ToolCall
    readonly result: ToolMessage
  }
  | {
    readonly type: "turn-end"
    readonly turn: number
    readonly response: ChatResponse
    readonly history: ReadonlyArray<Message>
  }
  | ({ readonly type: "result" } & Result)

/**
 * The same as {@link run}, as it comes: the model's words, the calls and their results, and at last the result. Interruption,
 * or an early end of reading, closes the connection and interrupts the handlers.
 *
 * @since 0.1.0
 * @category completions
 * @example
 * import { Console, Effect, Schema, Stream } from "effect"
 * import { ToolLoop } from "effect-ollama"
 *
 * const weather = ToolLoop.tool({
 *   name: "get_weather",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   handler: ({ city }, { turn }) => Effect.succeed(`21 degrees in ${city}, said in turn ${turn}`)
 * })
 *
 * export const talk = ToolLoop.stream({ prompt: "What is the weather in Paris?", tools: [weather] }).pipe(
 *   Stream.runForEach((event) =>
 *     event.type === "text-delta"
 *       ? Console.log(event.delta)
 *       : event.type === "tool-result"
 *       ? Console.log(event.call.name, event.result.content)
 *       : Effect.void
 *   )
 * )
 */
export const stream = <T extends HandledTool<unknown, unknown>>(
  options: Options<T>
): Stream.Stream<Event, CompletionError | TooManyTurns | Failure<T>, ChatCompletions | Requirements<T>> =>
  streamed(options as Options<HandledTool<Failure<T>, Requirements<T>>>)

type Completions = Context.Tag.Service<typeof ChatCompletions>

/** A conversation that goes on turn by turn. */
class Conversation<E, R> {
  readonly history: Array<Message>
  readonly turns: Array<ChatResponse> = []
  readonly concurrency: number
  private readonly maxTurns: number
  private readonly offered: ReadonlyArray<HandledTool<E, R>>
  private readonly byName: ReadonlyMap<string, HandledTool<E, R>>
  private readonly request: CompletionOptions

  constructor(
    opening: ReadonlyArray<Message>,
    { concurrency = 4, maxTurns = 10, ...request }: Options<HandledTool<E, R>>
  ) {
    this.history = [...opening]
    this.concurrency = concurrency
    this.maxTurns = maxTurns
    this.offered = offered({ tools: request.tools, toolChoice: request.toolChoice ?? "auto" })
    this.byName = new Map(this.offered.map((handled) => [handled.name, handled]))
    this.request = request
  }

  get isOver(): boolean {
    return this.turns.length >= this.maxTurns
  }

  // Who answered has the conversation in its cache. While turns are left, a model can mend a call that cannot be read. One
  // that had to call would never come to an end.
  get next(): CompletionOptions {
    const last = this.turns.at(-1)
    const isLast = this.turns.length + 1 >= this.maxTurns
    const { malformedCalls = isLast ? "fail" : "return" } = this.request
    return {
      ...this.request,
      malformedCalls,
      ...(last === undefined ? undefined : { askFirst: last.ref, tools: this.offered, toolChoice: "auto" }),
      prompt: [...this.history]
    }
  }

  get tooMany(): TooManyTurns {
    const { history, turns } = this
    // A prompt may hold what its `Schema` refuses, and the first turn took.
    return new TooManyTurns({ turns: turns.length, history, responses: turns }, { disableValidation: true })
  }

  add(response: ChatResponse): void {
    this.turns.push(response)
    this.history.push(response.message)
  }

  answer(call: ToolCall): Effect.Effect<ToolMessage, E, R> {
    return Telemetry.use("ToolLoop.call", (span) => {
      span.describe(() => Attributes.ofTool(call))
      return Effect.map(this.resultOf(call), (result): ToolMessage => {
        if (typeof result !== "string" && result.isError === true) span.describe(() => ({ "error.type": "_OTHER" }))
        return {
          role: "tool",
          toolCallId: call.id,
          toolName: call.name,
          ...(typeof result === "string" ? { content: result } : result)
        }
      })
    })
  }

  private resultOf(call: ToolCall): Effect.Effect<string | ToolResult, E, R> {
    const handled = this.byName.get(call.name)
    if (handled === undefined) return Effect.succeed(failed(`there is no tool ${call.name}`))
    return call.malformed === undefined
      ? handled.run(call, this.turns.length)
      : Effect.succeed(failed(`the arguments of ${call.name} are not a JSON object: ${cut(call.malformed, 200)}`))
  }
}

const begun = <E, R>(options: Options<HandledTool<E, R>>) =>
  Either.map(opening(options), (messages) => new Conversation(messages, options))

const agent = { "gen_ai.operation.name": "invoke_agent" }

const loop = <E, R>(
  options: Options<HandledTool<E, R>>
): Effect.Effect<Result, CompletionError | TooManyTurns | E, ChatCompletions | R> =>
  Telemetry.use("ToolLoop.run", (span) => {
    span.describe(() => agent)
    return Effect.flatMap(
      ChatCompletions,
      (completions) => Effect.flatMap(begun(options), (talk) => turns(completions, talk))
    )
  })

const turns = Effect.fnUntraced(function*<E, R>(
  completions: Completions,
  talk: Conversation<E, R>
): Effect.fn.Return<Result, CompletionError | TooManyTurns | E, R> {
  while (!talk.isOver) {
    const response = yield* Telemetry.use("ToolLoop.turn", (span) => {
      span.describe(() => ofTurn(talk))
      return wholeTurn(completions, talk)
    })
    if (response.toolCalls.length === 0) return { response, turns: talk.turns, history: talk.history }
  }
  return yield* Effect.fail(talk.tooMany)
})

const ofTurn = <E, R>(talk: Conversation<E, R>) => ({ "effect_ollama.turn": talk.turns.length + 1 })

// An answer, and the results of its calls.
const wholeTurn = <E, R>(completions: Completions, talk: Conversation<E, R>) =>
  Effect.flatMap(completions.create(talk.next), (response): Effect.Effect<ChatResponse, E, R> => {
    talk.add(response)
    const { concurrency, history } = talk
    return Effect.map(
      Effect.forEach(response.toolCalls, (call) => talk.answer(call), { concurrency }),
      (results) => {
        history.push(...results)
        return response
      }
    )
  })

const streamed = <E, R>(
  options: Options<HandledTool<E, R>>
): Stream.Stream<Event, CompletionError | TooManyTurns | E, ChatCompletions | R> => {
  return Stream.unwrap(
    Effect.flatMap(ChatCompletions, (completions) =>
      Effect.withFiberRuntime((fiber) => {
        const isTraced = Telemetry.isTraced(fiber)
        const spanned: Spanned = (name, attributes, events) =>
          isTraced
            ? Stream.withSpan(events, name, {
              captureStackTrace: false,
              attributes: { ...attributes }
            }) as typeof events // not of a span
            : events
        const events = Stream.unwrap(
          Effect.map(begun(options), (talk) => streamedTurns(completions, talk, spanned))
        )
        return Effect.succeed(spanned("ToolLoop.stream", agent, events))
      }))
  )
}

/** A stream in a span, where somebody looks. */
type Spanned = <A, E, R>(
  name: string,
  attributes: Attributes.Attributes,
  events: Stream.Stream<A, E, R>
) => Stream.Stream<A, E, R>

const streamedTurns = <E, R>(
  completions: Completions,
  talk: Conversation<E, R>,
  spanned: Spanned
): Stream.Stream<Event, CompletionError | TooManyTurns | E, R> =>
  Stream.suspend(() => {
    if (talk.isOver) return Stream.fail(talk.tooMany)
    return Stream.concat(
      spanned("ToolLoop.turn", ofTurn(talk), streamedTurn(completions, talk)),
      Stream.suspend(() => {
        const response = talk.turns.at(-1)!
        if (response.toolCalls.length > 0) return streamedTurns(completions, talk, spanned)
        const result: Event = { type: "result", response, turns: [...talk.turns], history: [...talk.history] }
        return Stream.make(result)
      })
    )
  })

const streamedTurn = <E, R>(
  completions: Completions,
  talk: Conversation<E, R>
): Stream.Stream<Event, CompletionError | E, R> =>
  Stream.suspend(() => {
    const number = talk.turns.length + 1
    const collector = new Collector()
    let finish: FinishEvent | undefined
    const events = Stream.map(completions.stream(talk.next), (event) => {
      if (event.type === "finish") finish = event
      else collector.add([event])
      return event
    })
    const start: Event = { type: "turn-start", turn: number }
    return Stream.make(start).pipe(
      Stream.concat(events),
      // A stream that succeeds has a finish.
      Stream.concat(Stream.suspend(() => afterAnswer(talk, responseOf(collector, finish!))))
    )
  })

const responseOf = (collector: Collector, { type: _, ...about }: FinishEvent): ChatResponse =>
  new ChatResponse({ parts: collector.parts(), ...about }, { disableValidation: true }) // what was decoded is valid

const afterAnswer = <E, R>(
  talk: Conversation<E, R>,
  response: ChatResponse
): Stream.Stream<Event, E, R> => {
  talk.add(response)
  const { concurrency, history } = talk
  const number = talk.turns.length
  const end = (): Event => ({ type: "turn-end", turn: number, response, history: [...history] })
  const calls = response.toolCalls
  if (calls.length === 0) return Stream.make(end())
  const results: Array<ToolMessage> = []
  const answers = Stream.mapEffect(
    Stream.fromIterable(calls.entries()),
    ([index, call]) =>
      Effect.map(talk.answer(call), (result): Event => {
        results[index] = result
        return { type: "tool-result", turn: number, call, result }
      }),
    // a call alone needs no fiber of its own
    calls.length === 1 ? undefined : { concurrency, unordered: true }
  )
  return Stream.concat(
    answers,
    Stream.suspend(() => {
      history.push(...results)
      return Stream.make(end())
    })
  )
}
