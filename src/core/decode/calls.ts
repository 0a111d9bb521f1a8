/**
 * Puts tool calls together. They are told apart by id, not by index: hosted APIs open a call with its id, its name and
 * `""`, then send pieces of the arguments with nothing but the index; Ollama sends whole calls, in some versions all
 * with index 0 or without an id.
 */
import type { ToolCall } from "../../Message.js"
import { isRecord, parse } from "../json.js"
import { type Balance, scan, unbalanced } from "./jsonText.js"
import type { DecodeFailure, WireCall } from "./types.js"

/** A call whose arguments may still grow. */
interface OpenCall {
  readonly id: string
  readonly name: string
  readonly index: number | undefined
  readonly text: string
  readonly balance: Balance
}

export interface State {
  /** In the order in which they began; a complete one behind an incomplete one waits for it. */
  readonly open: ReadonlyArray<OpenCall>
  /** The calls that began. */
  readonly count: number
  /** The last one that was given out. */
  readonly last: ToolCall | undefined
}

export const initial: State = { open: [], count: 0, last: undefined }

/** Deeper arguments would overflow the stack of whoever walks them. */
const maxDepth = 1000

/** More at the same time would make look-ups slow. */
const maxOpen = 1000

const broken = (call: OpenCall): DecodeFailure => ({
  _tag: "MalformedToolCall",
  id: call.id,
  name: call.name,
  raw: call.text
})

/** A call as it is, once nothing more can come: `""` and `null` are no arguments, anything else must be an object. */
const complete = (call: OpenCall): ToolCall | DecodeFailure => {
  if (call.name === "") return broken(call)
  const text = call.text.trim()
  if (text === "" || text === "null") {
    return { type: "tool-call", id: call.id, name: call.name, arguments: {}, argumentsText: "{}" }
  }
  const parsed = parse(call.text)
  if (parsed === undefined || !isRecord(parsed.value)) return broken(call)
  // the brackets of a depth take two characters
  if (text.length > 2 * maxDepth && scan(unbalanced, text).deepest > maxDepth) return broken(call)
  return { type: "tool-call", id: call.id, name: call.name, arguments: parsed.value, argumentsText: call.text }
}

const isClosed = (call: OpenCall): boolean => call.balance.closed && call.name !== ""

const findLast = (open: ReadonlyArray<OpenCall>, is: (call: OpenCall) => boolean): number => {
  for (let i = open.length - 1; i >= 0; i--) if (is(open[i] as OpenCall)) return i
  return -1
}

const hasIndex = (index: number | undefined) => (call: OpenCall): boolean =>
  index === undefined || call.index === undefined || call.index === index

/** The open call that a piece belongs to, or -1 when it begins one. */
const target = (open: ReadonlyArray<OpenCall>, wire: WireCall): number => {
  if (wire.whole) return -1
  if (wire.id !== "") return findLast(open, (call) => call.id === wire.id && !isClosed(call))
  if (wire.name !== "") return findLast(open, (call) => call.name === "" && hasIndex(wire.index)(call))
  return findLast(open, hasIndex(wire.index))
}

/** Gives out the calls at the front that are complete; with `all`, every one is judged as it is. */
export const flush = (state: State, all: boolean, emit: (call: ToolCall) => void): State | DecodeFailure => {
  let at = 0
  let last = state.last
  for (; at < state.open.length; at++) {
    const call = state.open[at] as OpenCall
    if (!all && !isClosed(call)) break
    const made = complete(call)
    if ("_tag" in made) return made
    emit(made)
    last = made
  }
  return at === 0 ? state : { open: state.open.slice(at), count: state.count, last }
}

const begin = (
  state: State,
  wire: WireCall,
  makeId: (index: number) => string,
  emit: (call: ToolCall) => void
): State | DecodeFailure => {
  const call: OpenCall = {
    id: wire.id === "" ? makeId(state.count) : wire.id,
    name: wire.name,
    index: wire.index,
    text: wire.text,
    balance: scan(unbalanced, wire.whole ? "" : wire.text)
  }
  const count = state.count + 1
  if (!wire.whole) {
    if (state.open.length >= maxOpen) return { _tag: "Malformed", detail: `more than ${maxOpen} unfinished tool calls` }
    return flush({ ...state, open: [...state.open, call], count }, false, emit)
  }
  const before = flush(state, true, emit)
  if ("_tag" in before) return before
  const made = complete(call)
  if ("_tag" in made) return made
  emit(made)
  return { ...before, count, last: made }
}

const extend = (
  state: State,
  at: number,
  wire: WireCall,
  emit: (call: ToolCall) => void
): State | DecodeFailure => {
  const before = state.open[at] as OpenCall
  const call: OpenCall = {
    ...before,
    name: before.name === "" ? wire.name : before.name,
    text: before.text + wire.text,
    balance: scan(before.balance, wire.text)
  }
  return flush({ ...state, open: state.open.map((other, i) => i === at ? call : other) }, false, emit)
}

/** Takes one call, or a piece of one. */
export const add = (
  state: State,
  wire: WireCall,
  makeId: (index: number) => string,
  emit: (call: ToolCall) => void
): State | DecodeFailure => {
  const at = target(state.open, wire)
  if (at >= 0) return extend(state, at, wire, emit)
  if (wire.whole || wire.id !== "" || wire.name !== "") return begin(state, wire, makeId, emit)
  // a piece of a call that is complete already, or of none
  if (wire.text.trim() === "") return state
  const last = state.last
  return {
    _tag: "MalformedToolCall",
    id: last?.id ?? "",
    name: last?.name ?? "",
    raw: (last?.argumentsText ?? "") + wire.text
  }
}
