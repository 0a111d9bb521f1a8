/** Calls that cannot be read, and names that can be repaired. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ChatCompletions } from "effect-ollama"
import { decode, delta, stop } from "../decode/support.js"
import { apis, mocked, requests } from "./support.js"

const tools = [{ name: "f" }]

describe("malformedCalls: \"return\"", () => {
  for (const api of apis) {
    for (const streaming of [true, false]) {
      it.effect(`${api}, streaming ${streaming}: a call without arguments, with its raw text; the history sends {}`, () =>
        Effect.gen(function*() {
          const first = yield* ChatCompletions.create({ prompt: "Hi", tools, malformedCalls: "return" })
          assert.deepInclude(first.toolCalls[0], { name: "f", arguments: {}, argumentsText: "{}", malformed: "[1]" })
          yield* ChatCompletions.create({ prompt: [{ role: "user", content: "Hi" }, first.message], tools })
          const body = (yield* requests).filter(({ method }) => method === "POST")[1]?.json as {
            readonly messages: ReadonlyArray<
              { readonly tool_calls: ReadonlyArray<{ function: { arguments: unknown } }> }
            >
          }
          const sent = body.messages[1]?.tool_calls[0]?.function.arguments
          assert.deepStrictEqual(sent, api === "ollama" ? {} : "{}")
        }).pipe(Effect.provide(mocked(api, {
          replies: [{ toolCalls: [{ name: "f", arguments: "[1]" }] }, "ok"]
        }, { streaming }))))
    }
  }

  it.effect("anything else is refused before sending", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ChatCompletions.create({ prompt: "Hi", malformedCalls: "no" as "fail" }))
      assert.deepInclude({ ...error }, { _tag: "InvalidRequest", path: "malformedCalls" })
    }).pipe(Effect.provide(mocked("ollama", { replies: ["ok"] }))))
})

describe("the name of a call", () => {
  const nameOf = (name: string, offered: ReadonlyArray<string>) => {
    const call = `"tool_calls":[{"index":0,"id":"1","function":{"name":"${name}","arguments":"{}"}}]`
    const { parts } = decode("openai-completions", [delta(call), stop], { tools: offered })
    return parts.map((part) => part.type === "tool-call" ? part.name : "").join()
  }

  it("is repaired where that gives an offered tool", () => {
    assert.strictEqual(nameOf("functions.f", ["f"]), "f")
    assert.strictEqual(nameOf("f<|channel|>commentary", ["f"]), "f")
    assert.strictEqual(nameOf("functions.f<|channel|>json", ["f"]), "f")
    assert.strictEqual(nameOf(" f ", ["f"]), "f")
    assert.strictEqual(nameOf(" functions.f <|channel|>json", ["f"]), "f")
  })

  it("stays otherwise", () => {
    assert.strictEqual(nameOf("functions.f", ["functions.f", "f"]), "functions.f")
    assert.strictEqual(nameOf("functions.g", ["f"]), "functions.g")
    assert.strictEqual(nameOf(" g", ["f"]), " g")
    assert.strictEqual(nameOf("f<|channel|>commentary", []), "f<|channel|>commentary")
  })
})
