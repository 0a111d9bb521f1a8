/**
 * What decoding takes and gives. Everything in this folder is plain data and plain functions: no Effect, no Node.
 */
import type { ContentEvent, Finish, Timings, Usage } from "../../Chat.js"
import type { AssistantPart, PartialAnswer } from "../../Message.js"
import type { Api } from "../../Model.js"

// `finish` is no content: it is added by the caller, who knows the ref and the attempts.
export type { ContentEvent, Finish }

export interface DecoderOptions {
  readonly api: Api
  /** Makes the id of a call that came without one, from the number of calls before it. */
  readonly makeId: (index: number) => string
  /** Most bytes of one event (default 64 MiB). */
  readonly maxEventBytes?: number | undefined
  /** Most characters of a whole answer, all its deltas and calls together (default 64 Mi). */
  readonly maxAnswerChars?: number | undefined
  /** Most characters that `partial` keeps (default: all). */
  readonly keepChars?: number | undefined
  /**
   * How many events of nothing but text are read in full before one is learned from (default 4): learning costs as much as
   * that, and pays only in longer answers. Tests learn at once.
   */
  readonly learnAfter?: number | undefined
  /** Only tests switch the fast path off, to hold it to the full parser. */
  readonly fastPath?: boolean | undefined
}

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
   * `[DONE]`: whatever follows is ignored, so nobody has to wait for it. Native `done: true` is not the end: an error may
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

export const defaultMaxBytes = 64 * 1024 * 1024

// -----------------------------------------------------------------------------
// between the readers of the two dialects and the machine
// -----------------------------------------------------------------------------

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

/** One event of either dialect, read. */
export interface WireEvent {
  readonly _tag: "Event"
  readonly reasoning: string
  readonly content: string
  readonly calls: ReadonlyArray<WireCall>
  /** The server's word for why it finished, `""` when it said none. */
  readonly finish: string
  /** No content follows this event. */
  readonly done: boolean
  readonly usage: Usage | undefined
  readonly timings: Timings | undefined
  readonly model: string
}
