import { assert, describe, it } from "@effect/vitest"
import { Chat, type Message } from "effect-ollama"
import type * as Encoded from "../../src/core/ai/encoded.js"
import * as Parts from "../../src/core/ai/parts.js"
import { detailed, usageOf } from "./line.js"
import { types } from "./support.js"

const finish: Chat.FinishEvent = {
  type: "finish",
  finishReason: "stop",
  usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 },
  ref: "ollama/m",
  model: "m:latest",
  selectedBy: "primary",
  attempts: [],
  ignored: []
}

const call = (name = "a", argumentsText = "{}", id = "1"): Message.ToolCall => ({
  type: "tool-call",
  id,
  name,
  arguments: JSON.parse(argumentsText) as Message.JsonObject,
  argumentsText
})

const metadata: Message.Metadata = {
  provider: "gemini",
  origin: "https://example.com",
  api: "openai-completions",
  value: { signature: "x" }
}

const offered = new Map([["a", (params: Message.JsonObject) => params]])

const answer = (parts: ReadonlyArray<Message.AssistantPart>, about: Partial<Chat.FinishEvent> = {}) => {
  const { type: _, ...rest } = { ...finish, ...about }
  return new Chat.ChatResponse({ ...rest, parts }, { disableValidation: true })
}

const whole = (
  parts: ReadonlyArray<Message.AssistantPart>,
  about?: Partial<Chat.FinishEvent>,
  found?: Parts.Found
): ReadonlyArray<Encoded.WholePart> => {
  const result = Parts.ofAnswer(answer(parts, about), offered, [], found)
  return typeof result === "string" ? assert.fail(result) : result
}

const last = (about: Partial<Chat.FinishEvent>) => whole([], about).at(-1) as Encoded.FinishPart

/** All chunks of a stream that ends well, the finish with its last events. */
const chunks = (...events: ReadonlyArray<ReadonlyArray<Chat.StreamEvent>>) => {
  const streamed = new Parts.Streamed(offered, [])
  const out = events.map((chunk) => streamed.push(chunk))
  if (streamed.finish !== undefined) out.push(...streamed.end(streamed.finish))
  return out.filter((chunk) => chunk.length > 0)
}

describe("parts of a whole answer", () => {
  it("keeps the order of reasoning, text and calls between the model's name and the finish", () =>
    assert.deepStrictEqual(
      types(whole([{ type: "reasoning", text: "hm" }, { type: "text", text: "Hi" }, call()])),
      ["response-metadata", "reasoning", "text", "tool-call", "finish"]
    ))

  it("gives the parameters as an object", () =>
    assert.deepStrictEqual(whole([call("a", "{\"x\":1}")])[1], {
      type: "tool-call",
      id: "1",
      name: "a",
      params: { x: 1 }
    }))

  it("puts the found object in the place of all text, and says when it was taken out of some", () => {
    const parts = whole([{ type: "reasoning", text: "hm" }, { type: "text", text: "Sure! {}" }], {}, {
      text: "{}",
      extracted: true
    })
    assert.deepStrictEqual(parts.slice(1, 3), [{ type: "reasoning", text: "hm" }, { type: "text", text: "{}" }])
    assert.isTrue((parts[3] as Encoded.FinishPart).metadata?.ollama?.extracted)
  })

  it("says the name that the server gave, else the one that was asked for", () => {
    assert.deepStrictEqual(whole([])[0], { type: "response-metadata", modelId: "m:latest" })
    assert.deepStrictEqual(whole([], { model: undefined })[0], { type: "response-metadata", modelId: "m" })
  })

  it("is told to be useless when it calls a tool that was not given", () =>
    assert.match(String(Parts.ofAnswer(answer([call("b")]), offered, [])), /was not given: it has a/))

  it("is told to be useless when arguments have a key that would be a prototype, however it is written", () => {
    for (const text of ["{\"__proto__\":{}}", "{\"x\":[{\"\\u005f_proto__\":1}]}"]) {
      assert.match(String(Parts.ofAnswer(answer([call("a", text)]), offered, [])), /a key that no object may have/)
    }
    assert.strictEqual(whole([call("a", "{\"x\":\"__proto__ \\u0041\"}")]).length, 3)
  })

  it("keeps the exact text of arguments whose digits are lost", () => {
    const text = "{\"id\":12345678901234567890}"
    assert.deepStrictEqual((whole([call("a", text)])[1] as Encoded.CallPart).metadata, {
      ollama: { argumentsText: text }
    })
    assert.isUndefined((whole([call("a", "{\"id\":\"1234567890123456\"}")])[1] as Encoded.CallPart).metadata)
  })

  it("passes on what the server sent with a part", () => {
    const parts = whole([
      { type: "reasoning", text: "hm", metadata },
      { ...call(), metadata }
    ])
    assert.deepStrictEqual(parts.slice(1, 3).map((part) => "metadata" in part && part.metadata), [
      { ollama: { metadata } },
      { ollama: { metadata } }
    ])
  })
})

describe("the finish", () => {
  it("has whole numbers of tokens, or none", () => {
    assert.deepStrictEqual(
      last({ usage: { inputTokens: 1.5, outputTokens: -1, totalTokens: NaN } }).usage,
      usageOf(undefined, undefined)
    )
    assert.deepStrictEqual(
      last({ usage: { inputTokens: 3, outputTokens: 4, cachedInputTokens: 2, reasoningTokens: 1 } }).usage,
      detailed(3, 4, 2, 1)
    )
    assert.deepStrictEqual(last({ usage: undefined }).usage, usageOf(undefined, undefined))
  })

  it("says who answered, why and what was not sent, as plain JSON", () => {
    const result = Parts.ofAnswer(
      answer([], {
        timings: { total: 5 },
        usage: { cost: 0.5, promptTruncated: true },
        ignored: [{ setting: "numCtx", reason: "/v1" }]
      }),
      offered,
      [{ setting: "tools", reason: "an object" }]
    )
    const { metadata } = (result as ReadonlyArray<Encoded.WholePart>).at(-1) as Encoded.FinishPart
    assert.deepStrictEqual(metadata?.ollama, {
      ref: "ollama/m",
      selectedBy: "primary",
      timings: { total: 5 },
      cost: 0.5,
      promptTruncated: true,
      ignored: [{ setting: "tools", reason: "an object" }, { setting: "numCtx", reason: "/v1" }],
      attempts: []
    })
    assert.deepStrictEqual(JSON.parse(JSON.stringify(metadata)), metadata)
  })
})

describe("parts of a streamed answer", () => {
  const text: ReadonlyArray<Chat.StreamEvent> = [
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: "Hi" }
  ]
  const textEnd: Chat.StreamEvent = { type: "text-end", id: "t" }

  it("are the events themselves as long as there is only text and reasoning", () => {
    const streamed = new Parts.Streamed(offered, [])
    assert.strictEqual(streamed.push(text) as unknown, text)
  })

  it("have all calls in one chunk, and the finish in a later one", () =>
    assert.deepStrictEqual(
      chunks([...text, textEnd], [call("a", "{}", "1")], [call("a", "{}", "2"), finish]).map(types),
      [
        ["text-start", "text-delta", "text-end"],
        ["tool-params-start", "tool-params-delta", "tool-params-end"],
        ["tool-params-start", "tool-params-delta", "tool-params-end"],
        ["tool-call", "tool-call"],
        ["response-metadata", "finish"]
      ]
    ))

  it("have the calls after text that comes after them", () =>
    assert.deepStrictEqual(chunks([call(), ...text, textEnd, finish]).map(types).slice(1), [
      ["tool-call"],
      ["response-metadata", "finish"]
    ]))

  it("close what is open when the stream fails, and nothing when nothing is", () => {
    const streamed = new Parts.Streamed(offered, [])
    streamed.push(text)
    assert.deepStrictEqual(streamed.close(), [{ type: "text-end", id: "t" }])
    assert.deepStrictEqual(streamed.close(), [])
    streamed.push([{ type: "reasoning-start", id: "r" }])
    assert.deepStrictEqual(streamed.close(), [{ type: "reasoning-end", id: "r" }])
    streamed.push([...text, textEnd])
    assert.deepStrictEqual(streamed.close(), [])
  })

  it("close what is open also after events that are not passed on as they are", () => {
    const streamed = new Parts.Streamed(offered, [])
    streamed.push([call(), ...text])
    assert.deepStrictEqual(streamed.close(), [{ type: "text-end", id: "t" }])
  })

  it("tell of a call that cannot be used, after what came before it", () => {
    const streamed = new Parts.Streamed(offered, [])
    assert.deepStrictEqual(types(streamed.push([...text, call("b"), finish])), ["text-start", "text-delta"])
    assert.match(String(streamed.problem), /was not given/)
    assert.isUndefined(streamed.finish)
  })

  it("pass on what the server sent with an event", () => {
    const streamed = new Parts.Streamed(offered, [])
    assert.deepStrictEqual(streamed.push([{ type: "reasoning-end", id: "r", metadata }]), [
      { type: "reasoning-end", id: "r", metadata: { ollama: { metadata } } }
    ])
  })
})
