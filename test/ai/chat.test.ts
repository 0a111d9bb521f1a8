import { type AiError, Chat, LanguageModel, Prompt, Tool, Toolkit } from "@effect/ai"
import * as Persistence from "@effect/experimental/Persistence"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Ref, Schema, Stream } from "effect"
import type { Model } from "effect-ollama"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { requests } from "../completions/support.js"
import { apis, collected, model, Tools, toolsLayer } from "./support.js"

type Sent = { readonly role: string; readonly content: string; readonly [key: string]: unknown }

/** The messages of the last request. */
const lastSent = Effect.map(requests, (all) => (all.at(-1)!.json as { messages: ReadonlyArray<Sent> }).messages)

const told = (messages: ReadonlyArray<Sent>) => messages.map(({ content, role }) => `${role}: ${content}`)

const roles = (prompt: Prompt.Prompt) => prompt.content.map((message) => message.role)

/** One turn of a loop over a chat: until nothing is called. */
const untilAnswered = (
  chat: Chat.Service,
  prompt: Prompt.RawInput
): Effect.Effect<string, AiError.AiError, LanguageModel.LanguageModel | Layer.Layer.Success<typeof toolsLayer>> =>
  Effect.flatMap(
    chat.generateText({ prompt, toolkit: Tools }),
    (response) => response.toolCalls.length === 0 ? Effect.succeed(response.text) : untilAnswered(chat, [])
  )

describe("Chat", () => {
  for (const api of apis) {
    it.effect(`${api}: five turns, each of which knows those before`, () =>
      Effect.gen(function*() {
        const chat = yield* Chat.fromPrompt([{ role: "system", content: "Count." }])
        for (let i = 1; i <= 5; i++) {
          const { text } = yield* chat.generateText({ prompt: `Say ${i}.` })
          assert.strictEqual(text, `${i}`)
        }
        assert.deepStrictEqual(told(yield* lastSent), [
          "system: Count.",
          ...[1, 2, 3, 4].flatMap((i) => [`user: Say ${i}.`, `assistant: ${i}`]),
          "user: Say 5."
        ])
      }).pipe(Effect.provide(model(api, { replies: ["1", "2", "3", "4", "5"] }))))

    it.effect(`${api}: a loop over it runs tools until the model answers`, () =>
      Effect.gen(function*() {
        const chat = yield* Chat.empty
        assert.strictEqual(yield* untilAnswered(chat, "How is Paris?"), "21 degrees.")
        const sent = yield* lastSent
        assert.deepStrictEqual(sent.map(({ role }) => role), ["user", "assistant", "tool", "tool"])
        assert.deepStrictEqual(sent.slice(2).map(({ content }) => content), ["{\"degrees\":21}", "12:00"])
      }).pipe(
        Effect.provide(toolsLayer),
        Effect.provide(model(api, {
          replies: [{
            toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }, { name: "get_time" }]
          }, "21 degrees."]
        }))
      ))

    it.effect(`${api}: reasoning goes back to an Ollama with the history`, () =>
      Effect.gen(function*() {
        const chat = yield* Chat.empty
        yield* chat.generateText({ prompt: "Hi" })
        yield* chat.generateText({ prompt: "Again." })
        const sent = yield* lastSent
        assert.include(JSON.stringify(sent[1]), "They greet me.")
      }).pipe(Effect.provide(model(api, { replies: [{ reasoning: "They greet me.", text: "Hello." }] }))))

    it.effect(`${api}: keeps what the user saw of a stream that was cut`, () =>
      Effect.gen(function*() {
        const chat = yield* Chat.empty
        const { error } = yield* collected(chat.streamText({ prompt: "Tell me." }))
        assert.isDefined(error)
        yield* chat.generateText({ prompt: "Go on." })
        assert.deepStrictEqual(told(yield* lastSent), ["user: Tell me.", "assistant: Once upon", "user: Go on."])
      }).pipe(Effect.provide(model(api, {
        replies: [{ text: ["Once", " upon", " a time"], fault: { type: "close", after: 2 } }, " a time"]
      }))))

    it.effect(`${api}: goes on after a handler that failed and left a call without a result`, () => {
      const Kit = Toolkit.make(Tool.make("get_time", { failure: Schema.String }))
      return Effect.gen(function*() {
        const chat = yield* Chat.empty
        const { error } = yield* collected(chat.streamText({ prompt: "When?", toolkit: Kit }))
        assert.strictEqual(error as unknown, "no clock")
        assert.deepStrictEqual(roles(yield* Ref.get(chat.history)), ["user", "assistant"])
        const { text } = yield* chat.generateText({ prompt: "Guess." })
        assert.strictEqual(text, "Noon.")
        assert.deepStrictEqual((yield* lastSent).map(({ role }) => role), ["user", "assistant", "tool", "user"])
      }).pipe(
        Effect.provide(Kit.toLayer({ get_time: () => Effect.fail("no clock") })),
        Effect.provide(model(api, { replies: [{ text: "Let me see.", toolCalls: [{ name: "get_time" }] }, "Noon."] }))
      )
    })

    it.effect(`${api}: goes on after tools of an object's call were left out`, () =>
      Effect.gen(function*() {
        const chat = yield* Chat.empty
        yield* chat.generateText({ prompt: "How is Paris?", toolkit: Tools })
        const { value } = yield* chat.generateObject({
          prompt: "In numbers.",
          schema: Schema.Struct({ degrees: Schema.Number }),
          toolkit: Tools
        })
        assert.deepStrictEqual(value, { degrees: 21 })
      }).pipe(
        Effect.provide(toolsLayer),
        Effect.provide(model(api, {
          replies: [
            { toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }] },
            "{\"degrees\":21}"
          ]
        }))
      ))
  }

  it.effect("written to JSON and read again, it goes on where it was", () =>
    Effect.gen(function*() {
      const chat = yield* Chat.empty
      yield* untilAnswered(chat, "How is Paris?")
      const restored = yield* Chat.fromJson(yield* chat.exportJson)
      yield* restored.generateText({ prompt: "Thanks." })
      const sent = yield* lastSent
      assert.deepStrictEqual(sent.map(({ role }) => role), ["user", "assistant", "tool", "assistant", "user"])
      assert.strictEqual(sent[2]!.content, "12:00")
      assert.deepStrictEqual(
        (sent[1] as unknown as { tool_calls: [{ id: string }] }).tool_calls[0].id,
        sent[2]!["tool_call_id"]
      )
    }).pipe(
      Effect.provide(toolsLayer),
      Effect.provide(model("ollama", { replies: [{ toolCalls: [{ name: "get_time" }] }, "Noon.", "Bye."] }))
    ))

  it.effect("persisted, it is found again", () =>
    Effect.gen(function*() {
      const persistence = yield* Chat.Persistence
      const first = yield* persistence.getOrCreate("chat-1")
      yield* first.generateText({ prompt: "Remember 7." })
      yield* Stream.runDrain(first.streamText({ prompt: "And 8." }))
      const again = yield* persistence.get("chat-1")
      yield* again.generateText({ prompt: "Which?" })
      assert.deepStrictEqual(told(yield* lastSent), [
        "user: Remember 7.",
        "assistant: Yes.",
        "user: And 8.",
        "assistant: Yes.",
        "user: Which?"
      ])
    }).pipe(
      Effect.provide(Chat.layerPersisted({ storeId: "chats" })),
      Effect.provide(Persistence.layerMemory),
      Effect.provide(model("ollama", { replies: ["Yes."] }))
    ))

  it.effect("a prompt with a picture as base64 survives JSON", () => {
    const base64 = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]).toString("base64")
    return Effect.gen(function*() {
      const chat = yield* Chat.empty
      yield* chat.generateText({
        prompt: [{ role: "user", content: [{ type: "file", mediaType: "image/png", data: base64 }] }]
      })
      const restored = yield* Chat.fromJson(yield* chat.exportJson)
      yield* restored.generateText({ prompt: "And now?" })
      assert.deepStrictEqual((yield* lastSent)[0]!["images"], [base64])
    }).pipe(Effect.provide(model("ollama", {
      models: [{ name: "m", capabilities: ["completion", "vision"] }],
      replies: ["A dot."]
    }, { models: [{ id: "m", input: ["text", "image"] }] })))
  })
})

describe("a history of another provider", () => {
  const history: Prompt.RawInput = [
    { role: "user", content: "Search." },
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "", options: { openai: { itemId: "rs_1", encryptedContent: "..." } } },
        { type: "tool-call", id: "ws_1", name: "OpenAiWebSearch", params: {}, providerExecuted: true },
        {
          type: "tool-result",
          id: "ws_1",
          name: "OpenAiWebSearch",
          result: { status: "completed" },
          isFailure: false,
          providerExecuted: true
        },
        { type: "text", text: "Found." }
      ]
    },
    { role: "user", content: "Thanks." }
  ]

  const sentBy = (api: Model.Api) =>
    Effect.gen(function*() {
      yield* LanguageModel.generateText({ prompt: history })
      return yield* lastSent
    }).pipe(Effect.provide(model(api, { replies: ["You are welcome."] })))

  for (const api of apis) {
    it.effect(`${api}: goes on here`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* sentBy(api)).map(({ role }) => role), ["user", "assistant", "tool", "user"])
      }))
  }
})

describe("one chat", () => {
  it.effect("goes on with another model where that is provided", () =>
    Effect.gen(function*() {
      const chat = yield* Chat.empty
      yield* chat.generateText({ prompt: "Hi" })
      yield* Effect.provide(chat.generateText({ prompt: "Again." }), OllamaLanguageModel.model("ollama/b"))
      assert.deepStrictEqual((yield* requests).map((request) => request.model), ["m", "b"])
      assert.deepStrictEqual(told(yield* lastSent), ["user: Hi", "assistant: Hello.", "user: Again."])
    }).pipe(Effect.provide(model("ollama", { replies: ["Hello."] }))))
})
