/**
 * Lines to server-sent events, and those to JSON events. A line that begins with `{` is no field of an event: it is a
 * JSON document (an error, or a whole answer) that was sent instead of one.
 */
import { bad, excerpt, type Frame, tooLarge } from "./frames.js"
import { isCutObject, parse } from "./jsonText.js"
import * as ndjson from "./ndjson.js"

export interface State {
  /** The data lines of the event so far, joined. */
  readonly data: string | undefined
  /** Their characters, and something for each line, so that many short ones are bounded too. */
  readonly size: number
  readonly event: string
  readonly document: ndjson.State
  /** The first line that is no part of any event, as long as none was seen. */
  readonly stray: string | undefined
  readonly begun: boolean
}

export const initial: State = {
  data: undefined,
  size: 0,
  event: "",
  document: ndjson.initial,
  stray: undefined,
  begun: false
}

const between: State = { ...initial, begun: true, document: { begun: true, document: undefined } }

const dispatch = (state: State, out: Array<Frame>): State => {
  if (state.data === undefined) return state.event === "" ? state : { ...state, event: "" }
  const text = state.data
  // what ends every stream is no JSON, which would be an exception
  const isEnd = text.trim() === "[DONE]"
  const parsed = isEnd ? undefined : parse(text)
  if (parsed !== undefined) out.push({ _tag: "Json", value: parsed.value, text, error: state.event === "error" })
  else if (isEnd) out.push({ _tag: "Done" })
  else if (state.event === "error") out.push({ _tag: "Json", value: text, text, error: true })
  else if (text.trim() !== "") out.push(bad(`an event is not JSON: ${excerpt(text)}`))
  return between
}

const addData = (state: State, text: string, out: Array<Frame>, max: number): State => {
  if (state.data === undefined) return { ...state, data: text, size: text.length }
  const size = state.size + text.length + 16
  if (size <= max) return { ...state, data: `${state.data}\n${text}`, size }
  out.push(tooLarge(max))
  return between
}

const isField = (line: string, name: string): boolean =>
  line.startsWith(name) && (line.length === name.length || line.charCodeAt(name.length) === 58)

const valueOf = (line: string, name: string): string => {
  const from = name.length + 1
  return line.slice(line.charCodeAt(from) === 32 ? from + 1 : from)
}

export const step = (state: State, line: string, out: Array<Frame>, max: number): State => {
  if (state.document.document !== undefined) {
    return { ...state, document: ndjson.step(state.document, line, out, max) }
  }
  if (line === "") return dispatch(state, out)
  if (isField(line, "data")) return addData(state, valueOf(line, "data"), out, max)
  const first = line.charCodeAt(0)
  if (first === 58) return state
  if (isField(line, "event")) return { ...state, event: valueOf(line, "event") }
  if (isField(line, "id") || isField(line, "retry")) return state
  if (line.trimStart().startsWith("{")) {
    return { ...state, document: ndjson.step(state.document, line, out, max), begun: true }
  }
  return state.begun || state.stray !== undefined || line.trim() === "" ? state : { ...state, stray: line }
}

/** The input is over: the last event may lack its blank line, the last line its end; what was cut off is no event. */
export const end = (before: State, rest: string, out: Array<Frame>, max: number): State => {
  const inDocument = before.document.document !== undefined || rest.trimStart().startsWith("{")
  const state = inDocument
    ? { ...before, document: ndjson.end(before.document, rest, out, max), begun: true }
    : rest === ""
    ? before
    : step(before, rest, out, max)
  if (state.data !== undefined) {
    const text = state.data.trim()
    const cut = (isCutObject(text) && parse(text) === undefined) ||
      (rest !== "" && text !== "[DONE]" && "[DONE]".startsWith(text))
    return cut ? between : dispatch(state, out)
  }
  // part of a field's name may be what is left of a cut line
  const stray = state.stray
  if (stray !== undefined && !state.begun && !(stray === rest && "data:event:retry:id:".includes(rest))) {
    out.push(bad(`not a stream of events: ${excerpt(stray)}`))
  }
  return state
}
