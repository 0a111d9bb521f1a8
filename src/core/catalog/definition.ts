/**
 * The definition of a model: as it was written down, or as its server describes it. What neither says is filled in, and
 * what was said is remembered.
 */
import { free, type ModelDefinition } from "../../Model.js"
import type { ModelOptions } from "../provider.js"
import type { InstalledModel, Shown } from "./answers.js"

// In tokens.
const defaultContextWindow = 8192

const fields = ["name", "reasoning", "tools", "input", "cost", "contextWindow", "maxTokens"] as const

/** Options of a model as they concern its definition. */
export type Given = Pick<ModelOptions, "id" | (typeof fields)[number]>

/** Of a model that was written down. */
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

/** Of a model that was shown. */
export const definitionOf = (
  { contextWindow: listed, digest, name }: Pick<InstalledModel, "name" | "digest" | "contextWindow">,
  shown: Shown
): ModelDefinition => {
  const { capabilities, numCtx } = shown
  const known = shown.contextWindow ?? listed
  const contextWindow = known ?? defaultContextWindow
  const can = (capability: string) => capabilities?.includes(capability) ?? false
  return {
    id: name,
    name,
    reasoning: can("thinking"),
    ...(capabilities === undefined ? {} : { tools: can("tools") }),
    input: can("vision") ? ["text", "image"] : ["text"],
    cost: free,
    contextWindow,
    maxTokens: 10 * contextWindow,
    ...(numCtx === undefined || numCtx === contextWindow ? {} : { numCtx }),
    known: [
      "name",
      ...(capabilities === undefined ? [] : ["reasoning" as const, "tools" as const, "input" as const]),
      ...(known === undefined ? [] : ["contextWindow" as const])
    ],
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(digest === undefined ? {} : { digest })
  }
}
