/** `ollama`, the client of Ollama itself. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Ollama } from "ollama"
import { call, city, collect, first, rejection, serving } from "./support.js"

const tools = [{
  type: "function",
  function: { name: "get_weather", description: "How the weather is", parameters: city }
}]

const messages = [{ role: "user", content: "Hi" }]

describe("ollama", () => {
  it.scopedLive("chats, whole and streamed, with its thinking", () =>
    Effect.gen(function*() {
      const reply = { reasoning: "Hm.", text: "one two three" }
      const { url } = yield* serving(reply, reply)
      const client = new Ollama({ host: url })
      const whole = yield* Effect.promise(() => client.chat({ model: "chat", messages, think: true }))
      assert.deepStrictEqual([whole.message.content, whole.message.thinking, whole.done_reason], [
        "one two three",
        "Hm.",
        "stop"
      ])
      const parts = yield* Effect.promise(async () =>
        collect(await client.chat({ model: "chat", messages, stream: true }))
      )
      assert.deepStrictEqual(parts.map(({ message }) => message.content), ["", "one", " two", " three", ""])
    }))

  it.scopedLive("calls tools", () =>
    Effect.gen(function*() {
      const { mock, url } = yield* serving(call, "It is mild.")
      const client = new Ollama({ host: url })
      const asked = yield* Effect.promise(() => client.chat({ model: "chat", messages, tools }))
      assert.deepStrictEqual(asked.message.tool_calls?.map((one) => one.function.arguments), [{ city: "Paris" }])
      const result = { role: "tool", content: "21", tool_name: "get_weather" }
      const answered = yield* Effect.promise(() =>
        client.chat({ model: "chat", messages: [...messages, asked.message, result], tools })
      )
      assert.strictEqual(answered.message.content, "It is mild.")
      assert.lengthOf(yield* mock.requests, 2)
    }))

  it.scopedLive("generates: raw, with a suffix, with pictures, whole and streamed", () =>
    Effect.gen(function*() {
      const { mock, url } = yield* serving("return a", "upon a", "A cat.")
      const client = new Ollama({ host: url })
      const filled = yield* Effect.promise(() =>
        client.generate({ model: "chat", prompt: "def f(a):", suffix: "}", raw: true })
      )
      assert.strictEqual(filled.response, "return a")
      const parts = yield* Effect.promise(async () =>
        collect(await client.generate({ model: "plain", prompt: "Once", stream: true }))
      )
      assert.deepStrictEqual(parts.map(({ response }) => response), ["upon", " a", ""])
      assert.isAbove(parts.at(-1)!.context.length, 0)
      const seen = yield* Effect.promise(() =>
        client.generate({ model: "plain", prompt: "What is it?", images: [Uint8Array.of(0x89, 0x50, 0x4e, 0x47)] })
      )
      assert.strictEqual(seen.response, "A cat.")
      assert.deepInclude((yield* mock.requests).at(-1)!.json, { images: ["iVBORw=="] })
    }))

  it.scopedLive("lists, shows, embeds, pulls, creates, copies and deletes", () =>
    Effect.gen(function*() {
      const { url } = yield* serving()
      const client = new Ollama({ host: url })
      const list = Effect.map(Effect.promise(() => client.list()), (all) => all.models.map(({ name }) => name))
      assert.deepStrictEqual(yield* list, ["chat:latest", "plain:latest", "vectors:latest"])
      const shown = yield* Effect.promise(() => client.show({ model: "plain" }))
      assert.deepStrictEqual(shown.capabilities, ["completion"])
      const { embeddings } = yield* Effect.promise(() => client.embed({ model: "vectors", input: ["a", "b"] }))
      assert.lengthOf(embeddings, 2)
      const { embedding } = yield* Effect.promise(() => client.embeddings({ model: "vectors", prompt: "a" }))
      assert.deepStrictEqual(embedding, embeddings[0])
      const progress = yield* Effect.promise(async () => collect(await client.pull({ model: "new", stream: true })))
      assert.strictEqual(progress.at(-1)!.status, "success")
      yield* Effect.promise(() => client.create({ model: "own", from: "new", system: "Be brief." }))
      yield* Effect.promise(() => client.copy({ source: "own", destination: "copy" }))
      yield* Effect.promise(() => client.delete({ model: "new" }))
      assert.includeMembers([...yield* list], ["own:latest", "copy:latest"])
      assert.notInclude(yield* list, "new:latest")
      const { models } = yield* Effect.promise(() => client.ps())
      assert.deepStrictEqual(models.map(({ name }) => name), ["vectors:latest"])
      assert.strictEqual((yield* Effect.promise(() => client.version())).version, "0.33.0")
    }))

  it.scopedLive("fails with the server's words, before and in the middle", () =>
    Effect.gen(function*() {
      const { url } = yield* serving({ fault: { type: "busy" } }, {
        text: "one two",
        fault: { type: "error", message: "out of memory", after: 1 }
      })
      const client = new Ollama({ host: url })
      const missing = yield* rejection(() => client.chat({ model: "none", messages }))
      assert.deepStrictEqual([missing.status_code, missing.message], [404, "model 'none' not found"])
      const refused = yield* rejection(() => client.chat({ model: "plain", messages, tools }))
      assert.include(refused.message, "does not support tools")
      const busy = yield* rejection(() => client.chat({ model: "plain", messages }))
      assert.strictEqual(busy.status_code, 503)
      const broken = yield* rejection(async () =>
        collect(await client.chat({ model: "plain", messages, stream: true }))
      )
      assert.strictEqual(broken.message, "out of memory")
    }))

  it.scopedLive("stops the server when it is aborted", () =>
    Effect.gen(function*() {
      const { nextAborted, url } = yield* serving({ text: "one two", fault: { type: "stall", after: 1 } })
      const client = new Ollama({ host: url })
      yield* Effect.promise(async () => {
        const stream = await client.chat({ model: "plain", messages, stream: true })
        assert.strictEqual((await first(stream)).message.content, "one")
        stream.abort()
      })
      assert.strictEqual((yield* nextAborted).path, "/api/chat")
    }))
})
