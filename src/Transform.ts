/**
 * Opt-in repairs of what a server passes on as text. Each is off unless a completion names it.
 *
 * @since 0.1.0
 */
import * as internal from "./internal/decode/transforms.js"

/**
 * A repair of the events of an answer, made anew for every answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transform {
  /** Begins the repair of one answer. */
  readonly begin: (answer: {
    /** The names of the tools that were offered. */
    readonly tools: ReadonlyArray<string>
    /** Makes the id of a call, from the number of calls before it. */
    readonly makeId: (index: number) => string
  }) => internal.Transform
}

/**
 * `<think>…</think>` inside the text becomes reasoning, however the network cuts it: for models that think although the
 * server does not know it, and for servers before 0.9. A tag that never closes is reasoning to the end.
 *
 * @since 0.1.0
 * @category transforms
 * @example
 * import { ChatCompletions, Transform } from "effect-ollama"
 *
 * export const answer = ChatCompletions.create({ prompt: "Hi", transforms: [Transform.thinkTags] })
 */
export const thinkTags: Transform = { begin: () => internal.thinkTags() }

/**
 * The same for templates whose prompt ends with `<think>`: the answer begins with reasoning, and only `</think>` is
 * written.
 *
 * @since 0.1.0
 * @category transforms
 */
export const thinkTagsInside: Transform = { begin: () => internal.thinkTags({ inside: true }) }

/**
 * A tool call that the model wrote as plain text becomes a call: only when the whole text is one, in a known form, and
 * names a tool that was offered. Text that may become one is held back until that is decided.
 *
 * @since 0.1.0
 * @category transforms
 */
export const textToolCalls: Transform = { begin: internal.textCalls }
