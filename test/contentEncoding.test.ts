import { FetchHttpClient, HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { ChatCompletions, Models, OllamaClient } from "effect-ollama"
import * as NodeTransport from "effect-ollama/node"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Zlib from "node:zlib"
import { provider } from "./discovery.fixtures.js"

const clients = [
  ["fetch", FetchHttpClient.layer],
  ["undici", NodeHttpClient.layerUndici],
  ["node:http", NodeHttpClient.layer],
  ["effect-ollama/node", NodeTransport.layer]
] as const

const event = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`

const whole = JSON.stringify({
  choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }]
})
const streamed = [event("Hel"), event("lo"), event("", "stop"), "data: [DONE]\n\n"].join("")

const compress = {
  gzip: (text: string) => Zlib.gzipSync(text),
  deflate: (text: string) => Zlib.deflateSync(text),
  br: (text: string) => Zlib.brotliCompressSync(text)
}

/** Answers everything with this body, in two pieces. */
const serving = (headers: Record<string, string>, body: Uint8Array) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<Http.Server>((resume) => {
        const server = Http.createServer((_, response) => {
          response.writeHead(200, headers)
          response.write(body.subarray(0, 1))
          setImmediate(() => response.end(body.subarray(1)))
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => server.closeAllConnections()).pipe(Effect.andThen(Effect.sync(() => server.close())))
    ),
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  )

const completions = (url: string, client: Layer.Layer<HttpClient.HttpClient>) =>
  ChatCompletions.layerWith({ maxBytes: 100_000 }).pipe(
    Layer.provide(Models.layerStatic({ id: "other", baseUrl: url, apiKey: "k", models: ["m"] })),
    Layer.provide(client)
  )

const text = (
  url: string,
  client: Layer.Layer<HttpClient.HttpClient>,
  streaming: boolean
) =>
  Effect.provide(
    streaming
      ? Effect.map(
        Stream.runCollect(Stream.filterMap(ChatCompletions.stream({ prompt: "Hi" }), ChatCompletions.textDelta)),
        (pieces) => Array.from(pieces).join("")
      )
      : Effect.map(ChatCompletions.create({ prompt: "Hi" }), (answer) => answer.text),
    completions(url, client)
  )

describe("an answer that is compressed although nobody asked for it", () => {
  for (const [name, client] of clients) {
    for (const encoding of ["gzip", "deflate", "br"] as const) {
      const undoes = encoding !== "br" || name === "fetch" || name === "effect-ollama/node"
      it.scopedLive(`${encoding} on ${name} is ${undoes ? "undone" : "an error that names it"}`, () =>
        Effect.gen(function*() {
          // a provider of another API than Ollama's own streams by default, and takes a whole answer too
          for (const body of [streamed, whole]) {
            const url = yield* serving(
              { "content-encoding": encoding, "content-type": "application/json" },
              compress[encoding](body)
            )
            if (undoes) assert.strictEqual(yield* text(url, client, false), "Hello")
            else {
              const error = yield* Effect.flip(text(url, client, false))
              assert(error._tag === "MalformedResponse")
              assert.include(error.detail, "compressed (br)")
            }
          }
        }))
    }

    it.scopedLive(`its limit counts what was undone, on ${name}`, () =>
      Effect.gen(function*() {
        const long = event("x".repeat(200_000))
        const url = yield* serving({ "content-encoding": "gzip" }, Zlib.gzipSync(long))
        const error = yield* Effect.flip(text(url, client, true))
        assert.strictEqual(error._tag, "MalformedResponse")
      }))
  }

  for (const [name, client] of clients) {
    it.scopedLive(`that ends too soon is cut, on ${name}`, () =>
      Effect.gen(function*() {
        // bytes that do not come to less
        const said = Array.from({ length: 400 }, (_, i) => event(String(Math.sin(i)))).join("")
        const body = Zlib.gzipSync(said)
        const url = yield* serving({ "content-encoding": "gzip" }, body.subarray(0, body.length >> 1))
        const error = yield* Effect.flip(text(url, client, true))
        assert.strictEqual(error._tag, "IncompleteResponse")
      }))
  }

  for (const [name, client] of clients) {
    it.scopedLive(`without a byte has nothing to undo, on ${name}`, () =>
      Effect.gen(function*() {
        const url = yield* serving({ "content-encoding": "gzip" }, new Uint8Array())
        yield* Effect.provide(
          OllamaClient.delete(provider({ root: url }), "a"),
          Layer.provide(OllamaClient.layer, client)
        )
      }))
  }

  it.scopedLive("gzip without its header is known by its first bytes", () =>
    Effect.gen(function*() {
      const url = yield* serving({}, Zlib.gzipSync(streamed))
      assert.strictEqual(yield* text(url, NodeHttpClient.layer, true), "Hello")
    }))

  for (const name of ["fetch", "effect-ollama/node"] as const) {
    it.scopedLive(`plain JSON that says it is gzip is an error on ${name}`, () =>
      Effect.gen(function*() {
        const url = yield* serving({ "content-encoding": "gzip" }, new TextEncoder().encode(whole))
        const error = yield* Effect.flip(text(url, new Map(clients).get(name)!, false))
        assert(error._tag === "MalformedResponse")
        assert.include(error.detail, "Content-Encoding")
      }))
  }
})
