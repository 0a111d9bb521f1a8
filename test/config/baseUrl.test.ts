import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import { Provider } from "effect-ollama"
import * as baseUrl from "../../src/core/baseUrl.js"
import { env, error, failed, ok, ollama, provider, resolved } from "./fixtures.js"

const models = [{ id: "m" }]

const urls = (value: string, id = "ollama", api: "openai-completions" | "ollama" = "openai-completions") => {
  const found = ok(baseUrl.normalize(value, { provider: id, api }))
  return [found.root, found.completionsUrl]
}

describe("base URLs", () => {
  const vectors: ReadonlyArray<readonly [value: string, root: string]> = [
    ["http://h", "http://h"],
    ["http://h/", "http://h"],
    ["http://h:11434/v1", "http://h:11434"],
    ["http://h:11434/v1/", "http://h:11434"],
    ["http://h:11434/V1//", "http://h:11434"],
    ["http://h:11434/api", "http://h:11434"],
    ["http://h:11434/API/", "http://h:11434"],
    ["http://h/ollama/v1/", "http://h/ollama"],
    ["http://h/ollama", "http://h/ollama"],
    ["http://h/v1/v1", "http://h/v1"],
    ["http://h/xv1", "http://h/xv1"],
    ["https://h", "https://h"],
    ["HTTP://H:80", "http://h"],
    ["  http://h:1  ", "http://h:1"],
    ["http://0.0.0.0:11434", "http://127.0.0.1:11434"],
    ["http://[::]:11434", "http://[::1]:11434"],
    ["http://[::1]:11434", "http://[::1]:11434"],
    ["http://h?x=1", "http://h"],
    ["http://h/v1?x=1#y", "http://h"]
  ]
  for (const [value, root] of vectors) {
    it(`${value} has the root ${root}`, () => assert.deepStrictEqual(urls(value), [root, `${root}/v1`]))
  }

  it("a path of another provider is used as given for completions", () => {
    assert.deepStrictEqual(urls("https://h/v1beta/openai/", "g"), [
      "https://h/v1beta/openai",
      "https://h/v1beta/openai"
    ])
    assert.strictEqual(urls("https://h/api", "g")[1], "https://h/api")
    assert.strictEqual(urls("https://h/api/v1", "g")[1], "https://h/api/v1")
    assert.strictEqual(urls("https://h", "g")[1], "https://h/v1")
    assert.strictEqual(urls("https://h/x", "g", "ollama")[1], "https://h/x/v1")
  })

  it("what is no http(s) URL is refused", () => {
    for (
      const value of [
        "h",
        "localhost:11434",
        "ftp://h",
        "file:///etc",
        "http://",
        "http://a b",
        "http://h\n.x",
        "http:\\\\h"
      ]
    ) {
      assert.isTrue(Either.isLeft(baseUrl.normalize(value, { provider: "ollama", api: "ollama" })), value)
    }
  })

  it("with two schemes, one behind the other, is refused", () => {
    for (const value of ["http://http://h:11434", "https://HTTP://h/v1", "http://https://h"]) {
      const { actual } = failed(baseUrl.normalize(value, { provider: "ollama", api: "ollama" }))
      assert.strictEqual(actual, "a URL with two schemes, one behind the other: write one")
    }
    assert.strictEqual(
      ok(baseUrl.normalize("http://h/http://i", { provider: "x", api: "ollama" })).root,
      "http://h/http://i"
    )
  })

  it("a pasted endpoint is cut off, with a warning", () => {
    const vectors: ReadonlyArray<readonly [value: string, root: string, completions: string]> = [
      ["http://h:1/v1/chat/completions", "http://h:1", "http://h:1/v1"],
      ["http://h:1/V1/Chat/Completions/", "http://h:1", "http://h:1/v1"],
      ["http://h:1/chat/completions", "http://h:1", "http://h:1/v1"],
      ["http://h:1/api/chat", "http://h:1", "http://h:1/v1"],
      ["http://h:1/x/api/generate?a=b", "http://h:1/x", "http://h:1/x/v1"],
      ["http://h:1/api/tags", "http://h:1", "http://h:1/v1"]
    ]
    for (const [value, ...both] of vectors) {
      assert.deepStrictEqual(urls(value), both)
      const { warnings } = ok(baseUrl.normalize(value, { provider: "ollama", api: "ollama" }))
      assert.include(warnings.join(), "is cut off")
    }
    assert.deepStrictEqual(urls("https://h/v1beta/openai/chat/completions", "g"), [
      "https://h/v1beta/openai",
      "https://h/v1beta/openai"
    ])
    assert.deepStrictEqual(ok(baseUrl.normalize("http://h/chat", { provider: "ollama", api: "ollama" })).warnings, [])
  })

  it("another scheme is named, whatever comes after it", () => {
    for (
      const value of ["javascript:alert(1)", "file:/etc/passwd", "data:text/plain,x", "ws://h", "unix:/run/x.sock"]
    ) {
      const { message } = error(ollama({ baseUrl: value, models }), env)
      assert.include(message, `a URL with the scheme "${value.split(":", 1)[0]!}"`)
      assert.notInclude(message, "in front")
    }
  })

  it("is near: loopback, private and link-local addresses, local names", () => {
    const near = [
      "http://127.9.9.9",
      "http://localhost",
      "http://a.localhost",
      "http://[::1]",
      "http://[::ffff:10.0.0.1]",
      "http://172.31.255.255",
      "http://[fe80::1]",
      "http://printer.local.",
      "http://box",
      "http://host.containers.internal"
    ]
    const far = [
      "http://128.0.0.1",
      "http://172.15.0.1",
      "http://192.169.0.1",
      "http://[::ffff:8.8.8.8]",
      "http://[fec0::1]",
      "http://localhost.example",
      "http://10.0.0.1.example",
      "http://x.internal"
    ]
    for (const url of near) assert.isTrue(baseUrl.isLocal(url), url)
    for (const url of far) assert.isFalse(baseUrl.isLocal(url), url)
  })

  it("a missing scheme is suggested", () => {
    for (const baseUrl of ["gpu-box:11434", "localhost", "10.0.0.7/v1", "[::1]:11434/", "a.example:80/api"]) {
      assert.include(error(ollama({ baseUrl, models }), env).message, `write "http://${baseUrl}"`)
    }
  })

  it("what could be a key is not shown", () => {
    for (
      const baseUrl of ["hf_hushABC0123456789", "deadbeef0123hush", "user:hush", "h:1/hush", "eyJhush.eyJhush.hush"]
    ) {
      assert.notInclude(error(ollama({ baseUrl, models }), env).message, "hush")
    }
  })

  it("query and fragment are dropped with a warning", () => {
    const config = ollama({ baseUrl: "http://h/v1?key=hush", models })
    assert.strictEqual(provider(config, env).root, "http://h")
    assert.deepStrictEqual(resolved(config, env).diagnostics, [{
      level: "warning",
      path: "models.providers.ollama.baseUrl",
      message: "its query and fragment are not used"
    }])
  })

  it("of another type makes the provider unavailable", () => {
    for (const value of [5, null, ["http://h"]]) {
      assert.strictEqual(error(ollama({ baseUrl: value, models }), env)._tag, "ConfigInvalid")
    }
  })

  it.prop("normalising is total, and a root stays what it is", [
    FastCheck.oneof(FastCheck.string(), FastCheck.webUrl())
  ], (
    [value]
  ) => {
    const options = { provider: "ollama", api: "ollama" } as const
    const first = baseUrl.normalize(value, options)
    if (Either.isLeft(first)) return
    assert.notMatch(first.right.root, /[?#]|\/$/)
    if (!/\/(v1|api)$/i.test(first.right.root)) {
      assert.strictEqual(ok(baseUrl.normalize(first.right.root, options)).root, first.right.root)
    }
  })
})

describe("Provider.make", () => {
  it("is the local Ollama, discovered, by default", () => {
    assert.deepStrictEqual(ok(Provider.make()), {
      id: "ollama",
      source: "discovered",
      api: "openai-completions",
      root: "http://127.0.0.1:11434",
      completionsUrl: "http://127.0.0.1:11434/v1",
      authHeader: true,
      headers: {},
      params: {},
      models: [],
      keepWithoutTools: false
    })
  })

  it("takes models, key, headers and a timeout", () => {
    const made = ok(Provider.make({
      id: " GPU ",
      baseUrl: "http://gpu:1/v1",
      apiKey: "k",
      headers: { "X-A": "b" },
      timeout: "2 seconds",
      models: [{ id: "m", tools: true, params: { seed: 1 }, headers: { c: "d" } }]
    }))
    assert.strictEqual(made.id, "gpu")
    assert.strictEqual(made.source, "configured")
    assert.strictEqual(made.timeout, 2000)
    assert.isTrue(made.key?.explicit)
    assert.deepStrictEqual(Object.keys(made.headers), ["x-a"])
    assert.deepStrictEqual(made.models[0]!.definition.known, ["tools"])
  })

  it("refuses what the configuration refuses: nameless models, wrong numbers, no time at all", () => {
    const cost = { input: -1, output: 0, cacheRead: NaN, cacheWrite: 0 }
    const failure = failed(Provider.make({
      models: [{ id: "  ", contextWindow: NaN, maxTokens: 1.5, cost }],
      timeout: "0 seconds"
    }))
    assert.deepStrictEqual(failure.problems.map((p) => `${p.path}: ${p.actual}`), [
      "models[0].id: an empty text",
      "models[0].contextWindow: NaN",
      "models[0].maxTokens: 1.5",
      "models[0].cost.input: -1",
      "models[0].cost.cacheRead: NaN",
      "timeout: 0"
    ])
    for (const timeout of [NaN, -5, Infinity, "soon" as "1 second"]) {
      assert.deepStrictEqual(failed(Provider.make({ timeout })).problems.map((p) => p.path), ["timeout"])
    }
    assert.strictEqual(ok(Provider.make({ models: [{ id: " m " }] })).models[0]!.definition.id, "m")
  })

  it("refuses an api that is not spoken", () => {
    const api = "openai-responses" as "ollama"
    assert.deepStrictEqual(
      failed(Provider.make({ api, models: [{ id: "m", api }] })).problems.map((p) => `${p.path}: ${p.actual}`),
      ["api: \"openai-responses\"", "models[0].api: \"openai-responses\""]
    )
  })

  it("takes what a configuration can say of streaming, context and compatibility", () => {
    const compat = { supportsTemperature: false }
    const made = ok(Provider.make({
      params: { streaming: true },
      models: [{ id: "m", streaming: false, contextTokens: 4096, compat }]
    }))
    assert.isTrue(made.streaming)
    assert.deepInclude(made.models[0], { streaming: false, contextTokens: 4096, compat })
  })

  it("says all that is wrong at once", () => {
    const failure = failed(Provider.make({
      id: "a/b",
      baseUrl: "h",
      apiKey: "hush hush",
      headers: { Host: "hush" },
      models: [{ id: "m", headers: { "a b": "hush" } }]
    }))
    assert.deepStrictEqual(
      failure.problems.map((p) => p.path),
      ["id", "baseUrl", "apiKey", "headers.Host", "models[0].headers.a b"]
    )
    assert.notInclude(failure.message, "hush")
  })
})
