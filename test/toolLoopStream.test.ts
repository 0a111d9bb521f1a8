import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Data, Deferred, Effect, Fiber, Layer, Schema, Stream } from "effect"
import { ChatCompletions, Models, ToolLoop } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import * as MockNode from "effect-ollama/testing/node"

const mock = (description: MockOllama.Description) =>
  MockOllama.layer({ models: ["m"], ...description }, {
    config: {
      models: { providers: { ollama: { apiKey: "k", api: "ollama" } } },
      agents: { defaults: { models: { "ollama/m": { streaming: true } } } }
    }
  })

class Offline extends Data.TaggedError("Offline")<{}> {}

const City = Schema.Struct({ city: Schema.String })

const weather = ToolLoop.tool({
  name: "get_weather",
  parameters: City,
  handler: ({ city }, { id, turn }) => Effect.succeed(`${city}, ${id}, ${turn}`)
})

const call = (city: string, id: string): MockOllama.ToolCall => ({ name: "get_weather", arguments: { city }, id })

const replies = [
  { text: "Let me look.", toolCalls: [call("Paris", "p"), call("Rome", "r")] },
  { toolCalls: [call("Oslo", "o")] },
  { reasoning: "Three.", text: "It is warm." }
]

const collect = (options: ToolLoop.Options) =>
  Effect.map(Stream.runCollect(ToolLoop.stream(options)), Chunk.toReadonlyArray)

describe("ToolLoop.stream", () => {
  const options = { prompt: "What is the weather?", tools: [weather] }

  it.effect("gives the events of every turn, the results, and at last what run gives", () =>
    Effect.gen(function*() {
      const events = yield* collect(options)
      const sent = (yield* MockOllama.requests).filter(({ path }) => path === "/api/chat").map(({ json }) => json)
      const kinds = events.map(({ type }) => type)
      assert.deepStrictEqual(kinds.filter((kind) => /^(turn|tool|finish|result)/.test(kind)), [
        "turn-start",
        "tool-call",
        "tool-call",
        "finish",
        "tool-result",
        "tool-result",
        "turn-end",
        "turn-start",
        "tool-call",
        "finish",
        "tool-result",
        "turn-end",
        "turn-start",
        "finish",
        "turn-end",
        "result"
      ])
      const last = events.at(-1)!
      assert(last.type === "result")
      yield* MockOllama.reset
      const whole = yield* ToolLoop.run(options)
      assert.deepStrictEqual(last.history, whole.history)
      assert.deepStrictEqual(last.turns.map(({ parts }) => parts), whole.turns.map(({ parts }) => parts))
      assert.strictEqual(last.response.text, "It is warm.")
      const asked = (yield* MockOllama.requests).filter(({ path }) => path === "/api/chat").map(({ json }) => json)
      assert.deepStrictEqual(sent, asked)
      assert.deepInclude(sent[0], { stream: true })
    }).pipe(Effect.provide(mock({ replies }))))

  it.effect("tells each call its id and its turn, and the results keep the order of the calls", () =>
    Effect.gen(function*() {
      const second = yield* Deferred.make<void>()
      const slow = ToolLoop.tool({
        name: "get_weather",
        parameters: City,
        handler: ({ city }, { id, turn }) =>
          Effect.as(
            city === "Paris"
              ? Effect.zipLeft(Deferred.await(second), Effect.yieldNow())
              : Deferred.succeed(second, undefined),
            `${city} ${id} ${turn}`
          )
      })
      const events = yield* collect({ ...options, tools: [slow] })
      assert.deepStrictEqual(events.flatMap((event) => event.type === "tool-result" ? [event.result.content] : []), [
        "Rome r 1",
        "Paris p 1",
        "Oslo o 2"
      ])
      const end = events.find((event) => event.type === "turn-end")
      assert(end?.type === "turn-end")
      assert.deepStrictEqual(
        end.history.flatMap((message) => message.role === "tool" ? [message.content] : []),
        ["Paris p 1", "Rome r 1"]
      )
    }).pipe(Effect.provide(mock({ replies }))))

  it.effect("runs anew each time", () =>
    Effect.gen(function*() {
      const stream = ToolLoop.stream(options)
      const first = yield* Stream.runCount(stream)
      yield* MockOllama.reset
      assert.strictEqual(yield* Stream.runCount(stream), first)
    }).pipe(Effect.provide(mock({ replies }))))

  it.effect("fails with the typed failure of a handler, and with TooManyTurns, which has all answers", () =>
    Effect.gen(function*() {
      const offline = ToolLoop.tool({
        name: "get_weather",
        parameters: City,
        handler: () => Effect.fail(new Offline())
      })
      const failed = yield* Effect.flip(Stream.runDrain(ToolLoop.stream({ ...options, tools: [offline] })))
      assert.strictEqual(failed._tag, "Offline")
      yield* MockOllama.reset
      const error = yield* Effect.flip(Stream.runDrain(ToolLoop.stream({ ...options, maxTurns: 2 })))
      assert(error._tag === "TooManyTurns")
      assert.strictEqual(error.turns, 2)
      assert.strictEqual(error.history.at(-1)?.role, "tool")
      assert.deepStrictEqual(error.responses.map(({ finishReason, parts, ref }) => [finishReason, parts.length, ref]), [
        ["tool-calls", 3, "ollama/m:latest"],
        ["tool-calls", 1, "ollama/m:latest"]
      ])
      yield* MockOllama.reset
      const whole = yield* Effect.flip(ToolLoop.run({ ...options, maxTurns: 1 }))
      assert(whole._tag === "TooManyTurns")
      assert.lengthOf(whole.responses, 1)
    }).pipe(Effect.provide(mock({ replies }))))

  it.effect("interrupts the handlers", () =>
    Effect.gen(function*() {
      const begun = yield* Deferred.make<void>()
      const interrupted = yield* Deferred.make<void>()
      const endless = ToolLoop.tool({
        name: "get_weather",
        parameters: City,
        handler: () =>
          Effect.onInterrupt(
            Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never),
            () => Deferred.succeed(interrupted, undefined)
          )
      })
      const fiber = yield* Effect.fork(Stream.runDrain(ToolLoop.stream({ ...options, tools: [endless] })))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(interrupted)
    }).pipe(Effect.provide(mock({ replies }))))

  it.live("closes the connection when it is interrupted", () =>
    Effect.gen(function*() {
      const url = yield* MockNode.url
      const completions = ChatCompletions.layer.pipe(
        Layer.provide(
          Models.layerStatic({ baseUrl: url, api: "ollama", models: [{ id: "m", streaming: true }] })
        ),
        Layer.provide(FetchHttpClient.layer)
      )
      const begun = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        Stream.runForEach(ToolLoop.stream(options), ({ type }) =>
          type === "text-delta" ? Deferred.succeed(begun, undefined) : Effect.void).pipe(Effect.provide(completions))
      )
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* MockNode.nextAborted).path, "/api/chat")
    }).pipe(Effect.provide(MockNode.layerServer({
      models: ["m"],
      replies: [{ text: "one two three", fault: { type: "stall", after: 2 } }]
    }))))

  it("refuses parameters that are no object", () => {
    const refused = () => [
      // @ts-expect-error a text is no object
      ToolLoop.tool({ name: "a", parameters: Schema.String, handler: () => Effect.void }),
      // @ts-expect-error a list is no object
      ToolLoop.tool({ name: "a", parameters: Schema.Array(Schema.String), handler: () => Effect.void })
    ]
    assert.isFunction(refused)
  })
})
