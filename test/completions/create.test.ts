import { HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Schema, TestClock } from "effect"
import { ChatCompletions, type OllamaError } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import * as f from "../models/fixtures.js"

const requests = Effect.flatMap(MockOllama.MockOllama, (mock) => mock.requests)

const completions = Effect.map(requests, (all) => all.filter((request) => /chat/.test(request.path)))

const bodyOf = (request: MockOllama.RecordedRequest | undefined) => request?.json as Record<string, unknown>

const provider = (settings: object) => ({ config: { models: { providers: { ollama: settings } } } })

const native = provider({ apiKey: "k", api: "ollama" })

/** Runs an effect under TestClock, letting every wait pass. */
const passing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

describe("what goes over the wire", () => {
  for (const [api, path] of [["openai-completions", "/v1/chat/completions"], ["ollama", "/api/chat"]] as const) {
    it.effect(`${api}: asks with stream: false by default`, () =>
      Effect.gen(function*() {
        const answer = yield* ChatCompletions.create({ prompt: "Hi" })
        const [request, ...more] = yield* completions
        assert.deepStrictEqual(more, [])
        assert.strictEqual(request?.path, path)
        assert.strictEqual(bodyOf(request)["stream"], false)
        assert.strictEqual(bodyOf(request)["model"], "m:latest")
        assert.strictEqual(answer.text, "Hello")
        assert.strictEqual(answer.ref, "ollama/m:latest")
        assert.strictEqual(answer.selectedBy, "first-available")
      }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: ["Hello"] }, provider({ apiKey: "k", api })))))

    it.effect(`${api}: asks for a stream when the model's settings say so, and gives the same answer`, () =>
      Effect.gen(function*() {
        const answer = yield* ChatCompletions.create({ prompt: "Hi" })
        const [request] = yield* completions
        assert.strictEqual(bodyOf(request)["stream"], true)
        assert.strictEqual(answer.text, "Hello there, you")
        assert.strictEqual(answer.reasoning, "Hm, well")
        assert.strictEqual(answer.finishReason, "stop")
        assert.isDefined(answer.usage?.outputTokens)
      }).pipe(Effect.provide(MockOllama.layer({
        models: [{ name: "m", capabilities: ["completion", "tools", "thinking"] }],
        replies: [{ reasoning: "Hm, well", text: "Hello there, you" }]
      }, {
        config: {
          models: { providers: { ollama: { apiKey: "k", api } } },
          agents: { defaults: { models: { "ollama/m:latest": { streaming: true } } } }
        }
      }))))
  }

  it.effect("an explicit provider sends no discovery request", () =>
    Effect.gen(function*() {
      yield* ChatCompletions.create({ prompt: "Hi" })
      assert.deepStrictEqual((yield* requests).map((request) => request.path), ["/v1/chat/completions"])
    }).pipe(Effect.provide(MockOllama.layer(
      { models: ["m"], replies: ["Hello"] },
      provider({ apiKey: "k", models: [{ id: "m" }] })
    ))))

  it.effect("a provider that is not enabled sends nothing at all", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(error._tag, "NotEnabled")
      assert.include(error.hint, "export OLLAMA_API_KEY")
      assert.deepStrictEqual(yield* requests, [])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }, { discover: false }))))

  it.effect("parameters of the call win over those of the ref, the model and the provider", () =>
    Effect.gen(function*() {
      yield* ChatCompletions.create({ prompt: "Hi", temperature: 0.1 })
      const body = bodyOf((yield* completions)[0])
      assert.strictEqual(body["temperature"], 0.1)
      assert.strictEqual(body["top_p"], 0.2)
      assert.strictEqual(body["max_tokens"], 30)
      assert.strictEqual(body["seed"], 4)
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: ["Hello"] }, {
      config: {
        models: {
          providers: {
            ollama: {
              apiKey: "k",
              params: { temperature: 4, top_p: 4, num_predict: 4, seed: 4 },
              models: [{ id: "m", params: { temperature: 3, topP: 3, maxTokens: 30 } }]
            }
          }
        },
        agents: { defaults: { models: { "ollama/m": { params: { temperature: 2, top_p: 0.2 } } } } }
      }
    }))))

  it.effect("a request that is wrong is refused before anything is sent", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: [] }))
      assert.strictEqual(error._tag, "InvalidRequest")
      assert.deepStrictEqual(yield* requests, [])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }))))

  it.effect("a picture for a model that cannot see is refused before sending", () =>
    Effect.gen(function*() {
      const image = new Uint8Array([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      const error = yield* Effect.flip(ChatCompletions.create({
        prompt: [{ role: "user", content: [{ type: "image", image }] }]
      }))
      assert.strictEqual(error._tag, "ImagesNotSupported")
      assert.deepStrictEqual(yield* completions, [])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }))))

  it.effect("what a dialect cannot carry is reported", () =>
    Effect.gen(function*() {
      const answer = yield* ChatCompletions.create({ prompt: "Hi", numCtx: 8192, keepAlive: "5m" })
      assert.sameMembers(answer.ignored.map((ignored) => ignored.setting), ["numCtx", "keepAlive"])
      const body = bodyOf((yield* completions)[0])
      assert.notProperty(body, "num_ctx")
      assert.notProperty(body, "options")
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: ["Hello"] }))))

  it.effect("a cost that is not 0 is reported with the usage", () =>
    Effect.gen(function*() {
      const answer = yield* ChatCompletions.create({ prompt: "Hi" })
      assert.strictEqual(answer.usage?.cost, (1000 * 2 + 500 * 8) / 1_000_000)
    }).pipe(Effect.provide(MockOllama.layer(
      { models: ["m"], replies: [{ text: "Hello", usage: { inputTokens: 1000, outputTokens: 500 } }] },
      provider({
        apiKey: "k",
        models: [{ id: "m", cost: { input: 2, output: 8, cacheRead: 0, cacheWrite: 0 } }]
      })
    ))))

  it.effect("a prompt that the server cut silently is flagged when the context size is known", () =>
    Effect.gen(function*() {
      const prompt = "word ".repeat(200)
      const cut = yield* ChatCompletions.create({ prompt, numCtx: 64 })
      assert.isTrue(cut.usage?.promptTruncated)
      const unknown = yield* ChatCompletions.create({ prompt })
      assert.isUndefined(unknown.usage?.promptTruncated)
    }).pipe(Effect.provide(MockOllama.layer(
      { models: ["m"], replies: [{ text: "Hello", usage: { inputTokens: 34, outputTokens: 1 } }] },
      native
    ))))
})

describe("fallbacks", () => {
  const chain = (fallbacks: ReadonlyArray<string>) => ({
    config: {
      agents: { defaults: { model: { primary: "ollama/a", fallbacks: fallbacks.map((id) => `ollama/${id}`) } } }
    }
  })

  it.effect("asks the next model when the server fails, and says what was tried", () =>
    Effect.gen(function*() {
      const answer = yield* ChatCompletions.create({ prompt: "Hi" })
      assert.strictEqual(answer.ref, "ollama/b:latest")
      assert.strictEqual(answer.selectedBy, "fallback")
      assert.deepStrictEqual(answer.attempts.map(({ error, ref }) => [ref, error._tag]), [["ollama/a", "ServerError"]])
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["a", "b"],
      replies: [{ when: "a", fault: { type: "status", status: 500, error: "boom" } }, "Hello"]
    }, chain(["b"])))))

  it.effect("a model that is not there is reported among the attempts and skipped", () =>
    Effect.gen(function*() {
      const answer = yield* ChatCompletions.create({ prompt: "Hi" })
      assert.strictEqual(answer.ref, "ollama/c:latest")
      assert.deepStrictEqual(answer.attempts.map(({ error }) => error._tag), ["UnknownModel", "UnknownModel"])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["c"], replies: ["Hello"] }, chain(["b", "c"])))))

  it.effect("different failures come together as AllModelsFailed, in order", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(error._tag, "AllModelsFailed")
      assert.deepStrictEqual(
        (error as OllamaError.AllModelsFailed).attempts.map(({ error, ref }) => [ref, error._tag]),
        [["ollama/a", "ServerError"], ["ollama/b", "UnknownModel"]]
      )
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["a"],
      replies: [{ fault: { type: "status", status: 500, error: "boom" } }]
    }, chain(["b"])))))

  const crashing = (config: object, ...models: ReadonlyArray<string>) =>
    MockOllama.layer(
      { models, rules: [{ path: "/v1/chat/completions", fault: { type: "status", status: 500, error: "boom" } }] },
      { config }
    )

  const other = { baseUrl: "http://127.0.0.1:8080", apiKey: "k", api: "ollama", models: [{ id: "b" }] } as const

  it.effect("a fallback that turns out to be the first available model, which failed, is not asked again", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(error._tag, "ServerError")
      assert.lengthOf(yield* completions, 1)
    }).pipe(Effect.provide(crashing({ agents: { defaults: { model: { fallbacks: ["ollama/a"] } } } }, "a"))))

  it.effect("a name without its provider that turns out to be a model that failed is not asked again", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        ChatCompletions.create({ prompt: "Hi", model: "ollama/a", fallbacks: ["a:latest"] })
      )
      assert.strictEqual(error._tag, "ServerError")
      assert.lengthOf(yield* completions, 1)
    }).pipe(Effect.provide(crashing({ models: { providers: { other } } }, "a"))))

  const rm = (model: string) =>
    HttpClientRequest.del("http://127.0.0.1:11434/api/delete").pipe(
      HttpClientRequest.bodyUnsafeJson({ model }),
      HttpClient.execute,
      Effect.scoped
    )

  it.effect("a first model that was removed elsewhere makes the one that is first now answer", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ChatCompletions.create({ prompt: "Hi" })).ref, "ollama/a:latest")
      yield* rm("a")
      const answer = yield* ChatCompletions.create({ prompt: "Hi", askFirst: "ollama/a:latest" })
      assert.strictEqual(answer.ref, "ollama/b:latest")
      assert.deepStrictEqual(answer.attempts.map(({ error, ref }) => [ref, error._tag]), [
        ["ollama/a:latest", "ModelNotFound"]
      ])
      assert.deepStrictEqual((yield* ChatCompletions.create({ prompt: "Hi" })).attempts, [])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["a", "b"], replies: ["Hello"] }))))

  it.effect("a configured model that its server refuses costs no discovery at every call", () =>
    Effect.gen(function*() {
      for (let i = 0; i < 3; i++) {
        const { attempts } = yield* ChatCompletions.create({ prompt: "Hi" })
        assert.deepStrictEqual(attempts.map(({ error }) => error._tag), ["ModelNotFound"])
      }
      assert.lengthOf((yield* requests).filter(({ path }) => path === "/api/tags"), 1)
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["a", "b"],
      rules: [{ path: "/v1/chat/completions", model: "a", fault: { type: "missing-model" } }],
      replies: ["Hello"]
    }, chain(["b"])))))

  it.effect("no model at all fails as the one that was there did", () =>
    Effect.gen(function*() {
      yield* ChatCompletions.create({ prompt: "Hi" })
      yield* rm("a")
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(error._tag, "ModelNotFound")
    }).pipe(Effect.provide(MockOllama.layer({ models: ["a"], replies: ["Hello"] }))))

  it.effect("of a provider whose first model is always a new one that is not there, two are asked", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi" }))
      assert.deepStrictEqual(
        (error as OllamaError.AllModelsFailed).attempts.map(({ error, ref }) => [ref, error._tag]),
        [["ollama/1", "ModelNotFound"], ["ollama/2", "ModelNotFound"]]
      )
    }).pipe(Effect.provide(ChatCompletions.layer.pipe(
      Layer.provide(Layer.suspend(() => {
        let count = 0
        return f.layer(f.config([f.ok(f.discovered())]), { discover: () => Effect.sync(() => f.catalog(`${++count}`)) })
      })),
      Layer.provide(MockOllama.layerHttpClient({ models: [] }))
    ))))

  it.effect("attempts name the model that was asked, once it is known", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi" }))
      assert.deepStrictEqual(
        (error as OllamaError.AllModelsFailed).attempts.map(({ ref }) => ref),
        ["ollama/a:latest", "ollama/b"]
      )
    }).pipe(Effect.provide(crashing({ agents: { defaults: { model: { fallbacks: ["ollama/b"] } } } }, "a", "b"))))

  it.effect("a request that is wrong whatever the model is not tried on another", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(error._tag, "InvalidRequest")
      assert.lengthOf(yield* completions, 1)
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["a", "b"],
      replies: [{ fault: { type: "status", status: 500, error: "option \"top_k\" must be of type integer" } }]
    }, chain(["b"])))))

  it.effect("a model that the caller named and nobody has never becomes another one", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi", model: "ollama/nope" }))
      assert.strictEqual(error._tag, "UnknownModel")
      assert.deepStrictEqual(yield* completions, [])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["a", "b"], replies: ["Hello"] }, chain(["b"])))))

  it.effect("nor when the catalog is empty", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi", model: "ollama/a" }))
      assert.strictEqual(error._tag, "NoToolModels")
      assert.deepStrictEqual(yield* completions, [])
    }).pipe(Effect.provide(MockOllama.layer({ models: [{ name: "a", capabilities: ["completion"] }] }, {
      config: {
        models: {
          providers: {
            hosted: { baseUrl: "http://127.0.0.1:8080", apiKey: "k", api: "ollama", models: [{ id: "m" }] }
          }
        },
        agents: { defaults: { model: "hosted/m" } }
      }
    }))))

  it.effect("the caller's own fallbacks replace the configured ones", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi", model: "ollama/a", fallbacks: [] }))
      assert.strictEqual(error._tag, "ServerError")
      assert.lengthOf(yield* completions, 1)
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["a", "b"],
      replies: [{ fault: { type: "status", status: 500, error: "boom" } }]
    }, chain(["b"])))))

  const explicit = {
    config: {
      models: { providers: { ollama: { apiKey: "k", models: [{ id: "a" }, { id: "b" }] } } },
      agents: { defaults: { model: { primary: "ollama/a", fallbacks: ["ollama/b"] } } }
    }
  }

  it.effect("a host that refused the connection is not asked again, and its one error surfaces", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi" })))
      assert.strictEqual(error._tag, "ConnectionRefused")
      assert.strictEqual((error as OllamaError.ConnectionRefused).attempts, 3)
      assert.strictEqual(new Set((yield* completions).map((request) => request.model)).size, 1)
    }).pipe(Effect.provide(MockOllama.layer(
      { models: ["a", "b"], rules: [{ fault: { type: "refused" } }] },
      explicit
    ))))

  it.effect("a host whose discovery was refused is not asked again either", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi" })))
      assert.strictEqual(error._tag, "ConnectionRefused")
      assert.deepStrictEqual((yield* requests).map((request) => request.path), Array(4).fill("/api/tags"))
    }).pipe(Effect.provide(MockOllama.layer(
      { models: ["a", "b"], rules: [{ fault: { type: "refused" } }] },
      chain(["b"])
    ))))

  const localDown = {
    models: ["a", "b"],
    rules: [{ when: (request: { readonly url: string }) => request.url.includes("11434"), fault: { type: "refused" } }],
    replies: ["Hello"]
  } as const

  const withOther = (defaults: object) => ({ config: { models: { providers: { other } }, agents: { defaults } } })

  it.effect("nor for models without a provider, when nobody else has them", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi" })))
      assert.strictEqual(error._tag, "ConnectionRefused")
      assert.isTrue(error.isRetryable)
      assert.lengthOf(yield* requests, 4)
    }).pipe(Effect.provide(
      MockOllama.layer(localDown, withOther({ model: { primary: "w", fallbacks: ["x", "y", "z"] } }))
    )))

  it.effect("a primary without its provider, while one does not answer, makes the next one answer", () =>
    Effect.gen(function*() {
      const answer = yield* passing(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(answer.ref, "other/b")
      assert.deepStrictEqual(answer.attempts.map(({ error }) => error._tag), ["ConnectionRefused"])
      assert.lengthOf(yield* requests, 5)
    }).pipe(Effect.provide(
      MockOllama.layer(localDown, withOther({ model: { primary: "gpt-oss:20b", fallbacks: ["b"] } }))
    )))

  it.effect("a name of the caller's that nobody who answered has never becomes another model", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi", model: "gpt-oss:2ob" })))
      assert(error._tag === "UnknownModel")
      assert.deepStrictEqual(error.unanswered, ["ollama"])
      assert.strictEqual(
        error.message,
        "No provider that answered has the model gpt-oss:2ob; ollama did not. Write ollama/gpt-oss:2ob to ask one of them. Known: other/b."
      )
      assert.isTrue(error.isRetryable)
      assert.lengthOf(yield* completions, 0)
    }).pipe(Effect.provide(MockOllama.layer(localDown, withOther({ model: "other/b" })))))

  it.effect("a provider that lists its models has them also while its host is known to refuse", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi" })))
      assert(error._tag === "AllModelsFailed")
      const [, second] = error.attempts
      assert.deepStrictEqual(
        second!.error._tag === "UnknownModel" ? second!.error.several : undefined,
        ["l1/m", "other/m"]
      )
    }).pipe(Effect.provide(MockOllama.layer(localDown, {
      config: {
        models: {
          providers: {
            l1: { baseUrl: "http://127.0.0.1:11434/v1", apiKey: "k", models: [{ id: "x" }, { id: "m" }] },
            other: { ...other, models: [{ id: "m" }] }
          }
        },
        agents: { defaults: { model: { primary: "l1/x", fallbacks: ["m"] } } }
      }
    }))))

  it.effect("nor for any of many fallbacks", () =>
    Effect.gen(function*() {
      const fallbacks = Array.from({ length: 20_000 }, (_, i) => `ollama/${i}`)
      const error = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi", fallbacks })))
      assert.strictEqual(error._tag, "ConnectionRefused")
      assert.lengthOf(yield* requests, 4)
    }).pipe(Effect.provide(MockOllama.layer(localDown))))

  it.effect("one provider that fails never keeps another from answering", () =>
    Effect.gen(function*() {
      const answer = yield* passing(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(answer.ref, "other/b")
    }).pipe(Effect.provide(
      MockOllama.layer(localDown, withOther({ model: { primary: "ollama/a", fallbacks: ["other/b"] } }))
    )))
})

describe("retries and limits", () => {
  it.effect("a busy server is asked again, at most twice", () =>
    Effect.gen(function*() {
      const answer = yield* passing(ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(answer.text, "Hello")
      assert.lengthOf(yield* completions, 3)
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      rules: [{ path: "/v1/chat/completions", times: 2, fault: { type: "busy" } }],
      replies: ["Hello"]
    }))))

  it.effect("a busy server that stays busy is ServerBusy", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi" })))
      assert.strictEqual(error._tag, "ServerBusy")
      assert.lengthOf(yield* completions, 3)
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      rules: [{ path: "/v1/chat/completions", fault: { type: "busy" } }]
    }))))

  it.effect("Retry-After is waited for, to the millisecond", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(ChatCompletions.create({ prompt: "Hi" }))
      yield* TestClock.adjust("9999 millis")
      assert.lengthOf(yield* completions, 1)
      yield* TestClock.adjust("1 millis")
      assert.lengthOf(yield* completions, 2)
      assert.strictEqual((yield* Fiber.join(fiber)).text, "Hello")
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      rules: [{
        path: "/v1/chat/completions",
        times: 1,
        fault: { type: "status", status: 429, error: "slow down", headers: { "retry-after": "10" } }
      }],
      replies: ["Hello"]
    }))))

  for (
    const [why, error, headers] of [
      ["a used-up quota", "you have reached your session usage limit, upgrade for higher limits", {}],
      ["a Retry-After over 30 s", "slow down", { "retry-after": "31" }]
    ] as const
  ) {
    it.effect(`${why} is not retried`, () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi" })))
        assert.strictEqual(failure._tag, "RateLimited")
        assert.lengthOf(yield* completions, 1)
      }).pipe(Effect.provide(MockOllama.layer({
        models: ["m"],
        rules: [{ path: "/v1/chat/completions", fault: { type: "status", status: 429, error, headers } }]
      }))))
  }

  it.effect("other failures of the server are not retried", () =>
    Effect.gen(function*() {
      yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi" })))
      assert.lengthOf(yield* completions, 1)
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      replies: [{ fault: { type: "status", status: 500, error: "boom" } }]
    }))))

  it.effect("nothing for 10 minutes is RequestTimeout, phase first-byte", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.flip(ChatCompletions.create({ prompt: "Hi" })))
      yield* TestClock.adjust(Duration.subtract("10 minutes", "1 millis"))
      assert.isNull(yield* Effect.map(Fiber.poll(fiber), (exit) => exit._tag === "None" ? null : exit))
      yield* TestClock.adjust("1 millis")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "RequestTimeout")
      assert.deepInclude({ ...error }, { phase: "first-byte", limit: 600_000 })
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: [{ fault: { type: "stall" } }] }))))

  it.effect("timeoutSeconds of the provider sets the limit, and the call's own wins", () =>
    Effect.gen(function*() {
      const configured = yield* Effect.flip(passing(ChatCompletions.create({ prompt: "Hi" })))
      assert.deepInclude({ ...configured }, { _tag: "RequestTimeout", limit: 20_000 })
      const called = yield* Effect.flip(
        passing(ChatCompletions.create({ prompt: "Hi", firstByteTimeout: "3 seconds" }))
      )
      assert.deepInclude({ ...called }, { _tag: "RequestTimeout", limit: 3000 })
    }).pipe(Effect.provide(MockOllama.layer(
      { models: ["m"], replies: [{ fault: { type: "stall" } }] },
      provider({ apiKey: "k", timeoutSeconds: 20 })
    ))))

  it.effect("interruption aborts the request", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(ChatCompletions.create({ prompt: "Hi" }))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual((yield* completions).map((request) => request.aborted), [true])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: [{ fault: { type: "stall" } }] }))))
})

describe("createObject", () => {
  const City = Schema.Struct({ name: Schema.String, people: Schema.NumberFromString })

  it.effect("sends the schema and gives the decoded value", () =>
    Effect.gen(function*() {
      const { response, value } = yield* ChatCompletions.createObject({ prompt: "Capital of France?", schema: City })
      assert.deepStrictEqual(value, { name: "Paris", people: 2_100_000 })
      assert.strictEqual(response.finishReason, "stop")
      const format = bodyOf((yield* completions)[0])["response_format"] as { json_schema: { schema: object } }
      assert.hasAllKeys((format.json_schema.schema as { properties: object }).properties, ["name", "people"])
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      replies: ["{\"name\":\"Paris\",\"people\":\"2100000\"}"]
    }))))

  it.effect("text that does not have the form is OutputInvalid, with the text", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.createObject({ prompt: "Capital of France?", schema: City }))
      assert.strictEqual(error._tag, "OutputInvalid")
      assert.deepInclude({ ...error }, { ref: "ollama/m:latest", text: "Sure! Paris." })
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: ["Sure! Paris."] }))))
})
