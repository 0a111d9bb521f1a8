/**
 * The sections of `openclaw.json` that this library reads, as typed data. Problems in a provider's key, headers or base
 * URL stay with that provider; all others are problems of the whole configuration.
 */
import type * as Redacted from "effect/Redacted"
import { AnyApi } from "../../ConfigValue.js"
import { Api, type Cost, free, type ModelDefinition } from "../../Model.js"
import { normalizeModel, parse as parseRef } from "../../ModelRef.js"
import { makeDefinition } from "../catalog/definition.js"
import { isRecord, type JsonRecord, own } from "../json.js"
import type { ProviderHeaders } from "../provider.js"
import { isProblem, keyExpected, readHeaders, readKey } from "./credential.js"
import { isName } from "./env.js"
import { choiceKeys, compatKeys, costKeys, entryKeys, modelKeys, settingsKeys } from "./known.js"
import { checkParams } from "./params.js"
import { kindOf } from "./plain.js"
import type { Reader } from "./reader.js"
import * as read from "./reader.js"
import type { ModelSettings } from "./resolved.js"
import type { KeyPath } from "./tree.js"

export interface EntryModel {
  readonly definition: ModelDefinition
  readonly api?: AnyApi | undefined
  readonly headers?: ProviderHeaders | undefined
  readonly params?: JsonRecord | undefined
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens" | undefined
}

export interface Entry {
  readonly id: string
  readonly path: KeyPath
  readonly baseUrl?: string | undefined
  /** Whether something stands at `baseUrl`, valid or not. */
  readonly hasBaseUrl: boolean
  readonly apiKey?: EntryKey | undefined
  readonly hasKey: boolean
  readonly api?: AnyApi | undefined
  readonly authHeader: boolean
  readonly headers: ProviderHeaders
  /** In ms. */
  readonly timeout?: number | undefined
  readonly params: JsonRecord
  readonly models: ReadonlyArray<EntryModel>
}

export type EntryKey =
  | { readonly value: Redacted.Redacted; readonly source: string }
  /** A variable that is looked up when the key is used. */
  | { readonly variable: string; readonly path: KeyPath }

const isBlankText = (value: unknown): boolean => typeof value === "string" && value.trim() === ""

// Also deep inside of what is passed on as it is.
const finite = (r: Reader, value: unknown, path: KeyPath): boolean => {
  if (Array.isArray(value)) return value.map((item, i) => finite(r, item, [...path, i])).every(Boolean)
  if (isRecord(value)) return Object.keys(value).map((key) => finite(r, value[key], [...path, key])).every(Boolean)
  if (typeof value !== "number" || Number.isFinite(value)) return true
  r.problem(path, "a finite number", String(value))
  return false
}

const params = (r: Reader, value: unknown, path: KeyPath): JsonRecord | undefined => {
  const found = read.object(r, value, path)
  if (found === undefined) return undefined
  for (const key of Object.keys(found)) {
    const given = found[key]
    if (!finite(r, given, [...path, key])) continue
    checkParams({ [key]: given }, path, ({ actual, expected, path }) => r.problem(path, expected, actual))
  }
  return found
}

const headers = (r: Reader, value: unknown, path: KeyPath): ProviderHeaders | undefined => {
  const found = read.object(r, value, path)
  return found === undefined
    ? undefined
    : readHeaders(Object.entries(found), (p) => r.problem([...path, p.name], p.expected, p.actual))
}

const key = (
  r: Reader,
  value: unknown,
  { unset, variable }: Pick<EntryInput, "variable" | "unset">,
  path: KeyPath
): EntryKey | undefined => {
  if (unset !== undefined) return { variable: unset, path }
  if (isRecord(value)) {
    const id = own(value, "id")
    if (own(value, "source") !== "env") {
      return r.problem(path, "a string or { source: \"env\", id: \"NAME\" }", "an object of another form")
    }
    if (typeof id !== "string" || !isName(id)) {
      return r.problem([...path, "id"], "a variable name such as MY_API_KEY", kindOf(id))
    }
    return { variable: id, path }
  }
  const text = typeof value === "string" ? readKey(value) : undefined
  if (value !== undefined && typeof value !== "string") {
    return r.problem(path, "a string or { source: \"env\", id: \"NAME\" }", kindOf(value))
  }
  if (text === undefined) return undefined
  const source = variable === undefined ? "config" : `env ${variable}`
  if (isProblem(text)) {
    return r.problem(path, keyExpected, variable === undefined ? text.problem : `${text.problem}, from ${source}`)
  }
  return { value: text, source }
}

const cost = (r: Reader, value: unknown, path: KeyPath): Cost | undefined => {
  const found = read.object(r, value, path)
  if (found === undefined) return undefined
  read.keys(r, found, path, costKeys)
  const price = (name: keyof Cost) => read.amount(r, own(found, name), [...path, name]) ?? free[name]
  return {
    input: price("input"),
    output: price("output"),
    cacheRead: price("cacheRead"),
    cacheWrite: price("cacheWrite")
  }
}

const api = (r: Reader, value: unknown, path: KeyPath): AnyApi | undefined =>
  read.oneOf<AnyApi>(r, value, path, AnyApi.literals, Api.literals)

const model = (r: Reader, ownReader: Reader, value: unknown, path: KeyPath): EntryModel | undefined => {
  if (!isRecord(value)) return r.problem(path, "an object with an id", kindOf(value))
  read.keys(r, value, path, modelKeys)
  const at = (name: string) => [...path, name]
  const get = (name: string) => own(value, name)
  const id = read.string(r, get("id"), at("id"))?.trim()
  if (get("id") === undefined || id === "") r.problem(at("id"), "a model name", id === "" ? "an empty text" : "nothing")
  const input = read.list(r, get("input"), at("input"))?.flatMap((item, i) =>
    read.oneOf<"text" | "image">(r, item, [...at("input"), i], ["text", "image"]) ?? []
  )
  const compat = read.object(r, get("compat"), at("compat"))
  if (compat !== undefined) read.keys(r, compat, at("compat"), compatKeys)
  const maxTokensField = read.oneOf(r, own(compat, "maxTokensField"), [...at("compat"), "maxTokensField"], [
    "max_tokens",
    "max_completion_tokens"
  ])
  const name = read.string(r, get("name"), at("name"))?.trim()
  const definition = makeDefinition({
    id: id ?? "",
    name: name === "" ? undefined : name,
    reasoning: read.boolean(r, get("reasoning"), at("reasoning")),
    input,
    cost: cost(r, get("cost"), at("cost")),
    contextWindow: read.count(r, get("contextWindow"), at("contextWindow")),
    maxTokens: read.count(r, get("maxTokens"), at("maxTokens"))
  })
  return {
    definition,
    api: api(r, get("api"), at("api")),
    headers: headers(ownReader, get("headers"), at("headers")),
    params: params(r, get("params"), at("params")),
    maxTokensField
  }
}

interface EntryInput {
  readonly id: string
  readonly value: unknown
  readonly path: KeyPath
  /** The variable that the key came from. */
  readonly variable: string | undefined
  /** The variable that the key needs and that is not set. */
  readonly unset: string | undefined
}

/** One entry of `models.providers`. `ownReader` gets the problems that only make this provider unavailable. */
export const entry = (r: Reader, ownReader: Reader, input: EntryInput): Entry | undefined => {
  const { id, path } = input
  const value = read.object(r, input.value, path)
  if (value === undefined) return undefined
  read.keys(r, value, path, entryKeys)
  const at = (name: string) => [...path, name]
  const get = (name: string) => own(value, name)
  const models: Array<EntryModel> = []
  const seen = new Set<string>()
  read.list(r, get("models"), at("models"))?.forEach((item, i) => {
    const found = model(r, ownReader, item, [...at("models"), i])
    if (found === undefined) return
    const name = normalizeModel(found.definition.id)
    if (name.toLowerCase().startsWith(`${id}/`)) {
      r.warn([...at("models"), i, "id"], `the id repeats the provider: its ref is "${id}/${found.definition.id}"`)
    }
    if (seen.has(name)) r.warn([...at("models"), i, "id"], "listed twice, the first one is used")
    else models.push(found)
    seen.add(name)
  })
  const seconds = read.positive(r, get("timeoutSeconds"), at("timeoutSeconds"), "seconds")
  return {
    id,
    path,
    baseUrl: read.string(ownReader, get("baseUrl"), at("baseUrl")),
    hasBaseUrl: get("baseUrl") !== undefined && !isBlankText(get("baseUrl")),
    apiKey: key(ownReader, get("apiKey"), input, at("apiKey")),
    hasKey: get("apiKey") !== undefined && !isBlankText(get("apiKey")),
    api: api(r, get("api"), at("api")),
    authHeader: read.boolean(r, get("authHeader"), at("authHeader")) ?? true,
    headers: headers(ownReader, get("headers"), at("headers")) ?? {},
    timeout: seconds === undefined ? undefined : Math.min(seconds * 1000, Number.MAX_SAFE_INTEGER),
    params: params(r, get("params"), at("params")) ?? {},
    models
  }
}

export interface Choice {
  readonly primary?: string | undefined
  readonly fallbacks: ReadonlyArray<string>
  readonly models: ReadonlyArray<ModelSettings>
}

const text = (value: string | undefined): string | undefined => value?.trim() === "" ? undefined : value?.trim()

/** `agents.defaults.model` and `agents.defaults.models`. */
export const choice = (r: Reader, model: unknown, models: unknown): Choice => {
  const path = ["agents", "defaults", "model"]
  let primary: string | undefined
  let fallbacks: Array<string> = []
  if (isRecord(model)) {
    read.keys(r, model, path, choiceKeys)
    primary = text(read.string(r, own(model, "primary"), [...path, "primary"]))
    fallbacks = (read.list(r, own(model, "fallbacks"), [...path, "fallbacks"]) ?? []).flatMap((item, i) =>
      typeof item === "string" ? [item] : r.problem([...path, "fallbacks", i], "a model ref", kindOf(item)) ?? []
    )
  } else if (model !== undefined) {
    if (typeof model === "string") primary = text(model)
    else r.problem(path, "a model ref or { primary, fallbacks }", kindOf(model))
  }
  const modelsPath = ["agents", "defaults", "models"]
  const settings: Array<ModelSettings> = []
  const aliases = new Set<string>()
  for (const [ref, value] of Object.entries(read.object(r, models, modelsPath) ?? {})) {
    const at = [...modelsPath, ref]
    const found = read.object(r, value, at)
    if (found === undefined) continue
    read.keys(r, found, at, settingsKeys)
    // without a slash it is the name of a model, whatever its provider
    if (ref.trim() === "" || (ref.includes("/") && parseRef(ref)._tag === "Left")) {
      r.warn(at, "not a model ref: a side of provider/model is empty, so it applies to no model")
    }
    const alias = text(read.string(r, own(found, "alias"), [...at, "alias"]))
    if (alias !== undefined && aliases.has(alias.toLowerCase())) {
      r.warn([...at, "alias"], "the alias is taken by a model above")
    }
    if (alias !== undefined) aliases.add(alias.toLowerCase())
    settings.push({
      ref,
      alias,
      params: params(r, own(found, "params"), [...at, "params"]),
      streaming: read.boolean(r, own(found, "streaming"), [...at, "streaming"])
    })
  }
  return { primary, fallbacks, models: settings }
}

/** `auth.order`: profile ids by provider. */
export const authOrder = (r: Reader, auth: unknown): ReadonlyMap<string, ReadonlyArray<string>> => {
  const out = new Map<string, ReadonlyArray<string>>()
  const found = read.object(r, auth, ["auth"])
  if (found === undefined) return out
  read.keys(r, found, ["auth"], ["order", "profiles", "cooldowns"])
  for (const [provider, ids] of Object.entries(read.object(r, own(found, "order"), ["auth", "order"]) ?? {})) {
    const at = ["auth", "order", provider]
    const list = (read.list(r, ids, at) ?? []).flatMap((id, i) =>
      typeof id === "string" ? [id] : r.problem([...at, i], "a profile id", kindOf(id)) ?? []
    )
    out.set(provider.trim().toLowerCase(), list)
  }
  return out
}
