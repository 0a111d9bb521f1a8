/**
 * The definition of a model that was written down: what was left out is filled in, and what was given is remembered.
 */
import { type Cost, defaultContextWindow, free, type ModelDefinition } from "../../Model.js"

export interface Given {
  readonly id: string
  readonly name?: string | undefined
  readonly reasoning?: boolean | undefined
  readonly tools?: boolean | undefined
  readonly input?: ReadonlyArray<"text" | "image"> | undefined
  readonly cost?: Cost | undefined
  readonly contextWindow?: number | undefined
  readonly maxTokens?: number | undefined
}

const fields = ["name", "reasoning", "tools", "input", "cost", "contextWindow", "maxTokens"] as const

export const makeDefinition = (given: Given): ModelDefinition => {
  const contextWindow = given.contextWindow ?? defaultContextWindow
  return {
    id: given.id,
    name: given.name ?? given.id,
    reasoning: given.reasoning ?? false,
    ...(given.tools === undefined ? {} : { tools: given.tools }),
    input: given.input ?? ["text"],
    cost: given.cost ?? free,
    contextWindow,
    maxTokens: given.maxTokens ?? Math.min(contextWindow * 10, Number.MAX_SAFE_INTEGER),
    known: fields.filter((field) => given[field] !== undefined)
  }
}
