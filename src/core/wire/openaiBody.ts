/**
 * OpenAI's dialect, as Ollama reads it: `POST /v1/chat/completions`.
 */
import type { Message } from "../../Message.js"
import * as Params from "../request/params.js"
import { isObject } from "../request/writeJson.js"
import { argumentsText, assistantSaid, imageUrl, toolOnWire } from "./messages.js"
import type { Draft, Drafted } from "./messages.js"

export const draft = ({ format, maxTokensField, model, params, request, stream, think, tools }: Draft): Drafted => {
  const { ignored, top } = Params.openai(params, maxTokensField)
  const body = new Map<string, unknown>([
    ["model", model],
    ["messages", request.messages.map(message)],
    // Always said: the native default is the opposite.
    ["stream", stream]
  ])
  if (tools.length > 0) body.set("tools", tools.map(toolOnWire))
  for (const [name, value] of top) body.set(name, value)
  if (think !== undefined) {
    const level = effort(think)
    if (level !== undefined) body.set("reasoning_effort", level)
  }
  // The params may have the form of the answer under this dialect's own name too.
  if (request.format !== undefined || (format !== undefined && !top.has("response_format"))) {
    body.set(
      "response_format",
      format === "json"
        ? { type: "json_object" }
        : { type: "json_schema", json_schema: { name: "output", schema: format } }
    )
  }
  // Without it a stream has no usage; hosted APIs refuse it in a request that does not stream.
  const given = top.get("stream_options")
  if (stream) body.set("stream_options", { ...(isObject(given) ? given : {}), include_usage: true })
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
