/** Reads one event of the native dialect (`/api/chat`): a line of a stream, or a whole answer, which has the same form. */
import type { Timings, Usage } from "../../Chat.js"
import { isObject } from "../decode/jsonText.js"
import type { DecodeFailure, WireEvent } from "../decode/types.js"
import { callsOf, contentOf, count, errorOf, firstText, type Json, malformed, rootMember, textOr } from "./read.js"

/** In the order in which they are looked at. */
export const reasoningKeys: ReadonlyArray<string> = ["thinking", "reasoning", "reasoning_content"]

const none: Json = {}

const callsPlace = (text: string) => rootMember(text, "message", "tool_calls")

const usageOf = (value: Json): Usage | undefined => {
  const inputTokens = count(value["prompt_eval_count"])
  const outputTokens = count(value["eval_count"])
  if (inputTokens === undefined) return outputTokens === undefined ? undefined : { outputTokens }
  if (outputTokens === undefined) return { inputTokens }
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens }
}

const timingsOf = (value: Json): Timings | undefined => {
  const names = [
    ["total", "total_duration"],
    ["load", "load_duration"],
    ["promptEval", "prompt_eval_duration"],
    ["eval", "eval_duration"]
  ] as const
  let timings: Record<string, number> | undefined
  for (const [name, key] of names) {
    const nanoseconds = count(value[key])
    if (nanoseconds !== undefined) (timings ??= {})[name] = nanoseconds / 1e6
  }
  return timings
}

export const read = (value: unknown, text: string): WireEvent | DecodeFailure => {
  if (!isObject(value)) return malformed("an event is not an object")
  const error = errorOf(value)
  if (error !== undefined) return error
  const given = value["message"]
  if (given !== undefined && given !== null && !isObject(given)) return malformed("message is not an object")
  const message = given ?? none
  const content = contentOf(message["content"])
  if (content === undefined) return malformed("content is not text")
  const calls = callsOf(message["tool_calls"], text, callsPlace, true)
  if ("_tag" in calls) return calls
  const reason = textOr(value["done_reason"])
  const done = value["done"] === true
  return {
    _tag: "Event",
    reasoning: firstText(message, reasoningKeys),
    content,
    calls,
    finish: reason === "" && done ? "stop" : reason,
    done,
    usage: usageOf(value),
    timings: timingsOf(value),
    model: textOr(value["model"])
  }
}

/** Whether an object can be a whole answer. */
export const isAnswer = (value: Json): boolean =>
  isObject(value["message"]) || typeof value["done"] === "boolean" || textOr(value["done_reason"]) !== ""
