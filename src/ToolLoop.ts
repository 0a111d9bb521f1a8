/**
 * Runs the tools that a model calls, and gives it their results, until it answers without a call.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ChatResponse } from "./Chat.js"
import { ChatCompletions } from "./ChatCompletions.js"
import type { CompletionOptions, Tool } from "./completion/options.js"
import { failureText, resultText } from "./core/request/toolResult.js"
import type { Message, ToolCall, ToolMessage } from "./Message.js"
import { type CompletionError, TooManyTurns } from "./OllamaError.js"

/**
 * A tool with the effect that does its work.
 *
 * @since 0.1.0
 * @category models
 */
export interface HandledTool<out E = never, out R = never> extends Tool {
  /** Runs a call; what it succeeds with is the text for the model, with `isError` when the text tells of a failure. */
  readonly run: (call: ToolCall) => Effect.Effect<string | ToolResult, E, R>
}

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
 * (`"return"`). Parameters that do not decode always go back to the model, which can then mend its call.
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
export const tool = <A, I, RS, B, E, R, const Mode extends "error" | "return" = "error">(options: {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters: Schema.Schema<A, I, RS>
  readonly handler: (parameters: A) => Effect.Effect<B, E, R>
  readonly failureMode?: Mode | undefined
}): HandledTool<Mode extends "return" ? never : E, R | RS> => {
  const decode = Schema.decodeUnknown(options.parameters)
  const run = (call: ToolCall): Effect.Effect<string | ToolResult, E, R | RS> =>
    Effect.matchEffect(decode(call.arguments), {
      onFailure: (error) => Effect.succeed(failed(`the arguments of ${options.name} are wrong: ${error.message}`)),
      onSuccess: (parameters) => {
        const result: Effect.Effect<string | ToolResult, E, R> = Effect.map(options.handler(parameters), resultText)
        return options.failureMode === "return"
          ? Effect.catchAll(result, (error) => Effect.succeed(failed(told(error))))
          : result
      }
    })
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

const loop = Effect.fnUntraced(function*<E, R>(
  options: Options<HandledTool<E, R>>
): Effect.fn.Return<Result, CompletionError | TooManyTurns | E, ChatCompletions | R> {
  const completions = yield* ChatCompletions
  const { concurrency = 4, maxTurns = 10, tools, ...request } = options
  const byName = new Map(tools.map((handled) => [handled.name, handled]))
  const history: Array<Message> = typeof request.prompt === "string"
    ? [{ role: "user", content: request.prompt }]
    : [...request.prompt]
  const turns: Array<ChatResponse> = []

  const answer = (call: ToolCall): Effect.Effect<ToolMessage, E, R> =>
    Effect.map(
      byName.get(call.name)?.run(call) ?? Effect.succeed(failed(`there is no tool ${call.name}`)),
      (result): ToolMessage => ({
        role: "tool",
        toolCallId: call.id,
        toolName: call.name,
        ...(typeof result === "string" ? { content: result } : result)
      })
    )

  while (turns.length < maxTurns) {
    const response = yield* completions.create({ ...request, prompt: history, tools })
    turns.push(response)
    history.push(response.message)
    if (response.toolCalls.length === 0) return { response, turns, history }
    history.push(...(yield* Effect.forEach(response.toolCalls, answer, { concurrency })))
  }
  return yield* Effect.fail(new TooManyTurns({ turns: turns.length, history }))
}, Effect.withSpan("ToolLoop.run", { captureStackTrace: false }))
