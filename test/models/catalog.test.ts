import { assert, describe, it } from "@effect/vitest"
import { Model, Models, OllamaError } from "effect-ollama"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as f from "./fixtures.js"

const ids = (catalog: Model.Catalog) => catalog.models.map((model) => model.id)

const ollama = f.config([f.ok(f.discovered())])

describe("Models.catalog", () => {
  it.effect("asks nobody before a catalog is needed", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      assert.strictEqual(models.providers[0]!.id, "ollama")
      models.candidates()
      assert.isTrue(Option.isNone(yield* models.lastGood("ollama")))
      assert.strictEqual(state.calls, 0)
    }))

  it.effect("is asked for again when the time to live is over, and not before", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      yield* TestClock.adjust("29999 millis")
      yield* models.catalog("ollama")
      assert.strictEqual(state.calls, 1)
      state.answer = f.catalog("a", "b")
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(ids(yield* models.catalog("ollama")), ["a", "b"])
      assert.strictEqual(state.calls, 2)
    }))

  it.effect("takes the time to live from the options", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service, { timeToLive: "1 minute" })
      yield* models.catalog("ollama")
      yield* TestClock.adjust("59 seconds")
      yield* models.catalog("ollama")
      assert.strictEqual(state.calls, 1)
      yield* TestClock.adjust("1 seconds")
      yield* models.catalog("ollama")
      assert.strictEqual(state.calls, 2)
    }))

  it.effect("is not kept by a clock that was set back", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      yield* TestClock.setTime(1_000_000)
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      yield* TestClock.setTime(0)
      yield* models.catalog("ollama")
      assert.strictEqual(state.calls, 2)
    }))

  it.effect("finds the provider however its id is written", () =>
    Effect.gen(function*() {
      const models = yield* f.models(ollama, f.discovery(f.catalog("a")).service)
      assert.deepStrictEqual(ids(yield* models.catalog(" Ollama ")), ["a"])
    }))

  it.effect("does not remember a failure", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.refused)
      const models = yield* f.models(ollama, service)
      f.assertSame(yield* Effect.flip(models.catalog("ollama")), f.refused)
      state.answer = f.catalog("a")
      assert.deepStrictEqual(ids(yield* models.catalog("ollama")), ["a"])
      assert.strictEqual(state.calls, 2)
    }))

  it.effect("fails with the status of a provider that cannot be asked", () =>
    Effect.gen(function*() {
      const models = yield* f.models(f.config([f.notEnabled, f.noKey("groq")]))
      assert.strictEqual((yield* Effect.flip(models.catalog("ollama")))._tag, "NotEnabled")
      assert.strictEqual((yield* Effect.flip(models.refresh("ollama")))._tag, "NotEnabled")
      assert.strictEqual((yield* Effect.flip(models.catalog("groq")))._tag, "ProviderUnavailable")
      assert.isTrue(Option.isNone(yield* models.lastGood("groq")))
    }))

  it.effect("names the providers that exist when the one asked for does not", () =>
    Effect.gen(function*() {
      const models = yield* f.models(f.config([f.notEnabled, f.ok(f.configured("groq", "x"))]))
      const error = yield* Effect.flip(models.catalog("gorq"))
      assert.instanceOf(error, OllamaError.ProviderUnavailable)
      assert.strictEqual(error.reason, "unknown-provider")
      assert.include(error.hint, "ollama, groq")
      assert.isTrue(Option.isNone(yield* models.lastGood("gorq")))
      const detail = (...providers: Parameters<typeof f.config>[0]) =>
        Effect.flatMap(f.models(f.config(providers)), (models) =>
          Effect.map(Effect.flip(models.catalog(" gorq ")), (error) =>
            error._tag === "ProviderUnavailable" ? [error.provider, error.detail] : []))
      assert.deepStrictEqual(yield* detail(f.notEnabled), ["gorq", "known are ollama"])
      assert.deepStrictEqual(yield* detail(), ["gorq", undefined])
    }))

  it.effect("of a configured provider is what it lists, without any request", () =>
    Effect.gen(function*() {
      const models = yield* f.models(f.config([f.ok(f.configured("ollama", "b", "a", "b:latest"))]))
      const catalog = yield* models.catalog("ollama")
      assert.strictEqual(catalog.source, "configured")
      assert.strictEqual(catalog.url, f.root)
      assert.deepStrictEqual(ids(catalog), ["b", "a"])
      assert.deepStrictEqual(catalog.excluded, [{ name: "b:latest", reason: "duplicate" }])
      assert.deepStrictEqual(yield* models.refresh("ollama"), catalog)
      assert.deepStrictEqual(Option.getOrNull(yield* models.lastGood("ollama")), catalog)
    }))

  it.effect("may be empty: the server answered", () =>
    Effect.gen(function*() {
      const models = yield* f.models(ollama, f.discovery(f.catalog()).service)
      assert.deepStrictEqual(ids(yield* models.catalog("ollama")), [])
    }))

  it.effect("of two services is discovered twice: nothing is global", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const one = yield* f.models(ollama, service)
      const two = yield* f.models(ollama, service)
      yield* one.catalog("ollama")
      yield* two.catalog("ollama")
      assert.strictEqual(state.calls, 2)
    }))
})

describe("Models.refresh and lastGood", () => {
  it.effect("asks anew though the catalog is fresh", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      state.answer = f.catalog("b")
      assert.deepStrictEqual(ids(yield* models.refresh("ollama")), ["b"])
      assert.deepStrictEqual(ids(yield* models.catalog("ollama")), ["b"])
      assert.strictEqual(state.calls, 2)
    }))

  it.effect("keeps the last good catalog, however old, when a refresh fails", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      yield* TestClock.adjust("1 hour")
      state.answer = f.refused
      f.assertSame(yield* Effect.flip(models.refresh("ollama")), f.refused)
      f.assertSame(yield* Effect.flip(models.catalog("ollama")), f.refused)
      assert.deepStrictEqual(Option.getOrNull(yield* models.lastGood("ollama")), f.catalog("a"))
    }))

  it.effect("does not take the answer to a question that was asked before", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const reader = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      const refreshers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(models.refresh("ollama")))
      yield* f.settle
      assert.strictEqual(asked.length, 1, "one discovery at a time")
      yield* Deferred.succeed(asked[0]!, f.catalog("old"))
      yield* f.settle
      const another = yield* Effect.fork(models.refresh("ollama"))
      yield* f.settle
      assert.strictEqual(asked.length, 2, "one for all who asked for it meanwhile")
      yield* Deferred.succeed(asked[1]!, f.catalog("new"))
      assert.deepStrictEqual(ids(yield* Fiber.join(reader)), ["old"])
      for (const refresher of [...refreshers, another]) {
        assert.deepStrictEqual(ids(yield* Fiber.join(refresher)), ["new"])
      }
      assert.deepStrictEqual(ids(yield* models.catalog("ollama")), ["new"])
      assert.strictEqual(asked.length, 2)
    }))

  it.effect("goes on when the discovery before it fails or is given up", () =>
    Effect.gen(function*() {
      const { asked, service, state } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const first = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      const second = yield* Effect.fork(models.refresh("ollama"))
      yield* f.settle
      yield* Fiber.interrupt(first)
      yield* f.settle
      assert.strictEqual(state.interrupted, 1)
      yield* TestClock.adjust("1 seconds")
      const third = yield* Effect.fork(models.refresh("ollama"))
      yield* f.settle
      yield* Deferred.fail(asked[1]!, f.refused)
      yield* f.settle
      yield* Deferred.succeed(asked[2]!, f.catalog("a"))
      f.assertSame(yield* Effect.flip(Fiber.join(second)), f.refused)
      assert.deepStrictEqual(ids(yield* Fiber.join(third)), ["a"])
    }))

  it.effect("given up while it waits leaves the discovery before it to those who come", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const first = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      const waiting = yield* Effect.fork(models.refresh("ollama"))
      yield* f.settle
      yield* Fiber.interrupt(waiting)
      const reader = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      const refresher = yield* Effect.fork(models.refresh("ollama"))
      yield* f.settle
      assert.strictEqual(asked.length, 1, "one discovery at a time")
      yield* Deferred.succeed(asked[0]!, f.catalog("old"))
      assert.deepStrictEqual(ids(yield* Fiber.join(first)), ["old"])
      assert.deepStrictEqual(ids(yield* Fiber.join(reader)), ["old"])
      yield* f.settle
      assert.strictEqual(asked.length, 2)
      yield* Deferred.succeed(asked[1]!, f.catalog("new"))
      assert.deepStrictEqual(ids(yield* Fiber.join(refresher)), ["new"])
    }))
})

describe("Models shares one discovery", () => {
  it.effect("between all who wait for it", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const readers = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.fork(models.catalog("ollama")))
      yield* f.settle
      assert.strictEqual(asked.length, 1)
      yield* Deferred.succeed(asked[0]!, f.catalog("a"))
      for (const reader of readers) assert.deepStrictEqual(ids(yield* Fiber.join(reader)), ["a"])
      assert.strictEqual(asked.length, 1)
    }))

  it.effect("and its failure", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const readers = yield* Effect.forEach([1, 2], () => Effect.fork(models.catalog("ollama")))
      yield* f.settle
      yield* Deferred.fail(asked[0]!, f.refused)
      for (const reader of readers) f.assertSame(yield* Effect.flip(Fiber.join(reader)), f.refused)
      assert.strictEqual(asked.length, 1)
    }))

  it.effect("which goes on when the first who waits is interrupted", () =>
    Effect.gen(function*() {
      const { asked, service, state } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const first = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      const second = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(first)))
      assert.strictEqual(state.interrupted, 0)
      yield* Deferred.succeed(asked[0]!, f.catalog("a"))
      assert.deepStrictEqual(ids(yield* Fiber.join(second)), ["a"])
      assert.strictEqual(asked.length, 1)
    }))

  it.effect("which ends with the last who waits", () =>
    Effect.gen(function*() {
      const { asked, service, state } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const readers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(models.catalog("ollama")))
      yield* f.settle
      yield* Fiber.interrupt(readers[1]!)
      yield* Fiber.interrupt(readers[0]!)
      assert.strictEqual(state.interrupted, 0)
      yield* Fiber.interrupt(readers[2]!)
      assert.strictEqual(state.interrupted, 1)
      assert.isTrue(Option.isNone(yield* models.lastGood("ollama")))

      const later = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* Deferred.succeed(asked[1]!, f.catalog("a"))
      assert.deepStrictEqual(ids(yield* Fiber.join(later)), ["a"])
    }))

  it.effect("and begins no other before the one that was given up has ended", () =>
    Effect.gen(function*() {
      let running = 0
      let most = 0
      const models = yield* f.models(ollama, {
        discover: () =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              most = Math.max(most, ++running)
            }),
            () => Effect.never,
            () => Effect.delay(Effect.sync(() => running--), "1 seconds")
          )
      })
      const first = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* Fiber.interruptFork(first)
      yield* f.settle
      const second = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(most, 1)
      assert.strictEqual(running, 1)
      yield* Fiber.interruptFork(second)
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(running, 0)
    }))

  it.effect("but never one that was given up, also when the one after it was given up too", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, {
        // it takes a second to be given up
        discover: (provider) => Effect.onInterrupt(service.discover(provider), () => Effect.sleep("1 seconds"))
      })
      const first = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      const second = yield* Effect.fork(models.refresh("ollama"))
      yield* f.settle
      yield* Fiber.interruptFork(first)
      yield* f.settle
      yield* Fiber.interruptFork(second)
      yield* f.settle
      const third = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      yield* f.settle
      assert.strictEqual(asked.length, 2)
      yield* Deferred.succeed(asked[1]!, f.catalog("a"))
      assert.deepStrictEqual(ids(yield* Fiber.join(third)), ["a"])
    }))

  it.effect("which a timeout of the only one who waits ends", () =>
    Effect.gen(function*() {
      const { service, state } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const reader = yield* Effect.fork(Effect.timeoutOption(models.catalog("ollama"), "1 seconds"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.join(reader)))
      assert.strictEqual(state.interrupted, 1)
    }))
})

describe("Models.list", () => {
  it.effect("shows every provider: one that fails hides no other", () =>
    Effect.gen(function*() {
      const resolved = f.config([f.ok(f.discovered()), f.noKey("groq"), f.ok(f.configured("gpu", "x"))])
      const listed = yield* Effect.provide(Models.list, f.layer(resolved, f.discovery(f.refused).service))
      assert.deepStrictEqual(listed.map(({ status }) => status.id), ["ollama", "groq", "gpu"])
      assert.deepStrictEqual(
        listed.map(({ catalog }) =>
          Either.match(catalog, { onLeft: (error) => error._tag, onRight: (value) => ids(value).join() })
        ),
        ["ConnectionRefused", "ProviderUnavailable", "x"]
      )
    }))
})
