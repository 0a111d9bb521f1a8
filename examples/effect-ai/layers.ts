/** Which model answers: a local one in development, a hosted one in production, or the local one first. */
import type { LanguageModel } from "@effect/ai"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { NodeContext, NodeHttpClient } from "@effect/platform-node"
import { Config, type ConfigError, Effect, ExecutionPlan, Layer, Schedule } from "effect"
import { Ollama, type OllamaError, OllamaHost } from "effect-ollama"
import { OllamaLanguageModel } from "effect-ollama/ai"
import * as OllamaNode from "effect-ollama/node"

const hostOf = Config.string("OLLAMA_HOST").pipe(Config.withDefault(""), Config.map(OllamaHost.parse))

/** The models of an Ollama, found at `OLLAMA_HOST`, with what the program's `openclaw.json` says about them. */
const OllamaLive = Layer.unwrapEffect(
  Effect.map(hostOf, (baseUrl) => Ollama.layerWith({ discover: true, baseUrl }))
).pipe(Layer.provide([NodeContext.layer, OllamaNode.layer]))

/** The configured primary model and its fallbacks, else the first model that is found. */
export const Local = Layer.provide(OllamaLanguageModel.layer(), OllamaLive)

const OpenAiLive = OpenAiClient.layerConfig({ apiKey: Config.redacted("OPENAI_API_KEY") }).pipe(
  Layer.provide(NodeHttpClient.layerUndici)
)

export const Hosted = Layer.provide(OpenAiLanguageModel.layer({ model: "gpt-5" }), OpenAiLive)

/** Hosted where `NODE_ENV` is `production`, local anywhere else. */
export const ModelLive = Layer.unwrapEffect(
  Effect.map(
    Config.string("NODE_ENV").pipe(Config.withDefault("development")),
    (env): Layer.Layer<LanguageModel.LanguageModel, ConfigError.ConfigError | OllamaError.ConfigurationError> =>
      env === "production" ? Hosted : Local
  )
)

/** The local model, twice; a hosted one when it does not answer. Needs what both do. */
export const LocalFirst = ExecutionPlan.make(
  {
    provide: OllamaLanguageModel.model(undefined, { fallbacks: [] }),
    attempts: 2,
    schedule: Schedule.exponential("100 millis")
  },
  { provide: OpenAiLanguageModel.model("gpt-5-mini") }
)
