import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { ChatCompletions, Message, type OllamaError } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { apis, created, events, mocked, once, partial, raw, requests, service, streamed } from "./support.js"
import { wire } from "./wire.js"

const prompt = { prompt: "Hi" }

for (const api of apis) {
  const { finish, raw: event, text, usage } = wire[api]

  describe(`what cannot be read, ${api}`, () => {
    const bytes = (line: string) => {
      const all = new TextEncoder().encode(line)
      const at = all.indexOf(0x58)
      all[at] = 0xff
      return all
    }
    const cases: Readonly<Record<string, readonly [chunk: string | Uint8Array, tag: string]>> = {
      "an error": [event("{\"error\":\"it broke\"}"), "ServerError"],
      "an error as an object": [event("{\"error\":{\"message\":\"it broke\",\"type\":\"api_error\"}}"), "ServerError"],
      "a busy server": [event("{\"error\":\"server busy, please try again.\"}"), "ServerBusy"],
      "garbage": [event("It works!"), "MalformedResponse"],
      "a page": [api === "ollama" ? "<html>\n" : "data: <html>\n\n", "MalformedResponse"],
      "broken JSON": [event(text("x").slice(api === "ollama" ? 0 : 6, 40)), "MalformedResponse"],
      "JSON that is no object": [event("[1,2]"), "MalformedResponse"],
      "bytes that are no UTF-8": [bytes(text("XXX")), "MalformedResponse"],
      "an event over the bound": [text("x".repeat(2000)), "MalformedResponse"],
      "an event over the bound that never ends": [text("x".repeat(2000)).trimEnd(), "MalformedResponse"],
      "a call whose arguments are a list": [
        wire[api].call({ name: "f", arguments: "[1]" }) + finish + usage,
        "MalformedToolCall"
      ],
      ...(api === "ollama" ? undefined : {
        "a call whose arguments are broken": [
          wire[api].call({ name: "f", arguments: "{\"a\":" }) + finish,
          "MalformedToolCall"
        ]
      }),
      "an end in the middle": ["", "IncompleteResponse"]
    }
    for (const [what, [chunk, tag]] of Object.entries(cases)) {
      it.effect(`${what}: ${tag}, with what had arrived`, () =>
        Effect.gen(function*() {
          const stream = yield* streamed(prompt)
          assert.strictEqual(stream.error?._tag, tag)
          assert.strictEqual(partial(stream), "Hello")
          const { all } = yield* events(prompt)
          assert.deepStrictEqual(all.slice(0, 2).map((one) => one.type), ["text-start", "text-delta"])
          const whole = yield* created(prompt)
          assert.strictEqual(whole.error?._tag, tag)
          assert.strictEqual(partial(whole), "Hello")
          assert.lengthOf(yield* requests, 3)
        }).pipe(
          Effect.provide(mocked(api, { replies: [{ raw: raw(api, [text("Hello"), chunk]) }] }, {
            streaming: true,
            retrySchedule: once,
            maxBytes: 1000
          }))
        ))
    }

    it.effect("deltas that are too large together: MalformedResponse, whole and as events", () =>
      Effect.gen(function*() {
        for (const ask of [streamed, created]) {
          const outcome = yield* ask(prompt)
          assert.strictEqual(outcome.error?._tag, "MalformedResponse")
          assert.isAtMost(partial(outcome).length, 1200)
        }
      }).pipe(
        Effect.provide(
          mocked(api, { replies: [{ raw: raw(api, Array(20).fill(text("x".repeat(200)))) }] }, {
            streaming: true,
            maxBytes: 1000
          })
        )
      ))

    const wholes: Readonly<Record<string, readonly [MockOllama.Reply, string]>> = {
      "garbage": [{ raw: { chunks: ["It works!"] } }, "MalformedResponse"],
      "nothing": [{ raw: { chunks: [""] } }, "MalformedResponse"],
      "broken JSON": [{ text: "Hello", fault: { type: "broken-json" } }, "MalformedResponse"],
      "bytes that are no UTF-8": [{ text: "Hello", fault: { type: "invalid-utf8" } }, "MalformedResponse"],
      "an answer over the bound": [{ text: "x".repeat(2000) }, "MalformedResponse"],
      "an error in a 200": [{ raw: { chunks: ["{\"error\":\"it broke\"}"] } }, "ServerError"],
      "a reset in the body": [
        { text: "Hello", fault: { type: "reset", after: 10, unit: "bytes" } },
        "IncompleteResponse"
      ],
      "an end in the body": [
        { text: "Hello", fault: { type: "close", after: 10, unit: "bytes" } },
        "IncompleteResponse"
      ]
    }
    for (const [what, [reply, tag]] of Object.entries(wholes)) {
      it.effect(`a whole answer, ${what}: ${tag}`, () =>
        Effect.gen(function*() {
          assert.strictEqual((yield* created(prompt)).error?._tag, tag)
          assert.strictEqual((yield* streamed(prompt)).error?._tag, tag)
          assert.lengthOf(yield* requests, 2)
        }).pipe(
          Effect.provide(
            mocked(api, { replies: [reply] }, { streaming: false, retrySchedule: once, maxBytes: 1000 })
          )
        ))
    }
  })
}

describe("a connection that is refused while an answer is read, as a proxy says it", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:11434"), { code: "ECONNREFUSED" })
  const client = (begin: string) =>
    Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) => {
        let begun = false
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (begun) return controller.error(new TypeError("terminated", { cause: refused }))
            begun = true
            controller.enqueue(new TextEncoder().encode(begin))
          }
        }, { highWaterMark: 0 })
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body)))
      })
    )

  for (const api of apis) {
    for (const streaming of [true, false]) {
      it.effect(`is an incomplete answer (${api}, streaming: ${streaming})`, () =>
        Effect.gen(function*() {
          for (const ask of [created, streamed]) {
            const outcome = yield* ask(prompt)
            assert.deepInclude({ ...outcome.error }, { _tag: "IncompleteResponse", reason: "connection" })
            assert.strictEqual(partial(outcome), streaming ? "Hello" : "")
          }
        }).pipe(
          Effect.provide(service(api, { streaming, retrySchedule: once })),
          Effect.provide(client(streaming ? wire[api].text("Hello") : wire[api].whole("Hello").slice(0, 20)))
        ))
    }
  }
})

describe("the partial message of a stream", () => {
  it.effect("keeps the first 1 Mi characters of a very long answer, and says so", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(ChatCompletions.stream({ prompt: "Hi" })))
      assert.strictEqual(error._tag, "ServerError")
      const { partial } = error as OllamaError.ServerError
      assert.isTrue(partial?.truncated)
      const text = Message.textOf(partial!.parts)
      assert.isAbove(text.length, 1024 * 1024 - 2000)
      assert.isAtMost(text.length, 1024 * 1024)
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      replies: [{ text: Array.from({ length: 1200 }, () => "x".repeat(1000)), fault: { type: "error", after: 1190 } }]
    }, {
      config: {
        models: { providers: { ollama: { apiKey: "k", api: "ollama", models: [{ id: "m" }] } } },
        agents: { defaults: { models: { "ollama/m": { streaming: true } } } }
      }
    }))))
})
