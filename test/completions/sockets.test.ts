/** The same service on real sockets, with each of the HTTP clients that run on Node. */
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Schedule, Stream, Tracer } from "effect"
import { ChatCompletions, Message, type Model } from "effect-ollama"
import * as NodeTransport from "effect-ollama/node"
import type { MockOllama } from "effect-ollama/testing"
import * as MockNode from "effect-ollama/testing/node"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { refusedPort, refusedUrl } from "../support/refused.js"
import { apis, created, once, type Outcome, service, type ServiceOptions, streamed, take } from "./support.js"
import { wire } from "./wire.js"

// As a host may wrap it: it is then not driven directly.
const wrapped = Layer.map(
  NodeTransport.layer,
  (context) =>
    Context.make(
      HttpClient.HttpClient,
      HttpClient.mapRequest(
        Context.get(context, HttpClient.HttpClient),
        HttpClientRequest.setHeader("x-host", "wrapped")
      )
    )
)

const clients: Readonly<Record<string, Layer.Layer<HttpClient.HttpClient>>> = {
  "fetch": FetchHttpClient.layer,
  "undici": NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layer,
  "effect-ollama/node": NodeTransport.layer,
  "effect-ollama/node, wrapped": wrapped
}

const prompt = { prompt: "Hi" }

type Served = Effect.Effect.Success<ReturnType<typeof MockNode.makeServer>>

interface Setup extends ServiceOptions {
  readonly api?: Model.Api
  readonly description: MockOllama.Description
}

/** Runs against a mock on a port of its own. The client outlives `use`, so what closes a connection is the library. */
const serve = <A, E>(
  client: Layer.Layer<HttpClient.HttpClient>,
  { api = "ollama", description, ...options }: Setup,
  use: (served: Served) => Effect.Effect<A, E, ChatCompletions.ChatCompletions>
) =>
  Effect.scoped(Effect.flatMap(
    MockNode.makeServer({ models: ["m", "b"], ...description }),
    (served) =>
      use(served).pipe(
        Effect.provide(
          service(api, { baseUrl: served.server.url, streaming: true, retrySchedule: once, ...options }).pipe(
            Layer.provide(client)
          )
        )
      )
  ))

/**
 * Waits until the connection of each request is closed. undici opens another one after an abort, before it sees that
 * nothing is left to be sent, and keeps it for a while.
 */
const allClosed = ({ mock, server }: Served) =>
  Effect.gen(function*() {
    const { length } = yield* mock.requests
    yield* server.connections.pipe(
      Effect.delay(5),
      Effect.repeat({ until: ({ closed }) => closed >= length }),
      Effect.timeoutFail({ duration: 3000, onTimeout: () => "a connection stayed open" })
    )
    for (const request of yield* mock.requests) assert.isFalse(request.complete)
  })

const partial = ({ parts }: Outcome) => Message.textOf(parts)

/** Waits until that many requests have come, and a moment more for what is answered. */
const asked = ({ mock }: Served, count: number) =>
  mock.requests.pipe(
    Effect.delay(5),
    Effect.repeat({ until: (all) => all.length >= count }),
    Effect.zipRight(Effect.sleep(20))
  )

const raw = (api: Model.Api, ...chunks: ReadonlyArray<string>): MockOllama.Reply => ({
  raw: { headers: { "content-type": wire[api].contentType }, chunks },
  fault: { type: "stall", after: chunks.length }
})

for (const [name, client] of Object.entries(clients)) {
  describe(name, () => {
    for (const api of apis) {
      const { raw: event, text } = wire[api]

      const failures: Readonly<
        Record<string, readonly [MockOllama.Reply, tag: string, fields: Readonly<Record<string, unknown>>]>
      > = {
        "a cut": [
          { text: "one two three", fault: { type: "close", after: 2 } },
          "IncompleteResponse",
          { reason: "connection" }
        ],
        "a reset": [
          { text: "one two three", fault: { type: "reset", after: 2 } },
          "IncompleteResponse",
          { reason: "connection" }
        ],
        "an end": [{ text: "one two three", fault: { type: "end", after: 2 } }, "IncompleteResponse", {
          reason: "ended"
        }],
        "silence": [{ text: "one two three", fault: { type: "stall", after: 2 } }, "RequestTimeout", {
          phase: "idle",
          limit: 300
        }],
        "garbage": [raw(api, text("one two"), event("It works!")), "MalformedResponse", {}],
        "an error": [raw(api, text("one two"), event("{\"error\":\"it broke\"}")), "ServerError", {}],
        "an event over the bound": [
          raw(api, text("one two"), text("x".repeat(5000))),
          "MalformedResponse",
          {}
        ]
      }
      for (const [what, [reply, tag, fields]] of Object.entries(failures)) {
        it.live(`${what} is ${tag} with what had arrived, and the connection is closed (${api})`, () =>
          serve(
            client,
            { api, description: { replies: [reply] }, idleTimeout: what === "silence" ? 300 : 5000, maxBytes: 2000 },
            (served) =>
              Effect.gen(function*() {
                for (const ask of [streamed, created]) {
                  const outcome = yield* ask(prompt)
                  assert.strictEqual(outcome.error?._tag, tag)
                  assert.deepInclude({ ...outcome.error }, fields)
                  assert.strictEqual(partial(outcome), "one two")
                }
                // an answer that came to its end leaves a connection that can be used again
                if (what !== "an end") yield* allClosed(served)
                assert.lengthOf(yield* served.mock.requests, 2)
              })
          ))
      }
    }

    it.live("silence instead of a head, or of a body, is RequestTimeout, and the connection is closed", () =>
      serve(client, {
        description: { replies: [{ fault: { type: "stall" } }, { text: "a", fault: { type: "stall", after: 0 } }] },
        firstByteTimeout: 100
      }, (served) =>
        Effect.gen(function*() {
          for (let i = 0; i < 2; i++) {
            const { error } = yield* streamed(prompt)
            assert.deepInclude({ ...error }, { _tag: "RequestTimeout", phase: "first-byte", limit: 100 })
          }
          yield* allClosed(served)
        })))

    it.live("the same for answers that are not streamed", () =>
      serve(client, {
        streaming: false,
        description: { replies: [{ fault: { type: "stall" } }, { text: "a", fault: { type: "stall", after: 0 } }] },
        firstByteTimeout: 100,
        idleTimeout: 100
      }, (served) =>
        Effect.gen(function*() {
          for (let i = 0; i < 2; i++) {
            assert.deepInclude({ ...(yield* created(prompt)).error }, { _tag: "RequestTimeout", limit: 100 })
          }
          yield* allClosed(served)
        })))

    it.live("a whole answer that breaks off is IncompleteResponse", () =>
      serve(client, {
        streaming: false,
        description: {
          replies: (["close", "reset"] as const).map((type) => ({
            text: "Hello",
            fault: { type, after: 20, unit: "bytes" }
          }))
        }
      }, () =>
        Effect.gen(function*() {
          for (let i = 0; i < 2; i++) {
            assert.deepInclude({ ...(yield* created(prompt)).error }, {
              _tag: "IncompleteResponse",
              reason: "connection"
            })
          }
        })))

    it.live("a reset before the head is ConnectionFailed, after the scheduled attempts", () =>
      serve(client, {
        description: { replies: [{ fault: { type: "reset" } }] },
        retrySchedule: Schedule.recurs(2)
      }, (served) =>
        Effect.gen(function*() {
          const { error } = yield* streamed(prompt)
          assert.deepInclude({ ...error }, { _tag: "ConnectionFailed", reason: "reset", attempts: 3 })
          assert.lengthOf(yield* served.mock.requests, 3)
        })))

    it.live("a port where nobody listens is ConnectionRefused, after the scheduled attempts", () =>
      Effect.gen(function*() {
        for (const ask of [streamed, created]) {
          const { error } = yield* ask(prompt)
          assert.deepInclude({ ...error }, {
            _tag: "ConnectionRefused",
            address: "127.0.0.1",
            port: refusedPort,
            attempts: 3
          })
        }
      }).pipe(
        Effect.provide(
          service("ollama", { baseUrl: refusedUrl, streaming: true, retrySchedule: Schedule.recurs(2) }).pipe(
            Layer.provide(client)
          )
        )
      ))

    const endless: MockOllama.Reply = { text: "one two three", fault: { type: "stall", after: 2 } }

    it.live("interruption closes the connection at once", () =>
      serve(client, { description: { replies: [endless] } }, (served) =>
        Effect.gen(function*() {
          for (const [i, ask] of [streamed, created].entries()) {
            const fiber = yield* Effect.fork(ask(prompt))
            yield* asked(served, i + 1)
            yield* Fiber.interrupt(fiber)
            assert.isTrue((yield* served.server.nextAborted).aborted)
          }
          yield* allClosed(served)
        })))

    it.live("interruption before the head closes the connection at once", () =>
      serve(client, { description: { replies: [{ fault: { type: "stall" } }] } }, (served) =>
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(streamed(prompt))
          yield* asked(served, 1)
          yield* Fiber.interrupt(fiber)
          assert.isTrue((yield* served.server.nextAborted).aborted)
          yield* allClosed(served)
        })))

    it.live("interruption of an answer that is not streamed closes the connection at once", () =>
      serve(client, {
        streaming: false,
        description: { replies: [{ fault: { type: "stall" } }, { text: "a", fault: { type: "stall", after: 0 } }] }
      }, (served) =>
        Effect.gen(function*() {
          for (let i = 0; i < 2; i++) {
            const fiber = yield* Effect.fork(created(prompt))
            yield* asked(served, i + 1)
            yield* Fiber.interrupt(fiber)
            assert.isTrue((yield* served.server.nextAborted).aborted)
          }
          yield* allClosed(served)
        })))

    it.live("a consumer that has enough closes the connection", () =>
      serve(client, { description: { replies: [endless] } }, (served) =>
        Effect.gen(function*() {
          assert.lengthOf(yield* take(prompt, 2), 2)
          assert.isTrue((yield* served.server.nextAborted).aborted)
          yield* allClosed(served)
        })))

    it.live("a slow consumer slows the server: no more is taken from the socket than by a plain reader", () =>
      Effect.scoped(Effect.gen(function*() {
        const flood = yield* flooding
        const plain = yield* flood.taken((url) =>
          Effect.acquireUseRelease(
            Effect.sync(() => new AbortController()),
            ({ signal }) =>
              Effect.promise(async () => {
                const response = await fetch(url, { signal })
                const reader = response.body!.getReader()
                await reader.read()
                await new Promise((resolve) => setTimeout(resolve, 300))
              }),
            (controller) => Effect.sync(() => controller.abort())
          )
        )
        const ours = yield* flood.taken(() =>
          ChatCompletions.stream(prompt).pipe(
            Stream.tap(() => Effect.sleep(300)),
            Stream.take(1),
            Stream.runDrain,
            Effect.orDie,
            Effect.provide(service("ollama", { baseUrl: flood.url, streaming: true }).pipe(Layer.provide(client)))
          )
        )
        assert.isBelow(ours, Math.max(2 * plain, plain + 1_000_000), `plain: ${plain}`)
        assert.isBelow(ours, 25_000_000)
      })))
  })
}

/** 50 MB of deltas, written as fast as somebody takes them. */
const flooding = Effect.gen(function*() {
  const line = wire.ollama.text("x".repeat(16_000))
  const total = 50_000_000
  let written = 0
  const server = Http.createServer((request, response) => {
    request.resume()
    response.writeHead(200, { "content-type": "application/x-ndjson" })
    const write = () => {
      while (!response.destroyed && written < total) {
        written += line.length
        if (!response.write(line)) return void response.once("drain", write)
      }
    }
    write()
  })
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    /** How many bytes the server could write while this ran. */
    taken: (run: (url: string) => Effect.Effect<void>) =>
      Effect.suspend(() => {
        written = 0
        return Effect.map(run(url), () => written)
      })
  }
})

describe("keep-alive", () => {
  for (const name of ["undici", "effect-ollama/node"]) {
    it.live(`${name}: the end of a body that comes late is waited for, so that its connection is used again`, () =>
      serve(clients[name]!, {
        description: {
          replies: [{
            raw: {
              headers: { "content-type": wire.ollama.contentType },
              chunks: [wire.ollama.text("Hello"), wire.ollama.usage, "\n"]
            },
            delayMs: { chunk: 50 }
          }]
        }
      }, ({ server }) =>
        Effect.gen(function*() {
          for (const ask of [streamed, created, streamed]) {
            assert.isDefined((yield* ask(prompt)).finish)
            yield* Effect.sleep(20)
          }
          assert.deepStrictEqual(yield* server.connections, { opened: 1, closed: 0 })
        })))
  }

  for (const name of ["undici", "effect-ollama/node"]) {
    for (const api of apis) {
      for (const streaming of [true, false]) {
        it.live(`${name}: completions one after another use one connection (${api}, streaming: ${streaming})`, () =>
          serve(
            clients[name]!,
            { api, streaming, description: { replies: ["one two three"] } },
            ({ server }) =>
              Effect.gen(function*() {
                for (const ask of [streamed, created, streamed]) {
                  assert.isDefined((yield* ask(prompt)).finish)
                  // undici frees a connection one turn of the event loop after the answer
                  yield* Effect.sleep(20)
                }
                assert.deepStrictEqual(yield* server.connections, { opened: 1, closed: 0 })
              })
          ))
      }
    }
  }
})

describe("the direct way of effect-ollama/node", () => {
  const description = { replies: ["Hi", "Hi"] }

  it.live("is not taken past what a host wrapped around the client", () =>
    serve(wrapped, { description, streaming: false }, ({ mock }) =>
      Effect.gen(function*() {
        yield* created(prompt)
        assert.strictEqual((yield* mock.requests).at(-1)?.headers["x-host"], "wrapped")
      })))

  it.live("is not taken where a tracer looks, so that the request has its span", () =>
    serve(NodeTransport.layer, { description, streaming: false }, () =>
      Effect.gen(function*() {
        const names: Array<string> = []
        const native = yield* Effect.tracer
        const tracer = Tracer.make({
          span: (name, ...rest) => {
            names.push(name)
            return native.span(name, ...rest)
          },
          context: native.context
        })
        yield* created(prompt)
        assert.deepStrictEqual(names, [])
        yield* Effect.withTracer(created(prompt), tracer)
        assert.includeMembers(names, ["ChatCompletions.create", "http.client POST"])
      })))
})
