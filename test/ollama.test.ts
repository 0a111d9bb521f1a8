import { FileSystem, KeyValueStore } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Fiber, Layer, Schedule, TestClock } from "effect"
import { ChatCompletions, Models, Ollama, OllamaClient } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { provider } from "./discovery.fixtures.js"

const count = (path: string) =>
  Effect.map(MockOllama.requests, (all) => all.filter((request) => request.path === path).length)

const later = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const withoutVariables = Layer.setConfigProvider(ConfigProvider.fromMap(new Map()))

describe("the options of Ollama", () => {
  it.effect("reach the client", () =>
    Effect.gen(function*() {
      const error = yield* later(Effect.flip(OllamaClient.version(provider())))
      assert(error._tag === "RequestTimeout")
      assert.strictEqual(error.limit, 1500)
      const load = yield* later(Effect.flip(OllamaClient.load(provider(), "a")))
      assert(load._tag === "RequestTimeout")
      assert.strictEqual(load.limit, 120_000)
    }).pipe(Effect.provide(
      MockOllama.layer({ models: ["a"], rules: [{ fault: { type: "stall" } }] }, {
        client: { timeout: "1.5 seconds", loadTimeout: "2 minutes" }
      })
    )))

  it.effect("reach discovery", () =>
    Effect.gen(function*() {
      const error = yield* later(Effect.flip(Models.catalog("ollama")))
      assert(error._tag === "RequestTimeout")
      assert.strictEqual(error.limit, 7000)
      assert.strictEqual(yield* count("/api/tags"), 1)
    }).pipe(Effect.provide(
      MockOllama.layer({ rules: [{ fault: { type: "stall" } }] }, {
        discovery: { probeSchedule: Schedule.stop, tagsTimeout: "7 seconds" }
      })
    )))

  it.effect("reach the catalogs", () =>
    Effect.gen(function*() {
      yield* Models.catalog("ollama")
      yield* TestClock.adjust("59 seconds")
      yield* Models.catalog("ollama")
      assert.strictEqual(yield* count("/api/tags"), 1)
      yield* TestClock.adjust("1 second")
      yield* Models.catalog("ollama")
      assert.strictEqual(yield* count("/api/tags"), 2)
    }).pipe(Effect.provide(MockOllama.layer({ models: ["a"] }, { models: { timeToLive: "1 minute" } }))))

  it.effect("reach the completions", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(error._tag, "ServerBusy")
      assert.strictEqual(yield* count("/v1/chat/completions"), 1)
    }).pipe(Effect.provide(
      MockOllama.layer({ models: ["a"], replies: [{ fault: { type: "busy" } }] }, {
        completions: { retrySchedule: Schedule.stop }
      })
    )))

  it.scoped("let discovery outlive the process", () =>
    Effect.gen(function*() {
      const store = Layer.succeedContext(yield* Layer.build(KeyValueStore.layerMemory))
      const mock = Layer.succeedContext(yield* Layer.build(MockOllama.layerHttpClient({ models: ["a"] })))
      const life = Effect.provide(
        Models.catalog("ollama"),
        Ollama.layerValue({}, { discover: true, discovery: { persisted: true } }).pipe(
          Layer.provide([store, mock, withoutVariables])
        )
      )
      assert.deepStrictEqual(yield* life, yield* life)
      assert.deepStrictEqual(
        yield* Effect.provide(Effect.all([count("/api/tags"), count("/api/show")]), mock),
        [2, 1]
      )
    }))

  it.scoped("name the file, and let discovery be kept beside it", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const path = `${directory}/mine.json`
      yield* fs.writeFileString(path, "{ models: { providers: { ollama: { apiKey: 'ollama-local' } } } }")
      const mock = Layer.succeedContext(yield* Layer.build(MockOllama.layerHttpClient({ models: ["a"] })))
      const catalog = yield* Effect.provide(
        Models.catalog("ollama"),
        Ollama.layerWith({ path, discovery: { persisted: true } }).pipe(
          Layer.provide(KeyValueStore.layerFileSystem(`${directory}/store`)),
          Layer.provide([mock, NodeContext.layer, withoutVariables])
        )
      )
      assert.deepStrictEqual(catalog.models.map(({ id }) => id), ["a:latest"])
      assert.strictEqual((yield* fs.readDirectory(`${directory}/store`)).length, 1)
    }).pipe(Effect.provide(NodeContext.layer)))
})

describe("limits without an end", () => {
  it.effect("wait as long as it takes", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* later(Models.catalog("ollama"))).models.map(({ id }) => id), ["a:latest"])
      assert.strictEqual(yield* later(OllamaClient.version(provider())), "0.33.0")
    }).pipe(Effect.provide(
      MockOllama.layer({ models: ["a"], rules: [{ delayMs: 600_000 }] }, {
        discovery: {
          tagsTimeout: Duration.infinity,
          attemptTimeout: Duration.infinity,
          showTimeout: Duration.infinity
        },
        client: { timeout: Duration.infinity }
      })
    )))
})
