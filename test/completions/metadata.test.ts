/** What a provider wants back: it goes back with the history, to that one and to no other. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Chat, ChatCompletions, ToolLoop } from "effect-ollama"
import { events, mocked, raw, requests } from "./support.js"

const event = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`
const delta = (delta: unknown, finish: string | null = null) =>
  event({ model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })

const whole = (message: unknown, finish = "stop") => ({
  raw: {
    headers: { "content-type": "application/json" },
    chunks: [JSON.stringify({ model: "m", choices: [{ index: 0, message, finish_reason: finish }] })]
  }
})

const hosted = (replies: Parameters<typeof mocked>[1]["replies"], streaming: boolean) =>
  mocked("openai-completions", { replies }, {
    id: "hosted",
    baseUrl: "http://127.0.0.1:11434",
    models: [{ id: "m", streaming }]
  })

const weather = ToolLoop.tool({
  name: "get_weather",
  parameters: Schema.Struct({ city: Schema.String }),
  handler: () => Effect.succeed("sunny")
})

const call = (extra: object) => ({
  id: "1",
  type: "function",
  function: { name: "get_weather", arguments: "{\"city\":\"Paris\"}" },
  ...extra
})

const extra_content = { google: { thought_signature: "sig==" } }

interface Body {
  readonly messages: ReadonlyArray<{ readonly role: string }>
}

const assistantOf = (body: Body) => body.messages.find(({ role }) => role === "assistant")

const loop = Effect.gen(function*() {
  const { response, turns } = yield* ToolLoop.run({ prompt: "Weather?", model: "hosted/m", tools: [weather] })
  assert.strictEqual(response.text, "Sunny.")
  const sent = (yield* requests).filter(({ method }) => method === "POST")
  return { turns, message: assistantOf(sent[1]?.json as Body) }
})

const gemini = {
  role: "assistant",
  content: "",
  tool_calls: [call({ extra_content })]
}

const deepSeek = {
  role: "assistant",
  content: "",
  reasoning_content: "I need the weather.",
  tool_calls: [call({})]
}

describe("a tool loop of two turns", () => {
  it.effect("gives Gemini its thought_signature back, whole", () =>
    Effect.gen(function*() {
      const { message, turns } = yield* loop
      assert.deepStrictEqual(message, gemini)
      assert.deepStrictEqual(turns[0]?.toolCalls[0]?.metadata, {
        provider: "hosted",
        origin: "http://127.0.0.1:11434",
        api: "openai-completions",
        value: { extra_content }
      })
    }).pipe(Effect.provide(hosted([
      whole({ role: "assistant", tool_calls: [call({ extra_content })] }, "tool_calls"),
      whole({ content: "Sunny." })
    ], false))))

  it.effect("gives Gemini its thought_signature back, streamed", () =>
    Effect.map(loop, ({ message }) => assert.deepStrictEqual(message, gemini)).pipe(Effect.provide(hosted([
      {
        raw: raw("openai-completions", [
          delta({ tool_calls: [{ index: 0, ...call({ extra_content }) }] }, "tool_calls"),
          "data: [DONE]\n\n"
        ])
      },
      { raw: raw("openai-completions", [delta({ content: "Sunny." }, "stop"), "data: [DONE]\n\n"]) }
    ], true))))

  it.effect("gives a DeepSeek its reasoning_content back, whole", () =>
    Effect.map(loop, ({ message }) => assert.deepStrictEqual(message, deepSeek)).pipe(Effect.provide(hosted([
      whole({ content: "", reasoning_content: "I need the weather.", tool_calls: [call({})] }, "tool_calls"),
      whole({ content: "Sunny." })
    ], false))))

  it.effect("gives a DeepSeek its reasoning_content back, streamed", () =>
    Effect.map(loop, ({ message }) => assert.deepStrictEqual(message, deepSeek)).pipe(Effect.provide(hosted([
      {
        raw: raw("openai-completions", [
          ...["I ", "need ", "the ", "wea", "t", "h", "e", "r."].map((reasoning_content) =>
            delta({ reasoning_content })
          ),
          delta({ tool_calls: [{ index: 0, ...call({}) }] }),
          delta({}, "tool_calls"),
          "data: [DONE]\n\n"
        ])
      },
      { raw: raw("openai-completions", [delta({ content: "Sunny." }, "stop"), "data: [DONE]\n\n"]) }
    ], true))))
})

describe("metadata", () => {
  const details = (text: string, more: object = {}) => ({
    reasoning_details: [{ type: "reasoning.text", index: 0, text, ...more }]
  })

  it.effect("in pieces is put together, on the part and on its end", () =>
    Effect.gen(function*() {
      const { all } = yield* events({ prompt: "Hi", model: "hosted/m" })
      const end = all.find(({ type }) => type === "reasoning-end") as {
        readonly metadata?: { readonly value: unknown }
      }
      assert.deepStrictEqual(end.metadata?.value, {
        reasoning_details: [{ type: "reasoning.text", index: 0, text: "Hm. So.", signature: "s" }],
        field: "reasoning_details"
      })
      for (const event of all) Schema.encodeSync(Chat.StreamEvent)(event)
    }).pipe(Effect.provide(hosted([{
      raw: raw("openai-completions", [
        delta(details("Hm. ")),
        delta(details("So.", { signature: "s" })),
        delta({ content: "42" }, "stop"),
        "data: [DONE]\n\n"
      ])
    }], true))))

  const format = "of a name that is written on every piece, ".repeat(5)

  it.effect("in many small pieces is as large as what they come to", () =>
    Effect.gen(function*() {
      const { ignored, parts } = yield* ChatCompletions.create({ prompt: "Hi", model: "hosted/m" })
      assert.deepStrictEqual(ignored, [])
      assert.deepStrictEqual(parts[0]?.metadata?.value, {
        reasoning_details: [{ type: "reasoning.text", index: 0, text: "abc ".repeat(300), format, signature: "s" }],
        field: "reasoning_details"
      })
    }).pipe(Effect.provide(hosted([{
      raw: raw("openai-completions", [
        ...Array.from({ length: 300 }, () => delta(details("abc ", { format }))),
        delta(details("", { signature: "s" })),
        delta({ content: "42" }, "stop"),
        "data: [DONE]\n\n"
      ])
    }], true))))

  it.effect("that is encrypted goes with what follows", () =>
    Effect.gen(function*() {
      const { parts } = yield* ChatCompletions.create({ prompt: "Hi", model: "hosted/m" })
      const encrypted = [{ type: "reasoning.encrypted", data: "abc" }]
      assert.deepStrictEqual(parts.map(({ metadata, type }) => [type, metadata?.value]), [
        ["text", { reasoning_details: encrypted }]
      ])
    }).pipe(Effect.provide(hosted([
      whole({ content: "42", reasoning_details: [{ type: "reasoning.encrypted", data: "abc" }] })
    ], false))))

  it.effect("that comes behind all that it could go with is not kept, and ignored says so", () =>
    Effect.gen(function*() {
      const { ignored, parts } = yield* ChatCompletions.create({ prompt: "Hi", model: "hosted/m" })
      assert.deepStrictEqual(ignored.map(({ reason, setting }) => [setting, reason]), [
        ["metadata", "it came behind all that it could go with"]
      ])
      assert.deepStrictEqual(parts.map(({ metadata, type }) => [type, metadata]), [["tool-call", undefined]])
    }).pipe(Effect.provide(hosted([{
      raw: raw("openai-completions", [
        delta({ tool_calls: [{ index: 0, ...call({}) }] }),
        delta({ reasoning_details: [{ type: "reasoning.encrypted", data: "abc" }] }),
        delta({}, "tool_calls"),
        "data: [DONE]\n\n"
      ])
    }], true))))

  it.effect("of more than 64 KiB is dropped, and ignored says so", () =>
    Effect.gen(function*() {
      const { ignored, parts } = yield* ChatCompletions.create({ prompt: "Hi", model: "hosted/m" })
      assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["metadata"])
      assert.isUndefined(parts[0]?.metadata)
    }).pipe(Effect.provide(hosted([
      whole({ tool_calls: [call({ extra_content: { google: { thought_signature: "x".repeat(65_536) } } })] })
    ], false))))
})
