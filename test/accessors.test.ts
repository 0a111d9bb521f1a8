import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { ModelDiscovery, Models, OllamaClient } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import * as MockNode from "effect-ollama/testing/node"
import { provider } from "./discovery.fixtures.js"
import * as f from "./models/fixtures.js"

describe("accessors", () => {
  it.effect("of Models are the methods of the service", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a", "b"))
      yield* Effect.gen(function*() {
        const models = yield* Models.Models
        assert.strictEqual(yield* Models.providers, models.providers)
        assert.isTrue(Option.isNone(yield* Models.lastGood("ollama")))
        const catalog = yield* Models.catalog("ollama")
        assert.strictEqual(yield* models.catalog("ollama"), catalog)
        assert.deepStrictEqual(Option.getOrNull(yield* Models.lastGood("ollama")), catalog)
        assert.strictEqual(state.calls, 1)
        yield* Models.refresh("ollama")
        assert.strictEqual(state.calls, 2)
        assert.strictEqual((yield* Models.select("b")).ref, "ollama/b")
        const candidates = yield* Models.candidates({ model: "b", fallbacks: ["a"] })
        assert.deepStrictEqual(candidates.map(({ ref }) => ref), ["b", "a"])
        assert.deepStrictEqual((yield* Models.candidates()).map(({ selectedBy }) => selectedBy), ["first-available"])
      }).pipe(Effect.provide(f.layer(f.config([f.ok(f.discovered())]), service)))
    }))

  it.effect("of ModelDiscovery ask for the provider that is given", () =>
    Effect.gen(function*() {
      const catalog = yield* ModelDiscovery.discover(provider({ root: "http://gpu-box:11434" }))
      assert.strictEqual(catalog.url, "http://gpu-box:11434")
      assert.deepStrictEqual(catalog.models.map(({ id }) => id), ["a:latest"])
    }).pipe(
      Effect.provide(ModelDiscovery.layer),
      Effect.provide(MockOllama.layerHttpClient({ models: ["a"] }))
    ))

  it.effect("of OllamaClient ask the endpoint that is given", () =>
    Effect.gen(function*() {
      const asked = provider()
      assert.strictEqual(yield* OllamaClient.version(asked), "0.33.0")
      assert.deepStrictEqual((yield* OllamaClient.tags(asked)).map(({ name }) => name), ["a:latest"])
      assert.strictEqual((yield* OllamaClient.show(asked, "a")).contextWindow, 32768)
      yield* OllamaClient.load(asked, "a", { numCtx: 2048, keepAlive: -1 })
      assert.deepStrictEqual((yield* OllamaClient.ps(asked)).map(({ forever }) => forever), [true])
      yield* OllamaClient.unload(asked, "a")
      assert.deepStrictEqual(yield* OllamaClient.ps(asked), [])
      const sent = (yield* MockOllama.requests)[3]!
      assert.deepInclude(sent.json, { keep_alive: -1, options: { num_ctx: 2048 } })
    }).pipe(
      Effect.provide(OllamaClient.layer),
      Effect.provide(MockOllama.layerHttpClient({ models: ["a"] }))
    ))

  it.effect("of OllamaClient take the endpoint of a selection, with the headers of its model", () =>
    Effect.gen(function*() {
      const { endpoint, model } = yield* Models.select()
      yield* OllamaClient.load(endpoint, model.id)
      const [sent] = yield* MockOllama.requests
      assert.deepInclude(sent!.headers, { "x-team": "model", "x-other": "provider" })
    }).pipe(
      Effect.provide(OllamaClient.layer),
      Effect.provide(Models.layerStatic([
        provider({
          source: "configured",
          headers: { "x-team": Redacted.make("provider"), "x-other": Redacted.make("provider") },
          models: [{ definition: f.definition("a"), headers: { "x-team": Redacted.make("model") } }]
        })
      ])),
      Effect.provide(MockOllama.layerHttpClient({ models: ["a"] }))
    ))

  it.effect("of MockOllama see and change the mock", () =>
    Effect.gen(function*() {
      const url = `${yield* MockOllama.url}/api/chat`
      const chat = (model: string) =>
        HttpClientRequest.post(url).pipe(
          HttpClientRequest.bodyUnsafeJson({ model, messages: [{ role: "user", content: "Hi" }], stream: false }),
          HttpClient.execute
        )
      const text = (model: string) =>
        Effect.map(
          Effect.flatMap(chat(model), (response) => response.json),
          (json) => (json as { readonly message: { readonly content: string } }).message.content
        )
      yield* MockOllama.setModels(["b"])
      yield* MockOllama.setReplies(["one"])
      yield* MockOllama.push("two", "three")
      assert.deepStrictEqual([yield* text("b"), yield* text("b"), yield* text("b")], ["one", "two", "three"])
      yield* MockOllama.setRules([{ fault: { type: "busy" } }])
      assert.strictEqual((yield* chat("b")).status, 503)
      assert.strictEqual((yield* MockOllama.requests).length, 4)
      yield* MockOllama.reset
      assert.strictEqual((yield* MockOllama.requests).length, 0)
      assert.strictEqual(yield* text("a"), "zero")
    }).pipe(Effect.provide(MockOllama.layerHttpClient({ models: ["a"], replies: ["zero"], prefix: "/ollama" }))))

  it.live("of MockServer see and change the socket", () =>
    Effect.gen(function*() {
      const url = yield* MockNode.url
      assert.strictEqual(url, `http://127.0.0.1:${yield* MockNode.port}`)
      const version = Effect.flatMap(HttpClient.get(`${url}/api/version`), (response) => response.text)
      yield* version
      assert.strictEqual((yield* MockNode.connections).opened, 1)
      yield* MockNode.stop
      assert.strictEqual((yield* Effect.flip(version))._tag, "RequestError")
      yield* MockNode.start
      yield* version
      yield* MockOllama.setRules([{ path: "/api/tags", fault: { type: "stall" } }])
      yield* Effect.timeoutOption(HttpClient.get(`${url}/api/tags`), "50 millis")
      assert.strictEqual((yield* MockNode.nextAborted).path, "/api/tags")
    }).pipe(Effect.provide(Layer.merge(MockNode.layerServer(), FetchHttpClient.layer))))
})
