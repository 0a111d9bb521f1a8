import { KeyValueStore } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, TestClock } from "effect"
import { ModelDiscovery } from "effect-ollama"
import { type Installed, json, provider, reset, server, shown, stub } from "./discovery.fixtures.js"

const root = "http://127.0.0.1:11434"

const keyOf = (root: string) => `effect-ollama/show/${root}`

const memory = Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory)

/** One life of a program: a discovery that knows what the store does, and no more. */
const life = (
  http: ReturnType<typeof stub>,
  store: KeyValueStore.KeyValueStore,
  options: ModelDiscovery.Options = {}
) =>
  Effect.provide(
    ModelDiscovery.make({ ...options, persisted: true }),
    Layer.merge(http.layer, Layer.succeed(KeyValueStore.KeyValueStore, store))
  )

const discover = (...args: Parameters<typeof life>) =>
  Effect.flatMap(life(...args), (discovery) => discovery.discover(provider()))

const names = (models: ReadonlyArray<{ readonly name: string }>) => models.map((model) => model.name)

const serving = (models: Readonly<Record<string, Installed>>) => stub(server(() => models))

const shows = (http: ReturnType<typeof stub>) => http.sent.filter(({ body }) => body !== "").length

const writing = (store: KeyValueStore.KeyValueStore, models: Readonly<Record<string, unknown>>) =>
  store.set(keyOf(root), JSON.stringify({ version: 1, models }))

describe("a persisted discovery", () => {
  it.effect("remembers from one life to the next", () =>
    Effect.gen(function*() {
      const http = serving({ a: { show: shown(["tools", "thinking"], { parameters: "num_ctx 4096" }) } })
      const store = yield* memory
      const first = yield* discover(http, store)
      assert.deepStrictEqual(yield* discover(http, store), first)
      assert.strictEqual(http.sent.length, 3)
    }))

  it.effect("reads the store once, and writes it when there is something new", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const used: Array<string> = []
      const models: Record<string, Installed> = { a: {} }
      const discovery = yield* life(stub(server(() => models)), {
        ...store,
        get: (key: string) => Effect.zipRight(Effect.sync(() => used.push("get")), store.get(key)),
        set: (key: string, value: string | Uint8Array) =>
          Effect.zipRight(Effect.sync(() => used.push("set")), store.set(key, value))
      })
      yield* discovery.discover(provider())
      yield* discovery.discover(provider())
      assert.deepStrictEqual(used, ["get", "set"])
      models["b"] = {}
      yield* discovery.discover(provider())
      assert.deepStrictEqual(used, ["get", "set", "set"])
    }))

  it.effect("keeps each server's models by themselves", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const discovery = yield* life(
        stub((sent) => server(() => sent.url.startsWith(root) ? { a: {} } : { b: {} })(sent)),
        store
      )
      yield* discovery.discover(provider())
      yield* discovery.discover(provider({ root: "http://gpu-box" }))
      const digests = (root: string) =>
        Effect.map(store.get(keyOf(root)), (text) => Object.keys(JSON.parse(Option.getOrThrow(text)).models))
      assert.deepStrictEqual(yield* digests(root), ["digest of a"])
      assert.deepStrictEqual(yield* digests("http://gpu-box"), ["digest of b"])
    }))

  it.effect("is stored the next time when the store failed", () =>
    Effect.gen(function*() {
      const store = yield* memory
      let writes = 0
      const discovery = yield* life(serving({ a: {} }), {
        ...store,
        set: (key: string, value: string | Uint8Array) =>
          Effect.suspend(() => ++writes === 1 ? Effect.die(new Error("disk full")) : store.set(key, value))
      })
      yield* Effect.repeatN(discovery.discover(provider()), 2)
      assert.strictEqual(writes, 2, "tried again once, and not again when there is nothing new")
      assert.include(Option.getOrThrow(yield* store.get(keyOf(root))), "digest of a")
    }))

  it.effect("does not wait for a store that does not answer longer than 2 s, for reading and for writing", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const discovery = yield* life(serving({ a: {} }), { ...store, get: () => Effect.never, set: () => Effect.never })
      const fiber = yield* Effect.fork(discovery.discover(provider()))
      yield* TestClock.adjust("4 seconds")
      const exit = Option.getOrThrow(yield* Fiber.poll(fiber))
      assert.deepStrictEqual(names((yield* exit).models), ["a"])
    }))

  it.effect("knows better what it asked itself than what it could not read at first", () =>
    Effect.gen(function*() {
      const store = yield* memory
      yield* writing(store, { "digest of a": { at: 0, capabilities: ["embedding"] } })
      let reads = 0
      const http = serving({ a: {} })
      const discovery = yield* life(http, {
        ...store,
        get: (key: string) => Effect.suspend(() => ++reads === 1 ? Effect.die(new Error("locked")) : store.get(key)),
        set: () => Effect.void
      })
      for (let i = 0; i < 2; i++) assert.deepStrictEqual(names((yield* discovery.discover(provider())).models), ["a"])
      assert.deepStrictEqual([reads, shows(http)], [2, 1])
    }))

  it.effect("believes the store for 24 hours, and not at all what it knows from the future", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const known = { capabilities: ["tools"], contextWindow: 5, numCtx: 3 }
      const day = 24 * 60 * 60 * 1000
      yield* TestClock.setTime(2 * day)
      const http = serving({ fresh: {}, old: {}, future: {} })
      yield* writing(store, {
        "digest of fresh": { at: day + 1, ...known },
        "digest of old": { at: day, ...known },
        "digest of future": { at: 2 * day + 1, ...known }
      })
      const { models } = yield* discover(http, store)
      assert.deepStrictEqual(
        models.map(({ contextWindow, name, numCtx }) => [name, contextWindow, numCtx]),
        [["fresh", 5, 3], ["future", 32768, undefined], ["old", 32768, undefined]]
      )
      assert.strictEqual(shows(http), 2)
    }))

  it.effect("falls back on what is too old when the server does not say", () =>
    Effect.gen(function*() {
      const store = yield* memory
      yield* TestClock.setTime(1e12)
      yield* writing(store, { "digest of a": { at: 0, capabilities: ["tools"], contextWindow: 5 } })
      const { models } = yield* discover(serving({ a: { answer: () => reset } }), store)
      assert.deepStrictEqual(models.map(({ contextWindow }) => contextWindow), [5])
    }))

  it.effect("asks again when the store holds something else", () =>
    Effect.gen(function*() {
      for (
        const content of [
          "nonsense",
          "{\"version\":1,\"models\":{\"digest of a\":{\"at\":0}}}",
          "{\"version\":1,\"models\":{\"digest of a\":{\"capabilities\":[\"tools\"]}}}",
          "{\"version\":1,\"models\":{\"digest of a\":null}}",
          "{\"version\":2,\"models\":{\"digest of a\":{\"at\":0,\"capabilities\":[\"tools\"]}}}",
          "{\"version\":1,\"models\":[]}",
          "null"
        ]
      ) {
        const http = serving({ a: {} })
        const store = yield* memory
        yield* store.set(keyOf(root), content)
        assert.deepStrictEqual(names((yield* discover(http, store)).models), ["a"])
        assert.strictEqual(http.sent.length, 2, content)
      }
    }))

  it.effect("takes no number from the store that is none of a catalog", () =>
    Effect.gen(function*() {
      for (const wrong of [0, -1, "5", null, true]) {
        const store = yield* memory
        yield* writing(store, {
          "digest of a": { at: 0, capabilities: ["tools"], contextWindow: wrong, numCtx: wrong }
        })
        const { models: [model] } = yield* discover(serving({ a: {} }), store)
        assert.strictEqual(model!.contextWindow, 8192)
        assert.notProperty(model, "numCtx")
      }
    }))

  it.effect("does not store what a server did not say, or what has no digest", () =>
    Effect.gen(function*() {
      const store = yield* memory
      const http = stub((sent) =>
        sent.url.endsWith("/api/tags")
          ? json({ models: [{ name: "nameless" }, { name: "old", digest: "old" }] })
          : json(shown(sent.body.includes("old") ? undefined : ["tools"]))
      )
      const discovery = yield* life(http, store)
      yield* discovery.discover(provider())
      yield* discovery.discover(provider())
      assert.strictEqual(shows(http), 4)
      assert.isTrue(Option.isNone(yield* store.get(keyOf(root))))
    }))
})
