/**
 * Opt-in repairs of what a server passes on as text: pure transformers of events. Each takes the events of a chunk and
 * gives others; parts are opened and closed anew, in the one place that does so.
 */
import type { Metadata, ToolCall } from "../../Message.js"
import { closePart, Collector, Joiner, noParts, putCall, putText } from "../decode/machine.js"
import type { ContentEvent, Decoder, Finish, Kind } from "../decode/types.js"
import type { RepairContext, Run } from "./repair.js"
import { mayBeCalls, readCalls } from "./textCalls.js"

/** Deltas and calls in, parts out. */
class Output {
  events: Array<ContentEvent> = []
  private parts = noParts

  text(kind: Kind, delta: string) {
    this.parts = putText(this.parts, kind, delta, this.events)
  }

  /** The text that is open came with this, beside what other text came with that it goes on from. */
  with(metadata: Metadata | undefined) {
    const { open } = this.parts
    if (metadata === undefined || open === undefined) return
    const value = { ...this.parts.metadata?.value, ...metadata.value }
    this.parts = { ...this.parts, metadata: { ...metadata, value } }
  }

  call(call: ToolCall) {
    this.parts = putCall(this.parts, call, this.events)
  }

  close() {
    this.parts = closePart(this.parts, this.events)
  }

  take(): ReadonlyArray<ContentEvent> {
    const events = this.events
    this.events = []
    return events
  }
}

const opening = "<think>"
const closing = "</think>"

const asParts = (type: Kind, text: string): ReturnType<Run["held"]> => text === "" ? [] : [{ type, text }]

/** The longest end of a text that could still become the tag. */
const heldEnd = (text: string, tag: string): number => {
  for (let size = Math.min(text.length, tag.length - 1); size > 0; size--) {
    if (tag.startsWith(text.slice(text.length - size))) return size
  }
  return 0
}

/**
 * `<think>…</think>` inside the text becomes reasoning, wherever it stands and however it is cut; blanks after either
 * tag are dropped, and a tag that never closes is reasoning to the end. A lone `</think>` is dropped when nothing but
 * blanks was said as text before it; later it is ordinary text, so that a stream gives the same message as a whole answer.
 *
 * `inside`: the answer begins inside (templates that end the prompt with `<think>`), so that all text before the first
 * `</think>` is reasoning.
 */
export const thinkTags = (options?: { readonly inside?: boolean | undefined }): Run => {
  const out = new Output()
  let inside = options?.inside === true
  /** Inside without a tag that says so. */
  let assumed = inside
  let held = ""
  /** What the text that is held came with. */
  let metadata: Metadata | undefined
  /** Blanks that began the text, until something follows that decides about them. */
  const blanks = new Joiner()
  /** Blanks that begin a piece right after a tag are dropped. */
  let afterTag = inside
  let saidText = false

  const say = (text: string) => {
    const rest = afterTag ? text.trimStart() : text
    if (rest === "") return
    afterTag = false
    out.text(inside ? "reasoning" : "text", rest)
    if (!inside && rest.trim() !== "") saidText = true
  }
  const tag = (nowInside: boolean) => {
    inside = nowInside
    assumed = false
    afterTag = true
  }
  const take = (): string => {
    const text = blanks.text() + held
    blanks.clear()
    held = ""
    return text
  }
  /** Reads what is there, and gives back what has to wait for more. */
  const read = (input: string): string => {
    let rest = input
    for (;;) {
      if (!inside && !saidText && rest.trimStart().startsWith(closing)) {
        rest = rest.trimStart().slice(closing.length)
        tag(false)
        continue
      }
      const wanted = inside ? closing : opening
      const at = rest.indexOf(wanted)
      if (at >= 0) {
        const before = rest.slice(0, at)
        if (inside || saidText || before.trim() !== "") say(before)
        rest = rest.slice(at + wanted.length)
        tag(!inside)
        continue
      }
      // before anything was said, blanks wait for a tag too
      const start = rest.trimStart()
      const early = !inside && !saidText && (closing.startsWith(start) || opening.startsWith(start))
      const keep = early ? rest.length : heldEnd(rest, wanted)
      say(rest.slice(0, rest.length - keep))
      return rest.slice(rest.length - keep)
    }
  }
  const add = (delta: string) => {
    if (!inside && !saidText && held === "" && delta.trim() === "") {
      blanks.add(delta)
      return
    }
    held = read(take() + delta)
    if (held !== "" && !inside && !saidText && held.trim() === "") {
      blanks.add(held)
      held = ""
    }
  }
  const flush = () => {
    say(take())
    out.with(metadata)
    metadata = undefined
  }
  return {
    push: (events) => {
      for (const event of events) {
        if (event.type === "text-delta") add(event.delta)
        // a tag may go on behind it, where a server puts a finish on every piece
        else if (event.type === "text-end") metadata = event.metadata ?? metadata
        else if (event.type === "reasoning-delta") {
          flush()
          // a server that tells reasoning apart leaves none in the text
          if (assumed) inside = assumed = afterTag = false
          out.text("reasoning", event.delta)
        } else if (event.type === "reasoning-end") out.with(event.metadata)
        else if (event.type === "tool-call") {
          flush()
          out.call(event)
        }
      }
      return out.take()
    },
    end: (complete) => {
      flush()
      if (complete) out.close()
      return out.take()
    },
    finish: (finish) => finish,
    held: () => {
      const text = blanks.text() + held
      return asParts(inside ? "reasoning" : "text", afterTag ? text.trimStart() : text)
    }
  }
}

/**
 * A tool call that a model wrote as plain text becomes a call: only when the whole text is one, in a known form, of a
 * tool that was offered. Text that may become one is held back until that is decided, and given unchanged if not.
 */
export const textCalls = (options: RepairContext): Run => {
  const tools = new Set(options.tools)
  const out = new Output()
  let held = tools.size === 0 ? undefined : new Joiner()
  /** The beginning of what is held, long enough to see that it is no call. */
  let head = ""
  let made = 0
  /** What the text that is held came with. */
  let metadata: Metadata | undefined

  const release = () => {
    const text = held?.text() ?? ""
    held = undefined
    out.text("text", text)
    out.with(metadata)
    metadata = undefined
  }
  return {
    push: (events) => {
      for (const event of events) {
        if (event.type === "text-delta") {
          if (held === undefined) out.text("text", event.delta)
          else {
            held.add(event.delta)
            if (head.length < 256) {
              head += event.delta.slice(0, 256)
              if (!mayBeCalls(head)) release()
            }
          }
        } else if (event.type === "reasoning-delta") {
          if (held !== undefined && !held.isEmpty) release()
          out.text("reasoning", event.delta)
        } else if (event.type === "reasoning-end") out.with(event.metadata)
        else if (event.type === "text-end") {
          if (held === undefined) out.with(event.metadata)
          else metadata = event.metadata ?? metadata
        } else if (event.type === "tool-call") {
          release()
          out.call(event)
        }
      }
      return out.take()
    },
    end: (complete) => {
      const calls = complete && held !== undefined ? readCalls(held.text(), tools) : undefined
      if (calls === undefined) release()
      else {
        for (const call of calls) {
          out.call({
            type: "tool-call",
            id: options.makeId(made++),
            ...call,
            ...(metadata === undefined ? undefined : { metadata })
          })
          metadata = undefined
        }
      }
      if (complete) out.close()
      return out.take()
    },
    finish: (finish) => made > 0 && finish.finishReason === "stop" ? { ...finish, finishReason: "tool-calls" } : finish,
    held: () => asParts("text", held?.text() ?? "")
  }
}

/** A decoder whose events pass through repairs, one after the other. */
export const repaired = (
  decoder: Decoder,
  repairs: ReadonlyArray<Run>,
  keepChars?: number
): Decoder => {
  if (repairs.length === 0) return decoder
  const collector = new Collector(keepChars)
  const collect = (events: ReadonlyArray<ContentEvent>) => {
    collector.add(events)
    return events
  }
  const through = (events: ReadonlyArray<ContentEvent>) =>
    repairs.reduce((before, repair) => repair.push(before), events)
  const atEnd = (events: ReadonlyArray<ContentEvent>, complete: boolean) =>
    repairs.reduce((before, repair) => [...repair.push(before), ...repair.end(complete)], events)
  let ended = false
  return {
    push: (chunk) => {
      const events = decoder.push(chunk)
      // what was held back is part of what arrived
      if (decoder.failure === undefined || ended) return collect(through(events))
      ended = true
      return collect(atEnd(events, false))
    },
    end: () => {
      const last = decoder.end()
      const events = ended ? [] : collect(atEnd(last.events, last.finish !== undefined))
      ended = true
      return {
        events,
        finish: last.finish && repairs.reduce((finish, repair) => repair.finish(finish), last.finish)
      }
    },
    get failure() {
      return decoder.failure
    },
    get isFinished() {
      return decoder.isFinished
    },
    get isDone() {
      return decoder.isDone
    },
    partial: () => {
      const parts = [...collector.parts()]
      if (ended || collector.isTruncated) return collector.partial()
      // what a later repair holds came before what an earlier one holds
      for (const { text, type } of repairs.flatMap((_, i) => repairs[repairs.length - 1 - i]?.held() ?? [])) {
        const last = parts[parts.length - 1]
        if (last?.type === type) parts[parts.length - 1] = { type, text: last.text + text }
        else parts.push({ type, text })
      }
      return { parts }
    }
  }
}

/** The same for the events of a whole answer. */
export const repairWhole = (
  events: ReadonlyArray<ContentEvent>,
  finish: Finish | undefined,
  repairs: ReadonlyArray<Run>
) => {
  const all = repairs.reduce<ReadonlyArray<ContentEvent>>(
    (before, repair) => [...repair.push(before), ...repair.end(finish !== undefined)],
    events
  )
  const collector = new Collector()
  collector.add(all)
  return {
    events: all,
    parts: collector.parts(),
    finish: finish && repairs.reduce((before, repair) => repair.finish(before), finish)
  }
}
