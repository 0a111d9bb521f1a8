/** OpenAI's chat completions, as Ollama's `/v1` and hosted APIs speak them. */
import type { Usage } from "../../Chat.js"
import type { AssistantMessage, Message } from "../../Message.js"
import * as Framing from "../decode/framing.js"
import { elements, member, type Place } from "../decode/jsonText.js"
import { isRecord, type JsonRecord, recordsOf } from "../json.js"
import * as Metadata from "../request/metadata.js"
import * as Params from "../request/params.js"
import {
  argumentsText,
  assistantSaid,
  callsOf,
  contentOf,
  count,
  type Draft,
  finishOf,
  imageUrl,
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

/** The fields of the params that every server reads. */
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

/** Those that Ollama does not read and others may, by their usual names. */
const otherFields: { readonly [name: string]: string } = {
  topK: "top_k",
  minP: "min_p",
  repeatPenalty: "repetition_penalty"
}

/** Fields of Ollama's own API that are known not to be read here (wire format of `/v1/chat/completions`). */
const ollamaOnly: ReadonlyArray<string> = ["truncate", "shift", "_debug_render_only"]

const fieldOf = (name: string, ollama: boolean): string | undefined => {
  if (!Params.isKnown(name)) return ollama && ollamaOnly.includes(name) ? undefined : name
  return fields[name] ?? (ollama ? undefined : otherFields[name])
}

const body: Wire["body"] = (draft) => {
  const { compat, format, maxTokensField, model, ollama, params, request, stream, think, tools } = draft
  const body = new Map<string, unknown>([
    ["model", model],
    ["messages", request.messages.map((said) => message(said, draft))],
    // Always said: the default of Ollama's own API is the opposite.
    ["stream", stream]
  ])
  if (tools.length > 0) {
    body.set(
      "tools",
      tools.map((tool) => toolOnWire(tool, compat.supportsStrictMode === true ? { strict: false } : {}))
    )
  }
  const { toolChoice } = request
  if (!ollama && typeof toolChoice !== "string") {
    body.set("tool_choice", { type: "function", function: { name: toolChoice.tool } })
  } else if (!ollama && toolChoice === "required") body.set("tool_choice", toolChoice)
  const ignored = [...putParams(body, params, (name, value) => {
    if (name === "temperature" && compat.supportsTemperature === false) return "The model is said not to take it"
    const field = fieldOf(name, ollama)
    if (field === undefined) {
      return ollama ? "Ollama's /v1 does not read it; use api \"ollama\"" : "No field of this API says it"
    }
    body.set(name === "maxTokens" ? maxTokensField : field, value)
    return undefined
  })]
  if (think !== undefined) {
    const level = effort(think, draft)
    if (level === null) ignored.push({ setting: "think", reason: "The model is said not to take such an effort" })
    else if (level !== undefined) body.set("reasoning_effort", level)
  }
  // The params may have the form of the answer under its own name here too.
  if (request.format !== undefined || (format !== undefined && !body.has("response_format"))) {
    const takesSchema = compat.supportsJsonSchemaResponseFormat !== false
    if (format !== "json" && !takesSchema) {
      ignored.push({ setting: "format", reason: "The server is said not to take a schema; it is asked for an object" })
    }
    body.set(
      "response_format",
      format === "json" || !takesSchema
        ? { type: "json_object" }
        : { type: "json_schema", json_schema: { name: "output", schema: format } }
    )
  }
  // Without it a stream has no usage; hosted APIs refuse it in a request that does not stream.
  const given = body.get("stream_options")
  if (stream && compat.supportsUsageInStreaming !== false) {
    body.set("stream_options", { ...(isRecord(given) ? given : {}), include_usage: true })
  } else body.delete("stream_options")
  return { body, ignored }
}

/** OpenAI's and OpenClaw's further levels, as Ollama has them: older ones refuse other words. */
const levels: { readonly [level: string]: string } = { minimal: "low", xhigh: "high", adaptive: "high", ultra: "max" }

/**
 * `true` sends nothing: a model that can think does so unless told otherwise, and hosted APIs refuse an effort for
 * models that do not reason. `null`: the server has no word for it.
 */
const effort = (think: Params.Effort, { compat, ollama }: Draft): string | null | undefined => {
  if (compat.supportsReasoningEffort === false) return null
  const map = compat.reasoningEffortMap
  for (const word of think === false ? ["off", "none"] : think === true ? ["on"] : [think]) {
    if (map !== undefined && Object.hasOwn(map, word)) return map[word]
  }
  if (think === true) return undefined
  if (think === false) return "none"
  return ollama || think === "adaptive" || think === "ultra" ? levels[think] ?? think : think
}

const message = (message: Message, draft: Draft) => {
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
    case "assistant":
      return assistant(message, draft)
    case "tool": {
      const name = draft.compat.requiresToolResultName === true ? message.toolName : undefined
      return { role: "tool", tool_call_id: message.toolCallId, name, content: message.content }
    }
  }
}

const assistant = (message: AssistantMessage, draft: Draft) => {
  const { calls, text } = assistantSaid(message)
  const thought = thoughtFor(message, draft)
  return {
    role: "assistant",
    // Never null: servers refuse it where there are no calls.
    content: contentWith(text, thought),
    ...thought.fields,
    tool_calls: calls?.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: argumentsText(call) },
      extra_content: Metadata.valueFor(call.metadata, draft.asked).extra_content
    }))
  }
}

interface Thought {
  readonly fields: JsonRecord
  /** What goes back as a part of the content, or as text before it. */
  readonly part?: string
  readonly text?: string
}

/** The reasoning that the one who is asked may have, under the names in which it came. */
const thoughtFor = (message: AssistantMessage, { asked, compat, ollama }: Draft): Thought => {
  const said = assistantSaid(message)
  if (ollama) return { fields: { reasoning: said.reasoning } }
  const texts = new Map<Metadata.ReasoningField, string>()
  const details: Array<JsonRecord> = []
  let signature: string | undefined
  for (const part of typeof message.content === "string" ? [] : message.content) {
    const value = Metadata.valueFor(part.metadata, asked)
    details.push(...value.reasoning_details ?? [])
    signature = value.signature ?? signature
    if (part.type !== "reasoning" || value.field === undefined) continue
    texts.set(value.field, (texts.get(value.field) ?? "") + part.text)
  }
  const own = [...texts.values()].join("")
  if (compat.requiresThinkingAsText === true) return { fields: {}, text: own }
  const part = compat.requiresStringContent === true ? undefined : texts.get("content")
  texts.delete("content")
  texts.delete("reasoning_details")
  const fields: JsonRecord = {
    ...Object.fromEntries(texts),
    ...(compat.requiresReasoningContentOnAssistantMessages === true ? { reasoning_content: own } : undefined),
    reasoning_details: details.length === 0 ? undefined : details,
    signature
  }
  return part === undefined ? { fields } : { fields, part }
}

const contentWith = (text: string, thought: Thought) => {
  if (thought.part !== undefined) {
    return [
      { type: "thinking", thinking: [{ type: "text", text: thought.part }] },
      ...(text === "" ? [] : [{ type: "text", text }])
    ]
  }
  return [thought.text ?? "", text].filter((one) => one !== "").join("\n\n")
}

// =============================================================================
// reading: a chunk of a stream (`delta`), or a whole answer (`message`)
// =============================================================================

const keys = { text: ["content"], reasoning: ["reasoning", "reasoning_content", "thinking", "reasoning_text"] as const }

const none: JsonRecord = {}

const read: Wire["read"] = (value, text, isWhole = false) => {
  const choices = value["choices"] ?? []
  if (!Array.isArray(choices)) return malformed("choices is not a list")
  const at = choiceAt(choices as ReadonlyArray<unknown>)
  const choice = at < 0 ? none : (choices as ReadonlyArray<JsonRecord>)[at] as JsonRecord
  // where there are both, the other one is empty, or has all that came so far
  const key = isRecord(choice["message"]) && (isWhole || !isRecord(choice["delta"])) ? "message" : "delta"
  const given = choice[key]
  if (given !== undefined && given !== null && !isRecord(given)) return malformed("delta is not an object")
  const message = given ?? none
  const content = contentOf(message["content"])
  if (content === undefined) return malformed("content is not text")
  const place = (json: string): Place | undefined => member(json, elements(json, rootMember(json, "choices"))[at], key)
  const calls = callsOf(message, text, place, key === "message")
  if ("_tag" in calls) return calls
  const refusal = refusalOf(message)
  const { field, text: reasoning } = thoughtOf(message, keys.reasoning)
  const details = recordsOf(message["reasoning_details"])
  const signature = textOr(message["signature"])
  return {
    _tag: "Event",
    reasoning,
    ...(field === undefined ? undefined : { field }),
    ...(details.length === 0 ? undefined : { details }),
    ...(signature === "" ? undefined : { signature }),
    content: content + refusal,
    calls,
    finish: finishOf(textOr(choice["finish_reason"])),
    ...(refusal === "" ? undefined : { refused: true }),
    ...innerError(choice["error"], message["error"]),
    ...(key === "message" && !isWhole ? { isMessage: true } : undefined),
    done: false,
    usage: usageOf(value["usage"] ?? choice["usage"]),
    timings: undefined,
    model: textOr(value["model"]),
    ...idOf(value["id"])
  }
}

// An id is short; what is not is none.
const idOf = (id: unknown): { readonly responseId: string } | undefined =>
  typeof id === "string" && id !== "" && id.length <= 200 ? { responseId: id } : undefined

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
  set(
    "cachedInputTokens",
    detail(value, "prompt_tokens_details", "cached_tokens") ?? count(value["cached_tokens"])
      ?? count(value["prompt_cache_hit_tokens"])
  )
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
  ollama: false,
  body,
  framing: Framing.sse,
  read,
  isAnswer: ({ choices }) => {
    const choice = Array.isArray(choices) ? (choices as ReadonlyArray<unknown>)[choiceAt(choices)] : undefined
    return isRecord(choice) && (isRecord(choice["message"]) || isRecord(choice["delta"]))
  },
  place: { message: messageOf, keys }
}
