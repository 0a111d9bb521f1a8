/** An app that knows nothing but `@effect/ai`, on this library and on another provider by changing one Layer. */
import { Chat, LanguageModel } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema, Stream } from "effect"
import { OllamaEmbeddingModel, OllamaLanguageModel } from "effect-ollama/ai"
import { MockOllama } from "effect-ollama/testing"
import { only3 } from "../support/line.js"
import { embed, embedMany, totalOf } from "./line.js"
import { openAi } from "./openai.js"
import { Tools, toolsLayer } from "./support.js"

const City = Schema.Struct({ name: Schema.String, inhabitants: Schema.Number })

const app = Effect.gen(function*() {
  const { text, usage } = yield* LanguageModel.generateText({ prompt: "Why is the sky blue?" })

  const said: Array<string> = []
  yield* LanguageModel.streamText({ prompt: "How is Paris?", toolkit: Tools }).pipe(
    Stream.runForEach((part) =>
      Effect.sync(() => {
        if (part.type === "tool-result") said.push(`${part.name}: ${JSON.stringify(part.result)}`)
        if (part.type === "finish") said.push(part.reason)
      })
    )
  )

  const { value: city } = yield* LanguageModel.generateObject({
    prompt: "What is the capital of France?",
    schema: City
  })

  const vectors = yield* embedMany(["a", "bb"])
  const inOrder = JSON.stringify(vectors[1]) === JSON.stringify(yield* embed("bb"))

  const chat = yield* Chat.fromPrompt([{ role: "system", content: "Count." }])
  const counted: Array<string> = []
  for (let i = 1; i <= 5; i++) {
    counted.push((yield* chat.generateText({ prompt: `Say ${i}.` })).text)
  }
  return { text, tokens: totalOf(usage), said, city, vectors: vectors.length, inOrder, counted }
}).pipe(Effect.provide(toolsLayer))

const expected = {
  text: "Rayleigh scattering.",
  tokens: 13,
  said: ["get_weather: {\"degrees\":21}", "get_time: \"12:00\"", "tool-calls"],
  city: { name: "Paris", inhabitants: 2_100_000 },
  vectors: 2,
  inOrder: true,
  counted: ["1", "2", "3", "4", "5"]
}

const calls = [{ name: "get_weather", arguments: "{\"city\":\"Paris\"}" }, { name: "get_time", arguments: "{}" }]
const texts = ["Rayleigh scattering.", "{\"name\":\"Paris\",\"inhabitants\":2100000}", "1", "2", "3", "4", "5"]

describe("an app that is written against @effect/ai", () => {
  for (const api of ["openai-completions", "ollama"] as const) {
    for (const streaming of [false, true]) {
      const usage = { inputTokens: 10, outputTokens: 3 }
      const OllamaLive = Layer.merge(
        OllamaLanguageModel.layer({ model: "ollama/m" }),
        OllamaEmbeddingModel.layerBatched({ model: "ollama/embed" })
      ).pipe(Layer.provide(MockOllama.layer({
        models: ["m", { name: "embed", capabilities: ["embedding"] }],
        replies: [{ text: texts[0], usage }, { toolCalls: calls }, ...texts.slice(1).map((text) => ({ text, usage }))]
      }, {
        config: {
          models: { providers: { ollama: { api } } },
          agents: { defaults: { models: { "ollama/m": { streaming } } } }
        }
      })))

      it.effect(`runs on this library, ${api}, ${streaming ? "streaming" : "whole"}`, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* Effect.provide(app, OllamaLive), expected)
        }))
    }
  }

  only3("its provider of OpenAI is not there yet")("runs on @effect/ai-openai", () =>
    Effect.gen(function*() {
      const OpenAiLive = openAi([{ text: texts[0]! }, { calls }, ...texts.slice(1).map((text) => ({ text }))])
      assert.deepStrictEqual(yield* Effect.provide(app, OpenAiLive), expected)
    }))
})
