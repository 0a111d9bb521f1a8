import { FetchHttpClient, HttpClient, Path } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  Chunk,
  ConfigProvider,
  Effect,
  Either,
  Exit,
  Layer,
  Redacted,
  Schedule,
  Schema,
  Stream,
  TestClock
} from "effect"
import {
  ChatCompletions,
  ModelDiscovery,
  Models,
  Ollama,
  OllamaClient,
  OpenClawConfig,
  Provider,
  ToolLoop
} from "effect-ollama"
import * as NodeTransport from "effect-ollama/node"
import { MockOllama } from "effect-ollama/testing"
import * as MockNode from "effect-ollama/testing/node"
import { redactCut } from "../src/core/failure/redact.js"
import { home, load, memory, withEnv } from "./config/fixtures.js"
import { spansTellHeaders } from "./support/line.js"
import { logged, printed, recorder } from "./support/printed.js"
import { refusedUrl } from "./support/refused.js"
import { shared } from "./support/shared.js"

// One of each kind. The header's would be escaped in JSON, and has a blank.
const secrets = {
  key: "sk-1f0e9d8c7b6a5",
  token: "tok-9a8b7c6d5e4f3",
  header: "team \"5e4d3c\\2b1a0f9",
  modelHeader: "model-0c1d2e3f4a5b6"
}

/** A secret, or a part of one that is long enough to tell. */
const pieces = ["1f0e9d8c7b6a5", "9a8b7c6d5e4f3", "5e4d3c", "2b1a0f9", "0c1d2e3f4a5b6"]

const assertSafe = (texts: ReadonlyArray<string>, where: string) => {
  for (const text of texts) {
    for (const piece of pieces) {
      const at = text.indexOf(piece)
      if (at >= 0) assert.fail(`${where}: ${piece} in: ${text.slice(Math.max(0, at - 300), at + 60)}`)
    }
  }
}

/** Runs a program, and holds what it comes to, logs and traces against the secrets. */
const safe = <A, E, R>(where: string, program: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const recording = recorder()
    return Effect.gen(function*() {
      const exit = yield* Effect.exit(program)
      const value = Exit.isSuccess(exit) ? exit.value : undefined
      const error = Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error : undefined
      yield* logged(value ?? error)
      const all = recording.all()
      assertSafe([...printed(value ?? error), ...all], where)
      assert.isAbove(recording.logs(), 2)
      return { exit, spans: recording.spans(), all }
    }).pipe(recording.record)
  })

const tagOf = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isSuccess(exit)
    ? "success"
    : exit.cause._tag === "Fail"
    ? (exit.cause.error as { readonly _tag: string })._tag
    : exit.cause._tag

const passing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    // Most need no time, and the test clock takes more than all the rest.
    for (let i = 0; i < 100 && fiber.unsafePoll() === null; i++) yield* Effect.yieldNow()
    if (fiber.unsafePoll() === null) yield* TestClock.adjust("1 hour")
    return yield* fiber
  })

const apis = ["openai-completions", "ollama"] as const

type Api = typeof apis[number]

const entry = (api: Api, more: object = {}) => ({
  api,
  apiKey: secrets.key,
  headers: { "x-team": secrets.header },
  ...more
})

const config = (api: Api, more: object = {}, streaming = false) => ({
  models: { providers: { ollama: entry(api, more) } },
  agents: { defaults: { models: { "ollama/m": { streaming } } } }
})

const explicit = { models: [{ id: "m", headers: { "x-model": secrets.modelHeader } }] }

// What a server says that quotes what it was sent.
const quote = `bad headers: Authorization: Bearer ${secrets.key}; x-team=${secrets.header}`

const tools = [{ name: "f", parameters: { type: "object", properties: {} } }]

const raw = (status: number, body: string, headers: Record<string, string> = {}) => ({
  raw: { status, headers: { "content-type": "application/json", ...headers }, chunks: [body] }
})

const says = (status: number, headers?: Record<string, string>) =>
  raw(status, JSON.stringify({ error: quote }), headers)

/** Everything that can go wrong at a server, with the tag that it gives a completion. */
const faults: ReadonlyArray<readonly [name: string, tag: string, rule: MockOllama.Rule]> = [
  ["refused", "ConnectionRefused", { fault: { type: "refused" } }],
  ["dns", "ConnectionFailed", { fault: { type: "dns" } }],
  ["reset", "ConnectionFailed", { fault: { type: "reset" } }],
  ["closed", "ConnectionFailed", { fault: { type: "close" } }],
  ["headers timeout", "RequestTimeout", { fault: { type: "headers-timeout" } }],
  ["stall", "RequestTimeout", { fault: { type: "stall" } }],
  ["reset in the body", "IncompleteResponse", { fault: { type: "reset", after: 0 } }],
  ["stall in the body", "RequestTimeout", { fault: { type: "stall", after: 0 } }],
  ...[301, 302, 307, 308].map((status) =>
    [`${status}`, "EndpointNotFound", {
      ...says(status, { location: `http://elsewhere/?key=${secrets.key}` })
    }] as const
  ),
  ["400", "RequestRejected", says(400)],
  ["400 of the caller's", "InvalidRequest", raw(400, JSON.stringify({ error: `model is required; ${quote}` }))],
  ["401", "Unauthorized", says(401)],
  [
    "401 with a sign-in",
    "Unauthorized",
    raw(401, JSON.stringify({ error: quote, signin_url: `https://ollama.com/connect?key=${secrets.key}` }))
  ],
  ["402", "RateLimited", says(402)],
  ["403", "Forbidden", says(403)],
  ["404", "RequestRejected", says(404)],
  ["404 of a model", "ModelNotFound", raw(404, JSON.stringify({ error: `model 'm' not found; ${quote}` }))],
  ["404 of another server", "EndpointNotFound", raw(404, `<html><title>${quote}</title></html>`)],
  ["405", "EndpointNotFound", says(405)],
  ["429", "RateLimited", says(429, { "retry-after": "60" })],
  ["500", "ServerError", says(500)],
  ["500 as a page", "ServerError", raw(500, `<html><body><pre>${quote}</pre></body></html>`)],
  ["500 with an object", "ServerError", raw(500, JSON.stringify({ error: { message: quote, type: quote } }))],
  ["500 with JSON in JSON", "ServerError", raw(500, JSON.stringify({ error: JSON.stringify({ message: quote }) }))],
  ["503", "ServerBusy", says(503)],
  ["too long", "ContextOverflow", raw(400, JSON.stringify({ error: `exceeds the context length; ${quote}` }))],
  ["no thinking", "ThinkingNotSupported", raw(400, JSON.stringify({ error: `m does not support thinking; ${quote}` }))],
  ["no pictures", "ImagesNotSupported", raw(400, JSON.stringify({ error: `m does not support images; ${quote}` }))],
  ["no tools", "ToolsNotSupported", raw(400, JSON.stringify({ error: `m does not support tools; ${quote}` }))],
  ["not JSON", "MalformedResponse", raw(200, `Hello ${quote}`)],
  ["a page", "MalformedResponse", raw(200, `<html>${quote}</html>`, { "content-type": "text/html" })],
  ["a page with a title", "MalformedResponse", raw(200, `<html><title>${quote}</title></html>`)],
  ["another shape", "MalformedResponse", raw(200, JSON.stringify([quote]))]
]

/** The same inside of an answer that had begun as a success. */
const inBand: ReadonlyArray<readonly [name: string, tag: string, api: Api, streaming: boolean, body: string]> = [
  ["an error in a success", "ServerError", "ollama", false, JSON.stringify({ error: quote })],
  ["an error in a success", "ServerError", "openai-completions", false, JSON.stringify({ error: { message: quote } })],
  ["an error line", "ServerError", "ollama", true, `${JSON.stringify({ error: quote })}\n`],
  ["an error line that is an object", "ServerError", "ollama", true, `${JSON.stringify({ error: { a: [quote] } })}\n`],
  [
    "an error event",
    "ServerError",
    "openai-completions",
    true,
    `data: ${JSON.stringify({ error: { message: quote } })}\n\n`
  ],
  [
    "an error line of 401",
    "Unauthorized",
    "ollama",
    true,
    `${JSON.stringify({ error: { message: quote, StatusCode: 401 } })}\n`
  ],
  ["a line that is no JSON", "MalformedResponse", "ollama", true, `${quote}\n`],
  ["an event that is no JSON", "MalformedResponse", "openai-completions", true, `data: {${quote}\n\n`],
  ["an answer that ends", "IncompleteResponse", "ollama", true, "{\"message\":{\"content\":\"a\"}}\n"],
  [
    "an answer that is not done",
    "IncompleteResponse",
    "ollama",
    false,
    "{\"message\":{\"content\":\"a\"},\"done\":false}"
  ]
]

/** What can go wrong, each with a model of its own, so that all of it has one mock. */
const broken = (api: Api) => [
  ...faults.map(([name, tag, rule], i) => ({ name, tag, rule, id: `fault-${i}`, streaming: false, inBand: false })),
  ...inBand.flatMap(([name, tag, of, streaming, body], i) =>
    of === api ? [{ name, tag, rule: raw(200, body), id: `in-band-${i}`, streaming, inBand: true }] : []
  )
]

describe("completions print no secret", () => {
  for (const api of apis) {
    const cases = broken(api)
    const services = shared(MockOllama.layer(
      { models: cases.map(({ id }) => id), rules: cases.map(({ id, rule }) => ({ ...rule, model: id })) },
      {
        config: {
          models: {
            providers: {
              ollama: entry(api, { models: cases.map(({ id }) => ({ ...explicit.models[0], id })) })
            }
          },
          agents: {
            defaults: {
              models: Object.fromEntries(cases.map(({ id, streaming }) => [`ollama/${id}`, { streaming }]))
            }
          }
        }
      }
    ))
    for (const { id, inBand, name, tag } of cases) {
      it.effect(`${api}: ${name} is ${tag}`, () =>
        Effect.gen(function*() {
          const options = { prompt: "Hi", model: `ollama/${id}`, ...(inBand ? undefined : { tools }) }
          const { exit, spans } = yield* safe("create", passing(ChatCompletions.create(options)))
          assert.strictEqual(tagOf(exit), tag)
          assert.includeMembers([...spans], ["ChatCompletions.create", "http.client POST"])
          // one dialect is enough where both fail in the same way
          if (!inBand && api === "openai-completions") return
          const streamed = yield* safe("stream", passing(Stream.runDrain(ChatCompletions.stream(options))))
          assert.strictEqual(tagOf(streamed.exit), tag)
        }).pipe(Effect.provide(services)))
    }

    it.effect(`${api}: neither does a success`, () =>
      Effect.gen(function*() {
        const whole = yield* safe("create", ChatCompletions.create({ prompt: "Hi" }))
        assert.strictEqual(tagOf(whole.exit), "success")
        const events = yield* safe(
          "stream",
          Effect.map(Stream.runCollect(ChatCompletions.stream({ prompt: "Hi" })), Chunk.toArray)
        )
        assert.strictEqual(tagOf(events.exit), "success")
        const mock = yield* MockOllama.MockOllama
        const [request] = yield* mock.requests
        assert.strictEqual(request!.headers["authorization"], `Bearer ${secrets.key}`)
        assert.strictEqual(request!.headers["x-team"], secrets.header)
        assert.strictEqual(request!.headers["x-model"], secrets.modelHeader)
        // the spans do tell of these headers
        const attributes = whole.all.join("\n")
        for (const name of ["authorization", "x-team", "x-model"]) {
          if (spansTellHeaders) assert.include(attributes, `'http.request.header.${name}' => '<redacted>'`)
          else assert.notInclude(attributes, `http.request.header.${name}`)
        }
      }).pipe(Effect.provide(MockOllama.layer(
        { models: ["m"], replies: ["Hello"] },
        { config: config(api, explicit) }
      ))))
  }

  it.effect("nor do several failures together", () =>
    Effect.gen(function*() {
      const { exit } = yield* safe(
        "create",
        passing(ChatCompletions.create({ prompt: "Hi", model: "ollama/m", fallbacks: ["other/m", "third/m"] }))
      )
      assert.strictEqual(tagOf(exit), "AllModelsFailed")
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], rules: [says(500)] }, {
      config: {
        models: {
          providers: {
            ollama: entry("ollama", explicit),
            other: entry("ollama", { ...explicit, baseUrl: "http://other" }),
            third: entry("ollama", { ...explicit, baseUrl: "http://third", apiKey: `${secrets.key} with blanks` })
          }
        }
      }
    }))))

  it.effect("nor does a broken call, a broken object, a wrong ref, or a request that is wrong", () =>
    Effect.gen(function*() {
      const cases = {
        MalformedToolCall: ChatCompletions.create({ prompt: "Hi", tools }),
        OutputInvalid: ChatCompletions.createObject({ prompt: "Hi", schema: Schema.Struct({ a: Schema.String }) }),
        InvalidModelRef: ChatCompletions.create({ prompt: "Hi", model: "ollama/" }),
        InvalidRequest: ChatCompletions.create({ prompt: [] }),
        TooManyTurns: ToolLoop.run({ prompt: "Hi", tools: [], maxTurns: 0 })
      }
      for (const [tag, program] of Object.entries(cases)) {
        const { exit } = yield* safe(tag, program as Effect.Effect<unknown, unknown, ChatCompletions.ChatCompletions>)
        assert.strictEqual(tagOf(exit), tag)
      }
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      replies: [{ toolCalls: [{ name: "f", arguments: "[1" }] }, "no JSON"]
    }, { config: config("openai-completions", explicit) }))))

  it.effect("nor does a provider that is not enabled", () =>
    Effect.gen(function*() {
      const { exit } = yield* safe("create", ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(tagOf(exit), "NotEnabled")
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }, {
      config: { models: { providers: { ollama: { headers: { "x-team": secrets.header } } } } },
      discover: false
    }))))

  it.effect("nor does an answer that came from a fallback", () =>
    Effect.gen(function*() {
      const { exit } = yield* safe(
        "create",
        passing(ChatCompletions.create({ prompt: "Hi", model: "ollama/m", fallbacks: ["other/m"] }))
      )
      assert.strictEqual(tagOf(exit), "success")
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      replies: ["Hello"],
      rules: [{ when: (request) => request.url.includes("11434"), ...says(401) }]
    }, {
      config: {
        models: {
          providers: {
            ollama: entry("ollama", explicit),
            other: entry("ollama", { ...explicit, baseUrl: "http://other" })
          }
        }
      }
    }))))
})

describe("a text that is cut in the middle of a secret", () => {
  it("does not show its beginning", () => {
    for (let length = 4; length < secrets.key.length; length++) {
      assert.strictEqual(redactCut(`key ${secrets.key.slice(0, length)}…`, [secrets.key]), "key ***…")
    }
    assert.strictEqual(redactCut("some monkeys…", ["keys-and-more"]), "some mon***…")
    assert.strictEqual(redactCut("some text…", [secrets.key]), "some text…")
  })
})

describe("questions print no secret", () => {
  for (const [name, , rule] of faults) {
    it.effect(name, () =>
      Effect.gen(function*() {
        const { provider } = yield* Models.select("ollama/m").pipe(Effect.orDie)
        yield* Effect.flatMap(MockOllama.MockOllama, (mock) => mock.setRules([rule]))
        const client = yield* OllamaClient.OllamaClient
        const discovery = yield* ModelDiscovery.ModelDiscovery
        const questions = {
          refresh: Models.refresh("ollama"),
          show: client.show(provider, "m"),
          // all of them go through the same edge
          ...(name === "refused" || name === "500" ?
            {
              discover: discovery.discover(provider),
              select: Models.select("ollama/other"),
              tags: client.tags(provider),
              version: client.version(provider),
              ps: client.ps(provider),
              load: client.load(provider, "m"),
              unload: client.unload(provider, "m")
            } :
            {})
        }
        for (const [question, ask] of Object.entries(questions)) {
          const { exit } = yield* safe(question, passing(ask as Effect.Effect<unknown, unknown>))
          assert.notStrictEqual(tagOf(exit), "success", question)
        }
      }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }, { config: config("ollama") }))))
  }

  it.effect("an error in a success", () =>
    Effect.gen(function*() {
      const { provider } = yield* Models.select("ollama/m").pipe(Effect.orDie)
      yield* Effect.flatMap(
        MockOllama.MockOllama,
        (mock) => mock.setRules([raw(200, JSON.stringify({ error: quote }))])
      )
      const client = yield* OllamaClient.OllamaClient
      const { exit } = yield* safe("load", client.load(provider, "m"))
      assert.strictEqual(tagOf(exit), "ServerError")
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }, { config: config("ollama") }))))

  it.effect("a model about which the server refuses to tell", () =>
    Effect.gen(function*() {
      const { exit } = yield* safe("select", Models.select("ollama/a"))
      assert.strictEqual(tagOf(exit), "UnknownModel")
      yield* safe("list", Models.list)
    }).pipe(Effect.provide(MockOllama.layer(
      { models: ["a", "b"], rules: [{ path: "/api/show", model: "a:latest", ...says(500) }] },
      { config: config("ollama") }
    ))))

  it.effect("no model at all", () =>
    Effect.gen(function*() {
      const { exit } = yield* safe("select", Models.select())
      assert.strictEqual(tagOf(exit), "NoToolModels")
    }).pipe(Effect.provide(MockOllama.layer({}, { config: config("ollama") }))))

  for (
    const [tag, providerEntry] of [
      ["NoModelsConfigured", { baseUrl: "http://gpu:11434" }],
      ["ConfigInvalid", { headers: { "x-team": `${secrets.header}\n` } }],
      ["ConfigInvalid", { apiKey: `${secrets.key}ä` }],
      ["ConfigInvalid", { baseUrl: `http://me:${secrets.key}@gpu:11434` }],
      ["MissingEnvironmentVariable", { headers: { "x-team": `${secrets.header}\${UNSET}` } }],
      ["ProviderUnavailable", { api: "openai-responses", ...explicit }]
    ] as const
  ) {
    it.effect(`a provider that is ${tag}: ${Object.keys(providerEntry)}`, () =>
      Effect.gen(function*() {
        const { exit } = yield* safe("create", ChatCompletions.create({ prompt: "Hi", model: "ollama/m" }))
        assert.strictEqual(tagOf(exit), tag)
        yield* safe("list", Models.list)
        yield* safe("config", OpenClawConfig.OpenClawConfig)
      }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }, {
        config: config("ollama", providerEntry),
        discover: false
      }))))
  }
})

describe("values print no secret", () => {
  const full = {
    models: {
      providers: { ollama: entry("ollama", explicit), other: entry("ollama", { ...explicit, baseUrl: "http://o" }) }
    }
  }

  it.effect("services, and what they hold", () =>
    Effect.gen(function*() {
      const context = yield* Effect.context<Ollama.Ollama>()
      assertSafe(printed(context), "context")
      for (
        const tag of [
          OpenClawConfig.OpenClawConfig,
          OllamaClient.OllamaClient,
          ModelDiscovery.ModelDiscovery,
          Models.Models,
          ChatCompletions.ChatCompletions
        ] as const
      ) {
        yield* safe(tag.key, tag as Effect.Effect<unknown, never, Ollama.Ollama>)
      }
      const { exit } = yield* safe("selection", Models.select("other/m"))
      assert(Exit.isSuccess(exit))
      assert.strictEqual(Redacted.value(exit.value.provider.key!.value), secrets.key)
      assert.strictEqual(Redacted.value(exit.value.endpoint.headers["x-model"]!), secrets.modelHeader)
      yield* safe("provider", Effect.succeed(exit.value.provider))
      yield* safe("list", Models.list)
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }, { config: full }))))

  it.effect("a provider that is made by hand, or cannot be", () =>
    Effect.gen(function*() {
      const made = Provider.make({ apiKey: secrets.key, headers: { "x-team": secrets.header }, ...explicit })
      assert.isTrue(Either.isRight(made))
      yield* safe("provider", made)
      const wrong = Provider.make({
        apiKey: `${secrets.key} `.repeat(2),
        headers: { "x-team": `${secrets.header}\r\n`, host: secrets.header },
        baseUrl: `http://${secrets.key}@gpu`,
        models: [{ id: "m", headers: { "x-model": `${secrets.modelHeader}ä` } }]
      })
      assert.strictEqual(tagOf((yield* safe("provider", wrong)).exit), "ConfigInvalid")
    }))
})

describe("configuration files print no secret", () => {
  const at = `${home}/openclaw.json`
  const profilesAt = `${home}/agents/main/agent/auth-profiles.json`
  const provider = (text: string) => `{ models: { providers: { ollama: { ${text} } } } }`
  const key = `apiKey: "${secrets.key}"`
  const headers = `headers: { "x-team": ${JSON.stringify(secrets.header)} }`
  const profile = (cred: object) => JSON.stringify({ version: 1, profiles: { "ollama:work": cred } })
  const good = profile({ type: "token", provider: "ollama", token: secrets.token })

  const files: ReadonlyArray<
    readonly [name: string, tag: string, files: Record<string, string>, env?: Record<string, string>]
  > = [
    ["a good one", "success", { [at]: provider(`${key}, ${headers}`), [profilesAt]: good }],
    ["a key of the environment", "success", {}, { OLLAMA_API_KEY: secrets.key }],
    ["a key of the environment with blanks", "success", {}, { OLLAMA_API_KEY: `${secrets.key} ${secrets.key}` }],
    ["a key of a variable", "success", { [at]: provider("apiKey: \"${K}\"") }, { K: secrets.key }],
    ["a header of a variable", "success", { [at]: provider("headers: { x: \"a ${K}\" }") }, { K: secrets.header }],
    ["variables of its own", "success", {
      [at]: `{ env: { vars: { K: "${secrets.key}" } }, models: { providers: { ollama: { apiKey: "\${K}" } } } }`
    }],
    ["a default", "success", { [at]: provider(`apiKey: "\${K:-${secrets.key}}"`) }],
    ["an unset variable", "success", { [at]: provider(`headers: { x: "${secrets.token} \${K}" }`) }],
    ["a broken string", "ConfigSyntaxError", { [at]: provider(`apiKey: "${secrets.key}`) }],
    ["a stray string", "ConfigSyntaxError", { [at]: provider(`${key} "${secrets.token}" '${secrets.key}'`) }],
    ["a comment", "ConfigSyntaxError", { [at]: provider(`/* "${secrets.key}" */ ${key} // '${secrets.token}'\n]`) }],
    ["a key without quotes", "ConfigSyntaxError", { [at]: provider(`apiKey: ${secrets.key}`) }],
    ["a string over lines", "ConfigSyntaxError", { [at]: provider(`apiKey: "${secrets.key}\n${secrets.token}"`) }],
    ["more after the end", "ConfigSyntaxError", { [at]: `${provider(key)} "${secrets.token}"` }],
    ["a list as a key", "success", { [at]: provider(`apiKey: ["${secrets.key}"]`) }],
    ["a key as an object", "success", { [at]: provider(`apiKey: { value: "${secrets.key}" }`) }],
    ["a key where a name belongs", "success", { [at]: provider(`apiKey: { source: "env", id: "${secrets.key}" }`) }],
    ["a provider that is a text", "success", { [at]: `{ models: { providers: { ollama: "${secrets.key}" } } }` }],
    ["providers that are a list", "success", { [at]: `{ models: { providers: ["${secrets.key}"] } }` }],
    ["models that are a text", "ConfigInvalid", { [at]: `{ models: "${secrets.key}" }` }],
    ["a header that is a list", "success", { [at]: provider(`headers: { x: ["${secrets.key}"] }`) }],
    ["headers that are a text", "success", { [at]: provider(`headers: "Bearer ${secrets.key}"`) }],
    ["an unknown key", "success", { [at]: provider(`apikey: "${secrets.key}", ApiKey: "${secrets.token}"`) }],
    ["a base URL with credentials", "success", { [at]: provider(`baseUrl: "http://me:${secrets.key}@gpu:1"`) }],
    ["a base URL with a query", "success", { [at]: provider(`${key}, baseUrl: "http://gpu:1/?key=${secrets.key}"`) }],
    ["an include", "success", {
      [at]: "{ $include: \"more.json\" }",
      [`${home}/more.json`]: provider(`${key}, ${headers}`)
    }],
    ["an include that is broken", "ConfigSyntaxError", {
      [at]: `{ $include: "more.json", models: { providers: { ollama: { ${key} } } } }`,
      [`${home}/more.json`]: provider(`${key} ${headers}`)
    }],
    ["an include that is missing", "ConfigIncludeError", { [at]: `{ $include: "more.json", x: "${secrets.key}" }` }],
    ["a profiles file that is broken", "success", { [profilesAt]: good.replace("}", "") }],
    ["a profiles file that is a text", "success", { [profilesAt]: JSON.stringify(secrets.token) }],
    ["a token that has expired", "success", {
      [profilesAt]: profile({ type: "token", provider: "ollama", token: secrets.token, expires: -1 })
    }],
    ["a key in the wrong place", "success", {
      [profilesAt]: profile({ type: "api_key", provider: "ollama", apiKey: secrets.key })
    }],
    ["a key as the type", "success", { [profilesAt]: profile({ type: secrets.key, provider: "ollama" }) }],
    ["a token that is an object", "success", {
      [profilesAt]: profile({ type: "token", provider: "ollama", token: { value: secrets.token } })
    }],
    ["a token with a line break", "success", {
      [profilesAt]: profile({ type: "token", provider: "ollama", token: `${secrets.token}\n${secrets.token}` })
    }],
    ["a profile of another provider", "success", {
      [profilesAt]: profile({ type: "api_key", provider: "olama", key: secrets.key })
    }]
  ]

  for (const [name, tag, given, env] of files) {
    it.effect(name, () =>
      Effect.gen(function*() {
        const { exit } = yield* safe("load", load(given, env))
        assert.strictEqual(tagOf(exit), tag)
        if (Exit.isFailure(exit)) return
        // what becomes of the provider, with all that a call says
        const services = Ollama.layerServices.pipe(
          Layer.provideMerge(Layer.succeed(OpenClawConfig.OpenClawConfig, exit.value)),
          Layer.provideMerge(MockOllama.layerHttpClient({ models: ["m"], replies: ["Hello"] }))
        )
        yield* Effect.provide(safe("create", ChatCompletions.create({ prompt: "Hi" })), services)
      }))
  }

  it.effect("a profile's token goes out, and nowhere else", () =>
    Effect.gen(function*() {
      const { exit } = yield* safe("create", ChatCompletions.create({ prompt: "Hi" }))
      assert.strictEqual(tagOf(exit), "success")
      const requests = yield* Effect.flatMap(MockOllama.MockOllama, (mock) => mock.requests)
      assert.deepStrictEqual(requests.map(({ headers, path }) => [path, headers["authorization"]]), [
        ["/api/tags", undefined],
        ["/api/show", undefined],
        ["/v1/chat/completions", `Bearer ${secrets.token}`]
      ])
    }).pipe(Effect.provide(
      Ollama.layer.pipe(
        Layer.provideMerge(MockOllama.layerHttpClient({ models: ["m"], replies: ["Hello"] })),
        Layer.provide([memory({ [profilesAt]: good }), Path.layer, withEnv({ HOME: "/home/me" })])
      )
    )))
})

describe("a key stays with its server", () => {
  const authorizations = Effect.map(
    Effect.flatMap(MockOllama.MockOllama, (mock) => mock.requests),
    (requests) => requests.map(({ headers, path, url }) => [new URL(url).host, path, headers["authorization"]])
  )

  for (const api of apis) {
    it.effect(`${api}: a redirect to another host is not followed`, () =>
      Effect.gen(function*() {
        const { exit } = yield* safe("create", ChatCompletions.create({ prompt: "Hi" }))
        assert.strictEqual(tagOf(exit), "EndpointNotFound")
        assert.deepStrictEqual((yield* authorizations).map(([host]) => host), ["127.0.0.1:11434"])
      }).pipe(Effect.provide(MockOllama.layer({
        models: ["m"],
        replies: ["Hello"],
        rules: [{
          when: (request) => request.url.includes("11434"),
          fault: { type: "redirect", location: "http://elsewhere/api/chat" }
        }]
      }, { config: config(api, explicit) }))))
  }

  const discovered = (
    config: OpenClawConfig.ConfigInput,
    options: OpenClawConfig.HostOptions,
    env: Record<string, string>
  ) =>
    Effect.map(Effect.zipRight(Models.list, authorizations), (all) => all.map(([, path, key]) => `${path} ${key}`))
      .pipe(
        Effect.provide(
          Ollama.layerValue(config, options).pipe(
            Layer.provideMerge(MockOllama.layerHttpClient({ models: ["m"] })),
            Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)))))
          )
        )
      )

  const none = ["/api/tags undefined", "/api/show undefined"]
  const given = [`/api/tags Bearer ${secrets.key}`, `/api/show Bearer ${secrets.key}`]

  for (
    const [name, expected, written, options, env] of [
      ["of the environment is not sent to this machine", none, {}, {}, { OLLAMA_API_KEY: secrets.key }],
      [
        "of the environment is sent to another one",
        given,
        {},
        { baseUrl: "http://gpu:11434" },
        { OLLAMA_API_KEY: secrets.key }
      ],
      ["of the configuration is sent", given, { models: { providers: { ollama: { apiKey: secrets.key } } } }, {}, {}]
    ] as const
  ) {
    it.effect(`with discovery, a key ${name}`, () =>
      Effect.map(discovered(written, options, env), (all) => assert.deepStrictEqual(all, expected)))
  }
})

describe("real HTTP clients print no secret", () => {
  const clients: ReadonlyArray<readonly [string, Layer.Layer<HttpClient.HttpClient>]> = [
    ["fetch", FetchHttpClient.layer],
    ["effect-ollama/node", NodeTransport.layer],
    ["undici", NodeHttpClient.layerUndici],
    ["node:http", NodeHttpClient.layer]
  ]

  const ask = (url: string, client: Layer.Layer<HttpClient.HttpClient>, limit = 5000) =>
    safe("create", ChatCompletions.create({ prompt: "Hi" })).pipe(
      Effect.provide(
        Ollama.layerValue(config("ollama", { ...explicit, baseUrl: url }), {
          completions: { firstByteTimeout: limit, retrySchedule: Schedule.stop }
        }).pipe(Layer.provide(client), Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map()))))
      )
    )

  for (const [name, client] of clients) {
    it.scopedLive(`${name}: successes and failures`, () =>
      Effect.gen(function*() {
        const { mock, server } = yield* MockNode.makeServer({ models: ["m"], replies: ["Hello"] })
        const { server: other, mock: otherMock } = yield* MockNode.makeServer({ models: ["m"], replies: ["Hello"] })
        const success = yield* ask(server.url, client)
        assert.strictEqual(tagOf(success.exit), "success")
        assert.includeMembers([...success.spans], ["ChatCompletions.create", "http.client POST"])
        const cases: ReadonlyArray<readonly [tag: string, rule: MockOllama.Rule, limit?: number]> = [
          ["Unauthorized", says(401)],
          ["ServerError", says(500)],
          ["EndpointNotFound", { fault: { type: "redirect", location: `${other.url}/api/chat` } }],
          ["ConnectionFailed", { fault: { type: "reset" } }],
          ["RequestTimeout", { fault: { type: "stall" } }, 50],
          ["MalformedResponse", raw(200, quote)],
          ["ServerError", raw(200, JSON.stringify({ error: quote }))]
        ]
        for (const [tag, rule, limit] of cases) {
          yield* mock.setRules([rule])
          const { exit } = yield* ask(server.url, client, limit)
          assert.strictEqual(tagOf(exit), tag)
        }
        assert.deepStrictEqual(yield* otherMock.requests, [])
        assert.strictEqual(tagOf((yield* ask(refusedUrl, client)).exit), "ConnectionRefused")
        assert.strictEqual(tagOf((yield* ask("http://nowhere.invalid", client)).exit), "ConnectionFailed")
      }))

    it.scopedLive(`${name}: a header that cannot be sent`, () =>
      Effect.gen(function*() {
        const { mock, server } = yield* MockNode.makeServer({ models: ["m"], replies: ["Hello"] })
        const made = yield* Provider.make({ baseUrl: server.url, apiKey: secrets.key, api: "ollama", ...explicit })
        // past all checks, as a program could do it
        const wrong: ReadonlyArray<Provider.Provider> = [
          { ...made, headers: { "x-team": Redacted.make(`${secrets.header}\nx: y`) } },
          { ...made, headers: { "x team": Redacted.make(secrets.header) } },
          { ...made, key: { ...made.key!, value: Redacted.make(`${secrets.key}\n${secrets.key}`) } }
        ]
        for (const provider of wrong) {
          const { exit } = yield* safe("create", ChatCompletions.create({ prompt: "Hi" })).pipe(
            Effect.provide(ChatCompletions.layer.pipe(
              Layer.provide(
                Models.layerStatic([{ ...provider, models: provider.models.map(({ definition }) => ({ definition })) }])
              ),
              Layer.provide(client)
            ))
          )
          assert.strictEqual(tagOf(exit), "ConnectionFailed")
        }
        assert.deepStrictEqual(yield* mock.requests, [])
      }))
  }
})
