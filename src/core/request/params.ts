/**
 * Sampling and model options: their names in every spelling, their types, and which of several settings wins. Where each
 * goes in a body, its wire says.
 */
import * as Either from "effect/Either"
import type { ChatRequest, Params, Think } from "../../Chat.js"
import type { JsonObject } from "../../Message.js"
import type { InvalidRequest } from "../../OllamaError.js"
import { isPlain } from "../json.js"
import { invalid, plain } from "./plain.js"

/** How hard to think, with the levels that OpenAI has and Ollama maps to its own. */
export type Effort = Think | "minimal" | "xhigh" | "adaptive" | "ultra"

interface Known {
  readonly expected: string
  /** The value as it is sent, or `undefined` when it has the wrong type. */
  readonly read: (value: unknown) => unknown
}

const finite = (value: unknown) => typeof value === "number" && Number.isFinite(value) ? value : undefined
const integer = (value: unknown) => Number.isSafeInteger(value) ? value : undefined
const positive = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0 ? value : undefined

const number: Known = { expected: "a finite number", read: finite }
const whole: Known = { expected: "an integer", read: integer }

const stop = (value: unknown): ReadonlyArray<string> | undefined => {
  const list = typeof value === "string" ? [value] : value
  return Array.isArray(list) && list.every((item) => typeof item === "string" && item !== "") ? list : undefined
}

// As Go's `time.ParseDuration` reads it.
const goDuration = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

/** Ollama refuses digits without a unit in a string; they can only mean seconds. */
const keepAlive = (value: unknown): number | string | undefined => {
  if (typeof value !== "string") return finite(value)
  const text = value.trim()
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text)
  return text.length <= 64 && goDuration.test(text) ? text : undefined
}

const efforts: ReadonlyArray<unknown> = ["minimal", "low", "medium", "high", "xhigh", "adaptive", "ultra", "max"]

const think = (value: unknown): Effort | undefined => {
  if (typeof value === "boolean") return value
  if (value === "none" || value === "off" || value === "disabled") return false
  return efforts.includes(value) ? value as Effort : undefined
}

const known: { readonly [Name in keyof Required<Params>]: Known } = {
  temperature: number,
  topP: number,
  topK: whole,
  minP: number,
  maxTokens: whole,
  seed: whole,
  stop: { expected: "a string, or a list of strings, none of them empty", read: stop },
  frequencyPenalty: number,
  presencePenalty: number,
  repeatPenalty: number,
  think: { expected: "true, false, \"low\", \"medium\", \"high\" or \"max\"", read: think },
  numCtx: { expected: "a positive integer", read: positive },
  keepAlive: { expected: "seconds, or a Go duration such as \"5m\"", read: keepAlive }
}

/** The name of each param on a wire; `undefined` where it has none. */
export type Fields = { readonly [Name in keyof typeof known]: string | undefined }

/** The names of {@link Params}. */
export const names = Object.keys(known) as ReadonlyArray<keyof Params>

const aliases: ReadonlyMap<string, string> = new Map([
  ["top_p", "topP"],
  ["top_k", "topK"],
  ["min_p", "minP"],
  ["max_tokens", "maxTokens"],
  ["max_completion_tokens", "maxTokens"],
  ["maxCompletionTokens", "maxTokens"],
  ["max_output_tokens", "maxTokens"],
  ["maxOutputTokens", "maxTokens"],
  ["num_predict", "maxTokens"],
  ["numPredict", "maxTokens"],
  ["stop_sequences", "stop"],
  ["stopSequences", "stop"],
  ["frequency_penalty", "frequencyPenalty"],
  ["presence_penalty", "presencePenalty"],
  ["repeat_penalty", "repeatPenalty"],
  ["thinking", "think"],
  ["reasoning_effort", "think"],
  ["reasoningEffort", "think"],
  ["num_ctx", "numCtx"],
  ["keep_alive", "keepAlive"],
  ["responseFormat", "response_format"],
  ["parallelToolCalls", "parallel_tool_calls"],
  ["chatTemplateKwargs", "chat_template_kwargs"],
  ["extraBody", "extra_body"]
])

/** What a request says in other ways; as a param it would break what is derived from them. */
export const refused: ReadonlyArray<string> = ["model", "messages", "stream", "tools"]

/** What OpenClaw does itself with its params: no server reads them, and strict ones refuse them. */
const controls: ReadonlySet<string> = new Set([
  "anthropicBeta",
  "anthropicCompactThreshold",
  "anthropicServerCompaction",
  "cacheControlTtl",
  "cacheRetention",
  "cachedContent",
  "cached_content",
  "context1m",
  "fastAutoOnSeconds",
  "fastMode",
  "fastSeconds",
  "fast_auto_on_seconds",
  "fast_mode",
  "fast_seconds",
  "githubDomain",
  "openaiWsWarmup",
  "preload",
  "preserveThinking",
  "responseCache",
  "responseCacheClear",
  "responseCacheTtl",
  "responseCacheTtlSeconds",
  "response_cache",
  "response_cache_clear",
  "response_cache_ttl",
  "response_cache_ttl_seconds",
  "responsesCompactEndpoint",
  "responsesCompactThreshold",
  "responsesServerCompaction",
  "serviceTier",
  "streaming",
  "textVerbosity",
  "text_verbosity",
  "transport"
])

/** Whether a param says something to OpenClaw or to this library, and nothing to a server. */
export const isControl = (name: string): boolean => controls.has(name)

/** The name of a param in this library, and the value under it. An object under `thinking` is a field of some servers. */
export const named = (key: string, given: unknown): { readonly name: string; readonly value: unknown } => {
  if (isPlain(given)) {
    if (key === "thinking") return { name: key, value: given }
    if (key === "reasoning" && Object.keys(given).join() === "effort") return { name: "think", value: given["effort"] }
  }
  return { name: aliases.get(key) ?? key, value: given }
}

/** The fields of a body that stand in it as they are; `extraBody` is another spelling. */
export const extraBody = "extra_body"

// A field of the extra body among the merged params.
const extraField = `${extraBody}.`

/** The field of a body that a merged param is, when it came from the extra body. */
export const extraFieldOf = (name: string): string | undefined =>
  name.startsWith(extraField) ? name.slice(extraField.length) : undefined

export const isKnown = (name: string): name is keyof Params => Object.hasOwn(known, name)

/**
 * One set of params under their canonical names, checked. Within one set a canonical name wins over another spelling,
 * and both win over what stands in a nested `options`. `undefined` is dropped; `null` stays, and takes away what a
 * weaker set says (see {@link merge}).
 */
export const canonical = (params: unknown, path: string): Either.Either<JsonObject, InvalidRequest> => {
  if (params === undefined || params === null) return Either.right({})
  if (!isPlain(params)) return invalid(path, "expected an object of params")
  const at = (name: string) => path === "" ? name : `${path}.${name}`
  const weak = new Map<string, unknown>()
  const strong = new Map<string, unknown>()
  for (const key of Object.keys(params)) {
    const given = params[key]
    if (given === undefined) continue
    if (refused.includes(key)) return invalid(at(key), `\`${key}\` cannot be set by params`)
    if (isControl(key)) continue
    if (key === "options") {
      if (isPlain(given) && Object.hasOwn(given, "options")) {
        return invalid(at(key), "`options` cannot be nested twice")
      }
      const nested = canonical(given, at(key))
      if (Either.isLeft(nested)) return Either.left(nested.left)
      for (const [name, value] of Object.entries(nested.right)) if (!weak.has(name)) weak.set(name, value)
      continue
    }
    const { name, value: said } = named(key, given)
    const value = read(name, said, Object.is(said, given) ? at(key) : `${at(key)}.effort`)
    if (Either.isLeft(value)) return Either.left(value.left)
    ;(name === key ? strong : weak).set(name, value.right)
  }
  // `fromEntries` defines properties, so that a key `__proto__` stays a key.
  return Either.right(Object.fromEntries([...weak, ...strong]))
}

/** The value of a param under its canonical name, as it is sent. */
export const read = (name: string, value: unknown, path: string): Either.Either<unknown, InvalidRequest> => {
  if (value === null) return Either.right(null)
  if (name === extraBody) {
    if (!isPlain(value)) return invalid(path, "expected an object of fields")
    const field = refused.find((field) => Object.hasOwn(value, field))
    if (field !== undefined) return invalid(`${path}.${field}`, `\`${field}\` cannot be set by params`)
  }
  if (!isKnown(name)) {
    return name === "format" && value !== "json" && !isPlain(value)
      ? invalid(path, "expected \"json\" or a JSON Schema")
      : plain(value, path)
  }
  const result = known[name].read(value)
  return result === undefined ? invalid(path, `expected ${known[name].expected}`) : Either.right(result)
}

/** Canonical names and their values, each as the strongest set has it. */
export type Merged = ReadonlyMap<string, unknown>

/** The fields of a body that say what a param says. */
const sayings: { readonly [name: string]: ReadonlyArray<string> } = {
  think: ["think", "reasoning_effort"],
  format: ["format", "response_format"]
}

/**
 * Merges sets of params, the weakest first: provider, model, ref, caller. They are compared by their canonical names,
 * so `top_p` of the caller wins over `topP` of the configuration; a `null` takes a setting away. The result is in the
 * order of strength too, so that of an extra field and a param with the same name on the wire the last one stands; the
 * extra body of a set is below its params. `under`: what is merged already, and weaker.
 */
export const merge = (layers: ReadonlyArray<JsonObject>, under?: Merged): Either.Either<Merged, InvalidRequest> => {
  const out = new Map<string, unknown>(under)
  const set = (name: string, value: unknown) => {
    out.delete(name)
    out.set(name, value)
  }
  for (const layer of layers) {
    const params = canonical(layer, "params")
    if (Either.isLeft(params)) return Either.left(params.left)
    const extra = params.right[extraBody]
    if (isPlain(extra)) { for (const field of Object.keys(extra)) set(extraField + field, extra[field]) }
    for (const [name, value] of Object.entries(params.right)) {
      if (name === extraBody) continue
      if (value === null) out.delete(name)
      else set(name, value)
      for (const field of Object.hasOwn(sayings, name) ? sayings[name]! : []) out.delete(extraField + field)
    }
  }
  return Either.right(out)
}

const says = (params: JsonObject, setting: string): boolean => {
  const extra = params[extraBody]
  return [params, params["options"], extra].some((set) =>
    isPlain(set) && Object.keys(set).some((key) => named(key, undefined).name === named(setting, undefined).name)
  )
}

/**
 * Whether a setting, by any of its names, is one of the configuration and not of the request itself, which would have won.
 */
export const isConfigured = (
  { format, params }: ChatRequest,
  configured: ReadonlyArray<JsonObject>,
  setting: string
): boolean =>
  !says(params, setting) && !(setting === "format" && format !== undefined)
  && configured.some((layer) => says(layer, setting))
