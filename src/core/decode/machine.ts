/**
 * Events of either dialect to the events of an answer: a pure fold. Within one event reasoning comes before text and
 * text before tool calls, whatever their order in the JSON. Whole answers go through it as one event.
 */
import type { FinishReason, Timings, Usage } from "../../Chat.js"
import type { ToolCall } from "../../Message.js"
import * as Calls from "./calls.js"
import * as Parts from "./parts.js"
import type { ContentEvent, DecodeFailure, Finish, WireEvent } from "./types.js"

export interface State {
  readonly _tag: "State"
  readonly parts: Parts.State
  readonly calls: Calls.State
  readonly finish: FinishReason | undefined
  /** Native `done: true`: only counters, or an error, may follow. */
  readonly done: boolean
  readonly usage: Usage | undefined
  readonly timings: Timings | undefined
  readonly model: string | undefined
}

export const initial: State = {
  _tag: "State",
  parts: Parts.initial,
  calls: Calls.initial,
  finish: undefined,
  done: false,
  usage: undefined,
  timings: undefined,
  model: undefined
}

/** Text of one kind. The state stays the same object as long as the open part goes on. After the end none counts. */
export const text = (state: State, kind: Parts.Kind, delta: string, out: Array<ContentEvent>): State => {
  if (state.done) return state
  const parts = Parts.text(state.parts, kind, delta, out)
  return parts === state.parts ? state : { ...state, parts }
}

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool-calls"],
  ["function_call", "tool-calls"]
])

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
  if (wires.length > 0 || (event.finish !== "" && state.calls.open.length > 0)) {
    let parts = state.parts
    const emit = (call: ToolCall) => {
      parts = Parts.call(parts, call, out)
    }
    let calls: Calls.State | DecodeFailure = state.calls
    for (const wire of wires) {
      calls = Calls.add(calls, wire, makeId, emit)
      if ("_tag" in calls) return calls
    }
    if (event.finish !== "") calls = Calls.flush(calls, true, emit)
    if ("_tag" in calls) return calls
    state = { ...state, parts, calls }
  }
  if (event.model !== "" && state.model === undefined) state = { ...state, model: event.model }
  if (event.usage !== undefined) {
    const finished = event.finish !== "" || state.finish !== undefined
    state = { ...state, usage: laterUsage(state.usage, event.usage, finished) }
  }
  if (event.timings !== undefined) state = { ...state, timings: event.timings }
  if (event.finish !== "") {
    const finish = state.finish ?? reasons.get(event.finish) ?? "other"
    state = { ...state, finish, parts: Parts.close(state.parts, out) }
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
  const calls = Calls.flush(state.calls, true, (call) => {
    parts = Parts.call(parts, call, out)
  })
  if ("_tag" in calls) return calls
  Parts.close(parts, out)
  return {
    // Ollama says `stop` beside tool calls
    finishReason: state.finish === "stop" && state.calls.count > 0 ? "tool-calls" : state.finish,
    ...(state.usage === undefined ? undefined : { usage: state.usage }),
    ...(state.timings === undefined ? undefined : { timings: state.timings }),
    ...(state.model === undefined ? undefined : { model: state.model })
  }
}
