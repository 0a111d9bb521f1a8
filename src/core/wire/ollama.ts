/** Ollama's own API: `/api/chat`. */
import type { Timings, Usage } from "../../Chat.js"
import type { Message } from "../../Message.js"
import * as Framing from "../decode/framing.js"
import { isRecord, type JsonRecord, Raw } from "../json.js"
import * as Params from "../request/params.js"
import {
  argumentsText,
  assistantSaid,
  callsOf,
  contentOf,
  count,
  finishOf,
  imageBase64,
  innerError,
  malformed,
  putParams,
  refusalOf,
  rootMember,
  textOr,
  thoughtOf,
  toolOnWire,
  type Wire
} from "./wire.js"

// =============================================================================
// writing
// =============================================================================

/** The names of the params, among the `options` where it is not said otherwise. */
const fields = {
  temperature: "temperature",
  topP: "top_p",
  topK: "top_k",
  minP: "min_p",
  maxTokens: "num_predict",
  seed: "seed",
  stop: "stop",
  frequencyPenalty: "frequency_penalty",
  presencePenalty: "presence_penalty",
  repeatPenalty: "repeat_penalty",
  think: "think",
  numCtx: "num_ctx",
  keepAlive: "keep_alive"
} satisfies Params.Fields

/** Fields that stand at the top of the body, not among its `options`. */
const top: ReadonlyArray<string> = ["keep_alive", "truncate", "shift", "_debug_render_only"]

/** Fields of `/v1` that say something about the whole request; among the `options` they would say nothing. */
const completionsOnly: ReadonlyArray<string> = [
  "response_format",
  "tool_choice",
  "parallel_tool_calls",
  "stream_options"
]

const body: Wire["body"] = ({ format, model, params, request, stream, think, tools }) => {
  const body = new Map<string, unknown>([
    ["model", model],
    ["messages", request.messages.map(message)],
    ["stream", stream]
  ])
  if (tools.length > 0) body.set("tools", tools.map((tool) => toolOnWire(tool)))
  if (format !== undefined) body.set("format", format)
  if (think !== undefined) body.set("think", level(think))
  const options = new Map<string, unknown>()
  const ignored = putParams(body, params, (name, value) => {
    if (completionsOnly.includes(name)) return "Only api \"openai-completions\" has this field"
    const field = Params.isKnown(name) ? fields[name] : name
    ;(top.includes(field) ? body : options).set(field, value)
    return undefined
  }, (field, value) => {
    if (field !== "options" || !isRecord(value)) body.set(field, value)
    else for (const name of Object.keys(value)) options.set(name, value[name])
  })
  const contextTokens = params.get("contextTokens")
  if (contextTokens !== undefined && !options.has("num_ctx")) options.set("num_ctx", contextTokens)
  const numCtx = options.get("num_ctx")
  if (options.size > 0) body.set("options", Object.fromEntries(options))
  return { body, ignored, ...(typeof numCtx === "number" ? { numCtx } : undefined) }
}

/** OpenAI's and OpenClaw's further levels, in words that older versions take too. */
const level = (think: Params.Effort): boolean | string => {
  if (think === "minimal") return "low"
  if (think === "xhigh" || think === "adaptive") return "high"
  return think === "ultra" ? "max" : think
}

const message = (message: Message) => {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content }
    case "user": {
      const { content } = message
      if (typeof content === "string") return { role: "user", content }
      const images = content.flatMap((part) => part.type === "image" ? [imageBase64(part)] : [])
      return {
        role: "user",
        content: content.flatMap((part) => part.type === "text" ? [part.text] : []).join(""),
        images: images.length > 0 ? images : undefined
      }
    }
    case "assistant": {
      const { calls, reasoning, text } = assistantSaid(message)
      return {
        role: "assistant",
        content: text,
        thinking: reasoning,
        tool_calls: calls?.map((call, index) => ({
          id: call.id === "" ? undefined : call.id,
          function: { index, name: call.name, arguments: new Raw(argumentsText(call)) }
        }))
      }
    }
    case "tool":
      // Go templates go by the name, 0.30 and later by the id.
      return {
        role: "tool",
        tool_name: message.toolName,
        tool_call_id: message.toolCallId === "" ? undefined : message.toolCallId,
        content: message.content
      }
  }
}

// =============================================================================
// reading: a line of a stream, or a whole answer, which has the same form
// =============================================================================

const keys = { text: ["content"], reasoning: ["thinking", "reasoning", "reasoning_content", "reasoning_text"] as const }

const none: JsonRecord = {}

const messageOf = (text: string) => rootMember(text, "message")

const read: Wire["read"] = (value, text) => {
  const given = value["message"]
  if (given !== undefined && given !== null && !isRecord(given)) return malformed("message is not an object")
  const message = given ?? none
  const content = contentOf(message["content"])
  if (content === undefined) return malformed("content is not text")
  const calls = callsOf(message, text, messageOf, true)
  if ("_tag" in calls) return calls
  const done = value["done"] === true
  const refusal = refusalOf(message)
  return {
    _tag: "Event",
    reasoning: thoughtOf(message, keys.reasoning).text,
    content: content + refusal,
    calls,
    finish: finishOf(textOr(value["done_reason"])) ?? (done ? finishOf("stop") : undefined),
    ...(refusal === "" ? undefined : { refused: true }),
    ...innerError(message["error"]),
    done,
    usage: usageOf(value),
    timings: timingsOf(value),
    model: textOr(value["model"])
  }
}

const usageOf = (value: JsonRecord): Usage | undefined => {
  const inputTokens = count(value["prompt_eval_count"])
  const outputTokens = count(value["eval_count"])
  if (inputTokens === undefined) return outputTokens === undefined ? undefined : { outputTokens }
  if (outputTokens === undefined) return { inputTokens }
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens }
}

const durations = [
  ["total", "total_duration"],
  ["load", "load_duration"],
  ["promptEval", "prompt_eval_duration"],
  ["eval", "eval_duration"]
] as const

const timingsOf = (value: JsonRecord): Timings | undefined => {
  let timings: Record<string, number> | undefined
  for (const [name, key] of durations) {
    const nanoseconds = count(value[key])
    if (nanoseconds !== undefined) (timings ??= {})[name] = nanoseconds / 1e6
  }
  return timings
}

export const ollama: Wire = {
  url: ({ root }) => `${root}/api/chat`,
  keepsPath: false,
  ollama: true,
  body,
  framing: Framing.ndjson,
  read,
  isAnswer: ({ message }) => isRecord(message),
  place: { message: messageOf, keys, stamp: "created_at" }
}
