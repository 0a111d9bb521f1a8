import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { ChatCompletions } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { TestClock } from "effect/testing"

const slow = MockOllama.layer({
  models: ["gpt-oss:20b"],
  replies: [{ fault: { type: "busy" } }, { text: "Hello.", delayMs: { head: 120_000 } }]
})

it.effect("an answer that comes after a retry and two minutes", () =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(ChatCompletions.create({ prompt: "Hi" }))
    // its clock does not wait for fibers that have only just been forked
    yield* Effect.yieldNow
    yield* TestClock.adjust("1 second") // the pause before the second try
    yield* Effect.yieldNow
    yield* TestClock.adjust("2 minutes")
    const answer = yield* Fiber.join(fiber)
    assert.strictEqual(answer.text, "Hello.")
    const paths = (yield* MockOllama.requests).map(({ path }) => path)
    assert.lengthOf(paths.filter((path) => path === "/v1/chat/completions"), 2)
  }).pipe(Effect.provide(slow)))
