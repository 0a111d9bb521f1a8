import { assert, describe, it } from "@effect/vitest"
import { Data, Deferred, Effect, Either, Exit, Fiber, Layer, Logger, Redacted, TestClock } from "effect"
import {
  ChatCompletions,
  Embeddings,
  Models,
  Ollama,
  type OllamaError,
  OllamaTelemetry,
  OpenClawConfig,
  type Provider
} from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { named, traced } from "../support/traced.js"
import { provider, resolved, status, withEnv } from "./fixtures.js"

// Secrets that OpenClaw keeps elsewhere: the host looks them up.

class NotThere extends Data.TaggedError("NotThere")<{ readonly about: string }> {}

const gives = (value: string): OpenClawConfig.Secrets => () => Effect.succeed(Redacted.make(value))

const file = { source: "file", provider: "vault", id: "/providers/gpu" }

const models = [{ id: "m" }]

const far = (entry: object, agents: object = { model: "gpu/m" }) => ({
  models: { providers: { gpu: { baseUrl: "https://far.example", models, ...entry } } },
  agents: { defaults: agents }
})

const near = (entry: object) => ({ models: { providers: { ollama: { models, ...entry } } } })

/** The services over a configuration, with the mock that records what is sent. */
const services = (config: object, secrets: OpenClawConfig.Secrets | undefined, env: Record<string, string> = {}) =>
  Ollama.layerValue(config as OpenClawConfig.ConfigInput, { secrets }).pipe(
    Layer.provideMerge(MockOllama.layerHttpClient({ models: ["m"], replies: ["hello"] })),
    Layer.provide(withEnv(env))
  )

const sent = Effect.map(MockOllama.requests, (all) => all.map(({ headers }) => headers))

/** What one completion comes to, and the headers of all that was sent for it. */
const asked = (config: object, secrets?: OpenClawConfig.Secrets, env: Record<string, string> = {}) =>
  Effect.gen(function*() {
    const result = yield* Effect.either(ChatCompletions.create({ prompt: "Hi" }))
    return { result, sent: yield* sent }
  }).pipe(Effect.provide(services(config, secrets, env)))

const failure = ({ result }: { readonly result: Either.Either<unknown, OllamaError.CompletionError> }) =>
  Either.getOrThrowWith(Either.flip(result), () => new Error("unexpected answer"))

describe("a secret that OpenClaw keeps elsewhere", () => {
  it.effect("is taken out of what is recorded of a call", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* Effect.provideService(
          ChatCompletions.create({ prompt: "Never say looked-up." }),
          OllamaTelemetry.RecordContent,
          true
        )
        const messages = named(seen, "ChatCompletions.create")[0]?.attributes.get("gen_ai.input.messages")
        assert.include(String(messages), "Never say ***.")
      })
    ).pipe(Effect.provide(services(far({ apiKey: file }), gives("looked-up")))))

  it.effect("is what the host gives for its reference, as a key", () =>
    Effect.gen(function*() {
      const forms: ReadonlyArray<readonly [apiKey: unknown, Partial<Provider.SecretReference>]> = [
        [file, { source: "file", provider: "vault", id: "/providers/gpu", text: "file:vault:/providers/gpu" }],
        [{ source: "exec", id: "gpu" }, { source: "exec", provider: "default", id: "gpu", text: "exec:default:gpu" }],
        [{ source: "store", id: "gpu" }, { source: "store", text: "store:default:gpu" }],
        ["secretref-managed", { source: "managed", id: "", text: "secretref-managed" }],
        ["oauth:work", { source: "oauth", id: "work", text: "oauth:work" }]
      ]
      for (const [apiKey, expected] of forms) {
        const references: Array<Provider.SecretReference> = []
        const { sent } = yield* asked(far({ apiKey }), (reference) =>
          Effect.sync(() => {
            references.push(reference)
            return Redacted.make(" looked-up\n")
          }))
        assert.deepStrictEqual(sent.map((headers) => headers["authorization"]), ["Bearer looked-up"])
        assert.lengthOf(references, 1)
        assert.deepInclude(references[0], {
          ...expected,
          neededBy: "gpu",
          path: "models.providers.gpu.apiKey"
        })
      }
    }))

  it.effect("is what the host gives, in headers, `request` and profiles", () =>
    Effect.gen(function*() {
      const header = (entry: object, name: string) =>
        Effect.map(
          asked(far(entry), (reference) => Effect.succeed(Redacted.make(`of ${reference.path}`.replaceAll(" ", "-")))),
          ({ sent }) => sent[0]?.[name]
        )
      assert.strictEqual(
        yield* header({ authHeader: false, headers: { "X-Key": file } }, "x-key"),
        "of-models.providers.gpu.headers.X-Key"
      )
      assert.strictEqual(
        yield* header({ headers: { Authorization: file } }, "authorization"),
        "of-models.providers.gpu.headers.Authorization"
      )
      assert.strictEqual(
        yield* header(
          { apiKey: "k", headers: { a: file }, request: { headers: { A: { source: "store", id: "x" } } } },
          "a"
        ),
        "of-models.providers.gpu.request.headers.A"
      )
      assert.strictEqual(
        yield* header(
          { apiKey: "weak", request: { auth: { mode: "authorization-bearer", token: file } } },
          "authorization"
        ),
        "Bearer of-models.providers.gpu.request.auth.token"
      )
      const inHeader = { request: { auth: { mode: "header", headerName: "X-Key", prefix: "Key ", value: file } } }
      assert.strictEqual(yield* header(inHeader, "x-key"), "Key of-models.providers.gpu.request.auth.value")
      assert.isUndefined(yield* header(inHeader, "authorization"))

      const profiles = { profiles: { work: { type: "api_key", provider: "gpu", keyRef: file } } }
      const { key, secrets } = provider(far({}), {}, { profiles, options: { secrets: gives("k") } }, "gpu")
      assert.isUndefined(key)
      assert.strictEqual(secrets?.[0]?.source, "profile work")
      assert.strictEqual(secrets?.[0]?.reference.path, "auth-profiles.json: profiles.work.keyRef")
    }))

  it("is not asked for by what is configured, which says whose it is", () => {
    let calls = 0
    const secrets = () => Effect.sync(() => Redacted.make(`${calls++}`))
    const found = status(far({ apiKey: file }), {}, { options: { secrets } }, "gpu")
    assert.isTrue(found.configured)
    assert.include(found.reason, "file:vault:/providers/gpu")
    assert.deepStrictEqual(resolved(far({ apiKey: file }), {}, { options: { secrets } }).diagnostics, [])
    assert.strictEqual(calls, 0)
  })

  it.effect("is asked for when it is first needed, once, and kept", () =>
    Effect.gen(function*() {
      let calls = 0
      const secrets = () => Effect.sync(() => Redacted.make(`k${++calls}`))
      const keys = yield* Effect.gen(function*() {
        yield* Models.catalog("gpu")
        yield* Models.candidates()
        assert.strictEqual(calls, 0)
        yield* Effect.all(Array.from({ length: 5 }, () => ChatCompletions.create({ prompt: "Hi" })), {
          concurrency: "unbounded"
        })
        yield* ChatCompletions.create({ prompt: "Hi" })
        const whole = yield* Models.provider("gpu")
        assert.isUndefined(whole.secrets)
        assert.strictEqual(whole.key?.source, "secret file:vault:/providers/gpu")
        return (yield* sent).map((headers) => headers["authorization"])
      }).pipe(Effect.provide(services(far({ apiKey: file }), secrets)))
      assert.strictEqual(calls, 1)
      assert.deepStrictEqual(new Set(keys), new Set(["Bearer k1"]))
    }))

  it.effect("is asked for by discovery, and by embeddings", () =>
    Effect.gen(function*() {
      let calls = 0
      const secrets = () => Effect.sync(() => Redacted.make(`k${++calls}`))
      const config = { models: { providers: { ollama: { apiKey: file } } } }
      const keys = yield* Effect.gen(function*() {
        yield* Models.catalog("ollama")
        yield* Embeddings.embed("x", { model: "ollama/m" })
        return (yield* sent).map((headers) => headers["authorization"])
      }).pipe(Effect.provide(services(config, secrets)))
      assert.strictEqual(calls, 1)
      assert.isAtLeast(keys.length, 3)
      assert.deepStrictEqual(new Set(keys), new Set(["Bearer k1"]))
    }))

  it.effect("that the host does not give makes its provider unavailable, by name, and is asked for again", () =>
    Effect.gen(function*() {
      const ways: ReadonlyArray<readonly [OpenClawConfig.Secrets | undefined, why: string]> = [
        [undefined, "which is not known here"],
        [() => Effect.fail(new NotThere({ about: "hush" })), "`secrets` failed with NotThere"],
        [() => Effect.die(new Error("hush")), "`secrets` failed"],
        [() => {
          throw new Error("hush")
        }, "`secrets` failed"],
        [() => Effect.interrupt, "`secrets` failed"],
        [() => Effect.succeed("hush" as never), "`secrets` gave no Redacted text"],
        [gives("  "), "`secrets` gave nothing"],
        [gives("ollama-local"), "`secrets` gave nothing"]
      ]
      for (const [secrets, why] of ways) {
        const found = yield* asked(far({ apiKey: file }), secrets)
        const error = failure(found)
        assert(error._tag === "ProviderUnavailable", error._tag)
        assert.strictEqual(error.reason, "no-credential")
        assert.include(error.message, "file:vault:/providers/gpu")
        assert.include(error.message, why)
        assert.notInclude(JSON.stringify(error), "hush")
        assert.deepStrictEqual(found.sent, [])
      }
      let calls = 0
      const once = () => ++calls === 1 ? Effect.fail("not yet") : Effect.succeed(Redacted.make("k"))
      yield* Effect.gen(function*() {
        yield* Effect.flip(Models.select("gpu/m"))
        yield* Models.select("gpu/m")
        yield* Models.select("gpu/m")
        assert.strictEqual(calls, 2)
      }).pipe(Effect.provide(services(far({ apiKey: file }), once)))
    }))

  it.effect("that cannot be sent is refused, naming its place and not its value", () =>
    Effect.gen(function*() {
      const error = failure(yield* asked(far({ apiKey: file }), gives("se cret")))
      assert(error._tag === "ConfigInvalid")
      assert.deepStrictEqual(error.problems.map(({ path }) => path), ["models.providers.gpu.apiKey"])
      assert.notInclude(JSON.stringify(error), "se cret")
    }))

  it.effect("lets the next model answer when it is not there", () =>
    Effect.gen(function*() {
      const config = {
        models: {
          providers: {
            gpu: { baseUrl: "https://far.example", models, apiKey: file },
            other: { baseUrl: "https://other.example", models, apiKey: "k" }
          }
        },
        agents: { defaults: { model: { primary: "gpu/m", fallbacks: ["other/m"] } } }
      }
      const { result } = yield* asked(config, () => Effect.fail("no"))
      assert.strictEqual(Either.getOrThrow(result).ref, "other/m")
    }))

  it.effect("is waited for 10 seconds at most", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(asked(far({ apiKey: file }), () => Effect.never))
      yield* TestClock.adjust("9999 millis")
      assert.isNull(fiber.unsafePoll())
      yield* TestClock.adjust("1 millis")
      assert.include(failure(yield* Fiber.join(fiber)).message, "took longer than 10 seconds")
    }))

  it.effect("is asked for as long as anybody waits for it", () =>
    Effect.gen(function*() {
      let calls = 0
      let stopped = 0
      const given = yield* Deferred.make<Redacted.Redacted>()
      const secrets = () =>
        Effect.suspend(() => {
          calls++
          return Deferred.await(given)
        }).pipe(Effect.onInterrupt(() => Effect.sync(() => stopped++)))
      yield* Effect.gen(function*() {
        const wait = Effect.fork(Models.select("gpu/m"))
        const [first, second] = [yield* wait, yield* wait]
        yield* Effect.yieldNow()
        yield* TestClock.adjust(1)
        yield* Fiber.interrupt(first)
        assert.deepStrictEqual([calls, stopped], [1, 0])
        yield* Fiber.interrupt(second)
        assert.deepStrictEqual([calls, stopped], [1, 1])
        const third = yield* wait
        yield* TestClock.adjust(1)
        yield* Deferred.succeed(given, Redacted.make("k"))
        assert.isTrue(Exit.isSuccess(yield* Fiber.await(third)))
        assert.strictEqual(calls, 2)
      }).pipe(Effect.provide(services(far({ apiKey: file }), secrets)))
    }))

  it.effect("is none that a local ollama needs: it is asked without, and a warning says so", () =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => void logged.push(`${logLevel.label} ${String(message)}`))
      )
      const { result, sent } = yield* asked(near({ apiKey: file }), () => Effect.fail("no")).pipe(
        Effect.provide(logger)
      )
      assert.isTrue(Either.isRight(result))
      assert.deepStrictEqual(sent.map((headers) => headers["authorization"]), [undefined])
      assert.deepStrictEqual(logged, [
        "WARN ollama is asked without the secret file:vault:/providers/gpu (`secrets` failed)"
      ])
      const given = yield* asked(near({ apiKey: file }), gives("k"))
      assert.deepStrictEqual(given.sent.map((headers) => headers["authorization"]), ["Bearer k"])
    }))

  it.effect("that a local ollama did without is asked for again", () =>
    Effect.gen(function*() {
      let calls = 0
      const secrets = () => ++calls === 1 ? Effect.fail("not yet") : Effect.succeed(Redacted.make("k"))
      yield* Effect.gen(function*() {
        assert.isUndefined((yield* Models.provider("ollama")).key)
        assert.isDefined((yield* Models.provider("ollama")).key)
      }).pipe(Effect.provide(services(near({ apiKey: file }), secrets)))
    }))

  it.effect("is not asked for where something stronger is written", () =>
    Effect.gen(function*() {
      let calls = 0
      const secrets = () => Effect.sync(() => Redacted.make(`k${++calls}`))
      const entry = { apiKey: file, headers: { a: file, Authorization: file } }
      const request = { headers: { A: "plain" }, auth: { mode: "authorization-bearer", token: "strong" } }
      const { sent } = yield* asked(far({ ...entry, request }), secrets)
      assert.deepStrictEqual(sent.map((all) => [all["a"], all["authorization"]]), [["plain", "Bearer strong"]])
      assert.strictEqual(calls, 0)
    }))

  it.effect("goes nowhere when the host asks another address", () =>
    Effect.gen(function*() {
      let calls = 0
      const config = near({ baseUrl: "https://far.example", apiKey: file, headers: { a: file } })
      const layer = Ollama.layerValue(config as OpenClawConfig.ConfigInput, {
        baseUrl: "http://gpu-box:11434",
        apiKey: Redacted.make("host"),
        secrets: () => Effect.sync(() => Redacted.make(`k${++calls}`))
      }).pipe(
        Layer.provideMerge(MockOllama.layerHttpClient({ models: ["m"], replies: ["hello"] })),
        Layer.provide(withEnv({}))
      )
      const headers = yield* Effect.zipRight(ChatCompletions.create({ prompt: "Hi" }), sent).pipe(Effect.provide(layer))
      assert.strictEqual(calls, 0)
      assert.deepStrictEqual(headers.map((all) => [all["authorization"], all["a"]]), [["Bearer host", undefined]])
    }))
})
