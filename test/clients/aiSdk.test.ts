/** `ai` with `ai-sdk-ollama`. */
import { assert, describe, it } from "@effect/vitest"
import { embed, embedMany, generateText, Output, stepCountIs, streamText, tool } from "ai"
import { createOllama } from "ai-sdk-ollama"
import { Effect } from "effect"
import { z } from "zod"
import { call, collect, rejection, serving } from "./support.js"

const providerOf = (url: string) => createOllama({ baseURL: url })

const weather = (asked: Array<string>) =>
  tool({
    description: "How the weather is",
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => {
      asked.push(city)
      return Promise.resolve("21")
    }
  })

describe("ai-sdk-ollama", () => {
  it.scopedLive("generates and streams text", () =>
    Effect.gen(function*() {
      const reply = { text: "one two three", usage: { inputTokens: 2, outputTokens: 3 } }
      const { url } = yield* serving(reply, reply)
      const model = providerOf(url)("plain")
      const whole = yield* Effect.promise(() => generateText({ model, prompt: "Hi" }))
      assert.deepStrictEqual([whole.text, whole.finishReason, whole.usage.totalTokens], ["one two three", "stop", 5])
      const streamed = streamText({ model, prompt: "Hi" })
      const parts = yield* Effect.promise(() => collect(streamed.textStream))
      assert.deepStrictEqual(parts, ["one", " two", " three"])
    }))

  it.scopedLive("runs tools, whole and streamed", () =>
    Effect.gen(function*() {
      const { url } = yield* serving(call, "It is mild.", call, "It is mild.")
      const model = providerOf(url)("chat", { reliableToolCalling: false })
      const asked: Array<string> = []
      const options = { model, prompt: "Hi", tools: { get_weather: weather(asked) }, stopWhen: stepCountIs(3) }
      const whole = yield* Effect.promise(() => generateText(options))
      assert.strictEqual(whole.text, "It is mild.")
      const streamed = yield* Effect.promise(() => Promise.resolve(streamText(options).text))
      assert.strictEqual(streamed, "It is mild.")
      assert.deepStrictEqual(asked, ["Paris", "Paris"])
    }))

  it.scopedLive("generates objects", () =>
    Effect.gen(function*() {
      const { mock, url } = yield* serving("{\"city\":\"Paris\"}")
      const model = providerOf(url)("plain", { structuredOutputs: true })
      const { output } = yield* Effect.promise(() =>
        generateText({ model, prompt: "Where?", output: Output.object({ schema: z.object({ city: z.string() }) }) })
      )
      assert.deepStrictEqual(output, { city: "Paris" })
      assert.property((yield* mock.requests)[0]!.json, "format")
    }))

  it.scopedLive("embeds", () =>
    Effect.gen(function*() {
      const { url } = yield* serving()
      const model = providerOf(url).textEmbeddingModel("vectors")
      const { embeddings } = yield* Effect.promise(() => embedMany({ model, values: ["a", "b"] }))
      assert.lengthOf(embeddings, 2)
      assert.deepStrictEqual((yield* Effect.promise(() => embed({ model, value: "a" }))).embedding, embeddings[0])
    }))

  it.scopedLive("fails with the server's words", () =>
    Effect.gen(function*() {
      const { url } = yield* serving({ fault: { type: "status", status: 500, error: "out of memory" } })
      const provider = providerOf(url)
      const missing = yield* rejection(() => generateText({ model: provider("none"), prompt: "Hi", maxRetries: 0 }))
      assert.include(String(missing.message), "model 'none' not found")
      const failed = yield* rejection(() => generateText({ model: provider("plain"), prompt: "Hi", maxRetries: 0 }))
      assert.include(String(failed.message), "out of memory")
    }))
})
