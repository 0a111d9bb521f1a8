import { LanguageModel, type Response, Tool, Toolkit } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Fiber, Layer, Schema, Stream, TestClock } from "effect"
import { type Chat, ChatCompletions } from "effect-ollama"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { requests } from "../completions/support.js"
import { afterCalls, kindOf, lineOfError, usageOf } from "./line.js"
import { aiError, apis, collected, finishOf, model, textOf, Tools, toolsLayer, types } from "./support.js"

const stream = LanguageModel.streamText({ prompt: "Hi" })
const withTools = LanguageModel.streamText({ prompt: "Hi", toolkit: Tools })

const twoCalls = {
  text: "Let me see.",
  toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }, { name: "get_time" }]
}

/** What follows the text. */
const afterText = (parts: ReadonlyArray<Response.AnyPart>) =>
  types(parts).slice(types(parts).indexOf("text-end") + 1).filter((type) => !type.startsWith("tool-params"))

describe("streamText", () => {
  for (const api of apis) {
    for (const streaming of [false, true]) {
      const name = `${api}, ${streaming ? "streaming" : "whole"}`

      it.effect(`${name}: text as deltas, and one finish with the usage`, () =>
        Effect.gen(function*() {
          const { error, parts } = yield* collected(stream)
          assert.isUndefined(error)
          assert.strictEqual(textOf(parts), "Hello there.")
          assert.deepStrictEqual([parts[0]?.type, parts.at(-1)?.type], ["text-start", "finish"])
          assert.deepStrictEqual({ ...finishOf(parts).usage }, usageOf(10, 3))
        }).pipe(Effect.provide(model(api, {
          replies: [{ text: "Hello there.", usage: { inputTokens: 10, outputTokens: 3 } }]
        }, { streaming }))))

      it.effect(`${name}: one reasoning block per stretch of thought, also where a server mixes it with text`, () =>
        Effect.gen(function*() {
          const { parts } = yield* collected(stream)
          assert.deepStrictEqual(
            types(parts).filter((type) => type.endsWith("-start")),
            streaming
              ? ["reasoning-start", "text-start", "reasoning-start", "text-start"]
              : ["reasoning-start", "text-start"]
          )
          assert.strictEqual(textOf(parts), "One.Two.")
        }).pipe(Effect.provide(model(api, {
          replies: [{
            parts: [{ reasoning: "a" }, { reasoning: "b" }, { reasoning: "c", text: "One." }, { reasoning: "d" }, {
              text: "Two."
            }]
          }]
        }, { streaming }))))

      it.effect(`${name}: all calls of an answer are in one chunk, their results before the finish`, () =>
        Effect.gen(function*() {
          const { parts } = yield* collected(withTools)
          assert.deepStrictEqual(afterText(parts), ["tool-call", "tool-call", ...afterCalls(2)])
          assert.strictEqual(finishOf(parts).reason, "tool-calls")
        }).pipe(Effect.provide(toolsLayer), Effect.provide(model(api, { replies: [twoCalls] }, { streaming }))))
    }

    it.effect(`${api}: parameters are told as soon as they are there`, () =>
      Effect.gen(function*() {
        const { parts } = yield* collected(withTools)
        const deltas = parts.flatMap((part) => part.type === "tool-params-delta" ? [JSON.parse(part.delta)] : [])
        assert.deepStrictEqual(deltas, [{ city: "Paris" }, {}])
      }).pipe(Effect.provide(toolsLayer), Effect.provide(model(api, { replies: [twoCalls] }))))

    it.effect(`${api}: a call in the event of the finish comes before it all the same`, () =>
      Effect.gen(function*() {
        const { parts } = yield* collected(withTools)
        assert.deepStrictEqual(afterText(parts), ["tool-call", ...afterCalls(1)])
      }).pipe(
        Effect.provide(toolsLayer),
        Effect.provide(model(api, { replies: [{ text: "Hm.", last: { toolCalls: [{ name: "get_time" }] } }] }))
      ))

    it.effect(`${api}: handlers of one answer run at the same time where the host says so (#6596)`, () => {
      let running = 0
      let most = 0
      const handler = Effect.gen(function*() {
        most = Math.max(most, ++running)
        for (let i = 0; i < 10; i++) yield* Effect.yieldNow()
        running--
        return "done"
      })
      const Toolkit3 = Toolkit.make(
        ...["a", "b", "c"].map((name) => Tool.make(name, { success: Schema.String }))
      )
      return Effect.gen(function*() {
        yield* Stream.runDrain(LanguageModel.streamText({ prompt: "Hi", toolkit: Toolkit3, concurrency: 2 }))
        assert.strictEqual(most, 2)
      }).pipe(
        Effect.provide(Toolkit3.toLayer({ a: () => handler, b: () => handler, c: () => handler })),
        Effect.provide(model(api, { replies: [{ toolCalls: ["a", "b", "c"].map((name) => ({ name })) }] }))
      )
    })

    for (const type of ["close", "reset", "end"] as const) {
      it.effect(`${api}: a stream that is cut (${type}) closes what is open, then fails`, () =>
        Effect.gen(function*() {
          const { error, parts } = yield* collected(stream)
          assert.deepStrictEqual(types(parts), ["text-start", "text-delta", "text-delta", "text-end"])
          assert.strictEqual(textOf(parts), "Hello there")
          assert.strictEqual(kindOf(aiError(error)), "MalformedOutput")
          assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, "IncompleteResponse")
        }).pipe(Effect.provide(model(api, {
          replies: [{ text: ["Hello", " there", " all"], fault: { type, after: 2 } }]
        }))))
    }

    it.effect(`${api}: a stream that is cut runs none of the calls that came`, () => {
      let runs = 0
      return Effect.gen(function*() {
        const { error, parts } = yield* collected(withTools)
        assert.isDefined(error)
        assert.notInclude(types(parts), "tool-call")
        assert.strictEqual(runs, 0)
      }).pipe(
        Effect.provide(Tools.toLayer({
          get_weather: () => Effect.sync(() => ({ degrees: ++runs })),
          get_time: () => Effect.sync(() => String(++runs))
        })),
        Effect.provide(model(api, {
          replies: [{ parts: [{ toolCalls: twoCalls.toolCalls }, { text: "x" }], fault: { type: "close", after: 1 } }]
        }))
      )
    })

    it.effect(`${api}: a failure before the first part is a failure of the stream`, () =>
      Effect.gen(function*() {
        const { error, parts } = yield* collected(stream)
        assert.deepStrictEqual(parts, [])
        assert.strictEqual(kindOf(aiError(error)), "HttpResponseError")
      }).pipe(Effect.provide(model(api, { replies: [{ fault: { type: "missing-model" } }] }))))

    it.effect(`${api}: leaving it early closes the connection (#5402, smol#1678)`, () =>
      Effect.gen(function*() {
        yield* Stream.runDrain(Stream.take(stream, 2))
        const [request] = yield* requests
        assert.deepStrictEqual([request?.aborted, request?.complete], [true, false])
      }).pipe(Effect.provide(model(api, {
        replies: [{ text: ["Hello", " there"], fault: { type: "stall", after: 1 } }]
      }))))

    it.effect(`${api}: interruption closes the connection, also while tools are at work`, () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(Stream.runDrain(withTools))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        const [request] = yield* requests
        assert.deepStrictEqual([request?.aborted, request?.complete], [true, false])
      }).pipe(
        Effect.provide(toolsLayer),
        Effect.provide(model(api, { replies: [{ text: ["Hello", " there"], fault: { type: "stall", after: 1 } }] }))
      ))
  }

  it.effect("an error in the middle of a stream is a failure, not a part", () =>
    Effect.gen(function*() {
      const { error, parts } = yield* collected(stream)
      assert.deepStrictEqual(types(parts), ["text-start", "text-delta", "text-end"])
      assert.strictEqual(kindOf(aiError(error)), lineOfError)
      assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, "ServerError")
    }).pipe(Effect.provide(model("ollama", {
      replies: [{ text: ["Hello", " there"], fault: { type: "error", message: "out of memory", after: 1 } }]
    }))))

  it.effect("a stream can be run again, each time anew", () =>
    Effect.gen(function*() {
      assert.strictEqual(textOf((yield* collected(stream)).parts), "One.")
      assert.strictEqual(textOf((yield* collected(stream)).parts), "Two.")
    }).pipe(Effect.provide(model("ollama", { replies: ["One.", "Two."] }))))
})

describe("reading ahead", () => {
  /** Text, one event a chunk, and how many events were pulled. */
  const counted = () => {
    const pulled = { count: 0 }
    const events = Stream.repeatEffect(Effect.sync((): Chat.StreamEvent => {
      pulled.count++
      return { type: "text-delta", id: "t", delta: "x" }
    })).pipe(Stream.take(200), Stream.rechunk(1))
    const unused = () => Effect.dieMessage("not asked")
    const completions = Layer.succeed(ChatCompletions.ChatCompletions, {
      create: unused,
      createObject: unused,
      stream: () => events
    })
    return { pulled, layer: Layer.provide(OllamaLanguageModel.layer(), completions) }
  }

  const slow = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
    stream.pipe(
      Stream.take(3),
      Stream.mapEffect((part) => Effect.as(Effect.repeatN(Effect.yieldNow(), 50), part)),
      Stream.runCollect
    )

  it.effect("without a toolkit nothing is read before it is wanted", () => {
    const { layer, pulled } = counted()
    return Effect.gen(function*() {
      assert.strictEqual(Chunk.size(yield* slow(stream)), 3)
      assert.strictEqual(pulled.count, 3)
    }).pipe(Effect.provide(layer))
  })

  // The core's own doing: it runs the stream into a mailbox without bound. The page on it says so.
  it.effect("with a toolkit the core reads on", () => {
    const { layer, pulled } = counted()
    return Effect.gen(function*() {
      yield* slow(withTools)
      assert.isAbove(pulled.count, 50)
    }).pipe(Effect.provide(toolsLayer), Effect.provide(layer))
  })
})
