/**
 * What both dialects get, what they give, and what they read out of messages.
 */
import * as Either from "effect/Either"
import type { ChatRequest, Ignored, ToolDefinition } from "../../Chat.js"
import type { AssistantMessage, AssistantPart, ImagePart, ToolCall } from "../../Message.js"
import { reasoningOf, textOf, toolCallsOf } from "../../Message.js"
import { bareBase64, dataUrl } from "../request/image.js"
import type * as Params from "../request/params.js"
import { isObjectText, wellFormed } from "../request/writeJson.js"

/** What a dialect writes: the whole body, and nothing to decide any more. */
export interface Draft {
  readonly model: string
  readonly request: ChatRequest
  /** The form of the answer: the request's own, else that of the params. */
  readonly format: ChatRequest["format"]
  readonly tools: ReadonlyArray<ToolDefinition>
  readonly params: Params.Merged
  readonly think: Params.Effort | undefined
  readonly stream: boolean
  readonly maxTokensField: string
}

/** A dialect's body as a value, and what it cannot carry. */
export interface Drafted {
  readonly body: ReadonlyMap<string, unknown>
  readonly ignored: ReadonlyArray<Ignored>
}

/** What an assistant said, by kind; what is not there is `undefined`, but for the text. */
export const assistantSaid = ({ content }: AssistantMessage) => {
  const parts: ReadonlyArray<AssistantPart> = typeof content === "string" ? [{ type: "text", text: content }] : content
  const reasoning = reasoningOf(parts)
  const calls = toolCallsOf(parts)
  return {
    text: textOf(parts),
    reasoning: reasoning === "" ? undefined : reasoning,
    calls: calls.length === 0 ? undefined : calls
  }
}

/** The arguments of a call as the JSON text of an object, digit for digit; `{}` when there are none. */
export const argumentsText = (call: ToolCall): string =>
  isObjectText(call.argumentsText) ? wellFormed(call.argumentsText) : JSON.stringify(call.arguments ?? {})

/** The data URL of a picture; requests that were normalised hold nothing else. */
export const imageUrl = ({ image }: ImagePart): string =>
  typeof image === "string" ? image : Either.getOrElse(dataUrl(image, ""), () => "")

export const imageBase64 = (part: ImagePart): string => bareBase64(imageUrl(part))

export const toolOnWire = ({ description, name, parameters }: ToolDefinition) => ({
  type: "function",
  function: { name, description, parameters }
})
