import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Either, FastCheck as fc, JSONSchema, Schema, Stream } from "effect"
import { Chat, ChatCompletions, Message } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { normalize } from "./support/request.js"

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

describe("ChatRequest", () => {
  const name = fc.string({ minLength: 1, maxLength: 8 }).filter((name) => name.trim() !== "")
  const text = fc.fullUnicodeString({ maxLength: 12 })
  const json = fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(text))
  const object = fc.dictionary(fc.oneof(fc.constant("__proto__"), fc.string({ maxLength: 6 })), json, { maxKeys: 4 })
  const image = fc.uint8Array({ maxLength: 9 }).map((tail) => new Uint8Array([0xff, 0xd8, 0xff, ...tail]))
  const textPart = fc.record({ type: fc.constant("text" as const), text })
  const message: fc.Arbitrary<Message.Message> = fc.oneof(
    fc.record({ role: fc.constant("system" as const), content: text }),
    fc.record({
      role: fc.constant("user" as const),
      content: fc.oneof(
        text,
        fc.array(fc.oneof(textPart, fc.record({ type: fc.constant("image" as const), image })), {
          minLength: 1,
          maxLength: 3
        })
      )
    }),
    fc.record({
      role: fc.constant("assistant" as const),
      content: fc.oneof(
        text,
        fc.array(
          fc.oneof(
            textPart,
            fc.record({ type: fc.constant("reasoning" as const), text }),
            fc.record({
              type: fc.constant("tool-call" as const),
              id: text,
              name,
              arguments: object,
              argumentsText: fc.oneof(text, object.map((value) => JSON.stringify(value)))
            })
          ),
          { maxLength: 3 }
        )
      )
    }),
    fc.record({ role: fc.constant("tool" as const), toolCallId: text, toolName: name, content: text }),
    fc.record({
      role: fc.constant("tool" as const),
      toolCallId: text,
      toolName: name,
      content: text,
      isError: fc.boolean()
    })
  )
  const properties = fc.dictionary(name, fc.constantFrom({ type: "string" }, { type: "array", items: {} }), {
    maxKeys: 3
  })
  const options: fc.Arbitrary<ChatCompletions.CompletionOptions> = fc.record({
    prompt: fc.oneof(name, fc.array(message, { minLength: 1, maxLength: 4 })),
    tools: fc.option(
      fc.uniqueArray(
        fc.record({
          name,
          description: fc.option(text, { nil: undefined }),
          parameters: fc.option(properties.map((properties) => ({ type: "object", properties })), { nil: undefined })
        }),
        { selector: (tool) => tool.name, maxLength: 3 }
      ),
      { nil: undefined }
    ),
    format: fc.constantFrom("json" as const, { type: "object" }, Schema.Struct({ a: Schema.Int }), undefined),
    temperature: fc.option(fc.integer(), { nil: undefined }),
    think: fc.constantFrom(true, false, "low" as const, undefined),
    stop: fc.option(fc.array(name, { maxLength: 2 }), { nil: undefined }),
    params: object.map((params) =>
      Object.fromEntries(
        Object.entries(params).map(([key, value]) => [`_${key}`.replace("___proto__", "__proto__"), value])
      )
    )
  }).chain((options) =>
    fc.constantFrom<Chat.ToolChoice | undefined>(
      undefined,
      "none",
      ...(options.tools ?? []).flatMap(({ name }) => ["required" as const, { tool: name }])
    ).map((toolChoice) => ({ ...options, toolChoice }))
  )

  it.prop("comes back from its encoded form, through JSON too, as it was", [options], ([options]) => {
    const request = Either.getOrThrowWith(normalize(options), (error) => error)
    const schema = Chat.ChatRequest
    assert.deepStrictEqual(Schema.decodeSync(schema)(Schema.encodeSync(schema)(request)), request)
    // As text too: deep equality passes over keys named `__proto__`.
    assert.strictEqual(JSON.stringify(through(schema, request)), JSON.stringify(request))
    assert.deepStrictEqual(through(schema, request), request)
  }, { fastCheck: { numRuns: 200 } })

  it("is refused by its Schema when it is none", () => {
    const request = Either.getOrThrow(normalize({ prompt: "Hi", tools: [{ name: "f" }] }))
    const refused = (change: object) =>
      Either.isLeft(Schema.decodeUnknownEither(Chat.ChatRequest)({ ...request, ...change }))
    assert.isFalse(refused({}))
    assert.isTrue(refused({ messages: [{ role: "function", content: "" }] }))
    assert.isTrue(refused({ tools: [{ name: "f" }] }))
    assert.isTrue(refused({ toolChoice: "any" }))
    assert.isTrue(refused({ format: "yaml" }))
    assert.isTrue(refused({ params: [] }))
    assert.isTrue(Either.isLeft(Schema.decodeUnknownEither(Chat.Think)("enormous")))
  })
})

describe("options of the wrong type", () => {
  const wrong = { model: 5, fallbacks: [5], repairs: 5, firstByteTimeout: {}, idleTimeout: "abc" }

  for (const [name, value] of Object.entries(wrong)) {
    it.effect(`${name}: a typed failure of whole and streamed answers, and no request`, () =>
      Effect.gen(function*() {
        const options = { prompt: "Hi", [name]: value } as ChatCompletions.CompletionOptions
        const errors = [
          yield* Effect.flip(ChatCompletions.create(options)),
          yield* Effect.flip(Stream.runDrain(ChatCompletions.stream(options)))
        ]
        const path = Array.isArray(value) ? `${name}[0]` : name
        for (const error of errors) assert.deepInclude(error, { _tag: "InvalidRequest", path })
        assert.deepStrictEqual(yield* Effect.flatMap(MockOllama.MockOllama, (mock) => mock.requests), [])
      }).pipe(Effect.provide(MockOllama.layer({ models: [{ name: "m" }], replies: ["Hi"] }))))
  }
})
