/** The programs of examples/effect-ai, on the mock. */
import { LanguageModel } from "@effect/ai"
import { FileSystem } from "@effect/platform"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"
import { LocalFirst } from "../../examples/effect-ai/layers.js"
import * as programs from "../../examples/effect-ai/programs.js"
import { mocked, once, requests } from "../completions/support.js"
import * as Line from "../support/line.js"
import { programOf } from "../support/program.js"
import { openAiClient } from "./openai.js"
import { model } from "./support.js"

const main = programOf("examples/effect-ai/main.ts")

/** What a program prints. */
const printed = <E>(
  program: Effect.Effect<void, E, LanguageModel.LanguageModel>,
  replies: MockOllama.Replies
) => Line.printed(program).pipe(Effect.provide(model("ollama", { replies })))

describe("examples", () => {
  it.effect("chat", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* printed(programs.chat, ["Rayleigh.", "Less so."]), [
        "> Why is the sky blue?",
        "Rayleigh.",
        "> And at sunset?",
        "Less so."
      ])
    }))

  it.effect("tools", () =>
    Effect.gen(function*() {
      const calls = ["Paris", "Rome"].map((city) => ({ name: "get_weather", arguments: { city } }))
      assert.deepStrictEqual(yield* printed(programs.tools, [{ toolCalls: calls }, "Clear in both."]), [
        "(looking at Paris)",
        "(looking at Rome)",
        "Clear in both."
      ])
    }))

  it.effect("object", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* printed(programs.object, ["{\"name\":\"Paris\",\"inhabitants\":2100000}"]), [
        "Paris has 2100000 inhabitants."
      ])
    }))

  Line.only3("its provider of OpenAI is not there yet")(
    "a local model first, then a hosted one",
    () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(
          Effect.withExecutionPlan(LanguageModel.generateText({ prompt: "Hi" }), LocalFirst)
        )
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(fiber)).text, "from OpenAI")
        assert.strictEqual((yield* requests).length, 2)
      }).pipe(
        Effect.provide(openAiClient([{ text: "from OpenAI" }])),
        Effect.provide(mocked("ollama", { replies: [{ fault: { type: "refused" } }] }, { retrySchedule: once }))
      )
  )

  it.live("main.ts asks the Ollama at OLLAMA_HOST, and tells a story as it comes", () =>
    Effect.gen(function*() {
      const { server } = yield* makeServer({ models: ["m"], replies: [{ text: ["Once ", "upon ", "a time."] }] })
      const home = yield* FileSystem.FileSystem.pipe(Effect.flatMap((files) => files.makeTempDirectoryScoped()))
      const { stderr, stdout } = yield* main(["story"], { OLLAMA_HOST: server.url, HOME: home, USERPROFILE: home })
      assert.strictEqual(stderr, "")
      assert.match(stdout, /^Once upon a time\.\n\(\d+ tokens\)\n$/)
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)), 120_000)
})
