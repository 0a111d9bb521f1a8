import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Option, Schema, Stream, Tracer } from "effect"
import { ChatCompletions, type Repair } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { named, traced } from "../support/traced.js"

const config = (streaming: boolean) => ({
  config: {
    models: { providers: { ollama: { apiKey: "k", models: [{ id: "m" }] } } },
    agents: { defaults: { models: { "ollama/m": { streaming } } } }
  }
})

const expected = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "ollama",
  "gen_ai.request.model": "m",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.usage.input_tokens": 12,
  "gen_ai.usage.output_tokens": 3
}

const reply = { text: "Hello", usage: { inputTokens: 12, outputTokens: 3 } }

describe("spans", () => {
  it.effect("create: one span with the attributes of OpenTelemetry's GenAI, around the request's", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* ChatCompletions.create({ prompt: "Hi" })
        const [span, ...more] = named(seen, "ChatCompletions.create")
        assert.deepStrictEqual(more, [])
        assert.deepInclude(Object.fromEntries(span!.attributes), expected)
        assert.deepStrictEqual(span!.ends, ["success"])
        assert.deepStrictEqual(named(seen, "http.client POST").map((http) => http.parent), ["ChatCompletions.create"])
      })
    ).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: [reply] }, config(false)))))

  for (const streaming of [true, false]) {
    it.effect(`stream (streaming: ${streaming}): the same, ended once when the answer is over`, () =>
      traced((seen) =>
        Effect.gen(function*() {
          yield* Stream.runDrain(ChatCompletions.stream({ prompt: "Hi" }))
          const [span, ...more] = named(seen, "ChatCompletions.stream")
          assert.deepStrictEqual(more, [])
          assert.deepInclude(Object.fromEntries(span!.attributes), expected)
          assert.deepStrictEqual(span!.ends, ["success"])
          assert.deepStrictEqual(named(seen, "http.client POST").map((http) => http.parent), ["ChatCompletions.stream"])
        })
      ).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: [reply] }, config(streaming)))))
  }

  it.effect("stream: ended once when its consumer leaves early", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* Stream.runDrain(Stream.take(ChatCompletions.stream({ prompt: "Hi" }), 1))
        assert.lengthOf(named(seen, "ChatCompletions.stream")[0]!.ends, 1)
      })
    ).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: [reply] }, config(true)))))

  it.effect("stream: ended once when it is interrupted, and when it fails", () =>
    traced((seen) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(Stream.runDrain(ChatCompletions.stream({ prompt: "Hi" })))
        yield* Effect.yieldNow()
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 10)))
        yield* Fiber.interrupt(fiber)
        yield* Effect.flip(Stream.runDrain(ChatCompletions.stream({ prompt: "Hi" })))
        const ends = named(seen, "ChatCompletions.stream").map((span) => span.ends)
        assert.lengthOf(ends, 2)
        assert.lengthOf(ends[0]!, 1)
        assert.deepStrictEqual(ends[1], ["failure"])
      })
    ).pipe(Effect.provide(MockOllama.layer({
      models: ["m"],
      replies: [{ text: "a", fault: { type: "stall", after: 1 } }, {
        fault: { type: "status", status: 500, error: "x" }
      }]
    }, config(true)))))

  it.effect("createObject has one of its own, with the same attributes", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* ChatCompletions.createObject({ prompt: "Hi", schema: Schema.Struct({ a: Schema.Number }) })
        assert.deepStrictEqual(named(seen, "ChatCompletions.create"), [])
        const [span] = named(seen, "ChatCompletions.createObject")
        assert.deepInclude(Object.fromEntries(span!.attributes), {
          "gen_ai.provider.name": "ollama",
          "gen_ai.output.type": "json",
          "gen_ai.response.finish_reasons": ["stop"]
        })
      })
    ).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: ["{\"a\":1}"] }, config(false)))))

  it.effect("without a tracer of the host there are none", () =>
    Effect.gen(function*() {
      const response = yield* ChatCompletions.create({ prompt: "Hi" })
      assert.strictEqual(response.text, "Hello")
      const context = yield* Effect.context<never>()
      assert.isTrue(Option.isNone(Context.getOption(context, Tracer.ParentSpan)))
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: [reply] }, config(false)))))
})

describe("what fails together with its first events", () => {
  const both = JSON.stringify({ message: { role: "assistant", content: "Hel" }, done: false }) + "\n"
    + JSON.stringify({ error: "it broke" }) + "\n"
  const layer = (fallbacks: ReadonlyArray<string>) =>
    MockOllama.layer({
      models: ["a", "b"],
      replies: [
        { when: "a", raw: { headers: { "content-type": "application/x-ndjson" }, chunks: [both] } },
        { when: "b", text: "Hello" }
      ]
    }, {
      config: {
        models: { providers: { ollama: { apiKey: "k", api: "ollama", models: [{ id: "a" }, { id: "b" }] } } },
        agents: {
          defaults: {
            model: { primary: "ollama/a", fallbacks },
            models: { "ollama/a": { streaming: true }, "ollama/b": { streaming: true } }
          }
        }
      }
    })

  it.effect("falls back, since no event has reached the caller", () =>
    Effect.gen(function*() {
      const text = yield* Stream.mkString(
        Stream.filterMap(ChatCompletions.stream({ prompt: "Hi" }), ChatCompletions.textDelta)
      )
      assert.strictEqual(text, "Hello")
    }).pipe(Effect.provide(layer(["ollama/b"]))))

  it.effect("tells what had arrived when there is no other model", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(ChatCompletions.stream({ prompt: "Hi" })))
      assert.strictEqual(error._tag, "ServerError")
      assert.deepInclude({ ...error }, { partial: { parts: [{ type: "text", text: "Hel" }] } })
    }).pipe(Effect.provide(layer([]))))
})

describe("a repair that throws", () => {
  const broken: Repair.Repair = {
    begin: () => {
      throw new Error("a bug of the host's")
    }
  }

  it.effect("is a defect, and sends nothing", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(
        Stream.runDrain(ChatCompletions.stream({ prompt: "Hi", repairs: [broken] }))
      )
      assert.isTrue(Exit.isFailure(exit))
      const mock = yield* MockOllama.MockOllama
      assert.deepStrictEqual(yield* mock.requests, [])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"], replies: [reply] }, config(true)))))
})
