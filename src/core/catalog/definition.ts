/**
 * The definition of a model that was written down: what was left out is filled in, and what was given is remembered.
 */
import { defaultContextWindow, free, type ModelDefinition } from "../../Model.js"
import type { ModelOptions } from "../provider.js"

const fields = ["name", "reasoning", "tools", "input", "cost", "contextWindow", "maxTokens"] as const

/** Options of a model as they concern its definition. */
export type Given = Pick<ModelOptions, "id" | (typeof fields)[number]>

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
