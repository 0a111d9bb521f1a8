import { assert, describe, it } from "@effect/vitest"
import { Inspectable, Redacted } from "effect"
import { env, error, ollama, provider, resolve, resolved, said, status } from "./fixtures.js"

const models = [{ id: "m" }]
const profiles = (value: Record<string, unknown>, order?: unknown) => ({ version: 1, profiles: value, order })
const key = (value: string, provider = "ollama") => ({ type: "api_key", provider, key: value })

describe("which key is used", () => {
  it("the entry's, then a profile's, then the environment's", () => {
    const more = { profiles: profiles({ work: key("p") }) }
    const source = (entry: unknown, variables: Readonly<Record<string, string>>, given: object) =>
      provider(ollama(entry), variables, given).key?.source
    assert.strictEqual(source({ apiKey: "k" }, env, more), "config")
    assert.strictEqual(source({}, env, more), "profile work")
    assert.strictEqual(source({}, env, {}), "env OLLAMA_API_KEY")
  })

  it("is trimmed", () => {
    assert.strictEqual(Redacted.value(provider({}, { OLLAMA_API_KEY: " k\n" }).key!.value), "k")
  })

  it("from ${VAR} or { source: env } is named after the variable", () => {
    const variables = { MY_KEY: "v" }
    for (const apiKey of ["${MY_KEY}", " ${MY_KEY} ", { source: "env", id: "MY_KEY" }]) {
      const found = provider(ollama({ apiKey }), variables).key!
      assert.strictEqual(found.source, "env MY_KEY")
      assert.strictEqual(Redacted.value(found.value), "v")
      assert.isTrue(found.explicit)
    }
    assert.strictEqual(provider(ollama({ apiKey: "${MY_KEY:-d}" })).key!.source, "config")
  })

  it("an unset variable makes only its provider unavailable, also when there is another key", () => {
    for (const apiKey of ["${MY_KEY}", { source: "env", id: "MY_KEY" }]) {
      const failure = error(ollama({ apiKey, models }), { ...env, MY_KEY: "  " })
      assert.strictEqual(failure._tag === "MissingEnvironmentVariable" && failure.variable, "MY_KEY")
      assert.strictEqual(
        failure._tag === "MissingEnvironmentVariable" && failure.path,
        "models.providers.ollama.apiKey"
      )
      assert.deepStrictEqual(resolved(ollama({ apiKey, models }), env).diagnostics.map((d) => d.level), ["error"])
    }
  })

  it("an unset variable says the same of its provider, however it is written", () => {
    const entries: ReadonlyArray<object> = [
      {},
      { models },
      { baseUrl: "http://h:1" },
      { baseUrl: "http://h:1", models },
      { baseUrl: "http://h:1", authHeader: false, models },
      { api: "anthropic-messages", models }
    ]
    const options = [undefined, { discover: true }, { apiKey: Redacted.make("k") }, { baseUrl: "http://h:2" }]
    for (const id of ["ollama", "gpu"]) {
      for (const entry of entries) {
        for (const variables of [{}, env]) {
          for (const more of options) {
            const found = (apiKey: unknown) => {
              const all = resolved({ models: { providers: { [id]: { ...entry, apiKey } } } }, variables, {
                options: more
              })
              return JSON.stringify([all.providers.find((status) => status.id === id), all.diagnostics])
            }
            assert.strictEqual(found("${MY_KEY}"), found({ source: "env", id: "MY_KEY" }))
          }
        }
      }
    }
  })

  it("a key that is not there is no credential", () => {
    for (const apiKey of ["${MY_KEY}", "a-${MY_KEY}", { source: "env", id: "MY_KEY" }]) {
      assert.isFalse(status(ollama({ apiKey })).configured)
      assert.isFalse(status(ollama({ apiKey, models })).configured)
    }
  })

  it("a key of anything but visible ASCII is refused, naming the source only", () => {
    const bad = "xy\u0007zzy"
    const failures = [
      error(ollama({ apiKey: bad })),
      error(ollama({ apiKey: "a b" })),
      error(ollama({ apiKey: "${K}" }), { K: bad }),
      error(ollama({ apiKey: { source: "env", id: "K" } }), { K: bad }),
      error({}, { OLLAMA_API_KEY: bad }),
      error({}, {}, { options: { apiKey: Redacted.make(bad) } })
    ]
    for (const failure of failures) {
      assert.strictEqual(failure._tag, "ConfigInvalid")
      assert.notInclude(`${failure.message}${JSON.stringify(failure)}${Inspectable.toStringUnknown(failure)}`, "zzy")
    }
    assert.include(failures[2]!.message, "env K")
    assert.include(failures[3]!.message, "env K")
    assert.include(failures[4]!.message, "OLLAMA_API_KEY")
    assert.include(failures[5]!.message, "options.apiKey")
  })

  it("a key of another type is refused without being shown", () => {
    for (
      const apiKey of [12345, ["k-secret"], { source: "vault", id: "k-secret" }, { source: "env", id: "k-secret" }]
    ) {
      const failure = error(ollama({ apiKey }), env)
      assert.strictEqual(failure._tag, "ConfigInvalid")
      assert.notMatch(failure.message, /12345|k-secret/)
    }
  })
})

describe("auth profiles", () => {
  const picked = (value: unknown, config: unknown = {}, now = 0) =>
    provider(config, env, { profiles: value, now }).key?.source

  it("a token comes before a key", () => {
    const both = { a: key("k"), b: { type: "token", provider: "ollama", token: "t" } }
    assert.strictEqual(picked(profiles(both)), "profile b")
  })

  it("the file's order comes first, then the configuration's", () => {
    const three = { a: key("k"), b: key("k"), c: key("k") }
    assert.strictEqual(picked(profiles(three)), "profile a")
    assert.strictEqual(picked(profiles(three), { auth: { order: { " Ollama": ["b"] } } }), "profile b")
    assert.strictEqual(
      picked(profiles(three, { OLLAMA: ["c"] }), { auth: { order: { ollama: ["b"] } } }),
      "profile c"
    )
    assert.strictEqual(picked(profiles(three, { ollama: ["gone", "b"] })), "profile b")
  })

  it("one that holds only a marker comes after the environment", () => {
    for (const marker of ["ollama-local", "custom-local"]) {
      const both = profiles({ a: key(marker), b: { type: "token", provider: "ollama", token: marker } })
      assert.strictEqual(picked(both), "env OLLAMA_API_KEY")
      assert.strictEqual(provider({}, {}, { profiles: both }).key?.source, "profile b")
      assert.strictEqual(picked(profiles({ a: key(marker), b: key("real") })), "profile b")
    }
  })

  it("a secret of one may be a reference, which comes before a text", () => {
    const variables = { MY_KEY: "v" }
    const forms: ReadonlyArray<object> = [
      { key: "${MY_KEY}" },
      { key: "$MY_KEY" },
      { keyRef: "secretref-env:MY_KEY" },
      { keyRef: { source: "env", provider: "default", id: "MY_KEY" } },
      { key: "old", keyRef: "${MY_KEY}" }
    ]
    for (const form of forms) {
      const found = provider({}, variables, {
        profiles: profiles({ work: { type: "api_key", provider: "ollama", ...form } })
      })
      assert.strictEqual(Redacted.value(found.key!.value), "v")
      assert.strictEqual(found.key!.source, "profile work")
    }
    const token = { type: "token", provider: "ollama", tokenRef: { source: "env", id: "MY_KEY" } }
    assert.strictEqual(Redacted.value(provider({}, variables, { profiles: profiles({ t: token }) }).key!.value), "v")
  })

  it("a reference that cannot be followed skips its profile, and is named", () => {
    const cases: ReadonlyArray<readonly [keyRef: unknown, message: RegExp]> = [
      ["${UNSET}", /`keyRef` needs a variable: the environment variable UNSET is not set/],
      [
        { source: "exec", provider: "vault", id: "a/b" },
        /`keyRef` is the secret exec:vault:a\/b, which is not known here/
      ],
      [{ source: "env", id: "no name" }, /`keyRef` is a string/],
      [5, /`keyRef` is a number/]
    ]
    for (const [keyRef, message] of cases) {
      const entry = { type: "api_key", provider: "ollama", keyRef }
      const [diagnostic] = resolved({}, env, { profiles: profiles({ work: entry }) }).diagnostics
      assert.match(diagnostic!.message, message)
      assert.strictEqual(picked(profiles({ work: entry })), "env OLLAMA_API_KEY")
    }
  })

  it("one whose secret is elsewhere enables a local ollama, and names its reference anywhere else", () => {
    const secret = { source: "file", provider: "filemain", id: "/ollama" }
    for (
      const form of [{ type: "api_key", key: secret }, { type: "api_key", keyRef: secret }, {
        type: "token",
        tokenRef: secret
      }]
    ) {
      const of = (provider: string) => ({ profiles: profiles({ work: { provider, ...form } }) })
      const found = provider({}, {}, of("ollama"))
      assert.deepStrictEqual([found.source, found.key], ["discovered", undefined])
      const field = Object.keys(form)[1]
      const warning =
        `warning auth-profiles.json: profiles.work: its \`${field}\` is the secret file:filemain:/ollama, which is not known here`
      assert.deepStrictEqual(said({}, {}, of("ollama")), [warning])

      const far = { baseUrl: "https://far.example", models }
      for (const id of ["ollama", "gpu"]) {
        const config = { models: { providers: { [id]: far } } }
        const failure = error(config, {}, of(id), id)
        assert.strictEqual(failure._tag === "ProviderUnavailable" && failure.detail, "file:filemain:/ollama")
        assert.deepStrictEqual(said(config, {}, of(id)), [warning])
        const open = { models: { providers: { [id]: { ...far, authHeader: false } } } }
        assert.isUndefined(provider(open, {}, of(id), id).key)
      }
      assert.deepStrictEqual(said({}, {}, of("anthropic")), [])
    }
  })

  it("one whose secret is elsewhere stands behind a marker for local servers", () => {
    const both = profiles({
      a: { type: "api_key", provider: "ollama", keyRef: { source: "file", provider: "f", id: "/k" } },
      b: { type: "api_key", provider: "ollama", key: "ollama-local" }
    })
    const far = { models: { providers: { ollama: { baseUrl: "http://far.example:11434", models } } } }
    assert.strictEqual(provider(far, {}, { profiles: both }).root, "http://far.example:11434")
    assert.isDefined(provider({}, {}, { profiles: both }).key)
  })

  it("those of OpenClaw's oldest form are named, with the form of today and without their secrets", () => {
    const old = {
      version: 1,
      ollama: { apiKey: "hush" },
      "gpu:work": { token: "hush" },
      order: { key: [] },
      usageStats: {}
    }
    assert.deepStrictEqual(said({}, {}, { profiles: old }), [
      "warning auth-profiles.json: ollama: skipped: it belongs under profiles[\"ollama:default\"], as { type: \"api_key\", provider, key }",
      "warning auth-profiles.json: [\"gpu:work\"]: skipped: it belongs under profiles[\"gpu:work\"], as { type: \"token\", provider, token }"
    ])
    const { reason } = status({}, {}, { profiles: old })
    assert.include(
      reason,
      "no usable auth profile (\"ollama\" is skipped: it belongs under profiles[\"ollama:default\"]"
    )
    assert.notInclude(JSON.stringify(resolved({}, {}, { profiles: old })), "hush")
    assert.deepStrictEqual(said({}, {}, { profiles: { ...old, profiles: {} } }), [])
  })

  it("an expired token is skipped", () => {
    const token = { type: "token", provider: "ollama", token: "t", expires: 1000 }
    assert.strictEqual(picked(profiles({ t: token }), {}, 999), "profile t")
    assert.strictEqual(picked(profiles({ t: token }), {}, 1000), "env OLLAMA_API_KEY")
  })

  it("a bad entry is skipped, and said with its name and its mistake", () => {
    const cases: ReadonlyArray<readonly [unknown, RegExp]> = [
      [{ mode: "api_key", provider: "ollama", key: "hush" }, /`mode` where `type` belongs/],
      [{ type: "api_key", provider: "ollama", apiKey: "hush" }, /`apiKey` where `key` belongs/],
      [{ type: "token", provider: "ollama", key: "hush" }, /`key` where `token` belongs/],
      [{ type: "api_key", provider: "ollama" }, /no `key`/],
      [{ type: "api_key", provider: "ollama", key: "  " }, /`key` is empty/],
      [{ type: "api_key", provider: "ollama", key: 5 }, /not a string/],
      [{ type: "api_key", provider: "ollama", key: "hush\u0000hush" }, /control/],
      [{ type: "api_key", key: "hush" }, /no `provider`/],
      [{ type: "api_key", provider: "olama", key: "hush" }, /did you mean "ollama"/],
      [{ type: "token", provider: "ollama", token: "hush", expires: 1 }, /expired/],
      [{ type: "token", provider: "ollama", token: "hush", expires: "soon" }, /`expires`/],
      [{ type: "oauth", provider: "ollama" }, /oauth/],
      [{ type: "password", provider: "ollama" }, /`type`/],
      ["hush", /expected an object/]
    ]
    for (const [entry, message] of cases) {
      const found = resolved({}, env, { profiles: profiles({ work: entry, good: key("k") }), now: 2 })
      assert.strictEqual(found.diagnostics.length, 1, String(message))
      const [diagnostic] = found.diagnostics
      assert.strictEqual(diagnostic!.path, "auth-profiles.json: profiles.work")
      assert.match(diagnostic!.message, message)
      assert.notInclude(diagnostic!.message, "hush")
      assert.strictEqual(picked(profiles({ work: entry, good: key("k") }), {}, 2), "profile good")
    }
  })

  it("an order that lists a profile of another provider is said", () => {
    const found = resolved({}, env, { profiles: profiles({ a: key("k", "openai") }, { ollama: ["a"] }) })
    assert.match(found.diagnostics[0]!.message, /another provider, "openai"/)
  })

  it("profiles of providers that are not configured are nobody's business", () => {
    const all = { x: key("k", "anthropic"), y: { type: "oauth", provider: "google" } }
    assert.deepStrictEqual(resolved({}, env, { profiles: profiles(all) }).diagnostics, [])
  })

  it("a file of another shape is said in one sentence", () => {
    const hint = (value: unknown) => error(ollama({}), {}, { profiles: value }).hint
    const invalid = "The configuration is invalid. auth-profiles.json: "
    assert.strictEqual(hint(5), `${invalid}expected an object, found a number.`)
    assert.strictEqual(hint({ profiles: [] }), `${invalid}profiles: expected an object, found a list.`)
  })

  it("a file of another shape fails only those who need it", () => {
    for (const value of [[], "x", { profiles: [] }]) {
      assert.strictEqual(picked(value), "env OLLAMA_API_KEY")
      const failure = error(ollama({}), {}, { profiles: value })
      assert.strictEqual(failure._tag, "ConfigInvalid")
      assert.include(failure.message, "auth-profiles.json")
      assert.strictEqual(resolved({}, env, { profiles: value }).diagnostics[0]!.level, "error")
    }
  })
})

describe("an unreadable auth-profiles.json", () => {
  const broken = { profiles: [] }

  it("leaves an ollama that nothing mentions not enabled", () => {
    assert.strictEqual(error({}, {}, { profiles: broken })._tag, "NotEnabled")
    assert.strictEqual(
      error({ agents: { defaults: { model: "other/m" } } }, {}, { profiles: broken })._tag,
      "NotEnabled"
    )
  })

  it("makes one that is mentioned unavailable, when it has no key from elsewhere", () => {
    const mentions = [ollama({}), { agents: { defaults: { model: "ollama/m" } } }, ollama({ models })]
    for (const config of mentions) {
      assert.strictEqual(error(config, {}, { profiles: broken })._tag, "ConfigInvalid")
      assert.strictEqual(status(config, env, { profiles: broken }).result._tag, "Right")
    }
    const other = { models: { providers: { x: { baseUrl: "http://h", models, authHeader: false } } } }
    assert.strictEqual(status(other, {}, { profiles: broken }, "x").result._tag, "Right")
  })
})

describe("an ollama with models needs no credential", () => {
  it("when no key is sent, or when it has an Authorization header", () => {
    for (const entry of [{ authHeader: false }, { headers: { Authorization: "Basic x" } }]) {
      assert.isUndefined(provider(ollama({ models, ...entry }), {}).key)
      assert.strictEqual(error(ollama(entry), {})._tag, "NotEnabled")
    }
  })
})

describe("headers", () => {
  const headers = (value: unknown) => error(ollama({ headers: value }), env)

  it("have lower-case names, so that a model's replace its provider's", () => {
    const found = provider(
      ollama({ headers: { "X-A": " 1 \t2 " }, models: [{ id: "m", headers: { "x-a": "3" } }] }),
      env
    )
    assert.strictEqual(Redacted.value(found.headers["x-a"]!), "1 \t2")
    assert.strictEqual(Redacted.value(found.models[0]!.headers!["x-a"]!), "3")
  })

  it("that a client sets itself, or that cannot be sent, make the provider unavailable", () => {
    for (const name of ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "a b", "a:b", "ä", ""]) {
      const failure = headers({ [name]: "hush" })
      assert.strictEqual(failure._tag, "ConfigInvalid", name)
      assert.notInclude(failure.message, "hush")
    }
    for (const value of ["hush\r\nX: y", "hush\u0000", "húsh", 5, null, { a: "hush" }]) {
      const failure = headers({ "x-a": value })
      assert.strictEqual(failure._tag, "ConfigInvalid")
      assert.notMatch(failure.message, /h[uú]sh/)
    }
    assert.strictEqual(headers(["x"])._tag, "ConfigInvalid")
  })

  it("that cannot be sent leave out the model whose they are", () => {
    const found = provider(ollama({ models: [{ id: "m", headers: { Host: "hush" } }, { id: "n" }] }), env)
    assert.deepStrictEqual(found.models.map((model) => model.definition.id), ["n"])
    assert.deepStrictEqual(found.excluded, [{
      name: "m",
      reason: "invalid-headers",
      detail: "headers.Host is \"Host\", which the HTTP client sets itself"
    }])
  })

  it("of a model take no secret that the host looks up, and it is said where to write it", () => {
    const secret = { source: "file", id: "/m" }
    const found = provider(ollama({ models: [{ id: "m", headers: { "x-a": secret } }] }), env)
    assert.deepStrictEqual(found.excluded?.map(({ detail }) => detail), [
      "headers.x-a is the secret file:default:/m, and the host looks up none for a model: it goes into the provider's headers"
    ])
  })
})

describe("secrets", () => {
  it("are in no text that a resolved configuration can be turned into", () => {
    const found = resolve(
      ollama({
        apiKey: "hush-key",
        headers: { "x-a": "hush-header" },
        models: [{ id: "m", headers: { b: "hush-b" } }]
      }),
      { OLLAMA_API_KEY: "hush-env" },
      { profiles: profiles({ p: key("hush-profile"), q: { mode: "x", key: "hush-q" } }) }
    )
    const texts = [JSON.stringify(found), Inspectable.toStringUnknown(found), Inspectable.format(found), String(found)]
    for (const text of texts) assert.notInclude(text, "hush")
  })

  it("are not in base URLs that are complained about", () => {
    for (const baseUrl of ["http://me:hush@h:1", "me:hush@h:1", "http://hush@h", "ftp://me:hush@h", "http://[hush"]) {
      const failure = error(ollama({ baseUrl, models }), env)
      assert.strictEqual(failure._tag, "ConfigInvalid")
      assert.notInclude(failure.message, "hush")
      assert.notInclude(JSON.stringify(resolved(ollama({ baseUrl, models }), env)), "hush")
    }
  })
})
