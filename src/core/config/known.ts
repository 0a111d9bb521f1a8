/**
 * The keys that OpenClaw has in the sections that are read, by the place where they stand: the table of what is read
 * here, and of what is accepted and not used. `*` is any name, `[]` an element of a list.
 */
import { isRecord, type JsonRecord } from "../json.js"
import { isKnown, named } from "../request/params.js"
import { suggest } from "./suggest.js"
import type { KeyPath } from "./tree.js"

type Table = { readonly [place: string]: string }

const reference = "source id"

/** What is read. */
export const read: Table = {
  "env": "vars",
  "auth": "order",
  "models": "mode providers",
  "models.providers.*":
    "baseUrl apiKey api authHeader headers request timeoutSeconds params contextWindow contextTokens maxTokens models",
  "models.providers.*.apiKey": reference,
  "models.providers.*.headers.*": reference,
  "models.providers.*.request": "headers auth proxy tls",
  "models.providers.*.request.headers.*": reference,
  "models.providers.*.request.auth": "mode token headerName value prefix",
  "models.providers.*.request.auth.token": reference,
  "models.providers.*.request.auth.value": reference,
  "models.providers.*.models[]":
    "id name api baseUrl reasoning input cost contextWindow contextTokens maxTokens params headers compat thinkingLevelMap",
  "models.providers.*.models[].cost": "input output cacheRead cacheWrite",
  "models.providers.*.models[].compat":
    "maxTokensField supportsTools supportsTemperature supportsReasoningEffort reasoningEffortMap supportsUsageInStreaming supportsJsonSchemaResponseFormat supportsStrictMode requiresStringContent requiresReasoningContentOnAssistantMessages requiresThinkingAsText requiresToolResultName",
  "models.providers.*.models[].thinkingLevelMap": "off minimal low medium high xhigh max",
  "agents.defaults": "model models params thinkingDefault",
  "agents.defaults.model": "primary fallbacks",
  "agents.defaults.models.*": "alias params streaming"
}

/** What OpenClaw has, and what is not used. `auth.cooldowns` is of its older versions. */
export const accepted: Table = {
  "env": "shellEnv",
  "env.shellEnv": "enabled timeoutMs",
  "auth": "profiles cooldowns",
  "auth.profiles.*": "provider mode email displayName",
  "models": "catalogRefresh",
  "models.catalogRefresh": "enabled url",
  "models.providers.*": "auth region injectNumCtxForOpenAICompat agentRuntime localService",
  "models.providers.*.agentRuntime": "id",
  "models.providers.*.apiKey": "provider",
  "models.providers.*.headers.*": "provider",
  "models.providers.*.localService": "command args cwd env healthUrl readyTimeoutMs idleStopMs",
  "models.providers.*.request": "allowPrivateNetwork",
  "models.providers.*.request.headers.*": "provider",
  "models.providers.*.request.auth.token": "provider",
  "models.providers.*.request.auth.value": "provider",
  "models.providers.*.request.proxy": "mode tls url",
  "models.providers.*.request.proxy.tls": "ca cert key passphrase serverName insecureSkipVerify",
  "models.providers.*.request.tls": "ca cert key passphrase serverName insecureSkipVerify",
  "models.providers.*.request.tls.ca": `${reference} provider`,
  "models.providers.*.request.tls.cert": `${reference} provider`,
  "models.providers.*.request.tls.key": `${reference} provider`,
  "models.providers.*.request.tls.passphrase": `${reference} provider`,
  "models.providers.*.models[]": "agentRuntime mediaInput metadataSource",
  "models.providers.*.models[].agentRuntime": "id",
  "models.providers.*.models[].cost": "tieredPricing",
  "models.providers.*.models[].cost.tieredPricing[]": "input output cacheRead cacheWrite range",
  "models.providers.*.models[].mediaInput": "image",
  "models.providers.*.models[].mediaInput.image": "maxBytes maxPixels maxSidePx preferredSidePx tokenMode",
  "models.providers.*.models[].compat":
    "supportsStore supportsPromptCacheKey supportsResponsesContinuation supportsDeveloperRole supportsInstructions codeMode strictMessageKeys visibleReasoningDetailTypes supportedReasoningEfforts thinkingFormat requiresAssistantAfterToolResult toolSchemaProfile unsupportedToolSchemaKeywords toolCallArgumentsEncoding requiresOpenAiAnthropicToolPayload openRouterRouting vercelGatewayRouting zaiToolStream cacheControlFormat sendSessionAffinityHeaders sendSessionIdHeader supportsEagerToolInputStreaming supportsLongCacheRetention",
  "models.providers.*.models[].compat.openRouterRouting":
    "allow_fallbacks require_parameters data_collection zdr enforce_distillable_text order only ignore quantizations sort max_price preferred_min_throughput preferred_max_latency",
  "models.providers.*.models[].compat.openRouterRouting.sort": "by partition",
  "models.providers.*.models[].compat.openRouterRouting.max_price": "prompt completion image audio request",
  "models.providers.*.models[].compat.openRouterRouting.preferred_min_throughput": "p50 p75 p90 p99",
  "models.providers.*.models[].compat.openRouterRouting.preferred_max_latency": "p50 p75 p90 p99",
  "models.providers.*.models[].compat.vercelGatewayRouting": "only order",
  "agents.defaults":
    "timeoutSeconds modelSelectionScope utilityModel decisionModel imageModel mediaModels voiceModel pdfModel pdfMaxMb pdfMaxPages modelPolicy workspace cwd skills silentReply repoRoot skipBootstrap skipOptionalBootstrapFiles contextInjection bootstrapMaxChars bootstrapTotalMaxChars experimental userTimezone startupContext contextPruning compaction embeddedAgent fastModeDefault verboseDefault toolProgressDetail reasoningDefault elevatedDefault blockStreamingDefault blockStreamingBreak mediaMaxMb imageMaxDimensionPx imageQuality typingIntervalSeconds systemAgent authInheritance sessionStore maxConcurrent subagents contextLimits blockStreamingChunk blockStreamingCoalesce humanDelay typingMode heartbeat sandbox",
  "agents.defaults.models.*": "agentRuntime pickerRuntimes codeMode",
  "agents.defaults.models.*.agentRuntime": "id"
}

const words = (table: Table, place: string): ReadonlyArray<string> =>
  Object.hasOwn(table, place) ? table[place]!.split(" ") : []

/** The keys of a place. */
export const keysOf = (place: string): ReadonlyArray<string> => [...words(read, place), ...words(accepted, place)]

interface Place {
  readonly keys: ReadonlySet<string>
  /** What its members are, when they may have any name. */
  readonly any?: string
}

// Made when first asked for: a module that is loaded and not used costs nothing. Only places of the tables, and what would
// be directly in them, are ever asked for.
const made = new Map<string, Place | undefined>()

const placeOf = (name: string): Place | undefined => {
  if (made.has(name)) return made.get(name)
  const keys = keysOf(name)
  const isAny = (table: Table) => Object.keys(table).some((place) => place.startsWith(`${name}.*`))
  const any = isAny(read) || isAny(accepted) ? `${name}.*` : undefined
  const place = keys.length === 0 && any === undefined
    ? undefined
    : { keys: new Set(keys), ...(any === undefined ? {} : { any }) }
  made.set(name, place)
  return place
}

// A param that stands beside `params`.
const paramOf = (key: string, value: unknown, keys: ReadonlySet<string>): string | undefined => {
  const { name } = named(key, value)
  return keys.has("params") && !keys.has(name) && isKnown(name) ? `params.${name}` : undefined
}

// A suggestion takes a while; whoever has more unknown keys than this has another problem.
const mostSuggestions = 100

/** Warns of the keys in a section that OpenClaw does not have, with a suggestion where one is close. */
export const unknownKeys = (
  section: unknown,
  path: ReadonlyArray<string>,
  warn: (path: KeyPath, message: string) => void
): void => {
  let suggestions = 0
  const at: Array<string | number> = [...path]
  const member = (key: string | number, value: unknown, name: string): void => {
    at.push(key)
    walk(value, name)
    at.pop()
  }
  const walk = (value: unknown, name: string): void => {
    if (Array.isArray(value)) {
      if (placeOf(`${name}[]`) !== undefined) value.forEach((item, i) => member(i, item, `${name}[]`))
      return
    }
    const place = placeOf(name)
    if (place === undefined || !isRecord(value)) return
    for (const key of Object.keys(value)) {
      const inside = place.keys.has(key) ? `${name}.${key}` : place.any
      if (inside !== undefined) member(key, value[key], inside)
      else if (!isOtherwiseKnown(name, key, value)) {
        const meant = ++suggestions > mostSuggestions
          ? undefined
          : paramOf(key, value[key], place.keys) ?? suggest(key, place.keys)
        warn(
          [...at, key],
          meant === undefined ? "unknown key, not used" : `unknown key, not used: did you mean "${meant}"?`
        )
      }
    }
  }
  walk(section, path.join("."))
}

// `baseURL` is read, with a warning of its own; texts beside `env.vars` are variables.
const isOtherwiseKnown = (place: string, key: string, value: JsonRecord): boolean =>
  place === "env" ? typeof value[key] === "string" : key === "baseURL" && !Object.hasOwn(value, "baseUrl")
    && keysOf(place).includes("baseUrl")
