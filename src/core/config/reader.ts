/**
 * Reads plain values field by field. What is wrong is said where it stands, and counts as absent there.
 */
import { isRecord, type JsonRecord } from "../json.js"
import { isBlank, type Lookup, substituteText, unsetVariable } from "./env.js"
import { kindOf } from "./plain.js"
import { suggest } from "./suggest.js"
import type { KeyPath } from "./tree.js"

export interface Reader {
  readonly lookup: Lookup
  /** Says that a value is wrong. */
  readonly problem: (path: KeyPath, expected: string, actual: string) => undefined
  /** Says that a text needs a variable that is not set. */
  readonly missing: (path: KeyPath, variable: string) => undefined
  readonly warn: (path: KeyPath, message: string) => void
}

/** One that warns of everything. */
export const make = (lookup: Lookup, warn: Reader["warn"]): Reader => ({
  lookup,
  problem: (path, expected, actual) => void warn(path, `expected ${expected}, found ${actual}: not used`),
  missing: (path, variable) => void warn(path, `${unsetVariable(variable)}: not used`),
  warn
})

/** One for what is given in code: texts are taken as they are. */
export const verbatim = (problem: Reader["problem"]): Reader => ({
  lookup: (name) => `\${${name}}`,
  problem,
  missing: () => undefined,
  warn: () => undefined
})

/** A value with the variables in it, when it is a text; `undefined` when one of them is not set. */
export const given = (r: Reader, value: unknown, path: KeyPath): unknown => {
  if (typeof value !== "string" || !value.includes("${")) return value
  let unset: string | undefined
  const text = substituteText(value, r.lookup, (variable) => unset ??= variable)
  return unset === undefined ? text : r.missing(path, unset)
}

export const object = (r: Reader, value: unknown, path: KeyPath): JsonRecord | undefined => {
  const found = given(r, value, path)
  return found === undefined ? undefined : isRecord(found) ? found : r.problem(path, "an object", kindOf(found))
}

export const list = (r: Reader, value: unknown, path: KeyPath): ReadonlyArray<unknown> | undefined => {
  const found = given(r, value, path)
  return found === undefined ? undefined : Array.isArray(found) ? found : r.problem(path, "a list", kindOf(found))
}

export const string = (r: Reader, value: unknown, path: KeyPath): string | undefined => {
  const found = given(r, value, path)
  return found === undefined || typeof found === "string" ? found : r.problem(path, "a string", kindOf(found))
}

/** A text, trimmed; a blank one is absent. */
export const text = (r: Reader, value: unknown, path: KeyPath): string | undefined => {
  const found = string(r, value, path)
  return isBlank(found) ? undefined : found.trim()
}

export const boolean = (r: Reader, value: unknown, path: KeyPath): boolean | undefined => {
  const found = given(r, value, path)
  return found === undefined || typeof found === "boolean"
    ? found
    : r.problem(path, "true or false", kindOf(found))
}

export const shownNumber = (value: unknown): string => typeof value === "number" ? String(value) : kindOf(value)

/** A price: a finite number. One that is negative is none. */
export const price = (r: Reader, value: unknown, path: KeyPath): number | undefined => {
  const found = given(r, value, path)
  if (found === undefined) return undefined
  if (typeof found !== "number" || !Number.isFinite(found)) {
    return r.problem(path, "a finite number", shownNumber(found))
  }
  if (found >= 0) return found
  r.warn(path, `a price of ${found} counts as 0`)
  return 0
}

export const positive = (r: Reader, value: unknown, path: KeyPath, of: string): number | undefined => {
  const found = given(r, value, path)
  return found === undefined || (typeof found === "number" && Number.isFinite(found) && found > 0)
    ? found
    : r.problem(path, `a positive number of ${of}`, shownNumber(found))
}

/** A number of tokens: a positive safe integer. Fractions are floored. */
export const count = (r: Reader, value: unknown, path: KeyPath): number | undefined => {
  const found = given(r, value, path)
  if (found === undefined) return undefined
  const whole = typeof found === "number" ? Math.floor(found) : NaN
  if (!Number.isSafeInteger(whole) || whole <= 0) return r.problem(path, "a positive number", shownNumber(found))
  if (whole !== found) r.warn(path, `${String(found)} is no whole number, it counts as ${whole}`)
  return whole
}

/** `a, b or c` */
export const either = (all: ReadonlyArray<string>): string =>
  all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} or ${all[all.length - 1]}`

export const quoted = (names: Iterable<string>): string => either(Array.from(names, (name) => `"${name}"`))

// Words of APIs and modalities; a text of others could be a secret that was put into the wrong place.
const harmless = new Set(
  ("ai anthropic api audio azure bedrock chat chatgpt claude codex cohere compat compatible compatibility completion"
    + " completions converse copilot cpp deepseek file files gemini generate generative github google gpt grok groq http"
    + " https huggingface image images inference lm llama litellm lmstudio message messages mistral mlx native ollama"
    + " open openai openrouter pdf pi qwen response responses rest server speech sglang stream studio text together"
    + " tgi vertex video vision vllm voice xai v1 v2 v3 auto default none").split(" ")
)

/** Whether a text is made of such words alone. */
export const isHarmless = (value: unknown): boolean =>
  typeof value === "string" && value.length <= 64
  && value.toLowerCase().split(/[-_.:/ ]/).every((word) => harmless.has(word))

/** A word where one of some names was expected: shown when it is surely no secret. */
export const shownWord = (value: unknown, names: ReadonlyArray<string>): string => {
  const meant = typeof value === "string" ? suggest(value, names) : undefined
  if (meant !== undefined) return `${JSON.stringify(value)}: did you mean "${meant}"?`
  return isHarmless(value) ? JSON.stringify(value) : kindOf(value)
}

export const oneOf = <A extends string>(
  r: Reader,
  value: unknown,
  path: KeyPath,
  names: ReadonlyArray<A>
): A | undefined => {
  const found = given(r, value, path)
  return found === undefined || (names as ReadonlyArray<unknown>).includes(found)
    ? found as A | undefined
    : r.problem(path, quoted(names), shownWord(found, names))
}
