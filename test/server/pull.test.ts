import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { Models, OllamaClient } from "effect-ollama"
import * as NodeTransport from "effect-ollama/node"
import { MockOllama } from "effect-ollama/testing"
import * as MockNode from "effect-ollama/testing/node"
import { provider } from "../discovery.fixtures.js"
import { get } from "../support/recordings.js"

const version = "v0.33.0-rc2"

/** What a recorded pull comes to, its bytes cut in this way. */
const replayed = (name: string, sizes = 1 << 20) => {
  const { response } = get(version, name)
  const rule: MockOllama.Rule = {
    path: "/api/pull",
    raw: { status: response.status, chunks: response.chunks },
    fault: { type: "split", sizes }
  }
  const progress: Array<OllamaClient.Progress> = []
  return Stream.runForEach(OllamaClient.pull(provider(), "m"), (one) => Effect.sync(() => progress.push(one))).pipe(
    Effect.either,
    Effect.map((result) => ({ progress, result })),
    Effect.provide(OllamaClient.layer),
    Effect.provide(MockOllama.layerHttpClient({ rules: [rule] }))
  )
}

const socket = <E>(description: MockOllama.Description, transport: Layer.Layer<HttpClient.HttpClient, E>) =>
  Layer.merge(MockNode.layerServer(description), Layer.provideMerge(OllamaClient.layer, transport))

const endpointOf = (url: string) => provider({ root: url, completionsUrl: `${url}/v1` })

const transports = [["fetch", FetchHttpClient.layer], ["undici", NodeTransport.layer]] as const

describe("pull", () => {
  for (const sizes of [1, 7, 1 << 20]) {
    it.effect(`reads a recorded one, in pieces of ${sizes} bytes`, () =>
      Effect.gen(function*() {
        const { progress, result } = yield* replayed("pull-stream", sizes)
        assert.strictEqual(result._tag, "Right")
        assert.lengthOf(progress, 50)
        assert.deepInclude(progress[1], { total: 7_953_120, completed: 163_840, resumed: 163_840, verified: false })
        const last = progress.at(-1)!
        assert.deepInclude(last, { status: "success", done: true, verified: true, completed: 7_953_120 })
        assert.isFalse(progress.slice(0, -1).some(({ done }) => done))
        assert.deepStrictEqual(last.layers.map(({ digest }) => digest.slice(0, 14)), ["sha256:789e19d"])
        for (const [index, one] of progress.entries()) {
          assert.isAtLeast(one.completed, progress[index - 1]?.completed ?? 0)
          assert.isAtMost(one.completed, one.total)
        }
      }))
  }

  it.effect("adds up all layers, and knows those that were there", () =>
    Effect.gen(function*() {
      const { progress } = yield* replayed("pull-again")
      const total = 7_953_120 + 262 + 33 + 149
      assert.deepInclude(progress.at(-1), { total, completed: total, resumed: total, done: true })
      assert.deepStrictEqual(progress.at(-1)!.layers.map((layer) => layer.total), [7_953_120, 262, 33, 149])
      assert.isUndefined(progress.at(-1)!.digest)
    }))

  it.effect("tells nothing twice, and fails with the error line of a pull that was cut", () =>
    Effect.gen(function*() {
      const { progress, result } = yield* replayed("pull-cut")
      assert(result._tag === "Left")
      assert(result.left._tag === "ServerError")
      assert.include(result.left.detail, "max retries exceeded")
      assert.isBelow(progress.length, 40)
      assert.isFalse(progress.some(({ done }) => done))
    }))

  for (
    const [name, detail] of [
      ["pull-missing", "file does not exist"],
      ["pull-corrupt", "digest mismatch"],
      ["pull-unreachable", "connection refused"],
      ["pull-insecure", "TLS handshake"],
      ["pull-no-model", "invalid model name"]
    ] as const
  ) {
    it.effect(`fails with what the server says: ${name}`, () =>
      Effect.gen(function*() {
        const { result } = yield* replayed(name)
        assert(result._tag === "Left")
        assert.include((result.left as { readonly detail?: string }).detail, detail)
      }))
  }

  it.effect("is not whole without its success", () =>
    Effect.gen(function*() {
      const pulled = Stream.runDrain(OllamaClient.pull(provider(), "m"))
      yield* MockOllama.setRules([
        {
          raw: { chunks: ["{\"status\":\"pulling manifest\"}\n", "{\"status\":\"verifying sha256 digest\"}\n"] },
          times: 1
        },
        { fault: { type: "reset", after: 2 }, times: 1 },
        { raw: { chunks: ["{\"status\":\"pulling manifest\"}\n", "<html>\n"] }, times: 1 },
        { raw: { chunks: ["3\n"] } }
      ])
      const ended = yield* Effect.flip(pulled)
      assert(ended._tag === "IncompleteResponse")
      assert.strictEqual(ended.reason, "ended")
      const reset = yield* Effect.flip(pulled)
      assert(reset._tag === "IncompleteResponse")
      assert.strictEqual(reset.reason, "connection")
      assert.strictEqual((yield* Effect.flip(pulled))._tag, "MalformedResponse")
      assert.strictEqual((yield* Effect.flip(pulled))._tag, "MalformedResponse")
    }).pipe(Effect.provide(OllamaClient.layer), Effect.provide(MockOllama.layerHttpClient())))

  it.effect("is not failed by an error that says nothing", () =>
    Effect.gen(function*() {
      const told = Chunk.toReadonlyArray(yield* Stream.runCollect(OllamaClient.pull(provider(), "m")))
      assert.deepStrictEqual(told.map(({ status }) => status), ["pulling manifest", "success"])
    }).pipe(
      Effect.provide(OllamaClient.layer),
      Effect.provide(MockOllama.layerHttpClient({
        rules: [{
          raw: {
            chunks: ["{\"status\":\"pulling manifest\",\"error\":\"\"}\n{\"status\":\"success\",\"error\":false}\n"]
          }
        }]
      }))
    ))

  it.effect("asks what it says, with the key", () =>
    Effect.gen(function*() {
      const { status } = yield* Stream.runHead(OllamaClient.pull(provider(), "m", { insecure: true })).pipe(
        Effect.map((head) => head._tag === "Some" ? head.value : assert.fail())
      )
      assert.strictEqual(status, "pulling manifest")
      yield* Stream.runDrain(OllamaClient.push(provider(), "m"))
      assert.deepStrictEqual((yield* MockOllama.requests).map(({ json, method, path }) => [method, path, json]), [
        ["POST", "/api/pull", { model: "m", insecure: true, stream: true }],
        ["POST", "/api/push", { model: "m", stream: true }]
      ])
    }).pipe(Effect.provide(OllamaClient.layer), Effect.provide(MockOllama.layerHttpClient())))

  it.effect("fails for a model that the registry does not have", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(OllamaClient.pull(provider(), "other")))
      assert.include((error as { readonly detail?: string }).detail, "file does not exist")
      const pulled = Chunk.toReadonlyArray(yield* Stream.runCollect(OllamaClient.pull(provider(), "m")))
      assert.deepInclude(pulled.at(-1), { total: 3_000, completed: 3_000, done: true })
    }).pipe(
      Effect.provide(OllamaClient.layer),
      Effect.provide(MockOllama.layerHttpClient({ registry: { models: ["m"], layers: [1_000, 2_000] } }))
    ))

  for (const [name, transport] of transports) {
    it.live(`closes the connection when it is interrupted: ${name}`, () =>
      Effect.gen(function*() {
        const begun = yield* Deferred.make<void>()
        const endpoint = endpointOf(yield* MockNode.url)
        const fiber = yield* Effect.fork(
          Stream.runForEach(OllamaClient.pull(endpoint, "m"), () => Deferred.succeed(begun, undefined))
        )
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual((yield* MockNode.nextAborted).path, "/api/pull")
      }).pipe(Effect.provide(socket({ rules: [{ fault: { type: "stall", after: 2 } }] }, transport))))

    it.live(`closes the connection when its consumer has enough: ${name}`, () =>
      Effect.gen(function*() {
        yield* Stream.runDrain(Stream.take(OllamaClient.pull(endpointOf(yield* MockNode.url), "m"), 1))
        assert.strictEqual((yield* MockNode.nextAborted).path, "/api/pull")
      }).pipe(Effect.provide(socket({ rules: [{ fault: { type: "stall", after: 2 } }] }, transport))))
  }
})

describe("the catalog of Ollama.layer", () => {
  const names = Effect.map(Models.catalog("ollama"), ({ models }) => models.map(({ id }) => id))

  const lists = Effect.map(MockOllama.requests, (all) => all.filter(({ path }) => path === "/api/tags").length)

  it.effect("is fresh after a pull, a create, a copy and a delete, and asked for only when it is needed", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* names, ["a:latest"])
      const endpoint = provider()
      yield* Stream.runDrain(OllamaClient.pull(endpoint, "b"))
      assert.strictEqual(yield* lists, 1)
      assert.sameMembers([...(yield* names)], ["a:latest", "b:latest"])
      assert.strictEqual(yield* lists, 2)
      yield* Stream.runDrain(OllamaClient.create(endpoint, { model: "c", from: "a", system: "Be short." }))
      yield* OllamaClient.copy(endpoint, "a", "d")
      yield* OllamaClient.delete(endpoint, "a")
      assert.strictEqual(yield* lists, 2)
      assert.sameMembers([...(yield* names)], ["b:latest", "c:latest", "d:latest"])
      yield* names
      assert.strictEqual(yield* lists, 3)
    }).pipe(Effect.provide(MockOllama.layer({ models: ["a"] }))))

  it.effect("is fresh after what changed its server by another name of this machine", () =>
    Effect.gen(function*() {
      for (const [host, count] of [["localhost", 1], ["[::1]", 2], ["127.0.0.1", 3]] as const) {
        yield* names
        assert.strictEqual(yield* lists, count)
        yield* OllamaClient.copy(provider({ root: `http://${host}:11434` }), "a", `b${count}`)
      }
      assert.lengthOf(yield* names, 4)
    }).pipe(Effect.provide(MockOllama.layer({ models: ["a"] }))))

  it.effect("stays as it is after what changed another server", () =>
    Effect.gen(function*() {
      yield* names
      for (const root of ["http://gpu-box:11434", "http://localhost:11435", "https://localhost:11434"]) {
        yield* Stream.runDrain(OllamaClient.pull(provider({ root }), "b"))
      }
      yield* names
      assert.strictEqual(yield* lists, 1)
    }).pipe(Effect.provide(MockOllama.layer({ models: ["a"] }))))
})
