/**
 * The request and the answer of a completion, and the events of a streamed one: the same for every API.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import {
  type AssistantMessage,
  AssistantPart,
  JsonObject,
  Message,
  Metadata,
  reasoningOf,
  textOf,
  type ToolCall,
  toolCallsOf
} from "./Message.js"
import { Attempt } from "./OllamaError.js"

// =============================================================================
// request
// =============================================================================

/**
 * How hard to think: on, off, or a level.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Think = Schema.Union(Schema.Boolean, Schema.Literal("low", "medium", "high", "max"))

/**
 * How hard to think: on, off, or a level.
 *
 * @since 0.1.0
 * @category models
 */
export type Think = typeof Think.Type

/**
 * Which tools the model may or must call.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolChoice = Schema.Union(
  Schema.Literal("auto", "none", "required"),
  Schema.Struct({ tool: Schema.String })
)

/**
 * Which tools the model may or must call. Ollama has no such setting: `none` sends no tools, a named tool sends only
 * that one, and `required` is reported among `ignored`.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolChoice = typeof ToolChoice.Type

/**
 * Sampling and model options. They mean the same for every API; what one cannot carry is reported among the
 * answer's `ignored`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Params {
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly topK?: number | undefined
  readonly minP?: number | undefined
  /** The most tokens to generate. */
  readonly maxTokens?: number | undefined
  readonly seed?: number | undefined
  readonly stop?: string | ReadonlyArray<string> | undefined
  readonly frequencyPenalty?: number | undefined
  readonly presencePenalty?: number | undefined
  readonly repeatPenalty?: number | undefined
  readonly think?: Think | undefined
  /** The context size in tokens; only `api: "ollama"` can carry it, and a change reloads the model. */
  readonly numCtx?: number | undefined
  /** How long the model stays loaded: seconds, or a Go duration such as `"5m"`; negative is for ever. */
  readonly keepAlive?: number | string | undefined
}

/**
 * A tool as it is sent: its parameters are a plain JSON Schema.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolDefinition = Schema.Struct({
  name: Schema.String,
  description: Schema.optional(Schema.String),
  parameters: JsonObject
})

/**
 * A tool as it is sent: its parameters are a plain JSON Schema.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolDefinition extends Schema.Schema.Type<typeof ToolDefinition> {}

/**
 * A request as plain data: schemas turned into JSON Schema, the prompt into messages.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ChatRequest = Schema.Struct({
  messages: Schema.Array(Message),
  tools: Schema.Array(ToolDefinition),
  toolChoice: ToolChoice,
  format: Schema.optional(Schema.Union(Schema.Literal("json"), JsonObject)),
  /** The caller's own, not yet merged with those of the configuration. */
  params: JsonObject
})

/**
 * A request as plain data: schemas turned into JSON Schema, the prompt into messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChatRequest extends Schema.Schema.Type<typeof ChatRequest> {}

// =============================================================================
// answer
// =============================================================================

/**
 * Why the model stopped.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FinishReason = Schema.Literal("stop", "length", "tool-calls", "content-filter", "other")

/**
 * Why the model stopped: `tool-calls` whenever it called something and was not cut.
 *
 * @since 0.1.0
 * @category models
 */
export type FinishReason = typeof FinishReason.Type

/**
 * Tokens. A number that the server did not give is absent, not 0.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Usage = Schema.Struct({
  inputTokens: Schema.optional(Schema.Number),
  outputTokens: Schema.optional(Schema.Number),
  totalTokens: Schema.optional(Schema.Number),
  /** Those of `inputTokens` that the server had in a cache; only some `/v1` servers say so. */
  cachedInputTokens: Schema.optional(Schema.Number),
  /** Those of `outputTokens` that were reasoning; only some `/v1` servers say so. */
  reasoningTokens: Schema.optional(Schema.Number),
  /** Present when the model's cost is not 0. */
  cost: Schema.optional(Schema.Number),
  /** Whether the server seems to have cut the prompt silently; only said when the context size is known. */
  promptTruncated: Schema.optional(Schema.Boolean)
})

/**
 * Tokens. A number that the server did not give is absent, not 0.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage extends Schema.Schema.Type<typeof Usage> {}

/**
 * What the server measured, in ms. Only `api: "ollama"` has it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Timings = Schema.Struct({
  total: Schema.optional(Schema.Number),
  load: Schema.optional(Schema.Number),
  promptEval: Schema.optional(Schema.Number),
  eval: Schema.optional(Schema.Number)
})

/**
 * What the server measured, in ms. Only `api: "ollama"` has it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timings extends Schema.Schema.Type<typeof Timings> {}

/**
 * Something that was asked for and that the API cannot carry.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Ignored = Schema.Struct({ setting: Schema.String, reason: Schema.String })

/**
 * Something that was asked for and that the API cannot carry, with the reason.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ignored extends Schema.Schema.Type<typeof Ignored> {}

const answer = {
  finishReason: FinishReason,
  /** The server's own word for it. */
  rawFinishReason: Schema.optional(Schema.String),
  usage: Schema.optional(Usage),
  timings: Schema.optional(Timings),
  /** The ref that answered. */
  ref: Schema.String,
  /** The model name that the server reported; not always the one that was asked for. */
  model: Schema.optional(Schema.String),
  /** The server's own id of the answer; only `/v1` servers give one. */
  responseId: Schema.optional(Schema.String),
  /** How the model was chosen. */
  selectedBy: Schema.Literal("caller", "primary", "fallback", "first-available"),
  /** The candidates that failed before. */
  attempts: Schema.Array(Attempt),
  ignored: Schema.Array(Ignored)
}

/**
 * A whole answer: an ordered list of parts, and what is derived from it.
 *
 * @since 0.1.0
 * @category models
 */
export class ChatResponse extends Schema.Class<ChatResponse>("effect-ollama/ChatResponse")({
  parts: Schema.Array(AssistantPart),
  ...answer
}) {
  /** The text, without reasoning and tool calls. */
  get text(): string {
    return textOf(this.parts)
  }
  /** What the model thought, without the text. */
  get reasoning(): string {
    return reasoningOf(this.parts)
  }
  /** The tools that the model wants called, in order. */
  get toolCalls(): ReadonlyArray<ToolCall> {
    return toolCallsOf(this.parts)
  }
  /** No text, no reasoning and no calls: an honest silence, or an old server that swallowed a broken call. */
  get isEmpty(): boolean {
    return this.parts.every((part) => part.type !== "tool-call" && part.text === "")
  }
  /** The answer as a message of the history, to be sent again without change. */
  get message(): AssistantMessage {
    return { role: "assistant", content: this.parts }
  }
}

// =============================================================================
// events
// =============================================================================

const partStart = <const Type extends string>(type: Type) =>
  Schema.Struct({ type: Schema.Literal(type), id: Schema.String, metadata: Schema.optional(Metadata) })

const partDelta = <const Type extends string>(type: Type) =>
  Schema.Struct({ type: Schema.Literal(type), id: Schema.String, delta: Schema.String })

/**
 * An event of a streamed answer. Parts open and close one at a time; a tool call comes when it is complete; `finish`
 * comes once, last.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StreamEvent = Schema.Union(
  partStart("reasoning-start"),
  partDelta("reasoning-delta"),
  partStart("reasoning-end"),
  partStart("text-start"),
  partDelta("text-delta"),
  partStart("text-end"),
  Schema.Struct({
    type: Schema.Literal("tool-call"),
    id: Schema.String,
    name: Schema.String,
    arguments: JsonObject,
    argumentsText: Schema.String,
    malformed: Schema.optional(Schema.String),
    metadata: Schema.optional(Metadata)
  }),
  Schema.Struct({ type: Schema.Literal("finish"), ...answer })
)

/**
 * An event of a streamed answer. Its parts carry an `id`, which is the same from their start to their end.
 *
 * @since 0.1.0
 * @category models
 */
export type StreamEvent =
  | {
    readonly type: "reasoning-start" | "reasoning-end" | "text-start" | "text-end"
    readonly id: string
    readonly metadata?: Metadata | undefined
  }
  | { readonly type: "reasoning-delta" | "text-delta"; readonly id: string; readonly delta: string }
  | ToolCall
  | FinishEvent

/**
 * The last event of an answer: all that a `ChatResponse` says beside its parts.
 *
 * @since 0.1.0
 * @category models
 */
export interface FinishEvent extends Schema.Struct.Type<typeof answer> {
  readonly type: "finish"
}

/**
 * An event of the answer itself: all but the finish.
 *
 * @since 0.1.0
 * @category models
 */
export type ContentEvent = Exclude<StreamEvent, { readonly type: "finish" }>

/**
 * What the server said at the end of its answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finish
  extends Pick<FinishEvent, "finishReason" | "rawFinishReason" | "usage" | "timings" | "model" | "responseId">
{
  /** What of the answer could not be kept. */
  readonly ignored?: ReadonlyArray<Ignored> | undefined
}
