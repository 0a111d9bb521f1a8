/** `openai`, pointed at Ollama's `/v1`. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { OpenAI } from "openai"
import { call, city, collect, first, rejection, serving } from "./support.js"

const clientOf = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "ollama", maxRetries: 0 })

const tools = [{ type: "function" as const, function: { name: "get_weather", parameters: city } }]

const messages = [{ role: "user" as const, content: "Hi" }]

describe("openai", () => {
  it.scopedLive("chats, whole and streamed, with usage", () =>
    Effect.gen(function*() {
      const reply = { text: "one two three", usage: { inputTokens: 2, outputTokens: 3 } }
      const { url } = yield* serving(reply, reply)
      const { completions } = clientOf(url).chat
      const whole = yield* Effect.promise(() => completions.create({ model: "plain", messages }))
      assert.deepInclude(whole.choices[0], { finish_reason: "stop" })
      assert.strictEqual(whole.choices[0]?.message.content, "one two three")
      assert.strictEqual(whole.usage?.total_tokens, 5)
      const stream_options = { include_usage: true }
      const chunks = yield* Effect.promise(async () =>
        collect(await completions.create({ model: "plain", messages, stream: true, stream_options }))
      )
      assert.deepStrictEqual(chunks.flatMap(({ choices }) => choices[0]?.delta.content ?? []), [
        "one",
        " two",
        " three"
      ])
      assert.strictEqual(chunks.at(-1)!.usage?.total_tokens, 5)
    }))

  it.scopedLive("runs tools", () =>
    Effect.gen(function*() {
      const { url } = yield* serving(call, "It is mild.", call)
      const client = clientOf(url)
      const asked: Array<string> = []
      const runner = client.chat.completions.runTools({
        model: "chat",
        messages,
        tools: [{
          type: "function",
          function: {
            name: "get_weather",
            description: "How the weather is",
            parameters: city,
            parse: (text: string) => JSON.parse(text) as { readonly city: string },
            function: ({ city }: { readonly city: string }) => {
              asked.push(city)
              return "21"
            }
          }
        }]
      })
      assert.strictEqual(yield* Effect.promise(() => runner.finalContent()), "It is mild.")
      assert.deepStrictEqual(asked, ["Paris"])
      const streamed = yield* Effect.promise(() =>
        client.chat.completions.stream({ model: "chat", messages, tools }).finalChatCompletion()
      )
      assert.strictEqual(streamed.choices[0]?.finish_reason, "tool_calls")
      const [one] = streamed.choices[0]?.message.tool_calls ?? []
      assert(one?.type === "function")
      assert.deepStrictEqual(JSON.parse(one.function.arguments), { city: "Paris" })
    }))

  it.scopedLive("completes a text, whole and streamed", () =>
    Effect.gen(function*() {
      const { url } = yield* serving("upon a time", "upon a")
      const { completions } = clientOf(url)
      const whole = yield* Effect.promise(() => completions.create({ model: "plain", prompt: "Once" }))
      assert.strictEqual(whole.choices[0]?.text, "upon a time")
      const chunks = yield* Effect.promise(async () =>
        collect(await completions.create({ model: "plain", prompt: "Once", stream: true }))
      )
      assert.deepStrictEqual(chunks.map(({ choices }) => choices[0]?.text), ["upon", " a", ""])
    }))

  it.scopedLive("responds, whole and streamed, with reasoning", () =>
    Effect.gen(function*() {
      const reply = { reasoning: "Hm.", text: "one two", usage: { inputTokens: 2, outputTokens: 3 } }
      const { url } = yield* serving(reply, reply)
      const { responses } = clientOf(url)
      const whole = yield* Effect.promise(() => responses.create({ model: "chat", input: "Hi" }))
      assert.strictEqual(whole.output_text, "one two")
      assert.deepStrictEqual(whole.output.map(({ type }) => type), ["reasoning", "message"])
      assert.strictEqual(whole.usage?.total_tokens, 5)
      const events = yield* Effect.promise(async () =>
        collect(await responses.create({ model: "chat", input: "Hi", stream: true }))
      )
      const deltas = events.flatMap((event) => event.type === "response.output_text.delta" ? [event.delta] : [])
      assert.deepStrictEqual(deltas, ["one", " two"])
      const last = events.at(-1)!
      assert(last.type === "response.completed")
      assert.strictEqual(last.response.usage?.total_tokens, 5)
    }))

  it.scopedLive("responds with calls, and takes their results", () =>
    Effect.gen(function*() {
      const { mock, url } = yield* serving(call, call, "It is mild.")
      const { responses } = clientOf(url)
      const tools = [{ type: "function" as const, name: "get_weather", parameters: city, strict: false }]
      const whole = yield* Effect.promise(() => responses.create({ model: "chat", input: "Hi", tools }))
      const streamed = yield* Effect.promise(() =>
        responses.stream({ model: "chat", input: "Hi", tools }).finalResponse()
      )
      for (const { output } of [whole, streamed]) {
        const [one] = output
        assert(one?.type === "function_call")
        assert.deepStrictEqual([one.name, JSON.parse(one.arguments)], ["get_weather", { city: "Paris" }])
      }
      const [one] = whole.output
      assert(one?.type === "function_call")
      const input = [
        { role: "user" as const, content: "Hi" },
        one,
        { type: "function_call_output" as const, call_id: one.call_id, output: "21" }
      ]
      const answered = yield* Effect.promise(() => responses.create({ model: "chat", input, tools }))
      assert.strictEqual(answered.output_text, "It is mild.")
      assert.lengthOf(yield* mock.requests, 3)
    }))

  it.scopedLive("lists, retrieves and embeds", () =>
    Effect.gen(function*() {
      const { url } = yield* serving()
      const client = clientOf(url)
      const list = yield* Effect.promise(() => client.models.list())
      assert.deepStrictEqual(list.data.map(({ id }) => id), ["chat:latest", "plain:latest", "vectors:latest"])
      assert.strictEqual((yield* Effect.promise(() => client.models.retrieve("plain"))).id, "plain")
      // asks for base64, and decodes it
      const embedded = yield* Effect.promise(() => client.embeddings.create({ model: "vectors", input: ["a", "b"] }))
      const digits = yield* Effect.promise(() =>
        client.embeddings.create({ model: "vectors", input: ["a", "b"], encoding_format: "float" })
      )
      assert.lengthOf(embedded.data, 2)
      embedded.data[0]!.embedding.forEach((value, index) =>
        assert.closeTo(value, digits.data[0]!.embedding[index]!, 1e-6)
      )
    }))

  it.scopedLive("fails by the status, with the server's words", () =>
    Effect.gen(function*() {
      const { url } = yield* serving({ fault: { type: "busy" } }, {
        fault: { type: "status", status: 429, error: "slow down", headers: { "retry-after": "7" } }
      })
      const client = clientOf(url)
      const missing = yield* rejection(() => client.chat.completions.create({ model: "none", messages }))
      assert.instanceOf(missing, OpenAI.NotFoundError)
      assert.include(missing.message, "model 'none' not found")
      const refused = yield* rejection(() => client.chat.completions.create({ model: "plain", messages, tools }))
      assert.instanceOf(refused, OpenAI.BadRequestError)
      const busy = yield* rejection(() => client.responses.create({ model: "plain", input: "Hi" }))
      assert.instanceOf(busy, OpenAI.InternalServerError)
      assert.strictEqual(busy.status, 503)
      const limited = yield* rejection(() => client.completions.create({ model: "plain", prompt: "Hi" }))
      assert.instanceOf(limited, OpenAI.RateLimitError)
      assert.strictEqual(limited.headers.get("retry-after"), "7")
    }))

  it.scopedLive("stops the server when it is aborted", () =>
    Effect.gen(function*() {
      const stalls = { text: "one two", fault: { type: "stall", after: 1 } } as const
      const { nextAborted, url } = yield* serving(stalls, stalls)
      const client = clientOf(url)
      yield* Effect.promise(async () => {
        const stream = await client.chat.completions.create({ model: "plain", messages, stream: true })
        assert.strictEqual((await first(stream)).choices[0]?.delta.content, "one")
        stream.controller.abort()
      })
      assert.strictEqual((yield* nextAborted).path, "/v1/chat/completions")
      yield* Effect.promise(async () => {
        const stream = await client.responses.create({ model: "plain", input: "Hi", stream: true })
        assert.strictEqual((await first(stream)).type, "response.created")
        stream.controller.abort()
      })
      assert.strictEqual((yield* nextAborted).path, "/v1/responses")
    }))
})
