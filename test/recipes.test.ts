/** The examples of docs/recipes.md that are no server: those are in sseServer.test.ts and in the runtimes suite. */
import { FileSystem, HttpClient, type Path } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import { ChatCompletions, Models, Ollama, type OllamaError } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { readmeExample } from "./support/readme.js"

// What an example exports is known to whoever reads it, not to the compiler.
const recipe = async <A>(word: string): Promise<A> => await readmeExample(word, "docs/recipes.md") as A

interface Both {
  readonly Both: Layer.Layer<unknown, unknown, HttpClient.HttpClient>
  readonly fastest: (prompt: string) => Effect.Effect<{ readonly text: string }, unknown, unknown>
}

interface Chat {
  readonly ask: (prompt: string, signal?: AbortSignal) => Promise<{
    readonly text?: string
    readonly error?: OllamaError.PublicError
  }>
  readonly words: (prompt: string) => Promise<AsyncIterable<string>>
  readonly close: () => Promise<void>
}

type Persisted = (
  directory: string
) => Layer.Layer<Models.Models, unknown, HttpClient.HttpClient | FileSystem.FileSystem | Path.Path>

const { Both, fastest } = await recipe<Both>("class Desk")
const { Middleware } = await recipe<
  { readonly Middleware: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> }
>(
  "x-team"
)
const { makeChat } = await recipe<{
  readonly makeChat: (layer: Layer.Layer<ChatCompletions.ChatCompletions, unknown>) => Chat
}>("ManagedRuntime.make(layer)")
const { persisted } = await recipe<{ readonly persisted: Persisted }>("layerFileSystem")

describe("two configurations in one process", () => {
  // A client for both: what is asked of each host goes to a mock of its own.
  const hosts = Effect.gen(function*() {
    const asked: Array<string> = []
    const mock = (description: MockOllama.Description) =>
      Effect.map(
        Layer.build(MockOllama.layerHttpClient({ models: ["m"], ...description })),
        (context) => Context.get(context, HttpClient.HttpClient)
      )
    const desk = yield* mock({ replies: [{ text: "Late.", fault: { type: "stall", after: 0 } }] })
    const rack = yield* mock({ replies: ["From the rack."] })
    const client = HttpClient.make((request, url) => {
      asked.push(url.host)
      return (url.host === "gpu-box:11434" ? rack : desk).execute(request)
    })
    return { asked, client }
  })

  it.scopedLive("ask two servers, and the slower one is stopped", () =>
    Effect.gen(function*() {
      const { asked, client } = yield* hosts
      const answer = fastest("Hi").pipe(
        Effect.provide(Layer.provide(Both, Layer.succeed(HttpClient.HttpClient, client)))
      ) as Effect.Effect<{ readonly text: string }, unknown> // it needs no more
      assert.strictEqual((yield* answer).text, "From the rack.")
      assert.sameMembers([...new Set(asked)], ["127.0.0.1:11434", "gpu-box:11434"])
    }))
})

describe("middleware on the client", () => {
  it.effect("concerns every request", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => {
      logged.push(String(message))
    })
    return Effect.gen(function*() {
      yield* ChatCompletions.create({ prompt: "Hi" })
      const requests = yield* MockOllama.requests
      assert.deepStrictEqual(requests.map(({ headers }) => headers["x-team"]), requests.map(() => "blue"))
      assert.deepStrictEqual(
        logged.filter((line) => line.endsWith(": 200")),
        requests.map(({ path }) => `http://127.0.0.1:11434${path}: 200`)
      )
    }).pipe(Effect.provide(
      Layer.provideMerge(
        Ollama.layerValue({}, { discover: true }).pipe(Layer.provide(Middleware)),
        MockOllama.layerHttpClient({ models: ["m"], replies: ["Hello"] })
      ).pipe(Layer.provideMerge(Logger.replace(Logger.defaultLogger, logger)))
    ))
  })
})

describe("code without Effect", () => {
  const chat = (replies: MockOllama.Description["replies"]) =>
    Effect.acquireRelease(
      Effect.sync(() => makeChat(MockOllama.layer({ models: ["m"], replies }))),
      (chat) => Effect.promise(() => chat.close())
    )

  it.scopedLive("gets answers, and failures as data", () =>
    Effect.gen(function*() {
      const { ask } = yield* chat(["Hello", { fault: { type: "missing-model" } }])
      assert.deepStrictEqual(yield* Effect.promise(() => ask("Hi")), { text: "Hello" })
      const { error } = yield* Effect.promise(() => ask("Hi"))
      assert.strictEqual(error?.tag, "ModelNotFound")
    }))

  it.scopedLive("gets words, as long as it wants them", () =>
    Effect.gen(function*() {
      const { words } = yield* chat([{ text: ["one ", "two ", "three"], fault: { type: "stall", after: 2 } }])
      const seen = yield* Effect.promise(async () => {
        const seen: Array<string> = []
        for await (const word of await words("Count")) {
          seen.push(word)
          if (seen.length === 1) break
        }
        return seen
      })
      assert.deepStrictEqual(seen, ["one "])
    }))

  it.scopedLive("stops what it does not want any more", () =>
    Effect.gen(function*() {
      const { ask } = yield* chat([{ text: "never", fault: { type: "stall", after: 0 } }])
      const controller = new AbortController()
      const answer = ask("Hi", controller.signal)
      yield* Effect.yieldNow()
      controller.abort()
      assert.strictEqual(yield* Effect.promise(() => answer.then(() => "answered", () => "stopped")), "stopped")
    }))
})

describe("caches on disk", () => {
  it.scopedLive("outlive the process: the next one asks one question", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      const asked = Effect.gen(function*() {
        yield* Models.catalog("ollama")
        return (yield* MockOllama.requests).map(({ path }) => path)
      })
      const process = Effect.provide(
        asked,
        Layer.provideMerge(persisted(directory), MockOllama.layerHttpClient({ models: ["a", "b"] })).pipe(
          Layer.provide(NodeContext.layer)
        )
      )
      assert.deepStrictEqual(yield* process, ["/api/tags", "/api/show", "/api/show"])
      assert.deepStrictEqual(yield* process, ["/api/tags"])
    }).pipe(Effect.provide(NodeContext.layer)))
})

// registers the test that it shows
await recipe("an answer that comes after a retry")
