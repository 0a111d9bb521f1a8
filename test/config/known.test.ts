import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Schema } from "effect"
import { ConfigValue } from "effect-ollama"
import { readFileSync } from "node:fs"
import { accepted, keysOf, read, unknownKeys } from "../../src/core/config/known.js"
import { env, error, ok, provider, resolved, said } from "./fixtures.js"

// The keys that OpenClaw has, as its own schema says.
interface Row {
  readonly path: string
  readonly kind: string
}

const others = "agents.defaults.<others, not read here>"

const rows: ReadonlyArray<Row> = readFileSync(new URL("openclaw-keys.tsv", import.meta.url), "utf8")
  .split("\n").slice(1).filter((line) => line !== "").map((line) => {
    const [path, kind] = line.split("\t") as [string, string]
    return { path, kind: kind.trim() }
  })

/** Each place with its keys; `*` is any name, `[]` an element. */
const places = (): Map<string, Set<string>> => {
  const out = new Map<string, Set<string>>()
  const add = (place: string, key: string) => {
    if (!out.has(place)) out.set(place, new Set())
    out.get(place)!.add(key)
  }
  for (const { kind, path } of rows) {
    if (path === others) { for (const key of kind.split(" ")) add("agents.defaults", key) }
    else {
      const keys = path.replaceAll("[]", ".[]").split(".")
      keys.forEach((key, i) => {
        const place = keys.slice(0, i).join(".").replaceAll(/<\w+>/g, "*").replaceAll(".[]", "[]")
        if (i > 0 && !/^(<\w+>|\[\])$/.test(key)) add(place, key)
      })
    }
  }
  return out
}

describe("the table of keys", () => {
  it("has OpenClaw's, at the same places, and those of its older versions", () => {
    const theirs = places()
    for (const place of Array.from(theirs.keys())) {
      if (place === "agents" || place.startsWith("secrets")) theirs.delete(place)
    }
    theirs.get("auth")!.add("cooldowns")
    for (const key of ["contextWindow", "contextTokens"]) theirs.get("models.providers.*")!.add(key)
    const ours = new Map(
      [...new Set([...Object.keys(read), ...Object.keys(accepted)])].map((place) =>
        [place, new Set(keysOf(place))] as const
      )
    )
    assert.sameMembers([...ours.keys()], [...theirs.keys()])
    for (const [place, keys] of ours) assert.sameMembers([...keys], [...theirs.get(place)!], place)
    for (const place of ours.keys()) assert.lengthOf(keysOf(place), ours.get(place)!.size, `${place} has a key twice`)
  })

  it("docs/configuration.md lists all that is accepted and not used", () => {
    const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8")
    for (const [place, keys] of Object.entries(accepted)) {
      for (const key of keys.split(" ")) assert.include(text, `\`${key}\``, place)
    }
  })
})

const example: { readonly [path: string]: unknown } = {
  "models.providers.<key>.baseUrl": "http://h:1/v1",
  "models.providers.<key>.models[].baseUrl": "http://h:1",
  "models.providers.<key>.models[].id": "m",
  "models.providers.<key>.models[].input": ["text", "image"],
  "models.providers.<key>.request.auth.mode": "authorization-bearer",
  "agents.defaults.model.primary": "filled/m"
}

const valueOf = ({ kind, path }: Row): unknown => {
  if (path in example) return example[path]
  if (path.endsWith(".source")) return "env"
  if (path.endsWith(".api")) return "ollama"
  if (/\.(apiKey|headers\.<key>|token|value|ca|cert|key|passphrase)\.id$/.test(path)) return "SET"
  const one = kind.split(/ ;? ?\|? ?/)[0]!
  if (one.startsWith("\"")) return JSON.parse(one)
  if (kind.startsWith("list of")) return [kind.endsWith("object") ? {} : "x"]
  if (kind.startsWith("tuple")) return [1, 2]
  if (kind === "record of unknown") return { seed: 1 }
  if (kind === "record of string") return { a: "x" }
  if (kind === "record of list of string") return { a: ["x"] }
  if (kind.startsWith("boolean")) return true
  if (kind.startsWith("number")) return 4096
  return kind.startsWith("string") ? "x" : {}
}

/** A configuration with every key filled, but for those that `skip` leaves out. */
const filled = (skip: (path: string) => boolean): Record<string, unknown> => {
  const top: Record<string, unknown> = {}
  for (const row of rows) {
    if (skip(row.path)) continue
    if (row.path === others) {
      const defaults = (top["agents"] as { readonly defaults: Record<string, unknown> }).defaults
      for (const key of row.kind.split(" ")) defaults[key] = { anything: [1] }
      continue
    }
    const keys = row.path.replaceAll("[]", ".[]").split(".").map((key) =>
      key === "<key>" || key === "<any>" ? "filled" : key
    )
    let here: any = top // what the rows before have made
    keys.forEach((key, i) => {
      const isLast = i === keys.length - 1
      const next = isLast ? valueOf(row) : keys[i + 1] === "[]" ? [] : {}
      if (key === "[]") {
        if (here.length === 0) here.push({})
        here = here[0]
      } else {
        const made = here[key]
        const isRoom = typeof made === "object" && made !== null
        if (isLast ? !isRoom : !isRoom || (keys[i + 1] === "[]") !== Array.isArray(made)) here[key] = next
        here = here[key]
      }
    })
  }
  return top
}

const transport = /request\.(proxy|tls)/

describe("a configuration with every key that OpenClaw has", () => {
  const variables = { ...env, SET: "k" }

  it("loads without a word", () => {
    const config = filled((path) => transport.test(path))
    assert.deepStrictEqual(said(config, variables), [])
    assert.deepStrictEqual(provider(config, variables, {}, "filled").models.map(({ definition }) => definition.id), [
      "m"
    ])
  })

  it("says of a proxy and of TLS that they are not honoured", () => {
    const config = filled(() => false)
    assert.deepStrictEqual(
      resolved(config, variables).diagnostics.map(({ level, path }) => `${level} ${path}`),
      ["error models.providers.filled.request.proxy", "error models.providers.filled.request.tls"]
    )
    const failure = error(config, variables, {}, "filled")
    assert.strictEqual(failure._tag === "ProviderUnavailable" && failure.reason, "unsupported-transport")
  })

  it("is the same when it is decoded and encoded again", () => {
    const { agents, auth, env, models } = filled(() => false)
    const config = { agents, auth, env, models }
    const value = ok(Schema.decodeUnknownEither(ConfigValue.ConfigValue)(config))
    assert.deepStrictEqual<unknown>(Schema.encodeSync(ConfigValue.ConfigValue)(value), config)
    assert.notInclude(JSON.stringify(value), "\"k\"")
  })
})

describe("unknown keys", () => {
  it.prop(
    "are walked through without a throw, whatever stands there",
    [FastCheck.object({ maxDepth: 8 })],
    ([value]) => {
      unknownKeys(value, ["models"], () => undefined)
      unknownKeys(value, ["agents", "defaults"], () => undefined)
    }
  )

  it("get suggestions up to a number, so that many take no time", () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`baseUr${i}`, 1]))
    const found = said({ models: { providers: { x: many } } }).filter((text) => text.includes("did you mean"))
    assert.isAtMost(found.length, 100)
  })
})
