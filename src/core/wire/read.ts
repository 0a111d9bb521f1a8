/**
 * What both dialects have in common in one JSON event: errors, numbers, texts and tool calls. Total: whatever stands
 * there is read or refused, never thrown at.
 */
import { copy, elements, isObject, member, type Place, root } from "../decode/jsonText.js"
import type { DecodeFailure, WireCall } from "../decode/types.js"

export type Json = Readonly<Record<string, unknown>>

export const malformed = (detail: string): DecodeFailure => ({ _tag: "Malformed", detail })

export const noCalls: ReadonlyArray<WireCall> = []

/** A name, an id: what is no text counts as not given. */
export const textOr = (value: unknown): string => typeof value === "string" ? value : ""

/** A count or a duration: only finite numbers from 0 count as given. */
export const count = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 && value < Infinity ? value : undefined

/**
 * The error that an event carries. One server release wrote the text of an error as its key
 * (`{"error parsing tool call": …}`); some compatible servers say `"object": "error"`.
 */
export const errorOf = (value: Json): DecodeFailure | undefined => {
  const error = value["error"]
  const bare = value["message"] === undefined && value["choices"] === undefined
  if (error !== undefined && error !== null && error !== false && (error !== "" || bare)) {
    return { _tag: "InBandError", error }
  }
  if (value["object"] === "error") return { _tag: "InBandError", error: value }
  if (bare && error === undefined) {
    for (const key of Object.keys(value)) {
      if (!/^error\b/.test(key)) continue
      const said = value[key]
      return { _tag: "InBandError", error: `${key}: ${typeof said === "string" ? said : JSON.stringify(said)}` }
    }
  }
  return undefined
}

/** Text of a message: a string, nothing, or a list of text parts (some compatible servers). */
export const contentOf = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  if (value === undefined || value === null) return ""
  if (!Array.isArray(value)) return undefined
  let text = ""
  for (const part of value as ReadonlyArray<unknown>) {
    if (typeof part === "string") text += part
    else if (isObject(part) && typeof part["text"] === "string") text += part["text"]
  }
  return text
}

/** The first of several names for the same text that says something. */
export const firstText = (message: Json, keys: ReadonlyArray<string>): string => {
  for (const key of keys) {
    const text = textOr(message[key])
    if (text !== "") return text
  }
  return ""
}

const indexOf = (entry: Json, fn: Json): number | undefined => {
  const index = entry["index"] ?? fn["index"]
  return typeof index === "number" ? index : undefined
}

/**
 * The tool calls of an event. Arguments that are not a string are cut out of the event's own text, digit by digit.
 *
 * `whole`: each entry is complete (native, whole answers), not a piece of one.
 */
export const callsOf = (
  value: unknown,
  text: string,
  place: (text: string) => Place | undefined,
  whole: boolean
): ReadonlyArray<WireCall> | DecodeFailure => {
  if (value === undefined || value === null) return noCalls
  if (!Array.isArray(value)) return malformed("tool_calls is not a list")
  let places: ReadonlyArray<Place> | undefined
  const calls: Array<WireCall> = []
  for (const [at, entry] of (value as ReadonlyArray<unknown>).entries()) {
    if (!isObject(entry)) return malformed("a tool call is not an object")
    const fn = isObject(entry["function"]) ? entry["function"] : {}
    const given = fn["arguments"]
    let args = ""
    if (typeof given === "string") args = given
    else if (given !== undefined && given !== null) {
      places ??= elements(text, place(text))
      const source = member(text, member(text, places[at], "function"), "arguments")
      args = source === undefined ? JSON.stringify(given) : copy(text.slice(source.from, source.to))
    }
    calls.push({ id: textOr(entry["id"]), name: textOr(fn["name"]), index: indexOf(entry, fn), text: args, whole })
  }
  return calls
}

export const rootMember = (text: string, ...keys: ReadonlyArray<string>): Place | undefined => {
  let place: Place | undefined = root(text)
  for (const key of keys) place = member(text, place, key)
  return place
}
