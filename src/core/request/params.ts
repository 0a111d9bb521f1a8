/**
 * Sampling and model options: their names in either spelling, their types, which of several settings wins, and where
 * each goes on the wire.
 */
import * as Either from "effect/Either"
import type { ChatRequest, Ignored, Params, Think } from "../../Chat.js"
import type { JsonObject } from "../../Message.js"
import type { InvalidRequest } from "../../OllamaError.js"
import { invalid, isObject, write } from "./writeJson.js"

/** How hard to think, with the levels that OpenAI has and Ollama maps to its own. */
export type Effort = Think | "minimal" | "xhigh" | "ultra"

interface Known {
  readonly expected: string
  /** The value as it is sent, or `undefined` when it has the wrong type. */
  readonly read: (value: unknown) => unknown
  /** The name among the native `options`; absent when it stands at the top of the native body. */
  readonly option?: string
  /** The name in the `/v1` body; absent when Ollama does not read it there. */
  readonly openai?: string
}

const finite = (value: unknown) => typeof value === "number" && Number.isFinite(value) ? value : undefined
const integer = (value: unknown) => Number.isSafeInteger(value) ? value : undefined
const positive = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0 ? value : undefined

const number = (option: string, openai?: string): Known => ({
  expected: "a finite number",
  read: finite,
  option,
  ...(openai === undefined ? {} : { openai })
})

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

const efforts: ReadonlyArray<unknown> = ["minimal", "low", "medium", "high", "xhigh", "ultra", "max"]

const think = (value: unknown): Effort | undefined => {
  if (typeof value === "boolean") return value
  if (value === "none" || value === "off" || value === "disabled") return false
  if (value === "adaptive") return "high"
  return efforts.includes(value) ? value as Effort : undefined
}

const known: { readonly [Name in keyof Required<Params>]: Known } = {
  temperature: number("temperature", "temperature"),
  topP: number("top_p", "top_p"),
  topK: { expected: "an integer", read: integer, option: "top_k" },
  minP: number("min_p"),
  maxTokens: { expected: "an integer", read: integer, option: "num_predict", openai: "max_tokens" },
  seed: { expected: "an integer", read: integer, option: "seed", openai: "seed" },
  stop: { expected: "a string, or a list of strings, none of them empty", read: stop, option: "stop", openai: "stop" },
  frequencyPenalty: number("frequency_penalty", "frequency_penalty"),
  presencePenalty: number("presence_penalty", "presence_penalty"),
  repeatPenalty: number("repeat_penalty"),
  think: {
    expected: "true, false, \"low\", \"medium\", \"high\" or \"max\"",
    read: think,
    openai: "reasoning_effort"
  },
  numCtx: { expected: "a positive integer", read: positive, option: "num_ctx" },
  keepAlive: { expected: "seconds, or a Go duration such as \"5m\"", read: keepAlive }
}

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
  if (isObject(given)) {
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

/** Fields that stand at the top of a native body, not among its `options`. */
const nativeTop: ReadonlyArray<string> = ["truncate", "shift", "_debug_render_only"]

/** Of the native fields, those that `/v1` is known not to read (wire format of `/v1/chat/completions`). */
const nativeOnly: ReadonlyArray<string> = ["truncate", "shift", "_debug_render_only"]

/** Fields of `/v1` that say something about the whole request; among the native `options` they would say nothing. */
const openaiOnly: ReadonlyArray<string> = ["response_format", "tool_choice", "parallel_tool_calls", "stream_options"]

/** What asks for something that is not read from the answer. */
const unread: ReadonlyArray<string> = ["logprobs", "top_logprobs"]

const notRead = (setting: string): Ignored => ({ setting, reason: "No answer of this library has what it asks for" })

const isKnown = (name: string): name is keyof Params => Object.hasOwn(known, name)

/**
 * One set of params under their canonical names, checked. Within one set a canonical name wins over another spelling,
 * and both win over what stands in a nested `options`. `undefined` is dropped; `null` stays, and takes away what a
 * weaker set says (see {@link merge}).
 */
export const canonical = (params: unknown, path: string): Either.Either<JsonObject, InvalidRequest> => {
  if (params === undefined || params === null) return Either.right({})
  if (!isObject(params)) return invalid(path, "expected an object of params")
  const at = (name: string) => path === "" ? name : `${path}.${name}`
  const weak = new Map<string, unknown>()
  const strong = new Map<string, unknown>()
  for (const key of Object.keys(params)) {
    const given = params[key]
    if (given === undefined) continue
    if (refused.includes(key)) return invalid(at(key), `\`${key}\` cannot be set by params`)
    if (isControl(key)) continue
    if (key === "options") {
      if (isObject(given) && Object.hasOwn(given, "options")) {
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
    if (!isObject(value)) return invalid(path, "expected an object of fields")
    const field = refused.find((field) => Object.hasOwn(value, field))
    if (field !== undefined) return invalid(`${path}.${field}`, `\`${field}\` cannot be set by params`)
  }
  if (!isKnown(name)) {
    return name === "format" && value !== "json" && !isObject(value)
      ? invalid(path, "expected \"json\" or a JSON Schema")
      : Either.map(write(value, path), (text) => JSON.parse(text) as unknown)
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
 * extra body of a set is below its params.
 */
export const merge = (layers: ReadonlyArray<JsonObject>): Either.Either<Merged, InvalidRequest> => {
  const out = new Map<string, unknown>()
  const set = (name: string, value: unknown) => {
    out.delete(name)
    out.set(name, value)
  }
  for (const layer of layers) {
    const params = canonical(layer, "params")
    if (Either.isLeft(params)) return Either.left(params.left)
    const extra = params.right[extraBody]
    if (isObject(extra)) { for (const field of Object.keys(extra)) set(extraField + field, extra[field]) }
    for (const [name, value] of Object.entries(params.right)) {
      if (name === extraBody) continue
      if (value === null) out.delete(name)
      else set(name, value)
      for (const field of Object.hasOwn(sayings, name) ? sayings[name]! : []) out.delete(extraField + field)
    }
  }
  return Either.right(out)
}

/** The form of the answer that params ask for; it is a part of the request, not an option of the model. */
export const format = (params: Merged): ChatRequest["format"] => params.get("format") as ChatRequest["format"]

/** The params that a dialect carries, by their names on the wire, and those that it cannot. */
export interface Fields {
  /** Fields at the top of the body. */
  readonly top: ReadonlyMap<string, unknown>
  /** The native `options`; empty for `/v1`. */
  readonly options: ReadonlyMap<string, unknown>
  readonly ignored: ReadonlyArray<Ignored>
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0

/** The fields of a native body but for `think` and `format`, which depend on the model and on the request. */
export const native = (params: Merged): Fields => {
  const top = new Map<string, unknown>()
  const options = new Map<string, unknown>()
  const ignored: Array<Ignored> = []
  for (const [name, value] of params) {
    if (name === "think" || name === "format") continue
    const extra = extraFieldOf(name)
    if (extra !== undefined) top.set(extra, value)
    else if (name === "contextTokens") {
      if (!params.has("numCtx")) options.set("num_ctx", value)
    } else if (name === "keepAlive") top.set("keep_alive", value)
    else if (isKnown(name)) {
      if (!isEmptyList(value)) options.set(known[name].option ?? name, value)
    } else if (unread.includes(name)) ignored.push(notRead(name))
    else if (nativeTop.includes(name)) top.set(name, value)
    else if (openaiOnly.includes(name)) {
      ignored.push({ setting: name, reason: "Only api \"openai-completions\" has this field" })
    } else options.set(name, value)
  }
  return { top, options, ignored }
}

/** The fields of a `/v1` body but for `think` and `format`, which depend on the model and on the request. */
export const openai = (params: Merged, maxTokensField: string): Fields => {
  const top = new Map<string, unknown>()
  const ignored: Array<Ignored> = []
  for (const [name, value] of params) {
    if (name === "think" || name === "format" || name === "contextTokens") continue
    const extra = extraFieldOf(name)
    if (extra !== undefined) top.set(extra, value)
    else if (unread.includes(name)) ignored.push(notRead(name))
    else if (isKnown(name) ? known[name].openai === undefined : nativeOnly.includes(name)) {
      ignored.push({ setting: name, reason: "Ollama's /v1 does not read it; use api \"ollama\"" })
    } else if (name === "maxTokens") top.set(maxTokensField, value)
    else if (!isKnown(name)) top.set(name, value)
    else if (!isEmptyList(value)) top.set(known[name].openai ?? name, value)
  }
  return { top, options: new Map(), ignored }
}
