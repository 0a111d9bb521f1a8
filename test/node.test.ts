import { HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import * as Http from "node:http"
import * as Net from "node:net"
import { Agent, Dispatcher } from "undici"
import * as NodeTransport from "../src/node.js"
import * as Direct from "../src/transport/direct.js"

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const listen = (server: Net.Server) =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as Net.AddressInfo).port)))
    }),
    () => Effect.sync(() => server.close())
  )

const httpServer = (handler: Http.RequestListener) =>
  Effect.gen(function*() {
    const server = Http.createServer(handler)
    yield* Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
    const port = yield* listen(server)
    return `http://127.0.0.1:${port}`
  })

const netServer = (handler: (socket: Net.Socket) => void) =>
  Effect.gen(function*() {
    const open = new Set<Net.Socket>()
    const server = Net.createServer((socket) => {
      open.add(socket)
      socket.on("error", () => {})
      handler(socket)
    })
    yield* Effect.addFinalizer(() => Effect.sync(() => open.forEach((socket) => socket.destroy())))
    const port = yield* listen(server)
    return `http://127.0.0.1:${port}`
  })

const readBody = (request: Http.IncomingMessage) =>
  new Promise<string>((resolve) => {
    let body = ""
    request.setEncoding("utf8").on("data", (piece) => body += piece).on("end", () => resolve(body))
  })

/** The chain of causes as codes, or as messages where there is none. */
const codes = (error: unknown): Array<string> => {
  const out: Array<string> = []
  type Link = { readonly code?: string; readonly message: string; readonly cause?: Link } | undefined
  for (let link = error as Link; link !== undefined; link = link.cause) out.push(link.code ?? link.message)
  return out
}

const get = (url: string) => Effect.flatMap(HttpClient.HttpClient, (client) => client.get(url))

const pullOf = (response: HttpClientResponse.HttpClientResponse) => {
  const pull = Direct.pullOf(response)
  assert.isDefined(pull)
  return Effect.async<ReadonlyArray<Uint8Array> | undefined, HttpClientError.ResponseError>((resume) => {
    pull!.read((error, pieces) =>
      resume(error === undefined ? Effect.succeed(pieces) : Effect.fail(error as HttpClientError.ResponseError))
    )
    return Effect.sync(() => pull!.cancel())
  })
}

const until = (condition: () => boolean) =>
  Effect.sleep(5).pipe(Effect.repeat({ until: condition }), Effect.timeout(5_000))

describe("node", () => {
  it.scopedLive("gives status, headers, cookies and the body in each form", () =>
    Effect.gen(function*() {
      const root = yield* httpServer((request, response) => {
        response.writeHead(203, { "X-Two": ["a", "b"], "set-cookie": "k=v", "content-type": "application/json" })
        response.end(request.url === "/empty" ? "" : "{\"ä\":1}")
      })
      const client = yield* HttpClient.HttpClient
      const get = client.get(`${root}/x?y=1#z`)
      const response = yield* get
      assert.strictEqual(response.status, 203)
      assert.strictEqual(response.headers["x-two"], "a, b")
      assert.strictEqual(response.cookies.cookies["k"]?.value, "v")
      assert.deepStrictEqual(yield* response.json, { ä: 1 })
      assert.strictEqual(yield* response.text, "{\"ä\":1}")
      assert.strictEqual(text(new Uint8Array(yield* response.arrayBuffer)), "{\"ä\":1}")
      const chunks = yield* Stream.runCollect((yield* get).stream)
      assert.strictEqual(text(Buffer.concat(Chunk.toArray(chunks))), "{\"ä\":1}")
      assert.isNull(yield* Effect.flatMap(client.get(`${root}/empty`), (r) => r.json))
      const nothing = yield* Stream.runCollect((yield* client.get(`${root}/empty`)).stream)
      assert.strictEqual(nothing.length, 0)
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("sends method, path, query, headers and every kind of body", () =>
    Effect.gen(function*() {
      const root = yield* httpServer(async (request, response) => {
        const body = await readBody(request)
        response.end(JSON.stringify({
          method: request.method,
          url: request.url,
          type: request.headers["content-type"]?.split(";")[0],
          mine: request.headers["x-mine"],
          body
        }))
      })
      const client = yield* HttpClient.HttpClient
      const post = HttpClientRequest.post(`${root}/p?q=ü#fragment`, { headers: { "x-mine": "1" } })
      const send = (request: HttpClientRequest.HttpClientRequest) =>
        client.execute(request).pipe(
          Effect.flatMap((r) => r.json),
          Effect.map((json) => json as Record<string, string>)
        )
      const url = "/p?q=%C3%BC"
      assert.deepStrictEqual(yield* send(HttpClientRequest.bodyUnsafeJson(post, { a: "ß" })), {
        method: "POST",
        url,
        type: "application/json",
        mine: "1",
        body: "{\"a\":\"ß\"}"
      })
      assert.strictEqual((yield* send(post))["body"], "")
      assert.strictEqual((yield* send(HttpClientRequest.bodyText(post, "raw", "text/x")))["body"], "raw")
      const streamed = Stream.make("one ", "two").pipe(Stream.encodeText)
      assert.strictEqual((yield* send(HttpClientRequest.bodyStream(post, streamed)))["body"], "one two")
      const form = new FormData()
      form.set("field", "value")
      const sentForm = yield* send(HttpClientRequest.bodyFormData(post, form))
      assert.strictEqual(sentForm["type"], "multipart/form-data")
      assert.include(sentForm["body"], "name=\"field\"")
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("reuses a kept-alive connection, also after an answer that was read by its pull", () =>
    Effect.gen(function*() {
      const sockets = new Set<unknown>()
      const root = yield* httpServer((request, response) => {
        sockets.add(request.socket)
        response.end("ok")
      })
      for (let i = 0; i < 20; i++) {
        const read = pullOf(yield* get(root))
        assert.strictEqual(text(Buffer.concat((yield* read)!)), "ok")
        assert.isUndefined(yield* read)
      }
      // undici frees a connection one turn of the event loop after the answer, so a quick next request opens a second.
      assert.isAtMost(sockets.size, 2)
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("does not follow a redirect", () =>
    Effect.gen(function*() {
      let requests = 0
      const root = yield* httpServer((_request, response) => {
        requests++
        response.writeHead(307, { location: "/elsewhere" }).end()
      })
      const response = yield* Effect.flatMap(HttpClient.HttpClient, (client) => client.get(root))
      assert.strictEqual(response.status, 307)
      assert.strictEqual(response.headers["location"], "/elsewhere")
      assert.strictEqual(requests, 1)
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("fails with the system's code when the connection is refused", () =>
    Effect.gen(function*() {
      const port = yield* Effect.scoped(listen(Net.createServer()))
      const error = yield* Effect.flip(
        Effect.flatMap(HttpClient.HttpClient, (client) => client.get(`http://127.0.0.1:${port}`))
      )
      assert.strictEqual(error._tag, "RequestError")
      assert.strictEqual(error.reason, "Transport")
      assert.deepStrictEqual(codes(error.cause), ["ECONNREFUSED"])
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("fails with RequestError when the server resets or closes before the head", () =>
    Effect.gen(function*() {
      const reset = yield* netServer((socket) => socket.once("data", () => socket.resetAndDestroy()))
      const closed = yield* netServer((socket) => socket.once("data", () => socket.end()))
      const client = yield* HttpClient.HttpClient
      for (const [root, code] of [[reset, "ECONNRESET"], [closed, "UND_ERR_SOCKET"]] as const) {
        const error = yield* Effect.flip(client.post(root))
        assert.strictEqual(error._tag, "RequestError")
        assert.deepStrictEqual(codes(error.cause), [code])
      }
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("fails with ResponseError after the bytes that came, when the body is cut", () =>
    Effect.gen(function*() {
      const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
      const root = yield* netServer((socket) => socket.once("data", () => socket.end(head)))
      const client = yield* HttpClient.HttpClient
      const seen: Array<string> = []
      const failure = yield* client.get(root).pipe(
        Effect.flatMap((r) => Stream.runForEach(r.stream, (piece) => Effect.sync(() => seen.push(text(piece))))),
        Effect.flip
      )
      assert.deepStrictEqual(seen, ["abc"])
      assert.strictEqual(failure._tag, "ResponseError")
      assert.strictEqual(failure.reason, "Decode")
      assert.deepStrictEqual(codes(failure.cause), ["UND_ERR_SOCKET"])
      const whole = yield* Effect.flip(Effect.flatMap(client.get(root), (r) => r.text))
      assert.strictEqual(whole._tag, "ResponseError")
      const read = pullOf(yield* get(root))
      assert.strictEqual(text((yield* read)![0]!), "abc")
      assert.strictEqual((yield* Effect.flip(read))._tag, "ResponseError")
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("fails with InvalidUrl, or Transport, on what is no HTTP URL", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      assert.strictEqual((yield* Effect.flip(client.get("127.0.0.1:11434"))).reason, "InvalidUrl")
      assert.strictEqual((yield* Effect.flip(client.get("ftp://127.0.0.1/"))).reason, "Transport")
      const header = yield* Effect.flip(client.get("http://127.0.0.1/", { headers: { "x-a": "b\nc" } }))
      assert.strictEqual(header.reason, "Transport")
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("closes the connection when it is interrupted before the head", () =>
    Effect.gen(function*() {
      const arrived = yield* Deferred.make<void>()
      const closed = yield* Deferred.make<void>()
      const root = yield* httpServer((request) => {
        request.socket.on("close", () => Deferred.unsafeDone(closed, Exit.void))
        Deferred.unsafeDone(arrived, Exit.void)
      })
      const fiber = yield* Effect.fork(Effect.flatMap(HttpClient.HttpClient, (client) => client.get(root)))
      yield* Deferred.await(arrived)
      yield* Fiber.interrupt(fiber)
      yield* Effect.timeout(Deferred.await(closed), 2_000)
    }).pipe(Effect.provide(NodeTransport.layer)))

  for (
    const [name, consume] of [
      [
        "stream",
        (r: HttpClientResponse.HttpClientResponse, taken: Effect.Effect<void>) =>
          Stream.runForEach(r.stream, () => taken)
      ],
      [
        "text",
        (r: HttpClientResponse.HttpClientResponse, taken: Effect.Effect<void>) => Effect.zipRight(taken, r.text)
      ],
      [
        "pull",
        (r: HttpClientResponse.HttpClientResponse, taken: Effect.Effect<void>) =>
          Effect.forever(Effect.zipRight(pullOf(r), taken))
      ]
    ] as const
  ) {
    it.scopedLive(`closes the connection when it is interrupted in the body (${name})`, () =>
      Effect.gen(function*() {
        const closed = yield* Deferred.make<void>()
        const root = yield* httpServer((_request, response) => {
          response.on("close", () => Deferred.unsafeDone(closed, Exit.void))
          response.write("a piece")
        })
        const response = yield* get(root)
        let isTaken = false
        const taken = Effect.sync(() => void (isTaken = true))
        const fiber = yield* Effect.fork(consume(response, taken) as Effect.Effect<unknown, unknown>)
        // it waits for the next piece: a pull that is between two closes nothing
        yield* until(() => isTaken)
        yield* Effect.sleep(20)
        yield* Fiber.interrupt(fiber)
        yield* Effect.timeout(Deferred.await(closed), 2_000)
      }).pipe(Effect.provide(NodeTransport.layer)))
  }

  it.scopedLive("closes the connection when the stream ends early, and when the scope of the request closes", () =>
    Effect.gen(function*() {
      let closed = 0
      const root = yield* httpServer((_request, response) => {
        response.on("close", () => closed++)
        response.write("a piece")
      })
      const client = yield* HttpClient.HttpClient
      yield* Effect.flatMap(client.get(root), (r) => Stream.runDrain(Stream.take(r.stream, 1)))
      yield* until(() => closed === 1)
      yield* Effect.scoped(HttpClient.withScope(client).get(root))
      yield* until(() => closed === 2)
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("takes no more than the buffers of the sockets while the consumer pauses, and all of it later", () =>
    Effect.gen(function*() {
      const total = 32 * 1024 * 1024
      let sent = 0
      let written = 0
      const root = yield* httpServer((_request, response) => {
        const piece = Buffer.alloc(64 * 1024, 120)
        const more = () => {
          while (sent < total) {
            sent += piece.length
            if (!response.write(piece, () => written += piece.length)) return void response.once("drain", more)
          }
          response.end()
        }
        more()
      })
      const read = pullOf(yield* get(root))
      let received = (yield* read)!.reduce((n, piece) => n + piece.length, 0)
      let before = -1
      yield* until(() => {
        const still = written === before
        before = written
        return still && written > 0
      })
      assert.isBelow(written, 16 * 1024 * 1024)
      for (let pieces = yield* read; pieces !== undefined; pieces = yield* read) {
        const size = pieces.reduce((n, piece) => n + piece.length, 0)
        assert.isBelow(size, 1024 * 1024)
        received += size
      }
      assert.strictEqual(received, total)
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("hands over the HTTP chunks of one network read together", () =>
    Effect.gen(function*() {
      const chunks = "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"
      const root = yield* netServer((socket) =>
        socket.once("data", () => {
          socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
          setTimeout(() => socket.write(chunks), 20)
        })
      )
      const read = pullOf(yield* get(root))
      assert.deepStrictEqual((yield* read)!.map(text), ["a", "b", "c"])
      assert.isUndefined(yield* read)
      assert.isUndefined(yield* read)
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("offers no pull for a response that somebody wrapped", () =>
    Effect.gen(function*() {
      const root = yield* httpServer((_request, response) => response.end("ok"))
      const response = yield* get(root)
      assert.isDefined(Direct.pullOf(response))
      assert.isUndefined(Direct.pullOf(Object.create(response)))
      assert.isUndefined(Direct.pullOf(new Proxy(response, {})))
      assert.isUndefined(Direct.pullOf(HttpClientResponse.fromWeb(response.request, new Response("x"))))
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("refuses to read a body twice", () =>
    Effect.gen(function*() {
      const root = yield* httpServer((_request, response) => response.end("ok"))
      const response = yield* Effect.flatMap(HttpClient.HttpClient, (client) => client.get(root))
      yield* Stream.runDrain(response.stream)
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(response.stream)))._tag, "ResponseError")
      assert.strictEqual((yield* Effect.flip(response.text))._tag, "ResponseError")
    }).pipe(Effect.provide(NodeTransport.layer)))

  it.scopedLive("ends a connection that does not come about at the connect limit", () =>
    Effect.gen(function*() {
      // A connector that never connects stands for a host that drops packets.
      const agent = new Agent({ connect: { timeout: 100, lookup: () => {} } })
      yield* Effect.addFinalizer(() => Effect.promise(() => agent.destroy()))
      const error = yield* Effect.flip(
        NodeTransport.make(agent).get("http://nowhere.invalid/")
      )
      assert.strictEqual(error._tag, "RequestError")
      assert.deepStrictEqual(codes(error.cause), ["UND_ERR_CONNECT_TIMEOUT"])
    }))

  it.scopedLive("holds the number of connections to the limit that is set", () =>
    Effect.gen(function*() {
      const sockets = new Set<unknown>()
      const root = yield* httpServer((request, response) => {
        sockets.add(request.socket)
        setTimeout(() => response.end("ok"), 5)
      })
      const client = yield* HttpClient.HttpClient
      yield* Effect.forEach(
        Array.from({ length: 8 }),
        () => Effect.flatMap(client.get(root), (r) => r.text),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(sockets.size, 2)
    }).pipe(Effect.provide(NodeTransport.layerWith({ connections: 2, connectTimeout: "1 second" }))))

  it.scopedLive("closes its connections with the layer, and a body that is being read fails", () =>
    Effect.gen(function*() {
      let closed = 0
      const root = yield* httpServer((request, response) => {
        request.socket.on("close", () => closed++)
        if (request.url === "/stall") response.write("a piece")
        else response.end("ok")
      })
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(NodeTransport.layer, scope)
      const client = yield* Effect.provide(HttpClient.HttpClient, context)
      const response = yield* client.get(`${root}/stall`)
      const stalled = yield* Effect.fork(Effect.flip(response.text))
      yield* Effect.flatMap(client.get(root), (r) => r.text)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(stalled))._tag, "ResponseError")
      yield* until(() => closed === 2)
      assert.strictEqual((yield* Effect.flip(client.get(root)))._tag, "RequestError")
    }))
})

// =============================================================================
// without sockets
// =============================================================================

class Controller implements Dispatcher.DispatchController {
  aborted = false
  paused = false
  reason: Error | null = null
  abort(reason: Error) {
    this.aborted = true
    this.reason = reason
  }
  pause() {
    this.paused = true
  }
  resume() {
    this.paused = false
  }
}

/** A dispatcher that does nothing: what happens to its request is up to the test. */
class Idle extends Dispatcher {
  handler: Dispatcher.DispatchHandler = {}
  readonly controller = new Controller()
  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.handler = handler
    return true
  }
  start() {
    this.handler.onRequestStart!(this.controller, {})
  }
  data(size: number) {
    this.handler.onResponseData!(this.controller, Buffer.alloc(size))
  }
}

describe("the exchange with undici", () => {
  const asked = (dispatcher: Dispatcher) =>
    Effect.tap(Effect.fork(NodeTransport.make(dispatcher).get("http://127.0.0.1/")), Effect.yieldNow())

  // what reads is what is asked for, not what it reads
  const answered = (dispatcher: Idle) =>
    Effect.map(
      Effect.gen(function*() {
        const fiber = yield* asked(dispatcher)
        dispatcher.start()
        dispatcher.handler.onResponseStart!(dispatcher.controller, 200, {})
        return yield* Fiber.join(fiber)
      }),
      pullOf
    )

  const sizes = (pieces: ReadonlyArray<Uint8Array> | undefined) => pieces?.map((piece) => piece.length)

  it.effect("stops the socket when more than 64 KiB wait for a read, until they are read", () =>
    Effect.gen(function*() {
      const dispatcher = new Idle()
      const { controller } = dispatcher
      const read = yield* answered(dispatcher)
      dispatcher.data(64 * 1024)
      assert.isFalse(controller.paused)
      dispatcher.data(1)
      assert.isTrue(controller.paused)
      assert.deepStrictEqual(sizes(yield* read), [64 * 1024, 1])
      assert.isFalse(controller.paused)
      dispatcher.data(64 * 1024)
      assert.isFalse(controller.paused)
    }))

  it.effect("lets 512 KiB come together for a read that waits, and stops the socket over that", () =>
    Effect.gen(function*() {
      const dispatcher = new Idle()
      const { controller } = dispatcher
      const read = yield* answered(dispatcher)
      const fiber = yield* Effect.fork(read)
      yield* Effect.yieldNow()
      dispatcher.data(512 * 1024)
      assert.isFalse(controller.paused)
      dispatcher.data(1)
      assert.isTrue(controller.paused)
      assert.deepStrictEqual(sizes(yield* Fiber.join(fiber)), [512 * 1024, 1])
      assert.isFalse(controller.paused)
    }))

  it.effect("aborts a request that was given up before it had a connection, as soon as it has one", () =>
    Effect.gen(function*() {
      const dispatcher = new Idle()
      yield* Effect.flatMap(asked(dispatcher), Fiber.interrupt)
      assert.isFalse(dispatcher.controller.aborted)
      dispatcher.start()
      assert.isTrue(dispatcher.controller.aborted)
    }))
})
