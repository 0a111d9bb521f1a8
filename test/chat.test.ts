import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, FastCheck as fc, JSONSchema, Schema } from "effect"
import { Chat, Message } from "effect-ollama"

const hostile: Message.JsonObject = JSON.parse("{\"__proto__\":{\"a\":1},\"constructor\":{\"__proto__\":2}}")

const call: Message.ToolCall = {
  type: "tool-call",
  id: "1",
  name: "f",
  arguments: hostile,
  argumentsText: JSON.stringify(hostile)
}

/** There and back, as JSON text. */
const through = <A, I>(schema: Schema.Schema<A, I>, value: A): A =>
  Schema.decodeUnknownSync(schema)(JSON.parse(JSON.stringify(Schema.encodeSync(schema)(value))))

describe("JsonObject", () => {
  it("keeps keys named __proto__ as keys, wherever arguments are", () => {
    const text = JSON.stringify(hostile)
    assert.strictEqual(JSON.stringify(through(Message.ToolCall, call).arguments), text)
    assert.strictEqual(JSON.stringify(through(Message.PartialAnswer, { parts: [call] }).parts[0]), JSON.stringify(call))
    const response = new Chat.ChatResponse({
      parts: [call],
      finishReason: "tool-calls",
      ref: "ollama/m",
      selectedBy: "primary",
      attempts: [],
      ignored: []
    })
    const back = through(Chat.ChatResponse, response).toolCalls[0]!.arguments
    assert.strictEqual(JSON.stringify(back), text)
    assert.strictEqual(Object.getPrototypeOf(back), Object.prototype)
  })
  it("is nothing but a plain object", () => {
    const is = Schema.is(Message.JsonObject)
    for (const value of [{}, hostile, Object.create(null)]) assert.isTrue(is(value))
    for (const value of [null, [], "{}", 1, new Map(), new Uint8Array(1), () => ({})]) assert.isFalse(is(value))
  })
  it("has a JSON Schema and an arbitrary", () => {
    assert.include(JSON.stringify(JSONSchema.make(Message.ToolCall)), "\"type\":\"object\"")
    assert.isTrue(fc.sample(Arbitrary.make(Message.ToolCall), 5).every(Schema.is(Message.ToolCall)))
  })
})
