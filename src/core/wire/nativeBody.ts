/**
 * Ollama's own dialect: `POST /api/chat`.
 */
import type { Message } from "../../Message.js"
import * as Params from "../request/params.js"
import { Raw } from "../request/writeJson.js"
import { argumentsText, assistantSaid, imageBase64, toolOnWire } from "./messages.js"
import type { Draft, Drafted } from "./messages.js"

export const draft = ({ format, model, params, request, stream, think, tools }: Draft): Drafted => {
  const { ignored, options, top } = Params.native(params)
  const body = new Map<string, unknown>([
    ["model", model],
    ["messages", request.messages.map(message)],
    ["stream", stream]
  ])
  if (tools.length > 0) body.set("tools", tools.map(toolOnWire))
  if (format !== undefined) body.set("format", format)
  if (think !== undefined) body.set("think", level(think))
  for (const [name, value] of top) body.set(name, value)
  if (options.size > 0) body.set("options", Object.fromEntries(options))
  return { body, ignored }
}

/** OpenAI's further levels, as Ollama itself maps them on `/v1`. */
const level = (think: Params.Effort): boolean | string => {
  if (think === "minimal") return "low"
  return think === "xhigh" || think === "ultra" ? "max" : think
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
      // Go templates go by the name, the native path of 0.30 and later by the id.
      return {
        role: "tool",
        tool_name: message.toolName,
        tool_call_id: message.toolCallId === "" ? undefined : message.toolCallId,
        content: message.content
      }
  }
}
