/** The server of `examples/sse-server.ts`, read by a page of a headless Chromium. */
import { HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { Ollama } from "effect-ollama"
import * as OllamaNode from "effect-ollama/node"
import { makeServer } from "effect-ollama/testing/node"
import * as assert from "node:assert/strict"
import { createServer } from "node:http"
import { RouterLive } from "../../examples/sse-server.js"
import { openPage } from "./chromium.js"

const event = (word: string) => `event: text\ndata: ${JSON.stringify(word)}\n\n`

/** Events come while the server still speaks, and a page that leaves stops it. */
export const events = Effect.gen(function*() {
  const { server } = yield* makeServer({
    models: ["small:1b"],
    replies: [
      { text: "one two three", fault: { type: "stall", after: 1 } },
      { text: "one two three", fault: { type: "stall", after: 2 } },
      { text: "one two" }
    ]
  })
  const context = yield* Layer.build(RouterLive.pipe(
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.provide(Ollama.layerValue({}, {
      baseUrl: server.url,
      discover: true,
      keepWithoutTools: true,
      streaming: true
    })),
    Layer.provide(OllamaNode.layer)
  ))
  const { address } = Context.get(context, HttpServer.HttpServer)
  assert.ok(address._tag === "TcpAddress")
  const page = yield* openPage
  // the server has no page: one of its origin is put in
  const origin = `http://127.0.0.1:${address.port}`
  yield* Effect.promise(async () => {
    await page.route(`${origin}/page`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }))
    await page.goto(`${origin}/page`)
    await page.unroute(`${origin}/page`)
  })

  /** What the page has received once it is that long, or is over; then it leaves. */
  const received = (length: number) =>
    Effect.promise(() =>
      page.evaluate(async (length) => {
        const controller = new AbortController()
        const response = await fetch("/chat", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ prompt: "Count." }),
          signal: controller.signal
        })
        const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
        let text = ""
        while (text.length < length) {
          const { done, value } = await reader.read()
          if (done) return text
          text += value
        }
        controller.abort()
        return text
      }, length)
    )

  for (const said of [event("one"), event("one") + event(" two")]) {
    assert.equal(yield* received(said.length), said)
    yield* server.nextAborted.pipe(
      Effect.timeoutFail({ duration: "30 seconds", onTimeout: () => new Error("the server did not see a page leave") })
    )
  }
  const all = yield* received(Infinity)
  assert.ok(all.startsWith(`${event("one")}${event(" two")}event: done\n`), all)
}).pipe(Effect.scoped)
