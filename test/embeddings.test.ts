import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope, TestClock } from "effect"
import { Embeddings } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { only3 } from "./support/line.js"

const mock = (api: "ollama" | "openai-completions", more: MockOllama.Description = {}) =>
  MockOllama.layer({ models: [{ name: "e", capabilities: ["embedding"] }], ...more }, {
    config: { models: { providers: { ollama: { apiKey: "k", api } } } }
  })

const model = "ollama/e"

const sent = Effect.map(MockOllama.requests, (all) => all.map(({ json, path }) => [path, json]))

const texts = Array.from({ length: 25 }, (_, index) => `text ${index}`)

describe("embedMany", () => {
  it.effect("says all that was asked to Ollama's own API, without discovery", () =>
    Effect.gen(function*() {
      const options = { model, dimensions: 4, truncate: false, keepAlive: "5m" }
      const { embeddings, ignored, ref, usage } = yield* Embeddings.embedMany(["a", "b"], options)
      assert.instanceOf(embeddings[0], Float32Array)
      assert.deepStrictEqual([ignored, ref, usage], [[], model, { inputTokens: 2, totalTokens: 2 }])
      assert.deepStrictEqual(yield* sent, [
        ["/api/embed", { model: "e", input: ["a", "b"], truncate: false, dimensions: 4, keep_alive: "5m" }]
      ])
    }).pipe(Effect.provide(mock("ollama"))))

  it.effect("says on /v1 what can be said there, and what cannot", () =>
    Effect.gen(function*() {
      const options = { model, dimensions: 4, truncate: false, keepAlive: 1 } as const
      const { ignored, usage } = yield* Embeddings.embedMany(["a", "b"], options)
      assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["truncate", "keepAlive"])
      assert.deepStrictEqual(usage, { inputTokens: 2, totalTokens: 2 })
      assert.deepStrictEqual(yield* sent, [["/v1/embeddings", { model: "e", input: ["a", "b"], dimensions: 4 }]])
    }).pipe(Effect.provide(mock("openai-completions"))))

  for (const api of ["ollama", "openai-completions"] as const) {
    it.effect(`${api}: keeps the order over batches, a few at a time`, () =>
      Effect.gen(function*() {
        const many = yield* Embeddings.embedMany(texts, { model, vectors: "numbers", batchSize: 10 })
        assert.lengthOf(yield* MockOllama.requests, 3)
        for (const [index, text] of texts.entries()) {
          const { embedding } = yield* Embeddings.embed(text, { model, vectors: "numbers" })
          assert.deepStrictEqual(many.embeddings[index], embedding)
        }
      }).pipe(Effect.provide(mock(api))))
  }

  it.effect("goes by the index of /v1, not by the place", () =>
    Effect.gen(function*() {
      const { embeddings } = yield* Embeddings.embedMany(["a", "b"], { model, vectors: "numbers" })
      assert.deepStrictEqual(embeddings, [[1], [2]])
    }).pipe(Effect.provide(mock("openai-completions", {
      rules: [{ raw: { chunks: ["{\"data\":[{\"index\":1,\"embedding\":[2]},{\"index\":0,\"embedding\":[1]}]}"] } }]
    }))))

  it.effect("takes no answer that is not one vector for each text", () =>
    Effect.gen(function*() {
      for (
        const embeddings of ["[[1]]", "[[1],[1,2]]", "[[1],[]]", "[[1],[null]]", "[[1],3]", "null", "[[1],[1],[1]]"]
      ) {
        yield* MockOllama.setRules([{ raw: { chunks: [`{"embeddings":${embeddings}}`] } }])
        const error = yield* Effect.flip(Embeddings.embedMany(["a", "b"], { model }))
        assert.strictEqual(error._tag, "MalformedResponse", embeddings)
      }
    }).pipe(Effect.provide(mock("ollama"))))

  it.effect("takes no batches whose vectors have different lengths", () =>
    Effect.gen(function*() {
      const rules = ["[1]", "[1,2]"].map((vector) => ({ raw: { chunks: [`{"embeddings":[${vector}]}`] }, times: 1 }))
      yield* MockOllama.setRules(rules)
      const error = yield* Effect.flip(Embeddings.embedMany(["a", "b"], { model, batchSize: 1, concurrency: 1 }))
      assert.strictEqual(error._tag, "MalformedResponse")
    }).pipe(Effect.provide(mock("ollama"))))

  it.effect("takes no number that 32 bits cannot hold, when they are to", () =>
    Effect.gen(function*() {
      const { embedding } = yield* Embeddings.embed("a", { model, vectors: "numbers" })
      assert.deepStrictEqual(embedding, [1e39])
      assert.strictEqual((yield* Effect.flip(Embeddings.embed("a", { model })))._tag, "MalformedResponse")
    }).pipe(Effect.provide(mock("ollama", { rules: [{ raw: { chunks: ["{\"embeddings\":[[1e39]]}"] } }] }))))

  it.effect("takes no number for a vector that stands elsewhere", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Embeddings.embedMany(["a", "b"], { model }))
      assert.strictEqual(error._tag, "MalformedResponse")
    }).pipe(Effect.provide(mock("openai-completions", {
      rules: [{ raw: { chunks: ["{\"data\":[{\"embedding\":0},{\"embedding\":[1,2]}],\"x\":{\"embedding\":[3,4]}}"] } }]
    }))))

  it.effect("refuses what JSON does not have before it sends anything", () =>
    Effect.gen(function*() {
      for (
        const [field, options] of [["keep_alive", { keepAlive: Infinity }], ["dimensions", {
          dimensions: NaN
        }]] as const
      ) {
        const error = yield* Effect.flip(Embeddings.embed("a", { model, ...options }))
        assert(error._tag === "InvalidRequest")
        assert.strictEqual(error.path, field)
      }
      assert.deepStrictEqual(yield* sent, [])
    }).pipe(Effect.provide(mock("ollama"))))

  it.effect("asks nobody for nothing, and never another model", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* Embeddings.embedMany([], { model })).embeddings, [])
      assert.deepStrictEqual(yield* sent, [])
      const error = yield* Effect.flip(Embeddings.embed("a", { model: "ollama/other" }))
      assert(error._tag === "ModelNotFound")
      assert.lengthOf(yield* sent, 1)
    }).pipe(Effect.provide(mock("ollama"))))

  it.effect("asks a server that lists its chat models only, also by an alias and by a bare name", () =>
    Effect.gen(function*() {
      for (const name of ["vectors", "e"]) {
        const { ref } = yield* Embeddings.embed("a", { model: name })
        assert.strictEqual(ref, model)
      }
      assert.deepStrictEqual((yield* sent).map(([path]) => path), ["/api/embed", "/api/embed"])
    }).pipe(Effect.provide(MockOllama.layer({ models: [{ name: "e", capabilities: ["embedding"] }] }, {
      config: {
        models: { providers: { ollama: { apiKey: "k", api: "ollama" } } },
        agents: { defaults: { models: { "ollama/e": { alias: "vectors" } } } }
      }
    }))))

  it.effect("asks a provider with a list only for what it lists", () =>
    Effect.gen(function*() {
      yield* Embeddings.embed("a", { model: "gpu/e" })
      assert.strictEqual((yield* Effect.flip(Embeddings.embed("a", { model: "gpu/f" })))._tag, "UnknownModel")
      assert.deepStrictEqual((yield* MockOllama.requests).map(({ url }) => url), ["http://gpu-box:11434/api/embed"])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["e", "f"] }, {
      config: {
        models: {
          providers: {
            gpu: { baseUrl: "http://gpu-box:11434", api: "ollama", apiKey: "k", models: [{ id: "e", name: "e" }] }
          }
        }
      }
    }))))

  it.effect("repeats a request of a busy server", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Embeddings.embed("a", { model }))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      assert.lengthOf(yield* sent, 2)
    }).pipe(Effect.provide(mock("ollama", { rules: [{ fault: { type: "busy" }, times: 1 }] }))))

  it.effect("waits as long as the server says, and no longer than is worth it", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.flip(Embeddings.embed("a", { model })))
      yield* TestClock.adjust("19 seconds")
      assert.lengthOf(yield* sent, 1)
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "RateLimited")
      assert.lengthOf(yield* sent, 2)
    }).pipe(Effect.provide(mock("ollama", {
      rules: [20, 31].map((seconds) => ({
        times: 1,
        fault: { type: "status", status: 429, error: "slow down", headers: { "retry-after": `${seconds}` } }
      }))
    }))))

  it.effect("closes the connection when it is interrupted", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Embeddings.embed("a", { model }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 second")
      assert.isTrue((yield* MockOllama.requests)[0]!.aborted)
    }).pipe(Effect.provide(mock("ollama", { rules: [{ fault: { type: "stall" } }] }))))
})

describe("catalog", () => {
  const description = { models: [{ name: "e", capabilities: ["embedding"] }, "chat"] }

  it.effect("has the models of a server that make vectors", () =>
    Effect.gen(function*() {
      const { excluded, models } = yield* Embeddings.catalog("ollama")
      assert.deepStrictEqual(models.map(({ id }) => id), ["e:latest"])
      assert.deepStrictEqual(excluded, [{ name: "chat:latest", reason: "no-embedding" }])
    }).pipe(Effect.provide(mock("ollama", description))))

  it.effect("has what the configuration lists, and asks nobody", () =>
    Effect.gen(function*() {
      const { models } = yield* Embeddings.catalog("ollama")
      assert.deepStrictEqual(models.map(({ id }) => id), ["mine"])
      assert.deepStrictEqual(yield* sent, [])
    }).pipe(Effect.provide(MockOllama.layer(description, {
      config: { models: { providers: { ollama: { apiKey: "k", models: [{ id: "mine" }] } } } }
    }))))

  it.effect("fails for a provider that cannot be asked", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(Embeddings.catalog("nobody")))._tag, "ProviderUnavailable")
    }).pipe(Effect.provide(mock("ollama", description))))
})

describe("makeResolver", () => {
  const resolver = Embeddings.makeResolver({ model, window: "20 millis", maxTexts: 3 })

  it.effect("asks once for what fibers want within the window, each text once", () =>
    Effect.gen(function*() {
      const texts = yield* resolver
      const one = (text: string) => Effect.request(new Embeddings.EmbedText({ text }), texts)
      const first = yield* Effect.fork(one("a"))
      const second = yield* Effect.fork(Effect.zip(one("b"), one("b")))
      yield* TestClock.adjust("19 millis")
      assert.deepStrictEqual(yield* sent, [])
      yield* TestClock.adjust("1 millis")
      const a = yield* Fiber.join(first)
      yield* TestClock.adjust("20 millis")
      yield* Fiber.join(second)
      assert.deepStrictEqual((yield* sent)[0], ["/api/embed", { model: "e", input: ["a", "b"] }])
      assert.deepStrictEqual(a, (yield* Embeddings.embed("a", { model })).embedding)
    }).pipe(Effect.scoped, Effect.provide(mock("ollama"))))

  it.effect("does not wait when there is enough", () =>
    Effect.gen(function*() {
      const texts = yield* resolver
      yield* Effect.forEach(
        ["a", "b", "c"],
        (text) => Effect.request(new Embeddings.EmbedText({ text }), texts),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(yield* sent, 1)
    }).pipe(Effect.scoped, Effect.provide(mock("ollama"))))

  only3("a resolver of Effect 4 has no scope")(
    "interrupts who asks when its scope is closed",
    () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const texts = yield* Scope.extend(resolver, scope)
        const one = Effect.exit(Effect.request(new Embeddings.EmbedText({ text: "a" }), texts))
        const waiting = yield* Effect.fork(one)
        yield* TestClock.adjust("5 millis")
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(Exit.isInterrupted(yield* Fiber.join(waiting)))
        assert.isTrue(Exit.isInterrupted(yield* one))
      }).pipe(Effect.provide(mock("ollama")))
  )

  it.effect("fails for each with the typed error, and asks nothing for nobody", () =>
    Effect.gen(function*() {
      const texts = yield* Embeddings.makeResolver({ model: "ollama/other" })
      const begun = yield* Deferred.make<void>()
      const request = Effect.request(new Embeddings.EmbedText({ text: "a" }), texts)
      const left = yield* Effect.fork(Effect.zipRight(Deferred.succeed(begun, undefined), request))
      yield* Deferred.await(begun)
      yield* TestClock.adjust("5 millis")
      yield* Fiber.interrupt(left)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* sent, [])
      const fiber = yield* Effect.fork(Effect.flip(request))
      yield* TestClock.adjust("10 millis")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "ModelNotFound")
    }).pipe(Effect.scoped, Effect.provide(mock("ollama"))))
})
