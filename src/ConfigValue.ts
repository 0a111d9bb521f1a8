/**
 * The sections of `openclaw.json` that this library reads, as a typed value, for a configuration written in code.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Api } from "./Model.js"

const Amount = Schema.Finite.pipe(Schema.nonNegative())

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

const Secret = Schema.Redacted(Schema.String)

const Headers = Schema.Record({ key: Key, value: Secret })

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
  reasoning: Schema.optional(Schema.Boolean),
  input: Schema.optional(Schema.Array(Schema.Literal("text", "image"))),
  /** Per million tokens. */
  cost: Schema.optional(Schema.Struct({
    input: Schema.optional(Amount),
    output: Schema.optional(Amount),
    cacheRead: Schema.optional(Amount),
    cacheWrite: Schema.optional(Amount)
  })),
  /** In tokens; never sent. */
  contextWindow: Schema.optional(Schema.NonNegativeInt),
  /** In tokens; never sent. */
  maxTokens: Schema.optional(Schema.NonNegativeInt),
  params: Schema.optional(Params),
  headers: Schema.optional(Headers),
  compat: Schema.optional(Schema.Struct({
    maxTokensField: Schema.optional(Schema.Literal("max_tokens", "max_completion_tokens"))
  }))
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
  apiKey: Schema.optional(Schema.Union(
    Schema.Struct({ source: Schema.Literal("env"), id: Schema.String }),
    Secret
  )),
  api: Schema.optional(AnyApi),
  /** Whether the key is sent as a Bearer token. Default `true`. */
  authHeader: Schema.optional(Schema.Boolean),
  headers: Schema.optional(Headers),
  /** The first-byte and the idle limit of completions, in seconds. */
  timeoutSeconds: Schema.optional(Schema.Finite.pipe(Schema.positive())),
  params: Schema.optional(Params),
  models: Schema.optional(Schema.Array(ModelConfig)),
  /** Accepted, not used. */
  auth: Schema.optional(Json)
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
    providers: Schema.optional(Schema.Record({ key: Key, value: ProviderConfig }))
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
          streaming: Schema.optional(Schema.Boolean)
        })
      }))
    }))
  })),
  auth: Schema.optional(Schema.Struct({
    /** Profile ids by provider. */
    order: Schema.optional(Schema.Record({ key: Key, value: Schema.Array(Schema.String) }))
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
