import { assert, describe, it } from "@effect/vitest"
import { ChatCompletions, type ConfigValue, Models, Ollama, OllamaError, type OpenClawConfig } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"

const withKey = { OLLAMA_API_KEY: "ollama-local" }

/** Everything over the mock, with these variables and no others. */
const on = (
  config: OpenClawConfig.ConfigInput,
  env: Readonly<Record<string, string>> = withKey,
  description: MockOllama.Description = { models: ["a"], replies: ["hello"] }
) =>
  Ollama.layerValue(config).pipe(
    Layer.provideMerge(MockOllama.layerHttpClient(description)),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)))))
  )

const paths = Effect.map(MockOllama.requests, (all) => all.map(({ path }) => path))
const count = (path: string) => Effect.map(paths, (all) => all.filter((one) => one === path).length)
const tags = count("/api/tags")
const has = (...models: ReadonlyArray<string>) => MockOllama.setModels(models)
const breaking = (...rules: ReadonlyArray<MockOllama.Rule>) => MockOllama.setRules(rules)

const ask = (model?: string) => ChatCompletions.create({ prompt: "hi", ...(model === undefined ? {} : { model }) })
const refOf = (model: string) => Effect.map(Models.select(model), ({ ref }) => ref)
const missing = (model: string) => Effect.map(Effect.flip(Models.select(model)), ({ _tag }) => _tag)

// The probe waits between its attempts.
const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust("10 seconds")
    return yield* Fiber.join(fiber)
  })

const completions = "/v1/chat/completions"
type Providers = NonNullable<NonNullable<ConfigValue.ConfigValueEncoded["models"]>["providers"]>
const entry = (ollama: Providers[string]): OpenClawConfig.ConfigInput => ({ models: { providers: { ollama } } })
const list = [{ id: "listed" }]

describe("which provider, by what is sent", () => {
  it.effect("nothing but a key: the models of 127.0.0.1:11434 are discovered", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask()).ref, "ollama/a:latest")
      const sent = yield* MockOllama.requests
      assert.deepStrictEqual(sent.map(({ method, url }) => [method, url]), [
        ["GET", "http://127.0.0.1:11434/api/tags"],
        ["POST", "http://127.0.0.1:11434/api/show"],
        ["POST", `http://127.0.0.1:11434${completions}`]
      ])
    }).pipe(Effect.provide(on({}))))

  it.effect("an entry without baseUrl and models: the same, and its other settings apply", () =>
    Effect.gen(function*() {
      yield* ask()
      const sent = yield* MockOllama.requests
      assert.deepStrictEqual(sent.map(({ path }) => path), ["/api/tags", "/api/show", "/api/chat"])
      for (const { headers } of sent) assert.strictEqual(headers["x-team"], "blue")
      const { options } = sent[2]!.json as { readonly options: unknown }
      assert.deepStrictEqual(options, { temperature: 0.25 })
    }).pipe(
      Effect.provide(on(entry({ api: "ollama", headers: { "x-team": "blue" }, params: { temperature: 0.25 } })))
    ))

  for (const [what, config] of [["nothing", {}], ["an entry without a key", entry({ api: "ollama" })]] as const) {
    it.effect(`${what}: not enabled, and no request`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(ask()))._tag, "NotEnabled")
        assert.strictEqual((yield* Effect.flip(ask("ollama/a")))._tag, "NotEnabled")
        assert.deepStrictEqual(yield* paths, [])
      }).pipe(Effect.provide(on(config, {}))))
  }

  it.effect("models and a key: only completions are sent, with the key that fills in", () =>
    Effect.gen(function*() {
      yield* ask()
      yield* ask("ollama/listed")
      assert.strictEqual((yield* Effect.flip(ask("ollama/a")))._tag, "UnknownModel")
      yield* Models.refresh("ollama")
      const sent = yield* MockOllama.requests
      assert.deepStrictEqual(
        sent.map(({ headers, model, url }) => [url, model, headers["authorization"]]),
        [1, 2].map(() => [`http://127.0.0.1:11434${completions}`, "listed", "Bearer ollama-local"])
      )
    }).pipe(Effect.provide(on(entry({ models: list }), withKey, { models: ["listed", "a"], replies: ["hello"] }))))

  it.effect("models without a key: unavailable, no request, and other providers are unaffected", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ask("ollama/listed"))
      assert.instanceOf(error, OllamaError.ProviderUnavailable)
      assert.strictEqual(error.reason, "no-credential")
      assert.include(error.hint, "OLLAMA_API_KEY")
      assert.deepStrictEqual(yield* paths, [])
      assert.strictEqual((yield* ask("gpu/listed")).ref, "gpu/listed")
      assert.deepStrictEqual((yield* MockOllama.requests).map(({ url }) => url), [`http://gpu.test${completions}`])
    }).pipe(Effect.provide(on(
      {
        models: {
          providers: {
            ollama: { models: list },
            gpu: { api: "openai-completions", baseUrl: "http://gpu.test/v1", authHeader: false, models: list }
          }
        }
      },
      {},
      { models: ["listed"], replies: ["hello"] }
    ))))

  for (const [what, env] of [["with a key", withKey], ["without one", {}]] as const) {
    it.effect(`baseUrl without models, ${what}: empty, and no request`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(ask()))._tag, "NoModelsConfigured")
        const error = yield* Effect.flip(ask("ollama/a"))
        assert.strictEqual(error._tag, "NoModelsConfigured")
        assert.include((error as OllamaError.NoModelsConfigured).hint, "set OLLAMA_API_KEY")
        assert.strictEqual((yield* Effect.flip(Models.refresh("ollama")))._tag, "NoModelsConfigured")
        assert.deepStrictEqual(yield* paths, [])
      }).pipe(Effect.provide(on(entry({ baseUrl: "http://127.0.0.1:11434" }), env))))
  }
})

describe("the catalog, by what is sent", () => {
  it.effect("is asked for once in 30 s, and then with one request when nothing is new", () =>
    Effect.gen(function*() {
      yield* refOf("ollama/a")
      assert.deepStrictEqual(yield* paths, ["/api/tags", "/api/show"])
      yield* TestClock.adjust("29999 millis")
      yield* refOf("ollama/a")
      assert.strictEqual(yield* tags, 1)
      yield* TestClock.adjust("1 millis")
      yield* refOf("ollama/a")
      yield* refOf("ollama/a")
      assert.deepStrictEqual(yield* paths, ["/api/tags", "/api/show", "/api/tags"])
    }).pipe(Effect.provide(on({}))))

  it.effect("is refreshed with exactly one request when nothing is new", () =>
    Effect.gen(function*() {
      yield* Models.refresh("ollama")
      yield* MockOllama.reset
      yield* Models.refresh("ollama")
      assert.deepStrictEqual(yield* paths, ["/api/tags"])
    }).pipe(Effect.provide(on({}))))

  it.effect("is asked for once by ten that want it at a time", () =>
    Effect.gen(function*() {
      yield* breaking({ path: "/api/tags", delayMs: 100 })
      const readers = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 10 }), () => refOf("ollama/a"), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(new Set(yield* Fiber.join(readers)), new Set(["ollama/a:latest"]))
      assert.deepStrictEqual(yield* paths, ["/api/tags", "/api/show"])
    }).pipe(Effect.provide(on({}))))

  it.effect("shows a model that was pulled, on a miss, and asks only about that one", () =>
    Effect.gen(function*() {
      yield* refOf("ollama/a")
      yield* has("a", "pulled")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* ask("ollama/pulled")).ref, "ollama/pulled:latest")
      const sent = (yield* MockOllama.requests).slice(2)
      assert.deepStrictEqual(
        sent.map(({ model, path }) => [path, model]),
        [["/api/tags", undefined], ["/api/show", "pulled:latest"], [completions, "pulled:latest"]]
      )
    }).pipe(Effect.provide(on({}))))

  it.effect("is asked for by a missing ref at most every 2 s, and no completion is sent for it", () =>
    Effect.gen(function*() {
      yield* refOf("ollama/a")
      yield* TestClock.adjust("5 seconds")
      for (let i = 0; i < 3; i++) assert.strictEqual((yield* Effect.flip(ask("ollama/nope")))._tag, "UnknownModel")
      assert.strictEqual(yield* tags, 2)
      yield* TestClock.adjust("1999 millis")
      yield* missing("ollama/other")
      assert.strictEqual(yield* tags, 2)
      yield* TestClock.adjust("1 millis")
      yield* missing("ollama/nope")
      assert.strictEqual(yield* tags, 3)
      assert.strictEqual(yield* count(completions), 0)
    }).pipe(Effect.provide(on({}))))

  it.effect("is asked for anew by a ref that an older question, still open, does not have", () =>
    Effect.gen(function*() {
      yield* breaking({ path: "/api/show", delayMs: 1000 })
      const reader = yield* Effect.fork(refOf("ollama/a"))
      yield* TestClock.adjust("500 millis")
      yield* has("a", "pulled")
      const selecting = yield* Effect.fork(refOf("ollama/pulled"))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(reader), "ollama/a:latest")
      assert.strictEqual(yield* Fiber.join(selecting), "ollama/pulled:latest")
      assert.strictEqual(yield* tags, 2)
    }).pipe(Effect.provide(on({}))))

  it.effect("that is good lets a completion through while the list is not answered", () =>
    Effect.gen(function*() {
      yield* refOf("ollama/a")
      yield* TestClock.adjust("1 hour")
      yield* breaking({ path: "/api/tags", fault: { type: "refused" } })
      const before = (yield* MockOllama.requests).length
      assert.strictEqual((yield* patiently(ask("ollama/a"))).text, "hello")
      assert.deepStrictEqual((yield* paths).slice(before), [
        ...Array.from({ length: 4 }, () => "/api/tags"),
        completions
      ])
    }).pipe(Effect.provide(on({}))))

  it.effect("is no failure: after one the server is asked again at once", () =>
    Effect.gen(function*() {
      yield* breaking({ path: "/api/tags", fault: { type: "refused" } })
      const error = yield* patiently(Effect.flip(Models.select("ollama/a")))
      assert.instanceOf(error, OllamaError.ConnectionRefused)
      assert.strictEqual(error.attempts, 4)
      assert.strictEqual(yield* tags, 4)
      yield* breaking()
      assert.strictEqual(yield* refOf("ollama/a"), "ollama/a:latest")
      assert.strictEqual(yield* tags, 5)
    }).pipe(Effect.provide(on({}))))
})
