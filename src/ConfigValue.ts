/**
 * The sections of `openclaw.json` that this library reads, as a typed value, for a configuration written in code.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Api } from "./Model.js"

// Left out: what is written there would become the prototype of the decoded object.
const Key = Schema.String.pipe(Schema.filter((key) => key !== "__proto__"))

const sameJson = (a: unknown, b: unknown): boolean => {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b)
  const keys = Object.keys(a)
  return Array.isArray(a) === Array.isArray(b) && keys.length === Object.keys(b).length
    && keys.every((key) => Object.hasOwn(b, key) && sameJson(Reflect.get(a, key), Reflect.get(b, key)))
}

const Json = Schema.Unknown.annotations({
  arbitrary: () => (fc) => fc.jsonValue(),
  equivalence: () => sameJson
})

const Params = Schema.Record({ key: Key, value: Json })

// Of OpenClaw, and not used here.
const unused = Schema.optional(Json)

const Secret = Schema.Redacted(Schema.String)

/**
 * A reference to a secret. Only `env` can be followed here: `id` is then the name of the variable.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SecretRef = Schema.Struct({
  source: Schema.Literal("env", "file", "exec", "store"),
  provider: Schema.optional(Schema.String),
  id: Schema.String
})

/**
 * A reference to a secret.
 *
 * @since 0.1.0
 * @category models
 */
export interface SecretRef extends Schema.Schema.Type<typeof SecretRef> {}

const SecretInput = Schema.Union(SecretRef, Secret)

const Headers = Schema.Record({ key: Key, value: SecretInput })

const Tls = Schema.Struct({
  ca: Schema.optional(SecretInput),
  cert: Schema.optional(SecretInput),
  key: Schema.optional(SecretInput),
  passphrase: Schema.optional(SecretInput),
  serverName: Schema.optional(Schema.String),
  insecureSkipVerify: Schema.optional(Schema.Boolean)
})

const Request = Schema.Struct({
  headers: Schema.optional(Headers),
  auth: Schema.optional(Schema.Struct({
    mode: Schema.Literal("provider-default", "authorization-bearer", "header"),
    token: Schema.optional(SecretInput),
    headerName: Schema.optional(Schema.String),
    value: Schema.optional(SecretInput),
    prefix: Schema.optional(Schema.String)
  })),
  /** Not honoured: a provider with it is unavailable. */
  proxy: Schema.optional(Schema.Struct({
    mode: Schema.Literal("env-proxy", "explicit-proxy"),
    url: Schema.optional(Secret),
    tls: Schema.optional(Tls)
  })),
  /** Not honoured: a provider with it is unavailable. */
  tls: Schema.optional(Tls),
  allowPrivateNetwork: unused
})

const flag = Schema.optional(Schema.Boolean)

const Compat = Schema.Struct({
  maxTokensField: Schema.optional(Schema.Literal("max_tokens", "max_completion_tokens")),
  supportsTools: flag,
  supportsTemperature: flag,
  supportsReasoningEffort: flag,
  /** The server's words for efforts of thinking, by the user's. */
  reasoningEffortMap: Schema.optional(Schema.Record({ key: Key, value: Schema.String })),
  supportsUsageInStreaming: flag,
  supportsJsonSchemaResponseFormat: flag,
  supportsStrictMode: flag,
  requiresStringContent: flag,
  requiresReasoningContentOnAssistantMessages: flag,
  requiresThinkingAsText: flag,
  requiresToolResultName: flag,
  supportsStore: unused,
  supportsPromptCacheKey: unused,
  supportsResponsesContinuation: unused,
  supportsDeveloperRole: unused,
  supportsInstructions: unused,
  codeMode: unused,
  strictMessageKeys: unused,
  visibleReasoningDetailTypes: unused,
  supportedReasoningEfforts: unused,
  thinkingFormat: unused,
  requiresAssistantAfterToolResult: unused,
  toolSchemaProfile: unused,
  unsupportedToolSchemaKeywords: unused,
  toolCallArgumentsEncoding: unused,
  requiresOpenAiAnthropicToolPayload: unused,
  openRouterRouting: unused,
  vercelGatewayRouting: unused,
  zaiToolStream: unused,
  cacheControlFormat: unused,
  sendSessionAffinityHeaders: unused,
  sendSessionIdHeader: unused,
  supportsEagerToolInputStreaming: unused,
  supportsLongCacheRetention: unused
})

const Positive = Schema.Finite.pipe(Schema.positive())

// A word of the server, or `null` for a level that it does not have.
const word = Schema.optional(Schema.NullOr(Schema.String))

/**
 * The wire APIs that OpenClaw knows. This library speaks the first two; a provider with another one is unavailable.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AnyApi = Schema.Literal(
  ...Api.literals,
  "openai-responses",
  "openai-chatgpt-responses",
  "azure-openai-responses",
  "anthropic-messages",
  "google-generative-ai",
  "google-vertex",
  "github-copilot",
  "bedrock-converse-stream",
  "pi-messages"
)

/**
 * The wire APIs that OpenClaw knows.
 *
 * @since 0.1.0
 * @category models
 */
export type AnyApi = typeof AnyApi.Type

/**
 * A model that is defined by hand. What is left out is filled in: see `Model.ModelDefinition`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ModelConfig = Schema.Struct({
  id: Schema.String,
  name: Schema.optional(Schema.String),
  api: Schema.optional(AnyApi),
  /** One that is not its provider's leaves the model out. */
  baseUrl: Schema.optional(Schema.String),
  reasoning: flag,
  input: Schema.optional(Schema.Array(Schema.Literal("text", "image", "video", "audio"))),
  /** Per million tokens. */
  cost: Schema.optional(Schema.Struct({
    input: Schema.optional(Schema.Finite),
    output: Schema.optional(Schema.Finite),
    cacheRead: Schema.optional(Schema.Finite),
    cacheWrite: Schema.optional(Schema.Finite),
    tieredPricing: unused
  })),
  /** In tokens; never sent. */
  contextWindow: Schema.optional(Positive),
  /** The context in tokens that is wanted: the weakest way to set `num_ctx`. */
  contextTokens: Schema.optional(Positive),
  /** In tokens; never sent. */
  maxTokens: Schema.optional(Positive),
  params: Schema.optional(Params),
  headers: Schema.optional(Headers),
  compat: Schema.optional(Compat),
  /** The server's words for efforts of thinking. */
  thinkingLevelMap: Schema.optional(
    Schema.Struct({ off: word, minimal: word, low: word, medium: word, high: word, xhigh: word, max: word })
  ),
  agentRuntime: unused,
  mediaInput: unused,
  metadataSource: unused
})

/**
 * A model that is defined by hand.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelConfig extends Schema.Schema.Type<typeof ModelConfig> {}

/**
 * An entry of `models.providers`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProviderConfig = Schema.Struct({
  baseUrl: Schema.optional(Schema.String),
  apiKey: Schema.optional(SecretInput),
  api: Schema.optional(AnyApi),
  /** Whether the key is sent as a Bearer token. Default `true`. */
  authHeader: flag,
  headers: Schema.optional(Headers),
  /** Its key and headers win over `apiKey` and `headers`. */
  request: Schema.optional(Request),
  /** The first-byte and the idle limit of completions, in seconds. */
  timeoutSeconds: Schema.optional(Positive),
  params: Schema.optional(Params),
  /** Of the models that do not say it themselves, in tokens; never sent. */
  contextWindow: Schema.optional(Positive),
  /** The context in tokens that is wanted, of the models that do not say it themselves. */
  contextTokens: Schema.optional(Positive),
  /** Of the models that do not say it themselves, in tokens; never sent. */
  maxTokens: Schema.optional(Positive),
  models: Schema.optional(Schema.Array(ModelConfig)),
  auth: unused,
  region: unused,
  injectNumCtxForOpenAICompat: unused,
  agentRuntime: unused,
  localService: Schema.optional(Schema.Struct({
    command: unused,
    args: unused,
    cwd: unused,
    env: Schema.optional(Schema.Record({ key: Key, value: Secret })),
    healthUrl: unused,
    readyTimeoutMs: unused,
    idleStopMs: unused
  }))
})

/**
 * An entry of `models.providers`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderConfig extends Schema.Schema.Type<typeof ProviderConfig> {}

/**
 * A configuration. Decoding and encoding it again gives the same value; secrets are `Redacted` in between.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ConfigValue = Schema.Struct({
  models: Schema.optional(Schema.Struct({
    mode: Schema.optional(Schema.Literal("merge", "replace")),
    providers: Schema.optional(Schema.Record({ key: Key, value: ProviderConfig })),
    catalogRefresh: unused
  })),
  agents: Schema.optional(Schema.Struct({
    defaults: Schema.optional(Schema.Struct({
      model: Schema.optional(Schema.Union(
        Schema.String,
        Schema.Struct({
          primary: Schema.optional(Schema.String),
          fallbacks: Schema.optional(Schema.Array(Schema.String))
        })
      )),
      models: Schema.optional(Schema.Record({
        key: Key,
        value: Schema.Struct({
          alias: Schema.optional(Schema.String),
          params: Schema.optional(Params),
          streaming: flag,
          agentRuntime: unused,
          pickerRuntimes: unused,
          codeMode: unused
        })
      })),
      /** Of all models. */
      params: Schema.optional(Params),
      thinkingDefault: Schema.optional(
        Schema.Literal("off", "minimal", "low", "medium", "high", "xhigh", "adaptive", "max", "ultra")
      ),
      timeoutSeconds: unused,
      modelSelectionScope: unused,
      utilityModel: unused,
      decisionModel: unused,
      imageModel: unused,
      mediaModels: unused,
      voiceModel: unused,
      pdfModel: unused,
      pdfMaxMb: unused,
      pdfMaxPages: unused,
      modelPolicy: unused,
      workspace: unused,
      cwd: unused,
      skills: unused,
      silentReply: unused,
      repoRoot: unused,
      skipBootstrap: unused,
      skipOptionalBootstrapFiles: unused,
      contextInjection: unused,
      bootstrapMaxChars: unused,
      bootstrapTotalMaxChars: unused,
      experimental: unused,
      userTimezone: unused,
      startupContext: unused,
      contextPruning: unused,
      compaction: unused,
      embeddedAgent: unused,
      fastModeDefault: unused,
      verboseDefault: unused,
      toolProgressDetail: unused,
      reasoningDefault: unused,
      elevatedDefault: unused,
      blockStreamingDefault: unused,
      blockStreamingBreak: unused,
      mediaMaxMb: unused,
      imageMaxDimensionPx: unused,
      imageQuality: unused,
      typingIntervalSeconds: unused,
      systemAgent: unused,
      authInheritance: unused,
      sessionStore: unused,
      maxConcurrent: unused,
      subagents: unused,
      contextLimits: unused,
      blockStreamingChunk: unused,
      blockStreamingCoalesce: unused,
      humanDelay: unused,
      typingMode: unused,
      heartbeat: unused,
      sandbox: unused
    }))
  })),
  auth: Schema.optional(Schema.Struct({
    /** Profile ids by provider. */
    order: Schema.optional(Schema.Record({ key: Key, value: Schema.Array(Schema.String) })),
    profiles: unused,
    cooldowns: unused
  })),
  /** Texts beside `vars` are variables too; `vars` come first. Anything else there is not used. */
  env: Schema.optional(Schema.Struct({
    vars: Schema.optional(Schema.Record({ key: Key, value: Schema.String }))
  }, { key: Key, value: Json }))
})

/**
 * A configuration, with `Redacted` secrets.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigValue extends Schema.Schema.Type<typeof ConfigValue> {}

/**
 * The same as plain JSON, with secrets as strings.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigValueEncoded extends Schema.Schema.Encoded<typeof ConfigValue> {}
