/** `@langchain/ollama`. */
import { assert, describe, it } from "@effect/vitest"
import { tool } from "@langchain/core/tools"
import { ChatOllama, Ollama, OllamaEmbeddings } from "@langchain/ollama"
import { Effect } from "effect"
import { z } from "zod"
import { call, collect, rejection, serving } from "./support.js"

describe("@langchain/ollama", () => {
  it.scopedLive("chats, whole and streamed", () =>
    Effect.gen(function*() {
      const { url } = yield* serving("one two three", "one two three")
      const model = new ChatOllama({ baseUrl: url, model: "plain", maxRetries: 0 })
      const whole = yield* Effect.promise(() => model.invoke("Hi"))
      assert.strictEqual(whole.text, "one two three")
      const chunks = yield* Effect.promise(async () => collect(await model.stream("Hi")))
      assert.deepStrictEqual(chunks.map(({ text }) => text).filter((text) => text !== ""), ["one", " two", " three"])
    }))

  it.scopedLive("calls tools", () =>
    Effect.gen(function*() {
      const { url } = yield* serving(call, "It is mild.")
      const weather = tool(({ city }: { readonly city: string }) => `21 in ${city}`, {
        name: "get_weather",
        description: "How the weather is",
        schema: z.object({ city: z.string() })
      })
      const model = new ChatOllama({ baseUrl: url, model: "chat", maxRetries: 0 }).bindTools([weather])
      const asked = yield* Effect.promise(() => model.invoke("Hi"))
      assert.deepStrictEqual(asked.tool_calls?.map(({ args, name }) => [name, args]), [
        ["get_weather", { city: "Paris" }]
      ])
      const result = yield* Effect.promise(() => weather.invoke(asked.tool_calls![0]!))
      assert.strictEqual(result.content, "21 in Paris")
      const answered = yield* Effect.promise(() => model.invoke([["user", "Hi"], asked, result]))
      assert.strictEqual(answered.text, "It is mild.")
    }))

  it.scopedLive("completes a text, and embeds", () =>
    Effect.gen(function*() {
      const { mock, url } = yield* serving("upon a time")
      const model = new Ollama({ baseUrl: url, model: "plain", maxRetries: 0 })
      assert.strictEqual(yield* Effect.promise(() => model.invoke("Once")), "upon a time")
      assert.strictEqual((yield* mock.requests)[0]!.path, "/api/generate")
      const vectors = new OllamaEmbeddings({ baseUrl: url, model: "vectors", maxRetries: 0 })
      const all = yield* Effect.promise(() => vectors.embedDocuments(["a", "b"]))
      assert.lengthOf(all, 2)
      assert.deepStrictEqual(yield* Effect.promise(() => vectors.embedQuery("a")), all[0])
    }))

  it.scopedLive("fails with the server's words", () =>
    Effect.gen(function*() {
      const { url } = yield* serving()
      const model = new ChatOllama({ baseUrl: url, model: "none", maxRetries: 0 })
      const missing = yield* rejection(() => model.invoke("Hi"))
      assert.include(String(missing.message), "model 'none' not found")
    }))
})
