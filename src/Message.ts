/**
 * What is said to a model and what it says: parts and messages, the same for every API.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { isPlain } from "./core/json.js"

/**
 * A plain JSON object, passed through as it is: a copy by a `Schema.Record` would lose a key `__proto__`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const JsonObject: Schema.Schema<JsonObject> = Schema.declare(isPlain, {
  identifier: "JsonObject",
  description: "a plain JSON object",
  jsonSchema: { type: "object" },
  arbitrary: () => (fc) => fc.dictionary(fc.string(), fc.jsonValue())
})

/**
 * A plain JSON object.
 *
 * @since 0.1.0
 * @category models
 */
export interface JsonObject {
  readonly [key: string]: unknown
}

/**
 * What a provider sent with a part that has no name here and that it wants back, e.g. a signature: it goes back with the
 * history, to the one that it came from and to no other.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Metadata = Schema.Struct({
  /** The id of the provider. */
  provider: Schema.String,
  /** Scheme, host and port of where it was asked. */
  origin: Schema.String,
  /** The API that it was asked by. */
  api: Schema.String,
  /** What it sent, under its own names; at most 64 KiB of JSON. */
  value: JsonObject
})

/**
 * What a provider sent with a part and wants back.
 *
 * @since 0.1.0
 * @category models
 */
export interface Metadata extends Schema.Schema.Type<typeof Metadata> {}

const metadata = Schema.optional(Metadata)

/**
 * Text said by a user or a model.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TextPart = Schema.Struct({ type: Schema.Literal("text"), text: Schema.String, metadata })

/**
 * Text said by a user or a model.
 *
 * @since 0.1.0
 * @category models
 */
export interface TextPart extends Schema.Schema.Type<typeof TextPart> {}

/**
 * A picture: the bytes of a JPEG, PNG or WebP, or a base64 data URL of one. Nothing is fetched from any other URL.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ImagePart = Schema.Struct({
  type: Schema.Literal("image"),
  image: Schema.Union(Schema.Uint8ArrayFromBase64, Schema.String)
})

/**
 * A picture: its bytes, or a base64 data URL.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImagePart extends Schema.Schema.Type<typeof ImagePart> {}

/**
 * What a model thought before it answered (Ollama's `thinking`, `/v1`'s `reasoning`).
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReasoningPart = Schema.Struct({ type: Schema.Literal("reasoning"), text: Schema.String, metadata })

/**
 * What a model thought before it answered.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReasoningPart extends Schema.Schema.Type<typeof ReasoningPart> {}

/**
 * A tool that the model wants called. `argumentsText` is the exact text of the arguments, so that integers beyond
 * 2^53 keep their digits on the way there and back; `arguments` is that text as plain JSON.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolCall = Schema.Struct({
  type: Schema.Literal("tool-call"),
  id: Schema.String,
  name: Schema.String,
  arguments: JsonObject,
  argumentsText: Schema.String,
  /** The raw text of arguments that could not be read; then `arguments` is empty. Only with `malformedCalls: "return"`. */
  malformed: Schema.optional(Schema.String),
  metadata
})

/**
 * A tool that the model wants called: `arguments` as plain JSON, `argumentsText` as the exact text.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolCall extends Schema.Schema.Type<typeof ToolCall> {}

/**
 * One part of what a model said, in the order in which it said it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AssistantPart = Schema.Union(TextPart, ReasoningPart, ToolCall)

/**
 * One part of what a model said.
 *
 * @since 0.1.0
 * @category models
 */
export type AssistantPart = TextPart | ReasoningPart | ToolCall

/**
 * What the model is to be and to do, said before the conversation.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SystemMessage = Schema.Struct({ role: Schema.Literal("system"), content: Schema.String })

/**
 * What the model is to be and to do, said before the conversation.
 *
 * @since 0.1.0
 * @category models
 */
export interface SystemMessage extends Schema.Schema.Type<typeof SystemMessage> {}

/**
 * What the user says: text, or parts of text and pictures.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UserMessage = Schema.Struct({
  role: Schema.Literal("user"),
  content: Schema.Union(Schema.String, Schema.Array(Schema.Union(TextPart, ImagePart)))
})

/**
 * What the user says: text, or parts of text and pictures.
 *
 * @since 0.1.0
 * @category models
 */
export interface UserMessage extends Schema.Schema.Type<typeof UserMessage> {}

/**
 * An answer in the history. `response.message` of a completion is one, ready to be sent again.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AssistantMessage = Schema.Struct({
  role: Schema.Literal("assistant"),
  content: Schema.Union(Schema.String, Schema.Array(AssistantPart))
})

/**
 * An answer in the history.
 *
 * @since 0.1.0
 * @category models
 */
export interface AssistantMessage extends Schema.Schema.Type<typeof AssistantMessage> {}

/**
 * The result of one tool call, as the text that the model gets to read.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ToolMessage = Schema.Struct({
  role: Schema.Literal("tool"),
  toolCallId: Schema.String,
  toolName: Schema.String,
  content: Schema.String,
  /** Whether the call failed. No API has a place for it: the model only reads `content`. */
  isError: Schema.optional(Schema.Boolean)
})

/**
 * The result of one tool call.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolMessage extends Schema.Schema.Type<typeof ToolMessage> {}

/**
 * One message of a conversation.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Message = Schema.Union(SystemMessage, UserMessage, AssistantMessage, ToolMessage)

/**
 * One message of a conversation.
 *
 * @since 0.1.0
 * @category models
 */
export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage

/**
 * What had arrived of an answer when it failed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PartialAnswer = Schema.Struct({
  parts: Schema.Array(AssistantPart),
  /** Whether it was too much to be kept: then these are its first 1 Mi characters, of a stream that the caller has seen. */
  truncated: Schema.optional(Schema.Boolean)
})

/**
 * What had arrived of an answer when it failed.
 *
 * @since 0.1.0
 * @category models
 */
export interface PartialAnswer extends Schema.Schema.Type<typeof PartialAnswer> {}

/**
 * The text of all text parts, joined.
 *
 * @since 0.1.0
 * @category destructors
 */
export const textOf = (parts: ReadonlyArray<AssistantPart>): string =>
  parts.flatMap((part) => part.type === "text" ? [part.text] : []).join("")

/**
 * The text of all reasoning parts, joined.
 *
 * @since 0.1.0
 * @category destructors
 */
export const reasoningOf = (parts: ReadonlyArray<AssistantPart>): string =>
  parts.flatMap((part) => part.type === "reasoning" ? [part.text] : []).join("")

/**
 * The tool calls, in order.
 *
 * @since 0.1.0
 * @category destructors
 */
export const toolCallsOf = (parts: ReadonlyArray<AssistantPart>): ReadonlyArray<ToolCall> =>
  parts.filter((part) => part.type === "tool-call")
