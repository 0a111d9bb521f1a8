import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { configured, missing } from "../../src/core/catalog/catalogs.js"
import { env, error, ollama, provider, resolved, status } from "./fixtures.js"

const models = [{ id: "m" }]
const profile = { version: 1, profiles: { work: { type: "api_key", provider: "ollama", key: "from-profile" } } }

describe("ollama without baseUrl and models", () => {
  it("is implicit with a key in the environment", () => {
    const found = provider({}, env)
    assert.strictEqual(found.source, "discovered")
    assert.strictEqual(found.root, "http://127.0.0.1:11434")
    assert.strictEqual(found.completionsUrl, "http://127.0.0.1:11434/v1")
    assert.strictEqual(found.key?.source, "env OLLAMA_API_KEY")
    assert.isFalse(found.key?.explicit)
    assert.isFalse(found.keepWithoutTools)
  })

  it("is implicit with a profile", () => {
    const found = provider({}, {}, { profiles: profile })
    assert.strictEqual(found.source, "discovered")
    assert.strictEqual(found.key?.source, "profile work")
    assert.isFalse(found.key?.explicit)
  })

  it("is implicit with an apiKey in its entry", () => {
    const found = provider(ollama({ apiKey: "k" }))
    assert.strictEqual(found.source, "discovered")
    assert.strictEqual(found.key?.source, "config")
    assert.isTrue(found.key?.explicit)
  })

  it("keeps the other settings of its entry", () => {
    const found = provider(
      ollama({ api: "ollama", headers: { "X-A": "b" }, timeoutSeconds: 1.5, params: { temperature: 0 }, models: [] }),
      env
    )
    assert.strictEqual(found.source, "discovered")
    assert.strictEqual(found.api, "ollama")
    assert.strictEqual(found.timeout, 1500)
    assert.deepStrictEqual(found.params, { temperature: 0 })
    assert.strictEqual(Redacted.value(found.headers["x-a"]!), "b")
  })

  it("is not enabled without a key, and that is not worth a word", () => {
    for (const config of [undefined, {}, ollama({}), ollama({ apiKey: "  ", baseUrl: " " }), ollama({ models: [] })]) {
      const all = resolved(config, { OLLAMA_API_KEY: "  " })
      assert.strictEqual(all.providers[0]!.id, "ollama")
      assert.isFalse(all.providers[0]!.configured)
      assert.deepStrictEqual(all.diagnostics, [])
      assert.strictEqual(error(config)._tag, "NotEnabled")
    }
  })
})

describe("ollama with models", () => {
  it("is explicit, at 127.0.0.1 by default, with the key of the environment", () => {
    const found = provider(ollama({ models }), env)
    assert.strictEqual(found.source, "configured")
    assert.strictEqual(found.root, "http://127.0.0.1:11434")
    assert.strictEqual(found.key?.source, "env OLLAMA_API_KEY")
    assert.deepStrictEqual(found.models[0]!.definition, {
      id: "m",
      name: "m",
      reasoning: false,
      input: ["text"],
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
      contextWindow: 8192,
      maxTokens: 81920,
      known: []
    })
  })

  it("is unavailable without a key, and names OLLAMA_API_KEY", () => {
    const found = status(ollama({ models }))
    assert.include(found.reason, "OLLAMA_API_KEY")
    const failure = error(ollama({ models }))
    assert.strictEqual(failure._tag === "ProviderUnavailable" && failure.reason, "no-credential")
    assert.include(failure.hint, "OLLAMA_API_KEY")
  })

  it("does not keep others from being used", () => {
    const both = {
      models: {
        providers: { ollama: { models }, gpu: { baseUrl: "http://gpu:11434", authHeader: false, models } }
      }
    }
    assert.strictEqual(provider(both, {}, {}, "gpu").root, "http://gpu:11434")
  })

  it("takes given values as they are and remembers that they were given", () => {
    const { definition } = provider(ollama({ models: [{ id: "m", contextWindow: 4096 }] }), env).models[0]!
    assert.strictEqual(definition.contextWindow, 4096)
    assert.strictEqual(definition.maxTokens, 40960)
    assert.deepStrictEqual(definition.known, ["contextWindow"])
  })
})

describe("ollama with a baseUrl and no models", () => {
  it("has no models, whatever the key", () => {
    for (const variables of [env, {}]) {
      const failure = error(ollama({ baseUrl: "http://h:1/v1" }), variables)
      assert.strictEqual(failure._tag === "NoModelsConfigured" && failure.url, "http://h:1")
    }
  })
})

describe("the hint for a baseUrl without models", () => {
  const entry = ollama({ baseUrl: "http://mine:1" })
  const hint = (baseUrl?: string) => error(entry, env, { options: { baseUrl } }).hint

  it("names the address that is asked, and never takes the host's for the configuration's", () => {
    assert.include(hint(), "has a baseUrl and lists no models, so nothing is discovered at http://mine:1.")
    assert.include(
      hint("http://other:2"),
      "has a baseUrl and lists no models, so nothing is discovered at http://other:2."
    )
  })

  it("tells every way to discover, and each of them works", () => {
    for (const baseUrl of [undefined, "http://other:2"]) {
      assert.include(hint(baseUrl), "remove that `baseUrl`, or use Ollama.layerWith({ discover: true })")
      assert.include(status(entry, env, { options: { baseUrl } }).reason, "`discover: true`")
      assert.strictEqual(provider(ollama({}), env, { options: { baseUrl } }).source, "discovered")
      assert.strictEqual(provider(entry, env, { options: { baseUrl, discover: true } }).source, "discovered")
    }
  })
})

describe("host options win", () => {
  it("discover enables ollama without a key", () => {
    const found = provider({}, {}, { options: { discover: true } })
    assert.strictEqual(found.source, "discovered")
    assert.isUndefined(found.key)
  })

  it("discover makes a provider with only a baseUrl implicit, at that address", () => {
    const found = provider(ollama({ baseUrl: "http://h:1" }), {}, { options: { discover: true } })
    assert.strictEqual(found.source, "discovered")
    assert.strictEqual(found.root, "http://h:1")
  })

  it("discover makes a key unnecessary for listed models, which are still not discovered", () => {
    assert.strictEqual(provider(ollama({ models }), {}, { options: { discover: true } }).source, "configured")
  })

  it("a key enables ollama and comes before all others", () => {
    const options = { apiKey: Redacted.make("host") }
    const found = provider(ollama({ apiKey: "${MISSING}" }), env, { options, profiles: profile })
    assert.strictEqual(Redacted.value(found.key!.value), "host")
    assert.strictEqual(found.key!.source, "option")
    assert.isTrue(found.key!.explicit)
  })

  it("a base URL does not enable ollama", () => {
    assert.strictEqual(error({}, {}, { options: { baseUrl: "http://h:1" } })._tag, "NotEnabled")
    assert.strictEqual(provider({}, env, { options: { baseUrl: "http://h:1/v1" } }).root, "http://h:1")
  })

  it("another base URL leaves key and headers of an entry with its own behind", () => {
    const entry = {
      baseUrl: "http://elsewhere:1",
      apiKey: "secret",
      headers: { "x-secret": "s" },
      models: [{ id: "m", headers: { "x-secret": "s" } }]
    }
    const options = { baseUrl: "http://h:1" }
    const found = provider(ollama(entry), env, { options })
    assert.strictEqual(found.root, "http://h:1")
    assert.strictEqual(found.key?.source, "env OLLAMA_API_KEY")
    assert.deepStrictEqual(found.headers, {})
    assert.isUndefined(found.models[0]!.headers)
    assert.strictEqual(error(ollama(entry), {}, { options })._tag, "ProviderUnavailable")
  })

  it("the same base URL takes them along, and so does an entry without its own", () => {
    const options = { baseUrl: "http://h:1" }
    for (const baseUrl of [undefined, "http://h:1/v1"]) {
      const found = provider(ollama({ baseUrl, apiKey: "k", headers: { a: "b" }, models }), {}, { options })
      assert.strictEqual(found.key?.source, "config")
      assert.deepStrictEqual(Object.keys(found.headers), ["a"])
    }
  })

  it("what they replace may be broken", () => {
    const entry = { baseUrl: "no-scheme", apiKey: "${MISSING}", headers: { "bad name": "x" }, models }
    const found = provider(ollama(entry), env, { options: { baseUrl: "http://h:1" } })
    assert.strictEqual(found.root, "http://h:1")
  })

  it("models without tools are kept when asked for", () => {
    assert.isTrue(provider({}, env, { options: { keepWithoutTools: true } }).keepWithoutTools)
  })

  it("a bad base URL fails the call and is a diagnostic", () => {
    const more = { options: { baseUrl: "h:1" } }
    const failure = error({}, env, more)
    assert.strictEqual(failure._tag === "ConfigInvalid" && failure.problems[0]!.path, "options.baseUrl")
    assert.deepStrictEqual(resolved({}, env, more).diagnostics.map((d) => d.level), ["error"])
  })
})

const other = (entry: unknown) => ({ models: { providers: { Gpu: entry } } })

describe("other providers", () => {
  it("need an address, models and a key", () => {
    const reason = (entry: unknown) => {
      const failure = error(other(entry), env, {}, "gpu")
      return failure._tag === "ProviderUnavailable" ? failure.reason : failure._tag
    }
    assert.strictEqual(reason({ models, apiKey: "k" }), "no-base-url")
    assert.strictEqual(reason({ baseUrl: "http://h", apiKey: "k" }), "NoModelsConfigured")
    assert.strictEqual(reason({ baseUrl: "http://h", models }), "no-credential")
    assert.strictEqual(
      provider(other({ baseUrl: "http://h", models, apiKey: "k" }), {}, {}, "gpu").source,
      "configured"
    )
  })

  it("need no key when none is sent, or when they have an Authorization header", () => {
    for (const entry of [{ authHeader: false }, { headers: { Authorization: "Basic x" } }]) {
      assert.isUndefined(provider(other({ baseUrl: "http://h", models, ...entry }), env, {}, "gpu").key)
    }
  })

  it("use a profile of their own, never OLLAMA_API_KEY", () => {
    const profiles = { profiles: { p: { type: "api_key", provider: " GPU ", key: "k" } } }
    const found = provider(other({ baseUrl: "http://h", models }), env, { profiles }, "gpu")
    assert.strictEqual(found.key?.source, "profile p")
  })

  it("come after ollama, in the order of the configuration", () => {
    const config = { models: { providers: { b: {}, ollama: {}, a: {} } } }
    assert.deepStrictEqual(resolved(config).providers.map((p) => p.id), ["ollama", "b", "a"])
  })

  it("with an api that is not spoken here are unavailable", () => {
    const failure = error(other({ api: "anthropic-messages" }), env, {}, "gpu")
    assert.strictEqual(failure._tag === "ProviderUnavailable" && failure.reason, "unsupported-api")
    assert.include(failure.hint, "anthropic-messages")
  })

  it("leave out single models with an api that is not spoken here", () => {
    const config = other({
      baseUrl: "http://h",
      authHeader: false,
      models: [{ id: "a", api: "github-copilot" }, { id: "b", api: "ollama" }]
    })
    assert.deepStrictEqual(provider(config, {}, {}, "gpu").models.map((m) => [m.definition.id, m.api]), [[
      "b",
      "ollama"
    ]])
    assert.include(resolved(config).diagnostics[0]!.message, "\"a\" is left out")
    assert.deepStrictEqual(provider(config, {}, {}, "gpu").excluded, [
      { name: "a", reason: "unsupported-api", detail: "github-copilot" }
    ])
  })

  it("leave out models that are only names, by their names, and say how one is written", () => {
    const found = provider(ollama({ models: ["ollama/a", " b ", "  ", 5, { id: "c" }] }), env)
    const detail = "write { id: \"…\" }"
    assert.deepStrictEqual(found.excluded, [
      { name: "a", reason: "no-id", detail },
      { name: "b", reason: "no-id", detail },
      { name: "models[2]", reason: "no-id", detail: "found a string" },
      { name: "models[3]", reason: "no-id", detail: "found a number" }
    ])
    assert.include(
      missing(configured(found), "b").message,
      "ollama/b was left out of the catalog: it has no id: write { id: \"…\" }. Give it an `id`"
    )
  })

  it("say why a model with an api that is not spoken here cannot be chosen", () => {
    const models = [{ id: "a", api: "github-copilot" }, { id: "b" }]
    const catalog = configured(provider(ollama({ models }), env))
    assert.deepStrictEqual(catalog.models.map((model) => model.id), ["b"])
    const failure = missing(catalog, "a")
    assert.strictEqual(failure._tag === "UnknownModel" && failure.leftOut?.reason, "unsupported-api")
    assert.include(failure.hint, "ollama/a was left out of the catalog: its api is not spoken here: github-copilot.")
    assert.notInclude(failure.hint, "ull it")
    assert.notInclude(failure.hint, "Define it")
  })
})

describe("ProviderStatus.reason", () => {
  it("names the auth profiles that there are and that cannot be used", () => {
    const expired = { type: "token", provider: "ollama", token: "t", expires: 1 }
    const reason = (profiles: Record<string, unknown>) => status({}, {}, { profiles: { profiles }, now: 2 }).reason
    const none = "Nothing enables it: there is no OLLAMA_API_KEY, no auth profile and no apiKey."
    assert.strictEqual(reason({}), none)
    assert.strictEqual(reason({ x: { type: "oauth", provider: "google" }, "google:a": { type: "api_key" } }), none)
    assert.strictEqual(
      reason({ work: expired, "ollama:b": { type: "api_key" } }),
      "Nothing enables it: there is no OLLAMA_API_KEY, no usable auth profile (\"work\" is skipped: it has expired; "
        + "\"ollama:b\" is skipped: it names no `provider`) and no apiKey."
    )
    assert.include(
      reason({ a: expired, b: expired, c: expired, d: expired, e: expired }),
      "it has expired; and 2 more)"
    )
  })

  it("names the auth profiles that cannot be used where models are listed too", () => {
    const more = { profiles: { profiles: { work: { type: "api_key", provider: "ollama", apiKey: "k" } } } }
    const skipped = "no usable auth profile (\"work\" is skipped: it has `apiKey` where `key` belongs)."
    assert.strictEqual(
      status(ollama({ models }), {}, more).reason,
      `It lists models and has no key: there is no OLLAMA_API_KEY, no apiKey and ${skipped}`
    )
    const gpu = { models: { providers: { work: { baseUrl: "http://h", models } } } }
    assert.strictEqual(
      status(gpu, {}, more, "work").reason,
      `It lists models and has no key: there is no apiKey and ${skipped}`
    )
  })

  it("says nothing of a key that is there, of a list that is not, or of a file that cannot be read", () => {
    const gpu = { models: { providers: { work: { baseUrl: "http://far.example", apiKey: "ollama-local", models } } } }
    assert.strictEqual(
      status(gpu, {}, {}, "work").reason,
      "It lists models and has no key: there is no auth profile."
    )
    assert.include(
      status({ models: { providers: { "ollama-cloud": { api: "ollama" } } } }, {}, {}, "ollama-cloud").reason,
      "https://ollama.com"
    )
    const named = { auth: { profiles: { "ollama:default": { provider: "ollama", mode: "api_key" } } } }
    const marker = { profiles: { "ollama:default": { type: "api_key", provider: "ollama", key: "ollama-local" } } }
    const far = { ...named, models: { providers: { ollama: { baseUrl: "http://far.example", models } } } }
    assert.notInclude(status(far, {}, { profiles: marker }).reason, "sqlite")
    assert.notInclude(status(named, {}, { profiles: [] }).reason, "sqlite")
  })

  it("names a profile of the configuration whose key is not in the file of profiles", () => {
    const odd = {
      auth: { profiles: { x: { provider: { toString: 1 } }, y: { provider: Object.create(null) }, z: {} } }
    }
    assert.strictEqual(status(odd).id, "ollama")
    const elsewhere = "no auth profile with a key (the configuration names \"ollama:default\", which is not in "
      + "auth-profiles.json: newer versions of OpenClaw keep its key in openclaw-agent.sqlite, which is not read)"
    for (
      const auth of [
        { profiles: { "ollama:default": { provider: " Ollama", mode: "api_key" } } },
        { order: { ollama: ["ollama:default"] } }
      ]
    ) {
      assert.include(status({ auth }).reason, elsewhere)
      assert.include(status({ auth, ...ollama({ models }) }).reason, elsewhere)
      const other = { auth, models: { providers: { gpu: { baseUrl: "http://h", models } } } }
      assert.include(status(other, {}, {}, "gpu").reason, "no auth profile.")
    }
  })

  it("is one sentence for each case", () => {
    const reasons = [
      status({}).reason,
      status({}, env).reason,
      status({}, {}, { options: { discover: true } }).reason,
      status(ollama({ models }), env).reason,
      status(ollama({ models })).reason,
      status(ollama({ baseUrl: "http://h" })).reason
    ]
    assert.strictEqual(new Set(reasons).size, reasons.length)
    for (const reason of reasons) assert.match(reason, /^[A-Z0-9][^\n]+\.$/)
  })
})
