/** The servers that the program asks: the mock on a socket, and those that answer as no Ollama does. */
import { Effect, type Scope } from "effect"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import { makeCertificate } from "./certificate.js"
import type { Servers } from "./program/checks.js"

// =============================================================================
// the mock
// =============================================================================

interface Asked {
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content: string }>
}

const words = "one two three four fïve"

/** What the mock is to do for a prompt, by the name of the check or the fault. */
const reply = ({ json }: MockOllama.RecordedRequest): MockOllama.Reply => {
  const { messages } = json as Asked
  const name = messages[0]!.content.replace(/ \(.*\)$/, "")
  switch (name) {
    case "whole":
      return { text: "Hello, wörld." }
    case "streamed":
      return { text: words, delayMs: { chunk: 20 } }
    case "tools":
      return messages.at(-1)!.role === "tool"
        ? { text: "It is mild." }
        : { toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }] }
    case "stop, waiting":
      return { fault: { type: "stall" } }
    case "streamed, stalled":
    case "stop, streaming":
    case "stall":
      return { text: words, fault: { type: "stall", after: 2 } }
    // Node 20's fetch may never settle when the reset comes at once.
    case "reset":
      return { delayMs: { head: 50 }, fault: { type: "reset" } }
    case "closed":
      return { delayMs: { head: 50 }, fault: { type: "close" } }
    case "cut by a reset":
      return { text: words, delayMs: { chunk: 20 }, fault: { type: "reset", after: 2 } }
    // a reset throws away what the client has not read yet
    case "cut":
    case "cut by a close":
      return { text: words, delayMs: { chunk: 100 }, fault: { type: "close", after: 2 } }
    default:
      return { text: "?" }
  }
}

// =============================================================================
// the others
// =============================================================================

/** Lets a server listen on a free port of 127.0.0.1 for as long as the scope lasts. */
const listening = (server: Net.Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<number>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as Net.AddressInfo).port)))
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        if (server instanceof Http.Server || server instanceof Https.Server) server.closeAllConnections()
      })
  )

const notHttp = () =>
  Net.createServer((socket) => {
    socket.on("error", () => {})
    socket.once("data", () => socket.end("SSH-2.0-OpenSSH_9.6\r\n"))
  })

/** Says whether the mock saw a request come, or leave before it was answered; waits for it a little. */
const control = (requests: MockOllama.Service["requests"]) =>
  Http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://control")
    const prompt = searchParams.get("prompt")
    const seen = Effect.map(
      requests,
      (all) =>
        all.some(({ aborted, json }) =>
          (json as Asked | undefined)?.messages?.[0]?.content === prompt && (pathname === "/come" || aborted)
        )
    )
    seen.pipe(
      Effect.delay(10),
      Effect.repeat({ until: (yes) => yes, times: 1000 }),
      Effect.map((yes) => {
        response.writeHead(200, { "content-type": "text/plain", "access-control-allow-origin": "*" })
        response.end(yes ? "yes" : "no")
      }),
      Effect.runFork
    )
  })

/** A name that nobody has. */
export const nowhere = "http://nowhere.invalid:11434"

/** Where nothing listens, and nothing will: no system gives such a port to one who asks for any. */
const refusing: Effect.Effect<string> = Effect.suspend(() =>
  makeServer({}, { port: 15_000 + Math.floor(Math.random() * 15_000) })
).pipe(
  Effect.sandbox,
  Effect.retry({ times: 20 }),
  Effect.orDie,
  Effect.map(({ server }) => server.url),
  Effect.scoped
)

/** All of them, on ports of their own. */
export const makeServers: Effect.Effect<Servers, never, Scope.Scope> = Effect.gen(function*() {
  const { mock, server } = yield* makeServer({ models: ["small:1b"], replies: reply })
  const unsigned = Https.createServer(makeCertificate(), (_, response) => response.end())
  return {
    mock: server.url,
    refused: yield* refusing,
    dns: nowhere,
    tls: server.url.replace("http:", "https:"),
    certificate: `https://127.0.0.1:${yield* listening(unsigned)}`,
    notHttp: `http://127.0.0.1:${yield* listening(notHttp())}`,
    control: `http://127.0.0.1:${yield* listening(control(mock.requests))}`
  }
})

/** Serves files from memory, for pages. */
export const serveFiles = (files: ReadonlyMap<string, { readonly type: string; readonly text: string }>) =>
  Effect.map(
    listening(Http.createServer((request, response) => {
      const file = files.get(request.url!.replace(/\?.*/, ""))
      if (file === undefined) return void response.writeHead(404).end()
      response.writeHead(200, { "content-type": file.type }).end(file.text)
    })),
    (port) => `http://127.0.0.1:${port}`
  )
