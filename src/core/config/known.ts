/**
 * The keys that a configuration may have, and which of them are read.
 */
import type { KeyPath } from "./tree.js"

export const modelKeys = [
  "id",
  "name",
  "api",
  "reasoning",
  "input",
  "cost",
  "contextWindow",
  "maxTokens",
  "params",
  "headers",
  "compat"
] as const

export const costKeys = ["input", "output", "cacheRead", "cacheWrite"] as const

export const compatKeys = ["maxTokensField"] as const

const readKeys = [
  "baseUrl",
  "apiKey",
  "api",
  "authHeader",
  "headers",
  "timeoutSeconds",
  "params",
  "models"
] as const

export const entryKeys = [...readKeys, "auth"] as const

export const choiceKeys = ["primary", "fallbacks"] as const

export const settingsKeys = ["alias", "params", "streaming"] as const

const isOneOf = (names: ReadonlyArray<unknown>, key: unknown): boolean => key === undefined || names.includes(key)

/** Whether what stands at a path inside an entry of `models.providers` is read at all. */
export const isRead = ([key, , inModel, deeper]: KeyPath): boolean =>
  isOneOf(readKeys, key)
  && (key !== "models" || (isOneOf(modelKeys, inModel)
    && (inModel !== "cost" || isOneOf(costKeys, deeper))
    && (inModel !== "compat" || isOneOf(compatKeys, deeper))))

/** The same of a whole path into the other sections, except `env`. */
export const isReadElsewhere = ([section, key, part, inPart, inSettings]: KeyPath): boolean =>
  section === "auth"
    ? isOneOf(["order"], key)
    : section !== "agents" ||
      isOneOf(part === "model" ? choiceKeys : settingsKeys, part === "model" ? inPart : inSettings)
