import {
  FetchHttpClient,
  HttpApi,
  HttpApiBuilder,
  HttpApiClient,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpServer
} from "@effect/platform"
import { Rpc, RpcClient, RpcGroup, RpcSerialization, RpcServer } from "@effect/rpc"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Schema } from "effect"
import { OllamaError } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { publicSentences } from "../src/core/failure/publicSentences.js"
import { readmeExample } from "./support/readme.js"

const anyError = Arbitrary.make(OllamaError.OllamaError)

const unions = {
  ConfigurationError: OllamaError.ConfigurationError,
  ProviderError: OllamaError.ProviderError,
  TransportError: OllamaError.TransportError,
  EndpointError: OllamaError.EndpointError,
  ModelEndpointError: OllamaError.ModelEndpointError,
  DiscoveryError: OllamaError.DiscoveryError,
  CatalogError: OllamaError.CatalogError,
  SelectionError: OllamaError.SelectionError,
  AttemptError: OllamaError.AttemptError,
  CompletionError: OllamaError.CompletionError,
  OllamaError: OllamaError.OllamaError
}

const secretive = (url: string) => ({
  url,
  status: 500,
  detail: "no such file /home/me/secret.json",
  partial: { parts: [{ type: "text" as const, text: "what the model said" }] }
})

const failures: ReadonlyArray<OllamaError.CompletionError> = [
  new OllamaError.ServerError(secretive("http://me:pass@internal-host:11434/api/chat")),
  new OllamaError.Unauthorized({
    ...secretive("http://internal-host/api/chat"),
    signinUrl: "https://ollama.com/connect"
  }),
  new OllamaError.RequestTimeout({ url: "http://internal-host/api/chat", phase: "idle", limit: 5, attempts: 1 }),
  new OllamaError.InvalidRequest({ detail: "no such tool", path: "tools[0]" })
]

const all = new OllamaError.AllModelsFailed({
  attempts: failures.map((error, i) => ({ ref: `a/${i}`, error: error as OllamaError.AttemptError }))
})

describe("every error", () => {
  it.prop("goes through JSON and back, and says the same", [anyError], ([error]) => {
    // once there and back, since a text that happens to be base64 is bytes then
    const read = Schema.decodeUnknownSync(OllamaError.OllamaError)
    const first = Schema.encodeSync(OllamaError.OllamaError)(error)
    const json = JSON.stringify(Schema.encodeSync(OllamaError.OllamaError)(read(JSON.parse(JSON.stringify(first)))))
    const same = Schema.decodeUnknownSync(OllamaError.OllamaError)(JSON.parse(json))
    assert.strictEqual(JSON.stringify(Schema.encodeSync(OllamaError.OllamaError)(same)), json)
    assert.deepStrictEqual(
      [same._tag, same.hint, same.message, same.category, same.isRetryable],
      [error._tag, error.hint, error.hint, error.category, error.isRetryable]
    )
  })

  it.prop("has a category, says whether to repeat, and is one of its unions", [anyError], ([error]) => {
    assert.include(OllamaError.Category.literals, error.category)
    assert.isBoolean(error.isRetryable)
    assert.isTrue(Schema.is(OllamaError.OllamaError)(error))
  })

  it("belongs to the unions that have it, and to no others", () => {
    const has = (error: unknown) =>
      Object.entries(unions).flatMap(([name, union]) => Schema.is(union as Schema.Schema<unknown>)(error) ? [name] : [])
    assert.deepStrictEqual(has(all), ["CompletionError", "OllamaError"])
    assert.deepStrictEqual(has(new OllamaError.ConnectionRefused({ url: "u", attempts: 1 })), [
      "TransportError",
      "DiscoveryError",
      "CatalogError",
      "SelectionError",
      "AttemptError",
      "CompletionError",
      "OllamaError"
    ])
    assert.deepStrictEqual(has(new OllamaError.TooManyTurns({ turns: 1, history: [] })), ["OllamaError"])
    assert.deepStrictEqual(has(new OllamaError.MissingEnvironmentVariable({ variable: "K", path: "p" })), [
      "ProviderError",
      "CatalogError",
      "SelectionError",
      "AttemptError",
      "CompletionError",
      "OllamaError"
    ])
    assert.deepStrictEqual(
      OllamaError.OllamaError.members.length,
      new Set(OllamaError.OllamaError.members.map((member) => member.identifier)).size
    )
  })

  it("holds no number that JSON has not", () => {
    assert.throws(() => new OllamaError.RequestTimeout({ url: "u", phase: "idle", limit: Infinity, attempts: 1 }))
    assert.throws(() => new OllamaError.ServerError({ url: "u", status: NaN, detail: "" }))
  })
})

describe("isRetryable", () => {
  const failed = (reason: OllamaError.ConnectionFailed["reason"], code?: string) =>
    new OllamaError.ConnectionFailed({
      url: "http://h/api/chat",
      reason,
      attempts: 1,
      ...(code === undefined ? {} : { cause: { name: "Error", message: "no", code } })
    }).isRetryable
  const server = (detail: string) =>
    new OllamaError.ServerError({ url: "http://h/api/chat", status: 500, detail }).isRetryable

  it("is what may be over later with nothing changed", () => {
    assert.deepStrictEqual(
      ["reset", "unreachable", "other", "dns", "tls", "protocol"].map((reason) => failed(reason as "reset")),
      [true, true, true, false, false, false]
    )
    assert.isTrue(failed("dns", "EAI_AGAIN"))
    assert.isFalse(failed("dns", "ENOTFOUND"))
    assert.isTrue(server("an error was encountered while running the model: unexpected EOF"))
    assert.isFalse(server("Jinja Exception: System message must be at the beginning."))
    assert.isFalse(server("\"m\" does not support chat"))
    assert.isFalse(server("write /root/.ollama/models/blobs/sha256-6a-partial: no space left on device"))
  })

  it("is of too many requests, not of a used-up quota or of one that alone is over the limit", () => {
    const limited = (reason: "rate" | "quota", status: number) =>
      new OllamaError.RateLimited({ url: "http://h/v1/chat/completions", status, detail: "no", reason }).isRetryable
    assert.deepStrictEqual([limited("rate", 429), limited("quota", 429), limited("rate", 413)], [true, false, false])
  })

  it("is of a model of which its server did not say what it can do, also when it said so of none", () => {
    const unread = { name: "m", reason: "show-failed", detail: "no answer within 3000 ms" } as const
    const toolless = { name: "n", reason: "no-tools" } as const
    for (const [leftOut, expected] of [[unread, true], [toolless, false]] as const) {
      const error = new OllamaError.UnknownModel({ ref: "ollama/m", known: [], leftOut })
      assert.strictEqual(error.isRetryable, expected)
      assert.strictEqual(error.hint.includes("Try again, or raise discovery.showTimeout"), expected)
    }
    for (const [models, expected] of [[[unread], true], [[unread, toolless], false], [[], false]] as const) {
      const error = new OllamaError.NoToolModels({ provider: "ollama", url: "http://h", models })
      assert.strictEqual(error.isRetryable, expected)
      assert.strictEqual(error.hint.includes("Try again, or raise discovery.showTimeout"), expected)
      assert.include(error.hint, "ollama pull gpt-oss:20b")
    }
  })

  it("is, of several, when one of them is", () => {
    assert.isTrue(all.isRetryable)
    const [, unauthorized, , invalid] = all.attempts
    assert.isFalse(new OllamaError.AllModelsFailed({ attempts: [unauthorized!, invalid!] }).isRetryable)
  })

  it("goes with a hint that does not tell to repeat what never helps", () => {
    for (const error of [...failures, all]) {
      assert.strictEqual(/identical retry/.test(error.hint) && !error.isRetryable, false)
    }
  })
})

describe("the category of AllModelsFailed", () => {
  it("is the one that all attempts share, else the model's", () => {
    const [first] = all.attempts
    assert.strictEqual(all.category, "model")
    assert.strictEqual(new OllamaError.AllModelsFailed({ attempts: [first!, first!] }).category, "server")
    assert.strictEqual(new OllamaError.AllModelsFailed({ attempts: [] }).category, "model")
  })
})

describe("PublicError", () => {
  it.prop("has a fixed sentence for each tag, and nothing else of the error", [anyError], ([error]) => {
    const shown = OllamaError.toPublic(error)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(Schema.encodeSync(OllamaError.PublicError)(shown))), {
      _tag: "PublicError",
      tag: error._tag,
      category: error.category,
      isRetryable: error.isRetryable,
      message: publicSentences[error._tag]
    })
  })

  it("has a sentence for every tag, which names no host, path, variable or command", () => {
    assert.sameMembers(
      Object.keys(publicSentences),
      OllamaError.OllamaError.members.map((member) => member.identifier.replace("effect-ollama/", ""))
    )
    for (const sentence of Object.values(publicSentences)) {
      assert.match(sentence, /^[A-Z][^`$/{]*\.$/)
      assert.notMatch(sentence, /https?:|OLLAMA_|\d/)
    }
  })
})

const Ask = HttpApiGroup.make("chat").add(
  HttpApiEndpoint.get("ask", "/ask").addSuccess(Schema.String).addError(OllamaError.CompletionError)
)

const Asking = RpcGroup.make(Rpc.make("ask", { success: Schema.String, error: OllamaError.CompletionError }))

// What goes to a handler and comes back, as bytes.
const fetching = (handler: (request: Request) => Promise<Response>) =>
  Layer.provide(
    FetchHttpClient.layer,
    Layer.succeed(FetchHttpClient.Fetch, (input, init) => handler(new Request(input, init)))
  )

describe("unions on the wire", () => {
  for (const error of [...failures, all]) {
    it.effect(`${error._tag} comes out of an HttpApi as it went in`, () =>
      Effect.gen(function*() {
        const api = HttpApi.make("app").add(Ask)
        const group = HttpApiBuilder.group(api, "chat", (handlers) => handlers.handle("ask", () => Effect.fail(error)))
        const { dispose, handler } = HttpApiBuilder.toWebHandler(
          Layer.mergeAll(Layer.provide(HttpApiBuilder.api(api), group), HttpServer.layerContext)
        )
        const client = yield* Effect.provide(HttpApiClient.make(api, { baseUrl: "http://app" }), fetching(handler))
        const received = yield* Effect.flip(client.chat.ask())
        assert.strictEqual(received._tag, error._tag)
        assert.strictEqual((received as OllamaError.CompletionError).hint, error.hint)
        yield* Effect.promise(dispose)
      }))

    it.scoped(`${error._tag} comes out of an RPC as it went in`, () =>
      Effect.gen(function*() {
        const { dispose, handler } = RpcServer.toWebHandler(Asking, {
          layer: Layer.mergeAll(
            Asking.toLayer({ ask: () => Effect.fail(error) }),
            RpcSerialization.layerNdjson,
            HttpServer.layerContext
          )
        })
        const protocol = RpcClient.layerProtocolHttp({ url: "http://app" }).pipe(
          Layer.provide([RpcSerialization.layerNdjson, fetching(handler)])
        )
        const client = yield* Effect.provide(RpcClient.make(Asking), protocol)
        const received = yield* Effect.flip(client.ask())
        assert.strictEqual(received._tag, error._tag)
        assert.strictEqual((received as OllamaError.CompletionError).hint, error.hint)
        yield* Effect.promise(dispose)
      }))
  }
})

describe("README's HttpApi", () => {
  const ask = (mock: Parameters<typeof MockOllama.layer>[0]) =>
    Effect.gen(function*() {
      const { ApiLive } = yield* Effect.promise(() => readmeExample("HttpApiBuilder"))
      const { dispose, handler } = HttpApiBuilder.toWebHandler(
        Layer.mergeAll(
          Layer.provide(ApiLive as Layer.Layer<HttpApi.Api, never, never>, MockOllama.layer(mock)),
          HttpServer.layerContext
        )
      )
      const response = yield* Effect.promise(() =>
        handler(
          new Request("http://app/ask", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: "{\"prompt\":\"Hi\"}"
          })
        )
      )
      const body = yield* Effect.promise(() => response.json())
      yield* Effect.promise(dispose)
      return [response.status, body]
    })

  it.effect("answers", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* ask({ models: ["m"], replies: ["Hello"] }), [200, "Hello"])
    }))

  it.effect("shows its clients what they may know, and no more", () =>
    Effect.gen(function*() {
      const fault = { type: "status" as const, status: 500, error: "out of memory at /home/me" }
      assert.deepStrictEqual(yield* ask({ models: ["m"], replies: [{ fault }] }), [502, {
        _tag: "PublicError",
        tag: "ServerError",
        category: "server",
        isRetryable: true,
        message: "The model server failed."
      }])
    }))
})
