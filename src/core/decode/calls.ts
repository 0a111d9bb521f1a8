/**
 * Puts tool calls together. They are told apart by id, not by index: hosted APIs open a call with its id, its name and
 * `""`, then send pieces of the arguments with nothing but the index; Ollama sends whole calls, in some versions all
 * with index 0 or without an id.
 */
import type { JsonObject, ToolCall } from "../../Message.js"
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
  readonly extra: JsonObject | undefined
  /** The event that said something of it last. */
  readonly event: number
  /** It was opened with `{}`, which may stand for arguments that are still to come. */
  readonly isPlaceholder: boolean
}

export interface State {
  /** In the order in which they began; a complete one behind an incomplete one waits for it. */
  readonly open: ReadonlyArray<OpenCall>
  /** The calls that began. */
  readonly count: number
  /** The events that had calls. */
  readonly events: number
  /** Calls came in a list. */
  readonly listed: boolean
  /** The last one that was given out, and its index. */
  readonly last: ToolCall | undefined
  readonly lastIndex: number | undefined
  /** The names of the tools that were offered. */
  readonly tools: ReadonlyArray<string>
  /** Whether a call that cannot be read is one all the same, without arguments. */
  readonly returns: boolean
}

export const initial: State = {
  open: [],
  count: 0,
  events: 0,
  listed: false,
  last: undefined,
  lastIndex: undefined,
  tools: [],
  returns: false
}

// Some templates let parts of their own format through: `functions.` before a name, a channel token behind it, blanks.
const repairedName = (name: string, tools: ReadonlyArray<string>): string => {
  if (tools.length === 0 || tools.includes(name)) return name
  const bare = name.replace(/<\|[^]*$/, "").trim().replace(/^functions\./, "")
  return tools.includes(bare) ? bare : name
}

// Most servers send a name once, or again with every piece; some cut it, as what they have is not the name of a tool yet.
const nameWith = (name: string, piece: string, tools: ReadonlyArray<string>): string => {
  if (name === "" || piece === "" || tools.includes(name)) return name || piece
  const longer = name + piece
  return tools.some((tool) => tool.startsWith(longer)) ? longer : name
}

/** Deeper arguments would overflow the stack of whoever walks them. */
const maxDepth = 1000

/** More at the same time would make look-ups slow. */
const maxOpen = 1000

/** Takes a complete call, and what the server sent with it. */
export type Emit = (call: ToolCall, extra: JsonObject | undefined) => void

const broken = (call: OpenCall): DecodeFailure => ({
  _tag: "MalformedToolCall",
  id: call.id,
  name: call.name,
  raw: call.text
})

// Arguments that were encoded twice are a text of JSON that holds the text of an object.
const decodedTwice = (text: string): string => {
  if (!text.trimStart().startsWith("\"")) return text
  const inner = parse(text)?.value
  return typeof inner === "string" && inner.trimStart().startsWith("{") ? inner : text
}

/** A call once nothing more can come, under the name of the tool that is meant. */
const complete = (call: OpenCall, { returns, tools }: State): ToolCall | DecodeFailure => {
  const name = repairedName(call.name, tools)
  const made = read(name === call.name ? call : { ...call, name })
  return returns && "_tag" in made && name !== ""
    ? { type: "tool-call", id: call.id, name, arguments: {}, argumentsText: "{}", malformed: call.text }
    : made
}

/** A call as it is: `""` and `null` are no arguments, anything else must be an object. */
const read = (call: OpenCall): ToolCall | DecodeFailure => {
  if (call.name === "") return broken(call)
  const text = call.text.trim()
  if (text === "" || text === "null") {
    return { type: "tool-call", id: call.id, name: call.name, arguments: {}, argumentsText: "{}" }
  }
  const written = decodedTwice(call.text)
  const parsed = parse(written)
  if (parsed === undefined || !isRecord(parsed.value)) return broken(call)
  // the brackets of a depth take two characters
  if (text.length > 2 * maxDepth && scan(unbalanced, text).deepest > maxDepth) return broken(call)
  return { type: "tool-call", id: call.id, name: call.name, arguments: parsed.value, argumentsText: written }
}

const isClosed = (call: OpenCall): boolean => call.balance.closed && call.name !== ""

const findLast = (open: ReadonlyArray<OpenCall>, is: (call: OpenCall) => boolean): number => {
  for (let i = open.length - 1; i >= 0; i--) if (is(open[i] as OpenCall)) return i
  return -1
}

const hasIndex = (index: number | undefined) => (call: OpenCall): boolean =>
  index === undefined || call.index === undefined || call.index === index

/**
 * Whether a piece without an id, but with a name, goes on with a call: the name is said again, or its rest. Two in one event
 * are two calls, and so are two that say nothing but the name.
 */
const goesOn = (call: OpenCall, { index, name, text }: WireCall, { events, tools }: State): boolean => {
  if (call.name === "") return hasIndex(index)(call)
  if (index === undefined || index !== call.index || isClosed(call) || call.event === events) return false
  return call.name === name
    ? call.text.trim() !== "" || text.trim() !== ""
    : nameWith(call.name, name, tools) !== call.name
}

/** The open call that a piece belongs to, or -1 when it begins one. */
const target = (state: State, piece: WireCall): number => {
  const { open } = state
  if (piece.whole) return -1
  if (piece.id !== "") {
    return findLast(
      open,
      (call) => call.id === piece.id && (!isClosed(call) || (call.isPlaceholder && piece.name === ""))
    )
  }
  if (piece.name !== "") return findLast(open, (call) => goesOn(call, piece, state))
  return findLast(open, hasIndex(piece.index))
}

/**
 * Gives out the calls at the front that are complete; with `all`, every one is judged as it is, and `settled` ones are no
 * longer waited for: something else was said since.
 */
export const flush = (
  state: State,
  all: boolean,
  emit: Emit,
  settled = false
): State | DecodeFailure => {
  let at = 0
  let { last, lastIndex } = state
  for (; at < state.open.length; at++) {
    const call = state.open[at] as OpenCall
    if (!all && (!isClosed(call) || (call.isPlaceholder && !settled))) break
    const made = complete(call, state)
    if ("_tag" in made) return made
    emit(made, call.extra)
    last = made
    lastIndex = call.index
  }
  return at === 0 ? state : { ...state, open: state.open.slice(at), last, lastIndex }
}

const opened = (piece: WireCall, id: string, event: number): OpenCall => ({
  id,
  name: piece.name,
  index: piece.index,
  text: piece.text,
  balance: scan(unbalanced, piece.whole ? "" : piece.text),
  extra: piece.extra,
  event,
  isPlaceholder: !piece.whole && piece.text.trim() === "{}"
})

const begin = (
  state: State,
  piece: WireCall,
  makeId: (index: number) => string,
  emit: Emit
): State | DecodeFailure => {
  const call = opened(piece, piece.id === "" ? makeId(state.count) : piece.id, state.events)
  const count = state.count + 1
  if (!piece.whole) {
    if (state.open.length >= maxOpen) return { _tag: "Malformed", detail: `more than ${maxOpen} unfinished tool calls` }
    return flush({ ...state, open: [...state.open, call], count }, false, emit)
  }
  const before = flush(state, true, emit)
  if ("_tag" in before) return before
  const made = complete(call, state)
  if ("_tag" in made) return made
  emit(made, call.extra)
  return { ...before, count, last: made }
}

const extend = (
  state: State,
  at: number,
  piece: WireCall,
  emit: Emit
): State | DecodeFailure => {
  const before = state.open[at] as OpenCall
  const replaced = before.isPlaceholder && piece.text.trim() !== ""
  const call: OpenCall = {
    ...before,
    name: nameWith(before.name, piece.name, state.tools),
    text: replaced ? piece.text : before.text + piece.text,
    balance: scan(replaced ? unbalanced : before.balance, piece.text),
    extra: piece.extra ?? before.extra,
    event: state.events,
    isPlaceholder: before.isPlaceholder && !replaced
  }
  return flush({ ...state, open: state.open.map((other, i) => i === at ? call : other) }, false, emit)
}

/** Nothing more of a call that is complete: some servers repeat its id, and its name, with every piece. */
const isEcho = ({ last, lastIndex, open }: State, piece: WireCall): boolean => {
  if (piece.whole || piece.id === "" || piece.text.trim() !== "") return false
  const isOf = (id: string | undefined, index: number | undefined) =>
    id === piece.id && (piece.name === "" || index === piece.index)
  return isOf(last?.id, lastIndex) || open.some((call) => isClosed(call) && isOf(call.id, call.index))
}

const addOne = (
  state: State,
  piece: WireCall,
  makeId: (index: number) => string,
  emit: Emit
): State | DecodeFailure => {
  const at = target(state, piece)
  if (at >= 0) return extend(state, at, piece, emit)
  if (isEcho(state, piece)) return state
  if (piece.whole || piece.id !== "" || piece.name !== "") return begin(state, piece, makeId, emit)
  // a piece of a call that is complete already, or of none
  if (piece.text.trim() === "") return state
  const last = state.last
  return {
    _tag: "MalformedToolCall",
    id: last?.id ?? "",
    name: last?.name ?? "",
    raw: (last?.argumentsText ?? "") + piece.text
  }
}

/** Takes the calls of an event, or pieces of them. What came in a list is not said anew by the form of before. */
export const add = (
  before: State,
  pieces: ReadonlyArray<WireCall>,
  makeId: (index: number) => string,
  emit: Emit
): State | DecodeFailure => {
  const only = pieces[0]?.only === true
  if (only && before.listed) return before
  let state: State | DecodeFailure = { ...before, events: before.events + 1 }
  for (const piece of pieces) {
    state = addOne(state, piece, makeId, emit)
    if ("_tag" in state) return state
  }
  return only || state.count === before.count ? state : { ...state, listed: true }
}

/** Those of whole calls that are not among the ones so far: by id, or by name and arguments. `made`: those given out. */
export const unsaid = (
  state: State,
  pieces: ReadonlyArray<WireCall>,
  made: ReadonlyArray<ToolCall>
): ReadonlyArray<WireCall> => {
  const ids = new Set<string>()
  const texts = new Map<string, number>()
  const textOf = (call: ToolCall | DecodeFailure) =>
    "_tag" in call ? "" : `${call.name} ${call.malformed ?? JSON.stringify(call.arguments)}`
  const add = (id: string, call: ToolCall | DecodeFailure) => {
    ids.add(id)
    texts.set(textOf(call), (texts.get(textOf(call)) ?? 0) + 1)
  }
  for (const call of made) add(call.id, call)
  for (const call of state.open) add(call.id, complete(call, state))
  return pieces.filter((piece) => {
    const text = textOf(complete(opened(piece, piece.id, 0), state))
    const left = text === "" ? 0 : texts.get(text) ?? 0
    // each stands for one
    texts.set(text, left - 1)
    return left <= 0 && !ids.has(piece.id)
  })
}
