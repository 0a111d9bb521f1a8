import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Stream } from "effect"
import { MockOllama } from "effect-ollama/testing"
import { layerServer, MockServer } from "effect-ollama/testing/node"
import * as Net from "node:net"
import { toldOnConsole } from "../support/console.js"

interface Conversation {
  readonly text: string
  /** When something came: how many ms after the request. */
  readonly reads: ReadonlyArray<{ readonly ms: number; readonly length: number }>
  readonly end: "fin" | "ECONNRESET" | "timeout"
}

/** Speaks raw HTTP, so that nothing stands between the test and the bytes. `quietMs`: the longest pause once it was answered. */
const converse = (port: number, request: string, timeoutMs = 5000, quietMs = timeoutMs) =>
  Effect.async<Conversation>((resume) => {
    const started = performance.now()
    const reads: Array<{ ms: number; length: number }> = []
    let text = ""
    let end: Conversation["end"] = "fin"
    const socket = Net.connect(port, "127.0.0.1", () => socket.write(request))
    socket.setTimeout(timeoutMs, () => {
      end = "timeout"
      socket.destroy()
    })
    socket.on("data", (bytes) => {
      reads.push({ ms: performance.now() - started, length: bytes.length })
      text += bytes.toString("latin1")
      socket.setTimeout(quietMs)
    })
    socket.on("error", (error: NodeJS.ErrnoException) => {
      end = error.code as "ECONNRESET"
    })
    socket.on("close", () => resume(Effect.succeed({ text, reads, end })))
    return Effect.sync(() => socket.destroy())
  })

const post = (body: object, path = "/api/chat") => {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n` +
    `Connection: close\r\n\r\n${text}`
}

const hi = { model: "m", messages: [{ role: "user", content: "Hi" }] }

const served = (reply: MockOllama.Reply | string, description: MockOllama.Description = {}) =>
  Effect.provide(layerServer({ models: ["m"], replies: [reply], ...description }))

const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4)

/** The sizes of the HTTP chunks, the last one included. */
const chunkSizes = (body: string) => {
  const sizes: Array<number> = []
  let at = 0
  while (at < body.length) {
    const line = body.indexOf("\r\n", at)
    const size = parseInt(body.slice(at, line), 16)
    sizes.push(size)
    at = line + 2 + size + 2
  }
  return sizes
}

const talk = (request: string, timeoutMs?: number, quietMs?: number) =>
  Effect.flatMap(MockServer, ({ port }) => converse(port, request, timeoutMs, quietMs))

/** A busy machine may notice the reset late, and then read an end: asks again until it is told. */
const talkUntilReset = (request: string) =>
  Effect.repeat(talk(request), { until: ({ end }) => end === "ECONNRESET", times: 20 })

const viaFetch = (body: object) =>
  Effect.gen(function*() {
    const { url } = yield* MockServer
    return yield* HttpClientRequest.post(`${url}/api/chat`).pipe(
      HttpClientRequest.bodyUnsafeJson(body),
      HttpClient.execute
    )
  })

describe("layerServer", () => {
  it.live("answers on a free port of 127.0.0.1, with the recorded head and framing", () =>
    Effect.gen(function*() {
      const { port, url } = yield* MockServer
      const mock = yield* MockOllama.MockOllama
      assert.strictEqual(url, `http://127.0.0.1:${port}`)
      assert.strictEqual(mock.url, url)
      const { end, text } = yield* talk("GET /api/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      assert.match(
        text,
        /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/json; charset=utf-8\r\nDate: [^\r]+ GMT\r\nContent-Length: 20\r\n/
      )
      assert.strictEqual(bodyOf(text), "{\"version\":\"0.33.0\"}")
      assert.strictEqual(end, "fin")
    }).pipe(served("a")))

  it.live("sends one HTTP chunk per line, and ends it", () =>
    Effect.gen(function*() {
      const { text } = yield* talk(post(hi))
      assert.include(text, "\r\nTransfer-Encoding: chunked\r\n")
      const sizes = chunkSizes(bodyOf(text))
      assert.strictEqual(sizes.length, 4)
      assert.strictEqual(sizes.at(-1), 0)
    }).pipe(served("two words")))

  it.live("records what was asked", () =>
    Effect.gen(function*() {
      yield* talk(post({ ...hi, stream: false }))
      const [request] = yield* (yield* MockOllama.MockOllama).requests
      assert.deepInclude(request, {
        method: "POST",
        path: "/api/chat",
        model: "m",
        json: { ...hi, stream: false },
        aborted: false,
        complete: true
      })
      assert.strictEqual(request!.headers["content-type"], "application/json")
    }).pipe(served("a")))

  it.live("survives requests that make no sense", () =>
    Effect.gen(function*() {
      assert.match((yield* talk("nonsense\r\n\r\n")).text, /^HTTP\/1\.1 400/)
      assert.match((yield* talk("GET * HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n")).text, /^HTTP\/1\.1 /)
      assert.match((yield* talk("GET //api HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).text, /^HTTP\/1\.1 404/)
    }).pipe(served("a")))

  describe("faults", () => {
    it.live("a reset before the head", () =>
      Effect.gen(function*() {
        const { end, text } = yield* talkUntilReset(post(hi))
        assert.deepStrictEqual({ end, text }, { end: "ECONNRESET", text: "" })
      }).pipe(served({ fault: { type: "reset" } })))

    it.live("a close before the head", () =>
      Effect.gen(function*() {
        const { end, text } = yield* talk(post(hi))
        assert.deepStrictEqual({ end, text }, { end: "fin", text: "" })
      }).pipe(served({ fault: { type: "close" } })))

    it.live("a reset in the body, after what came before it", () =>
      Effect.gen(function*() {
        const { end, text } = yield* talkUntilReset(post(hi))
        assert.strictEqual(end, "ECONNRESET")
        assert.strictEqual(chunkSizes(bodyOf(text)).length, 2)
      }).pipe(served({ text: "a b c", fault: { type: "reset", after: 2 } })))

    it.live("a close in the body, without the end mark", () =>
      Effect.gen(function*() {
        const { end, text } = yield* talk(post(hi))
        assert.strictEqual(end, "fin")
        const sizes = chunkSizes(bodyOf(text))
        assert.strictEqual(sizes.length, 2)
        assert.notInclude(sizes, 0)
      }).pipe(served({ text: "a b c", fault: { type: "close", after: 2 } })))

    it.live("a body shorter than it was announced", () =>
      Effect.gen(function*() {
        const { end, text } = yield* talk(post({ ...hi, stream: false }))
        assert.strictEqual(end, "fin")
        assert.strictEqual(bodyOf(text).length, 10)
        assert.isAbove(Number(/Content-Length: (\d+)/.exec(text)![1]), 100)
      }).pipe(served({ text: "a", fault: { type: "close", after: 10, unit: "bytes" } })))

    it.live("a stall before the head", () =>
      Effect.gen(function*() {
        const { end, text } = yield* talk(post(hi), 500)
        assert.deepStrictEqual({ end, text }, { end: "timeout", text: "" })
      }).pipe(served({ fault: { type: "stall" } })))

    it.live("a stall in the body", () =>
      Effect.gen(function*() {
        const { end, text } = yield* talk(post(hi), undefined, 500)
        assert.strictEqual(end, "timeout")
        assert.strictEqual(chunkSizes(bodyOf(text)).length, 1)
      }).pipe(served({ text: "a b", fault: { type: "stall", after: 1 } })))

    it.live("single bytes, each by itself", () =>
      Effect.gen(function*() {
        const { text } = yield* talk(post({ ...hi, stream: true }))
        const sizes = chunkSizes(bodyOf(text))
        assert.isAbove(sizes.length, 100)
        assert.isTrue(sizes.slice(0, -1).every((size) => size === 1))
      }).pipe(served({ text: "a", fault: { type: "split", sizes: 1 } })))

    it.live("single bytes over time", () =>
      Effect.gen(function*() {
        const { reads, text } = yield* talk("GET /api/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert.strictEqual(bodyOf(text), "{\"version\":\"0.33.0\"}")
        assert.isAtLeast(reads.length, 10)
        assert.isAtLeast(reads.at(-1)!.ms, 19 * 3)
      }).pipe(served("", { rules: [{ fault: { type: "drip", delayMs: 4 } }] })))

    it.live("delays before the head and between chunks", () =>
      Effect.gen(function*() {
        const { reads } = yield* talk(post(hi))
        assert.isAtLeast(reads[0]!.ms, 45)
        assert.isAtLeast(reads.at(-1)!.ms, 45 + 2 * 25)
      }).pipe(served({ text: "a b", delayMs: { head: 50, chunk: 30 } })))

    it.live("a delay that is too long for a timer of Node", () =>
      Effect.gen(function*() {
        const { end, text } = yield* talk(post(hi), 200)
        assert.deepStrictEqual({ end, text }, { end: "timeout", text: "" })
      }).pipe(served({ text: "a", delayMs: { head: 2 ** 31 } })))

    it.live("an answer of another status", () =>
      Effect.gen(function*() {
        const { text } = yield* talk(post(hi))
        assert.match(text, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
        assert.include(text, "server busy, please try again.  maximum pending requests exceeded")
      }).pipe(served({ fault: { type: "busy" } })))
  })

  describe("a client that leaves", () => {
    it.live("before the head is seen, and its connection is closed", () =>
      Effect.gen(function*() {
        const server = yield* MockServer
        const mock = yield* MockOllama.MockOllama
        const fiber = yield* Effect.fork(viaFetch(hi))
        yield* Effect.repeat(Effect.zipRight(Effect.sleep(1), mock.requests), {
          until: (requests) => requests.length > 0
        })
        yield* Fiber.interrupt(fiber)
        const request = yield* server.nextAborted
        assert.deepInclude(request, { aborted: true, complete: false, path: "/api/chat" })
        assert.deepStrictEqual(yield* server.connections, { opened: 1, closed: 1 })
      }).pipe(served({ fault: { type: "stall" } }), Effect.provide(FetchHttpClient.layer)))

    it.live("in the middle of the body is seen", () =>
      Effect.gen(function*() {
        const server = yield* MockServer
        const response = yield* viaFetch(hi)
        yield* Stream.runDrain(Stream.take(response.stream, 1))
        assert.isTrue((yield* server.nextAborted).aborted)
        assert.isTrue((yield* (yield* MockOllama.MockOllama).requests)[0]!.aborted)
      }).pipe(served({ text: "a b c", fault: { type: "stall", after: 2 } }), Effect.provide(FetchHttpClient.layer)))
  })

  it.live("answers in words when the description throws, or has a header that cannot be sent", () =>
    Effect.gen(function*() {
      const told = yield* toldOnConsole(Effect.gen(function*() {
        const mock = yield* MockOllama.MockOllama
        const thrown = yield* talk(post(hi))
        assert.match(thrown.text, /^HTTP\/1\.1 500 /)
        assert.strictEqual(bodyOf(thrown.text), "{\"error\":\"mock: the description threw: no such reply\"}")
        yield* mock.setReplies([{ raw: { headers: { "x-a": "a\nb" }, chunks: ["a"] } }])
        const header = yield* talk(post(hi))
        assert.match(header.text, /^HTTP\/1\.1 500 /)
        assert.include(bodyOf(header.text), "mock: the description threw: Invalid character in header content")
      }))
      assert.match(told, /no such reply[^]*node\.test\.ts[^]*Invalid character/)
    }).pipe(served("", {
      replies: () => {
        throw new Error("no such reply")
      }
    })))

  it.live("can be told to remember the last requests only, and tells of each", () => {
    const told: Array<string> = []
    return Effect.gen(function*() {
      for (const path of ["/", "/api/version", "/api/tags"]) {
        yield* talk(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      }
      const requests = yield* (yield* MockOllama.MockOllama).requests
      assert.deepStrictEqual(requests.map(({ path }) => path), ["/api/version", "/api/tags"])
      assert.deepStrictEqual(told, ["/", "/api/version", "/api/tags"])
    }).pipe(Effect.provide(layerServer({}, { remember: 2, onRequest: ({ path }) => told.push(path) })))
  })

  it.live("refuses connections once it is stopped, and answers again when it is started", () =>
    Effect.gen(function*() {
      const { start, stop, url } = yield* MockServer
      const get = HttpClient.get(`${url}/api/version`).pipe(Effect.flatMap((response) => response.text))
      yield* get
      yield* stop
      const error = yield* Effect.flip(get)
      assert.strictEqual(((error.cause as Error).cause as { readonly code: string }).code, "ECONNREFUSED")
      yield* start
      assert.include(yield* get, "0.33.0")
    }).pipe(served(""), Effect.provide(FetchHttpClient.layer)))

  it.live("a client that is there when it stops, or forgets, has not left", () =>
    Effect.gen(function*() {
      const server = yield* MockServer
      const mock = yield* MockOllama.MockOllama
      const until = (holds: (requests: ReadonlyArray<MockOllama.RecordedRequest>) => boolean) =>
        Effect.repeat(Effect.zipRight(Effect.sleep(1), mock.requests), { until: (requests) => holds(requests) })
      const ask = Effect.zipLeft(Effect.fork(talk(post(hi))), until(({ length }) => length > 0))
      const first = yield* ask
      yield* server.stop
      yield* Fiber.join(first)
      assert.isFalse((yield* mock.requests)[0]!.aborted)
      yield* server.start
      yield* mock.reset
      yield* Fiber.interrupt(yield* ask)
      yield* until((requests) => requests[0]!.aborted)
      yield* mock.reset
      const third = yield* ask
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(server.nextAborted, 0)))
      yield* Fiber.interrupt(third)
      assert.isTrue((yield* server.nextAborted).aborted)
    }).pipe(served({ fault: { type: "stall" } })))

  it.live("is gone with its scope, open connections and all", () =>
    Effect.gen(function*() {
      const port = yield* Effect.gen(function*() {
        const { port } = yield* MockServer
        yield* Effect.forkDaemon(converse(port, post(hi), 5000))
        const mock = yield* MockOllama.MockOllama
        yield* Effect.repeat(Effect.zipRight(Effect.sleep(1), mock.requests), {
          until: (requests) => requests.length > 0
        })
        return port
      }).pipe(served({ fault: { type: "stall" } }))
      const refused = yield* Effect.async<string>((resume) => {
        Net.connect(port, "127.0.0.1").on(
          "error",
          (error: NodeJS.ErrnoException) => resume(Effect.succeed(error.code!))
        )
          .on("connect", () => resume(Effect.succeed("connected")))
      })
      assert.strictEqual(refused, "ECONNREFUSED")
    }))
})
