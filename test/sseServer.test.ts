/** The servers of `examples/sse-server.ts`, asked by a real HTTP client. */
import { HttpServer } from "@effect/platform"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, type Scope } from "effect"
import type { ChatCompletions } from "effect-ollama"
import * as NodeTransport from "effect-ollama/node"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"
import * as Http from "node:http"
import { ApiLive, RouterLive } from "../examples/sse-server.js"
import { once, service } from "./completions/support.js"

type Server = Layer.Layer<
  never,
  never,
  ChatCompletions.ChatCompletions | Layer.Layer.Success<ReturnType<typeof NodeHttpServer.layer>>
>

/** Starts a server over a mock that gives these replies, and says where it is. */
const served = (server: Server, replies: ReadonlyArray<MockOllama.Reply>, idleTimeout = 60_000) =>
  Effect.gen(function*() {
    const mock = yield* makeServer({ models: ["m"], replies })
    const context = yield* Layer.build(
      server.pipe(
        Layer.provideMerge(NodeHttpServer.layer(() => Http.createServer(), { port: 0, host: "127.0.0.1" })),
        Layer.provide(
          service("ollama", { baseUrl: mock.server.url, streaming: true, retrySchedule: once, idleTimeout })
        ),
        Layer.provide(NodeTransport.layer)
      )
    )
    const { address } = Context.get(context, HttpServer.HttpServer)
    assert(address._tag === "TcpAddress")
    return { mock, url: `http://127.0.0.1:${address.port}/chat` }
  })

interface Conversation {
  readonly status: number
  readonly type: string | undefined
  /** What comes, piece by piece; `undefined` at the end. */
  readonly next: Effect.Effect<string | undefined>
  /** What is still to come. */
  readonly rest: Effect.Effect<string>
  readonly leave: Effect.Effect<void>
}

const ask = (url: string, body: string): Effect.Effect<Conversation, never, Scope.Scope> =>
  Effect.gen(function*() {
    const controller = new AbortController()
    yield* Effect.addFinalizer(() => Effect.sync(() => controller.abort()))
    const response = yield* Effect.promise(() =>
      fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body, signal: controller.signal })
    )
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const next = Effect.map(Effect.promise(() => reader.read()), ({ value }) => value)
    const rest: Effect.Effect<string> = Effect.flatMap(
      next,
      (piece) => piece === undefined ? Effect.succeed("") : Effect.map(rest, (more) => piece + more)
    )
    return {
      status: response.status,
      type: response.headers.get("content-type")?.replace(/;.*/, ""),
      next,
      rest,
      leave: Effect.sync(() => controller.abort())
    }
  })

const question = JSON.stringify({ prompt: "Count." })
const text = (word: string) => `event: text\ndata: ${JSON.stringify(word)}\n\n`

for (const [name, server] of [["HttpRouter", RouterLive], ["HttpApi", ApiLive]] as const) {
  describe(`server-sent events on ${name}`, () => {
    it.scopedLive("come while the model still speaks, and a client that leaves stops it", () =>
      Effect.gen(function*() {
        // after each word in turn the model says no more
        const stalls = [1, 2].map((after): MockOllama.Reply => ({
          text: "one two three",
          fault: { type: "stall", after }
        }))
        const { mock, url } = yield* served(server, stalls)
        for (const said of [text("one"), text("one") + text(" two")]) {
          const answer = yield* ask(url, question)
          assert.deepStrictEqual([answer.status, answer.type], [200, "text/event-stream"])
          let received = ""
          while (received.length < said.length) received += yield* answer.next
          assert.strictEqual(received, said)
          yield* answer.leave
          const left = yield* mock.server.nextAborted
          assert.strictEqual(left.path, "/api/chat")
        }
      }))

    it.scopedLive("end with what the model's server said at the end", () =>
      Effect.gen(function*() {
        const { url } = yield* served(server, [{ text: "one two", usage: { inputTokens: 3, outputTokens: 2 } }])
        const usage = { inputTokens: 3, outputTokens: 2, totalTokens: 5 }
        assert.strictEqual(
          yield* Effect.flatMap(ask(url, question), ({ rest }) => rest),
          `${text("one")}${text(" two")}event: done\ndata: ${JSON.stringify({ finishReason: "stop", usage })}\n\n`
        )
      }))

    it.scopedLive("are none when it fails before the first one: then there is a status", () =>
      Effect.gen(function*() {
        const { url } = yield* served(server, [{ fault: { type: "status", status: 500, error: "out of memory" } }])
        const { rest, status } = yield* ask(url, question)
        assert.strictEqual(status, 502)
        const text = yield* rest
        assert.deepInclude(JSON.parse(text), { _tag: "PublicError", tag: "ServerError", category: "server" })
        assert.notInclude(text, "memory")
      }))

    it.scopedLive("tell of a failure that comes later", () =>
      Effect.gen(function*() {
        const { url } = yield* served(server, [{ text: "one two", fault: { type: "stall", after: 1 } }], 50)
        const received = yield* Effect.flatMap(ask(url, question), ({ rest }) => rest)
        const [before, after] = received.split("event: error\ndata: ")
        assert.strictEqual(before, text("one"))
        assert.deepInclude(JSON.parse(after!), { _tag: "PublicError", tag: "RequestTimeout" })
      }))

    it.scopedLive("are none for a question that is no question", () =>
      Effect.gen(function*() {
        const { mock, url } = yield* served(server, [{ text: "one" }])
        for (const body of ["{\"prompt\":1}", "{"]) assert.strictEqual((yield* ask(url, body)).status, 400)
        assert.lengthOf(yield* mock.mock.requests, 0)
      }))
  })
}
