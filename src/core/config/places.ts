/**
 * What may be written where: the kinds of values that OpenClaw takes in the sections that this library reads, so that a
 * value from a command line is understood and a wrong one is refused before it is written. `*` is any name, `[]` an
 * element of a list.
 */
import * as Either from "effect/Either"
import { isRecord } from "../json.js"
import { parse } from "./json5.js"
import { keysOf } from "./known.js"
import { isNumber } from "./lex.js"
import { kindOf, type Problem } from "./plain.js"
import { either, quoted, shownNumber } from "./reader.js"
import { suggest } from "./suggest.js"
import { type KeyPath, toValue } from "./tree.js"

// After each key the kinds of its values: s text, n number, c positive number, b true or false, o object, l list, 0 null.
const table: { readonly [place: string]: string } = {
  "": "env:o auth:o models:o agents:o",
  "env": "vars:o shellEnv:o *:s",
  "env.vars": "*:s",
  "env.shellEnv": "enabled:b timeoutMs:n",
  "auth": "profiles:o order:o cooldowns:o",
  "auth.profiles": "*:o",
  "auth.profiles.*": "provider:s mode:s email:s displayName:s",
  "auth.order": "*:l",
  "auth.order.*": "[]:s",
  "models": "mode:s providers:o catalogRefresh:o",
  "models.catalogRefresh": "enabled:b url:s",
  "models.providers": "*:o",
  "models.providers.*":
    "baseUrl:s apiKey:so auth:s api:s contextWindow:c contextTokens:c maxTokens:n timeoutSeconds:c region:s injectNumCtxForOpenAICompat:b params:o agentRuntime:o localService:o headers:o authHeader:b request:o models:l",
  "models.providers.*.apiKey": "source:s provider:s id:s",
  "models.providers.*.agentRuntime": "id:s",
  "models.providers.*.localService": "command:s args:l cwd:s env:o healthUrl:s readyTimeoutMs:n idleStopMs:n",
  "models.providers.*.localService.args": "[]:s",
  "models.providers.*.localService.env": "*:s",
  "models.providers.*.headers": "*:so",
  "models.providers.*.headers.*": "source:s provider:s id:s",
  "models.providers.*.request": "headers:o auth:o proxy:o tls:o allowPrivateNetwork:b",
  "models.providers.*.request.headers": "*:so",
  "models.providers.*.request.auth": "mode:s token:so headerName:s value:so prefix:s",
  "models.providers.*.request.proxy": "mode:s tls:o url:s",
  "models.providers.*.request.tls": "ca:so cert:so key:so passphrase:so serverName:s insecureSkipVerify:b",
  "models.providers.*.models": "[]:o",
  "models.providers.*.models[]":
    "id:s name:s api:s baseUrl:s reasoning:b input:l cost:o contextWindow:c contextTokens:c maxTokens:c thinkingLevelMap:o params:o agentRuntime:o headers:o compat:o mediaInput:o metadataSource:s",
  "models.providers.*.models[].input": "[]:s",
  "models.providers.*.models[].cost": "input:n output:n cacheRead:n cacheWrite:n tieredPricing:l",
  "models.providers.*.models[].cost.tieredPricing": "[]:o",
  "models.providers.*.models[].thinkingLevelMap": "off:s0 minimal:s0 low:s0 medium:s0 high:s0 xhigh:s0 max:s0",
  "models.providers.*.models[].agentRuntime": "id:s",
  "models.providers.*.models[].headers": "*:so",
  "models.providers.*.models[].compat":
    "supportsStore:b supportsPromptCacheKey:b supportsResponsesContinuation:b supportsDeveloperRole:b supportsReasoningEffort:b supportsTemperature:b supportsInstructions:b supportsUsageInStreaming:b supportsTools:b codeMode:s supportsStrictMode:b supportsJsonSchemaResponseFormat:b requiresStringContent:b strictMessageKeys:b visibleReasoningDetailTypes:l supportedReasoningEfforts:l reasoningEffortMap:o maxTokensField:s thinkingFormat:s requiresToolResultName:b requiresAssistantAfterToolResult:b requiresThinkingAsText:b requiresReasoningContentOnAssistantMessages:b toolSchemaProfile:s unsupportedToolSchemaKeywords:l toolCallArgumentsEncoding:s requiresOpenAiAnthropicToolPayload:b openRouterRouting:o vercelGatewayRouting:o zaiToolStream:b cacheControlFormat:s sendSessionAffinityHeaders:b sendSessionIdHeader:b supportsEagerToolInputStreaming:b supportsLongCacheRetention:b",
  "models.providers.*.models[].compat.reasoningEffortMap": "*:s",
  "agents": "defaults:o list:l",
  "agents.defaults": "model:so models:o params:o thinkingDefault:s timeoutSeconds:n",
  "agents.defaults.model": "primary:s fallbacks:l",
  "agents.defaults.model.fallbacks": "[]:s",
  "agents.defaults.models": "*:o",
  "agents.defaults.models.*": "alias:s params:o streaming:b agentRuntime:o pickerRuntimes:l codeMode:b",
  "agents.defaults.models.*.agentRuntime": "id:s",
  "agents.defaults.models.*.pickerRuntimes": "[]:s"
}

/** Where a text is one of a few words; another one is refused when it is nearly one of them. */
const words: { readonly [place: string]: ReadonlyArray<string> } = {
  "models.mode": ["merge", "replace"],
  "models.providers.*.api": ["openai-completions", "ollama"],
  "models.providers.*.models[].api": ["openai-completions", "ollama"],
  "models.providers.*.models[].input[]": ["text", "image"],
  "models.providers.*.models[].compat.maxTokensField": ["max_tokens", "max_completion_tokens"],
  "agents.defaults.thinkingDefault": ["off", "minimal", "low", "medium", "high", "xhigh", "adaptive", "max", "ultra"]
}

/** What must be there where an object is written. */
const required: { readonly [place: string]: string } = { "models.providers.*.models[]": "id" }

const named: { readonly [letter: string]: string } = {
  s: "a text",
  n: "a number",
  c: "a positive number",
  b: "true or false",
  o: "an object",
  l: "a list",
  "0": "null"
}

const membersOf = (place: string): ReadonlyMap<string, string> | undefined =>
  Object.hasOwn(table, place)
    ? new Map(table[place]!.split(" ").map((entry) => entry.split(":") as [string, string]))
    : undefined

interface Place {
  readonly name: string
  /** Absent where anything may stand. */
  readonly kinds?: string | undefined
  /** The keys that were expected in the place of the last one of the path, when it is none of them. */
  readonly instead?: ReadonlyArray<string> | undefined
}

const top: Place = { name: "", kinds: "o" }

const child = ({ name }: Place, key: string | number): Place => {
  const members = membersOf(name)
  if (members === undefined) return { name: `${name}.?` }
  if (typeof key === "number" && members.has("[]")) return { name: `${name}[]`, kinds: members.get("[]") }
  const text = String(key)
  const full = (key: string) => name === "" ? key : `${name}.${key}`
  if (text !== "*" && members.has(text)) return { name: full(text), kinds: members.get(text) }
  if (members.has("*")) return { name: full("*"), kinds: members.get("*") }
  const known = keysOf(name)
  return known.includes(text) ? { name: full(text) } : { name: `${name}.?`, instead: [...members.keys(), ...known] }
}

const placeOf = (path: KeyPath): Place => path.reduce<Place>(child, top)

const lettersOf = (value: unknown): string =>
  value === null
    ? "0"
    : Array.isArray(value)
    ? "l"
    : typeof value === "object"
    ? "o"
    : typeof value === "number"
    ? (Number.isFinite(value) ? (value > 0 ? "nc" : "n") : "")
    : typeof value === "boolean"
    ? "b"
    : "s"

const fits = (kinds: string | undefined, value: unknown): boolean =>
  kinds === undefined || [...lettersOf(value)].some((letter) => kinds.includes(letter))

const product = (text: string): number | undefined => {
  const factors = text.split("*").map((factor) => factor.trim())
  if (factors.length < 2 || !factors.every(isNumber)) return undefined
  const found = parse(`[${text}]`, "")
  const item = Either.isRight(found) && found.right.kind === "array" ? found.right.items[0] : undefined
  return item?.kind === "scalar" && typeof item.value === "number" ? item.value : undefined
}

/** The value that a word of a command line means at a path: JSON5 where it is JSON5 and no text is wanted, else text. */
export const valueOf = (path: KeyPath, text: string): unknown => {
  const found = parse(text, "")
  const value = Either.isRight(found) ? toValue(found.right) : product(text)
  if (value === undefined) return text
  const { kinds } = placeOf(path)
  return !fits(kinds, value) && kinds!.includes("s") ? text : value
}

const expected = (kinds: string): string => either(Array.from(kinds, (letter) => named[letter]!))

const misspelt = (path: KeyPath, meant: string): Problem => ({
  path,
  expected: "a known key",
  actual: `${JSON.stringify(path.at(-1))} (did you mean "${meant}"?)`
})

/** What is wrong with a value at a path, before it is written. A key that only nearly exists is wrong too. */
export const check = (path: KeyPath, value: unknown): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const walk = (place: Place, path: KeyPath, value: unknown): void => {
    const meant = place.instead === undefined ? undefined : suggest(String(path.at(-1)), place.instead)
    if (meant !== undefined) {
      problems.push(misspelt(path, meant))
      return
    }
    const { kinds, name } = place
    if (kinds !== undefined && !fits(kinds, value)) {
      // a number where a text belongs may be a secret
      const actual = /[nc]/.test(kinds) ? shownNumber(value) : kindOf(value)
      problems.push({ path, expected: expected(kinds), actual })
      return
    }
    const word = typeof value === "string" && Object.hasOwn(words, name) && !words[name]!.includes(value)
      ? suggest(value, words[name]!)
      : undefined
    if (word !== undefined) {
      problems.push({
        path,
        expected: quoted(words[name]!),
        actual: `${JSON.stringify(value)} (did you mean "${word}"?)`
      })
    }
    const needed = Object.hasOwn(required, name) ? required[name]! : undefined
    if (needed !== undefined && !Object.hasOwn(value as object, needed)) {
      problems.push({ path: [...path, needed], expected: expected(child(place, needed).kinds!), actual: "nothing" })
    }
    if (Array.isArray(value)) value.forEach((item, i) => walk(child(place, i), [...path, i], item))
    else if (isRecord(value)) {
      for (const key of Object.keys(value)) walk(child(place, key), [...path, key], value[key])
    }
  }
  // on the way there, the keys and nothing else
  for (let i = 1; i < path.length; i++) {
    const place = placeOf(path.slice(0, i))
    const meant = place.instead === undefined ? undefined : suggest(String(path[i - 1]), place.instead)
    if (meant === undefined) continue
    return [misspelt(path.slice(0, i), meant)]
  }
  walk(placeOf(path), path, value)
  return problems
}
