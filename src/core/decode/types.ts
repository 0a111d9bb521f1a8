/**
 * What decoding gives, and what passes between its parts.
 */
import type { ContentEvent, Finish, FinishReason, Timings, Usage } from "../../Chat.js"
import type { AssistantPart, JsonObject, PartialAnswer } from "../../Message.js"
import type { JsonRecord } from "../json.js"
import type { ReasoningField } from "../request/metadata.js"

// `finish` is no content: it is added by the caller, who knows the ref and the attempts.
export type { ContentEvent, Finish }

export type DecodeFailure =
  /** The server said `error` inside a 200: its value as it came (text, object, or `key: value` of an odd key). */
  | { readonly _tag: "InBandError"; readonly error: unknown }
  /** Not the format, not UTF-8, or over a bound. */
  | { readonly _tag: "Malformed"; readonly detail: string }
  | { readonly _tag: "MalformedToolCall"; readonly id: string; readonly name: string; readonly raw: string }
  /** The server's word for a finish that is a failure. */
  | { readonly _tag: "Failed"; readonly word: string }
  /** A whole answer that says itself that it is not done. */
  | { readonly _tag: "NotDone" }
  /** The stream ended without a finish. */
  | { readonly _tag: "Ended" }

/** The same of an answer that has no tools to call. */
export type PlainFailure = Exclude<DecodeFailure, { readonly _tag: "MalformedToolCall" }>

/** Decodes one streamed answer, a network chunk at a time. Made anew for every run. */
export interface Decoder {
  /** The events of a chunk. Those before a failure are given, then `failure` is set and later input ignored. */
  readonly push: (chunk: Uint8Array) => ReadonlyArray<ContentEvent>
  /** The input is over: what was left, with open parts closed when the answer is finished; else `failure` is set. */
  readonly end: () => { readonly events: ReadonlyArray<ContentEvent>; readonly finish: Finish | undefined }
  readonly failure: DecodeFailure | undefined
  /** A finish was seen; usage, or an error, may still follow. */
  readonly isFinished: boolean
  /**
   * `[DONE]`: whatever follows is ignored, so nobody has to wait for it. Ollama's `done: true` is not the end: an error may
   * follow, and must count however the network cuts it.
   */
  readonly isDone: boolean
  /** What has arrived so far. */
  readonly partial: () => PartialAnswer
}

/** A whole answer: `finish` is there when there is no failure. */
export interface Whole {
  readonly parts: ReadonlyArray<AssistantPart>
  readonly events: ReadonlyArray<ContentEvent>
  readonly finish: Finish | undefined
  readonly failure: DecodeFailure | undefined
}

// =============================================================================
// between the wires and the machine
// =============================================================================

/** The two kinds of text. */
export type Kind = "reasoning" | "text"

/** A tool call, or a fragment of one, as it stands in one event. `""` where nothing was said. */
export interface WireCall {
  readonly id: string
  readonly name: string
  readonly index: number | undefined
  /** The exact text of the arguments, or of a piece of them. */
  readonly text: string
  /** Nothing of this call follows. */
  readonly whole: boolean
  /** It is the one call of the answer, in the form of before there were lists of them. */
  readonly only?: boolean
  /** What the server sent with it and wants back. */
  readonly extra?: JsonObject | undefined
}

/** Why an answer finished, and the server's word for it. */
export interface WireFinish {
  readonly reason: FinishReason
  readonly word: string
  /** Whether the word names a failure. */
  readonly failed: boolean
}

/** One event of any wire, read. */
export interface WireEvent {
  readonly _tag: "Event"
  readonly reasoning: string
  /** The name under which the reasoning came. */
  readonly field?: ReasoningField | undefined
  /** What the server sent with it and wants back. */
  readonly details?: ReadonlyArray<JsonRecord> | undefined
  readonly signature?: string | undefined
  readonly content: string
  readonly calls: ReadonlyArray<WireCall>
  /** Why it finished, when it did. */
  readonly finish: WireFinish | undefined
  /** What is said is said in place of an answer. */
  readonly refused?: boolean
  /** It stands as a whole message in a stream, not as a piece of one. */
  readonly isMessage?: boolean
  /** What the server says went wrong, beside what it said. */
  readonly error?: unknown
  /** No content follows this event. */
  readonly done: boolean
  readonly usage: Usage | undefined
  readonly timings: Timings | undefined
  readonly model: string
  /** The id of the answer, as the server counts its answers. */
  readonly responseId?: string
}
