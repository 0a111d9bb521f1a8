/** Reads one event of `/v1/chat/completions`: a chunk of a stream (`delta`), or a whole answer (`message`). */
import type { Usage } from "../../Chat.js"
import { elements, isObject, member, type Place } from "../decode/jsonText.js"
import type { DecodeFailure, WireEvent } from "../decode/types.js"
import { callsOf, contentOf, count, errorOf, firstText, type Json, malformed, rootMember, textOr } from "./read.js"

/** In the order in which they are looked at. */
export const reasoningKeys: ReadonlyArray<string> = ["reasoning", "reasoning_content"]

const none: Json = {}

const detail = (value: Json, details: string, name: string): number | undefined => {
  const found = value[details]
  return isObject(found) ? count(found[name]) : undefined
}

const usageOf = (value: unknown): Usage | undefined => {
  if (!isObject(value)) return undefined
  const usage: { -readonly [Name in keyof Usage]: Usage[Name] } = {}
  const set = (
    name: "inputTokens" | "outputTokens" | "totalTokens" | "cachedInputTokens" | "reasoningTokens",
    n?: number
  ) => {
    if (n !== undefined) usage[name] = n
  }
  set("inputTokens", count(value["prompt_tokens"]))
  set("outputTokens", count(value["completion_tokens"]))
  set("totalTokens", count(value["total_tokens"]))
  set("cachedInputTokens", detail(value, "prompt_tokens_details", "cached_tokens"))
  set("reasoningTokens", detail(value, "completion_tokens_details", "reasoning_tokens"))
  return usage
}

/** Only the first choice is this answer; a usage chunk has none. */
const choiceAt = (choices: ReadonlyArray<unknown>): number =>
  choices.findIndex((choice) => isObject(choice) && (choice["index"] === 0 || typeof choice["index"] !== "number"))

export const read = (value: unknown, text: string): WireEvent | DecodeFailure => {
  if (!isObject(value)) return malformed("an event is not an object")
  const error = errorOf(value)
  if (error !== undefined) return error
  const choices = value["choices"] ?? []
  if (!Array.isArray(choices)) return malformed("choices is not a list")
  const at = choiceAt(choices as ReadonlyArray<unknown>)
  const choice = at < 0 ? none : (choices as ReadonlyArray<Json>)[at] as Json
  const key = isObject(choice["message"]) && !isObject(choice["delta"]) ? "message" : "delta"
  const given = choice[key]
  if (given !== undefined && given !== null && !isObject(given)) return malformed("delta is not an object")
  const message = given ?? none
  const content = contentOf(message["content"])
  if (content === undefined) return malformed("content is not text")
  const place = (json: string): Place | undefined =>
    member(json, member(json, elements(json, rootMember(json, "choices"))[at], key), "tool_calls")
  const calls = callsOf(message["tool_calls"], text, place, key === "message")
  if ("_tag" in calls) return calls
  return {
    _tag: "Event",
    reasoning: firstText(message, reasoningKeys),
    content,
    calls,
    finish: textOr(choice["finish_reason"]),
    done: false,
    usage: usageOf(value["usage"]),
    timings: undefined,
    model: textOr(value["model"])
  }
}

/** Whether an object can be a whole answer. */
export const isAnswer = (value: Json): boolean => Array.isArray(value["choices"]) && value["choices"].length > 0
