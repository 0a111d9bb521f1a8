import { assert } from "@effect/vitest"
import * as Decoder from "../../src/core/decode/decoder.js"
import type { ContentEvent, DecodeFailure, Finish, Whole } from "../../src/core/decode/types.js"
import type { Wire } from "../../src/core/wire/wire.js"
import { wires } from "../../src/core/wire/wires.js"
import type { AssistantPart, ToolCall } from "../../src/Message.js"
import type { Api } from "../../src/Model.js"

const utf8 = new TextEncoder()

export const bytes = (text: string): Uint8Array => utf8.encode(text)

export interface Result {
  readonly events: ReadonlyArray<ContentEvent>
  readonly parts: ReadonlyArray<AssistantPart>
  readonly finish: Finish | undefined
  readonly failure: DecodeFailure | undefined
}

export const makeId = (index: number): string => `made-${index}`

export const { ollama, "openai-completions": completions } = wires

const wireOf = (spoken: Api | Wire): Wire => typeof spoken === "string" ? wires[spoken] : spoken

export const whole = (spoken: Api | Wire, body: string): Whole => Decoder.whole(body, { wire: wireOf(spoken), makeId })

/** Feeds the chunks, as long as more is expected, and ends the input. */
export const decode = (
  spoken: Api | Wire,
  chunks: ReadonlyArray<Uint8Array | string>,
  options: Partial<Decoder.DecoderOptions> = {}
): Result => {
  const decoder = Decoder.make({ wire: wireOf(spoken), makeId, learnAfter: 0, ...options })
  const events: Array<ContentEvent> = []
  for (const chunk of chunks) {
    events.push(...decoder.push(typeof chunk === "string" ? bytes(chunk) : chunk))
    if (decoder.isDone || decoder.failure !== undefined) break
  }
  const last = decoder.end()
  events.push(...last.events)
  return { events, parts: decoder.partial().parts, finish: last.finish, failure: decoder.failure }
}

/** Cut into pieces of a size. */
export const cut = (all: Uint8Array, size: number): ReadonlyArray<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  for (let at = 0; at < all.length; at += size) chunks.push(all.subarray(at, at + size))
  return chunks
}

export const textOf = (parts: ReadonlyArray<AssistantPart>): string =>
  parts.map((part) => part.type === "text" ? part.text : "").join("")

export const reasoningOf = (parts: ReadonlyArray<AssistantPart>): string =>
  parts.map((part) => part.type === "reasoning" ? part.text : "").join("")

export const callsOf = (parts: ReadonlyArray<AssistantPart>): ReadonlyArray<ToolCall> =>
  parts.filter((part) => part.type === "tool-call")

/** Parts made of the events alone, checking on the way that each part opens and closes once, one at a time. */
export const replay = (events: ReadonlyArray<ContentEvent>, closed: boolean): ReadonlyArray<AssistantPart> => {
  const parts: Array<AssistantPart> = []
  const seen = new Set<string>()
  let open: { readonly kind: "text" | "reasoning"; readonly id: string; text: string } | undefined
  for (const event of events) {
    switch (event.type) {
      case "text-start":
      case "reasoning-start":
        if (open !== undefined) throw new Error(`${event.id} opened inside ${open.id}`)
        if (seen.has(event.id)) throw new Error(`${event.id} opened twice`)
        seen.add(event.id)
        open = { kind: event.type === "text-start" ? "text" : "reasoning", id: event.id, text: "" }
        break
      case "text-delta":
      case "reasoning-delta":
        if (open?.id !== event.id || `${open.kind}-delta` !== event.type) throw new Error(`${event.id} is not open`)
        if (event.delta === "") throw new Error("an empty delta")
        open.text += event.delta
        break
      case "text-end":
      case "reasoning-end":
        if (open?.id !== event.id || `${open.kind}-end` !== event.type) throw new Error(`${event.id} is not open`)
        if (open.text === "") throw new Error("an empty part")
        parts.push({ type: open.kind, text: open.text })
        open = undefined
        break
      case "tool-call":
        if (open !== undefined) throw new Error(`a call inside ${open.id}`)
        parts.push(event)
    }
  }
  if (open === undefined) return parts
  if (closed) throw new Error(`${open.id} was left open`)
  return [...parts, { type: open.kind, text: open.text }]
}

/** Compares quickly, and shows the difference when there is one. */
export const same = (actual: unknown, expected: unknown, name?: string): void => sameAs(expected)(actual, name)

/** The same for many. */
export const sameAs = (expected: unknown): (actual: unknown, name?: string) => void => {
  const text = JSON.stringify(expected)
  return (actual, name) => {
    if (JSON.stringify(actual) !== text) assert.deepStrictEqual(actual, expected, name)
  }
}

// What servers send, written by hand.
export const event = (json: string) => `data: ${json}\n\n`
export const delta = (inner: string, finish = "null") =>
  event(`{"id":"c","model":"m","choices":[{"index":0,"delta":{${inner}},"finish_reason":${finish}}]}`)
export const calls = (inner: string) => delta(`"tool_calls":[${inner}]`)
export const stop = delta("", "\"stop\"")

export const brief = (result: Pick<Result, "parts">) =>
  callsOf(result.parts).map(({ argumentsText, id, name }) => `${id} ${name} ${argumentsText}`)
