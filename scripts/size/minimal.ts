// What a minimal app bundles: completions on models that the code names, over fetch. `npm run size` measures it.
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as ChatCompletions from "effect-ollama/ChatCompletions"
import * as Models from "effect-ollama/Models"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const OllamaLive = ChatCompletions.layer.pipe(
  Layer.provide(Models.layerStatic({ models: ["gpt-oss:20b"] })),
  Layer.provide(FetchHttpClient.layer)
)

ChatCompletions.create({ prompt: "Why is the sky blue?" }).pipe(
  Effect.map((response) => response.text),
  Effect.tap(Effect.log),
  Effect.provide(OllamaLive),
  Effect.runFork
)
