// What an app on `@effect/ai` bundles with the model of this library. `npm run size` measures it.
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as OllamaLanguageModel from "effect-ollama/ai/OllamaLanguageModel"
import * as ChatCompletions from "effect-ollama/ChatCompletions"
import * as Models from "effect-ollama/Models"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const ModelLive = OllamaLanguageModel.layer().pipe(
  Layer.provide(ChatCompletions.layer),
  Layer.provide(Models.layerStatic({ models: ["gpt-oss:20b"] })),
  Layer.provide(FetchHttpClient.layer)
)

const program = Effect.map(LanguageModel.generateText({ prompt: "Why is the sky blue?" }), (response) => response.text)

Effect.runFork(Effect.provide(Effect.tap(program, Effect.log), ModelLive))
