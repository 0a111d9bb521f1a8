import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import { substituteText } from "../../src/core/config/env.js"
import { variables } from "../../src/core/config/resolve.js"
import { env, error, ollama, provider, resolved, said } from "./fixtures.js"

const models = [{ id: "m" }]
const url = (baseUrl: string, variables: Readonly<Record<string, string>> = {}, more: object = {}) =>
  provider({ ...ollama({ baseUrl, models, apiKey: "k" }), ...more }, variables).root

describe("${VAR}", () => {
  it("is replaced in strings, as often as it stands there", () => {
    assert.strictEqual(url("http://${H}:${P}/${H}", { H: "h", P: "1" }), "http://h:1/h")
  })

  it("has a default for what is unset or blank", () => {
    assert.strictEqual(url("http://${H:-d}:1"), "http://d:1")
    assert.strictEqual(url("http://${H:-d}:1", { H: " " }), "http://d:1")
    assert.strictEqual(url("http://${H:-d}:1", { H: "h" }), "http://h:1")
    assert.strictEqual(url("http://h${H:-}:1"), "http://h:1")
  })

  it("is not recursive, may be escaped, and nothing else is touched", () => {
    const text = (value: string) => substituteText(value, (name) => name === "A" ? "${B}" : undefined, () => undefined)
    assert.strictEqual(text("${A}"), "${B}")
    assert.strictEqual(text("$${A}"), "${A}")
    assert.strictEqual(text("$${A:-x} $$${A}"), "${A:-x} $${A}")
    for (const untouched of ["$A", "${a}", "${1A}", "${A", "${}", "${A-x}", "$(A)", "{A}", "$ {A}"]) {
      assert.strictEqual(text(untouched), untouched)
    }
  })

  it.prop("a text without `${` stays what it is", [FastCheck.string()], ([text]) => {
    if (!text.includes("${")) assert.strictEqual(substituteText(text, () => "x", () => undefined), text)
  })

  it("that is unset in what a provider is reached by makes it unavailable", () => {
    for (
      const entry of [
        { baseUrl: "http://${UNSET}", models, apiKey: "k" },
        { headers: { a: "${UNSET}" }, models, apiKey: "k" },
        { api: "${UNSET}", models, apiKey: "k" },
        { timeoutSeconds: "${UNSET}", models, apiKey: "k" },
        { request: { headers: { a: "${UNSET}" } }, models, apiKey: "k" },
        { apiKey: "${UNSET}", models }
      ]
    ) {
      const failure = error(ollama(entry), env)
      assert.strictEqual(failure._tag === "MissingEnvironmentVariable" && failure.variable, "UNSET")
      assert.include(failure.message, "models.providers.ollama.")
      assert.deepStrictEqual(resolved(ollama(entry), env).diagnostics.map((d) => d.level), ["error"])
    }
  })

  it("that is unset in a model leaves out the model, or the setting", () => {
    const entry = {
      models: [{ id: "${UNSET}" }, { id: "h", headers: { a: "${UNSET}" } }, { id: "m", params: { a: ["${UNSET}"] } }]
    }
    const found = provider(ollama(entry), env)
    assert.deepStrictEqual(found.models.map((model) => model.definition.id), ["m"])
    assert.deepStrictEqual(found.excluded?.map(({ name, reason }) => [name, reason]), [
      ["models[0]", "no-id"],
      ["h", "invalid-headers"]
    ])
    assert.deepStrictEqual(found.models[0]!.ignored?.map(({ setting }) => setting), ["a"])
    assert.isUndefined(found.models[0]!.params)
  })

  it("that is unset at a key that is not read is only a warning", () => {
    const entry = {
      note: "${UNSET}",
      auth: { a: ["${UNSET}"] },
      models: [{ id: "m", zebra: "${UNSET}", cost: { extra: "${UNSET}" }, compat: { b: "${UNSET}" } }]
    }
    assert.strictEqual(provider(ollama(entry), env).source, "configured")
    const said = resolved(ollama(entry), env).diagnostics.filter((d) => d.message.includes("UNSET"))
    assert.deepStrictEqual(said.map((d) => `${d.level} ${d.path.replace("models.providers.ollama.", "")}`), [
      "warning note",
      "warning auth.a[0]",
      "warning models[0].zebra",
      "warning models[0].cost.extra",
      "warning models[0].compat.b"
    ])
  })

  it("that is unset at a key outside of providers that is not read is only a warning too", () => {
    const config = {
      auth: { profiles: { a: "${UNSET}" } },
      agents: { defaults: { model: { note: "${UNSET}" }, models: { "a/b": { note: ["${UNSET}"] } } } }
    }
    const said = resolved(config, env).diagnostics.filter((d) => d.message.includes("UNSET"))
    assert.deepStrictEqual(said.map((d) => `${d.level} ${d.path}`), [
      "warning agents.defaults.model.note",
      "warning agents.defaults.models[\"a/b\"].note[0]",
      "warning auth.profiles.a"
    ])
  })

  it("that is unset elsewhere is a warning, and stays unset", () => {
    const cases: ReadonlyArray<readonly [config: object, path: string]> = [
      [{ agents: { defaults: { model: "ollama/${UNSET}" } } }, "agents.defaults.model"],
      [{ agents: { defaults: { models: { "a/b": { alias: "${UNSET}" } } } } }, "agents.defaults.models[\"a/b\"].alias"],
      [{ auth: { order: { ollama: ["${UNSET}"] } } }, "auth.order.ollama[0]"],
      [{ env: { vars: { A: "${UNSET}" } } }, "env.vars.A"]
    ]
    for (const [config, path] of cases) {
      assert.deepStrictEqual(said(config), [`warning ${path}: the environment variable UNSET is not set: not used`])
    }
    const more = { env: { vars: { A: "${UNSET}" } } }
    assert.strictEqual(
      error({ ...ollama({ baseUrl: "http://${A}", models, apiKey: "k" }), ...more })._tag,
      "MissingEnvironmentVariable"
    )
  })

  it("is left alone in sections that are not read", () => {
    assert.deepStrictEqual(resolved({ channels: "${UNSET}", agents: { list: ["${UNSET}"] } }).diagnostics, [])
    assert.deepStrictEqual([...variables({ channels: "${UNSET}", agents: { list: "${UNSET}" } })], ["OLLAMA_API_KEY"])
  })

  it("names are known ahead, also those of { source: env } and of the env block", () => {
    const found = variables({
      ...ollama({ apiKey: { source: "env", id: "K" }, baseUrl: "${U:-x}$${E}" }),
      env: { A: "${B}", vars: { C: "d" } }
    })
    assert.deepStrictEqual([...found].sort(), ["A", "B", "C", "E", "K", "OLLAMA_API_KEY", "U"])
  })
})

describe("the env block", () => {
  it("fills what is unset or blank, and nothing else", () => {
    const more = { env: { H: "block", vars: { P: "2" } } }
    assert.strictEqual(url("http://${H}:${P}", {}, more), "http://block:2")
    assert.strictEqual(url("http://${H}:${P}", { H: "h", P: " " }, more), "http://h:2")
  })

  it("needs no variable for a value that the environment has already", () => {
    const more = { env: { H: "${UNSET}", vars: { P: "${UNSET}" } } }
    assert.strictEqual(url("http://${H}:${P}", { H: "h", P: "1" }, more), "http://h:1")
    assert.deepStrictEqual(said({ ...ollama({ models }), ...more }, { ...env, H: "h", P: " " }), [
      "warning env.vars.P: the environment variable UNSET is not set: not used"
    ])
  })

  it("may hold OLLAMA_API_KEY", () => {
    const found = provider({ env: { vars: { OLLAMA_API_KEY: "k" } } })
    assert.strictEqual(found.key?.source, "env OLLAMA_API_KEY")
  })

  it("sets with a key of its own what vars leaves blank or open", () => {
    for (const blank of ["", "  ", "${UNSET}", "${UNSET:-}"]) {
      const found = provider({ env: { vars: { OLLAMA_API_KEY: blank }, OLLAMA_API_KEY: "real" } })
      assert.strictEqual(Redacted.value(found.key!.value), "real", blank)
    }
    assert.deepStrictEqual(said({ env: { vars: { A: "${UNSET}" }, A: "a" } }), [
      "warning env.vars.A: the environment variable UNSET is not set: not used"
    ])
    assert.strictEqual(error({ env: { vars: { OLLAMA_API_KEY: "" }, OLLAMA_API_KEY: " " } })._tag, "NotEnabled")
  })

  it("prefers vars, and refers to the environment only", () => {
    assert.strictEqual(url("http://${H}:1", {}, { env: { H: "a", vars: { H: "b" } } }), "http://b:1")
    assert.strictEqual(url("http://${H}:1", { X: "x" }, { env: { vars: { H: "${X}", X: "y" } } }), "http://x:1")
  })
})
