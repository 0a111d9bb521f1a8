/**
 * Events of a wire to the events of an answer: a pure fold. Within one event reasoning comes before text and text before
 * tool calls, whatever their order in the JSON. Whole answers go through it as one event. And the events of an answer to
 * its parts.
 */
import type { Ignored, Timings, Usage } from "../../Chat.js"
import type { AssistantPart, JsonObject, Metadata, PartialAnswer, ToolCall } from "../../Message.js"
import type { JsonRecord } from "../json.js"
import { type Asked, isTooLarge, joinDetails, type ReasoningField, sizeOf, type Value } from "../request/metadata.js"
import * as Calls from "./calls.js"
import type { ContentEvent, DecodeFailure, Finish, Kind, WireEvent, WireFinish } from "./types.js"

// =============================================================================
// parts: the one place where they open and close. At most one is open, a delta of another kind closes it and opens its own,
// empty text opens nothing
// =============================================================================

export interface Parts {
  readonly open: Kind | undefined
  readonly id: string
  /** How many have been opened. */
  readonly count: number
  /** Of the open one. */
  readonly metadata?: Metadata | undefined
}

// Two places that make what a stream has most of, so that V8 can be told about them (`shortLived.ts`).

/** A list for the events of a chunk. */
export const list = (): Array<ContentEvent> => []

/** A piece of text. */
export const delta = (kind: Kind, id: string, text: string): ContentEvent => ({
  type: kind === "text" ? "text-delta" : "reasoning-delta",
  id,
  delta: text
})

export const noParts: Parts = { open: undefined, id: "", count: 0 }

export const closePart = (state: Parts, out: Array<ContentEvent>): Parts => {
  if (state.open === undefined) return state
  const { metadata } = state
  const type = state.open === "text" ? "text-end" : "reasoning-end"
  out.push({ type, id: state.id, ...(metadata === undefined ? undefined : { metadata }) })
  return { open: undefined, id: "", count: state.count }
}

const openPart = (state: Parts, kind: Kind, out: Array<ContentEvent>): Parts => {
  const { count } = closePart(state, out)
  const id = `${kind}-${count}`
  out.push({ type: kind === "text" ? "text-start" : "reasoning-start", id })
  return { open: kind, id, count: count + 1 }
}

export const putText = (before: Parts, kind: Kind, piece: string, out: Array<ContentEvent>): Parts => {
  if (piece === "") return before
  const state = before.open === kind ? before : openPart(before, kind, out)
  out.push(delta(kind, state.id, piece))
  return state
}

export const putCall = (before: Parts, made: ToolCall, out: Array<ContentEvent>): Parts => {
  const state = closePart(before, out)
  out.push(made)
  return state
}

// =============================================================================
// the fold
// =============================================================================

/** What the server wants back with the part that it came with; without one yet, with the next. */
interface Pending {
  /** The part, once there is one. */
  readonly id: string | undefined
  readonly details: ReadonlyArray<JsonRecord>
  readonly signature: string | undefined
  readonly size: number
}

export interface State {
  readonly _tag: "State"
  /** Whose the answer is; without it there is no metadata. */
  readonly source: Asked | undefined
  /** The name under which reasoning comes. */
  readonly field: ReasoningField | undefined
  readonly pending: Pending | undefined
  /** More metadata came than is kept. */
  readonly dropped: boolean
  readonly parts: Parts
  /** The kinds of text that came in pieces. */
  readonly said: ReadonlyArray<Kind>
  readonly calls: Calls.State
  readonly finish: WireFinish | undefined
  readonly refused: boolean
  /** No content follows: only counters, or an error, may. */
  readonly done: boolean
  readonly usage: Usage | undefined
  readonly timings: Timings | undefined
  readonly model: string | undefined
  readonly responseId: string | undefined
}

export const initial: State = {
  _tag: "State",
  source: undefined,
  field: undefined,
  pending: undefined,
  dropped: false,
  parts: noParts,
  said: [],
  calls: Calls.initial,
  finish: undefined,
  refused: false,
  done: false,
  usage: undefined,
  timings: undefined,
  model: undefined,
  responseId: undefined
}

/** Text of one kind. The state stays the same object as long as the open part goes on. After the end none counts. */
export const text = (state: State, kind: Kind, delta: string, out: Array<ContentEvent>): State => {
  if (state.done) return state
  const before = delta !== "" && state.calls.open.length > 0 ? settled(state, out) : state
  const parts = putText(before.parts, kind, delta, out)
  if (parts === before.parts) return before
  return attached({ ...before, parts, said: before.said.includes(kind) ? before.said : [...before.said, kind] })
}

const metadataOf = ({ source }: State, value: Value): Metadata | undefined =>
  source === undefined || Object.keys(value).length === 0
    ? undefined
    : { provider: source.provider, origin: source.origin, api: source.api, value: { ...value } }

const pendingValue = (pending: Pending | undefined): Value => ({
  ...(pending === undefined || pending.details.length === 0 ? undefined : { reasoning_details: pending.details }),
  ...(pending?.signature === undefined ? undefined : { signature: pending.signature })
})

// What is wanted back goes with the part that is open.
const attached = (state: State): State => {
  const { field, parts, pending, source } = state
  if (source === undefined || parts.open === undefined) return state
  const isOfPart = pending !== undefined && (pending.id === undefined || pending.id === parts.id)
  const metadata = metadataOf(state, {
    ...pendingValue(isOfPart ? pending : undefined),
    ...(parts.open === "reasoning" && field !== undefined ? { field } : undefined)
  })
  return metadata === undefined ? state : {
    ...state,
    pending: isOfPart ? { ...pending, id: parts.id } : undefined,
    parts: { ...parts, metadata }
  }
}

// Takes what an event says beside its text.
const withDetails = (state: State, { details = [], signature }: WireEvent): State => {
  if (state.source === undefined || (details.length === 0 && signature === undefined)) return state
  const before = state.pending?.id === undefined || state.pending.id === state.parts.id ? state.pending : undefined
  let size = (before?.size ?? 0) + sizeOf(details) + sizeOf(signature ?? "")
  // Pieces are larger than what they come to. That is only looked at where it leaves room for many more, for it takes long.
  if (isTooLarge(size) && before !== undefined && !isTooLarge(before.size)) {
    const joined = sizeOf(joinDetails(before.details, details)) + sizeOf((before.signature ?? "") + (signature ?? ""))
    if (!isTooLarge(2 * joined)) size = joined
  }
  const pending: Pending = isTooLarge(size)
    ? { id: before?.id, details: [], signature: undefined, size }
    : {
      id: before?.id,
      details: joinDetails(before?.details ?? [], details),
      signature: signature === undefined ? before?.signature : (before?.signature ?? "") + signature,
      size
    }
  const parts = { ...state.parts, metadata: undefined }
  return attached({ ...state, parts, pending, dropped: state.dropped || isTooLarge(size) })
}

// What is broken is judged where it ends.
const settled = (state: State, out: Array<ContentEvent>): State => {
  const made: Array<ToolCall> = []
  let next = state
  const calls = Calls.flush(
    state.calls,
    false,
    (call, extra) => {
      const said = withMetadata(next, call, extra)
      next = said.state
      made.push(said.call)
    },
    true
  )
  if ("_tag" in calls || made.length === 0) return state
  return { ...next, calls, parts: made.reduce((parts, call) => putCall(parts, call, out), state.parts) }
}

// A call with what the server wants back with it.
const withMetadata = (state: State, call: ToolCall, extra: JsonObject | undefined) => {
  const isFree = state.pending !== undefined && state.pending.id === undefined
  const tooLarge = extra !== undefined && isTooLarge(sizeOf(extra))
  const metadata = metadataOf(state, {
    ...pendingValue(isFree ? state.pending : undefined),
    ...(extra === undefined || tooLarge ? undefined : { extra_content: extra })
  })
  return {
    call: metadata === undefined ? call : { ...call, metadata },
    state: { ...state, pending: isFree ? undefined : state.pending, dropped: state.dropped || tooLarge }
  }
}

const tokens = (usage: Usage): number => (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0) + (usage.totalTokens ?? 0)

/** The last usage counts; zeros, which some servers put beside every event, count only once it is finished. */
const laterUsage = (before: Usage | undefined, usage: Usage, finished: boolean): Usage | undefined => {
  if ((before !== undefined || !finished) && tokens(usage) === 0) return before
  return Object.keys(usage).length === 0 ? before : usage
}

/**
 * Some servers end with the whole message what they sent in pieces: of that, it says again what was said. `parts`: all
 * that was said; where that is not known, the message is taken for the same.
 */
export const unsaid = (
  { calls, said }: State,
  event: WireEvent,
  parts: ReadonlyArray<AssistantPart> | undefined
): WireEvent => {
  const rest = (kind: Kind, text: string): string => {
    if (text === "" || !said.includes(kind)) return text
    if (parts === undefined) return ""
    const before = parts.map((part) => part.type === kind ? part.text : "").join("")
    // some trim it
    return text.startsWith(before) ? text.slice(before.length) : text.trim() === before.trim() ? "" : text
  }
  const reasoning = rest("reasoning", event.reasoning)
  return {
    ...event,
    reasoning,
    ...(said.includes("reasoning") && reasoning === "" ? { details: undefined, signature: undefined } : undefined),
    content: rest("text", event.content),
    calls: calls.count === 0
      ? event.calls
      : parts === undefined
      ? []
      : Calls.unsaid(calls, event.calls, parts.filter((part) => part.type === "tool-call"))
  }
}

/** Takes one event; what comes of it is pushed to `out`. */
export const step = (
  before: State,
  event: WireEvent,
  makeId: (index: number) => string,
  out: Array<ContentEvent>
): State | DecodeFailure => {
  let state = event.field === undefined || before.source?.ollama !== false || before.field === event.field
    ? before
    : { ...before, field: event.field }
  state = withDetails(text(state, "reasoning", event.reasoning, out), event)
  state = text(state, "text", event.content, out)
  if (event.isMessage === true) state = { ...state, said: before.said }
  const pieces = before.done ? [] : event.calls
  if (pieces.length > 0 || (event.finish !== undefined && state.calls.open.length > 0)) {
    let parts = state.parts
    const emit: Calls.Emit = (call, extra) => {
      const said = withMetadata(state, call, extra)
      state = said.state
      parts = putCall(parts, said.call, out)
    }
    let calls = Calls.add(state.calls, pieces, makeId, emit)
    if ("_tag" in calls) return calls
    if (event.finish !== undefined) calls = Calls.flush(calls, true, emit)
    if ("_tag" in calls) return calls
    state = { ...state, parts, calls }
  }
  if (event.model !== "" && state.model === undefined) state = { ...state, model: event.model }
  if (event.responseId !== undefined && state.responseId === undefined) {
    state = { ...state, responseId: event.responseId }
  }
  if (event.usage !== undefined) {
    const finished = event.finish !== undefined || state.finish !== undefined
    state = { ...state, usage: laterUsage(state.usage, event.usage, finished) }
  }
  if (event.refused === true && !state.refused) state = { ...state, refused: true }
  if (event.timings !== undefined) state = { ...state, timings: event.timings }
  if (event.error !== undefined) return { _tag: "InBandError", error: event.error }
  if (event.finish?.failed === true) return { _tag: "Failed", word: event.finish.word }
  if (event.finish !== undefined) {
    state = { ...state, finish: state.finish ?? event.finish, parts: closePart(state.parts, out) }
  }
  return event.done && !state.done ? { ...state, done: true } : state
}

/**
 * The input is over: closes what is open, and judges a call that went on after the finish. `undefined` when the answer is
 * not complete.
 */
export const end = (state: State, out: Array<ContentEvent>): Finish | DecodeFailure | undefined => {
  if (state.finish === undefined) return undefined
  let parts = state.parts
  let last = state
  if (state.calls.open.length > 0) {
    const calls = Calls.flush(state.calls, true, (call, extra) => {
      const said = withMetadata(last, call, extra)
      last = said.state
      parts = putCall(parts, said.call, out)
    })
    if ("_tag" in calls) return calls
  }
  closePart(parts, out)
  const { reason, word } = state.finish
  const unplaced = last.pending?.id === undefined ? Object.keys(pendingValue(last.pending)) : []
  const ignored = [...(last.dropped ? [tooMuch] : []), ...(unplaced.length > 0 ? [tooLate] : [])]
  return {
    finishReason: reasonOf(reason, state),
    rawFinishReason: word,
    ...(state.usage === undefined ? undefined : { usage: state.usage }),
    ...(state.timings === undefined ? undefined : { timings: state.timings }),
    ...(state.model === undefined ? undefined : { model: state.model }),
    ...(state.responseId === undefined ? undefined : { responseId: state.responseId }),
    ...(ignored.length > 0 ? { ignored } : undefined)
  }
}

const tooLate: Ignored = { setting: "metadata", reason: "it came behind all that it could go with" }

const tooMuch: Ignored = { setting: "metadata", reason: "the server wants more back than the 64 KiB that are kept" }

// Ollama says `stop` beside tool calls, others say `tool_calls` beside none.
const reasonOf = (reason: WireFinish["reason"], { calls, refused }: State): WireFinish["reason"] => {
  if (reason !== "stop" && reason !== "tool-calls") return reason
  return calls.count > 0 ? "tool-calls" : refused ? "content-filter" : "stop"
}

// =============================================================================
// the answer so far. A million deltas leave a few flat strings: pieces are joined in batches, so that nothing is kept per
// delta and no network chunk stays alive
// =============================================================================

const batch = 512

/** Joins many pieces of text to one. */
export class Joiner {
  private readonly pieces: Array<string> = []
  private blocks: Array<string> = []
  private large: Array<string> = []

  add(piece: string) {
    if (this.pieces.push(piece) < batch) return
    this.blocks.push(this.pieces.join(""))
    this.pieces.length = 0
    if (this.blocks.length < batch) return
    this.large.push(this.blocks.join(""))
    this.blocks = []
  }

  get isEmpty(): boolean {
    return this.pieces.length + this.blocks.length + this.large.length === 0
  }

  text(): string {
    return this.large.join("") + this.blocks.join("") + this.pieces.join("")
  }

  clear() {
    this.pieces.length = 0
    this.blocks = []
    this.large = []
  }
}

export class Collector {
  /** The characters of all of it; a part and a call count for a little more than their text. */
  size = 0
  private readonly done: Array<AssistantPart> = []
  private readonly joiner = new Joiner()
  private kind: "reasoning" | "text" = "text"

  /** `keep`: what comes after so many characters is counted and not kept. */
  constructor(private readonly keep = Infinity) {}

  get isTruncated(): boolean {
    return this.size > this.keep
  }

  add(events: ReadonlyArray<ContentEvent>, from = 0) {
    for (let i = from; i < events.length; i++) {
      const event = events[i] as ContentEvent
      switch (event.type) {
        case "text-delta":
        case "reasoning-delta":
          this.size += event.delta.length
          if (this.size <= this.keep) this.joiner.add(event.delta)
          break
        case "text-start":
          this.kind = "text"
          this.size += 64
          break
        case "reasoning-start":
          this.kind = "reasoning"
          this.size += 64
          break
        case "tool-call":
          this.size += 64 + event.argumentsText.length
          if (this.size <= this.keep) this.done.push(event)
          break
        default:
          this.close(event.metadata)
      }
    }
  }

  parts(): ReadonlyArray<AssistantPart> {
    return this.joiner.isEmpty ? this.done.slice() : [...this.done, { type: this.kind, text: this.joiner.text() }]
  }

  partial(): PartialAnswer {
    return { parts: this.parts(), ...(this.isTruncated ? { truncated: true } : undefined) }
  }

  private close(metadata: Metadata | undefined) {
    if (this.joiner.isEmpty) return
    const text = this.joiner.text()
    this.done.push({ type: this.kind, text, ...(metadata === undefined ? undefined : { metadata }) })
    this.joiner.clear()
  }
}
