import { assert, describe, it } from "@effect/vitest"
import { decode } from "./support.js"

describe("the details of the usage", () => {
  const usage = (usage: object) => {
    const event = { choices: [{ index: 0, delta: { content: "a" }, finish_reason: "stop" }], usage }
    return decode("openai-completions", [`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`]).finish?.usage
  }

  it("say what came from a cache and what was reasoning", () => {
    assert.deepStrictEqual(
      usage({
        prompt_tokens: 9,
        completion_tokens: 7,
        total_tokens: 16,
        prompt_tokens_details: { cached_tokens: 8 },
        completion_tokens_details: { reasoning_tokens: 0 }
      }),
      { inputTokens: 9, outputTokens: 7, totalTokens: 16, cachedInputTokens: 8, reasoningTokens: 0 }
    )
  })
  it("say what came from a cache under other names too", () => {
    for (const name of ["cached_tokens", "prompt_cache_hit_tokens"]) {
      assert.deepStrictEqual(usage({ prompt_tokens: 9, [name]: 8 }), { inputTokens: 9, cachedInputTokens: 8 })
    }
  })

  it("are read where the usage stands inside of the choice", () => {
    const choice = { index: 0, delta: {}, finish_reason: "stop", usage: { prompt_tokens: 9, cached_tokens: 8 } }
    for (const more of [{}, { usage: null }]) {
      const event = `data: ${JSON.stringify({ choices: [choice], ...more })}\n\n`
      assert.deepStrictEqual(decode("openai-completions", [event]).finish?.usage, {
        inputTokens: 9,
        cachedInputTokens: 8
      })
    }
  })

  it("are left out when they are no counts", () => {
    for (const details of [null, 5, [], {}, { cached_tokens: "8", reasoning_tokens: -1 }]) {
      assert.deepStrictEqual(
        usage({ prompt_tokens: 9, prompt_tokens_details: details, completion_tokens_details: details }),
        { inputTokens: 9 }
      )
    }
  })
})
