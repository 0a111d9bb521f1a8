/**
 * What is said, in the form that OpenTelemetry's conventions have for it: only for who asked for it, and with nothing in it
 * that is a secret. Pure.
 */
import type { ChatRequest, FinishReason } from "../../Chat.js"
import type { AssistantPart, Message } from "../../Message.js"
import { redact } from "../failure/redact.js"
import type { Attributes } from "./attributes.js"

type Part = { readonly type: string } & Attributes

const assistantPart = (part: AssistantPart): Part =>
  part.type === "tool-call"
    ? { type: "tool_call", id: part.id, name: part.name, arguments: part.arguments }
    : { type: part.type, content: part.text }

// Of a picture only that there is one.
const partsOf = (message: Message): ReadonlyArray<Part> => {
  if (message.role === "tool") {
    return [{ type: "tool_call_response", id: message.toolCallId, response: message.content }]
  }
  if (typeof message.content === "string") return [{ type: "text", content: message.content }]
  return message.role === "assistant"
    ? message.content.map(assistantPart)
    : message.content.map((part): Part =>
      part.type === "text" ? { type: "text", content: part.text } : { type: "blob", modality: "image" }
    )
}

const text = (value: unknown, secrets: ReadonlyArray<string>): string => redact(JSON.stringify(value), secrets)

/** What the model is told. */
export const ofRequest = ({ messages, tools }: ChatRequest, secrets: ReadonlyArray<string>): Attributes => ({
  "gen_ai.input.messages": text(messages.map((message) => ({ role: message.role, parts: partsOf(message) })), secrets),
  ...(tools.length === 0
    ? undefined
    : { "gen_ai.tool.definitions": text(tools.map((tool) => ({ type: "function", ...tool })), secrets) })
})

/** What it says. */
export const ofAnswer = (
  parts: ReadonlyArray<AssistantPart>,
  finishReason: FinishReason,
  secrets: ReadonlyArray<string>
): Attributes => ({
  "gen_ai.output.messages": text(
    [{ role: "assistant", parts: parts.map(assistantPart), finish_reason: finishReason.replace("-", "_") }],
    secrets
  )
})
