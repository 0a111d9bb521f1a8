/**
 * What decoding gives, and what passes between its parts.
 */
import type { ContentEvent, Finish, FinishReason, Timings, Usage } from "../../Chat.js"
import type { AssistantPart, PartialAnswer } from "../../Message.js"

// `finish` is no content: it is added by the caller, who knows the ref and the attempts.
export type { ContentEvent, Finish }

export type DecodeFailure =
  /** The server said `error` inside a 200: its value as it came (text, object, or `key: value` of an odd key). */
  | { readonly _tag: "InBandError"; readonly error: unknown }
  /** Not the format, not UTF-8, or over a bound. */
  | { readonly _tag: "Malformed"; readonly detail: string }
  | { readonly _tag: "MalformedToolCall"; readonly id: string; readonly name: string; readonly raw: string }
  /** A whole answer that says itself that it is not done. */
  | { readonly _tag: "NotDone" }
  /** The stream ended without a finish. */
  | { readonly _tag: "Ended" }

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
}

/** One event of any wire, read. */
export interface WireEvent {
  readonly _tag: "Event"
  readonly reasoning: string
  readonly content: string
  readonly calls: ReadonlyArray<WireCall>
  /** Why it finished, when it did. */
  readonly finish: FinishReason | undefined
  /** No content follows this event. */
  readonly done: boolean
  readonly usage: Usage | undefined
  readonly timings: Timings | undefined
  readonly model: string
}
