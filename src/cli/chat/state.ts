/**
 * A conversation while it goes on: what was said, and what the next question is asked with.
 */
import type { Think } from "../../Chat.js"
import type { CompletionOptions } from "../../ChatCompletions.js"
import type { JsonObject, Message } from "../../Message.js"

export interface State {
  /** The model to ask; absent is the configured one. */
  readonly model?: string | undefined
  readonly system?: string | undefined
  readonly messages: ReadonlyArray<Message>
  readonly think?: Think | undefined
  readonly showThinking: boolean
  readonly format?: "json" | JsonObject | undefined
  readonly params: JsonObject
  readonly keepAlive?: number | string | undefined
  /** Whether the usage is told after each answer. */
  readonly verbose: boolean
  readonly wrap: boolean
  readonly keepsHistory: boolean
}

export const initial: State = {
  messages: [],
  params: {},
  showThinking: true,
  verbose: false,
  wrap: true,
  keepsHistory: true
}

/** What is sent when a message is added. */
export const asking = (state: State, message: Message): CompletionOptions => ({
  prompt: [
    ...(state.system === undefined ? [] : [{ role: "system" as const, content: state.system }]),
    ...state.messages,
    message
  ],
  model: state.model,
  think: state.think,
  format: state.format,
  params: state.params,
  keepAlive: state.keepAlive
})
