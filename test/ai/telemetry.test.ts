import { EmbeddingModel, LanguageModel } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, Schema, Stream } from "effect"
import { OllamaTelemetry } from "effect-ollama"
import { OllamaEmbeddingModel, OllamaLanguageModel } from "effect-ollama/ai"
import { MockOllama } from "effect-ollama/testing"
import { named, traced } from "../support/traced.js"
import { spanOf } from "./line.js"
import { apis, model } from "./support.js"

const reply = { text: "Hello", usage: { inputTokens: 12, outputTokens: 3 } }

const options = { config: { config: { temperature: 0, maxTokens: 100, stop: "END" } }, streaming: true }

const expected = {
  ...spanOf("ollama"),
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "m",
  "gen_ai.request.temperature": 0,
  "gen_ai.request.max_tokens": 100,
  "gen_ai.request.stop_sequences": ["END"],
  "gen_ai.response.model": "m",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.usage.input_tokens": 12,
  "gen_ai.usage.output_tokens": 3
}

const ours = (attributes: ReadonlyMap<string, unknown>) =>
  Object.fromEntries([...attributes].filter(([key]) => key.startsWith("gen_ai.") && key !== "gen_ai.response.id"))

describe("spans", () => {
  for (const api of apis) {
    it.effect(`${api}: the span of generateText has the attributes of OpenTelemetry's GenAI, around that of the core`, () =>
      traced((seen) =>
        Effect.gen(function*() {
          yield* LanguageModel.generateText({ prompt: "Hi" })
          const [span] = named(seen, "LanguageModel.generateText")
          assert.deepStrictEqual(ours(span!.attributes), expected)
          assert.deepStrictEqual(span!.ends, ["success"])
          assert.strictEqual(named(seen, "ChatCompletions.create")[0]?.parent, "LanguageModel.generateText")
        }).pipe(Effect.provide(model(api, { replies: [reply] }, options)))
      ))

    it.effect(`${api}: so has the span of streamText`, () =>
      traced((seen) =>
        Effect.gen(function*() {
          yield* Stream.runDrain(LanguageModel.streamText({ prompt: "Hi" }))
          const [span] = named(seen, "LanguageModel.streamText")
          assert.deepStrictEqual(ours(span!.attributes), expected)
          assert.deepStrictEqual(span!.ends, ["success"])
          assert.strictEqual(named(seen, "ChatCompletions.stream")[0]?.parent, "LanguageModel.streamText")
        }).pipe(Effect.provide(model(api, { replies: [reply] }, options)))
      ))
  }

  it.effect("a failed call says what was asked for", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* Effect.flip(LanguageModel.generateText({ prompt: "Hi" }))
        const [span] = named(seen, "LanguageModel.generateText")
        assert.strictEqual(span!.attributes.get("gen_ai.request.max_tokens"), 100)
        assert.isFalse(span!.attributes.has("gen_ai.response.finish_reasons"))
        assert.deepStrictEqual(span!.ends, ["failure"])
      }).pipe(Effect.provide(model("ollama", { replies: [{ fault: { type: "missing-model" } }] }, options)))
    ))

  it.effect("the provider is that of the model that answered", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "Hi" })
        const [span] = named(seen, "LanguageModel.generateText")
        assert.deepInclude(Object.fromEntries(span!.attributes), spanOf("gpu-box"))
      }).pipe(Effect.provide(model("ollama", { replies: [reply] }, { id: "gpu-box", baseUrl: "http://gpu-box:11434" })))
    ))

  it.effect("nothing of the conversation is in any span", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "the question" })
        const all = JSON.stringify(seen.map(({ attributes, name }) => [name, ...attributes]))
        for (const said of ["the question", "the answer"]) assert.notInclude(all, said)
      }).pipe(Effect.provide(model("ollama", { replies: ["the answer"] })))
    ))
})

describe("metrics", () => {
  // Effect's registry is one for all tests: each counts the calls to a model of its own.
  const count = (metric: Metric.Metric.Histogram<number>, model: string, operation: string, more: object = {}) =>
    Effect.map(
      Metric.value(
        Object.entries({
          "gen_ai.operation.name": operation,
          "gen_ai.provider.name": "ollama",
          "gen_ai.request.model": model,
          ...more
        }).reduce((tagged, [key, value]) => Metric.tagged(tagged, key, String(value)), metric)
      ),
      ({ count, sum }) => [count, sum] as const
    )

  const serving = (name: string, description: MockOllama.Description) =>
    MockOllama.layer({ models: [{ name, capabilities: ["completion", "tools", "embedding"] }], ...description })

  it.effect("are those of the core, each call counted once", () =>
    Effect.gen(function*() {
      yield* LanguageModel.generateText({ prompt: "Hi" })
      yield* Stream.runDrain(LanguageModel.streamText({ prompt: "Hi" }))
      yield* LanguageModel.generateObject({ prompt: "Hi", schema: Schema.Struct({ a: Schema.Number }) })
      assert.deepStrictEqual((yield* count(OllamaTelemetry.operationDuration, "counted:latest", "chat"))[0], 3)
      const tokens = (type: string) =>
        count(OllamaTelemetry.tokenUsage, "counted:latest", "chat", { "gen_ai.token.type": type })
      assert.deepStrictEqual([yield* tokens("input"), yield* tokens("output")], [[3, 36], [3, 9]])
    }).pipe(
      Effect.provide(OllamaLanguageModel.layer({ model: "ollama/counted" })),
      Effect.provide(
        serving("counted", { replies: [{ text: "{\"a\":1}", usage: { inputTokens: 12, outputTokens: 3 } }] })
      )
    ))

  it.effect("so are those of embeddings", () =>
    Effect.gen(function*() {
      const model = yield* EmbeddingModel.EmbeddingModel
      yield* model.embedMany(["a", "b"])
      assert.deepStrictEqual((yield* count(OllamaTelemetry.operationDuration, "counted-too", "embeddings"))[0], 1)
    }).pipe(
      Effect.provide(OllamaEmbeddingModel.layerBatched({ model: "ollama/counted-too" })),
      Effect.provide(serving("counted-too", {}))
    ))
})
