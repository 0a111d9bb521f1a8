import { assert, describe, it } from "@effect/vitest"
import { Models, OllamaError, type OpenClawConfig, Provider } from "effect-ollama"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as f from "./fixtures.js"

const select = (
  provider: Provider.Provider,
  models: ReadonlyArray<OpenClawConfig.ModelSettings> = [],
  ref = `${provider.id}/x`
) => Effect.flatMap(f.models(f.config([f.ok(provider)], { models })), (service) => service.select(ref))

const withX = (id: string, entry: Partial<Provider.ProviderModel> = {}, fields: Partial<Provider.Provider> = {}) =>
  f.provider(id, { models: [{ definition: f.definition("x"), ...entry }], ...fields })

describe("Selection", () => {
  it.effect("does not stream from ollama, nor over its own API, unless it is set", () =>
    Effect.gen(function*() {
      const streaming = (provider: Provider.Provider, set?: boolean) =>
        Effect.map(
          select(provider, set === undefined ? [] : [{ ref: `${provider.id}/x:latest`, streaming: set }]),
          (selection) => selection.streaming
        )
      assert.isFalse(yield* streaming(withX("ollama")))
      assert.isFalse(yield* streaming(withX("ollama", {}, { api: "ollama" })))
      assert.isFalse(yield* streaming(withX("gpu", {}, { api: "ollama" })))
      assert.isFalse(yield* streaming(withX("gpu", { api: "ollama" })))
      assert.isTrue(yield* streaming(withX("groq")))
      assert.isTrue(yield* streaming(withX("ollama"), true))
      assert.isTrue(yield* streaming(withX("gpu", {}, { api: "ollama" }), true))
      assert.isFalse(yield* streaming(withX("groq"), false))
      assert.isFalse(yield* streaming(withX("ollama"), false))
    }))

  it.effect("takes the settings that are written at its ref, and no other's", () =>
    Effect.gen(function*() {
      const selection = yield* select(withX("ollama"), [
        { ref: " OLLAMA/x:latest ", params: { seed: 1 } },
        { ref: "ollama/X", params: { seed: 2 } },
        { ref: "groq/x", params: { seed: 3 } },
        { ref: "ollama/", params: { seed: 4 } }
      ])
      assert.deepStrictEqual(selection.params, [{ seed: 1 }])
    }))

  it.effect("takes the settings at its bare name too, under those at its ref", () =>
    Effect.gen(function*() {
      const selection = yield* select(withX("ollama"), [
        { ref: "ollama/x", streaming: true, params: { seed: 1 } },
        { ref: "x", streaming: false, params: { seed: 2 } }
      ])
      assert.isTrue(selection.streaming)
      assert.deepStrictEqual(selection.params, [{ seed: 2 }, { seed: 1 }])
    }))

  it.effect("has the parameters of the provider, then the model's, then the ref's", () =>
    Effect.gen(function*() {
      const selection = yield* select(
        withX("ollama", { params: { topP: 0.2 } }, { params: { topP: 0.1 } }),
        [{ ref: "ollama/x", params: { topP: 0.3 } }]
      )
      assert.deepStrictEqual(selection.params, [{ topP: 0.1 }, { topP: 0.2 }, { topP: 0.3 }])
    }))

  it.effect("lets the model's API and headers win over the provider's", () =>
    Effect.gen(function*() {
      const header = (value: string) => Redacted.make(value)
      const selection = yield* select(withX(
        "gpu",
        { api: "ollama", headers: { "x-team": header("model"), ["__proto__"]: header("own") } },
        { headers: { "X-Team": header("provider"), "X-Other": header("kept") } }
      ))
      assert.strictEqual(selection.api, "ollama")
      assert.deepStrictEqual(
        Object.entries(selection.endpoint.headers).map(([name, value]) => [name, Redacted.value(value)]),
        [["X-Other", "kept"], ["x-team", "model"], ["__proto__", "own"]]
      )
      assert.strictEqual(Object.getPrototypeOf(selection.endpoint.headers), Object.prototype)
    }))

  it.effect("has the model's field for the token limit, else max_tokens", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* select(withX("ollama"))).maxTokensField, "max_tokens")
      assert.strictEqual(
        (yield* select(withX("groq", { maxTokensField: "max_completion_tokens" }))).maxTokensField,
        "max_completion_tokens"
      )
    }))

  it.effect("of a discovered model has the settings of its provider", () =>
    Effect.gen(function*() {
      const provider = f.discovered({ api: "ollama", params: { keepAlive: "5m" } })
      const found = f.definition("x", { reasoning: true, known: ["reasoning"] })
      const models = yield* f.models(f.config([f.ok(provider)]), f.discovery(f.catalog(found)).service)
      const selection = yield* models.select("ollama/x")
      assert.strictEqual(selection.model, found)
      assert.strictEqual(selection.provider, provider)
      assert.strictEqual(selection.api, "ollama")
      assert.deepStrictEqual(selection.params, [{ keepAlive: "5m" }])
    }))
})

describe("Models.layerStatic", () => {
  it.effect("selects from the providers that it is given", () =>
    Effect.gen(function*() {
      const layer = Models.layerStatic([f.configured("ollama", "a", "b"), f.configured("groq", "llama")])
      const [first, bare] = yield* Effect.provide(
        Effect.all([Models.select(), Models.select("llama")]),
        layer
      )
      assert.strictEqual(first.ref, "ollama/a")
      assert.strictEqual(first.selectedBy, "first-available")
      assert.strictEqual(bare.ref, "groq/llama")
    }))

  it("tells that its providers are configured, and tries no fallbacks of its own", () => {
    const given = f.configured("ollama", "a")
    const models = Models.makeStatic([given])
    assert.deepStrictEqual(models.providers.map(({ configured, id, result }) => [id, configured, result]), [
      ["ollama", true, Either.right(given)]
    ])
    assert.deepStrictEqual(models.candidates().map(({ ref }) => ref), ["ollama/a"])
    assert.deepStrictEqual(models.candidates({ model: "x" }).map(({ ref }) => ref), ["x"])
  })

  it.effect("takes a primary, fallbacks and settings", () =>
    Effect.gen(function*() {
      const models = Models.makeStatic({
        providers: [f.configured("ollama", "a", "b", "c")],
        primary: "fast",
        fallbacks: ["c"],
        models: [{ ref: "ollama/b", alias: "fast", streaming: true }]
      })
      assert.deepStrictEqual(models.candidates().map((candidate) => candidate.ref), ["ollama/b", "c"])
      const selection = yield* models.select()
      assert.strictEqual(selection.ref, "ollama/b")
      assert.isTrue(selection.streaming)
    }))

  it.effect("of two providers with one id takes the first, in everything", () =>
    Effect.gen(function*() {
      const first = f.configured("ollama", "a")
      const models = Models.makeStatic([first, f.provider(" Ollama", { root: "http://gpu", models: first.models }), {
        ...f.configured("ollama", "b"),
        root: "http://gpu"
      }])
      assert.lengthOf(models.providers, 1)
      assert.deepStrictEqual((yield* models.catalog("ollama")).models.map(({ id }) => id), ["a"])
      assert.strictEqual((yield* models.select("a")).endpoint.root, f.root)
      assert.strictEqual((yield* Effect.flip(models.select("ollama/b")))._tag, "UnknownModel")
    }))

  it.effect("drops a parameter that cannot be sent, and says so", () =>
    Effect.gen(function*() {
      const models = Models.makeStatic({
        providers: [f.configured("ollama", "a")],
        models: [{ ref: "ollama/a", params: { temperature: "hot", top_p: 0.5 } }]
      })
      const selection = yield* models.select()
      assert.deepStrictEqual(selection.params, [{ topP: 0.5 }])
      assert.deepStrictEqual(selection.ignored, [{
        setting: "temperature",
        reason: "models[0].params.temperature: expected a finite number, found a string"
      }])
    }))

  it.effect("streams when the parameters of the model say so, unless its setting says otherwise", () =>
    Effect.gen(function*() {
      const params = { streaming: true }
      const made = Either.getOrThrow(
        Provider.make({ models: [{ id: "a", params }, { id: "b", params, streaming: false }, { id: "c" }] })
      )
      const models = Models.makeStatic({ providers: [made], models: [{ ref: "ollama/c", params }] })
      const streaming = yield* Effect.forEach(["a", "b", "c"], (id) => models.select(id))
      assert.deepStrictEqual(streaming.map((selection) => selection.streaming), [true, false, true])
    }))

  it.effect("makes the provider from a plain record", () =>
    Effect.gen(function*() {
      const layer = Models.layerStatic({
        baseUrl: "http://gpu-box:11434/v1/",
        api: "ollama",
        models: ["gpt-oss:20b", { id: "llava", input: ["text", "image"] }]
      })
      const [first, second] = yield* Effect.provide(Effect.all([Models.select(), Models.select("llava")]), layer)
      assert.strictEqual(first.ref, "ollama/gpt-oss:20b")
      assert.strictEqual(first.provider.root, "http://gpu-box:11434")
      assert.isFalse(first.streaming)
      assert.deepStrictEqual(second.model.input, ["text", "image"])
    }))

  it.effect("fails with what is wrong with the record", () =>
    Effect.gen(function*() {
      const layer = Models.layerStatic({ baseUrl: "gpu-box:11434", models: ["x"] })
      const error = yield* Effect.flip(Effect.provide(Models.select("ollama/x"), layer))
      assert.instanceOf(error, OllamaError.ConfigInvalid)
      assert.strictEqual(error.problems[0]!.path, "baseUrl")
    }))

  it.effect("without models says that none are listed", () =>
    Effect.gen(function*() {
      const models = Models.makeStatic([f.provider("ollama")])
      assert.strictEqual((yield* Effect.flip(models.select()))._tag, "NoModelsConfigured")
      assert.strictEqual((yield* Effect.flip(models.select("ollama/x")))._tag, "NoModelsConfigured")
      const none = Models.makeStatic([])
      assert.strictEqual((yield* Effect.flip(none.select()))._tag, "ProviderUnavailable")
      assert.strictEqual((yield* Effect.flip(none.select("x")))._tag, "ProviderUnavailable")
    }))
})
