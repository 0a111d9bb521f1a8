import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { OllamaClient } from "effect-ollama"
import { json, key, provider, refused, stub } from "./discovery.fixtures.js"
import { get, has, versions } from "./support/recordings.js"

const withClient = (answer: Parameters<typeof stub>[0], options?: OllamaClient.Options) => {
  const http = stub(answer)
  return Effect.map(
    Effect.provide(OllamaClient.make(options), http.layer),
    (client) => ({ ...client, sent: http.sent })
  )
}

describe("OllamaClient", () => {
  for (const version of versions) {
    it.effect(`reads what ${version} answers`, () =>
      Effect.gen(function*() {
        const replay = (name: string) => {
          const { response } = get(version, name)
          return withClient(() => new Response(response.text, { status: response.status }))
        }
        assert.strictEqual(yield* (yield* replay("version")).version(provider()), version.slice(1).replace("-rc2", ""))
        const tags = yield* (yield* replay("tags")).tags(provider())
        assert.isAbove(tags.length, 5)
        assert.match(tags[0]!.digest!, /^[0-9a-f]{64}$/)
        assert.strictEqual(tags[0]!.family, "llama")
        const shown = yield* (yield* replay("show-tool")).show(provider(), "scripted-tool")
        assert.deepStrictEqual(
          shown.capabilities,
          version === "v0.6.3" ? undefined : ["completion", "tools", "thinking"]
        )
        assert.strictEqual(shown.contextWindow, 32768)
        const loaded = yield* (yield* replay("ps-forever")).ps(provider())
        assert.include(loaded.map((model) => model.forever), true)
        const kept = loaded.find((model) => model.forever)!
        assert.match(kept.expiresAt!, /^23\d\d-/)
        assert.deepStrictEqual(yield* (yield* replay("ps-empty")).ps(provider()), [])
        assert.deepStrictEqual(yield* (yield* replay("tags-empty")).tags(provider()), [])
        for (const name of ["native-load", "native-load-forever", "native-load-empty"]) {
          if (has(version, name)) yield* (yield* replay(name)).load(provider(), "m")
        }
        yield* (yield* replay("native-unload")).unload(provider(), "m")
        const missing = yield* Effect.flip((yield* replay("show-missing")).show(provider(), "no-such-model"))
        assert(missing._tag === "ModelNotFound")
        assert.strictEqual(missing.model, "no-such-model")
      }))
  }

  it.effect("asks what it says", () =>
    Effect.gen(function*() {
      const client = yield* withClient(({ url }) =>
        url.endsWith("version") ? json({ version: "0" }) : json({ models: [], done: true })
      )
      yield* client.version(provider())
      yield* client.tags(provider())
      yield* client.ps(provider())
      yield* client.show(provider(), "m")
      yield* client.load(provider(), "m", { keepAlive: -1, numCtx: 4096 })
      yield* client.unload(provider(), "m")
      assert.deepStrictEqual(client.sent.map(({ body, method, url }) => `${method} ${url.slice(22)} ${body}`), [
        "GET /api/version ",
        "GET /api/tags ",
        "GET /api/ps ",
        "POST /api/show {\"model\":\"m\"}",
        "POST /api/chat {\"model\":\"m\",\"messages\":[],\"stream\":false,\"keep_alive\":-1,\"options\":{\"num_ctx\":4096}}",
        "POST /api/chat {\"model\":\"m\",\"messages\":[],\"stream\":false,\"keep_alive\":0}"
      ])
    }))

  it.effect("sends a key of the environment to this machine only for the use of a model", () =>
    Effect.gen(function*() {
      const client = yield* withClient(() => json({ models: [], done: true }))
      const asked = provider({ key: key("s3cret", false) })
      yield* client.ps(asked)
      yield* client.load(asked, "m")
      assert.deepStrictEqual(client.sent.map((sent) => sent.headers["authorization"]), [undefined, "Bearer s3cret"])
    }))

  it.effect("waits as long for a load as the provider says, and else 10 minutes", () =>
    Effect.gen(function*() {
      const limit = (timeout: number | undefined) =>
        Effect.gen(function*() {
          const client = yield* withClient(() => ({ never: true }))
          const fiber = yield* Effect.fork(Effect.flip(client.load(provider({ timeout }), "m")))
          yield* TestClock.adjust("10 minutes")
          const error = yield* Fiber.join(fiber)
          assert(error._tag === "RequestTimeout")
          return error.limit
        })
      assert.strictEqual(yield* limit(20_000), 20_000)
      assert.strictEqual(yield* limit(undefined), 600_000)
    }))

  it.effect("fails with the error of a load that is inside a success", () =>
    Effect.gen(function*() {
      const client = yield* withClient(() => json({ error: "model 'm' not found" }))
      assert.strictEqual((yield* Effect.flip(client.load(provider(), "m")))._tag, "ModelNotFound")
    }))

  it.effect("fails with the error inside a success, whatever is asked", () =>
    Effect.gen(function*() {
      const client = yield* withClient(() => json({ error: "the disk is gone" }))
      const asked: ReadonlyArray<Effect.Effect<unknown, OllamaClient.DiscoveryError>> = [
        client.version(provider()),
        client.tags(provider()),
        client.ps(provider())
      ]
      for (const one of asked) {
        const error = yield* Effect.flip(one)
        assert(error._tag === "ServerError")
        assert.strictEqual(error.detail, "the disk is gone")
      }
    }))

  it.effect("takes no error for none, and a load that is not done for none", () =>
    Effect.gen(function*() {
      yield* (yield* withClient(() => json({ error: null, done: true }))).load(provider(), "m")
      for (const done of [false, null, "true", undefined]) {
        const client = yield* withClient(() => json({ done }))
        const error = yield* Effect.flip(client.load(provider(), "m"))
        assert(error._tag === "MalformedResponse")
        assert.include(error.detail, "does not say that it is done")
      }
    }))

  it.effect("fails when the answer is another one", () =>
    Effect.gen(function*() {
      for (const body of ["<html>", "null", "[]", "3"]) {
        const client = yield* withClient(() => new Response(body))
        for (
          const call of [
            client.version(provider()),
            client.tags(provider()),
            client.ps(provider()),
            client.show(provider(), "m"),
            client.load(provider(), "m")
          ]
        ) {
          assert.strictEqual((yield* Effect.flip(call))._tag, "MalformedResponse", body)
        }
      }
    }))

  it.effect("takes what is missing or null for what it is", () =>
    Effect.gen(function*() {
      const client = yield* withClient(({ url }) =>
        url.endsWith("show")
          ? json({ model_info: null, capabilities: null, details: null, parameters: null })
          : json({ models: [null, {}, { name: "m", details: null, size: null, digest: null, expires_at: null }] })
      )
      assert.deepStrictEqual((yield* client.tags(provider())).map((model) => model.name), ["m"])
      assert.deepStrictEqual((yield* client.ps(provider())).map((model) => model.forever), [false])
      const shown = yield* client.show(provider(), "m")
      assert.deepStrictEqual([shown.capabilities, shown.modelInfo], [undefined, {}])
    }))

  it.effect("asks once when the connection is refused", () =>
    Effect.gen(function*() {
      const client = yield* withClient(() => refused)
      const error = yield* Effect.flip(client.version(provider()))
      assert(error._tag === "ConnectionRefused")
      assert.strictEqual(error.attempts, 1)
      assert.strictEqual(client.sent.length, 1)
      const load = yield* Effect.flip(client.load(provider(), "m"))
      assert(load._tag === "ConnectionRefused")
      assert.strictEqual(load.attempts, 1)
    }))
})
