/**
 * Opt-in repairs of what a server passes on as text. Each is off unless a completion names it.
 *
 * @since 0.1.0
 */
import type { FinishEvent, StreamEvent } from "./Chat.js"
import * as internal from "./internal/decode/transforms.js"
import type { ReasoningPart, TextPart } from "./Message.js"

/**
 * An event of the answer itself: all but the finish.
 *
 * @since 0.1.0
 * @category models
 */
export type ContentEvent = Exclude<StreamEvent, { readonly type: "finish" }>

/**
 * What the server said at the end of its answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finish extends Pick<FinishEvent, "finishReason" | "usage" | "timings" | "model"> {}

/**
 * What a repair is told about the answer that begins.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  /** The names of the tools that were offered. */
  readonly tools: ReadonlyArray<string>
  /** Makes the id of a call, from the number of calls before it. */
  readonly makeId: (index: number) => string
}

/**
 * The repair of one answer. It may keep state, and hold events back until it knows what they are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Run {
  /** The events to give in place of the next ones that came. */
  readonly push: (events: ReadonlyArray<ContentEvent>) => ReadonlyArray<ContentEvent>
  /** The input is over: what was held back. `complete` says whether the answer is. */
  readonly end: (complete: boolean) => ReadonlyArray<ContentEvent>
  /** The finish to give in place of the server's. */
  readonly finish: (finish: Finish) => Finish
  /** What is held back, for the partial answer of an error; `[]` when nothing is. */
  readonly held: () => ReadonlyArray<TextPart | ReasoningPart>
}

/**
 * A repair of the events of an answer, made anew for every answer.
 *
 * @since 0.1.0
 * @category models
 * @example
 * import type { Transform } from "effect-ollama"
 *
 * // Drops the reasoning.
 * const run: Transform.Run = {
 *   push: (events) => events.filter((event) => !event.type.startsWith("reasoning-")),
 *   end: () => [],
 *   finish: (finish) => finish,
 *   held: () => []
 * }
 *
 * export const withoutReasoning: Transform.Transform = { begin: () => run }
 */
export interface Transform {
  /** Begins the repair of one answer. */
  readonly begin: (answer: Answer) => Run
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
