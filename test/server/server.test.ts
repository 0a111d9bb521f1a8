import { FetchHttpClient, HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Data, Deferred, Effect, Fiber, Layer, Redacted, Stream, TestClock } from "effect"
import { OllamaClient } from "effect-ollama"
import * as NodeTransport from "effect-ollama/node"
import { MockOllama } from "effect-ollama/testing"
import * as MockNode from "effect-ollama/testing/node"
import { createHash } from "node:crypto"
import { Sha256 } from "../../src/core/server/sha256.js"
import { key, provider, stub } from "../discovery.fixtures.js"

const mock = (description: MockOllama.Description = {}, options: OllamaClient.Options = {}) =>
  Layer.provideMerge(OllamaClient.layerWith(options), MockOllama.layerHttpClient(description))

const sent = Effect.map(MockOllama.requests, (all) => all.map(({ json, method, path }) => [method, path, json]))

const bytes = (...parts: ReadonlyArray<string>) => parts.map((part) => new TextEncoder().encode(part))

const hello = `sha256:${createHash("sha256").update("hello world").digest("hex")}`

class Broken extends Data.TaggedError("Broken")<{}> {}

describe("the digest", () => {
  it("is SHA-256, whatever the pieces", () => {
    const data = Uint8Array.from({ length: 1000 }, (_, index) => index * 7)
    for (let size = 0; size < 300; size++) {
      const hash = new Sha256()
      for (let at = 0; at < size; at += 1 + size % 67) hash.add(data.subarray(at, Math.min(size, at + 1 + size % 67)))
      assert.strictEqual(hash.hex(), createHash("sha256").update(data.subarray(0, size)).digest("hex"), String(size))
    }
  })

  it.effect("of a stream is as servers write it", () =>
    Effect.map(
      OllamaClient.digest(Stream.fromIterable(bytes("hello ", "world"))),
      (digest) => assert.strictEqual(digest, hello)
    ))
})

describe("create", () => {
  it.effect("sends what a model is made of", () =>
    Effect.gen(function*() {
      const progress = yield* Stream.runCollect(OllamaClient.create(provider(), {
        model: "pirate",
        from: "a",
        system: "You are a pirate.",
        template: "{{ .Prompt }}",
        parameters: { num_ctx: 16_384, stop: ["x"] }
      }))
      assert.isTrue(Chunk.unsafeLast(progress).done)
      assert.deepStrictEqual(yield* sent, [["POST", "/api/create", {
        model: "pirate",
        from: "a",
        system: "You are a pirate.",
        template: "{{ .Prompt }}",
        parameters: { num_ctx: 16_384, stop: ["x"] },
        stream: true
      }]])
      const shown = yield* OllamaClient.show(provider(), "pirate")
      assert.deepInclude(shown, { system: "You are a pirate.", numCtx: 16_384 })
    }).pipe(Effect.provide(mock({ models: ["a"] }))))

  it.effect("uploads the files that are not there, and names all by their digests", () =>
    Effect.gen(function*() {
      const adapter = `sha256:${"0".repeat(64)}`
      yield* Stream.runDrain(OllamaClient.create(provider(), {
        model: "m",
        files: { "m.gguf": { content: Stream.fromIterable(bytes("hello ", "world")) } },
        adapters: { "a.gguf": { content: Stream.dieMessage("it is there already"), digest: adapter } }
      }))
      assert.deepStrictEqual(yield* sent, [
        ["HEAD", `/api/blobs/${hello}`, undefined],
        ["POST", `/api/blobs/${hello}`, undefined],
        ["HEAD", `/api/blobs/${adapter}`, undefined],
        ["POST", "/api/create", {
          model: "m",
          files: { "m.gguf": hello },
          adapters: { "a.gguf": adapter },
          stream: true
        }]
      ])
      const [, upload] = yield* MockOllama.requests
      assert.strictEqual(upload!.body, "hello world")
      assert.strictEqual(upload!.headers["content-type"], "application/octet-stream")
    }).pipe(Effect.provide(mock({ blobs: [`sha256:${"0".repeat(64)}`] }))))

  it.effect("refuses a digest that is none before it sends anything", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(OllamaClient.create(provider(), {
        model: "m",
        files: { "m.gguf": { content: Stream.empty, digest: "../x" } }
      })))
      assert(error._tag === "InvalidRequest")
      assert.strictEqual(error.path, "files.m.gguf")
      assert.deepStrictEqual(yield* sent, [])
    }).pipe(Effect.provide(mock())))
})

describe("hasBlob", () => {
  it.effect("knows a file that is larger than any answer may be", () =>
    Effect.gen(function*() {
      const { layer } = stub(() => new Response(null, { headers: { "content-length": `${2 ** 40}` } }))
      const known = OllamaClient.hasBlob(provider(), hello)
      assert.isTrue(yield* Effect.provide(known, Layer.provide(OllamaClient.layer, layer)))
    }))
})

describe("upload", () => {
  it.effect("fails with the failure of the content, with its type", () =>
    Effect.gen(function*() {
      const content = Stream.concat(Stream.fromIterable(bytes("hello")), Stream.fail(new Broken()))
      const error = yield* Effect.flip(OllamaClient.upload(provider(), { content, digest: hello }))
      assert.strictEqual(error._tag, "Broken")
    }).pipe(Effect.provide(mock())))

  it.effect("fails when the content has another digest", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        OllamaClient.upload(provider(), { content: Stream.fromIterable(bytes("other")), digest: hello })
      )
      assert.include((error as { readonly detail?: string }).detail, "digest mismatch")
      assert.isFalse(yield* OllamaClient.hasBlob(provider(), hello))
    }).pipe(Effect.provide(mock())))

  it.effect("waits for a slow content, and not for a server that takes nothing", () =>
    Effect.gen(function*() {
      const slow = Stream.concat(
        Stream.fromIterable(bytes("hello ")),
        Stream.fromEffect(Effect.delay(Effect.succeed(bytes("world")[0]!), "1 hour"))
      )
      const first = yield* Effect.fork(OllamaClient.upload(provider(), { content: slow, digest: hello }))
      yield* TestClock.adjust("1 hour")
      assert.isTrue((yield* Fiber.join(first)).uploaded)
      yield* MockOllama.reset
      yield* MockOllama.setRules([{ when: ({ method }) => method === "POST", fault: { type: "stall" } }])
      const content = Stream.fromIterable(bytes("hello world"))
      const second = yield* Effect.fork(Effect.flip(OllamaClient.upload(provider(), { content, digest: hello })))
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(second)
      assert(error._tag === "RequestTimeout")
      assert.deepInclude(error, { phase: "idle", limit: 60_000 })
    }).pipe(Effect.provide(mock({}, { idleTimeout: "1 minute" }))))

  it.effect("closes the content when the answer comes before its end, and takes no more of it, whatever the transport does", () =>
    Effect.gen(function*() {
      const [begun, goOn, gaveUp] = [
        yield* Deferred.make<void>(),
        yield* Deferred.make<void>(),
        yield* Deferred.make<void>()
      ]
      const client = HttpClient.make((request) => {
        const answer = (status: number) => HttpClientResponse.fromWeb(request, new Response(null, { status }))
        if (request.body._tag !== "Stream") return Effect.succeed(answer(404))
        const one = Effect.zipRight(Deferred.succeed(begun, undefined), Deferred.await(goOn))
        return Stream.runForEach(request.body.stream, () => one).pipe(
          Effect.ensuring(Deferred.succeed(gaveUp, undefined)),
          Effect.forkDaemon,
          Effect.zipRight(Deferred.await(begun)),
          Effect.as(answer(413))
        )
      })
      let taken = 0
      let closed = false
      const content = Stream.rechunk(Stream.range(1, 9), 1).pipe(
        Stream.map(() => new Uint8Array(++taken)),
        Stream.ensuring(Effect.sync(() => {
          closed = true
        }))
      )
      const uploading = OllamaClient.upload(provider(), { content, digest: hello })
      const error = yield* Effect.flip(Effect.provide(uploading, OllamaClient.layer)).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )
      assert.strictEqual(error._tag, "RequestRejected")
      assert.isTrue(closed)
      yield* Deferred.succeed(goOn, undefined)
      yield* Deferred.await(gaveUp)
      assert.strictEqual(taken, 1)
    }))

  it.effect("sends all of the content again when a host's middleware asks again", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      let closed = 0
      const client = HttpClient.make((request) => {
        const answer = (status: number) => HttpClientResponse.fromWeb(request, new Response(null, { status }))
        if (request.body._tag !== "Stream") return Effect.succeed(answer(404))
        // of the first time only a part
        const taken = Stream.take(request.body.stream, seen.length === 0 ? 1 : 9)
        return Effect.map(Effect.orDie(Stream.runCollect(taken)), (pieces) => {
          seen.push(Array.from(pieces, (piece) => new TextDecoder().decode(piece)).join(""))
          return answer(seen.length < 3 ? 503 : 201)
        })
      })
      const content = Stream.rechunk(Stream.fromIterable(bytes("hello ", "world")), 1).pipe(
        Stream.ensuring(Effect.sync(() => void closed++))
      )
      const uploading = OllamaClient.upload(provider(), { content, digest: hello })
      yield* Effect.provide(uploading, OllamaClient.layer).pipe(
        Effect.provideService(HttpClient.HttpClient, HttpClient.retryTransient(client, { times: 2 }))
      )
      assert.deepStrictEqual(seen, ["hello ", "hello world", "hello world"])
      assert.strictEqual(closed, 3)
    }))

  for (const [name, transport] of [["fetch", FetchHttpClient.layer], ["undici", NodeTransport.layer]] as const) {
    const layer = Layer.merge(MockNode.layerServer(), Layer.provideMerge(OllamaClient.layer, transport))

    it.live(`streams, and is not repeated: ${name}`, () =>
      Effect.gen(function*() {
        const url = yield* MockNode.url
        const endpoint = provider({ root: url })
        const content = Stream.map(Stream.range(1, 200), (n) => new Uint8Array(10_000).fill(n))
        const first = yield* OllamaClient.upload(endpoint, { content })
        assert.isTrue(first.uploaded)
        assert.deepStrictEqual(yield* OllamaClient.upload(endpoint, { content }), { ...first, uploaded: false })
        const post = (yield* MockOllama.requests).find(({ method }) => method === "POST")!
        assert.strictEqual(post.headers["transfer-encoding"], "chunked")
      }).pipe(Effect.provide(layer)))

    it.live(`closes the connection and the content when it is interrupted: ${name}`, () =>
      Effect.gen(function*() {
        const begun = yield* Deferred.make<void>()
        const ended = yield* Deferred.make<void>()
        // More than buffers hold: once all of it was taken, the server has seen some.
        const content = Stream.map(Stream.range(1, 200), () => new Uint8Array(65_536)).pipe(
          Stream.rechunk(1),
          Stream.concat(Stream.execute(Deferred.succeed(begun, undefined))),
          Stream.concat(Stream.never),
          Stream.ensuring(Deferred.succeed(ended, undefined))
        )
        const endpoint = provider({ root: yield* MockNode.url })
        const fiber = yield* Effect.fork(OllamaClient.upload(endpoint, { content, digest: hello }))
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(fiber)
        assert.deepInclude(yield* MockNode.nextAborted, { method: "POST", path: `/api/blobs/${hello}` })
        yield* Deferred.await(ended)
      }).pipe(Effect.provide(layer)))
  }
})

describe("copy and delete", () => {
  it.effect("ask what they say, and fail as the server says", () =>
    Effect.gen(function*() {
      yield* OllamaClient.copy(provider(), "a", "b")
      yield* OllamaClient.delete(provider(), "a")
      assert.deepStrictEqual((yield* OllamaClient.tags(provider())).map(({ name }) => name), ["b:latest"])
      assert.strictEqual((yield* Effect.flip(OllamaClient.copy(provider(), "a", "c")))._tag, "ModelNotFound")
      assert.strictEqual((yield* Effect.flip(OllamaClient.delete(provider(), "a")))._tag, "ModelNotFound")
      assert.deepStrictEqual((yield* sent).slice(0, 2), [
        ["POST", "/api/copy", { source: "a", destination: "b" }],
        ["DELETE", "/api/delete", { model: "a" }]
      ])
    }).pipe(Effect.provide(mock({ models: ["a"] }))))

  it.effect("fail with an error inside a success, and with what is no answer of such a server", () =>
    Effect.gen(function*() {
      for (const asked of [OllamaClient.copy(provider(), "a", "b"), OllamaClient.delete(provider(), "a")]) {
        yield* MockOllama.setRules([
          answers({ error: "model 'a' not found" }),
          answers("<html>"),
          answers("null"),
          answers({})
        ])
        assert.strictEqual((yield* Effect.flip(asked))._tag, "ModelNotFound")
        assert.strictEqual((yield* Effect.flip(asked))._tag, "MalformedResponse")
        yield* asked
        yield* asked
      }
    }).pipe(Effect.provide(mock())))

  for (
    const said of [
      "OK",
      "true",
      "[]",
      "\"deleted\"",
      "{\n\"error\": null\n}",
      "{\"status\":\"a\"}\n{\"status\":\"success\"}\n"
    ]
  ) {
    it.effect(`take for a success whatever tells of no error: ${said}`, () =>
      Effect.gen(function*() {
        yield* OllamaClient.copy(provider(), "a", "b")
        yield* OllamaClient.delete(provider(), "a")
      }).pipe(Effect.provide(mock({ rules: [answers(said), answers(said)] }))))
  }

  it.effect("fail with an error in any line", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(OllamaClient.delete(provider(), "a"))
      assert.strictEqual(error._tag, "ModelNotFound")
    }).pipe(Effect.provide(mock({ rules: [answers({ status: "deleting" }, { error: "model 'a' not found" })] }))))
})

const answers = (...lines: ReadonlyArray<unknown>): MockOllama.Rule => ({
  raw: { chunks: [lines.map((line) => typeof line === "string" ? line : `${JSON.stringify(line)}\n`).join("")] },
  times: 1
})

describe("load", () => {
  it.effect("takes lines although it asked for none", () =>
    OllamaClient.load(provider(), "a").pipe(
      Effect.provide(mock({ rules: [answers({ message: {}, done: false }, { message: {}, done: true })] }))
    ))

  it.effect("is not done when nobody says so", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(OllamaClient.load(provider(), "a"))
      assert.strictEqual(error._tag, "MalformedResponse")
    }).pipe(Effect.provide(mock({ rules: [answers({ message: {}, done: false })] }))))
})

describe("what JSON does not have", () => {
  const cyclic: Record<string, never> = {}
  Object.assign(cyclic, { cyclic })
  const asked: ReadonlyArray<
    readonly [
      string,
      Effect.Effect<unknown, OllamaClient.StreamError | OllamaClient.WebError, OllamaClient.OllamaClient>,
      string?
    ]
  > = [
    ["load", OllamaClient.load(provider(), "a", { keepAlive: Infinity }), "keep_alive"],
    ["load", OllamaClient.load(provider(), "a", { numCtx: NaN }), "options.num_ctx"],
    ["generate", OllamaClient.generate(provider(), { model: "a", options: cyclic })],
    [
      "generateStream",
      Stream.runDrain(OllamaClient.generateStream(provider(), { model: "a", keepAlive: NaN })),
      "keep_alive"
    ],
    ["create", Stream.runDrain(OllamaClient.create(provider(), { model: "a", parameters: cyclic }))],
    ["webSearch", OllamaClient.webSearch("effect", { endpoint: provider(), maxResults: NaN }), "max_results"]
  ]
  for (const [name, one, path] of asked) {
    it.effect(`is refused before it is sent: ${name}, ${path ?? "a cycle"}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(one)
        assert(error._tag === "InvalidRequest")
        if (path === undefined) assert.include(error.detail, "cyclic")
        else assert.strictEqual(error.path, path)
        assert.deepStrictEqual(yield* sent, [])
      }).pipe(Effect.provide(mock())))
  }
})

describe("generate", () => {
  const reply = { reasoning: "Hm.", text: "return a + b" }

  it.effect("sends a raw prompt, a suffix, pictures and options, and reads the whole answer", () =>
    Effect.gen(function*() {
      const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
      const generated = yield* OllamaClient.generate(provider(), {
        model: "a",
        prompt: "add",
        suffix: "}",
        raw: true,
        images: [png],
        keepAlive: "5m",
        options: { num_predict: 9 }
      })
      assert.deepInclude(generated, { text: "return a + b", reasoning: "Hm.", finishReason: "stop", model: "a" })
      assert.isAbove(generated.usage!.outputTokens!, 0)
      assert.deepStrictEqual(yield* sent, [["POST", "/api/generate", {
        model: "a",
        prompt: "add",
        stream: false,
        suffix: "}",
        raw: true,
        keep_alive: "5m",
        options: { num_predict: 9 },
        images: ["iVBORw0KGgo="]
      }]])
    }).pipe(Effect.provide(
      mock({ models: [{ name: "a", capabilities: ["completion", "insert"] }], replies: [reply] })
    )))

  it.effect("says of a model that cannot fill in what it is", () =>
    Effect.gen(function*() {
      const input = { model: "a", prompt: "add", suffix: "}" }
      const error = yield* Effect.flip(OllamaClient.generate(provider(), input))
      assert.strictEqual(error._tag, "RequestRejected")
      assert.include(error.hint, "leave out the suffix")
    }).pipe(Effect.provide(mock({ models: ["a"] }))))

  it.effect("streams the same", () =>
    Effect.gen(function*() {
      const options = { model: "a", prompt: "add" }
      const whole = yield* OllamaClient.generate(provider(), options)
      const events = Chunk.toReadonlyArray(yield* Stream.runCollect(OllamaClient.generateStream(provider(), options)))
      const last = events.at(-1)!
      assert(last.type === "finish")
      assert.deepInclude(last, { text: whole.text, reasoning: whole.reasoning, finishReason: "stop" })
      const text = events.flatMap((event) => event.type === "text-delta" ? [event.delta] : [])
      assert.isAbove(text.length, 1)
      assert.strictEqual(text.join(""), whole.text)
    }).pipe(Effect.provide(mock({ models: ["a"], replies: [reply] }))))

  it.effect("fails when it is not finished, and refuses what is no picture", () =>
    Effect.gen(function*() {
      const options = { model: "a", prompt: "add" }
      assert.strictEqual((yield* Effect.flip(OllamaClient.generate(provider(), options)))._tag, "IncompleteResponse")
      const stream = Stream.runDrain(OllamaClient.generateStream(provider(), options))
      assert.strictEqual((yield* Effect.flip(stream))._tag, "IncompleteResponse")
      const picture = OllamaClient.generate(provider(), { ...options, images: ["https://example.com/x.png"] })
      assert.strictEqual((yield* Effect.flip(picture))._tag, "InvalidRequest")
    }).pipe(Effect.provide(mock({ models: ["a"], replies: [{ text: "x", finishReason: null }] }))))

  const begun = { thinking: "Hm.", response: "a long", done: false }
  const partial = { parts: [{ type: "reasoning", text: "Hm." }, { type: "text", text: "a long" }] } as const
  for (
    const [name, lines, error] of [
      ["is not done", [begun], { _tag: "IncompleteResponse" }],
      ["says that it failed", [begun, { response: "", done: true, done_reason: "error" }], {
        _tag: "IncompleteResponse",
        reason: "failed",
        finish: "error"
      }],
      ["fails with an error", [begun, { error: "boom" }], { _tag: "ServerError", detail: "boom" }],
      ["fails with an error behind its end", [begun, { response: "", done: true }, { error: "boom" }], {
        _tag: "ServerError"
      }],
      ["is no JSON any more", [begun, "<html>\n"], { _tag: "MalformedResponse" }]
    ] as const
  ) {
    it.effect(`keeps what had arrived of an answer that ${name}, streamed or not`, () =>
      Effect.gen(function*() {
        yield* MockOllama.setRules([answers(...lines), answers(...lines)])
        const options = { model: "a", prompt: "add" }
        const whole = yield* Effect.flip(OllamaClient.generate(provider(), options))
        assert.deepInclude(whole, { ...error, partial })
        const streamed = yield* Effect.flip(Stream.runDrain(OllamaClient.generateStream(provider(), options)))
        assert.deepInclude(streamed, { ...error, partial })
      }).pipe(Effect.provide(mock())))
  }

  it.effect("keeps what had arrived when the connection breaks", () =>
    Effect.gen(function*() {
      const options = { model: "a", prompt: "add" }
      const error = yield* Effect.flip(Stream.runDrain(OllamaClient.generateStream(provider(), options)))
      assert(error._tag === "IncompleteResponse")
      assert.deepInclude(error, { reason: "connection", partial: { parts: [{ type: "text", text: "one" }] } })
    }).pipe(
      Effect.provide(mock({ models: ["a"], replies: [{ text: "one two", fault: { type: "reset", after: 1 } }] }))
    ))

  it.effect("takes lines although it asked for none, and an error that says nothing", () =>
    Effect.gen(function*() {
      const generated = yield* OllamaClient.generate(provider(), { model: "a", prompt: "add" })
      assert.deepInclude(generated, { text: "a longer one", reasoning: "Hm.", finishReason: "stop" })
    }).pipe(Effect.provide(mock({
      rules: [answers({ ...begun, error: "" }, { response: "er one", done: true, error: false })]
    }))))

  it.live("closes the connection when it is interrupted", () =>
    Effect.gen(function*() {
      const endpoint = provider({ root: yield* MockNode.url })
      yield* Stream.runDrain(Stream.take(OllamaClient.generateStream(endpoint, { model: "a", prompt: "x" }), 1))
      assert.strictEqual((yield* MockNode.nextAborted).path, "/api/generate")
    }).pipe(
      Effect.provide(Layer.provideMerge(OllamaClient.layer, NodeTransport.layer)),
      Effect.provide(MockNode.layerServer({
        models: ["a"],
        replies: [{ text: "one two three", fault: { type: "stall", after: 2 } }]
      }))
    ))
})

describe("the web", () => {
  it.effect("is asked of the cloud, with the cloud's key", () =>
    Effect.gen(function*() {
      const results = yield* OllamaClient.webSearch("effect", { maxResults: 2 })
      assert.deepStrictEqual(results.map(({ url }) => url), ["https://example.com/1", "https://example.com/2"])
      assert.deepStrictEqual((yield* OllamaClient.webFetch("https://effect.website")).links, [
        "https://effect.website#more"
      ])
      const requests = yield* MockOllama.requests
      assert.deepStrictEqual(requests.map(({ headers, json, url }) => [url, json, headers["authorization"]]), [
        ["https://ollama.com/api/web_search", { query: "effect", max_results: 2 }, "Bearer cloud-key"],
        ["https://ollama.com/api/web_fetch", { url: "https://effect.website" }, "Bearer cloud-key"]
      ])
    }).pipe(Effect.provide(MockOllama.layer({}, {
      config: { models: { providers: { "ollama-cloud": { apiKey: "cloud-key" }, ollama: { apiKey: "other-key" } } } }
    }))))

  it.effect("is asked of nobody when the cloud is not enabled, whatever other keys there are", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(OllamaClient.webSearch("effect"))
      assert(error._tag === "NotEnabled")
      assert.strictEqual(error.provider, "ollama-cloud")
      assert.deepStrictEqual(yield* sent, [])
    }).pipe(Effect.provide(MockOllama.layer({}, { config: { models: { providers: { ollama: { apiKey: "k" } } } } }))))

  it.effect("is asked of the server that is named, which asks the cloud", () =>
    Effect.gen(function*() {
      const endpoint = provider({ key: { ...key("k", true), value: Redacted.make("k") } })
      yield* OllamaClient.webSearch("effect", { endpoint })
      yield* OllamaClient.webFetch("https://effect.website", { endpoint })
      assert.deepStrictEqual((yield* MockOllama.requests).map(({ path }) => path), [
        "/api/experimental/web_search",
        "/api/experimental/web_fetch"
      ])
    }).pipe(Effect.provide(mock())))
})
