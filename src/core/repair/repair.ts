/** What a repair is: the events of an answer in, other events out. */
import type { ContentEvent, Finish } from "../../Chat.js"
import type { ReasoningPart, TextPart } from "../../Message.js"

/**
 * What a repair is told about the answer that begins.
 *
 * @since 0.1.0
 * @category models
 */
export interface RepairContext {
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
 * import type { Repair } from "effect-ollama"
 *
 * // Drops the reasoning.
 * const run: Repair.Run = {
 *   push: (events) => events.filter((event) => !event.type.startsWith("reasoning-")),
 *   end: () => [],
 *   finish: (finish) => finish,
 *   held: () => []
 * }
 *
 * export const withoutReasoning: Repair.Repair = { begin: () => run }
 */
export interface Repair {
  /** Begins the repair of one answer. */
  readonly begin: (context: RepairContext) => Run
}
