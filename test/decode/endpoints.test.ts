/** The edge cases of endpoints that are never asked: what they say wrong cannot reach the library. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Models } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { apis, created, mocked, requests, streamed } from "../completions/support.js"

const prompt = { prompt: "Hi" }

const paths = Effect.map(requests, (all) => all.map(({ path }) => path))

describe("what is never asked", () => {
  // edge case 25: `/v1/models` answers `"data": null`; models are listed by `/api/tags`
  it.effect("edge case 25: listing models asks /api/tags, not /v1/models", () =>
    Effect.gen(function*() {
      yield* Models.refresh("ollama")
      const asked = yield* paths
      assert.include(asked, "/api/tags")
      assert.deepStrictEqual(asked.filter((path) => !path.startsWith("/api/")), [])
    }).pipe(Effect.provide(MockOllama.layer({ models: ["m"] }))))

  // edge case 33: every chunk of `/v1/completions` has zero usage
  for (const api of apis) {
    it.effect(`edge case 33: an answer is asked of the chat endpoint, not of /v1/completions (${api})`, () =>
      Effect.gen(function*() {
        assert.isUndefined((yield* created(prompt)).error)
        assert.isUndefined((yield* streamed(prompt)).error)
        const path = api === "ollama" ? "/api/chat" : "/v1/chat/completions"
        assert.deepStrictEqual(yield* paths, [path, path])
      }).pipe(Effect.provide(mocked(api, { replies: ["Hello"] }))))
  }
})
