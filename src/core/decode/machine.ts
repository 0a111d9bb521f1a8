/**
 * Events of a wire to the events of an answer: a pure fold. Within one event reasoning comes before text and text before
 * tool calls, whatever their order in the JSON. Whole answers go through it as one event. And the events of an answer to
 * its parts.
 */
import type { FinishReason, Timings, Usage } from "../../Chat.js"
import type { AssistantPart, PartialAnswer, ToolCall } from "../../Message.js"
import * as Calls from "./calls.js"
import type { ContentEvent, DecodeFailure, Finish, Kind, WireEvent } from "./types.js"

// =============================================================================
// parts: the one place where they open and close. At most one is open, a delta of another kind closes it and opens its own,
// empty text opens nothing
// =============================================================================

export interface Parts {
  readonly open: Kind | undefined
  readonly id: string
  /** How many have been opened. */
  readonly count: number
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
  out.push({ type: state.open === "text" ? "text-end" : "reasoning-end", id: state.id })
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

export interface State {
  readonly _tag: "State"
  readonly parts: Parts
  readonly calls: Calls.State
  readonly finish: FinishReason | undefined
  /** No content follows: only counters, or an error, may. */
  readonly done: boolean
  readonly usage: Usage | undefined
  readonly timings: Timings | undefined
  readonly model: string | undefined
}

export const initial: State = {
  _tag: "State",
  parts: noParts,
  calls: Calls.initial,
  finish: undefined,
  done: false,
  usage: undefined,
  timings: undefined,
  model: undefined
}

/** Text of one kind. The state stays the same object as long as the open part goes on. After the end none counts. */
export const text = (state: State, kind: Kind, delta: string, out: Array<ContentEvent>): State => {
  if (state.done) return state
  const parts = putText(state.parts, kind, delta, out)
  return parts === state.parts ? state : { ...state, parts }
}

const tokens = (usage: Usage): number => (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0) + (usage.totalTokens ?? 0)

/** The last usage counts; zeros, which some servers put beside every event, count only once it is finished. */
const laterUsage = (before: Usage | undefined, usage: Usage, finished: boolean): Usage | undefined => {
  if ((before !== undefined || !finished) && tokens(usage) === 0) return before
  return Object.keys(usage).length === 0 ? before : usage
}

/** Takes one event; what comes of it is pushed to `out`. */
export const step = (
  before: State,
  event: WireEvent,
  makeId: (index: number) => string,
  out: Array<ContentEvent>
): State | DecodeFailure => {
  let state = text(before, "reasoning", event.reasoning, out)
  state = text(state, "text", event.content, out)
  const wires = before.done ? [] : event.calls
  if (wires.length > 0 || (event.finish !== undefined && state.calls.open.length > 0)) {
    let parts = state.parts
    const emit = (call: ToolCall) => {
      parts = putCall(parts, call, out)
    }
    let calls: Calls.State | DecodeFailure = state.calls
    for (const wire of wires) {
      calls = Calls.add(calls, wire, makeId, emit)
      if ("_tag" in calls) return calls
    }
    if (event.finish !== undefined) calls = Calls.flush(calls, true, emit)
    if ("_tag" in calls) return calls
    state = { ...state, parts, calls }
  }
  if (event.model !== "" && state.model === undefined) state = { ...state, model: event.model }
  if (event.usage !== undefined) {
    const finished = event.finish !== undefined || state.finish !== undefined
    state = { ...state, usage: laterUsage(state.usage, event.usage, finished) }
  }
  if (event.timings !== undefined) state = { ...state, timings: event.timings }
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
  if (state.calls.open.length > 0) {
    const calls = Calls.flush(state.calls, true, (call) => {
      parts = putCall(parts, call, out)
    })
    if ("_tag" in calls) return calls
  }
  closePart(parts, out)
  return {
    // Ollama says `stop` beside tool calls
    finishReason: state.finish === "stop" && state.calls.count > 0 ? "tool-calls" : state.finish,
    ...(state.usage === undefined ? undefined : { usage: state.usage }),
    ...(state.timings === undefined ? undefined : { timings: state.timings }),
    ...(state.model === undefined ? undefined : { model: state.model })
  }
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

  add(events: ReadonlyArray<ContentEvent>) {
    for (let i = 0; i < events.length; i++) {
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
          this.close()
      }
    }
  }

  parts(): ReadonlyArray<AssistantPart> {
    return this.joiner.isEmpty ? this.done.slice() : [...this.done, { type: this.kind, text: this.joiner.text() }]
  }

  partial(): PartialAnswer {
    return { parts: this.parts(), ...(this.isTruncated ? { truncated: true } : undefined) }
  }

  private close() {
    if (this.joiner.isEmpty) return
    this.done.push({ type: this.kind, text: this.joiner.text() })
    this.joiner.clear()
  }
}
