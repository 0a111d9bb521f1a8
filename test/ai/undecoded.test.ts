/** Without a toolkit this library answers past the core's schemas: it must be seen in nothing but time. */
import { LanguageModel, Response, Telemetry, Toolkit } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Either, Exit, Layer } from "effect"
import { OllamaLanguageModel } from "effect-ollama/ai"
import type { MockOllama } from "effect-ollama/testing"
import { deepStrictEqual as same } from "node:assert"
import { once, promptFor, replayingClient, service } from "../completions/support.js"
import { expected, load, versions } from "../support/recordings.js"
import { named, traced } from "../support/traced.js"
import { aiError, apis, collected, isOf, isStream, model } from "./support.js"

// An empty toolkit is a toolkit: the core decodes what it is given.
const ways = [["past the core", {}], ["through the core", { toolkit: Toolkit.empty }]] as const

const whole = (prompt: string, options: object) => LanguageModel.generateText({ prompt, ...options })

const streamed = (prompt: string, options: object) => collected(LanguageModel.streamText({ prompt, ...options }))

/** What both ways come to. */
const both = <A, E, R>(ask: (options: object) => Effect.Effect<A, E, R>) =>
  Effect.all(ways.map(([, options]) => Effect.either(ask(options))))

// (chai takes any two Options for equal)
const replies: MockOllama.Replies = [{
  reasoning: "Let me see.",
  text: ["One ", "two."],
  usage: { inputTokens: 12, outputTokens: 3 }
}]

describe("an answer without a toolkit", () => {
  for (const api of apis) {
    it.effect(`${api}: has the parts that the core decodes`, () =>
      Effect.gen(function*() {
        const [direct, decoded] = yield* both((options) => whole("Hi", options))
        same(direct, decoded)
        const response = Either.getOrThrow(direct!)
        assert.instanceOf(response, LanguageModel.GenerateTextResponse)
        assert.strictEqual(response.text, "One two.")
        for (const part of response.content) assert.isTrue(Response.isPart(part))
        const [parts, decodedParts] = yield* both((options) => streamed("Hi", options))
        same(parts, decodedParts)
        assert.isAbove(Either.getOrThrow(parts!).parts.length, 7)
      }).pipe(Effect.provide(model(api, { replies }))))

    const version = versions[versions.length - 1]!
    it.scoped(`${api}: so has every recorded one, whatever is in it`, () =>
      Effect.gen(function*() {
        const answers = expected(version)
        const made = yield* Effect.forEach([true, false], (streaming) =>
          Layer.build(
            OllamaLanguageModel.layer().pipe(
              Layer.provide(service(api, { streaming, retrySchedule: once })),
              Layer.provide(replayingClient)
            )
          ))
        let answered = 0
        for (const recording of load(version)) {
          const answer = answers[recording.name]
          if (answer === undefined || answer.toolCalls.length > 0 || !isOf(api, recording)) continue
          const streams = isStream(api, recording)
          const prompt = promptFor(recording, streams ? undefined : "at once")
          const ask = (options: object): Effect.Effect<ReadonlyArray<unknown>, unknown, LanguageModel.LanguageModel> =>
            streams
              ? Effect.map(streamed(prompt, options), ({ chunks, error }) => [...chunks, error])
              : Effect.map(whole(prompt, options), ({ content }) => [content, undefined])
          const [direct, decoded] = yield* Effect.provide(both(ask), made[streams ? 0 : 1]!)
          same(direct, decoded, recording.name)
          if (Either.isRight(direct!) && direct.right[direct.right.length - 1] === undefined) answered++
        }
        assert.isAbove(answered, 30)
      }))
  }

  it.effect("fails as the core fails", () =>
    Effect.gen(function*() {
      const [direct, decoded] = yield* both((options) => Effect.mapError(whole("Hi", options), aiError))
      assert.strictEqual(direct!._tag, "Left")
      assert.deepStrictEqual(String(direct), String(decoded))
      const [stream, decodedStream] = yield* both((options) => streamed("Hi", options))
      const [error, decodedError] = [stream!, decodedStream!].map((result) => aiError(Either.getOrThrow(result).error))
      assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, "ModelNotFound")
      assert.strictEqual(String(error), String(decodedError))
    }).pipe(Effect.provide(model("ollama", { replies: [{ fault: { type: "missing-model" } }] }))))

  it.effect("dies of a prompt that is none", () =>
    Effect.gen(function*() {
      const prompt = [{ role: "nobody", content: "Hi" }] as unknown as string // it is none
      const died = (exit: Exit.Exit<unknown, unknown>) => Exit.isFailure(exit) && Cause.isDie(exit.cause)
      for (const [way, options] of ways) {
        assert.isTrue(died(yield* Effect.exit(whole(prompt, options))), way)
        assert.isTrue(died(yield* Effect.exit(streamed(prompt, options))), way)
      }
    }).pipe(Effect.provide(model("ollama", { replies }))))

  it.effect("has the core's spans, with what was asked for", () =>
    traced((seen) =>
      Effect.gen(function*() {
        const options = { concurrency: 2, toolChoice: "auto" }
        yield* both((more) => whole("Hi", { ...options, ...more }))
        yield* both((more) => streamed("Hi", { ...options, ...more }))
        for (const name of ["LanguageModel.generateText", "LanguageModel.streamText"]) {
          const [direct, core] = named(seen, name)
          assert.deepStrictEqual([...direct!.attributes.keys()], [...core!.attributes.keys()])
          assert.deepStrictEqual(
            [direct!.parent, direct!.ends, direct!.attributes.get("concurrency")],
            [core!.parent, core!.ends, core!.attributes.get("concurrency")]
          )
        }
        const parents = ["ChatCompletions.create", "ChatCompletions.stream"].map((name) =>
          named(seen, name).map(({ parent }) => parent)
        )
        assert.deepStrictEqual(parents, [
          ["LanguageModel.generateText", "LanguageModel.generateText"],
          ["LanguageModel.streamText", "LanguageModel.streamText"]
        ])
      }).pipe(Effect.provide(model("ollama", { replies })))
    ))

  it.effect("is handed to who transforms spans, given with the model or around a call", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const transformer = Layer.succeed(Telemetry.CurrentSpanTransformer, ({ response }) => {
        told.push(response.map(({ type }) => type).join())
      })
      const asked = Effect.zipRight(whole("Hi", {}), streamed("Hi", {}))
      const check = () => {
        const [ofWhole, ofStream, ...more] = told.splice(0)
        assert.strictEqual(ofWhole, "response-metadata,reasoning,text,finish")
        assert.match(ofStream!, /^reasoning-start,.*,text-end,response-metadata,finish$/)
        assert.deepStrictEqual(more, [])
      }
      yield* Effect.provide(asked, transformer).pipe(Effect.provide(model("ollama", { replies })))
      check()
      yield* Effect.provide(asked, Layer.provide(model("ollama", { replies }), transformer))
      check()
    }))
})
