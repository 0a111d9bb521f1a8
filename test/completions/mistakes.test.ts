/** Whose a mistake is that Ollama names: the caller's, or the configuration's. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ChatCompletions } from "effect-ollama"
import { mocked, requests } from "./support.js"

const wrong = (error: string, streaming: boolean, params?: object) =>
  mocked(
    "ollama",
    { replies: [{ when: "m", fault: { type: "status", status: 400, error } }, "answered by b"] },
    { fallback: true, streaming, ...(params === undefined ? {} : { params: { ...params } }) }
  )

const ask = (options: object = {}) => ChatCompletions.create({ prompt: "Hi", model: "m", fallbacks: ["b"], ...options })

const option = "option \"num_ctx\" must be of type integer"

describe("a value that the server names as wrong", () => {
  for (const streaming of [true, false]) {
    it.effect(`of the configuration is RequestRejected, and the next model answers (streaming: ${streaming})`, () =>
      Effect.gen(function*() {
        const { attempts, text } = yield* ask()
        assert.strictEqual(text, "answered by b")
        assert.deepStrictEqual(attempts.map(({ error }) => error._tag), ["RequestRejected"])
        const first = (yield* requests).find(({ method }) => method === "POST")?.json as { options: object }
        assert.deepInclude(first.options, { num_ctx: 4096 })
      }).pipe(Effect.provide(wrong(option, streaming, { numCtx: 4096 }))))

    it.effect(`of the call is InvalidRequest, and nobody else is asked (streaming: ${streaming})`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ask({ numCtx: 2048 }))
        assert.strictEqual(error._tag, "InvalidRequest")
        assert.lengthOf((yield* requests).filter(({ method }) => method === "POST"), 1)
      }).pipe(Effect.provide(wrong(option, streaming, { num_ctx: 4096 }))))
  }

  it.effect("of the configuration is known by its other names, and in an extra body", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask()).attempts[0]?.error._tag, "RequestRejected")
    }).pipe(Effect.provide(wrong("option \"top_k\" must be of type integer", false, { topK: 5 }))))

  it.effect("of nobody is the caller's", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(ask()))._tag, "InvalidRequest")
    }).pipe(Effect.provide(wrong(option, false))))
})
