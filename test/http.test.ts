import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, Fiber, Inspectable, Layer, Redacted, Runtime, Stream, TestClock, Tracer } from "effect"
import * as NodeTransport from "effect-ollama/node"
import type { AddressInfo, Socket } from "node:net"
import * as Net from "node:net"
import { Agent } from "undici"
import * as Deadlines from "../src/transport/deadlines.js"
import * as http from "../src/transport/transport.js"
import { json, key, provider, reset, stub } from "./discovery.fixtures.js"
import { spansTellHeaders } from "./support/line.js"
import { refusedPort, refusedUrl } from "./support/refused.js"

const url = "http://127.0.0.1:11434/api/chat"

const limits: http.Limits = { firstByte: 1000, idle: 1000, total: Infinity, maxBytes: 1000 }

const outgoing = (more: Partial<http.Outgoing> = {}): http.Outgoing => ({
  endpoint: provider(),
  method: "POST",
  url,
  body: "{}",
  purpose: "completion",
  attempts: 1,
  limits,
  ...more
})

const request = (more: Partial<http.Outgoing> = {}) => http.makeRequest(outgoing(more))

const openOn = <R>(
  client: HttpClient.HttpClient.With<HttpClientError.HttpClientError, R>,
  outgoing: http.Outgoing
) => Effect.uninterruptibleMask((restore) => http.open(client, outgoing, restore))

const open = (answer: Parameters<typeof stub>[0], more: Partial<http.Outgoing> = {}) =>
  openOn(stub(answer).client, outgoing(more))

const read = (response: Response) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(restore(open(() => response)), (reply) => http.text(reply, restore))
  )

const chunked = (...chunks: ReadonlyArray<Uint8Array | string>) =>
  new Response(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) {
          controller.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk)
        }
        controller.close()
      }
    })
  )

describe("makeRequest", () => {
  it("sends the body as it is, as JSON", () => {
    const { body, headers } = request({ body: "{\"n\":12345678901234567890}" })
    assert(body._tag === "Uint8Array")
    assert.strictEqual(new TextDecoder().decode(body.body), "{\"n\":12345678901234567890}")
    assert.strictEqual(headers["content-type"], "application/json")
  })

  it("sends the key of a completion wherever it goes", () => {
    assert.strictEqual(
      request({ endpoint: provider({ key: key("s3cret", false) }) }).headers["authorization"],
      "Bearer s3cret"
    )
  })

  it("sends the headers of the model instead of the provider's", () => {
    const { headers } = request({
      endpoint: { ...provider({ headers: { "X-A": Redacted.make("1") } }), headers: { "X-B": Redacted.make("2") } }
    })
    assert.deepStrictEqual([headers["x-a"], headers["x-b"]], [undefined, "2"])
  })

  it("adds no header of its own", () => {
    assert.deepStrictEqual(Object.keys(request().headers).sort(), ["content-length", "content-type"])
    assert.deepStrictEqual(
      Object.keys(http.makeRequest({ endpoint: provider(), method: "GET", url, purpose: "discovery" }).headers),
      []
    )
  })

  it("knows which addresses are this machine", () => {
    for (
      const host of [
        "127.0.0.1",
        "127.9.9.9:1",
        "localhost",
        "x.localhost:11434",
        "[::1]:11434",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]"
      ]
    ) {
      assert.isTrue(http.isLoopback(`http://${host}/api/tags`), host)
    }
    for (const host of ["10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "[::2]", "gpu", "[fe80::1]"]) {
      assert.isFalse(http.isLoopback(`http://${host}/api/tags`), host)
    }
  })
})

describe("open", () => {
  it.effect("fails when no answer begins in time", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.flip(open(() => ({ never: true }), { attempts: 2 })))
      yield* TestClock.adjust(1000)
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestTimeout")
      assert.deepStrictEqual([error.phase, error.limit, error.attempts], ["first-byte", 1000, 2])
    }))

  it.effect("classifies what the transport and what the server say", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(open(() => reset)))._tag, "ConnectionFailed")
      const missing = yield* Effect.flip(open(() => json({ error: "model 'x' not found" }, 404), { model: "x" }))
      assert.strictEqual(missing._tag, "ModelNotFound")
      const limited = yield* Effect.flip(open(() => new Response("", { status: 429, headers: { "retry-after": "2" } })))
      assert(limited._tag === "RateLimited")
      assert.strictEqual(limited.retryAfter, 2000)
    }))

  it.effect("says where a redirect leads, and does not go there", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        open(() => new Response("", { status: 308, headers: { location: "https://elsewhere" } }))
      )
      assert(error._tag === "EndpointNotFound")
      assert.strictEqual(error.location, "https://elsewhere")
    }))

  it.effect("asks fetch not to follow redirects, and keeps the options of the host", () =>
    Effect.gen(function*() {
      let init: RequestInit | undefined
      const fetch: typeof globalThis.fetch = (_, options) => {
        init = options
        return Promise.resolve(new Response("{}"))
      }
      const client = yield* Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)
      yield* openOn(client, outgoing()).pipe(
        Effect.provideService(FetchHttpClient.Fetch, fetch),
        Effect.provideService(FetchHttpClient.RequestInit, { credentials: "include" })
      )
      assert.deepStrictEqual([init?.redirect, init?.credentials], ["manual", "include"])
    }))

  it.effect("reads no more of a failure than it needs", () =>
    Effect.gen(function*() {
      let pulled = 0
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled++
          controller.enqueue(new Uint8Array(16 * 1024).fill(65))
        }
      })
      const error = yield* Effect.flip(open(() => new Response(endless, { status: 500 })))
      assert.strictEqual(error._tag, "ServerError")
      assert.isBelow(pulled, 10)
    }))

  it.effect("waits no longer than 5 s for the text of a failure", () =>
    Effect.gen(function*() {
      const stuck = new ReadableStream<Uint8Array>({
        pull: () => new Promise(() => {})
      })
      const fiber = yield* Effect.fork(Effect.flip(open(() => new Response(stuck, { status: 503 }))))
      yield* TestClock.adjust(5000)
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "ServerBusy")
    }))

  it.effect("waits no longer than 5 s in all for a failure that drips", () =>
    Effect.gen(function*() {
      const clock = yield* Effect.clock
      const runtime = yield* Effect.runtime<never>()
      const dripping = new ReadableStream<Uint8Array>({
        pull: (controller) =>
          Runtime.runPromise(runtime)(Effect.withClock(Effect.sleep(2000), clock)).then(() =>
            controller.enqueue(new TextEncoder().encode(" "))
          )
      }, { highWaterMark: 0 })
      const fiber = yield* Effect.fork(Effect.flip(open(() => new Response(dripping, { status: 503 }))))
      for (let i = 0; i < 5; i++) yield* TestClock.adjust(1000)
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
      yield* TestClock.adjust(1000)
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "ServerBusy")
    }))

  it.effect("shows no secret that a server sends back", () =>
    Effect.gen(function*() {
      const client = stub(() => json({ error: "bad key s3cret-key" }, 401)).client
      const error = yield* Effect.flip(
        openOn(client, outgoing({ endpoint: provider({ key: key("s3cret-key", true) }) }))
      )
      assert.notInclude(JSON.stringify(error) + error.message, "s3cret")
    }))

  it.effect("shows nothing of a secret that another one begins", () =>
    Effect.gen(function*() {
      const headers = { "x-short": Redacted.make("s3cret"), "x-long": Redacted.make("s3cret-and-more") }
      const client = stub(() => json({ error: "bad headers: s3cret-and-more, s3cret" }, 401)).client
      const error = yield* Effect.flip(openOn(client, outgoing({ endpoint: provider({ headers }) })))
      assert(error._tag === "Unauthorized")
      assert.include(error.message, "bad headers: ***, ***")
    }))

  it.effect("does not swallow the defects of others", () =>
    Effect.gen(function*() {
      const client = HttpClient.make(() => Effect.die(new Error("a bug")))
      const exit = yield* Effect.exit(openOn(client, outgoing()))
      assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Die")
    }))

  it.effect("puts no secret into spans, and no trace header into requests", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.Span> = []
      const tracer = yield* Effect.tracer
      const recording = Tracer.make({
        context: (f, fiber) => tracer.context(f, fiber),
        span: (...args) => {
          const span = tracer.span(...args)
          spans.push(span)
          return span
        }
      })
      const server = stub(() => json({ ok: true }))
      const secret = outgoing({
        endpoint: provider({
          key: key("s3cret", true),
          headers: { "X-Team": Redacted.make("s3cret too"), Cookie: Redacted.make("s3cret=1") }
        })
      })
      yield* openOn(server.client, secret).pipe(
        Effect.withSpan("parent"),
        Effect.withTracer(recording)
      )
      assert.isAtLeast(spans.length, 2)
      const shown = spans.map((span) => Inspectable.toStringUnknown([...span.attributes])).join()
      assert.include(shown, spansTellHeaders ? "application/json" : "http.request.method")
      assert.notInclude(shown, "s3cret")
      assert.deepStrictEqual(
        Object.keys(server.sent[0]!.headers).sort(),
        ["authorization", "content-length", "content-type", "cookie", "x-team"]
      )
    }))
})

describe("ask", () => {
  const ask = (client: HttpClient.HttpClient, limit = 1000) =>
    http.ask(client, { ...outgoing(), limit, maxBytes: 1_000_000 })

  const stuck = (headers: Record<string, string> = {}, status = 200) =>
    new Response(new ReadableStream({ pull: () => new Promise(() => {}) }), { status, headers })

  /** A fetch that gives these answers, and none after them, with the signals of its requests. */
  const fetching = (...answers: ReadonlyArray<Response>) =>
    Effect.gen(function*() {
      const signals: Array<AbortSignal> = []
      const fetch: typeof globalThis.fetch = (_, init) => {
        const answer = answers[signals.push(init!.signal!) - 1]
        return answer === undefined ? new Promise(() => {}) : Promise.resolve(answer)
      }
      const client = yield* Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)
      return { client, signals, layer: Layer.succeed(FetchHttpClient.Fetch, fetch) }
    })

  /** How many limits somebody is waiting for: one that is added stands behind them. */
  const openIn = (deadlines: Deadlines.Deadlines) => {
    const last = deadlines.add(Infinity, () => {})
    const { index } = last
    deadlines.remove(last)
    return index
  }

  const settled = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))

  it.effect("its limit covers what a failed answer says, too, and that is told", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Effect.flip(ask(stub(() => stuck({}, 500)).client)))
      yield* settled
      yield* TestClock.adjust(1000)
      yield* settled
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "ServerError")
    }))

  it.effect("its limit covers all of a body, however often something comes", () =>
    Effect.gen(function*() {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined
      const drip = new Response(new ReadableStream({ start: (given) => void (controller = given) }))
      const fiber = yield* Effect.fork(Effect.flip(ask(stub(() => drip).client)))
      for (let i = 0; i < 4; i++) {
        yield* TestClock.adjust(200)
        controller!.enqueue(new Uint8Array([65]))
        yield* settled
      }
      yield* TestClock.adjust(199)
      assert.isNull(fiber.unsafePoll())
      yield* TestClock.adjust(1)
      assert.isNotNull(fiber.unsafePoll())
      const error = yield* Fiber.join(fiber)
      assert(error._tag === "RequestTimeout")
      assert.deepStrictEqual([error.phase, error.limit], ["idle", 1000])
    }))

  it.effect("a request that the host's client gives up is aborted, whatever becomes of the next", () =>
    Effect.gen(function*() {
      const { client, layer, signals } = yield* fetching()
      const impatient = HttpClient.retry(
        HttpClient.transformResponse(client, (effect) =>
          Effect.timeoutFail(effect, {
            duration: 100,
            onTimeout: () => new HttpClientError.RequestError({ request: request(), reason: "Transport" })
          })),
        { times: 1 }
      )
      const fiber = yield* Effect.fork(Effect.flip(Effect.provide(ask(impatient), layer)))
      yield* TestClock.adjust(100)
      yield* settled
      assert.deepStrictEqual(signals.map((signal) => signal.aborted), [true, false])
      yield* TestClock.adjust(100)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(signals.map((signal) => signal.aborted), [true, true])
    }))

  it.effect("interrupted while its body is read, leaves no limit behind that somebody would wake up for", () =>
    Effect.gen(function*() {
      const deadlines = yield* Effect.withFiberRuntime<Deadlines.Deadlines>((fiber) =>
        Effect.succeed(Deadlines.of(fiber))
      )
      const { client, layer, signals } = yield* fetching(stuck())
      const fiber = yield* Effect.fork(Effect.provide(ask(client), layer))
      yield* settled
      assert.strictEqual(openIn(deadlines), 1)
      yield* Fiber.interrupt(fiber)
      yield* settled
      assert.isTrue(signals[0]!.aborted)
      assert.strictEqual(openIn(deadlines), 0)
    }))

  it.effect("an answer that is not read is closed, also when the host's client sent another request", () =>
    Effect.gen(function*() {
      const { client, layer, signals } = yield* fetching(stuck({ "content-length": "5000000" }))
      const other = HttpClient.make((given) => client.execute(HttpClientRequest.setHeader(given, "x-a", "b")))
      const error = yield* Effect.flip(Effect.provide(ask(other), layer))
      yield* settled
      assert.strictEqual(error._tag, "MalformedResponse")
      assert.isTrue(signals[0]!.aborted)
    }))

  it.effect("an answer that somebody wrapped is closed, read or not, by itself and by its reader", () =>
    Effect.gen(function*() {
      const drip = () => new Response(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(1)) }))
      const { client, layer, signals } = yield* fetching(drip(), drip(), drip())
      const wrapped = HttpClient.transformResponse(client, Effect.map((response) => Object.create(response)))
      const opened = Effect.provide(openOn(wrapped, outgoing()), layer)
      const aborted = Effect.map(settled, () => signals.map((signal) => signal.aborted))
      yield* Effect.flatMap(opened, (reply) => reply.close)
      assert.deepStrictEqual(yield* aborted, [true])
      const unread = yield* Effect.flatMap(opened, http.reader)
      assert.deepStrictEqual(yield* aborted, [true, false])
      yield* unread.close
      assert.deepStrictEqual(yield* aborted, [true, true])
      const begun = yield* Effect.flatMap(opened, http.reader)
      const body = Effect.async<Uint8Array | undefined>((resume) =>
        begun.bytes(0, (body) => resume(Effect.succeed(Either.getOrUndefined(body))))
      )
      assert.deepStrictEqual(yield* body, new Uint8Array(1))
      assert.deepStrictEqual(yield* aborted, [true, true, false])
      yield* begun.close
      assert.deepStrictEqual(yield* aborted, [true, true, true])
    }))

  it.effect("asks a client by its execute, which a host may have replaced", () =>
    Effect.gen(function*() {
      const inner = stub(() => json({ ok: true })).client
      let asked = 0
      const execute = (given: HttpClientRequest.HttpClientRequest) => {
        asked++
        return inner.execute(given)
      }
      const replaced = Object.assign(NodeTransport.make(new Agent()), { execute })
      for (const client of [replaced, { execute } as HttpClient.HttpClient]) {
        assert.strictEqual(yield* ask(client), "{\"ok\":true}")
      }
      assert.strictEqual(asked, 2)
    }))

  it.effect("interrupts a read of a stream that ran into the limit", () =>
    Effect.gen(function*() {
      let interrupted = false
      const waiting = Stream.fromEffect(Effect.async<never>(() => Effect.sync(() => interrupted = true)))
      const client = HttpClient.make((given) =>
        Effect.succeed(
          Object.defineProperty(HttpClientResponse.fromWeb(given, new Response("a")), "stream", { value: waiting })
        )
      )
      const fiber = yield* Effect.fork(Effect.flip(ask(client)))
      yield* settled
      yield* TestClock.adjust(1000)
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "RequestTimeout")
      yield* settled
      assert.isTrue(interrupted)
    }))
})

describe("text", () => {
  it.effect("joins pieces, also in the middle of a character", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode("a😀b")
      assert.strictEqual(yield* read(chunked(bytes.subarray(0, 3), bytes.subarray(3))), "a😀b")
      assert.strictEqual(yield* read(new Response("a😀b", { headers: { "content-length": "6" } })), "a😀b")
    }))

  it.effect("takes no body for an empty one", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* read(new Response(null)), "")
      assert.strictEqual(yield* read(chunked()), "")
    }))

  it.effect("is bounded, whatever the length that was announced", () =>
    Effect.gen(function*() {
      const tag = (response: Response) => Effect.map(Effect.flip(read(response)), (error) => error._tag)
      const long = "x".repeat(1001)
      assert.strictEqual(yield* tag(chunked(long)), "MalformedResponse")
      assert.strictEqual(yield* tag(new Response(long, { headers: { "content-length": "1001" } })), "MalformedResponse")
      assert.strictEqual(yield* tag(new Response(long, { headers: { "content-length": "10" } })), "MalformedResponse")
      assert.strictEqual((yield* read(chunked("x".repeat(1000)))).length, 1000)
    }))

  it.effect("does not believe the length of what is compressed", () =>
    Effect.gen(function*() {
      let pulled = 0
      const bomb = new Response(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            if (pulled++ === 100) return controller.close()
            controller.enqueue(new Uint8Array(500))
          }
        }),
        { headers: { "content-length": "20", "content-encoding": "gzip" } }
      )
      assert.strictEqual((yield* Effect.flip(read(bomb)))._tag, "MalformedResponse")
      assert.isBelow(pulled, 10)
    }))

  it.effect("refuses what is not UTF-8", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read(chunked(new Uint8Array([0x7b, 0xff, 0x7d]))))
      assert(error._tag === "MalformedResponse")
      assert.include(error.detail, "UTF-8")
    }))

  it.effect("counts the wait between two pieces, not the whole", () =>
    Effect.gen(function*() {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined
      const drip = new Response(new ReadableStream({ start: (given) => void (controller = given) }))
      const fiber = yield* Effect.fork(Effect.exit(read(drip)))
      for (let index = 0; index < 5; index++) {
        yield* TestClock.adjust(900)
        controller!.enqueue(new Uint8Array([65]))
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
      }
      yield* TestClock.adjust(1000)
      const exit = yield* Fiber.join(fiber)
      const error = yield* Effect.flip(exit)
      assert(error._tag === "RequestTimeout")
      assert.deepStrictEqual([error.phase, error.limit], ["idle", 1000])
    }))

  it.effect("takes a body that is cut for a broken connection", () =>
    Effect.gen(function*() {
      const cut = new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new Uint8Array([65]))
            controller.error(
              Object.assign(new TypeError("terminated"), { cause: Object.assign(new Error(), { code: "ECONNRESET" }) })
            )
          }
        })
      )
      const error = yield* Effect.flip(read(cut))
      assert(error._tag === "ConnectionFailed")
      assert.strictEqual(error.reason, "reset")
    }))
})

// =============================================================================
// sockets
// =============================================================================

const listening = (onConnection: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly sockets: Set<Socket>; readonly close: () => void }>((resume) => {
      const sockets = new Set<Socket>()
      const server = Net.createServer((socket) => {
        sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => sockets.delete(socket))
        onConnection(socket)
      })
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({
          port: (server.address() as AddressInfo).port,
          sockets,
          close: () => {
            for (const socket of sockets) socket.destroy()
            server.close()
          }
        })))
    }),
    (server) => Effect.sync(server.close)
  )

const clients: ReadonlyArray<readonly [string, Layer.Layer<HttpClient.HttpClient>]> = [
  ["fetch", FetchHttpClient.layer],
  ["undici", NodeHttpClient.layerUndici],
  ["node:http", NodeHttpClient.layer],
  ["effect-ollama/node", NodeTransport.layer]
]

const send = (at: string, more: Partial<http.Outgoing> = {}, idle = 5000) =>
  Effect.flatMap(HttpClient.HttpClient, (client) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        http.open(
          client,
          outgoing({ url: at, limits: { ...limits, firstByte: 5000, idle, maxBytes: 100_000 }, ...more }),
          restore
        ),
        (reply) => http.text(reply, restore)
      )
    ))

describe("over sockets", () => {
  for (const [name, layer] of clients) {
    describe(name, () => {
      it.live("a closed port is ConnectionRefused", () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(send(`${refusedUrl}/api/tags`))
          assert(error._tag === "ConnectionRefused")
          assert.deepStrictEqual([error.address, error.port], ["127.0.0.1", refusedPort])
        }).pipe(Effect.provide(layer)))

      it.scopedLive("an answer that is cut is ConnectionFailed", () =>
        Effect.gen(function*() {
          const { port } = yield* listening((socket) =>
            socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\""))
          )
          const error = yield* Effect.flip(send(`http://127.0.0.1:${port}/`))
          assert(error._tag === "ConnectionFailed")
          assert.strictEqual(error.reason, "reset")
        }).pipe(Effect.provide(layer)))

      it.scopedLive("what is no HTTP is ConnectionFailed", () =>
        Effect.gen(function*() {
          const { port } = yield* listening((socket) =>
            socket.once("data", () => socket.end("SSH-2.0-OpenSSH\r\n\r\n"))
          )
          const error = yield* Effect.flip(send(`http://127.0.0.1:${port}/`))
          assert(error._tag === "ConnectionFailed")
          assert.strictEqual(error.reason, "protocol")
        }).pipe(Effect.provide(layer)))

      it.scopedLive("a redirect is not followed", () =>
        Effect.gen(function*() {
          let requests = 0
          const { port } = yield* listening((socket) =>
            socket.on("data", () => {
              requests++
              socket.end("HTTP/1.1 307 x\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            })
          )
          const error = yield* Effect.flip(send(`http://127.0.0.1:${port}/`))
          assert(error._tag === "EndpointNotFound")
          assert.strictEqual(error.location, "/other")
          assert.strictEqual(requests, 1)
        }).pipe(Effect.provide(layer)))

      it.scopedLive("interruption closes the connection", () =>
        Effect.gen(function*() {
          let asked: (() => void) | undefined
          const arrived = new Promise<void>((resolve) => void (asked = resolve))
          let closed: (() => void) | undefined
          const gone = new Promise<void>((resolve) => void (closed = resolve))
          const { port } = yield* listening((socket) => {
            socket.once("data", () => asked!())
            socket.once("close", () => closed!())
          })
          const fiber = yield* Effect.fork(send(`http://127.0.0.1:${port}/`))
          yield* Effect.promise(() => arrived)
          yield* Fiber.interrupt(fiber)
          yield* Effect.promise(() => gone)
        }).pipe(Effect.provide(layer)))

      for (
        const [how, head, idle] of [
          ["of unknown length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", Infinity],
          [
            "of unknown length under an idle limit",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            5000
          ],
          ["of known length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 5000],
          ["of a failure", "HTTP/1.1 500 x\r\nContent-Length: 10\r\n\r\nabc", 5000]
        ] as const
      ) {
        it.scopedLive(`interruption inside a body ${how} closes the connection`, () =>
          Effect.gen(function*() {
            let closed: (() => void) | undefined
            const gone = new Promise<void>((resolve) => void (closed = resolve))
            const { port } = yield* listening((socket) => {
              socket.once("data", () => socket.write(head))
              socket.once("close", () => closed!())
            })
            const fiber = yield* Effect.fork(send(`http://127.0.0.1:${port}/`, {}, idle))
            yield* Effect.sleep(150)
            yield* Fiber.interrupt(fiber)
            yield* Effect.promise(() => gone)
          }).pipe(Effect.provide(layer)))
      }

      it.scopedLive("a body that is too large closes the connection", () =>
        Effect.gen(function*() {
          let closed: (() => void) | undefined
          const gone = new Promise<void>((resolve) => void (closed = resolve))
          const { port } = yield* listening((socket) => {
            socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\nabc"))
            socket.once("close", () => closed!())
          })
          const error = yield* Effect.flip(send(`http://127.0.0.1:${port}/`))
          assert.strictEqual(error._tag, "MalformedResponse")
          yield* Effect.promise(() => gone)
        }).pipe(Effect.provide(layer)))

      it.live("a header that cannot be sent is an error without its value, and no defect", () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(
            send("http://127.0.0.1:1/", {
              endpoint: { ...provider(), headers: { "X-Key": Redacted.make("s3cret\nvalue") } }
            })
          )
          assert(error._tag === "ConnectionFailed")
          assert.notInclude(JSON.stringify(error) + error.message, "s3cret")
        }).pipe(Effect.provide(layer)))
    })
  }
})
