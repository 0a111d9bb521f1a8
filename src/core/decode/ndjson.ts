/**
 * Lines to JSON events: one a line. A single document where a stream was expected may go over several lines.
 */
import { bad, excerpt, type Frame, tooLarge } from "./frames.js"
import { type Balance, isCutObject, parse, scan, unbalanced } from "./jsonText.js"

/** A document that began and is not complete yet. */
interface Document {
  readonly text: string
  readonly lastLine: string
  /** Characters, and something for each line, so that many short ones are bounded too. */
  readonly size: number
  readonly balance: Balance
}

export interface State {
  /** Something was read before: from then on a document goes over one line only. */
  readonly begun: boolean
  readonly document: Document | undefined
}

export const initial: State = { begun: false, document: undefined }

const between: State = { begun: true, document: undefined }

const json = (value: unknown, text: string): Frame => ({ _tag: "Json", value, text, error: false })

const notJson = (line: string): Frame => bad(`a line is not JSON: ${excerpt(line)}`)

const follow = (document: Document, line: string, out: Array<Frame>, max: number): State => {
  const size = document.size + line.length + 16
  if (size > max) {
    out.push(tooLarge(max))
    return between
  }
  const balance = scan(document.balance, line)
  const text = `${document.text}\n${line}`
  if (balance.closed) {
    const parsed = parse(text)
    out.push(parsed === undefined ? notJson(text) : json(parsed.value, text))
    return between
  }
  // a raw line end inside a string, or an object right after a value: no later line can repair that
  if (balance.inString || (line.trimStart().startsWith("{") && !/[[,:]\s*$/.test(document.lastLine))) {
    out.push(notJson(line))
    return between
  }
  const lastLine = line.trim() === "" ? document.lastLine : line
  return { begun: true, document: { text, lastLine, size, balance } }
}

export const step = (state: State, line: string, out: Array<Frame>, max: number): State => {
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
      return { begun: true, document: { text: line, lastLine: line, size: line.length, balance } }
    }
  }
  out.push(notJson(line))
  return between
}

/** The input is over: the last line may lack its end; one that was cut off is no event. */
export const end = (state: State, rest: string, out: Array<Frame>, max: number): State => {
  if (state.document !== undefined) return rest === "" ? state : follow(state.document, rest, out, max)
  if (rest.trim() === "" || (isCutObject(rest) && parse(rest) === undefined)) return state
  return step(state, rest, out, max)
}
