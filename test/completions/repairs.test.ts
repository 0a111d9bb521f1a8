import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Chat, ChatCompletions, Repair } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"

const tool = { name: "f", parameters: { type: "object", properties: {} } }

const mock = (text: string, streaming: boolean) =>
  MockOllama.layer({ models: ["m"], replies: [text] }, {
    config: {
      models: { providers: { ollama: { apiKey: "k", api: streaming ? "ollama" : "openai-completions" } } },
      agents: { defaults: { models: { "ollama/m": { streaming } } } }
    }
  })

// Written with nothing but public types.
const shout: Repair.Repair = {
  begin: ({ tools }: Repair.RepairContext): Repair.Run => {
    const heard: Array<Chat.ContentEvent> = []
    return {
      push: (events) => {
        heard.push(...events)
        return events.map((event) =>
          event.type === "text-delta" ? { ...event, delta: event.delta.toUpperCase() } : event
        )
      },
      end: () => [],
      finish: (finish: Chat.Finish) => ({ ...finish, model: `${heard[0]?.type} ${tools.join()}` }),
      held: () => []
    }
  }
}

describe("repairs", () => {
  for (const streaming of [false, true]) {
    const how = streaming ? "streamed" : "whole"

    it.effect(`${how}: think tags stay text unless they are asked for`, () =>
      Effect.gen(function*() {
        const answer = yield* ChatCompletions.create({ prompt: "Hi" })
        assert.strictEqual(answer.reasoning, "")
        assert.include(answer.text, "<think>")
      }).pipe(Effect.provide(mock("<think>\nhm hm\n</think>\n\nHi there", streaming))))

    it.effect(`${how}: think tags become reasoning`, () =>
      Effect.gen(function*() {
        const answer = yield* ChatCompletions.create({ prompt: "Hi", repairs: [Repair.thinkTags] })
        assert.strictEqual(answer.reasoning.trim(), "hm hm")
        assert.strictEqual(answer.text, "Hi there")
      }).pipe(Effect.provide(mock("<think>\nhm hm\n</think>\n\nHi there", streaming))))

    it.effect(`${how}: an answer that begins inside the tags is reasoning up to their end`, () =>
      Effect.gen(function*() {
        const answer = yield* ChatCompletions.create({ prompt: "Hi", repairs: [Repair.thinkTagsInside] })
        assert.strictEqual(answer.reasoning.trim(), "hm hm")
        assert.strictEqual(answer.text, "Hi there")
      }).pipe(Effect.provide(mock("hm hm\n</think>\n\nHi there", streaming))))

    it.effect(`${how}: a call of an offered tool that was written as text becomes a call`, () =>
      Effect.gen(function*() {
        const options = { prompt: "Hi", tools: [tool] }
        const plain = yield* ChatCompletions.create(options)
        assert.deepStrictEqual(plain.toolCalls, [])
        const answer = yield* ChatCompletions.create({ ...options, repairs: [Repair.textToolCalls] })
        assert.deepStrictEqual(answer.toolCalls.map((call) => [call.name, call.arguments]), [["f", { x: 1 }]])
        assert.strictEqual(answer.text, "")
        assert.strictEqual(answer.finishReason, "tool-calls")
      }).pipe(Effect.provide(mock("{\"name\":\"f\",\"parameters\":{\"x\":1}}", streaming))))

    it.effect(`${how}: a repair of one's own is asked for every event and for the finish`, () =>
      Effect.gen(function*() {
        const answer = yield* ChatCompletions.create({ prompt: "Hi", tools: [tool], repairs: [shout] })
        assert.strictEqual(answer.text, "HI THERE")
        assert.strictEqual(answer.model, "text-start f")
      }).pipe(Effect.provide(mock("Hi there", streaming))))

    for (const toolChoice of ["none", { tool: "other" }] as const) {
      it.effect(`${how}: text that calls one that the tool choice ${JSON.stringify(toolChoice)} leaves out stays text`, () =>
        Effect.gen(function*() {
          const answer = yield* ChatCompletions.create({
            prompt: "Hi",
            tools: [tool, { name: "other" }],
            toolChoice,
            repairs: [Repair.textToolCalls, shout]
          })
          assert.deepStrictEqual(answer.toolCalls, [])
          assert.strictEqual(answer.model, `text-start ${toolChoice === "none" ? "" : "other"}`)
        }).pipe(Effect.provide(mock("{\"name\":\"f\",\"parameters\":{\"x\":1}}", streaming))))
    }

    it.effect(`${how}: text that calls a tool that was not offered stays text`, () =>
      Effect.gen(function*() {
        const text = "{\"name\":\"g\",\"parameters\":{\"x\":1}}"
        const answer = yield* ChatCompletions.create({
          prompt: "Hi",
          tools: [tool],
          repairs: [Repair.textToolCalls]
        })
        assert.deepStrictEqual(answer.toolCalls, [])
        assert.strictEqual(answer.text, text)
      }).pipe(Effect.provide(mock("{\"name\":\"g\",\"parameters\":{\"x\":1}}", streaming))))
  }
})
