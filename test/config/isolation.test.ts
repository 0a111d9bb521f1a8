import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { resolved } from "./fixtures.js"

// Whatever stands at one provider, the others are what they are without it.

const words = [
  "${A}",
  "${UNSET}",
  "${lower}",
  "$A",
  "$$",
  "secretref-env:A",
  "ollama-local",
  "OLLAMA_API_KEY",
  "http://h:1/v1",
  "javascript:x",
  "ollama",
  "openai-responses",
  "__proto__",
  "other/m",
  ""
]

const keys = FastCheck.constantFrom(
  "baseUrl",
  "baseURL",
  "apiKey",
  "api",
  "authHeader",
  "headers",
  "request",
  "auth",
  "mode",
  "token",
  "proxy",
  "tls",
  "timeoutSeconds",
  "params",
  "extra_body",
  "options",
  "model",
  "streaming",
  "thinking",
  "models",
  "id",
  "source",
  "cost",
  "input",
  "contextWindow",
  "compat",
  "reasoningEffortMap",
  "thinkingLevelMap",
  "__proto__",
  "zebra"
)

const anything = FastCheck.letrec<{ value: unknown }>((tie) => ({
  value: FastCheck.oneof(
    { maxDepth: 4, depthIdentifier: "value", depthSize: "small" },
    FastCheck.jsonValue({ maxDepth: 1 }),
    FastCheck.constantFrom(...words),
    FastCheck.constantFrom(NaN, Infinity, -1, 0, 0.5, 2 ** 60),
    FastCheck.array(tie("value"), { maxLength: 3 }),
    FastCheck.dictionary(keys, tie("value"), { maxKeys: 6 }),
    FastCheck.record({
      models: FastCheck.array(FastCheck.dictionary(keys, tie("value"), { maxKeys: 8 }), { maxLength: 3 })
    })
  )
})).value

// Every place that OpenClaw's table has, at a provider: whatever stands there, of whatever kind.
const places = readFileSync(new URL("openclaw-keys.tsv", import.meta.url), "utf8").split("\n")
  .flatMap((line) => {
    const path = line.split("\t")[0]!
    const prefix = "models.providers.<key>."
    return path.startsWith(prefix) ? [path.slice(prefix.length).replaceAll("[]", ".[]").split(".")] : []
  })

const odd: ReadonlyArray<unknown> = [
  null,
  true,
  -1,
  NaN,
  0.5,
  "",
  "${UNSET}",
  "${__proto__}",
  "x",
  [],
  [null, [[]], {}],
  {},
  { source: "exec", id: "x" },
  JSON.parse("{\"__proto__\":{\"polluted\":true},\"constructor\":{\"prototype\":1}}"),
  Array.from({ length: 40 }).reduce<unknown>((inner) => ({ a: [inner] }), 1)
]

/** An entry with a value at one place; before it all that leads there. */
const entryWith = (place: ReadonlyArray<string>, value: unknown): unknown =>
  place.reduceRight<unknown>(
    (inner, key) => key === "[]" ? [inner] : { [key === "<key>" ? "k" : key]: inner },
    value
  )

const secretOf = (secret: Redacted.Redacted | undefined) => secret === undefined ? undefined : Redacted.value(secret)

/** Everything about the providers but these, with their keys. */
const others = (entries: object, ...ids: ReadonlyArray<string>) => {
  const { defaults, models, primary, providers, unlisted } = resolved({
    models: { providers: entries },
    agents: { defaults: { model: "other/m", params: { seed: 1 } } }
  }, { A: "a", OLLAMA_API_KEY: "k" })
  const seen = (unlisted ?? []).concat(providers).filter((status) => !ids.includes(status.id))
  return JSON.stringify([
    seen,
    seen.map(({ result }) =>
      result._tag === "Left"
        ? result.left
        : [secretOf(result.right.key?.value), Object.values(result.right.headers).map(secretOf)]
    ),
    { primary, models, defaults }
  ])
}

const other = {
  baseUrl: "http://other:1",
  apiKey: "${A}",
  headers: { a: "$A" },
  models: [{ id: "m" }],
  params: { top_k: 1 }
}

const without = others({ other }, "x")
const withoutOllama = others({ other }, "ollama")

describe("whatever stands at one provider", () => {
  it.prop("the others resolve as without it", [anything], ([entry]) => {
    assert.strictEqual(others({ x: entry, other }, "x"), without)
    assert.strictEqual(others({ other, x: entry }, "x"), without)
    assert.strictEqual(others({ ollama: entry, other }, "ollama"), withoutOllama)
  }, { fastCheck: { numRuns: 200 } })

  it("the others resolve as without it, with every kind of value at every place", () => {
    assert.isAbove(places.length, 150)
    for (const place of places) {
      for (const value of odd) {
        const entry = entryWith(place, value)
        const whole = { baseUrl: "http://x:1", apiKey: "k", models: [{ id: "m" }], ...(entry as object) }
        const at = `${place.join(".")}: ${typeof value}`
        const entries = { x: entry, other, ollama: entry, y: whole }
        assert.strictEqual(others(entries, "x", "y", "ollama"), withoutOllama, at)
      }
    }
    assert.isUndefined((({}) as { readonly polluted?: unknown }).polluted)
  })

  it.prop("the others resolve as without it, under any other name", [FastCheck.string(), anything], ([id, entry]) => {
    FastCheck.pre(!["other", "ollama", "ollama-cloud", ""].includes(id.trim().toLowerCase()))
    const named = Object.fromEntries([["other", other], [id, entry]])
    assert.strictEqual(others(named, id.trim().toLowerCase()), without)
  })
})
