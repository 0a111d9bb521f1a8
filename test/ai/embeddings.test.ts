import { EmbeddingModel, Model } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { type Embeddings, OllamaError } from "effect-ollama"
import { OllamaEmbeddingModel, OllamaLanguageModel } from "effect-ollama/ai"
import { MockOllama } from "effect-ollama/testing"
import { aiError, apis, embeddings } from "./support.js"

type Asked = ReadonlyArray<readonly [ReadonlyArray<string>, Omit<Embeddings.EmbedOptions, "vectors" | "batchSize">]>

/** Embeddings that know the length of a text, and what they were asked. */
const counting = (answer?: (texts: ReadonlyArray<string>) => ReadonlyArray<ReadonlyArray<number>>) => {
  const asked: Array<Asked[number]> = []
  const layer = embeddings((texts, options) =>
    Effect.sync(() => {
      asked.push([texts, options])
      return { embeddings: answer?.(texts) ?? texts.map((text) => [text.length]) }
    })
  )
  return { asked: asked as Asked, layer }
}

const batched = (config: OllamaEmbeddingModel.Config.Batched = {}, model = "ollama/embed") =>
  OllamaEmbeddingModel.model(model, { mode: "batched", ...config })

const embedMany = (texts: ReadonlyArray<string>) =>
  Effect.flatMap(EmbeddingModel.EmbeddingModel, (model) => model.embedMany(texts))

describe("batched", () => {
  it.effect("many texts are one request, and their vectors in order", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* embedMany(["a", "bbb", "cc"]), [[1], [3], [2]])
      assert.deepStrictEqual(asked, [[["a", "bbb", "cc"], { model: "ollama/embed" }]])
    }).pipe(Effect.provide(Layer.provide(batched(), layer)))
  })

  it.effect("a single text is a request of one", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      const model = yield* EmbeddingModel.EmbeddingModel
      assert.deepStrictEqual(yield* model.embed("abcd"), [4])
      assert.strictEqual(asked.length, 1)
    }).pipe(Effect.provide(Layer.provide(batched(), layer)))
  })

  it.effect("no texts are no request", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      assert.deepStrictEqual(yield* embedMany([]), [])
      assert.deepStrictEqual(asked, [])
    }).pipe(Effect.provide(Layer.provide(batched(), layer)))
  })

  it.effect("a cache keeps vectors", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      yield* embedMany(["a", "b"])
      yield* embedMany(["a", "b"])
      assert.strictEqual(asked.length, 1)
    }).pipe(Effect.provide(Layer.provide(batched({ cache: { capacity: 10, timeToLive: "1 hour" } }), layer)))
  })

  it.effect("dimensions, truncate and keepAlive go along", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      yield* embedMany(["a"])
      assert.deepStrictEqual(asked[0]![1], { model: "ollama/embed", dimensions: 256, truncate: false, keepAlive: "5m" })
    }).pipe(Effect.provide(Layer.provide(batched({ dimensions: 256, truncate: false, keepAlive: "5m" }), layer)))
  })

  it.effect("withConfigOverride wins for what is embedded within it", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      yield* OllamaEmbeddingModel.withConfigOverride(embedMany(["a"]), { dimensions: 64, model: "ollama/other" })
      yield* embedMany(["b"])
      assert.deepStrictEqual(asked.map(([, { dimensions, model }]) => [model, dimensions]), [
        ["ollama/other", 64],
        ["ollama/embed", 256]
      ])
    }).pipe(Effect.provide(Layer.provide(batched({ dimensions: 256 }), layer)))
  })

  it.effect("says whose it is", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Model.ProviderName, "ollama")
    }).pipe(Effect.provide(Layer.provide(batched(), counting().layer))))
})

describe("over the mock", () => {
  for (const api of apis) {
    it.effect(`${api}: vectors of the server, asked for in one request, as long as they are wanted`, () =>
      Effect.gen(function*() {
        const vectors = yield* embedMany(["a", "b"])
        assert.deepStrictEqual(vectors.map((vector) => vector.length), [4, 4])
        assert.isTrue(vectors.every((vector) => Array.isArray(vector)))
        const [{ json, path }] = (yield* MockOllama.requests) as [MockOllama.RecordedRequest]
        assert.strictEqual(path, api === "ollama" ? "/api/embed" : "/v1/embeddings")
        assert.deepStrictEqual(json, { model: "embed", input: ["a", "b"], dimensions: 4 })
      }).pipe(
        Effect.provide(batched({ dimensions: 4 })),
        Effect.provide(MockOllama.layer({ models: [{ name: "embed", capabilities: ["embedding"] }] }, {
          config: { models: { providers: { ollama: { apiKey: "k", api } } } }
        }))
      ))
  }

  it.effect("more texts than maxBatchSize are several requests, and their vectors in order", () =>
    Effect.gen(function*() {
      const texts = ["a", "bb", "ccc", "dddd", "eeeee"]
      const vectors = yield* embedMany(texts)
      const sent = (yield* MockOllama.requests).map(({ json }) => (json as { input: ReadonlyArray<string> }).input)
      assert.deepStrictEqual(sent.map((input) => input.length), [2, 2, 1])
      const model = yield* EmbeddingModel.EmbeddingModel
      for (const [i, text] of texts.entries()) assert.deepStrictEqual(vectors[i], yield* model.embed(text))
    }).pipe(
      Effect.provide(batched({ maxBatchSize: 2 })),
      Effect.provide(MockOllama.layer({ models: [{ name: "embed", capabilities: ["embedding"] }] }))
    ))

  it.effect("a model that is not there is a HttpResponseError that gives back ModelNotFound", () =>
    Effect.gen(function*() {
      const error = aiError(yield* Effect.flip(embedMany(["a"])))
      assert.strictEqual(error._tag, "HttpResponseError")
      assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, "ModelNotFound")
    }).pipe(Effect.provide(batched()), Effect.provide(MockOllama.layer())))
})

describe("data-loader", () => {
  it.effect("what is embedded within its window, anywhere, is one request", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      const model = yield* EmbeddingModel.EmbeddingModel
      const fibers = yield* Effect.all([Effect.fork(model.embed("a")), Effect.fork(model.embed("bb"))])
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(yield* Fiber.join(Fiber.all(fibers)), [[1], [2]])
      assert.deepStrictEqual(asked.map(([texts]) => texts), [["a", "bb"]])
    }).pipe(Effect.provide(Layer.provide(
      OllamaEmbeddingModel.model("ollama/embed", { mode: "data-loader", window: "50 millis" }),
      layer
    )))
  })

  it.effect("a full request does not wait", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      const model = yield* EmbeddingModel.EmbeddingModel
      const fibers = yield* Effect.all(["a", "bb"].map((text) => Effect.fork(model.embed(text))))
      yield* Fiber.join(Fiber.all(fibers))
      assert.strictEqual(asked.length, 1)
    }).pipe(Effect.provide(Layer.provide(
      OllamaEmbeddingModel.model("ollama/embed", { mode: "data-loader", window: "1 hour", maxBatchSize: 2 }),
      layer
    )))
  })
})

describe("what goes wrong", () => {
  const refused = new OllamaError.ConnectionRefused({ url: "http://127.0.0.1:11434/api/embed", attempts: 3 })
  const failing = embeddings(() => Effect.fail(refused))

  it.effect("is an AiError of the right kind, for every text, and gives back ours", () =>
    Effect.gen(function*() {
      const error = aiError(yield* Effect.flip(embedMany(["a", "b"])))
      assert.strictEqual(error._tag, "HttpRequestError")
      assert.strictEqual(error.module, "OllamaEmbeddingModel")
      assert.strictEqual(OllamaLanguageModel.errorOf(error)?.hint, refused.hint)
    }).pipe(Effect.provide(Layer.provide(batched(), failing))))

  it.effect("fewer vectors than texts are a MalformedOutput, not a wait without end", () =>
    Effect.gen(function*() {
      const error = aiError(yield* Effect.flip(embedMany(["a", "b"])))
      assert.strictEqual(error._tag, "MalformedOutput")
    }).pipe(Effect.provide(Layer.provide(batched(), counting(() => [[1]]).layer))))
})
