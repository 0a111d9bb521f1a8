/**
 * The one place where parts open and close: at most one is open, a delta of another kind closes it and opens its own,
 * empty text opens nothing.
 */
import type { ToolCall } from "../../Message.js"
import type { ContentEvent } from "./types.js"

export type Kind = "reasoning" | "text"

export interface State {
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

export const initial: State = { open: undefined, id: "", count: 0 }

export const close = (state: State, out: Array<ContentEvent>): State => {
  if (state.open === undefined) return state
  out.push({ type: state.open === "text" ? "text-end" : "reasoning-end", id: state.id })
  return { open: undefined, id: "", count: state.count }
}

const open = (state: State, kind: Kind, out: Array<ContentEvent>): State => {
  const { count } = close(state, out)
  const id = `${kind}-${count}`
  out.push({ type: kind === "text" ? "text-start" : "reasoning-start", id })
  return { open: kind, id, count: count + 1 }
}

export const text = (before: State, kind: Kind, piece: string, out: Array<ContentEvent>): State => {
  if (piece === "") return before
  const state = before.open === kind ? before : open(before, kind, out)
  out.push(delta(kind, state.id, piece))
  return state
}

export const call = (before: State, made: ToolCall, out: Array<ContentEvent>): State => {
  const state = close(before, out)
  out.push(made)
  return state
}
