/**
 * One entry of `models[]`: the model that it defines, or why there is none.
 */
import { AnyApi } from "../../ConfigValue.js"
import { Api, type Cost, free } from "../../Model.js"
import type { ExcludedModel } from "../../OllamaError.js"
import * as baseUrl from "../baseUrl.js"
import { makeDefinition } from "../catalog/definition.js"
import { bareId } from "../catalog/refs.js"
import { reasons } from "../failure/sentences.js"
import { compact, isRecord, type JsonRecord, own } from "../json.js"
import type { Compat, ProviderHeaders, ProviderModel } from "../provider.js"
import { unsetVariable } from "./env.js"
import { readHeaders } from "./keys.js"
import { settle, unlessEmpty } from "./params.js"
import { kindOf } from "./plain.js"
import type { Reader } from "./reader.js"
import * as read from "./reader.js"
import { suggest } from "./suggest.js"
import { formatPath, type KeyPath } from "./tree.js"

export const isSpoken = (api: unknown): api is Api => (Api.literals as ReadonlyArray<unknown>).includes(api)

/** Whether an API is one that OpenClaw has and that is not spoken here. */
export const isElsewhere = (api: unknown): boolean =>
  !isSpoken(api) && (AnyApi.literals as ReadonlyArray<unknown>).includes(api)

// What people call the two.
const otherNames: ReadonlyArray<readonly [RegExp, Api]> = [
  [/^ollama[-_ ]/i, "ollama"],
  [/^(?:openai-(?:chat|chat-completions|compatible)|(?:chat-)?completions)$/i, "openai-completions"]
]

/** An API that is not spoken here, in a word that may be shown. */
export const shownApi = (api: unknown): string => {
  const text = typeof api === "string" ? api : ""
  const near = suggest(text, Api.literals)
  const known = near !== undefined || (AnyApi.literals as ReadonlyArray<string>).includes(text) || read.isHarmless(text)
  const meant = near ?? otherNames.find(([name]) => name.test(text))?.[1]
  return `${known ? text : "another API"}${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`
}

/** The provider whose model it is. */
export interface Owner {
  readonly id: string
  readonly api: Api
  /** Where its models are asked; `undefined` when that is not known. */
  readonly url: baseUrl.BaseUrl | undefined
  /** In tokens, of a model that does not say it itself. */
  readonly contextWindow: number | undefined
  readonly contextTokens: number | undefined
  readonly maxTokens: number | undefined
}

const cost = (r: Reader, value: unknown, path: KeyPath): Cost | undefined => {
  const found = read.object(r, value, path)
  if (found === undefined) return undefined
  const price = (name: keyof Cost) => read.price(r, own(found, name), [...path, name]) ?? free[name]
  return {
    input: price("input"),
    output: price("output"),
    cacheRead: price("cacheRead"),
    cacheWrite: price("cacheWrite")
  }
}

const modalities = ["text", "image"] as const

const input = (r: Reader, value: unknown, path: KeyPath): ReadonlyArray<"text" | "image"> | undefined => {
  const found = read.list(r, value, path)
  if (found === undefined || found.length === 0) return undefined
  const taken = found.flatMap((item, i) => {
    if (item !== "video" && item !== "audio") return read.oneOf(r, item, [...path, i], modalities) ?? []
    r.warn([...path, i], `"${item}" is not sent here: not used`)
    return []
  })
  return taken.length === 0 ? ["text"] : [...new Set(taken)]
}

const switches = [
  "supportsTemperature",
  "supportsReasoningEffort",
  "supportsUsageInStreaming",
  "supportsJsonSchemaResponseFormat",
  "supportsStrictMode",
  "requiresStringContent",
  "requiresReasoningContentOnAssistantMessages",
  "requiresThinkingAsText",
  "requiresToolResultName"
] as const

// A word of the server, or `null` for one that it does not have.
const words = (r: Reader, value: unknown, path: KeyPath): JsonRecord => {
  const out = new Map<string, string | null>()
  for (const [level, word] of Object.entries(read.object(r, value, path) ?? {})) {
    const found = word === null ? null : read.text(r, word, [...path, level])
    if (found !== undefined) out.set(level, found)
  }
  return Object.fromEntries(out)
}

interface ReadCompat {
  readonly compat?: Compat | undefined
  readonly tools?: boolean | undefined
  readonly maxTokensField?: ProviderModel["maxTokensField"]
}

const compat = (r: Reader, model: JsonRecord, path: KeyPath): ReadCompat => {
  if (own(model, "compat") === undefined && own(model, "thinkingLevelMap") === undefined) return {}
  const at = [...path, "compat"]
  const found = read.object(r, own(model, "compat"), at)
  const map = {
    ...words(r, own(model, "thinkingLevelMap"), [...path, "thinkingLevelMap"]),
    ...words(r, own(found, "reasoningEffortMap"), [...at, "reasoningEffortMap"])
  } as NonNullable<Compat["reasoningEffortMap"]>
  const flags: Compat = Object.fromEntries(
    switches.map((name) => [name, read.boolean(r, own(found, name), [...at, name])])
  )
  const all: Compat = compact({ ...flags, reasoningEffortMap: Object.keys(map).length === 0 ? undefined : map })
  return {
    compat: Object.keys(all).length === 0 ? undefined : all,
    tools: read.boolean(r, own(found, "supportsTools"), [...at, "supportsTools"]),
    maxTokensField: read.oneOf(r, own(found, "maxTokensField"), [...at, "maxTokensField"], [
      "max_tokens",
      "max_completion_tokens"
    ])
  }
}

// Headers that cannot be sent as they are written: without them nothing is sent either.
const headers = (r: Reader, value: unknown, path: KeyPath): ProviderHeaders | string | undefined => {
  const found = read.object(r, value, path)
  if (found === undefined) return undefined
  let wrong: string | undefined
  const out = readHeaders(found, r.lookup, (name, secret) => {
    wrong ??= `${formatPath(["headers", name])} ${
      secret._tag === "Wrong"
        ? `is ${secret.actual}`
        : secret._tag === "Reference"
        ? `is the secret ${secret.reference.text}, and the host looks up none for a model: it goes into the provider's headers`
        : `needs a variable: ${unsetVariable(secret.variable)}`
    }`
  })
  return wrong ?? out
}

// Whether a model has an address of its own that is not its provider's, and what is wrong with it when it is none.
const elsewhere = (
  r: Reader,
  owner: Owner,
  entry: JsonRecord,
  path: KeyPath
): { readonly detail: string | undefined } | undefined => {
  let detail: string | undefined
  const noted: Reader = {
    ...r,
    problem: (at, expected, actual) => {
      detail = `expected ${expected}, found ${actual}`
      return r.problem(at, expected, actual)
    },
    missing: (at, variable) => {
      detail = unsetVariable(variable)
      return r.missing(at, variable)
    }
  }
  const address = ownAddress(noted, entry, path)
  // one that cannot be read may lead anywhere
  if (address === undefined) return hasAddress(entry) ? { detail } : undefined
  const found = baseUrl.normalize(address, { provider: owner.id, api: owner.api })
  if (found._tag === "Left") return { detail: `expected ${found.left.expected}, found ${found.left.actual}` }
  const { completionsUrl, root } = found.right
  return root === owner.url?.root && completionsUrl === owner.url.completionsUrl ? undefined : { detail }
}

/** Reads one entry. What keeps the model from being asked leaves it out. */
export const readModel = (r: Reader, owner: Owner, value: unknown, path: KeyPath): ProviderModel | ExcludedModel => {
  const take = <A>(name: string, read: (r: Reader, value: unknown, path: KeyPath) => A): A | undefined => {
    const found = own(value, name)
    return found === undefined ? undefined : read(r, found, [...path, name])
  }
  const leaveOut = (name: string, reason: ExcludedModel["reason"], detail?: string): ExcludedModel => {
    r.warn(path, `${JSON.stringify(name)} is left out: ${reasons[reason]}${detail === undefined ? "" : ` (${detail})`}`)
    return { name, reason, ...(detail === undefined ? {} : { detail }) }
  }
  const name = take("name", read.text)
  const alone = typeof value === "string" ? read.text(r, value, path) : undefined
  if (alone !== undefined) return leaveOut(bareId(alone, owner.id), "no-id", "write { id: \"…\" }")
  if (!isRecord(value)) return leaveOut(formatPath(path.slice(-2)), "no-id", `found ${kindOf(value)}`)
  const written = take("id", read.text)
  if (written === undefined) return leaveOut(name ?? formatPath(path.slice(-2)), "no-id")
  const id = bareId(written, owner.id)
  const api = take("api", read.given)
  if (api !== undefined && !isSpoken(api)) return leaveOut(id, "unsupported-api", shownApi(api))
  const other = elsewhere(r, owner, value, path)
  if (other !== undefined) return leaveOut(id, "own-base-url", other.detail)
  const sent = take("headers", headers)
  if (typeof sent === "string") return leaveOut(id, "invalid-headers", sent)
  const settings = take("params", settle)
  const { tools, ...more } = compat(r, value, path)
  return compact({
    definition: makeDefinition({
      id,
      name,
      reasoning: take("reasoning", read.boolean),
      tools,
      input: take("input", input),
      cost: take("cost", cost),
      contextWindow: take("contextWindow", read.count) ?? owner.contextWindow,
      maxTokens: take("maxTokens", read.count) ?? owner.maxTokens
    }),
    api,
    headers: sent,
    ...(settings === undefined ? {} : unlessEmpty(settings)),
    contextTokens: take("contextTokens", read.count) ?? owner.contextTokens,
    ...more
  })
}

/** An address as it is written: `baseURL`, of OpenAI's own clients, is read too. */
export const ownAddress = (r: Reader, entry: JsonRecord, path: KeyPath): string | undefined => {
  const value = own(entry, "baseUrl")
  if (value !== undefined) return read.text(r, value, [...path, "baseUrl"])
  if (own(entry, "baseURL") === undefined) return undefined
  r.warn([...path, "baseURL"], "read as \"baseUrl\", which is its name")
  return read.text(r, own(entry, "baseURL"), [...path, "baseURL"])
}

/** Whether something is written, be it valid or not. */
export const isThere = (value: unknown): boolean =>
  value !== undefined && !(typeof value === "string" && value.trim() === "")

/** Whether something stands where the address is written, valid or not. */
export const hasAddress = (entry: JsonRecord): boolean =>
  isThere(own(entry, "baseUrl")) || (own(entry, "baseUrl") === undefined && isThere(own(entry, "baseURL")))
