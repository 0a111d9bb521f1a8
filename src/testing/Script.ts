/**
 * How a mock Ollama is described: the models it has, what it answers, and what goes wrong.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Model, RecordedRequest, Replies, Reply, Rule } from "../core/mock/script.js"

export type * from "../core/mock/script.js"

/**
 * What a test asks of a mock, and changes while it runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Its root, e.g. `http://127.0.0.1:11434`. In memory every host answers. */
  readonly url: string
  /** The requests so far, in order. */
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
  /** Forgets the requests and begins the description anew. */
  readonly reset: Effect.Effect<void>
  readonly setModels: (models: ReadonlyArray<Model | string>) => Effect.Effect<void>
  /** Puts others in the place of the replies; none of them is used yet. */
  readonly setReplies: (replies: Replies) => Effect.Effect<void>
  /** Adds replies after those that there are; before those that a function makes. */
  readonly push: (...replies: ReadonlyArray<Reply | string>) => Effect.Effect<void>
  readonly setRules: (rules: ReadonlyArray<Rule>) => Effect.Effect<void>
}
