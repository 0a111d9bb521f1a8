import { type AiError, type EmbeddingModel, Model as AiModel } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { type Embeddings, type Model, OllamaError } from "effect-ollama"
import { OllamaEmbeddingModel, OllamaLanguageModel } from "effect-ollama/ai"
import { MockOllama } from "effect-ollama/testing"
import { embed, embedMany, kindOf } from "./line.js"
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
      assert.deepStrictEqual(yield* embed("abcd"), [4])
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
      assert.strictEqual(yield* AiModel.ProviderName, "ollama")
    }).pipe(Effect.provide(Layer.provide(batched(), counting().layer))))
})

describe("to a server", () => {
  const texts = ["a", "bb", "ccc", "dddd", "eeeee"]
  const settings = { dimensions: 4, truncate: false, keepAlive: "5m" } as const

  const serving = (api: Model.Api, description: MockOllama.Description = {}) =>
    MockOllama.layer({ models: [{ name: "embed", capabilities: ["embedding"] }], ...description }, {
      config: { models: { providers: { ollama: { apiKey: "k", api } } } }
    })

  /** What was sent, where, with the number of texts of each request. */
  const sent = Effect.map(MockOllama.requests, (all) =>
    all.map(({ json, path }) => {
      const { input, ...settings } = json as { readonly input: ReadonlyArray<string> }
      return [path, input.length, settings] as const
    }))

  const expected = {
    ollama: ["/api/embed", { model: "embed", dimensions: 4, truncate: false, keep_alive: "5m" }],
    // it knows of no others
    "openai-completions": ["/v1/embeddings", { model: "embed", dimensions: 4 }]
  } as const

  const within = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(effect)
      yield* TestClock.adjust("1 hour")
      return yield* Fiber.join(fiber)
    })

  /** Each of several fibers embeds one. */
  const embedEach = Effect.forEach(texts, embed, { concurrency: "unbounded" })

  const forms: ReadonlyArray<
    readonly [
      form: string,
      run: Effect.Effect<ReadonlyArray<ReadonlyArray<number>>, AiError.AiError, EmbeddingModel.EmbeddingModel>,
      make: (model: string) => Layer.Layer<EmbeddingModel.EmbeddingModel, never, Embeddings.Embeddings>
    ]
  > = [
    ["batched", embedMany(texts), (name) => batched({ ...settings, maxBatchSize: 2 }, name)],
    [
      "data-loader",
      embedEach,
      (name) =>
        OllamaEmbeddingModel.model(name, { mode: "data-loader", window: "1 second", maxBatchSize: 2, ...settings })
    ]
  ]

  for (const api of apis) {
    for (const [form, run, make] of forms) {
      it.effect(`${api}, ${form}: texts in requests of maxBatchSize with what is set, their vectors in order`, () =>
        Effect.gen(function*() {
          const vectors = yield* within(run)
          const [path, body] = expected[api]
          assert.deepStrictEqual(yield* sent, [2, 2, 1].map((count) => [path, count, body]))
          assert.isTrue(vectors.every((vector) => Array.isArray(vector)))
          for (const [i, text] of texts.entries()) {
            assert.strictEqual(vectors[i]?.length, 4)
            assert.deepStrictEqual(vectors[i], yield* within(embed(text)))
          }
        }).pipe(Effect.provide(make("ollama/embed")), Effect.provide(serving(api))))

      const failures: ReadonlyArray<readonly [tag: string, kind: string, fault: MockOllama.Fault, model?: string]> = [
        ["ConnectionRefused", "HttpRequestError", { type: "refused" }],
        ["RequestTimeout", "HttpRequestError", { type: "stall" }],
        ["ModelNotFound", "HttpResponseError", { type: "missing-model" }],
        ["Unauthorized", "HttpResponseError", { type: "status", status: 401, error: "unauthorized" }],
        ["ContextOverflow", "HttpResponseError", {
          type: "status",
          status: 400,
          error: "the input length exceeds the context length"
        }]
      ]
      for (const [tag, kind, fault] of failures) {
        it.effect(`${api}, ${form}: ${tag} is a ${kind} that gives it back`, () =>
          Effect.gen(function*() {
            const error = aiError(yield* Effect.flip(within(run)))
            assert.strictEqual(kindOf(error), kind)
            assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, tag)
          }).pipe(Effect.provide(make("ollama/embed")), Effect.provide(serving(api, { rules: [{ fault }] }))))
      }
    }
  }

  it.effect("vectors of /v1 are told apart by their index", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* embedMany(["a", "bb"]), [[1], [2]])
    }).pipe(
      Effect.provide(batched()),
      Effect.provide(serving("openai-completions", {
        rules: [{
          raw: {
            headers: { "content-type": "application/json" },
            chunks: [JSON.stringify({
              object: "list",
              model: "embed",
              data: [
                { object: "embedding", index: 1, embedding: [2] },
                { object: "embedding", index: 0, embedding: [1] }
              ]
            })]
          }
        }]
      }))
    ))
})

describe("data-loader", () => {
  it.effect("what is embedded within its window, anywhere, is one request", () => {
    const { asked, layer } = counting()
    return Effect.gen(function*() {
      const fibers = yield* Effect.all([Effect.fork(embed("a")), Effect.fork(embed("bb"))])
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
      const fibers = yield* Effect.all(["a", "bb"].map((text) => Effect.fork(embed(text))))
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
      assert.strictEqual(kindOf(error), "HttpRequestError")
      assert.strictEqual(error.module, "OllamaEmbeddingModel")
      assert.strictEqual(OllamaLanguageModel.errorOf(error)?.hint, refused.hint)
    }).pipe(Effect.provide(Layer.provide(batched(), failing))))

  it.effect("fewer vectors than texts are a MalformedOutput, not a wait without end", () =>
    Effect.gen(function*() {
      const error = aiError(yield* Effect.flip(embedMany(["a", "b"])))
      assert.strictEqual(kindOf(error), "MalformedOutput")
    }).pipe(Effect.provide(Layer.provide(batched(), counting(() => [[1]]).layer))))
})
