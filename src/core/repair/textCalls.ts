/** Tool calls that a model wrote as plain text: the forms in which Ollama lets them through. */
import type { JsonObject } from "../../Message.js"
import { copy, member, root } from "../decode/jsonText.js"
import { isRecord, parse } from "../json.js"

export interface TextCall {
  readonly name: string
  readonly arguments: JsonObject
  readonly argumentsText: string
}

const openTag = "<tool_call>"
const closeTag = "</tool_call>"

const keys: ReadonlyArray<string> = ["\"name\"", "\"parameters\"", "\"arguments\""]

const agree = (text: string, form: string): boolean => text.startsWith(form) || form.startsWith(text)

/** Whether a text that begins so can still be nothing but calls. */
export const mayBeCalls = (head: string): boolean => {
  const text = head.trimStart()
  if (text.startsWith("{")) {
    const key = text.slice(1).trimStart()
    return keys.some((form) => agree(key, form))
  }
  const fence = /^```(?:json|tool_call)?\s*/.exec(text)
  if (fence !== null) {
    const inner = text.slice(fence[0].length)
    return inner === "" || /^(j|js|jso|t|to|too|tool|tool_|tool_c|tool_ca|tool_cal)$/.test(inner) ||
      (inner.startsWith("{") || inner.startsWith("<")) && mayBeCalls(inner)
  }
  return agree(text, openTag) || agree(text, "```")
}

/** `{"name": …, "parameters" | "arguments": {…}}`, and nothing else in it. */
const readCall = (text: string, tools: ReadonlySet<string>): TextCall | undefined => {
  const value = parse(text)?.value
  if (!isRecord(value) || Object.keys(value).length !== 2) return undefined
  const name = value["name"]
  const key = Object.hasOwn(value, "arguments") ? "arguments" : "parameters"
  const args = Object.hasOwn(value, key) ? value[key] : undefined
  const place = member(text, root(text), key)
  if (typeof name !== "string" || !tools.has(name) || !isRecord(args) || place === undefined) return undefined
  return { name, arguments: args, argumentsText: copy(text.slice(place.from, place.to)) }
}

const unfenced = (text: string): string => {
  const fence = /^```(?:json|tool_call)?/.exec(text)
  return fence !== null && text.length >= 6 && text.endsWith("```") ? text.slice(fence[0].length, -3).trim() : text
}

/** The calls of a text that is nothing but calls of these tools. */
export const readCalls = (whole: string, tools: ReadonlySet<string>): ReadonlyArray<TextCall> | undefined => {
  const text = unfenced(whole.trim())
  if (text.startsWith("{")) {
    const call = readCall(text, tools)
    return call && [call]
  }
  const calls: Array<TextCall> = []
  let rest = text
  while (rest.startsWith(openTag)) {
    // the end of the JSON, not the next tag: an argument may hold the tag's text
    const inner = rest.slice(openTag.length)
    const { to } = root(inner)
    const after = inner.slice(to).trimStart()
    const call = after.startsWith(closeTag) ? readCall(inner.slice(0, to), tools) : undefined
    if (call === undefined) return undefined
    calls.push(call)
    rest = after.slice(closeTag.length).trimStart()
  }
  return rest === "" && calls.length > 0 ? calls : undefined
}
