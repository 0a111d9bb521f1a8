/** OpenAI's chat completions, as Ollama's `/v1` and hosted APIs speak them. */
import type { Usage } from "../../Chat.js"
import type { Message } from "../../Message.js"
import * as Framing from "../decode/framing.js"
import { elements, member, type Place } from "../decode/jsonText.js"
import { isRecord, type JsonRecord } from "../json.js"
import * as Params from "../request/params.js"
import {
  argumentsText,
  assistantSaid,
  callsOf,
  contentOf,
  count,
  finishOf,
  firstText,
  imageUrl,
  malformed,
  putParams,
  rootMember,
  textOr,
  toolOnWire,
  type Wire
} from "./wire.js"

// =============================================================================
// writing
// =============================================================================

/** The fields of the params; Ollama reads no others here. */
const fields: Params.Fields = {
  temperature: "temperature",
  topP: "top_p",
  topK: undefined,
  minP: undefined,
  maxTokens: "max_tokens",
  seed: "seed",
  stop: "stop",
  frequencyPenalty: "frequency_penalty",
  presencePenalty: "presence_penalty",
  repeatPenalty: undefined,
  think: "reasoning_effort",
  numCtx: undefined,
  keepAlive: undefined
}

/** Fields of Ollama's own API that are known not to be read here (wire format of `/v1/chat/completions`). */
const ollamaOnly: ReadonlyArray<string> = ["truncate", "shift", "_debug_render_only"]

const body: Wire["body"] = ({ format, maxTokensField, model, params, request, stream, think, tools }) => {
  const body = new Map<string, unknown>([
    ["model", model],
    ["messages", request.messages.map(message)],
    // Always said: the default of Ollama's own API is the opposite.
    ["stream", stream]
  ])
  if (tools.length > 0) body.set("tools", tools.map(toolOnWire))
  const ignored = putParams(params, (name, value) => {
    const field = Params.isKnown(name) ? fields[name] : ollamaOnly.includes(name) ? undefined : name
    if (field === undefined) return "Ollama's /v1 does not read it; use api \"ollama\""
    body.set(name === "maxTokens" ? maxTokensField : field, value)
    return undefined
  })
  const level = think === undefined ? undefined : effort(think)
  if (level !== undefined) body.set("reasoning_effort", level)
  // The params may have the form of the answer under its own name here too.
  if (request.format !== undefined || (format !== undefined && !body.has("response_format"))) {
    body.set(
      "response_format",
      format === "json"
        ? { type: "json_object" }
        : { type: "json_schema", json_schema: { name: "output", schema: format } }
    )
  }
  // Without it a stream has no usage; hosted APIs refuse it in a request that does not stream.
  const given = body.get("stream_options")
  if (stream) body.set("stream_options", { ...(isRecord(given) ? given : {}), include_usage: true })
  else body.delete("stream_options")
  return { body, ignored }
}

/**
 * `true` sends nothing: a model that can think does so unless told otherwise, and hosted APIs refuse an effort for
 * models that do not reason.
 */
const effort = (think: Params.Effort): string | undefined =>
  think === true ? undefined : think === false ? "none" : think

const message = (message: Message) => {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content }
    case "user": {
      const { content } = message
      if (typeof content === "string") return { role: "user", content }
      // Ollama makes each part a message of its own: parts only where a picture needs them.
      if (content.every((part) => part.type === "text")) {
        return { role: "user", content: content.map(({ text }) => text).join("") }
      }
      return {
        role: "user",
        content: content.map((part) =>
          part.type === "text"
            ? { type: "text", text: part.text }
            : { type: "image_url", image_url: { url: imageUrl(part) } }
        )
      }
    }
    case "assistant": {
      const { calls, reasoning, text } = assistantSaid(message)
      return {
        role: "assistant",
        // Never null: servers refuse it where there are no calls.
        content: text,
        reasoning,
        tool_calls: calls?.map((call) => ({
          id: call.id,
          type: "function",
          function: { name: call.name, arguments: argumentsText(call) }
        }))
      }
    }
    case "tool":
      return { role: "tool", tool_call_id: message.toolCallId, content: message.content }
  }
}

// =============================================================================
// reading: a chunk of a stream (`delta`), or a whole answer (`message`)
// =============================================================================

const keys = { text: ["content"], reasoning: ["reasoning", "reasoning_content"] }

const none: JsonRecord = {}

const read: Wire["read"] = (value, text) => {
  const choices = value["choices"] ?? []
  if (!Array.isArray(choices)) return malformed("choices is not a list")
  const at = choiceAt(choices as ReadonlyArray<unknown>)
  const choice = at < 0 ? none : (choices as ReadonlyArray<JsonRecord>)[at] as JsonRecord
  const key = isRecord(choice["message"]) && !isRecord(choice["delta"]) ? "message" : "delta"
  const given = choice[key]
  if (given !== undefined && given !== null && !isRecord(given)) return malformed("delta is not an object")
  const message = given ?? none
  const content = contentOf(message["content"])
  if (content === undefined) return malformed("content is not text")
  const place = (json: string): Place | undefined =>
    member(json, member(json, elements(json, rootMember(json, "choices"))[at], key), "tool_calls")
  const calls = callsOf(message["tool_calls"], text, place, key === "message")
  if ("_tag" in calls) return calls
  return {
    _tag: "Event",
    reasoning: firstText(message, keys.reasoning),
    content,
    calls,
    finish: finishOf(textOr(choice["finish_reason"])),
    done: false,
    usage: usageOf(value["usage"]),
    timings: undefined,
    model: textOr(value["model"])
  }
}

/** Only the first choice is this answer; a usage chunk has none. */
const choiceAt = (choices: ReadonlyArray<unknown>): number =>
  choices.findIndex((choice) => isRecord(choice) && (choice["index"] === 0 || typeof choice["index"] !== "number"))

const usageOf = (value: unknown): Usage | undefined => {
  if (!isRecord(value)) return undefined
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

const detail = (value: JsonRecord, details: string, name: string): number | undefined => {
  const found = value[details]
  return isRecord(found) ? count(found[name]) : undefined
}

const messageOf = (json: string): Place | undefined => {
  const choices = elements(json, rootMember(json, "choices"))
  return choices.length === 1 ? member(json, choices[0], "delta") : undefined
}

export const completions: Wire = {
  url: ({ completionsUrl }) => `${completionsUrl}/chat/completions`,
  keepsPath: true,
  streams: (provider) => provider !== "ollama",
  body,
  framing: Framing.sse,
  read,
  isAnswer: ({ choices }) => Array.isArray(choices) && choices.length > 0,
  place: { message: messageOf, keys }
}
