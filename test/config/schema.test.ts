import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, FastCheck, Schema } from "effect"
import { ConfigValue, OpenClawConfig, Provider } from "effect-ollama"
import { suggest } from "../../src/core/config/suggest.js"
import { env, error, failed, ollama, problems, provider, resolve, resolved, said } from "./fixtures.js"

const at = "models.providers.ollama"

describe("what is wrong", () => {
  it("is said all at once, each where it stands, and nothing of it fails the load", () => {
    const found = said({
      models: {
        mode: "append",
        providers: {
          ollama: {
            api: "openai",
            authHeader: "yes",
            timeoutSeconds: -1,
            params: { model: "x", seed: 1.5, a: { b: [Infinity] } },
            models: [{ contextWindow: -1 }, { id: "m", maxTokens: 0.5, input: ["sound"], cost: { input: NaN } }, 5]
          },
          x: 5
        }
      },
      agents: { defaults: { model: { primary: 1, fallbacks: [2] }, models: { "a/b": { streaming: "no", alias: 1 } } } },
      auth: { order: { ollama: "x" } },
      env: { vars: { A: 1 } }
    }, env)
    assert.deepStrictEqual(found.map((text) => text.split(": ")[0]!).sort(), [
      `error ${at}.api`,
      `error ${at}.timeoutSeconds`,
      "error models.providers.x",
      "warning agents.defaults.model.fallbacks[0]",
      "warning agents.defaults.model.primary",
      "warning agents.defaults.models[\"a/b\"].alias",
      "warning agents.defaults.models[\"a/b\"].streaming",
      "warning auth.order.ollama",
      "warning env.vars.A",
      "warning models.mode",
      `warning ${at}.authHeader`,
      `warning ${at}.models[0]`,
      `warning ${at}.models[1].cost.input`,
      `warning ${at}.models[1].input[0]`,
      `warning ${at}.models[1].maxTokens`,
      `warning ${at}.models[2]`,
      `warning ${at}.params.a.b[0]`,
      `warning ${at}.params.model`,
      `warning ${at}.params.seed`
    ])
  })

  it("is said of an entry's address and key too, once each, whatever else is wrong in it", () => {
    const x = "models.providers.x"
    const wrong = { baseUrl: "myhost:1", apiKey: "schlü", models: [{ id: "m" }] }
    const of = (more: object) =>
      said({ models: { providers: { x: { ...wrong, ...more } } } }).map((text) => text.split(": ")[0]!).sort()
    assert.deepStrictEqual(of({ headers: { Host: "x" }, timeoutSeconds: -1 }), [
      `error ${x}.apiKey`,
      `error ${x}.baseUrl`,
      `error ${x}.headers.Host`,
      `error ${x}.timeoutSeconds`
    ])
    assert.deepStrictEqual(of({ api: "openai-responses" }), [
      `error ${x}.apiKey`,
      `error ${x}.baseUrl`,
      `warning ${x}.api`
    ])
    assert.deepStrictEqual(of({ apiKey: "${UNSET}" }), [`error ${x}.apiKey`, `error ${x}.baseUrl`])
    assert.deepStrictEqual(of({}), [`error ${x}.apiKey`, `error ${x}.baseUrl`])
  })

  it("an api that is not spoken makes its provider unavailable, and is shown", () => {
    const failure = (api: unknown) => {
      const found = error(ollama({ api }), env)
      return found._tag === "ProviderUnavailable" && found.reason === "unsupported-api" ? found.detail : found._tag
    }
    assert.strictEqual(failure("openai"), "openai")
    assert.strictEqual(failure("openai-codex-responses"), "openai-codex-responses")
    assert.strictEqual(failure("anthropic-messages"), "anthropic-messages")
    assert.strictEqual(failure("olama"), "olama (did you mean \"ollama\"?)")
    assert.strictEqual(failure("openai_completions"), "openai_completions (did you mean \"openai-completions\"?)")
    assert.strictEqual(failure(5), "ConfigInvalid")
    assert.deepStrictEqual(said(ollama({ api: "openai" }), env), [
      `error ${at}.api: the api openai is not spoken here: use "openai-completions" or "ollama"`
    ])
  })

  it("an api that OpenClaw has is said to be not used, one that nobody has to be another", () => {
    const of = (api: string) =>
      said({ models: { providers: { x: { api, baseUrl: "https://h", apiKey: "k", models: [] } } } })
    const use = "use \"openai-completions\" or \"ollama\""
    assert.deepStrictEqual(of("anthropic-messages"), [
      "warning models.providers.x.api: the api anthropic-messages is not spoken here: not used"
    ])
    assert.deepStrictEqual(of("anthropic-chat"), [
      `error models.providers.x.api: the api anthropic-chat is not spoken here: ${use}`
    ])
  })

  it("an api by another name that people have for it is told by its own", () => {
    const names: ReadonlyArray<readonly [meant: string, ReadonlyArray<string>]> = [
      ["ollama", ["ollama-chat", "Ollama-Native", "ollama_api"]],
      [
        "openai-completions",
        ["openai-chat", "openai-chat-completions", "openai-compatible", "chat-completions", "completions"]
      ]
    ]
    for (const [meant, all] of names) {
      for (const api of all) {
        assert.include(error(ollama({ api }), env).message, `${api} (did you mean "${meant}"?)`)
        const found = provider(ollama({ models: [{ id: "m", api }, { id: "n" }] }), env).excluded
        assert.deepStrictEqual(found?.map(({ detail }) => detail), [`${api} (did you mean "${meant}"?)`])
      }
    }
    for (const api of ["", 5, {}, { toString: 5 }]) {
      const found = provider(ollama({ models: [{ id: "m", api }, { id: "n" }] }), env).excluded
      assert.deepStrictEqual(found?.map(({ detail }) => detail), ["another API"])
    }
    assert.include(error(ollama({ api: "ollama-hush" }), env).message, "another API (did you mean \"ollama\"?)")
  })

  it("a word that is nearly a known one is shown, with the known one", () => {
    assert.deepStrictEqual(said(ollama({ models: [{ id: "m", input: ["Image"] }] }), env), [
      `warning ${at}.models[0].input[0]: expected "text" or "image", found "Image": did you mean "image"?: not used`
    ])
  })

  it("values that could be secrets are not shown", () => {
    const hex = "deadbeef0123456789abcdef01234567"
    for (
      const key of [
        "sk-hush",
        "hush/hush=",
        { hush: "hush" },
        "hush",
        `${hex}hush`,
        "hf_hushABCdef0123456789ghiJKL",
        "k2hush"
      ]
    ) {
      for (
        const config of [
          ollama({ api: key }),
          { models: { mode: key } },
          ollama({ models: [{ id: "m", input: [key] }] }),
          ollama({ models: [{ id: "m", api: key }, { id: "n" }] }),
          ollama({ params: { think: key } })
        ]
      ) {
        const found = resolved(config, env)
        assert.lengthOf(found.diagnostics, 1)
        assert.notInclude(JSON.stringify(found), "hush")
        assert.notInclude(JSON.stringify(found.providers.map(({ reason }) => reason)), "hush")
      }
    }
    assert.notInclude(problems({ models: "hush" }).join(), "hush")
  })

  it("a section of the wrong type fails the load, what is in one and what is not read does not", () => {
    assert.deepStrictEqual(problems([]), [": expected an object, found a list"])
    for (const section of ["models", "agents", "auth", "env"]) {
      assert.deepStrictEqual(problems({ [section]: 5 }), [`${section}: expected an object, found a number`])
    }
    assert.sameMembers([...problems({ models: [], agents: "x" })], [
      "models: expected an object, found a list",
      "agents: expected an object, found a string"
    ])
    assert.deepStrictEqual(said({ models: { providers: [] }, agents: { defaults: 5 } }), [
      "warning models.providers: expected an object, found a list: not used",
      "warning agents.defaults: expected an object, found a number: not used"
    ])
    assert.deepStrictEqual(resolved({ channels: 5, gateway: { x: Infinity }, agents: { list: 5 } }).diagnostics, [])
  })

  it("numbers of tokens that cannot be used are absent, and fractions are floored", () => {
    const window = (contextWindow: unknown) => {
      const config = ollama({ models: [{ id: "m", contextWindow }] })
      const { definition } = provider(config, env).models[0]!
      return [definition.contextWindow, definition.known, said(config, env).length]
    }
    for (const wrong of [2 ** 53, NaN, Infinity, -0.5, 0, -1, "8192", null]) {
      assert.deepStrictEqual(window(wrong), [8192, [], 1])
    }
    assert.deepStrictEqual(window(131072.5), [131072, ["contextWindow"], 1])
    assert.deepStrictEqual(window(4096), [4096, ["contextWindow"], 0])
  })

  it("prices below nothing are nothing, modalities that nobody has are dropped", () => {
    const model = { id: "m", cost: { input: -1, output: 2, cacheRead: "x" }, input: ["text", "image", "video"] }
    const { definition } = provider(ollama({ models: [model, { id: "n", input: ["audio"] }] }), env).models[0]!
    assert.deepStrictEqual(definition.cost, { input: 0, output: 2, cacheRead: 0, cacheWrite: 0 })
    assert.deepStrictEqual(definition.input, ["text", "image"])
    const other = provider(ollama({ models: [{ id: "n", input: ["audio"] }] }), env).models[0]!
    assert.deepStrictEqual(other.definition.input, ["text"])
  })

  it("modalities that OpenClaw has and that are not sent are said to be that, not to be mistakes", () => {
    assert.deepStrictEqual(said(ollama({ models: [{ id: "m", input: ["text", "video", "audio"] }] }), env), [
      `warning ${at}.models[0].input[1]: "video" is not sent here: not used`,
      `warning ${at}.models[0].input[2]: "audio" is not sent here: not used`
    ])
  })

  it("models that are no list are told the form of one", () => {
    assert.deepStrictEqual(said(ollama({ models: { m: {} } }), env), [
      `error ${at}.models: expected a list such as [{ id: "…" }], found an object`
    ])
  })

  it("parameters may be negative", () => {
    const params = { seed: -1, keepAlive: -1, temperature: -0.5 }
    assert.deepStrictEqual(provider(ollama({ params }), env).params, params)
  })

  const wrong = {
    temperature: "hot",
    top_k: 1.5,
    numCtx: 0,
    stop: [""],
    think: "hard",
    keep_alive: "soon",
    options: { seed: "x", tools: [], min_p: 0.1 },
    keepAlive: null,
    topP: 0.5,
    anything: { goes: ["here"] }
  }
  const complaints = (where: string) => [
    `${where}.options.tools: expected no such parameter: requests set it themselves, found a list`,
    `${where}.options.seed: expected an integer, found a string`,
    `${where}.top_k: expected an integer, found 1.5`,
    `${where}.temperature: expected a finite number, found a string`,
    `${where}.numCtx: expected a positive integer, found 0`,
    `${where}.stop: expected a string, or a list of strings, none of them empty, found a list`,
    `${where}.think: expected true, false, "low", "medium", "high" or "max", found a string`
  ]
  const warned = (where: string) => complaints(where).map((text) => `warning ${text}: not used`)

  it("parameters of a wrong type are said and dropped, wherever they stand", () => {
    const left = { keepAlive: null, topP: 0.5, minP: 0.1, anything: { goes: ["here"] } }
    const settled = { params: left, ignored: complaints("x").map((text) => text.replace("x.", "")) }
    const reasons = (ignored: ReadonlyArray<{ readonly reason: string }> | undefined, where: string) =>
      ignored?.map(({ reason }) => reason.replace(`${where}.`, ""))

    const entry = provider(ollama({ params: wrong }), env)
    assert.deepStrictEqual(said(ollama({ params: wrong }), env), warned(`${at}.params`))
    assert.deepStrictEqual({ params: entry.params, ignored: reasons(entry.ignored, `${at}.params`) }, settled)

    const inModel = ollama({ models: [{ id: "m", params: wrong }] })
    const [model] = provider(inModel, env).models
    assert.deepStrictEqual(said(inModel, env), warned(`${at}.models[0].params`))
    assert.deepStrictEqual(
      { params: model!.params, ignored: reasons(model!.ignored, `${at}.models[0].params`) },
      settled
    )

    const places = ["agents.defaults.params", "agents.defaults.models[\"a/b\"].params"] as const
    const defaults = { agents: { defaults: { params: wrong, models: { "a/b": { params: wrong } } } } }
    const found = resolved(defaults)
    assert.sameMembers([...said(defaults)], places.flatMap(warned))
    assert.deepStrictEqual(
      { params: found.defaults?.params, ignored: reasons(found.defaults?.ignored, places[0]) },
      settled
    )
    assert.deepStrictEqual({ params: found.models[0]!.params, ignored: reasons(found.models[0]!.ignored, places[1]) }, {
      ...settled
    })
  })

  it("options that are none are dropped", () => {
    for (const options of [{ options: {} }, 5]) {
      const found = provider(ollama({ params: { options, seed: 1 } }), env)
      assert.deepStrictEqual(found.params, { seed: 1 })
      assert.deepStrictEqual(found.ignored?.map(({ setting }) => setting), ["options"])
    }
    assert.deepStrictEqual(said(ollama({ params: 5 }), env), [
      `warning ${at}.params: expected an object, found a number: not used`
    ])
  })

  it("a parameter whose variable is not set is dropped", () => {
    const cases: ReadonlyArray<readonly [params: object, setting: string]> = [
      [{ temperature: "${T}" }, "temperature"],
      [{ reasoning: { effort: "${T}" } }, "think"],
      [{ options: { seed: "${T}" } }, "seed"],
      [{ extra_body: { a: { b: "${T}" } } }, "extra_body.a"]
    ]
    for (const [params, setting] of cases) {
      const found = provider(ollama({ params }), env)
      assert.deepStrictEqual(found.params, {})
      assert.deepStrictEqual(found.ignored?.map((ignored) => ignored.setting), [setting])
      assert.include(found.ignored![0]!.reason, "the environment variable T is not set")
      assert.lengthOf(said(ollama({ params }), env), 1)
      assert.lengthOf(said({ agents: { defaults: { models: { "a/b": { params } } } } }), 1)
    }
  })

  it("parameters of a provider that is made by hand are checked too", () => {
    const made = failed(Provider.make({
      params: { temperature: "hot" },
      models: [{ id: "m", params: { options: { num_ctx: -1 } } }]
    }))
    assert.deepStrictEqual(made.problems.map((p) => `${p.path}: expected ${p.expected}, found ${p.actual}`), [
      "params.temperature: expected a finite number, found a string",
      "models[0].params.options.num_ctx: expected a positive integer, found -1"
    ])
  })

  it("what a request sets itself is dropped from the parameters, and from an extra body", () => {
    for (const name of ["model", "messages", "stream", "tools"]) {
      for (const params of [{ [name]: 1 }, { extra_body: { [name]: 1 } }, { extraBody: { [name]: 1 } }]) {
        for (const config of [ollama({ params }), ollama({ models: [{ id: "m", params }] })]) {
          const { ignored, models, params } = provider(config, env)
          assert.deepStrictEqual([...ignored ?? [], ...models[0]?.ignored ?? []].map(({ setting }) => setting), [name])
          assert.deepStrictEqual([params, models[0]?.params ?? {}], [{}, {}])
          assert.lengthOf(said(config, env), 1)
        }
        assert.lengthOf(said({ agents: { defaults: { models: { "a/b": { params } } } } }), 1)
      }
    }
  })

  it("too deep and cyclic values are refused, what is no JSON is wrong where it stands", () => {
    let deep: unknown = 1
    for (let i = 0; i < 200; i++) deep = [deep]
    const cyclic: Record<string, unknown> = {}
    cyclic["a"] = cyclic
    const wide: Array<unknown> = []
    for (let i = 0; i < 60; i++) wide.push(wide)
    for (const value of [deep, cyclic, wide]) {
      assert.match(problems(ollama({ params: { value } }))[0]!, /at most \d+/)
    }
    assert.lengthOf(said(ollama({ params: { f: () => 1, s: Symbol("x"), b: 1n } }), env), 3)
  })
})

describe("unknown keys", () => {
  const warnings = (config: unknown) => resolved(config).diagnostics.map((d) => `${d.level} ${d.path}: ${d.message}`)

  it("are warnings, with a suggestion when one is close", () => {
    assert.deepStrictEqual(warnings(ollama({ base_url: "http://h" })), [
      `warning ${at}.base_url: unknown key, not used: did you mean "baseUrl"?`
    ])
    assert.deepStrictEqual(warnings(ollama({ baseURL: "http://h" })), [
      `warning ${at}.baseURL: read as "baseUrl", which is its name`
    ])
    assert.deepStrictEqual(warnings(ollama({ baseUrl: "http://h", baseURL: "http://i" })), [
      `warning ${at}.baseURL: unknown key, not used: did you mean "baseUrl"?`
    ])
    assert.deepStrictEqual(warnings(ollama({ zebra: 1 })), [`warning ${at}.zebra: unknown key, not used`])
  })

  it("that are parameters are told where those stand", () => {
    assert.deepStrictEqual(
      warnings({
        models: { providers: { x: { numCtx: 1, models: [{ id: "m", temperature: 0, max_tokens: 1 }] } } },
        agents: { defaults: { keep_alive: 1, models: { "a/b": { top_p: 1 } } } },
        env: { numCtx: 1 }
      }).map((text) => text.replace(/^warning | unknown key, not used:/g, "")).sort(),
      [
        "agents.defaults.keep_alive: did you mean \"params.keepAlive\"?",
        "agents.defaults.models[\"a/b\"].top_p: did you mean \"params.topP\"?",
        "env.numCtx: unknown key, not used",
        "models.providers.x.models[0].max_tokens: did you mean \"maxTokens\"?",
        "models.providers.x.models[0].temperature: did you mean \"params.temperature\"?",
        "models.providers.x.numCtx: did you mean \"params.numCtx\"?"
      ]
    )
  })

  it("are looked for in all sections that are read, and nowhere else", () => {
    const found = warnings({
      channel: {},
      models: { provider: {}, providers: { x: { models: [{ id: "m", context_window: 1, compat: { a: 1 } }] } } },
      agents: {
        default: 1,
        defaults: { workspace: "x", model: { fallback: [] }, models: { "a/b": { stream: true } } }
      },
      auth: { orders: {} },
      env: { var: {} }
    })
    assert.deepStrictEqual(found.map((text) => text.replace(/^warning | unknown key, not used|:/g, "")).sort(), [
      "agents.defaults.model.fallback did you mean \"fallbacks\"?",
      "agents.defaults.models[\"a/b\"].stream",
      "auth.orders did you mean \"order\"?",
      "env.var did you mean \"vars\"?",
      "models.provider did you mean \"providers\"?",
      "models.providers.x.models[0].compat.a",
      "models.providers.x.models[0].context_window did you mean \"contextWindow\"?"
    ])
  })

  it("auth of a provider and mode are accepted", () => {
    assert.deepStrictEqual(
      warnings({ models: { mode: "replace", providers: { ollama: { auth: "x" } } }, env: { shellEnv: {}, A: "b" } }),
      []
    )
  })

  it("suggest is bounded", () => {
    assert.strictEqual(suggest("timeoutSecond", ["timeoutSeconds"]), "timeoutSeconds")
    assert.strictEqual(suggest("apikey", ["apiKey", "api"]), "apiKey")
    assert.isUndefined(suggest("x".repeat(100_000), ["y"]))
    assert.isUndefined(suggest("a", ["b"]))
  })
})

describe("doubtful entries", () => {
  it("models that are listed twice are said, and an id may repeat its provider", () => {
    const config = ollama({ models: [{ id: "m" }, { id: "m:latest" }, { id: "ollama/x" }, { id: "OLLAMA/m" }] })
    assert.deepStrictEqual(provider(config, env).models.map((m) => m.definition.id), ["m", "x"])
    assert.lengthOf(resolved(config, env).diagnostics, 2)
  })

  it("provider ids compare trimmed and lower-cased, the first one is used", () => {
    const config = { models: { providers: { " Ollama ": { apiKey: "a" }, ollama: { models: [{ id: "m" }] } } } }
    assert.strictEqual(provider(config).source, "discovered")
    assert.match(resolved(config).diagnostics[0]!.message, /defined twice/)
  })

  it("dangerous keys reach no prototype", () => {
    const config: unknown = JSON.parse(
      `{"models":{"providers":{"__proto__":{"apiKey":"x"},"constructor":{"baseUrl":"http://h","authHeader":false,"models":[{"id":"m"}]},
      "ollama":{"params":{"__proto__":{"polluted":1},"constructor":1}}}},"agents":{"defaults":{"models":{"__proto__":{"alias":"x"}}}}}`
    )
    const found = resolved(config, env)
    assert.deepStrictEqual(found.providers.map((p) => p.id), ["ollama", "constructor"])
    assert.deepStrictEqual(Object.keys(provider(config, env).params), ["constructor"])
    assert.isUndefined(Reflect.get(provider(config, env).params, "polluted"))
    assert.isUndefined(Reflect.get({}, "polluted"))
    assert.deepStrictEqual(found.models, [])
  })

  it("settings of a model: alias, parameters and streaming", () => {
    const settings = { " Ollama/M": { alias: " fast ", params: { seed: 1 }, streaming: false } }
    const found = resolved({ agents: { defaults: { model: " a/b ", models: settings } } })
    assert.strictEqual(found.primary, "a/b")
    assert.deepStrictEqual(found.models[0], { ref: " Ollama/M", alias: "fast", params: { seed: 1 }, streaming: false })
  })

  it("an alias that never leads to a model is said: one that reads as a ref, or of all models of a provider", () => {
    const paths = (models: Readonly<Record<string, string>>) =>
      resolved({
        models: { providers: { Groq: {} } },
        agents: {
          defaults: { models: Object.fromEntries(Object.entries(models).map(([ref, alias]) => [ref, { alias }])) }
        }
      }).diagnostics.map((d) => d.path).filter((path) => path.includes("alias"))
    const at = (ref: string) => `agents.defaults.models["${ref}"].alias`
    assert.deepStrictEqual(
      paths({ "a/1": "groq/llama", "a/2": "OLLAMA /x", "a/3": "ollama-cloud/x", "a/4": "/x", "ollama/*": "all" }),
      ["a/1", "a/2", "a/3", "a/4", "ollama/*"].map(at)
    )
    assert.deepStrictEqual(paths({ "a/1": "fast", "a/2": "hf.co/u/m", "a/*/b": "star" }), [])
  })

  it("settings at the bare name of a model are fine, at a ref without provider or model they are said", () => {
    const paths = (...refs: ReadonlyArray<string>) =>
      resolved({ agents: { defaults: { models: Object.fromEntries(refs.map((ref) => [ref, {}])) } } }).diagnostics
        .map((d) => d.path)
    assert.deepStrictEqual(paths("gpt-oss:20b", "a/b", "hf.co/u/m"), [])
    assert.deepStrictEqual(paths("/b", "a/", " "), ["/b", "a/", " "].map((ref) => `agents.defaults.models["${ref}"]`))
  })
})

const json = FastCheck.letrec<{ value: unknown; entry: unknown; config: unknown }>((tie) => ({
  value: FastCheck.oneof(
    { maxDepth: 2, depthIdentifier: "value" },
    FastCheck.jsonValue({ maxDepth: 1 }),
    FastCheck.constantFrom("${A}", "http://h", "ollama", "a b", -1, 0.5, NaN, Infinity, undefined),
    FastCheck.dictionary(FastCheck.constantFrom("id", "source", "models", "__proto__", "x"), tie("value"), {
      maxKeys: 3
    }),
    FastCheck.array(tie("value"), { maxLength: 3 })
  ),
  entry: FastCheck.dictionary(
    FastCheck.constantFrom("baseUrl", "apiKey", "api", "authHeader", "headers", "timeoutSeconds", "params", "models"),
    tie("value")
  ),
  config: FastCheck.record({
    models: FastCheck.oneof(
      tie("value"),
      FastCheck.record({ providers: FastCheck.dictionary(FastCheck.constantFrom("ollama", "b", ""), tie("entry")) })
    ),
    agents: FastCheck.oneof(tie("value"), FastCheck.record({ defaults: FastCheck.object() })),
    auth: tie("value"),
    env: tie("value")
  }, { requiredKeys: [] })
})).config

describe("resolve", () => {
  // So many that what takes time with the square of their number never comes to its end: nothing is measured.
  const many = Array.from({ length: 20_000 }, (_, i) => i)

  it("takes a long configuration, also with a missing variable in every model", () => {
    const models = many.map((i) => ({ id: `m${i}`, contextWindow: "${UNSET}" }))
    assert.lengthOf(said(ollama({ models }), env), many.length)
  })

  it("takes many auth profiles, also when all are in the order", () => {
    const twice = [...many, ...many.map((i) => many.length + i)]
    const profiles = {
      profiles: Object.fromEntries(twice.map((i) => [`p${i}`, { type: "api_key", provider: "ollama", key: "k" }])),
      order: { ollama: [...twice.map((i) => `gone${i}`), ...twice.map((i) => `p${i}`)] }
    }
    assert.strictEqual(provider({}, {}, { profiles }).key?.source, "profile p0")
  })

  it.prop("is total and deterministic over whatever is given", [json, FastCheck.anything()], ([config, profiles]) => {
    const run = () => JSON.stringify(resolve(config, { A: "b", OLLAMA_API_KEY: "x" }, { profiles }))
    assert.strictEqual(run(), run())
    assert.isString(JSON.stringify(resolve(profiles)))
  })

  it.prop("ollama always comes first, and every provider has a reason", [json], ([config]) => {
    const found = resolve(config, env)
    if (found._tag === "Left") return
    assert.strictEqual(found.right.providers[0]!.id, "ollama")
    for (const { reason } of found.right.providers) assert.isAbove(reason.length, 10)
  })
})

describe("ConfigValue", () => {
  const sameAs = Schema.equivalence(ConfigValue.ConfigValue)
  const values = Arbitrary.make(ConfigValue.ConfigValue)

  it.prop("encoded and decoded it is the same", [values], ([value]) => {
    const encoded = Schema.encodeSync(ConfigValue.ConfigValue)(value)
    assert.isTrue(sameAs(Schema.decodeSync(ConfigValue.ConfigValue)(encoded), value))
  })

  it.prop("means the same as its encoded form", [values], ([value]) => {
    const meaning = (config: OpenClawConfig.ConfigInput) => JSON.stringify(resolve(config, env))
    assert.strictEqual(meaning(Schema.encodeSync(ConfigValue.ConfigValue)(value)), meaning(value))
  })

  it("keeps all keys that the reader accepts", () => {
    const config = {
      models: { mode: "merge", providers: { ollama: { auth: "api-key", apiKey: "${KEY}" } } },
      env: { vars: { A: "a" }, KEY: "k", shellEnv: { enabled: true } }
    } as const satisfies OpenClawConfig.ConfigInput
    const value = Schema.decodeUnknownSync(ConfigValue.ConfigValue)(config)
    assert.deepStrictEqual<unknown>(Schema.encodeSync(ConfigValue.ConfigValue)(value), config)
    assert.strictEqual(provider(value).key?.source, "env KEY")
  })

  it("nothing becomes the prototype of what is decoded", () => {
    const decode = Schema.decodeUnknownSync(Schema.parseJson(ConfigValue.ConfigValue))
    const value = decode(
      `{"models":{"providers":{"__proto__":{"api":"ollama"},"x":{"params":{"__proto__":{"a":1}},"headers":{"__proto__":"h"}}}},"env":{"__proto__":{"vars":{"A":"b"}}}}`
    )
    const { env, models } = value
    for (const part of [env, models?.providers, models?.providers?.["x"]?.params, models?.providers?.["x"]?.headers]) {
      assert.strictEqual(Object.getPrototypeOf(part), Object.prototype)
      assert.isFalse(Object.hasOwn(Object(part), "__proto__"))
    }
  })

  it("what its schema refuses by type the reader does not take either", () => {
    const decode = Schema.decodeUnknownEither(ConfigValue.ConfigValue)
    for (
      const config of [
        ollama({ api: "x" }),
        ollama({ timeoutSeconds: 0 }),
        ollama({ models: [{}] }),
        ollama({ models: [{ id: "m", contextWindow: -1 }] }),
        { agents: { defaults: { model: 5 } } }
      ]
    ) {
      assert.strictEqual(decode(config)._tag, "Left")
      assert.lengthOf(said(config, env), 1)
    }
  })
})
