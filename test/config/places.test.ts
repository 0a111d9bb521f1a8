import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { OpenClawConfigFile } from "effect-ollama"
import { check } from "../../src/core/config/places.js"
import { failed, ok } from "./fixtures.js"

const { formatPath, masked, parsePath, parseValue } = OpenClawConfigFile

describe("paths", () => {
  it("name keys, elements, and odd keys in quotes", () => {
    const paths: ReadonlyArray<readonly [string, ReadonlyArray<string | number>]> = [
      ["models.providers.ollama.apiKey", ["models", "providers", "ollama", "apiKey"]],
      ["models.providers.ollama.models[0].id", ["models", "providers", "ollama", "models", 0, "id"]],
      ["agents.defaults.models[\"ollama/x:1.5\"].alias", ["agents", "defaults", "models", "ollama/x:1.5", "alias"]],
      ["a['it\\'s']", ["a", "it's"]],
      ["a[\"\"].b", ["a", "", "b"]],
      ["[0]", [0]],
      [" a-b.$c ", ["a-b", "$c"]],
      // the shell takes quotes that are not quoted themselves
      ["agents.defaults.models[ollama/x:1.5].alias", ["agents", "defaults", "models", "ollama/x:1.5", "alias"]]
    ]
    for (const [text, path] of paths) {
      assert.deepStrictEqual(ok(parsePath(text)), path)
      assert.deepStrictEqual(ok(parsePath(formatPath(path))), path)
    }
  })

  it("say what is wrong with them", () => {
    const wrong: ReadonlyArray<readonly [string, string]> = [
      ["", "empty"],
      ["a..b", "missing"],
      [".a", "begins with a dot"],
      ["a.", "missing"],
      ["a[0", "bracket"],
      ["a[]", "bracket"],
      ["a[\"x]", "bracket"],
      ["a[0]b", "no dot after a[0]"],
      ["agents.defaults.models.ollama/x:1.alias", "agents.defaults.models[\"ollama/x:1\"]"],
      ["a".padEnd(500, ".a"), "more than 100"]
    ]
    for (const [text, part] of wrong) assert.include(failed(parsePath(text)).message, part, text)
  })
})

describe("values of a command line", () => {
  const value = (path: string, text: string) => parseValue(ok(parsePath(path)), text)

  it("are JSON5 where a text is not what belongs there", () => {
    assert.strictEqual(value("models.providers.ollama.timeoutSeconds", "5"), 5)
    assert.strictEqual(value("models.providers.ollama.models[0].maxTokens", "8192 * 10"), 81920)
    assert.strictEqual(value("agents.defaults.models.x.streaming", "true"), true)
    assert.deepStrictEqual(value("agents.defaults.model", "{ primary: 'ollama/x', }"), { primary: "ollama/x" })
    assert.deepStrictEqual(value("agents.defaults.model.fallbacks", "['a/b']"), ["a/b"])
    assert.strictEqual(value("agents.defaults.params.temperature", "0.5"), 0.5)
    assert.strictEqual(value("channels.x.y", "null"), null)
  })

  it("are text where one belongs, and where they are no JSON5", () => {
    for (const text of ["1234", "true", "null", "[1]", "0x10", "ollama-local", "1 * 2"]) {
      assert.strictEqual(value("models.providers.ollama.apiKey", text), text)
    }
    assert.strictEqual(value("models.providers.ollama.apiKey", "\"a b\""), "a b")
    assert.deepStrictEqual(value("models.providers.ollama.apiKey", "{ source: 'env', id: 'K' }"), {
      source: "env",
      id: "K"
    })
    assert.strictEqual(value("env.vars.PORT", "8080"), "8080")
    assert.strictEqual(value("env.PORT", "8080"), "8080")
    assert.strictEqual(value("agents.defaults.model.primary", "ollama/gpt-oss:20b"), "ollama/gpt-oss:20b")
    assert.strictEqual(value("channels.x.y", "a b"), "a b")
  })
})

describe("what is written where it does not belong", () => {
  const problems = (path: string, value: unknown) =>
    check(ok(parsePath(path)), value).map((p) => `${formatPath(p.path)}: expected ${p.expected}, found ${p.actual}`)

  it("is refused by its kind, also inside of what is written", () => {
    assert.deepStrictEqual(problems("models.providers.ollama.timeoutSeconds", "soon"), [
      "models.providers.ollama.timeoutSeconds: expected a positive number, found a string"
    ])
    assert.deepStrictEqual(problems("models.providers.ollama", { models: [{ id: 5, contextWindow: -1 }] }), [
      "models.providers.ollama.models[0].id: expected a text, found a number",
      "models.providers.ollama.models[0].contextWindow: expected a positive number, found -1"
    ])
    assert.lengthOf(problems("models", []), 1)
    assert.lengthOf(problems("models.providers.ollama.models[0].cost.input", NaN), 1)
  })

  it("is refused when it is nearly a key or a word that there is", () => {
    assert.include(problems("models.providers.ollama.apikey", "x")[0], "did you mean \"apiKey\"?")
    assert.include(problems("modles.providers.ollama.apiKey", "x")[0], "did you mean \"models\"?")
    assert.include(problems("models.providers.ollama.api", "olama")[0], "did you mean \"ollama\"?")
  })

  it("is let through where this library has no say", () => {
    for (
      const [path, value] of [
        ["channels.telegram.botToken", 5],
        ["models.providers.anything-at-all.baseUrl", "x"],
        ["agents.defaults.params.temperature", "warm"],
        ["agents.defaults.workspace", "/w"],
        ["models.providers.ollama.api", "anthropic-messages"],
        ["agents.defaults.models[\"ollama/x\"].params", { a: [1, { b: null }] }]
      ] as const
    ) assert.deepStrictEqual(problems(path, value), [])
  })
})

describe("what is shown", () => {
  it("has no secret, and every reference", () => {
    const config = {
      env: { vars: { A: "secret-1" }, B: "secret-2" },
      channels: { telegram: { botToken: "secret-3" }, sortOrder: "up" },
      models: {
        providers: {
          a: {
            baseUrl: "http://me:secret-4@h/v1",
            apiKey: "secret-5",
            headers: { "x-any": "secret-6", source: "secret-7" },
            request: { auth: { value: "secret-8" } },
            models: [{ id: "m", maxTokens: 5 }]
          },
          b: { apiKey: "${B_KEY}" },
          c: { apiKey: { source: "env", id: "C_KEY" } },
          d: { apiKey: "ollama-local" }
        }
      }
    }
    const shown = masked(config, [])
    assert.notInclude(JSON.stringify(shown), "secret-")
    assert.deepInclude((shown as typeof config).models.providers.a.models, { id: "m", maxTokens: 5 })
    assert.deepInclude(shown as object, {})
    const { b, c, d } = (shown as typeof config).models.providers
    assert.deepStrictEqual([b, c, d], [config.models.providers.b, config.models.providers.c, config.models.providers.d])
    assert.strictEqual((shown as typeof config).channels.sortOrder, "up")
  })

  it("has no secret of a variable, of a list, or in a URL", () => {
    const hidden = {
      skills: { entries: { a: { env: { PASSWD: "secret-1", PIN: 1234 } } } },
      mcp: { servers: { g: { env: { GITHUB_PAT: "secret-2" }, args: ["--port", "80"] } } },
      models: { providers: { x: { localService: { command: "run", env: { DB_PASS: "secret-3", KEY: "${KEY}" } } } } },
      tools: { apiKeys: ["secret-4", "${A_KEY}"], tokens: ["secret-5"], passwords: { a: "secret-6" } },
      urls: [
        "http://user:se?c@ret@host/v1/@scope?key=secret-7&page=2",
        "wss://host/?a=b&access_token=secret-8#api_key=secret-9",
        "https://host/?X-Amz-Signature=secret&key=${KEY}&sort=key"
      ]
    }
    assert.deepStrictEqual(masked(hidden, []), {
      skills: { entries: { a: { env: { PASSWD: "********", PIN: "********" } } } },
      mcp: { servers: { g: { env: { GITHUB_PAT: "********" }, args: ["--port", "80"] } } },
      models: { providers: { x: { localService: { command: "run", env: { DB_PASS: "********", KEY: "${KEY}" } } } } },
      tools: { apiKeys: ["********", "${A_KEY}"], tokens: ["********"], passwords: { a: "********" } },
      urls: [
        "http://********@host/v1/@scope?key=********&page=2",
        "wss://host/?a=b&access_token=********#api_key=********",
        "https://host/?X-Amz-Signature=********&key=${KEY}&sort=key"
      ]
    })
    assert.strictEqual(masked("k1", ["tools", "apiKeys", 0]), "********")
    const shown = {
      env: { shellEnv: { enabled: true, timeoutMs: 15_000 } },
      secrets: { defaults: { env: "default" } },
      models: { maxTokens: 8192, contextTokens: 4096, cost: { tokens: 1 } }
    }
    assert.deepStrictEqual(masked(shown, []), shown)
    assert.strictEqual(masked(8192, ["models", "maxTokens"]), 8192)
  })

  it("depends on where it stands", () => {
    assert.strictEqual(masked("secret", ["models", "providers", "x", "apiKey"]), "********")
    assert.strictEqual(masked("secret", ["models", "providers", "x", "headers", "a"]), "********")
    assert.strictEqual(masked("secret", ["models", "providers", "x", "baseUrl"]), "secret")
    assert.isTrue(Either.isRight(parsePath("env.vars.A")))
  })
})
