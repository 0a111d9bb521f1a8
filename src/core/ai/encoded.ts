/**
 * Prompts and answers as `@effect/ai` and Effect 4's `effect/ai` have them in common: roles, encoded parts, tool choices.
 * Plain data of this library's own, so that neither of them is needed to work on it.
 */
import type { FinishReason, Ignored, Timings } from "../../Chat.js"
import type { JsonObject, Metadata } from "../../Message.js"

// =============================================================================
// what is asked
// =============================================================================

/** What is said to providers beside a message or a part, by the name of each. */
export type ProviderOptions = { readonly [provider: string]: JsonObject | undefined }

type Given = { readonly options?: ProviderOptions | undefined }

export type TextGiven = Given & { readonly type: "text"; readonly text: string }

export type ReasoningGiven = Given & { readonly type: "reasoning"; readonly text: string }

export type FileGiven = Given & {
  readonly type: "file"
  readonly mediaType: string
  readonly data: string | Uint8Array | { readonly href: string }
}

export type CallGiven = Given & {
  readonly type: "tool-call"
  readonly id: string
  readonly name: string
  readonly params: unknown
}

export type ResultGiven = Given & {
  readonly type: "tool-result"
  readonly id: string
  readonly name: string
  readonly result: unknown
  readonly isFailure: boolean
}

export type AssistantGiven = TextGiven | ReasoningGiven | FileGiven | CallGiven | ResultGiven

export type Message =
  & Given
  & ({
    readonly role: "system"
    readonly content: string
  } | {
    readonly role: "user"
    readonly content: string | ReadonlyArray<TextGiven | FileGiven>
  } | {
    readonly role: "assistant"
    readonly content: string | ReadonlyArray<AssistantGiven>
  } | {
    readonly role: "tool"
    readonly content: ReadonlyArray<ResultGiven>
  })

export interface Tool {
  readonly name: string
  readonly description: string | undefined
  /** A `Schema`, or JSON Schema. */
  readonly parameters: unknown
  /** Whether it is a hosted provider's own, e.g. its web search. */
  readonly isProviderDefined: boolean
}

export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string } | {
  readonly mode?: "auto" | "required" | undefined
  readonly oneOf: ReadonlyArray<string>
}

// =============================================================================
// what is answered
// =============================================================================

/** What a provider sent with a part and wants back with the history. */
export type PartExtra = { readonly metadata: Metadata }

/** The same of a call, and the exact text of its arguments where `params` has lost something of it. */
export type CallExtra = { readonly metadata?: Metadata | undefined; readonly argumentsText?: string | undefined }

/** What is known of a finished answer beside its reason and usage. Plain JSON. */
export type FinishExtra = {
  /** The ref that answered. */
  readonly ref: string
  readonly selectedBy: "caller" | "primary" | "fallback" | "first-available"
  /** The server's own word for why it finished, where it has one. */
  readonly doneReason?: string | undefined
  /** What the server measured, in ms. */
  readonly timings?: Timings | undefined
  /** Of the tokens; absent when the model costs nothing. */
  readonly cost?: number | undefined
  /** Whether the server seems to have cut the prompt silently. */
  readonly promptTruncated?: boolean | undefined
  /** Whether an object was taken out of a code fence, or of other text. */
  readonly extracted?: boolean | undefined
  /** What was asked for and could not be sent. */
  readonly ignored: ReadonlyArray<Ignored>
  /** The candidates that failed before, each with the tag and the message of its error. */
  readonly attempts: ReadonlyArray<{ readonly ref: string; readonly error: string; readonly message: string }>
}

type Answered<Extra> = { readonly metadata?: { readonly ollama?: Extra | undefined } }

export type BorderPart = Answered<PartExtra> & {
  readonly type: "text-start" | "text-end" | "reasoning-start" | "reasoning-end"
  readonly id: string
}

export type DeltaPart = {
  readonly type: "text-delta" | "reasoning-delta"
  readonly id: string
  readonly delta: string
}

export type TextPart = Answered<PartExtra> & { readonly type: "text" | "reasoning"; readonly text: string }

export type ParamsPart =
  | { readonly type: "tool-params-start"; readonly id: string; readonly name: string }
  | { readonly type: "tool-params-delta"; readonly id: string; readonly delta: string }
  | { readonly type: "tool-params-end"; readonly id: string }

export type CallPart = Answered<CallExtra> & {
  readonly type: "tool-call"
  readonly id: string
  readonly name: string
  readonly params: JsonObject
}

export type ResponsePart = { readonly type: "response-metadata"; readonly modelId: string }

export type Usage = {
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  readonly totalTokens: number | undefined
  readonly reasoningTokens?: number
  readonly cachedInputTokens?: number
}

export type FinishPart = Answered<FinishExtra> & {
  readonly type: "finish"
  readonly reason: FinishReason
  readonly usage: Usage
}

export type StreamPart = BorderPart | DeltaPart | ParamsPart | CallPart | ResponsePart | FinishPart

export type WholePart = TextPart | CallPart | ResponsePart | FinishPart
