import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import type { HttpClientError } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Stream, TestClock } from "effect"
import { MockOllama } from "effect-ollama/testing"
import { toldOnConsole } from "../support/console.js"

const root = "http://127.0.0.1:11434"

const ask = (body: object, path = "/api/chat") =>
  HttpClientRequest.post(root + path).pipe(HttpClientRequest.bodyUnsafeJson(body), HttpClient.execute)

const hi = { model: "m", messages: [{ role: "user", content: "Hi" }] }

const chat = (options: object = {}) => ask({ ...hi, ...options })

const v1 = (options: object = {}) => ask({ ...hi, ...options }, "/v1/chat/completions")

const mocked = (reply: MockOllama.Reply | string, description: MockOllama.Description = {}) =>
  Effect.provide(MockOllama.layerHttpClient({ models: ["m"], replies: [reply], ...description }))

const bodyOf = <E, R>(response: Effect.Effect<{ readonly text: Effect.Effect<string, E> }, E, R>) =>
  Effect.flatMap(response, (one) => one.text)

/** The names, codes and messages of the causes, from the outside in. */
const causes = (error: unknown): ReadonlyArray<string> => {
  const out: Array<string> = []
  let one = (error as { readonly cause?: unknown }).cause
  while (one instanceof Error) {
    const { code } = one as { readonly code?: string }
    out.push(`${one.name}${code === undefined ? "" : ` ${code}`}: ${one.message}`)
    one = one.cause
  }
  return out
}

const received = (
  response: Effect.Effect<
    { readonly stream: Stream.Stream<Uint8Array, HttpClientError.ResponseError> },
    HttpClientError.HttpClientError,
    HttpClient.HttpClient
  >
) =>
  Effect.gen(function*() {
    const chunks: Array<string> = []
    const exit = yield* Effect.exit(Effect.flatMap(response, (one) =>
      Stream.runForEach(one.stream, (bytes) =>
        Effect.sync(() =>
          chunks.push(Buffer.from(bytes).toString("latin1"))
        ))))
    return { chunks, exit }
  })

describe("MockOllama.layerHttpClient", () => {
  describe("replies", () => {
    it.effect("are used in order, and the last one again", () =>
      Effect.gen(function*() {
        const texts: Array<unknown> = []
        for (let i = 0; i < 3; i++) {
          texts.push(
            ((yield* (yield* chat({ stream: false })).json) as { message: { content: string } }).message.content
          )
        }
        assert.deepStrictEqual(texts, ["one", "two", "two"])
      }).pipe(mocked("one", { replies: ["one", { text: "two" }] })))

    it.effect("can run out", () =>
      Effect.gen(function*() {
        yield* chat({ stream: false })
        const response = yield* chat({ stream: false })
        assert.strictEqual(response.status, 500)
        assert.include(yield* response.text, "no reply is left")
      }).pipe(mocked("one", { exhausted: "fail" })))

    it.effect("can be meant for a model or for certain requests, or be made from the request", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        assert.include(yield* bodyOf(ask({ ...hi, model: "b:latest", stream: false })), "for b")
        assert.include(yield* bodyOf(chat({ stream: false, think: false })), "unthinking")
        assert.include(yield* bodyOf(chat({ stream: false })), "any")
        yield* mock.setReplies((request) => `you asked ${request.model}`)
        assert.include(yield* bodyOf(chat({ stream: false })), "you asked m")
        yield* mock.push("pushed")
        assert.include(yield* bodyOf(chat({ stream: false })), "pushed")
      }).pipe(mocked("", {
        models: ["m", "b"],
        replies: [
          { text: "for b", when: "b" },
          { text: "unthinking", when: (request) => (request.json as { think?: boolean }).think === false },
          "any"
        ]
      })))

    const says = Effect.map(bodyOf(chat({ stream: false })), (text) => JSON.parse(text).message.content as string)

    it.effect("are a greeting as long as there is none, and what is pushed comes at once", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        yield* mock.push("one", "two")
        assert.deepStrictEqual([yield* says, yield* says, yield* says], ["one", "two", "two"])
        yield* mock.reset
        assert.deepStrictEqual([yield* says, yield* says], ["Hello.", "Hello."])
      }).pipe(mocked("", { replies: undefined })))

    it.effect("that are pushed come before those that a function makes, and then it goes on", () =>
      Effect.gen(function*() {
        yield* MockOllama.push("pushed")
        assert.deepStrictEqual([yield* says, yield* says], ["pushed", "m"])
      }).pipe(mocked("", { replies: (request) => request.model ?? "" })))

    it.effect("whose function throws are answered in words, and the stack is told", () =>
      Effect.gen(function*() {
        const told = yield* toldOnConsole(Effect.gen(function*() {
          const answer = yield* v1()
          assert.deepStrictEqual(
            [answer.status, yield* answer.text],
            [500, "{\"error\":\"mock: the description threw: no such reply\"}"]
          )
        }))
        assert.match(told, /no such reply[^]*memory\.test\.ts/)
        assert.lengthOf(yield* MockOllama.requests, 1)
      }).pipe(mocked("", {
        replies: () => {
          throw new Error("no such reply")
        }
      })))

    it.effect("are not used up by refused requests nor by loading", () =>
      Effect.gen(function*() {
        yield* ask({ model: "missing", messages: hi.messages })
        yield* ask({ model: "m" })
        assert.include(yield* bodyOf(chat({ stream: false })), "first")
      }).pipe(mocked("", { replies: ["first", "second"] })))

    it.effect("may hold verbatim events and whole responses", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        assert.include(yield* bodyOf(v1({ stream: true })), "data: {\"odd\":1}\n\ndata: {")
        yield* mock.setReplies([{
          raw: { status: 418, headers: { "X-Tea": "1" }, chunks: ["a", new Uint8Array([0xff])] }
        }])
        const response = yield* chat()
        assert.deepStrictEqual([response.status, response.headers["x-tea"]], [418, "1"])
        assert.deepStrictEqual(new Uint8Array(yield* response.arrayBuffer), new Uint8Array([97, 0xff]))
      }).pipe(mocked({ parts: [{ raw: "{\"odd\":1}" }] })))

    it.effect("send arguments given as text exactly as they are", () =>
      Effect.gen(function*() {
        const big = "{\"n\":12345678901234567890}"
        assert.include(yield* bodyOf(chat({ stream: false })), `"arguments":${big}}`)
        assert.include(yield* bodyOf(v1()), `"arguments":${JSON.stringify(big)}}`)
      }).pipe(mocked({ toolCalls: [{ name: "f", arguments: "{\"n\":12345678901234567890}" }] })))
  })

  describe("time", () => {
    it.effect("passes by the test clock: before the head, and between the chunks", () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const fiber = yield* Effect.fork(Effect.gen(function*() {
          const response = yield* chat()
          seen.push("head")
          yield* Stream.runForEach(response.stream, () => Effect.sync(() => seen.push("chunk")))
        }))
        yield* TestClock.adjust(999)
        assert.deepStrictEqual(seen, [])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(seen, ["head", "chunk"])
        yield* TestClock.adjust(99)
        assert.deepStrictEqual(seen, ["head", "chunk"])
        yield* TestClock.adjust(101)
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(seen, ["head", "chunk", "chunk", "chunk"])
      }).pipe(mocked({ text: ["a", "b"], delayMs: { head: 1000, chunk: 100 } })))

    it.effect("a whole answer waits for all of the generation before its head", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(chat({ stream: false }))
        yield* TestClock.adjust(299)
        assert.isNull(yield* Fiber.poll(fiber).pipe(Effect.map((exit) => exit._tag === "None" ? null : exit)))
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
      }).pipe(mocked({ text: ["a", "b", "c"], delayMs: 100 })))

    it.effect("stands in the answers", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2030, 0, 2, 3, 4, 5))
        const response = yield* chat({ stream: false })
        assert.include(yield* response.text, "\"created_at\":\"2030-01-02T03:04:05.000000001Z\"")
        assert.strictEqual(response.headers["date"], "Wed, 02 Jan 2030 03:04:05 GMT")
      }).pipe(mocked("a")))
  })

  describe("requests", () => {
    it.effect("are recorded as they were sent", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        yield* HttpClientRequest.post(`${root}/api/chat?x=1`).pipe(
          HttpClientRequest.bearerToken("secret"),
          HttpClientRequest.bodyUnsafeJson({ ...hi, stream: false }),
          HttpClient.execute,
          Effect.flatMap((response) => response.text)
        )
        const [request, ...rest] = yield* mock.requests
        assert.strictEqual(rest.length, 0)
        assert.deepInclude(request, {
          method: "POST",
          url: `${root}/api/chat?x=1`,
          path: "/api/chat",
          model: "m",
          json: { ...hi, stream: false },
          body: JSON.stringify({ ...hi, stream: false }),
          at: 0,
          aborted: false,
          complete: true
        })
        assert.deepInclude(request!.headers, { authorization: "Bearer secret", "content-type": "application/json" })
        yield* mock.reset
        assert.deepStrictEqual(yield* mock.requests, [])
      }).pipe(mocked("a")))

    it.effect("have the bytes of a body that is given raw", () =>
      Effect.gen(function*() {
        const bytes = new TextEncoder().encode(JSON.stringify({ ...hi, stream: false }))
        for (const raw of [bytes, bytes.buffer]) {
          const response = yield* HttpClientRequest.post(`${root}/api/chat`).pipe(
            HttpClientRequest.setBody(HttpBody.raw(raw)),
            HttpClient.execute
          )
          assert.strictEqual(response.status, 200)
        }
      }).pipe(mocked("a")))

    it.effect("are aborted when the client is interrupted before the head", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        const fiber = yield* Effect.fork(chat())
        yield* TestClock.adjust(10)
        yield* Fiber.interrupt(fiber)
        assert.deepInclude((yield* mock.requests)[0], { aborted: true, complete: false })
      }).pipe(mocked({ fault: { type: "stall" } })))

    it.effect("are aborted when the client is interrupted in the body, or reads no further", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        const fiber = yield* Effect.fork(received(chat()))
        yield* TestClock.adjust(10)
        yield* Fiber.interrupt(fiber)
        yield* Effect.flatMap(chat(), (response) => Stream.runDrain(Stream.take(response.stream, 1)))
        assert.deepStrictEqual((yield* mock.requests).map((request) => request.aborted), [true, true])
      }).pipe(mocked({ text: "a b c", fault: { type: "stall", after: 2 } })))

    it.effect("are complete without a reader, if nobody has to wait for their answers", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        yield* ask({ model: "x" }, "/api/pull")
        yield* Effect.scoped(Effect.flatMap(HttpClient.HttpClient, (client) =>
          HttpClient.withScope(client).execute(
            HttpClientRequest.post(`${root}/api/chat`).pipe(
              HttpClientRequest.bodyUnsafeJson(hi)
            )
          )))
        assert.deepStrictEqual(
          (yield* mock.requests).map(({ aborted, complete }) => ({ aborted, complete })),
          [{ aborted: false, complete: true }, { aborted: false, complete: false }]
        )
        assert.strictEqual((yield* ask({ model: "x" }, "/api/show")).status, 200)
      }).pipe(mocked({ text: "a b", delayMs: { chunk: 10 } })))

    it.effect("under a prefix have their path without it, and others are not found", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        assert.strictEqual(mock.url, `${root}/ollama`)
        assert.strictEqual((yield* HttpClient.get(`${mock.url}/api/version`)).status, 200)
        assert.strictEqual((yield* HttpClient.get(`${root}/api/version`)).status, 404)
        assert.strictEqual((yield* HttpClient.get(`${root}/ollamas/api/version`)).status, 404)
        assert.strictEqual((yield* mock.requests)[0]!.path, "/api/version")
      }).pipe(mocked("a", { prefix: "/ollama" })))
  })

  describe("faults in answers", () => {
    it.effect("any status, in the dialect's shape or verbatim", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        const answers = [yield* chat(), yield* v1(), yield* chat()]
        assert.deepStrictEqual(answers.map((answer) => answer.status), [429, 429, 502])
        assert.deepStrictEqual(
          yield* Effect.forEach(answers, (answer) => answer.text),
          [
            "{\"error\":\"slow down\"}",
            "{\"error\":{\"message\":\"slow down\",\"type\":\"api_error\",\"param\":null,\"code\":null}}\n",
            "<html>"
          ]
        )
        assert.strictEqual(answers[0]!.headers["retry-after"], "7")
        assert.strictEqual(answers[2]!.headers["content-type"], "text/html")
        assert.isTrue((yield* mock.requests).every((request) => request.complete))
      }).pipe(mocked("", {
        replies: [
          { fault: { type: "status", status: 429, error: "slow down", headers: { "Retry-After": "7" } } },
          { fault: { type: "status", status: 429, error: "slow down" } },
          { fault: { type: "status", status: 502, body: "<html>", headers: { "Content-Type": "text/html" } } }
        ]
      })))

    it.effect("a missing model, a redirect, a page", () =>
      Effect.gen(function*() {
        const missing = yield* chat()
        assert.deepStrictEqual([missing.status, yield* missing.text], [404, "{\"error\":\"model 'm' not found\"}"])
        const redirect = yield* chat()
        assert.deepStrictEqual([redirect.status, redirect.headers["location"]], [307, "https://elsewhere/"])
        const page = yield* chat()
        assert.deepStrictEqual([page.status, page.headers["content-type"]], [200, "text/html"])
        assert.strictEqual((yield* Effect.flip(page.json)).reason, "Decode")
      }).pipe(mocked("", {
        replies: [
          { fault: { type: "missing-model" } },
          { fault: { type: "redirect", location: "https://elsewhere/" } },
          { fault: { type: "not-json" } }
        ]
      })))

    it.effect("broken JSON in one event, with the stream going on after it", () =>
      Effect.gen(function*() {
        const lines = (yield* bodyOf(chat())).split("\n")
        assert.throws(() => JSON.parse(lines[1]!))
        assert.strictEqual(JSON.parse(lines[2]!).message.content, "c")
        const response = yield* chat({ stream: false })
        assert.strictEqual((yield* Effect.flip(response.json)).reason, "Decode")
      }).pipe(mocked({ text: ["a", "b", "c"], fault: { type: "broken-json", after: 1 } })))

    it.effect("bytes that are not UTF-8", () =>
      Effect.gen(function*() {
        for (const response of [yield* chat(), yield* v1({ stream: true }), yield* v1()]) {
          const bytes = yield* response.arrayBuffer
          assert.throws(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes))
        }
      }).pipe(mocked({ text: ["a", "b"], fault: { type: "invalid-utf8", after: 1 } })))

    it.effect("an error in mid-stream: a line natively, a lost one on /v1, a 500 when whole", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* bodyOf(chat())).split("\n").at(-2), "{\"error\":\"boom\"}")
        const events = (yield* bodyOf(v1({ stream: true }))).trim().split("\n\n")
        assert.strictEqual(events.length, 2)
        assert.include(events[1], "\"model\":\"\"")
        const answer = yield* chat({ stream: false })
        assert.deepStrictEqual([answer.status, yield* answer.text], [500, "{\"error\":\"boom\"}"])
      }).pipe(mocked({ text: ["a", "b"], fault: { type: "error", after: 1, message: "boom" } })))

    it.effect("an end without a finish", () =>
      Effect.gen(function*() {
        assert.notInclude(yield* bodyOf(chat()), "\"done\":true")
        assert.notInclude(yield* bodyOf(v1({ stream: true })), "[DONE]")
        assert.include(yield* bodyOf(v1()), "\"finish_reason\":null")
      }).pipe(mocked({ text: ["a", "b"], fault: { type: "end", after: 1 } })))
  })

  describe("faults in sending", () => {
    it.effect("given chunk sizes, the last of which repeats", () =>
      Effect.gen(function*() {
        const { chunks } = yield* received(chat({ stream: false }))
        assert.deepStrictEqual(chunks.slice(0, 4).map((chunk) => chunk.length), [1, 4, 2, 2])
        assert.strictEqual(JSON.parse(chunks.join("")).message.content, "a")
      }).pipe(mocked({ text: "a", fault: { type: "split", sizes: [1, 4, 2] } })))

    it.effect("one byte at a time", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(received(HttpClient.get(`${root}/api/version`)))
        yield* TestClock.adjust(189)
        assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
        yield* TestClock.adjust(1)
        assert.deepStrictEqual((yield* Fiber.join(fiber)).chunks, [..."{\"version\":\"0.33.0\"}"])
      }).pipe(mocked("", { rules: [{ fault: { type: "drip", delayMs: 10 } }] })))

    it.effect("cut anew, chunks are as late as they were", () =>
      Effect.gen(function*() {
        const times: Array<readonly [number, number]> = []
        const fiber = yield* Effect.fork(Effect.flatMap(chat(), ({ stream }) =>
          Stream.runForEach(stream, (bytes) =>
            Effect.map(Clock.currentTimeMillis, (now) =>
              times.push([now, bytes.length])))))
        yield* TestClock.adjust(3000)
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(times, [[0, 2], [1000, 2], [1000, 1], [2000, 1]])
      }).pipe(
        mocked({
          raw: { chunks: ["abc", "de", "f"] },
          delayMs: { chunk: 1000 },
          fault: { type: "split", sizes: [2, 2, 1] }
        })
      ))

    it.effect("byte by byte, with what the chunks wait besides", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(received(chat()))
        yield* TestClock.adjust(1029)
        assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
        yield* TestClock.adjust(1)
        assert.deepStrictEqual((yield* Fiber.join(fiber)).chunks, ["a", "b", "c", "d"])
      }).pipe(mocked({
        raw: { chunks: ["ab", "cd"] },
        delayMs: { chunk: 1000 },
        fault: { type: "drip", delayMs: 10 }
      })))

    it.effect("a stall in the body never ends", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(received(chat()))
        yield* TestClock.adjust("1 day")
        assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
        yield* Fiber.interrupt(fiber)
      }).pipe(mocked({ text: "a", fault: { type: "stall", after: 1 } })))

    const reset = { type: "reset", after: 5, unit: "bytes" } as const
    const table: ReadonlyArray<[MockOllama.Runtime, MockOllama.Fault, string, ReadonlyArray<string>]> = [
      ["fetch", { type: "refused" }, "Transport", [
        "TypeError: fetch failed",
        "Error ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:11434"
      ]],
      ["undici", { type: "refused" }, "Transport", ["Error ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:11434"]],
      ["http", { type: "refused" }, "Transport", ["Error ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:11434"]],
      ["bun", { type: "refused" }, "Transport", [
        "TypeError ECONNREFUSED: Unable to connect. Is the computer able to access the url?"
      ]],
      ["fetch", { type: "dns" }, "Transport", [
        "TypeError: fetch failed",
        "Error ENOTFOUND: getaddrinfo ENOTFOUND 127.0.0.1"
      ]],
      ["fetch", { type: "headers-timeout" }, "Transport", [
        "TypeError: fetch failed",
        "HeadersTimeoutError UND_ERR_HEADERS_TIMEOUT: Headers Timeout Error"
      ]],
      ["fetch", { type: "reset" }, "Transport", ["TypeError: fetch failed", "Error ECONNRESET: read ECONNRESET"]],
      ["fetch", { type: "close" }, "Transport", [
        "TypeError: fetch failed",
        "SocketError UND_ERR_SOCKET: other side closed"
      ]],
      ["http", { type: "close" }, "Transport", ["Error ECONNRESET: socket hang up"]],
      ["fetch", reset, "Decode", ["TypeError: terminated", "Error ECONNRESET: read ECONNRESET"]],
      ["fetch", { type: "close", after: 1 }, "Decode", [
        "TypeError: terminated",
        "SocketError UND_ERR_SOCKET: other side closed"
      ]],
      ["undici", reset, "Decode", ["Error ECONNRESET: read ECONNRESET"]],
      ["http", reset, "Decode", ["Error ECONNRESET: aborted"]],
      ["bun", reset, "Decode", ["TypeError ECONNRESET: The socket connection was closed unexpectedly."]],
      ["deno", reset, "Decode", ["TypeError: error reading a body from connection"]]
    ]
    for (const [runtime, fault, reason, expected] of table) {
      it.effect(`fail as with ${runtime}: ${JSON.stringify(fault)}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Effect.flatMap(chat(), (response) => response.text))
          assert.strictEqual(error.reason, reason)
          assert.deepStrictEqual(causes(error), expected)
          assert.deepInclude((yield* (yield* MockOllama.MockOllama).requests)[0], { aborted: false, complete: false })
        }).pipe(Effect.provide(MockOllama.layerHttpClient({ models: ["m"], replies: [{ fault }] }, { runtime }))))
    }

    it.effect("a refused localhost was tried at both addresses", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(HttpClient.get("http://localhost:11434/api/tags"))
        const inner = (error.cause as Error).cause as AggregateError & { readonly code: string }
        assert.deepStrictEqual([inner.code, inner.message, inner.errors.length], ["ECONNREFUSED", "", 2])
      }).pipe(mocked("", { rules: [{ fault: { type: "refused" } }] })))

    it.effect("what came before a reset was delivered", () =>
      Effect.gen(function*() {
        const { chunks, exit } = yield* received(chat())
        assert.isTrue(Exit.isFailure(exit))
        assert.strictEqual(chunks.length, 2)
      }).pipe(mocked({ text: "a b c", fault: { type: "reset", after: 2 } })))

    it.effect("the length that was announced is that of the whole answer", () =>
      Effect.gen(function*() {
        const response = yield* chat({ stream: false })
        assert.isAbove(Number(response.headers["content-length"]), 100)
        assert.strictEqual((yield* Effect.flip(response.text)).reason, "Decode")
      }).pipe(mocked({ text: "a", fault: { type: "close", after: 10, unit: "bytes" } })))
  })

  describe("rules", () => {
    it.effect("meet paths and models, and only so many times", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        const tags = HttpClient.get(`${root}/api/tags`)
        assert.strictEqual((yield* Effect.flip(tags)).reason, "Transport")
        assert.strictEqual((yield* Effect.flip(tags)).reason, "Transport")
        assert.strictEqual((yield* tags).status, 200)
        assert.strictEqual((yield* ask({ model: "m" }, "/api/show")).status, 200)
        assert.strictEqual((yield* ask({ model: "b:latest" }, "/api/show")).status, 500)
        yield* mock.setRules([])
        assert.strictEqual((yield* ask({ model: "b" }, "/api/show")).status, 200)
      }).pipe(mocked("", {
        models: ["m", "b"],
        rules: [
          { path: "/api/tags", times: 2, fault: { type: "refused" } },
          { path: "/api/show", model: "b", fault: { type: "status", status: 500 } }
        ]
      })))

    it.effect("fail in the middle of any stream, as a reply does", () =>
      Effect.gen(function*() {
        const pulled = (yield* bodyOf(ask({ model: "x" }, "/api/pull"))).trimEnd().split("\n")
        assert.deepStrictEqual([pulled.length, pulled.at(-1)], [3, "{\"error\":\"boom\"}"])
        const said = (yield* bodyOf(chat())).trimEnd().split("\n")
        assert.deepStrictEqual([said.length, said.at(-1)], [3, "{\"error\":\"boom\"}"])
        const events = (yield* bodyOf(v1({ stream: true }))).trimEnd().split("\n\n")
        assert.strictEqual(events.length, 3)
        assert.include(events[2], "\"model\":\"\"")
        for (const whole of [chat({ stream: false }), ask({ model: "x", stream: false }, "/api/pull")]) {
          const answer = yield* whole
          assert.deepStrictEqual([answer.status, yield* answer.text], [500, "{\"error\":\"boom\"}"])
        }
      }).pipe(mocked("a b c", { rules: [{ fault: { type: "error", after: 2, message: "boom" } }] })))

    it.effect("fail in the middle of an answer that is given raw", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* bodyOf(chat()), "{}\n{}\n{\"error\":\"boom\"}\n")
      }).pipe(mocked("a", {
        rules: [{
          raw: { headers: { "content-type": "application/x-ndjson" }, chunks: ["{}\n", "{}\n", "{}\n"] },
          fault: { type: "error", after: 2, message: "boom" }
        }]
      })))

    it.effect("end any stream before it is finished", () =>
      Effect.gen(function*() {
        const pulled = yield* bodyOf(ask({ model: "x" }, "/api/pull"))
        assert.strictEqual(pulled.trimEnd().split("\n").at(-1), "{\"status\":\"writing manifest\"}")
        assert.notInclude(yield* bodyOf(chat()), "\"done\":true")
        assert.notInclude(yield* bodyOf(v1({ stream: true })), "[DONE]")
        assert.include(yield* bodyOf(v1()), "\"finish_reason\":null")
        assert.strictEqual((yield* HttpClient.get(`${root}/api/tags`)).status, 200)
      }).pipe(mocked("a b", { rules: [{ fault: { type: "end" } }] })))

    it.effect("can only slow a request down", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(HttpClient.get(`${root}/api/tags`))
        yield* TestClock.adjust(4999)
        assert.strictEqual((yield* Fiber.poll(fiber))._tag, "None")
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
      }).pipe(mocked("", { rules: [{ delayMs: 5000 }] })))
  })

  describe("models", () => {
    it.effect("change while the mock runs", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        yield* mock.setModels([{
          name: "new",
          capabilities: ["completion", "vision"],
          parameters: { num_ctx: 2_000_000, stop: ["a"] }
        }])
        const names = (yield* (yield* HttpClient.get(`${root}/api/tags`)).json) as { models: Array<{ name: string }> }
        assert.deepStrictEqual(names.models.map((model) => model.name), ["new:latest"])
        const show = (yield* (yield* ask({ model: "new" }, "/api/show")).json) as {
          parameters: string
          capabilities: unknown
        }
        assert.strictEqual(show.parameters, `num_ctx${" ".repeat(24)}2e+06\nstop${" ".repeat(27)}"a"`)
        assert.deepStrictEqual(show.capabilities, ["completion", "vision"])
      }).pipe(mocked("")))

    it.effect("have another digest when they change, and a copy has that of its source", () =>
      Effect.gen(function*() {
        const digests = Effect.gen(function*() {
          const tags = (yield* (yield* HttpClient.get(`${root}/api/tags`)).json) as {
            models: Array<{ name: string; digest: string }>
          }
          return new Map(tags.models.map(({ digest, name }) => [name, digest]))
        })
        const before = (yield* digests).get("m:latest")
        yield* MockOllama.setModels(["m"])
        assert.strictEqual((yield* digests).get("m:latest"), before)
        yield* MockOllama.setModels([{ name: "m", capabilities: ["completion", "tools", "thinking"] }])
        const after = (yield* digests).get("m:latest")
        assert.notStrictEqual(after, before)
        assert.match(after!, /^[0-9a-f]{64}$/)
        yield* ask({ source: "m", destination: "copied" }, "/api/copy")
        yield* ask({ model: "made", from: "m", system: "Be brief." }, "/api/create")
        yield* ask({ model: "made too", from: "m", system: "Be long." }, "/api/create").pipe(bodyOf)
        const all = yield* digests
        assert.strictEqual(all.get("copied:latest"), after)
        assert.strictEqual(new Set(all.values()).size, 3)
      }).pipe(mocked("")))

    it.effect("are listed newest first, and one that comes is the newest", () =>
      Effect.gen(function*() {
        const names = Effect.gen(function*() {
          const tags = yield* (yield* HttpClient.get(`${root}/api/tags`)).json
          const list = yield* (yield* HttpClient.get(`${root}/v1/models`)).json
          const found = (tags as { models: Array<{ name: string }> }).models.map(({ name }) => name)
          assert.deepStrictEqual((list as { data: Array<{ id: string }> }).data.map(({ id }) => id), found)
          return found
        })
        assert.deepStrictEqual(yield* names, ["new:latest", "old:latest"])
        yield* ask({ model: "pulled" }, "/api/pull")
        yield* ask({ source: "old", destination: "copied" }, "/api/copy")
        assert.deepStrictEqual(yield* names, ["copied:latest", "pulled:latest", "new:latest", "old:latest"])
      }).pipe(mocked("", {
        models: [
          { name: "old", modifiedAt: "2026-05-01T00:00:00Z" },
          { name: "new", modifiedAt: "2026-06-01T00:00:00+02:00" }
        ]
      })))

    it.effect("are created with the parameters of their base and their own over them", () =>
      Effect.gen(function*() {
        const parameters = { stop: ["x", "y"], num_ctx: 4096 }
        for (const from of ["described", "written"]) {
          yield* ask({ model: "made", from, parameters }, "/api/create")
          const { parameters: text } = (yield* (yield* ask({ model: "made" }, "/api/show")).json) as {
            parameters: string
          }
          assert.deepStrictEqual(text.split("\n").map((line) => line.replace(/ +/, " ")), [
            "temperature 0.5",
            "stop \"x\"",
            "stop \"y\"",
            "num_ctx 4096"
          ])
        }
      }).pipe(mocked("", {
        models: [
          { name: "described", parameters: { temperature: 0.5, stop: "a", num_ctx: 8192 } },
          { name: "written", parameters: "stop      \"a\"\ntemperature   0.5" }
        ]
      })))

    it.effect("are pulled and deleted", () =>
      Effect.gen(function*() {
        const lines = (yield* bodyOf(ask({ model: "pulled" }, "/api/pull"))).trim().split("\n")
        assert.strictEqual(lines.at(-1), "{\"status\":\"success\"}")
        assert.strictEqual((yield* ask({ model: "pulled" }, "/api/show")).status, 200)
        const gone = yield* HttpClientRequest.del(`${root}/api/delete`).pipe(
          HttpClientRequest.bodyUnsafeJson({ model: "pulled" }),
          HttpClient.execute
        )
        assert.strictEqual(gone.status, 200)
        assert.strictEqual((yield* ask({ model: "pulled" }, "/api/show")).status, 404)
      }).pipe(mocked("")))

    it.effect("are there when they were pulled or created to the end, and not before", () =>
      Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        const create = { model: "x", from: "m" }
        const has = Effect.map(ask({ model: "x" }, "/api/show"), ({ status }) => status === 200)
        const faults: ReadonlyArray<MockOllama.Fault> = [
          { type: "reset", after: 1 },
          { type: "close" },
          { type: "error", after: 1 },
          { type: "end" }
        ]
        for (const fault of faults) {
          yield* mock.setRules([{ times: 2, fault }])
          yield* received(ask({ model: "x" }, "/api/pull"))
          yield* received(ask(create, "/api/create"))
          assert.isFalse(yield* has, fault.type)
        }
      }).pipe(mocked("")))

    it.effect("are not there while they are pulled, nor when nobody waits any more", () =>
      Effect.gen(function*() {
        const has = Effect.map(ask({ model: "x" }, "/api/show"), ({ status }) => status === 200)
        const fiber = yield* Effect.fork(received(ask({ model: "x" }, "/api/pull")))
        yield* TestClock.adjust(150)
        yield* Fiber.interrupt(fiber)
        assert.isFalse(yield* has)
        const whole = yield* Effect.fork(received(ask({ model: "x", from: "m" }, "/api/create")))
        yield* TestClock.adjust(299)
        assert.isFalse(yield* has)
        yield* TestClock.adjust(1)
        yield* Fiber.join(whole)
        assert.isTrue(yield* has)
      }).pipe(mocked("", { registry: { delayMs: 100 } })))

    it.effect("embed texts, the same text the same", () =>
      Effect.gen(function*() {
        const native = (yield* (yield* ask({ model: "m", input: ["a", "b", "a"] }, "/api/embed")).json) as {
          embeddings: Array<Array<number>>
        }
        assert.deepStrictEqual(native.embeddings[0], native.embeddings[2])
        assert.notDeepEqual(native.embeddings[0], native.embeddings[1])
        const v1 = (yield* (yield* ask({ model: "m", input: "a" }, "/v1/embeddings")).json) as {
          data: Array<{ embedding: Array<number> }>
        }
        assert.deepStrictEqual(v1.data[0]!.embedding, native.embeddings[0])
      }).pipe(mocked("")))
  })

  it.effect("two mocks live side by side", () =>
    Effect.gen(function*() {
      const one = yield* MockOllama.make({ models: ["one"] })
      const two = yield* MockOllama.make({ models: ["two"] })
      yield* one.httpClient.get(`${root}/api/tags`)
      assert.strictEqual((yield* one.mock.requests).length, 1)
      assert.strictEqual((yield* two.mock.requests).length, 0)
    }))
})
