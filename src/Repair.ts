/**
 * Opt-in repairs of what a server passes on as text. Each is off unless a completion names it.
 *
 * @since 0.1.0
 */
import type { Repair } from "./core/repair/repair.js"
import * as internal from "./core/repair/repairs.js"

export type { Repair, RepairContext, Run } from "./core/repair/repair.js"

/**
 * `<think>…</think>` inside the text becomes reasoning, however the network cuts it: for models that think although the
 * server does not know it, and for servers before 0.9. A tag that never closes is reasoning to the end.
 *
 * @since 0.1.0
 * @category repairs
 * @example
 * import { ChatCompletions, Repair } from "effect-ollama"
 *
 * export const answer = ChatCompletions.create({ prompt: "Hi", repairs: [Repair.thinkTags] })
 */
export const thinkTags: Repair = { begin: () => internal.thinkTags() }

/**
 * The same for templates whose prompt ends with `<think>`: the answer begins with reasoning, and only `</think>` is
 * written. Where the server tells the reasoning apart by itself, text is text.
 *
 * @since 0.1.0
 * @category repairs
 */
export const thinkTagsInside: Repair = { begin: () => internal.thinkTags({ inside: true }) }

/**
 * A tool call that the model wrote as plain text becomes a call: only when the whole text is one, in a known form, and
 * names a tool that was offered. Text that may become one is held back until that is decided.
 *
 * @since 0.1.0
 * @category repairs
 */
export const textToolCalls: Repair = { begin: internal.textCalls }
