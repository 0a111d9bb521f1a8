import { FetchHttpClient, HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Clock,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Random,
  Redacted,
  Schedule,
  TestClock
} from "effect"
import { ModelDiscovery, ModelRef, OllamaSchedule } from "effect-ollama"
import type { OllamaError, Provider } from "effect-ollama"
import * as NodeTransport from "effect-ollama/node"
import { MockOllama } from "effect-ollama/testing"
import {
  type Answer,
  type Installed,
  json,
  key,
  provider,
  refused,
  reset,
  server,
  shown,
  stub
} from "./discovery.fixtures.js"
import { get, load, versions } from "./support/recordings.js"
import { refusedPort, refusedUrl } from "./support/refused.js"

const discovering = (
  answer: Parameters<typeof stub>[0],
  options: ModelDiscovery.Options = {}
) => {
  const http = stub(answer)
  return Effect.map(
    Effect.provide(ModelDiscovery.make(options), http.layer),
    (discovery) => ({ ...discovery, sent: http.sent })
  )
}

const withModels = (models: Readonly<Record<string, Installed>>, options?: ModelDiscovery.Options) =>
  discovering(server(() => models), options)

const discover = (models: Readonly<Record<string, Installed>>, more?: Partial<Provider.Provider>) =>
  Effect.flatMap(withModels(models), (discovery) => discovery.discover(provider(more)))

const names = (models: ReadonlyArray<{ readonly name: string }>) => models.map((model) => model.name)

// Jitter of exactly 1.
const withoutJitter = Effect.withRandom({
  ...Random.make("x"),
  next: Effect.succeed(0.5)
} as Random.Random)

describe("ModelDiscovery", () => {
  it.effect("asks for the list, then about each model by its name", () =>
    Effect.gen(function*() {
      const discovery = yield* withModels({ "a:latest": {}, "b:7b": {} })
      yield* discovery.discover(provider())
      assert.deepStrictEqual(discovery.sent.map((sent) => [sent.method, sent.url, sent.body]), [
        ["GET", "http://127.0.0.1:11434/api/tags", ""],
        ["POST", "http://127.0.0.1:11434/api/show", "{\"model\":\"a:latest\"}"],
        ["POST", "http://127.0.0.1:11434/api/show", "{\"model\":\"b:7b\"}"]
      ])
    }))

  it.effect("defines a model by what show says", () =>
    Effect.gen(function*() {
      const catalog = yield* discover({
        "m:latest": {
          digest: "d",
          show: shown(["completion", "tools", "thinking", "vision"], {
            parameters: "temperature 0\nnum_ctx                        1.6384e+04"
          })
        }
      })
      assert.deepStrictEqual(catalog, {
        provider: "ollama",
        url: "http://127.0.0.1:11434",
        source: "discovered",
        models: [{
          id: "m:latest",
          name: "m:latest",
          reasoning: true,
          tools: true,
          input: ["text", "image"],
          cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
          contextWindow: 32768,
          maxTokens: 327680,
          numCtx: 16384,
          known: ["name", "reasoning", "tools", "input", "contextWindow"],
          capabilities: ["completion", "tools", "thinking", "vision"],
          digest: "d"
        }],
        excluded: []
      })
    }))

  it.effect("leaves out what has no tools, what says nothing, and what cannot be shown, each with its reason", () =>
    Effect.gen(function*() {
      const catalog = yield* discover({
        good: {},
        plain: { show: shown(["completion"]) },
        embed: { show: shown(["embedding"]) },
        old: { show: shown(undefined) },
        gone: { answer: () => json({ error: "model 'gone' not found" }, 404) },
        broken: { answer: () => new Response("<html>") }
      })
      assert.deepStrictEqual(names(catalog.models), ["good"])
      assert.deepStrictEqual(catalog.excluded, [
        { name: "broken", reason: "show-failed", detail: "the answer is not JSON" },
        { name: "embed", reason: "no-tools" },
        { name: "gone", reason: "show-failed", detail: "404: model 'gone' not found" },
        { name: "old", reason: "unknown-capabilities" },
        { name: "plain", reason: "no-tools" }
      ])
    }))

  it.effect("says in a few words why a model could not be shown", () =>
    Effect.gen(function*() {
      const { excluded } = yield* discover({
        busy: { answer: () => json({ error: "busy" }, 503) },
        forbidden: { answer: () => new Response("", { status: 403 }) },
        good: {},
        lost: { answer: () => reset },
        off: { answer: () => refused },
        strange: { answer: () => ({ fail: new Error("something else") }) },
        wrong: { answer: () => new Response("[]") }
      })
      assert.deepStrictEqual(excluded.map(({ detail, name }) => [name, detail]), [
        ["busy", "503: busy"],
        ["forbidden", "403"],
        ["lost", "the connection failed (ECONNRESET)"],
        ["off", "the connection was refused"],
        ["strange", "the connection failed (other)"],
        ["wrong", "the answer is not a JSON object"]
      ])
    }))

  it.effect("takes an error for one, also in an answer that is a success", () =>
    Effect.gen(function*() {
      const { excluded } = yield* discover({ a: { answer: () => json({ error: "model 'a' not found" }) } }, {
        keepWithoutTools: true
      })
      assert.deepStrictEqual(excluded, [{ name: "a", reason: "show-failed", detail: "200: model 'a' not found" }])
    }))

  it.effect("keeps models for plain chat when the host wants them", () =>
    Effect.gen(function*() {
      const catalog = yield* discover({
        plain: { show: shown(["completion"]) },
        embed: { show: shown(["embedding"]) },
        old: { show: shown(undefined) }
      }, { keepWithoutTools: true })
      assert.deepStrictEqual(names(catalog.models), ["old", "plain"])
      assert.deepStrictEqual(catalog.models[0]!.known, ["name", "contextWindow"])
      assert.isUndefined(catalog.models[0]!.tools)
      assert.isFalse(catalog.models[0]!.reasoning)
      assert.deepStrictEqual(catalog.models[0]!.input, ["text"])
      assert.deepStrictEqual(catalog.excluded, [{ name: "embed", reason: "no-completion" }])
    }))

  it.effect("shows a model once that is listed twice", () =>
    Effect.gen(function*() {
      const discovery = yield* withModels({ x: {}, "x:latest": {} })
      const catalog = yield* discovery.discover(provider())
      assert.deepStrictEqual(names(catalog.models), ["x"])
      assert.deepStrictEqual(catalog.excluded, [{ name: "x:latest", reason: "duplicate" }])
      assert.strictEqual(discovery.sent.length, 2)
    }))

  it.effect("orders by whole seconds, the newest first, then by name", () =>
    Effect.gen(function*() {
      const catalog = yield* discover({
        b: { modifiedAt: "2026-11-22T18:00:00.900000001Z" },
        old: { modifiedAt: "2026-11-22T17:59:59Z" },
        a: { modifiedAt: "2026-11-22T18:00:00.1Z" },
        offset: { modifiedAt: "2026-11-22T19:00:01.123456789+01:00" },
        never: { modifiedAt: "nonsense" }
      })
      assert.deepStrictEqual(names(catalog.models), ["offset", "a", "b", "old", "never"])
    }))

  it.effect("succeeds with an empty catalog", () =>
    Effect.gen(function*() {
      const none = yield* discover({})
      assert.deepStrictEqual([none.models, none.excluded], [[], []])
      const discovery = yield* discovering(() => json({ models: null }))
      assert.deepStrictEqual((yield* discovery.discover(provider())).models, [])
    }))

  it.effect("fails when the list is none", () =>
    Effect.gen(function*() {
      for (const answer of ["<html>", "null", "[]", "{}", "{\"models\":3}"]) {
        const discovery = yield* discovering(() => new Response(answer))
        const error = yield* Effect.flip(discovery.discover(provider()))
        assert.strictEqual(error._tag, "MalformedResponse", answer)
      }
    }))

  it.effect("fails with what the server says, and does not repeat that", () =>
    Effect.gen(function*() {
      const tag = (answer: Answer) =>
        Effect.gen(function*() {
          const discovery = yield* discovering(() => answer)
          const error = yield* Effect.flip(discovery.discover(provider()))
          assert.strictEqual(discovery.sent.length, 1)
          return error._tag
        })
      assert.strictEqual(yield* tag(new Response("404 page not found", { status: 404 })), "EndpointNotFound")
      assert.strictEqual(yield* tag(new Response("", { status: 403 })), "Forbidden")
      assert.strictEqual(
        yield* tag(new Response("", { status: 302, headers: { location: "https://x" } })),
        "EndpointNotFound"
      )
      assert.strictEqual(yield* tag(json({ error: "boom" }, 500)), "ServerError")
      assert.strictEqual(yield* tag(json({ error: "busy" }, 503)), "ServerBusy")
      assert.strictEqual(yield* tag(json({ error: "model 'x' not found" }, 404)), "EndpointNotFound")
    }))

  it.effect("refuses a list that is too long, and one that is too large", () =>
    Effect.gen(function*() {
      const models = { a: {}, b: {}, c: {} }
      const long = yield* withModels(models, { maxModels: 2 })
      assert.strictEqual((yield* Effect.flip(long.discover(provider())))._tag, "MalformedResponse")
      const large = yield* withModels(models, { maxTagsBytes: 100 })
      assert.strictEqual((yield* Effect.flip(large.discover(provider())))._tag, "MalformedResponse")
      const show = yield* withModels({
        a: { show: shown(["tools"], { template: "x".repeat(1000) }), digest: "1" },
        b: {}
      }, { maxShowBytes: 500 })
      const catalog = yield* show.discover(provider())
      assert.deepStrictEqual(names(catalog.models), ["b"])
      assert.strictEqual(catalog.excluded[0]!.reason, "show-failed")
    }))

  describe("keys", () => {
    const authorization = (more: Partial<Provider.Provider>) =>
      Effect.gen(function*() {
        const discovery = yield* withModels({ a: {} })
        yield* discovery.discover(provider(more))
        const seen = new Set(discovery.sent.map((sent) => sent.headers["authorization"]))
        assert.strictEqual(seen.size, 1)
        return [...seen][0]
      })

    it.effect("of the environment are not sent to this machine", () =>
      Effect.gen(function*() {
        const secret = key("s3cret", false)
        for (
          const root of ["http://127.0.0.1:11434", "http://localhost:11434", "http://[::1]:11434", "http://127.1.2.3"]
        ) {
          assert.isUndefined(yield* authorization({ key: secret, root }), root)
        }
      }))

    it.effect("of the configuration are", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* authorization({ key: key("s3cret", true) }), "Bearer s3cret")
      }))

    it.effect("are sent to other machines, unless the provider says otherwise", () =>
      Effect.gen(function*() {
        const root = "http://gpu.lan:11434"
        assert.strictEqual(yield* authorization({ key: key("s3cret", false), root }), "Bearer s3cret")
        assert.isUndefined(yield* authorization({ key: key("s3cret", false), root, authHeader: false }))
      }))

    it.effect("give way to a configured Authorization header", () =>
      Effect.gen(function*() {
        const headers = { AUTHORIZATION: Redacted.make("Basic abc") }
        assert.strictEqual(yield* authorization({ key: key("s3cret", true), headers }), "Basic abc")
      }))
  })

  describe("the probe", () => {
    // What a fiber came to, which is over: a test that waits for it would hang.
    const ended = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) =>
      Effect.flatMap(fiber.poll, (exit) => {
        assert(Option.isSome(exit), "it is not over")
        return exit.value
      })

    const failing = (answer: (call: number) => Answer, options?: ModelDiscovery.Options) =>
      Effect.gen(function*() {
        const times: Array<number> = []
        const clock = yield* Effect.clock
        const discovery = yield* discovering((sent) => {
          if (!sent.url.endsWith("/api/tags")) return json(shown(["tools"]))
          times.push(clock.unsafeCurrentTimeMillis())
          return answer(times.length)
        }, options)
        const fiber = yield* Effect.fork(withoutJitter(discovery.discover(provider())))
        yield* TestClock.adjust("1 minute")
        const exit = yield* Effect.exit(ended(fiber))
        return { times, error: Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined }
      })

    it.effect("of a closed port makes exactly the scheduled attempts", () =>
      Effect.gen(function*() {
        const { error, times } = yield* failing(() => refused)
        assert.deepStrictEqual(times, [0, 100, 300, 700])
        assert(error?._tag === "ConnectionRefused")
        assert.strictEqual(error.attempts, 4)
        assert.strictEqual(error.url, "http://127.0.0.1:11434/api/tags")
        assert.include(error.hint, "ollama serve")
      }))

    it.effect("ends when a server comes up", () =>
      Effect.gen(function*() {
        const { error, times } = yield* failing((call) => call < 3 ? refused : json({ models: [] }))
        assert.deepStrictEqual(times, [0, 100, 300])
        assert.isUndefined(error)
      }))

    it.effect("repeats after a reset, and not after a name that is not found", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* failing(() => reset)).times.length, 4)
        const dns = { fail: Object.assign(new Error("getaddrinfo ENOTFOUND x"), { code: "ENOTFOUND" }) }
        assert.strictEqual((yield* failing(() => dns)).times.length, 1)
      }))

    it.effect("repeats what failed without a reason, as browsers and workers say it", () =>
      Effect.gen(function*() {
        const saying = (message: string) => failing(() => ({ fail: new TypeError(message) }))
        for (
          const message of [
            "Failed to fetch",
            "NetworkError when attempting to fetch resource.",
            "Load failed",
            "Network connection lost."
          ]
        ) {
          const { error, times } = yield* saying(message)
          assert.deepStrictEqual(times.map((time) => time - times[0]!), [0, 100, 300, 700], message)
          assert.deepInclude({ ...error }, { _tag: "ConnectionFailed", reason: "other", attempts: 4 })
        }
        assert.lengthOf((yield* saying("unknown scheme")).times, 1)
      }))

    it.effect("gives an attempt 500 ms while another is to follow, and the last one 5 s", () =>
      Effect.gen(function*() {
        const { error, times } = yield* failing(() => ({ never: true }))
        assert.deepStrictEqual(times, [0, 600, 1300, 2200])
        assert(error?._tag === "RequestTimeout")
        assert.deepStrictEqual([error.phase, error.limit, error.attempts], ["first-byte", 5000, 4])
      }))

    it.effect("begins no attempt later than 2 s after the first failure", () =>
      Effect.gen(function*() {
        // 0-900, 1000-1900, 2100-...: the next would begin at 3400
        const { error, times } = yield* failing(() => ({ never: true }), { attemptTimeout: 900 })
        assert.deepStrictEqual(times, [0, 1000, 2100])
        assert(error?._tag === "RequestTimeout")
        assert.deepStrictEqual([error.limit, error.attempts], [5000, 3])
      }))

    it.effect("gets a slow answer in its last attempt", () =>
      Effect.gen(function*() {
        const { error, times } = yield* failing(() => ({ after: 4000, answer: json({ models: [] }) }))
        assert.deepStrictEqual(times, [0, 600, 1300, 2200])
        assert.isUndefined(error)
      }))

    it.effect("does not give up an answer that has begun", () =>
      Effect.gen(function*() {
        const slowBody = () =>
          new Response(
            new ReadableStream({
              start() {},
              pull() {
                return new Promise(() => {})
              }
            })
          )
        const { error, times } = yield* failing(() => slowBody(), { probeSchedule: Schedule.stop })
        assert.strictEqual(times.length, 1)
        assert(error?._tag === "RequestTimeout")
        assert.deepStrictEqual([error.phase, error.limit], ["idle", 5000])
      }))

    const tagsOf = Effect.map(
      MockOllama.requests,
      (all) => all.filter(({ path }) => path === "/api/tags")
    )

    const overMock = (description: MockOllama.Description) =>
      Effect.provide(Layer.provideMerge(ModelDiscovery.layer, MockOllama.layerHttpClient(description)))

    const within = (limit: Duration.DurationInput) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(withoutJitter(ModelDiscovery.discover(provider())))
        yield* TestClock.adjust(limit)
        return yield* ended(fiber)
      })

    it.effect("lets an answer that has begun take its time, though another attempt is to follow", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* within("4 seconds")).models, [])
        assert.deepStrictEqual((yield* tagsOf).map(({ at, complete }) => [at, complete]), [[0, true]])
      }).pipe(overMock({ rules: [{ path: "/api/tags", fault: { type: "drip", delayMs: 300 } }] })))

    it.effect("asks again when an answer that has begun breaks off", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* within("2 seconds")).models, [])
        assert.deepStrictEqual((yield* tagsOf).map(({ at, complete }) => [at, complete]), [[0, false], [700, true]])
      }).pipe(overMock({
        rules: [{
          path: "/api/tags",
          times: 1,
          fault: [{ type: "drip", delayMs: 300 }, { type: "reset", after: 3, unit: "bytes" }]
        }]
      })))

    it.effect("asks again when an answer that has begun goes on no more", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* within("6 seconds")).models, [])
        assert.deepStrictEqual((yield* tagsOf).map(({ at, complete }) => [at, complete]), [[0, false], [5100, true]])
      }).pipe(overMock({
        rules: [{ path: "/api/tags", times: 1, fault: { type: "stall", after: 3, unit: "bytes" } }]
      })))

    it.effect("leaves the server alone with an attempt that it gives up, and when nobody waits any more", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(withoutJitter(ModelDiscovery.discover(provider())))
        yield* TestClock.adjust(599)
        assert.deepStrictEqual((yield* tagsOf).map(({ aborted }) => aborted), [true])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual((yield* tagsOf).map(({ aborted }) => aborted), [true, false])
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual((yield* tagsOf).map(({ aborted }) => aborted), [true, true])
      }).pipe(overMock({ rules: [{ fault: { type: "stall" } }] })))

    it.effect("ends with the attempt that was to be the last, however that fails", () =>
      Effect.gen(function*() {
        const { error, times } = yield* failing(() => ({ never: true }), {
          // says no to the short limit, and would say yes to the long one
          probeSchedule: Schedule.recurs(1).pipe(
            Schedule.whileInput((error: OllamaError.TransportError) =>
              error._tag !== "RequestTimeout" || error.limit !== 500
            )
          )
        })
        assert.deepStrictEqual(times, [0])
        assert(error?._tag === "RequestTimeout")
        assert.strictEqual(error.limit, 5000)
      }))

    it.effect("tells the schedule what went wrong, and when", () =>
      Effect.gen(function*() {
        const told: Array<ReadonlyArray<unknown>> = []
        yield* failing((call) => call === 1 ? refused : call === 2 ? { never: true } : json({ models: [] }), {
          attemptTimeout: "200 millis",
          probeSchedule: OllamaSchedule.probe.pipe(
            Schedule.tapInput((error: OllamaError.TransportError) =>
              Effect.map(Clock.currentTimeMillis, (now) =>
                told.push([
                  now,
                  error._tag,
                  error._tag === "RequestTimeout" ? [error.phase, error.limit] : [],
                  error.url
                ]))
            )
          )
        })
        const url = "http://127.0.0.1:11434/api/tags"
        assert.deepStrictEqual(told, [
          [0, "ConnectionRefused", [], url],
          [300, "RequestTimeout", ["first-byte", 200], url]
        ])
      }))

    it.effect("does not repeat a defect of the client", () =>
      Effect.gen(function*() {
        let sent = 0
        const client = HttpClient.make(() => {
          sent++
          return Effect.die(new Error("out of order"))
        })
        const discovery = yield* Effect.provideService(ModelDiscovery.make(), HttpClient.HttpClient, client)
        const exit = yield* Effect.exit(discovery.discover(provider()))
        assert(Exit.isFailure(exit) && Cause.isDie(exit.cause))
        assert.strictEqual(sent, 1)
      }))

    it.effect("follows another schedule", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* failing(() => refused, { probeSchedule: Schedule.stop })).times.length, 1)
        const { times } = yield* failing(() => refused, {
          probeSchedule: Schedule.intersect(Schedule.spaced(50), Schedule.recurs(2))
        })
        assert.deepStrictEqual(times.map((time) => time - times[0]!), [0, 50, 100])
      }))

    it.effect("is jittered", () =>
      Effect.gen(function*() {
        const times: Array<number> = []
        const clock = yield* Effect.clock
        const discovery = yield* discovering(() => {
          times.push(clock.unsafeCurrentTimeMillis())
          return refused
        })
        const fiber = yield* Effect.fork(Effect.flip(discovery.discover(provider())))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        const pauses = times.slice(1).map((time, index) => time - times[index]!)
        pauses.forEach((pause, index) => {
          assert.isAtLeast(pause, 80 * 2 ** index)
          assert.isAtMost(pause, 120 * 2 ** index)
        })
        assert.strictEqual(pauses.length, 3)
        assert.isAbove(new Set(pauses.map((pause, index) => pause / 2 ** index)).size, 1)
      }))
  })

  describe("show", () => {
    it.effect("has 3 s, and one that fails leaves the others alone", () =>
      Effect.gen(function*() {
        const discovery = yield* withModels({ good: {}, stuck: { answer: () => ({ never: true }) } })
        const fiber = yield* Effect.fork(discovery.discover(provider()))
        yield* TestClock.adjust("3 seconds")
        const catalog = yield* Fiber.join(fiber)
        assert.deepStrictEqual(names(catalog.models), ["good"])
        assert.deepStrictEqual(catalog.excluded, [
          { name: "stuck", reason: "show-failed", detail: "no answer within 3000 ms" }
        ])
      }))

    it.effect("runs for 8 models at a time", () =>
      Effect.gen(function*() {
        let asked = 0
        const models = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`m${index}`, {
          answer: (): Answer => {
            asked++
            return { after: 10, answer: json(shown(["tools"])) }
          }
        }]))
        const http = stub(server(() => models))
        const discovery = yield* Effect.provide(ModelDiscovery.make(), http.layer)
        const fiber = yield* Effect.fork(discovery.discover(provider()))
        yield* TestClock.adjust(9)
        assert.strictEqual(asked, 8)
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(fiber)).models.length, 20)
      }))

    it.effect("failing for every model by transport fails the discovery", () =>
      Effect.gen(function*() {
        const discovery = yield* withModels({ a: { answer: () => reset }, b: { answer: () => refused } })
        const error = yield* Effect.flip(discovery.discover(provider()))
        assert.strictEqual(error._tag, "ConnectionFailed")
      }))

    it.effect("failing for every model, but once by an answer, does not", () =>
      Effect.gen(function*() {
        const catalog = yield* discover({
          a: { answer: () => reset },
          b: { answer: () => json({ error: "no" }, 500) }
        })
        assert.deepStrictEqual(names(catalog.excluded), ["a", "b"])
      }))
  })

  describe("what is remembered", () => {
    it.effect("is one request when there is nothing new", () =>
      Effect.gen(function*() {
        const discovery = yield* withModels({ a: {}, b: {} })
        const first = yield* discovery.discover(provider())
        const second = yield* discovery.discover(provider())
        assert.deepStrictEqual(second, first)
        assert.strictEqual(discovery.sent.length, 4)
      }))

    it.effect("goes by the digest", () =>
      Effect.gen(function*() {
        let digest = "1"
        const discovery = yield* discovering(server(() => ({ a: { digest }, b: {} })))
        yield* discovery.discover(provider())
        digest = "2"
        yield* discovery.discover(provider())
        assert.deepStrictEqual(discovery.sent.slice(3).map((sent) => sent.body), ["", "{\"model\":\"a\"}"])
      }))

    it.effect("goes by the server", () =>
      Effect.gen(function*() {
        const discovery = yield* withModels({ a: {} })
        yield* discovery.discover(provider())
        yield* discovery.discover(provider({ root: "http://other:11434" }))
        assert.strictEqual(discovery.sent.length, 4)
      }))

    it.effect("lasts 24 hours", () =>
      Effect.gen(function*() {
        const discovery = yield* withModels({ a: {} })
        yield* discovery.discover(provider())
        yield* TestClock.adjust("23 hours")
        yield* discovery.discover(provider())
        assert.strictEqual(discovery.sent.length, 3)
        yield* TestClock.adjust("1 hour")
        yield* discovery.discover(provider())
        assert.strictEqual(discovery.sent.length, 5)
      }))

    it.effect("is never what is unknown or failed", () =>
      Effect.gen(function*() {
        const models = { old: { show: shown(undefined) }, gone: { answer: () => json({ error: "x" }, 500) } }
        const discovery = yield* withModels(models)
        yield* discovery.discover(provider())
        yield* discovery.discover(provider())
        assert.strictEqual(discovery.sent.length, 6)
      }))

    it.effect("stays the last good definition when show fails", () =>
      Effect.gen(function*() {
        let broken = false
        const discovery = yield* withModels({ a: { answer: () => broken ? reset : json(shown(["tools"])) } })
        const first = yield* discovery.discover(provider())
        broken = true
        yield* TestClock.adjust("25 hours")
        assert.deepStrictEqual(yield* discovery.discover(provider()), first)
        assert.strictEqual(discovery.sent.length, 4)
      }))

    it.effect("has room for all that is listed now, so that a refresh with nothing new is one request", () =>
      Effect.gen(function*() {
        const discovery = yield* discovering(server(() => ({ a: {}, b: {}, c: {} })), { showCapacity: 2 })
        yield* discovery.discover(provider())
        assert.strictEqual(discovery.sent.length, 4)
        yield* discovery.discover(provider())
        assert.strictEqual(discovery.sent.length, 5)
      }))

    it.effect("is bounded, and what was used last stays", () =>
      Effect.gen(function*() {
        let models: Record<string, Installed> = { a: {}, b: {} }
        const discovery = yield* discovering(server(() => models), { showCapacity: 2 })
        const shows = () => discovery.sent.filter((sent) => sent.body !== "").map((sent) => sent.body)
        yield* discovery.discover(provider())
        models = { a: {} }
        yield* discovery.discover(provider())
        models = { c: {} }
        yield* discovery.discover(provider())
        models = { a: {}, b: {} }
        yield* discovery.discover(provider())
        assert.deepStrictEqual(shows().map((body) => JSON.parse(body).model), ["a", "b", "c", "b"])
      }))
  })
})

describe("the probe of a port that is really closed", () => {
  const clients = {
    "fetch": FetchHttpClient.layer,
    "undici": NodeHttpClient.layerUndici,
    "node:http": NodeHttpClient.layer,
    "effect-ollama/node": NodeTransport.layer
  }

  for (const [name, layer] of Object.entries(clients)) {
    it.live(`makes exactly the scheduled attempts over ${name}`, () =>
      Effect.gen(function*() {
        let sent = 0
        const client = HttpClient.mapRequest(yield* HttpClient.HttpClient, (request) => {
          sent++
          return request
        })
        const probeSchedule = Schedule.intersect(Schedule.spaced("5 millis"), Schedule.recurs(2))
        const discovery = yield* Effect.provideService(
          ModelDiscovery.make({ probeSchedule }),
          HttpClient.HttpClient,
          client
        )
        const error = yield* Effect.flip(discovery.discover(provider({ root: refusedUrl })))
        assert(error._tag === "ConnectionRefused", error.message)
        assert.deepStrictEqual(
          [sent, error.attempts, error.url, error.address, error.port],
          [3, 3, `${refusedUrl}/api/tags`, "127.0.0.1", refusedPort]
        )
        assert.include(error.hint, `Nothing listens on 127.0.0.1:${refusedPort} (3 attempts). Start Ollama`)
      }).pipe(Effect.provide(layer)))
  }
})

describe("discovery of recorded servers", () => {
  for (const version of versions) {
    it.effect(`finds the models of ${version} that can call tools`, () =>
      Effect.gen(function*() {
        const shows = load(version).filter(({ name, request, response }) =>
          request.path === "/api/show" && response.status === 200 && !name.includes("verbose")
        )
        const byModel = new Map(shows.map(({ request, response }) => [
          ModelRef.normalizeModel((JSON.parse(request.body!) as { readonly model: string }).model),
          response.text
        ]))
        const discovery = yield* discovering((sent) => {
          if (sent.url.endsWith("/api/tags")) return new Response(get(version, "tags").response.text)
          const text = byModel.get(ModelRef.normalizeModel((JSON.parse(sent.body) as { readonly model: string }).model))
          return text === undefined ? json({ error: "model not found" }, 404) : new Response(text)
        })
        const catalog = yield* discovery.discover(provider())
        const listed = JSON.parse(get(version, "tags").response.text) as { readonly models: ReadonlyArray<unknown> }
        assert.strictEqual(catalog.models.length + catalog.excluded.length, listed.models.length)
        for (const [model, text] of byModel) {
          const capabilities = (JSON.parse(text) as { readonly capabilities?: ReadonlyArray<string> }).capabilities
          const found = catalog.models.find((definition) => ModelRef.normalizeModel(definition.name) === model)
          if (capabilities === undefined) {
            assert.deepStrictEqual(
              catalog.excluded.find((one) => ModelRef.normalizeModel(one.name) === model)?.reason,
              "unknown-capabilities"
            )
          } else if (capabilities.includes("tools")) {
            assert.strictEqual(found?.contextWindow, 32768, model)
            assert.strictEqual(found!.reasoning, capabilities.includes("thinking"))
          } else {
            assert.isUndefined(found)
          }
        }
        assert.strictEqual(catalog.models.length === 0, version === "v0.6.3")
      }))
  }
})
