import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer } from "effect"
import { ChatCompletions, Models, Ollama, type OllamaError, OpenClawConfig } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { withEnv } from "./fixtures.js"

// What a configuration comes to, by the requests that are sent.

type Env = Readonly<Record<string, string>>

const withKey = { OLLAMA_API_KEY: "real-key" }

interface Given extends OpenClawConfig.HostOptions {
  readonly env?: Env
  readonly call?: Partial<ChatCompletions.CompletionOptions>
  readonly mock?: MockOllama.Description
}

/** What came of one completion under a configuration, and what was asked for it. */
const asked = (config: unknown, { call, env = withKey, mock, ...options }: Given = {}) =>
  Effect.gen(function*() {
    const result = yield* Effect.either(ChatCompletions.create({ prompt: "Hi", ...call }))
    const requests = yield* Effect.flatMap(MockOllama.MockOllama, (mock) => mock.requests)
    const { diagnostics } = yield* OpenClawConfig.OpenClawConfig
    return { result, requests, diagnostics: diagnostics.map(({ level, path }) => `${level} ${path}`) }
  }).pipe(Effect.provide(
    // configurations of files have no types
    Ollama.layerValue(config as OpenClawConfig.ConfigInput, options).pipe(
      Layer.provideMerge(MockOllama.layerHttpClient({ models: ["m", "a", "b"], replies: ["hello"], ...mock })),
      Layer.provide(withEnv(env))
    )
  ))

type Asked = Effect.Effect.Success<ReturnType<typeof asked>>

const answer = ({ result }: Asked) => Either.getOrThrowWith(result, (error) => new Error(error.message))

const failure = ({ result }: Asked): OllamaError.CompletionError =>
  Either.getOrThrowWith(Either.flip(result), () => new Error("unexpected answer"))

const ignored = (of: Asked) => answer(of).ignored.map(({ setting }) => setting)

const completions = ({ requests }: Asked) => requests.filter(({ path }) => /chat/.test(path))

/** The body of the one completion that was sent. */
const body = (of: Asked): Record<string, unknown> => {
  assert.lengthOf(completions(of), 1)
  return completions(of)[0]!.json as Record<string, unknown>
}

const authorization = (of: Asked) => completions(of).map(({ headers }) => headers["authorization"])

const urls = (of: Asked) => of.requests.map(({ url }) => url)

const models = [{ id: "m" }]
const v1 = "http://127.0.0.1:11434/v1/chat/completions"
const native = "http://127.0.0.1:11434/api/chat"
const providers = (providers: object, agents?: object) => ({
  models: { providers },
  ...(agents === undefined ? {} : { agents: { defaults: agents } })
})
const ollama = (entry: object, agents?: object) => providers({ ollama: { models, ...entry } }, agents)

describe("a problem stays where it is", () => {
  const broken: ReadonlyArray<readonly [what: string, entry: unknown]> = [
    ["an api that is not spoken", { baseUrl: "http://x", api: "openai-codex-responses", apiKey: "k", models }],
    ["modalities that nobody has", { baseUrl: "http://x", models: [{ id: "m", input: ["text", "image", "video"] }] }],
    ["params that cannot be taken", { params: { num_ctx: 0, reasoningEffort: "auto", stream: true, model: 1 } }],
    ["fractions", { models: [{ id: "m", contextWindow: 131072.5, maxTokens: "8192" }] }],
    ["negative prices", { models: [{ id: "m", cost: { input: -1, output: "free" } }] }],
    ["no object", 5],
    ["models that are no list", { models: { m: {} } }],
    ["a variable that is not set", { baseUrl: "${X_URL}", apiKey: "${X_KEY}", headers: { a: "${X_A}" } }],
    ["a key of another kind", { apiKey: 5, headers: [], timeoutSeconds: "soon", api: {} }],
    ["an address that is none", { baseUrl: "javascript:alert(1)", models }],
    ["models that are none", { models: [5, null, {}, { id: 5 }, { id: "m", baseUrl: "http://elsewhere" }] }]
  ]
  for (const [what, entry] of broken) {
    it.effect(`${what}, at a provider that is not asked`, () =>
      Effect.gen(function*() {
        const sent = yield* asked(providers({ x: entry, ollama: { models } }))
        assert.strictEqual(answer(sent).ref, "ollama/m")
        assert.deepStrictEqual(urls(sent), [v1])
      }))
  }

  const elsewhere: ReadonlyArray<readonly [what: string, config: object]> = [
    ["an env block", { env: { vars: { OPENROUTER_API_KEY: "${OPENROUTER_API_KEY}" } } }],
    ["an alias", { agents: { defaults: { models: { "a/b": { alias: "${UNSET}", streaming: 1, params: [] } } } } }],
    ["params", {
      agents: { defaults: { models: { "openai/x": { params: { reasoningEffort: "auto", stream: true } } } } }
    }],
    ["fallbacks", { agents: { defaults: { model: { primary: "ollama/m", fallbacks: "ollama/a" } } } }],
    ["a thinking level", { agents: { defaults: { thinkingDefault: "very" } } }],
    ["orders", { auth: { order: { ollama: "x" }, profiles: 5 } }]
  ]
  for (const [what, config] of elsewhere) {
    it.effect(`what is wrong in ${what} is only said`, () =>
      Effect.gen(function*() {
        const sent = yield* asked({ ...ollama({}), ...config })
        assert.strictEqual(answer(sent).ref, "ollama/m")
        assert.deepStrictEqual(urls(sent), [v1])
        assert.isTrue(sent.diagnostics.length > 0 && sent.diagnostics.every((text) => text.startsWith("warning")))
      }))
  }

  it.effect("a provider that cannot be used fails the call that needs it, and sends nothing", () =>
    Effect.gen(function*() {
      const tags: Array<string> = []
      for (
        const entry of [
          { apiKey: "${UNSET}" },
          { apiKey: "${lower}" },
          { headers: { a: "\n" } },
          { baseUrl: "file:///etc/passwd" },
          { api: "anthropic-messages" },
          { timeoutSeconds: -1 },
          { models: {} },
          { request: { proxy: { mode: "env-proxy" } } }
        ]
      ) {
        const sent = yield* asked(ollama(entry), { call: { model: "ollama/m" } })
        assert.deepStrictEqual(urls(sent), [])
        // an api of OpenClaw's own is no mistake
        const level = "api" in entry ? "warning" : "error"
        assert.deepStrictEqual(sent.diagnostics.map((text) => text.split(" ")[0]), [level])
        tags.push(failure(sent)._tag)
      }
      assert.deepStrictEqual(tags, [
        "MissingEnvironmentVariable",
        "ConfigInvalid",
        "ConfigInvalid",
        "ConfigInvalid",
        "ProviderUnavailable",
        "ConfigInvalid",
        "ConfigInvalid",
        "ProviderUnavailable"
      ])
    }))

  it.effect("a model that is left out says why, and the others are asked", () =>
    Effect.gen(function*() {
      const entry = {
        baseUrl: "http://box:1/v1",
        models: [
          { name: "Nameless" },
          { id: "far", baseUrl: "http://elsewhere:2/v1" },
          { id: "other", api: "openai-responses" },
          { id: "m", baseUrl: "http://box:1/" }
        ]
      }
      const reasons: Array<unknown> = []
      for (const model of ["ollama/Nameless", "ollama/far", "ollama/other"]) {
        const sent = yield* asked(ollama(entry), { call: { model } })
        assert.deepStrictEqual(urls(sent), [])
        const error = failure(sent)
        reasons.push(error._tag === "UnknownModel" && error.leftOut?.reason)
      }
      assert.deepStrictEqual(reasons, ["no-id", "own-base-url", "unsupported-api"])
      assert.deepStrictEqual(urls(yield* asked(ollama(entry))), ["http://box:1/v1/chat/completions"])
    }))

  it.effect("a list whose models are all left out is not discovered instead", () =>
    Effect.gen(function*() {
      const config = ollama({ models: [{ name: "x" }, { id: "far", baseUrl: "http://elsewhere" }] })
      const unnamed = yield* asked(config)
      const error = failure(unnamed)
      assert(error._tag === "NoModelsConfigured")
      assert.deepStrictEqual(error.excluded?.map(({ reason }) => reason), ["no-id", "own-base-url"])
      assert.include(error.hint, "far (it has a baseUrl of its own)")
      const named = failure(yield* asked(config, { call: { model: "ollama/far" } }))
      assert.strictEqual(named._tag === "UnknownModel" && named.leftOut?.reason, "own-base-url")
      assert.deepStrictEqual(urls(unnamed), [])
    }))

  it.effect("a variable in the primary fails that candidate, and the next is tried", () =>
    Effect.gen(function*() {
      const model = { primary: "ollama/${UNSET}", fallbacks: ["${GONE}/x", "ollama/m"] }
      const sent = yield* asked(ollama({}, { model }))
      assert.strictEqual(answer(sent).ref, "ollama/m")
      assert.deepStrictEqual(
        answer(sent).attempts.map(({ error, ref }) => [ref, error._tag]),
        [["ollama/${UNSET}", "MissingEnvironmentVariable"], ["${GONE}/x", "MissingEnvironmentVariable"]]
      )
    }))

  it.effect("a primary that is no text is an attempt, and never the first model that there is", () =>
    Effect.gen(function*() {
      for (const model of [5, { primary: 5 }, { primary: null }, []]) {
        const sent = yield* asked(ollama({}, { model }))
        assert.strictEqual(failure(sent)._tag, "InvalidModelRef")
        assert.include(failure(sent).message, "is no text")
        assert.deepStrictEqual(urls(sent), [])
      }
      const sent = yield* asked(ollama({}, { model: { primary: 5, fallbacks: [{}, "ollama/m"] } }))
      assert.deepStrictEqual(answer(sent).attempts.map(({ error }) => error._tag), [
        "InvalidModelRef",
        "InvalidModelRef"
      ])
    }))

  it.effect("a primary of a provider that does not exist is an unknown model", () =>
    Effect.gen(function*() {
      const sent = yield* asked({ agents: { defaults: { model: "nobody/m" } } }, { env: {} })
      assert.strictEqual(failure(sent)._tag, "UnknownModel")
      assert.include(failure(sent).message, "There is no provider nobody")
    }))
})

describe("params", () => {
  it.effect("those that cannot be taken are not sent, and every answer that they would have shaped says so", () =>
    Effect.gen(function*() {
      const params = { temperature: "hot", top_p: 0.5, num_ctx: 0, think: "very", model: "x" }
      const sent = yield* asked(ollama({ api: "ollama", params }))
      assert.deepStrictEqual(body(sent)["options"], { top_p: 0.5 })
      assert.sameMembers(ignored(sent), ["model", "temperature", "numCtx", "think"])
      assert.include(
        answer(sent).ignored.map(({ reason }) => reason),
        "models.providers.ollama.params.temperature: expected a finite number, found a string"
      )
      const other = yield* asked(ollama({ api: "ollama", params }), {
        call: { temperature: 0, numCtx: 10, think: false }
      })
      assert.deepStrictEqual(ignored(other), ["model"])
    }))

  it.effect("those that a stronger layer sets anew are not missed", () =>
    Effect.gen(function*() {
      const config = ollama({ params: { temperature: "hot", seed: "x" } }, {
        params: { top_k: "x" },
        models: { "ollama/m": { params: { temperature: 0.5, seed: 1.5 } } }
      })
      const sent = yield* asked(config)
      assert.strictEqual(body(sent)["temperature"], 0.5)
      assert.deepStrictEqual(ignored(sent), ["seed", "topK", "seed"])
    }))

  for (const word of [false, "off", "none"]) {
    it.effect(`thinking: ${word} is think: false`, () =>
      Effect.gen(function*() {
        for (const reasoning of [undefined, false, true]) {
          const entry = { params: { thinking: word }, models: [{ id: "m", reasoning }] }
          assert.strictEqual(body(yield* asked(ollama({ ...entry, api: "ollama" })))["think"], false)
          assert.strictEqual(body(yield* asked(ollama(entry)))["reasoning_effort"], "none")
        }
      }))
  }

  it.effect("what OpenClaw does itself with them reaches no server", () =>
    Effect.gen(function*() {
      const params = {
        cacheRetention: "long",
        fastMode: true,
        fastAutoOnSeconds: 30,
        transport: "auto",
        streaming: true,
        context1m: true,
        responsesServerCompaction: true,
        serviceTier: "priority"
      }
      for (const api of ["ollama", "openai-completions"]) {
        const sent = yield* asked(ollama({ api, params, streaming: false }, {
          params,
          models: { "ollama/m": { params, streaming: false } }
        }))
        assert.deepStrictEqual(Object.keys(body(sent)), ["model", "messages", "stream"])
        assert.deepStrictEqual(ignored(sent), [])
        assert.deepStrictEqual(sent.diagnostics.filter((text) => !text.endsWith("ollama.streaming")), [])
        const called = yield* asked(ollama({ api }), { call: { params: { cacheRetention: "long" } } })
        assert.notProperty(body(called), "cacheRetention")
      }
    }))

  it.effect("extra_body stands at the top of the body, below the params of its own layer", () =>
    Effect.gen(function*() {
      const agents = { models: { "ollama/m": { params: { extra_body: { seed: 3 } } } } }
      const params = {
        temperature: 0.5,
        seed: 1,
        extraBody: { temperature: 1, chat_template_kwargs: { enable_thinking: false }, model: "x" }
      }
      const sent = yield* asked(ollama({ params }, agents))
      assert.deepInclude(body(sent), { temperature: 0.5, seed: 3, chat_template_kwargs: { enable_thinking: false } })
      assert.strictEqual(body(sent)["model"], "m")
      assert.deepStrictEqual(ignored(sent), ["model"])
      const { model: _, ...own } = body(yield* asked(ollama({ api: "ollama", params }, agents)))
      assert.deepInclude(own, {
        options: { temperature: 0.5, seed: 1 },
        temperature: 1,
        seed: 3,
        chat_template_kwargs: { enable_thinking: false }
      })
    }))

  it.effect("the ref wins over all of its provider, these over those of all models, the model's and the provider's", () =>
    Effect.gen(function*() {
      const layers = ["a", "b", "c", "d", "e"] as const
      const set = (...names: ReadonlyArray<string>) => (n: number) => Object.fromEntries(names.map((name) => [name, n]))
      const config = providers({
        ollama: { params: set(...layers)(1), models: [{ id: "m", params: set(...layers.slice(1))(2) }] }
      }, {
        params: set(...layers.slice(2))(3),
        models: { "ollama/*": { params: set(...layers.slice(3))(4) }, "ollama/m": { params: set("e")(5) } }
      })
      assert.deepInclude(body(yield* asked(config)), { a: 1, b: 2, c: 3, d: 4, e: 5 })
    }))

  it.effect("num_ctx: the model's own comes before that of all models, contextTokens comes last", () =>
    Effect.gen(function*() {
      const numCtx = (model: object, agents: object = {}, entry: object = {}) =>
        Effect.map(
          asked(ollama({ api: "ollama", ...entry, models: [{ id: "m", ...model }] }, agents)),
          (sent) => (body(sent)["options"] as Record<string, unknown> | undefined)?.["num_ctx"]
        )
      assert.strictEqual(yield* numCtx({ params: { num_ctx: 1 } }, { params: { num_ctx: 2 } }), 1)
      assert.strictEqual(
        yield* numCtx({ params: { num_ctx: 1 } }, { models: { "ollama/m": { params: { num_ctx: 3 } } } }),
        3
      )
      assert.strictEqual(yield* numCtx({ contextTokens: 4 }, { params: { num_ctx: 2 } }), 2)
      assert.strictEqual(yield* numCtx({ contextTokens: 4 }, {}, { params: { num_ctx: 5 } }), 5)
      assert.strictEqual(yield* numCtx({ contextTokens: 4 }), 4)
      const v1 = yield* asked(ollama({ models: [{ id: "m", contextTokens: 4 }] }))
      assert.deepStrictEqual(ignored(v1), [])
      assert.notProperty(body(v1), "num_ctx")
    }))

  it.effect("thinkingDefault: off for every model of an Ollama, other words for those that can think", () =>
    Effect.gen(function*() {
      const think = (thinkingDefault: string, model: object, params: object = {}) =>
        Effect.map(
          asked(ollama({ api: "ollama", params, models: [{ id: "m", ...model }] }, { thinkingDefault }), {
            mock: { models: [{ name: "m", capabilities: null }] }
          }),
          (sent) => [body(sent)["think"], ignored(sent)]
        )
      assert.deepStrictEqual(yield* think("off", {}), [false, []])
      assert.deepStrictEqual(yield* think("off", { reasoning: false }), [false, []])
      assert.deepStrictEqual(yield* think("low", { reasoning: true }), ["low", []])
      assert.deepStrictEqual(yield* think("low", { reasoning: false }), [undefined, []])
      assert.deepStrictEqual(yield* think("off", {}, { think: true }), [true, []])
      const hosted = { baseUrl: "https://h/v1", apiKey: "k", models }
      for (const thinkingDefault of ["off", "low"]) {
        const sent = yield* asked(providers({ h: hosted }, { model: "h/m", thinkingDefault }))
        assert.notProperty(body(sent), "reasoning_effort")
        assert.deepStrictEqual(ignored(sent), [])
      }
    }))

  it.effect("streaming: the ref, all of its provider, all models, the model, the provider, the host", () =>
    Effect.gen(function*() {
      const streams = (config: object, options: Given = {}) =>
        Effect.map(asked(config, options), (sent) => body(sent)["stream"])
      const on = { params: { streaming: true } }
      const off = { params: { streaming: false } }
      const hosted = (entry: object) =>
        providers({ h: { baseUrl: "https://h/v1", apiKey: "k", models, ...entry } }, {
          model: "h/m"
        })
      assert.isFalse(yield* streams(ollama({})))
      assert.isTrue(yield* streams(hosted({})))
      assert.isTrue(yield* streams(ollama({}), { streaming: true }))
      assert.isFalse(yield* streams(hosted({}), { streaming: false }))
      assert.isFalse(yield* streams(ollama(off), { streaming: true }))
      assert.isTrue(yield* streams(ollama(on)))
      assert.isFalse(yield* streams(ollama({ ...on, models: [{ id: "m", ...off }] })))
      assert.isTrue(yield* streams(ollama(off, on)))
      assert.isFalse(yield* streams(ollama(on, { ...on, models: { "ollama/*": off } })))
      assert.isTrue(yield* streams(ollama({}, { models: { "ollama/*": { streaming: true } } })))
      assert.isTrue(yield* streams(ollama({}, { models: { "ollama/*": { ...off, streaming: true } } })))
      assert.isFalse(yield* streams(ollama({}, { models: { "ollama/*": { streaming: true }, "ollama/m": off } })))
      assert.isTrue(yield* streams(ollama({}, { models: { "ollama/m": { ...off, streaming: true } } })))
    }))

  it.effect("`<provider>/*` speaks for the models that are discovered too, and for no other provider", () =>
    Effect.gen(function*() {
      const agents = { models: { "ollama/*": { params: { seed: 1 } }, "other/*": { params: { seed: 2 } } } }
      const sent = yield* asked({ agents: { defaults: agents } })
      assert.strictEqual(body(sent)["seed"], 1)
    }))
})

describe("keys", () => {
  const forms = ["OLLAMA_API_KEY", "$OLLAMA_API_KEY", "${OLLAMA_API_KEY}", "secretref-env:OLLAMA_API_KEY", {
    source: "env",
    provider: "default",
    id: "OLLAMA_API_KEY"
  }]
  for (const apiKey of forms) {
    it.effect(`${JSON.stringify(apiKey)} is the variable`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(authorization(yield* asked(ollama({ apiKey }))), ["Bearer real-key"])
        const remote = ollama({ apiKey, baseUrl: "https://far.example" })
        const unset = failure(yield* asked(remote, { env: {} }))
        assert.strictEqual(unset._tag === "MissingEnvironmentVariable" && unset.variable, "OLLAMA_API_KEY")
      }))
  }

  it.effect("the bare name of a variable that is not set opts in a local ollama, and goes nowhere", () =>
    Effect.gen(function*() {
      const sent = yield* asked(ollama({ apiKey: "OLLAMA_API_KEY" }), { env: {} })
      assert.deepStrictEqual(authorization(sent), [undefined])
    }))

  it.effect("the bare name may be the one of the entry's own id, and no other", () =>
    Effect.gen(function*() {
      const key = (apiKey: string, env: Env) =>
        Effect.map(
          asked(providers({ "my-box": { baseUrl: "http://h", apiKey, models } }, { model: "my-box/m" }), { env }),
          (sent) => sent.result._tag === "Right" ? authorization(sent)[0] : failure(sent)._tag
        )
      assert.strictEqual(yield* key("MY_BOX_API_KEY", { MY_BOX_API_KEY: "k" }), "Bearer k")
      assert.strictEqual(yield* key("MY_BOX_API_KEY", {}), "MissingEnvironmentVariable")
      assert.strictEqual(yield* key("OTHER_API_KEY", { OTHER_API_KEY: "k" }), "Bearer OTHER_API_KEY")
    }))

  it.effect("a `${…}` that is no reference is never sent, an escaped one is a text", () =>
    Effect.gen(function*() {
      for (const text of ["${__proto__}", "${lower}", "a${A-b}", "${OPEN", "secretref-env:lower"]) {
        const sent = yield* asked(ollama({ apiKey: text }))
        assert.strictEqual(failure(sent)._tag, "ConfigInvalid", text)
        assert.deepStrictEqual(urls(sent), [])
      }
      for (const text of ["${lower}", "Bearer ${a b}"]) {
        assert.strictEqual(failure(yield* asked(ollama({ headers: { a: text } })))._tag, "ConfigInvalid")
      }
      for (const baseUrl of ["http://${host}:1", "$OLLAMA_HOST"]) {
        assert.strictEqual(failure(yield* asked(ollama({ baseUrl })))._tag, "ConfigInvalid")
      }
      assert.deepStrictEqual(authorization(yield* asked(ollama({ apiKey: "$${KEY}" }))), ["Bearer ${KEY}"])
      assert.deepStrictEqual(authorization(yield* asked(ollama({ apiKey: "pa$WORD" }))), ["Bearer pa$WORD"])
    }))

  it.effect("headers take the same forms, but no bare names", () =>
    Effect.gen(function*() {
      const headers = { a: "$A", b: { source: "env", id: "A" }, c: "secretref-env:A", d: "x-${A}", e: "OLLAMA_API_KEY" }
      const sent = yield* asked(ollama({ headers }), { env: { ...withKey, A: "1" } })
      const { a, b, c, d, e } = completions(sent)[0]!.headers
      assert.deepStrictEqual([a, b, c, d, e], ["1", "1", "1", "x-1", "OLLAMA_API_KEY"])
    }))

  it.effect("markers go to local servers only", () =>
    Effect.gen(function*() {
      const at = (baseUrl: string, id = "ollama", apiKey = "ollama-local") =>
        Effect.map(
          asked(providers({ [id]: { baseUrl, apiKey, models } }, { model: `${id}/m` }), { env: {} }),
          (sent) => sent.result._tag === "Right" ? authorization(sent)[0] : failure(sent)
        )
      for (
        const url of [
          "http://127.0.0.1:11434",
          "http://localhost:1",
          "http://[::1]:1",
          "http://10.0.0.7",
          "http://172.20.0.1",
          "http://192.168.1.1:11434/v1",
          "http://169.254.1.1",
          "http://[fe80::1]",
          "http://[fd00::1]",
          "http://box.local",
          "http://gpu-box:11434",
          "http://host.docker.internal:11434"
        ]
      ) {
        assert.strictEqual(yield* at(url), "Bearer ollama-local", url)
        assert.strictEqual(yield* at(url, "other"), "Bearer ollama-local", url)
        assert.strictEqual(yield* at(url, "other", "custom-local"), "Bearer custom-local", url)
      }
      for (
        const url of [
          "https://ollama.com",
          "http://8.8.8.8",
          "http://172.32.0.1",
          "http://[2001:db8::1]",
          "https://a.b"
        ]
      ) {
        assert.strictEqual(yield* at(url), undefined, url)
        const error = yield* at(url, "other")
        assert(typeof error === "object" && error._tag === "ProviderUnavailable")
        assert.strictEqual(error.reason, "no-credential")
      }
    }))

  it.effect("a secret that only the host can follow is named, and a local ollama does without", () =>
    Effect.gen(function*() {
      const file = { source: "file", provider: "vault", id: "/providers/ollama" }
      for (const [apiKey, name] of [[file, "file:vault:/providers/ollama"], ["oauth:x", "oauth:x"]] as const) {
        const near = yield* asked(ollama({ apiKey }))
        assert.deepStrictEqual(authorization(near), [undefined])
        assert.deepStrictEqual(near.diagnostics, ["warning models.providers.ollama.apiKey"])
        const far = failure(yield* asked(ollama({ apiKey, baseUrl: "https://far.example" })))
        assert.strictEqual(far._tag === "ProviderUnavailable" && far.reason, "no-credential")
        assert.include(far.message, name)
      }
    }))

  it.effect("request.headers and request.auth win over headers and apiKey", () =>
    Effect.gen(function*() {
      const entry = { apiKey: "weak", headers: { a: "1", b: "1", Authorization: "Basic x" } }
      const headers = (request: object) =>
        Effect.map(asked(ollama({ ...entry, request })), (sent) => completions(sent)[0]!.headers)
      assert.deepInclude(yield* headers({ headers: { B: "2" } }), { a: "1", b: "2", authorization: "Basic x" })
      const bearer = { mode: "authorization-bearer", token: "${OLLAMA_API_KEY}" }
      assert.strictEqual((yield* headers({ auth: bearer }))["authorization"], "Bearer real-key")
      const own = yield* headers({ auth: { mode: "header", headerName: "X-Key", value: "k", prefix: "Token " } })
      assert.strictEqual(own["x-key"], "Token k")
      assert.notProperty(own, "authorization")
      assert.strictEqual((yield* headers({ auth: { mode: "provider-default" } }))["authorization"], "Basic x")
      const enough = providers({ h: { baseUrl: "https://h", models, request: { auth: bearer } } }, { model: "h/m" })
      assert.deepStrictEqual(authorization(yield* asked(enough)), ["Bearer real-key"])
    }))

  it.effect("no prompt goes round a proxy or a TLS setting that the file names", () =>
    Effect.gen(function*() {
      for (
        const request of [
          { proxy: { mode: "explicit-proxy", url: "http://proxy:3128" } },
          { tls: { insecureSkipVerify: true } },
          { tls: { ca: { source: "env", id: "CA" } } }
        ]
      ) {
        const sent = yield* asked(ollama({ request }))
        const error = failure(sent)
        assert.strictEqual(error._tag === "ProviderUnavailable" && error.reason, "unsupported-transport")
        assert.deepStrictEqual(urls(sent), [])
      }
      assert.deepStrictEqual(urls(yield* asked(ollama({ request: { proxy: {}, allowPrivateNetwork: true } }))), [v1])
    }))
})

describe("addresses", () => {
  it.effect("a pasted endpoint is cut off, with a warning", () =>
    Effect.gen(function*() {
      for (
        const baseUrl of [
          "http://127.0.0.1:11434/v1/chat/completions",
          "http://127.0.0.1:11434/api/chat",
          "http://127.0.0.1:11434/api/generate/",
          "http://127.0.0.1:11434/API/tags"
        ]
      ) {
        for (const [api, url] of [["openai-completions", v1], ["ollama", native]]) {
          const sent = yield* asked(ollama({ baseUrl, api }))
          assert.deepStrictEqual(urls(sent), [url])
          assert.deepStrictEqual(sent.diagnostics, ["warning models.providers.ollama.baseUrl"])
        }
      }
      const hosted = { baseUrl: "https://h/api/v1/chat/completions", apiKey: "k", models }
      assert.deepStrictEqual(urls(yield* asked(providers({ h: hosted }, { model: "h/m" }))), [
        "https://h/api/v1/chat/completions"
      ])
    }))

  it.effect("baseURL is read as baseUrl, also of a model", () =>
    Effect.gen(function*() {
      const sent = yield* asked(ollama({ baseURL: "http://box:1/v1" }))
      assert.deepStrictEqual(urls(sent), ["http://box:1/v1/chat/completions"])
      assert.deepStrictEqual(sent.diagnostics, ["warning models.providers.ollama.baseURL"])
      const model = failure(
        yield* asked(ollama({ models: [{ id: "m", baseURL: "http://box:1" }] }), {
          call: { model: "ollama/m" }
        })
      )
      assert.strictEqual(model._tag === "UnknownModel" && model.leftOut?.reason, "own-base-url")
    }))

  it.effect("a model whose own address cannot be read is asked nowhere", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<readonly [written: object, detail: string]> = [
        [{ baseUrl: "${UNSET}" }, "the environment variable UNSET is not set"],
        [{ baseURL: "http://${UNSET}:1" }, "the environment variable UNSET is not set"],
        [{ baseUrl: 5 }, "expected a string, found a number"],
        [{ baseUrl: null }, "expected a string, found null"],
        [{ baseUrl: "my gpu box" }, "expected an http or https URL, found a value without a scheme"],
        [{ baseUrl: "$GPU" }, "expected an http or https URL, found a value without a scheme"]
      ]
      for (const [written, detail] of wrong) {
        for (const entry of [{}, { baseUrl: "http://box:1/v1", apiKey: "k" }]) {
          const sent = yield* asked(ollama({ ...entry, models: [{ id: "far", ...written }, { id: "m" }] }), {
            call: { model: "ollama/far" }
          })
          assert.deepStrictEqual(urls(sent), [])
          const error = failure(sent)
          assert(error._tag === "UnknownModel")
          assert.strictEqual(error.leftOut?.reason, "own-base-url")
          assert.include(error.leftOut?.detail ?? "", detail)
          assert.include(sent.diagnostics, "warning models.providers.ollama.models[0]")
        }
      }
      for (const baseUrl of ["", "  "]) {
        assert.deepStrictEqual(urls(yield* asked(ollama({ models: [{ id: "m", baseUrl }] }))), [v1])
      }
    }))

  it.effect("a model is asked where its own address says, not only on the same server", () =>
    Effect.gen(function*() {
      const of = (baseUrl: string, own: string) =>
        asked(providers({ h: { baseUrl, apiKey: "k", models: [{ id: "m", baseUrl: own }] } }), {
          call: { model: "h/m" }
        })
      for (
        const [baseUrl, own] of [
          ["https://h.example.com/openai", "https://h.example.com/openai/v1"],
          ["https://h.example.com/openai/v1", "https://h.example.com/openai"]
        ] as const
      ) {
        const sent = yield* of(baseUrl, own)
        assert.deepStrictEqual(urls(sent), [])
        const error = failure(sent)
        assert.strictEqual(error._tag === "UnknownModel" && error.leftOut?.reason, "own-base-url")
      }
      for (const own of ["https://h.example.com", "https://h.example.com/v1/", "https://h.example.com/v1"]) {
        assert.deepStrictEqual(urls(yield* of("https://h.example.com/v1", own)), [
          "https://h.example.com/v1/chat/completions"
        ])
      }
    }))

  it.effect("a model id may be written with its provider, and is sent without", () =>
    Effect.gen(function*() {
      const sent = yield* asked(ollama({ models: [{ id: "ollama/m" }] }), { call: { model: "ollama/m" } })
      assert.strictEqual(body(sent)["model"], "m")
    }))

  it.effect("a ref may hold the provider twice, and so may the key of a model's settings", () =>
    Effect.gen(function*() {
      const agents = { model: "ollama/ollama/m", models: { "ollama/ollama/m": { params: { seed: 7 } } } }
      const sent = yield* asked(ollama({}, agents))
      assert.deepInclude(body(sent), { model: "m", seed: 7 })
      assert.strictEqual(answer(sent).ref, "ollama/m")
    }))

  it.effect("OpenRouter's own models are asked by their whole name, however they are written", () =>
    Effect.gen(function*() {
      for (const id of ["auto", "openrouter/auto"]) {
        for (const model of ["openrouter/auto", "openrouter/openrouter/auto"]) {
          const entry = { baseUrl: "https://openrouter.ai/api/v1", apiKey: "k", models: [{ id }, { id: "a/b" }] }
          assert.strictEqual(
            body(yield* asked(providers({ openrouter: entry }, { model })))["model"],
            "openrouter/auto"
          )
          const other = yield* asked(providers({ openrouter: entry }, { model: "openrouter/a/b" }))
          assert.strictEqual(body(other)["model"], "a/b")
        }
      }
    }))

  it.effect("of providers whose ids differ by case only the first counts", () =>
    Effect.gen(function*() {
      const entry = (baseUrl: string) => ({ baseUrl, authHeader: false, models })
      const sent = yield* asked(providers({ Box: entry("http://one"), BOX: entry("http://two") }, { model: "box/m" }))
      assert.deepStrictEqual(urls(sent), ["http://one/v1/chat/completions"])
      assert.deepStrictEqual(sent.diagnostics, ["warning models.providers.BOX"])
    }))
})

describe("ollama-cloud", () => {
  const cloud = { call: { model: "ollama-cloud/m" } }

  it.effect("is at ollama.com by its own API, with OLLAMA_API_KEY, without an entry", () =>
    Effect.gen(function*() {
      const sent = yield* asked({}, cloud)
      assert.strictEqual(answer(sent).ref, "ollama-cloud/m:latest")
      assert.deepStrictEqual(
        new Set(urls(sent)),
        new Set(["tags", "show", "chat"].map((name) => `https://ollama.com/api/${name}`))
      )
      assert.deepStrictEqual(
        new Set(sent.requests.map(({ headers }) => headers["authorization"])),
        new Set(["Bearer real-key"])
      )
      assert.strictEqual(body(sent)["stream"], false)
    }))

  it.effect("needs a real key", () =>
    Effect.gen(function*() {
      for (const env of [{}, { OLLAMA_API_KEY: "ollama-local" }]) {
        for (const config of [{}, providers({ "ollama-cloud": { apiKey: "custom-local", models } })]) {
          const sent = yield* asked(config, { ...cloud, env })
          const error = failure(sent)
          assert.strictEqual(error._tag === "ProviderUnavailable" && error.reason, "no-credential")
          assert.deepStrictEqual(urls(sent), [])
        }
      }
    }))

  it.effect("takes no part in anything else while it has no entry", () =>
    Effect.gen(function*() {
      const listed = yield* Models.list.pipe(
        Effect.map((all) => all.map(({ status }) => status.id)),
        Effect.provide(
          Ollama.layerValue({}).pipe(
            Layer.provide(MockOllama.layerHttpClient({ models: ["m"] })),
            Layer.provide(withEnv(withKey))
          )
        )
      )
      assert.deepStrictEqual(listed, ["ollama"])
      for (const call of [{}, { model: "m" }, { model: "unknown" }]) {
        const sent = yield* asked({}, { call })
        assert.isTrue(urls(sent).every((url) => url.startsWith("http://127.0.0.1:11434")))
      }
    }))

  it.effect("takes part with an entry of its own", () =>
    Effect.gen(function*() {
      const sent = yield* asked(providers({ "ollama-cloud": { apiKey: "own", models } }, { model: "ollama-cloud/m" }))
      assert.deepStrictEqual(urls(sent), ["https://ollama.com/api/chat"])
      assert.deepStrictEqual(authorization(sent), ["Bearer own"])
    }))
})
