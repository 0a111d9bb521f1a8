/** Whole answers (`stream: false`): one JSON document, read as one event by the same readers and the same machine. */
import type { Api } from "../../Model.js"
import * as Completions from "../wire/completions.js"
import * as Native from "../wire/ollama.js"
import { errorOf, malformed } from "../wire/read.js"
import { Collector } from "./collect.js"
import { excerpt } from "./frames.js"
import { isObject, parse } from "./jsonText.js"
import * as Machine from "./machine.js"
import { make } from "./stream.js"
import type { ContentEvent, DecodeFailure, DecoderOptions, Finish, Whole } from "./types.js"

const result = (
  events: ReadonlyArray<ContentEvent>,
  finish: Finish | undefined,
  failure: DecodeFailure | undefined
): Whole => {
  const collector = new Collector()
  collector.add(events)
  return { parts: collector.parts(), events, finish, failure }
}

const notDone: DecodeFailure = { _tag: "NotDone" }

const failed = (failure: DecodeFailure): Whole => result([], undefined, failure)

/** A server, or a proxy in front of it, may stream although nobody asked. */
const looksStreamed = (text: string): boolean => {
  if (/^\s*(data|event):/.test(text)) return true
  const start = text.trimStart()
  const end = start.indexOf("\n")
  return end > 0 && isObject(parse(start.slice(0, end))?.value)
}

const streamed = (api: Api, text: string, options: Omit<DecoderOptions, "api">): Whole => {
  const decoder = make({ ...options, api })
  const first = decoder.push(new TextEncoder().encode(text))
  const last = decoder.end()
  return result([...first, ...last.events], last.finish, decoder.failure)
}

export const whole = (api: Api, body: string, options: Omit<DecoderOptions, "api">): Whole => {
  const text = body.charCodeAt(0) === 0xfeff ? body.slice(1) : body
  const parsed = parse(text)
  if (parsed === undefined) {
    return looksStreamed(text)
      ? streamed(api, text, options)
      : failed(malformed(text.trim() === "" ? "the answer is empty" : `the answer is not JSON: ${excerpt(text)}`))
  }
  const dialect = api === "ollama" ? Native : Completions
  if (!isObject(parsed.value)) return failed(malformed("the answer is not an object"))
  const event = errorOf(parsed.value) ?? dialect.read(parsed.value, text)
  if (event._tag !== "Event") return failed(event)
  if (!dialect.isAnswer(parsed.value)) return failed(malformed("the answer has no message"))
  const out: Array<ContentEvent> = []
  const state = Machine.step(Machine.initial, event, options.makeId, out)
  if (state._tag !== "State") return result(out, undefined, state)
  const end = Machine.end(state, out) ?? notDone
  return "_tag" in end ? result(out, undefined, end) : result(out, end, undefined)
}
