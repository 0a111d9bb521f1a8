/**
 * How events stand in a stream: lines to events, as JSON that nobody has looked into yet. A framing is one value; the
 * state of a stream is handed from line to line.
 */
import { isRecord, parse } from "../json.js"
import { overBound } from "./bytes.js"
import { type Balance, isCutObject, scan, unbalanced } from "./jsonText.js"
import { described } from "./unreadable.js"

export interface Framing {
  /** Whether a CR ends a line too. */
  readonly cr: boolean
  /** What a server writes before and after the JSON of an event. */
  readonly before: string
  readonly after: string
  /** Takes a line. `max`: the most bytes of an event. */
  readonly step: (state: State, line: string, out: Array<Frame>, max: number) => State
  /** The input is over; `rest` is what follows the last line end. */
  readonly end: (state: State, rest: string, out: Array<Frame>, max: number) => State
}

/** What lines amount to. */
export type Frame =
  /** One event: its value, its exact text, and whether it was announced as an error (`event: error`). */
  | { readonly _tag: "Json"; readonly value: unknown; readonly text: string; readonly error: boolean }
  /** `[DONE]` */
  | { readonly _tag: "Done" }
  /** Data that is no JSON, which is of no matter behind an answer that is finished. */
  | { readonly _tag: "Text"; readonly detail: string }
  | { readonly _tag: "Bad"; readonly detail: string }

export interface State {
  /** Something was read before: from then on a document goes over one line only, and stray lines are no matter. */
  readonly begun: boolean
  readonly document: Document | undefined
  /** The data lines of a server-sent event so far, joined. */
  readonly data: string | undefined
  /** Their characters, and something for each line, so that many short ones are bounded too. */
  readonly size: number
  /** The type of that event. */
  readonly event: string
  /** The type when its data began: a later one may be that of the next event. */
  readonly type: string
  /** The first line that is no part of any event, as long as none was seen. */
  readonly stray: string | undefined
}

/** A document that began and is not complete yet. */
interface Document {
  readonly text: string
  readonly lastLine: string
  /** As that of the data lines. */
  readonly size: number
  readonly balance: Balance
}

export const initial: State = {
  begun: false,
  document: undefined,
  data: undefined,
  size: 0,
  event: "",
  type: "",
  stray: undefined
}

const between: State = { ...initial, begun: true }

/** Whether the next line begins an event. */
export const isBetween = (state: State): boolean =>
  state.data === undefined && state.document === undefined && state.event === ""

const bad = (detail: string): Frame => ({ _tag: "Bad", detail })

const json = (value: unknown, text: string, error = false): Frame => ({ _tag: "Json", value, text, error })

// =============================================================================
// one event a line; a single document where a stream was expected may go over several lines
// =============================================================================

const notJson = (line: string, { begun }: State): Frame => bad(`a line is not JSON: ${described(line, !begun)}`)

const follow = (document: Document, line: string, out: Array<Frame>, max: number): State => {
  const size = document.size + line.length + 16
  if (size > max) {
    out.push(bad(overBound(max)))
    return between
  }
  const balance = scan(document.balance, line)
  const text = `${document.text}\n${line}`
  if (balance.closed) {
    const parsed = parse(text)
    out.push(parsed === undefined ? notJson(text, between) : json(parsed.value, text))
    return between
  }
  // a raw line end inside a string, or an object right after a value: no later line can repair that
  if (balance.inString || (line.trimStart().startsWith("{") && !/[[,:]\s*$/.test(document.lastLine))) {
    out.push(notJson(line, between))
    return between
  }
  const lastLine = line.trim() === "" ? document.lastLine : line
  return { ...between, document: { text, lastLine, size, balance } }
}

const documentStep: Framing["step"] = (state, line, out, max) => {
  if (state.document !== undefined) return follow(state.document, line, out, max)
  // Asked first: to fail to parse it takes ten times as long, and a server may send many.
  if (line.trim() === "") return state
  const parsed = parse(line)
  if (parsed !== undefined) {
    out.push(json(parsed.value, line))
    return state.begun ? state : between
  }
  if (!state.begun && line.trimStart().startsWith("{")) {
    const balance = scan(unbalanced, line)
    if (!balance.closed && !balance.inString) {
      return { ...between, document: { text: line, lastLine: line, size: line.length, balance } }
    }
  }
  out.push(notJson(line, state))
  return between
}

/** The last line may lack its end; one that was cut off is no event. */
const documentEnd: Framing["end"] = (state, rest, out, max) => {
  if (state.document !== undefined) return rest === "" ? state : follow(state.document, rest, out, max)
  if (rest.trim() === "" || (isCutObject(rest) && parse(rest) === undefined)) return state
  return documentStep(state, rest, out, max)
}

export const ndjson: Framing = { cr: false, before: "", after: "\n", step: documentStep, end: documentEnd }

// =============================================================================
// server-sent events. A line that begins with `{` is no field of one: it is a JSON document (an error, or a whole answer)
// that was sent instead
// =============================================================================

const frameOf = (text: string, event: string): Frame | undefined => {
  // what ends every stream is no JSON, which would be an exception
  const bare = text.trim()
  if (bare.length <= 8 && /^"?\[done\]"?$/i.test(bare)) return { _tag: "Done" }
  const parsed = parse(text)
  return parsed && json(parsed.value, text, event === "error")
}

// An error that a server says of an event that it has not written to its end.
const errorBehind = (data: string): Frame | undefined => {
  const from = data.lastIndexOf("\n") + 1
  const text = data.slice(from)
  const value = from === 0 ? undefined : parse(text)?.value
  const error = isRecord(value) ? value["error"] : undefined
  return isRecord(error) || typeof error === "string" ? json(value, text, true) : undefined
}

// Text where JSON should be: an error, or of no matter when it is a comment, or of a type that only this server has.
const textFrame = (data: string, { begun, event }: State): Frame | undefined => {
  const text = data.trim()
  const error = event === "error" ? data : /^(?:error:|\[error\]:?)\s*(.+)/is.exec(text)?.[1]
  if (error !== undefined) return json(error, data, true)
  const isForeign = event !== "" && event !== "message" && !text.startsWith("{")
  if (text === "" || text.startsWith(":") || isForeign) return undefined
  return { _tag: "Text", detail: `an event is not JSON: ${described(data, !begun)}` }
}

const dispatch = (state: State, out: Array<Frame>, isCut = false): State => {
  const { data, event } = state
  if (data === undefined) return event === "" ? state : { ...state, event: "" }
  const frame = frameOf(data, event) ?? errorBehind(data) ?? (isCut ? undefined : textFrame(data, state))
  if (frame !== undefined) out.push(frame)
  return between
}

// One line that is an event as it stands, and another: some servers have no blank line between. It is looked at once.
const parted = (state: State, out: Array<Frame>): State => {
  const { data, event, size, type } = state
  if (data === undefined || size !== data.length) return state
  const frame = frameOf(data, type)
  if (frame === undefined) return { ...state, size: size + 1 }
  out.push(frame)
  return { ...between, event }
}

const addData = (before: State, text: string, out: Array<Frame>, max: number): State => {
  const state = text.trim() === "" ? before : parted(before, out)
  const { data, event } = state
  if (data === undefined) return { ...state, data: text, size: text.length, type: event }
  const size = before.size + text.length + 16
  if (size <= max) return { ...state, data: `${data}\n${text}`, size }
  out.push(bad(overBound(max)))
  return between
}

const isField = (line: string, name: string): boolean =>
  line.startsWith(name) && (line.length === name.length || line.charCodeAt(name.length) === 58)

const valueOf = (line: string, name: string): string => {
  const from = name.length + 1
  return line.slice(line.charCodeAt(from) === 32 ? from + 1 : from)
}

const inDocument = (state: State, after: State): State => ({ ...state, document: after.document, begun: true })

const eventStep: Framing["step"] = (state, line, out, max) => {
  if (state.document !== undefined) return inDocument(state, documentStep(state, line, out, max))
  if (line === "") return dispatch(state, out)
  if (isField(line, "data")) return addData(state, valueOf(line, "data"), out, max)
  const first = line.charCodeAt(0)
  if (first === 58) return state
  if (isField(line, "event")) return { ...state, event: valueOf(line, "event") }
  if (isField(line, "id") || isField(line, "retry")) return state
  // servers of llama.cpp had a field of their own for it
  if (/^error: ?\{/.test(line)) {
    return addData({ ...dispatch(state, out), event: "error" }, valueOf(line, "error"), out, max)
  }
  if (line.trimStart().startsWith("{")) {
    const before = parted(state, out)
    return inDocument(before, documentStep(before, line, out, max))
  }
  return state.begun || state.stray !== undefined || line.trim() === "" ? state : { ...state, stray: line }
}

/** The last event may lack its blank line, the last line its end; what was cut off is no event. */
const eventEnd: Framing["end"] = (before, rest, out, max) => {
  const isCut = before.document === undefined && isCutObject(rest) && parse(rest) === undefined
  const state = isCut ? { ...before, begun: true } : rest === "" ? before : eventStep(before, rest, out, max)
  if (state.data !== undefined) {
    const text = state.data.trim()
    return dispatch(state, out, isCutObject(text) || (rest !== "" && "[DONE]".startsWith(text)))
  }
  // part of a field's name may be what is left of a cut line
  const stray = state.stray
  if (stray !== undefined && !state.begun && !(stray === rest && "data:event:retry:id:".includes(rest))) {
    out.push(bad(`not a stream of events: ${described(stray, true)}`))
  }
  return state
}

export const sse: Framing = { cr: true, before: "data: ", after: "\n\n", step: eventStep, end: eventEnd }
