/**
 * What is known about a model, and the catalog of a provider's models.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Schema from "effect/Schema"
import { ExcludedModel } from "./OllamaError.js"

/**
 * The wire API of a provider: OpenAI's chat completions under `/v1` (the default), or Ollama's own `/api/chat`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Api = Schema.Literal("openai-completions", "ollama")

/**
 * The wire API of a provider.
 *
 * @since 0.1.0
 * @category models
 */
export type Api = typeof Api.Type

/**
 * Price per million tokens. Ollama's models cost nothing.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Cost = Schema.Struct({
  input: Schema.Number,
  output: Schema.Number,
  cacheRead: Schema.Number,
  cacheWrite: Schema.Number
})

/**
 * Price per million tokens.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cost extends Schema.Schema.Type<typeof Cost> {}

/**
 * A model of a catalog. `contextWindow` and `maxTokens` (both in tokens) are catalog numbers: neither is ever sent.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ModelDefinition = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  /** Whether it can think. */
  reasoning: Schema.Boolean,
  /** Whether it can call tools; absent when nobody said. */
  tools: Schema.optional(Schema.Boolean),
  input: Schema.Array(Schema.Literal("text", "image")),
  cost: Cost,
  contextWindow: Schema.Number,
  maxTokens: Schema.Number,
  /** The `num_ctx` (tokens) of its Modelfile, when it has one and it differs from `contextWindow`. */
  numCtx: Schema.optional(Schema.Number),
  /**
   * The fields that were given in the configuration or reported by the server. The others are defaults, and no request
   * is refused because of a default.
   */
  known: Schema.Array(Schema.Literal("name", "reasoning", "tools", "input", "cost", "contextWindow", "maxTokens")),
  /** As the server reported them. */
  capabilities: Schema.optional(Schema.Array(Schema.String)),
  digest: Schema.optional(Schema.String)
})

/**
 * A model of a catalog: what it is called and what it can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelDefinition extends Schema.Schema.Type<typeof ModelDefinition> {}

/**
 * The cost of a local model: nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const free: Cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

/**
 * Whether the model is known not to have a capability: only what was said counts, never a default.
 *
 * @since 0.1.0
 * @category utils
 */
export const lacks: {
  (capability: "reasoning" | "tools" | "image"): (self: ModelDefinition) => boolean
  (self: ModelDefinition, capability: "reasoning" | "tools" | "image"): boolean
} = dual(2, (self: ModelDefinition, capability: "reasoning" | "tools" | "image"): boolean => {
  switch (capability) {
    case "reasoning":
      return self.known.includes("reasoning") && !self.reasoning
    case "tools":
      return self.known.includes("tools") && self.tools === false
    case "image":
      return self.known.includes("input") && !self.input.includes("image")
  }
})

/**
 * The models of one provider that can be used, in order, and those that cannot, each with the reason.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Catalog = Schema.Struct({
  provider: Schema.String,
  /** The root URL of the server. */
  url: Schema.String,
  source: Schema.Literal("discovered", "configured"),
  models: Schema.Array(ModelDefinition),
  excluded: Schema.Array(ExcludedModel)
})

/**
 * The models of one provider, and those that were left out.
 *
 * @since 0.1.0
 * @category models
 */
export interface Catalog extends Schema.Schema.Type<typeof Catalog> {}
