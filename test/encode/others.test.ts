/** What goes to servers that are no Ollama, and what their `compat` changes. */
import { assert, describe, it } from "@effect/vitest"
import type { Message } from "effect-ollama"
import type { Compat } from "../../src/core/provider.js"
import { body, call, encoded, type Given, type Json, png, tryEncode, unknownModel } from "./support.js"

const asked = { provider: "p", origin: "https://h", api: "openai-completions", ollama: false }

const other: Given = { ollama: false, asked, model: { ...unknownModel, reasoning: true } }

const withCompat = (compat: Compat): Given => ({ ...other, compat })

const tools = [{ name: "f" }, { name: "g" }]

describe("other servers", () => {
  it("get what the user sets by its usual name", () => {
    const { body, ignored } = encoded(
      { prompt: "Hi", topK: 5, minP: 0.1, repeatPenalty: 1.1, params: { shift: true } },
      other
    )
    assert.deepInclude(JSON.parse(body), { top_k: 5, min_p: 0.1, repetition_penalty: 1.1, shift: true })
    assert.deepStrictEqual(ignored, [])
  })

  it("are told what cannot be said only in ignored", () => {
    const { body, ignored } = encoded({ prompt: "Hi", numCtx: 5, keepAlive: "5m" }, other)
    assert.hasAllKeys(JSON.parse(body), ["model", "messages", "stream"])
    assert.deepStrictEqual(ignored.map(({ reason, setting }) => [setting, reason]), [
      ["numCtx", "No field of this API says it"],
      ["keepAlive", "No field of this API says it"]
    ])
  })

  it("are told that a tool has to be called, and which", () => {
    const required = encoded({ prompt: "Hi", tools, toolChoice: "required" }, other)
    assert.strictEqual(JSON.parse(required.body).tool_choice, "required")
    assert.deepStrictEqual(required.ignored, [])
    const named = body({ prompt: "Hi", tools, toolChoice: { tool: "g" } }, other)
    assert.deepStrictEqual(named.tool_choice, { type: "function", function: { name: "g" } })
    assert.notProperty(body({ prompt: "Hi", tools }, other), "tool_choice")
  })

  it("an Ollama is told none of it", () => {
    const { body, ignored } = encoded({ prompt: "Hi", tools, topK: 5, toolChoice: "required" })
    assert.notProperty(JSON.parse(body), "top_k")
    assert.notProperty(JSON.parse(body), "tool_choice")
    assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["toolChoice", "topK"])
  })
})

describe("words for thinking", () => {
  it("are those that every Ollama takes, on both APIs", () => {
    const words = { off: false, none: false, minimal: "low", xhigh: "high", adaptive: "high", ultra: "max", max: "max" }
    for (const [think, sent] of Object.entries(words)) {
      assert.strictEqual(body({ prompt: "Hi", params: { think } }, { api: "ollama" }).think, sent, think)
      assert.strictEqual(
        body({ prompt: "Hi", params: { think } }).reasoning_effort,
        sent === false ? "none" : sent,
        think
      )
    }
  })
})

describe("compat", () => {
  const options = { prompt: "Hi", temperature: 0.5, params: { think: "high" } }

  it("supportsTemperature: false sends none, and says so", () => {
    const { body, ignored } = encoded(options, withCompat({ supportsTemperature: false }))
    assert.notProperty(JSON.parse(body), "temperature")
    assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["temperature"])
  })

  it("supportsReasoningEffort: false sends none, and says so", () => {
    const { body, ignored } = encoded(options, withCompat({ supportsReasoningEffort: false }))
    assert.notProperty(JSON.parse(body), "reasoning_effort")
    assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["think"])
  })

  it("reasoningEffortMap has the server's words by the user's; null takes one away", () => {
    const given = withCompat({ reasoningEffortMap: { off: "disabled", high: "hard", adaptive: "auto", low: null } })
    const effortOf = (think: string) => encoded({ prompt: "Hi", params: { think } }, given)
    for (
      const [think, word] of [["off", "disabled"], ["high", "hard"], ["adaptive", "auto"], [
        "medium",
        "medium"
      ]] as const
    ) {
      assert.strictEqual(JSON.parse(effortOf(think).body).reasoning_effort, word)
    }
    assert.notProperty(JSON.parse(effortOf("low").body), "reasoning_effort")
    assert.deepStrictEqual(effortOf("low").ignored.map(({ setting }) => setting), ["think"])
  })

  it("supportsUsageInStreaming: false does not ask for usage", () => {
    assert.property(body({ prompt: "Hi" }, { ...other, stream: true }), "stream_options")
    const given = { ...withCompat({ supportsUsageInStreaming: false }), stream: true }
    assert.notProperty(body({ prompt: "Hi" }, given), "stream_options")
  })

  it("supportsJsonSchemaResponseFormat: false asks for an object, and says so", () => {
    const format = { type: "object", properties: { a: { type: "string" } } }
    const { body, ignored } = encoded({ prompt: "Hi", format }, withCompat({ supportsJsonSchemaResponseFormat: false }))
    assert.deepStrictEqual(JSON.parse(body).response_format, { type: "json_object" })
    assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["format"])
  })

  it("supportsStrictMode: true says that tools are not strict; otherwise nothing is said", () => {
    const strictOf = (given: Given) =>
      body({ prompt: "Hi", tools }, given).tools.map((tool: Json) => tool.function.strict)
    assert.deepStrictEqual(strictOf(withCompat({ supportsStrictMode: true })), [false, false])
    assert.deepStrictEqual(strictOf(withCompat({ supportsStrictMode: false })), [undefined, undefined])
    assert.deepStrictEqual(strictOf(other), [undefined, undefined])
  })

  it("requiresStringContent: a picture, which is no text, is refused before sending", () => {
    const content = [{ type: "text" as const, text: "What?" }, { type: "image" as const, image: png }]
    const result = tryEncode({ prompt: [{ role: "user", content }] }, withCompat({ requiresStringContent: true }))
    assert.strictEqual(result._tag === "Left" ? result.left._tag : "", "ImagesNotSupported")
  })

  const thought = (value: Message.JsonObject, from: object = asked): Message.Message => ({
    role: "assistant",
    content: [
      {
        type: "reasoning",
        text: "Hm.",
        metadata: { provider: "p", origin: "https://h", api: "openai-completions", ...from, value }
      },
      { type: "text", text: "42" }
    ]
  })
  const messageOf = (message: Message.Message, given: Given = other) => body({ prompt: [message] }, given).messages[0]

  it("requiresReasoningContentOnAssistantMessages: it is there, and may be empty", () => {
    const given = withCompat({ requiresReasoningContentOnAssistantMessages: true })
    assert.deepStrictEqual(messageOf({ role: "assistant", content: "42" }, given), {
      role: "assistant",
      content: "42",
      reasoning_content: ""
    })
    assert.strictEqual(messageOf(thought({ field: "reasoning_content" }), given).reasoning_content, "Hm.")
  })

  it("requiresThinkingAsText: reasoning goes back as text, before the text", () => {
    const given = withCompat({ requiresThinkingAsText: true })
    assert.deepStrictEqual(messageOf(thought({ field: "reasoning" }), given), {
      role: "assistant",
      content: "Hm.\n\n42"
    })
  })

  it("requiresToolResultName: the result of a tool has its name", () => {
    const result: Message.Message = { role: "tool", toolCallId: "1", toolName: "f", content: "x" }
    assert.strictEqual(messageOf(result, withCompat({ requiresToolResultName: true })).name, "f")
    assert.notProperty(messageOf(result), "name")
  })

  describe("reasoning of the history", () => {
    it("goes back to the provider that gave it, under the name in which it came", () => {
      for (const field of ["reasoning", "reasoning_content", "thinking", "reasoning_text"]) {
        assert.deepStrictEqual(messageOf(thought({ field })), { role: "assistant", content: "42", [field]: "Hm." })
      }
      assert.deepStrictEqual(messageOf(thought({ field: "content" })).content, [
        { type: "thinking", thinking: [{ type: "text", text: "Hm." }] },
        { type: "text", text: "42" }
      ])
      const details = [{ type: "reasoning.text", text: "Hm.", signature: "s" }]
      assert.deepStrictEqual(messageOf(thought({ field: "reasoning_details", reasoning_details: details })), {
        role: "assistant",
        content: "42",
        reasoning_details: details
      })
    })

    it("goes to no other one, and to an Ollama always", () => {
      const bare = { role: "assistant", content: "42" }
      for (const from of [{ provider: "x" }, { origin: "https://x" }, { api: "ollama" }]) {
        const message = thought({ field: "reasoning", reasoning_details: [{}], signature: "s" }, from)
        assert.deepStrictEqual(messageOf(message), bare)
        assert.deepStrictEqual(messageOf(message, {}), { ...bare, reasoning: "Hm." })
        assert.strictEqual(messageOf(message, { api: "ollama" }).thinking, "Hm.")
      }
    })

    it("without provenance goes to an Ollama only", () => {
      const message: Message.Message = {
        role: "assistant",
        content: [{ type: "reasoning", text: "Hm." }, { type: "text", text: "42" }]
      }
      assert.deepStrictEqual(messageOf(message), { role: "assistant", content: "42" })
      assert.strictEqual(messageOf(message, {}).reasoning, "Hm.")
    })

    it("brings nothing that is not in the list, whoever wrote it", () => {
      const message = thought({
        field: "tool_calls",
        content: "x",
        role: "system",
        signature: 5,
        reasoning_details: "x"
      })
      assert.deepStrictEqual(messageOf(message), { role: "assistant", content: "42" })
      const large = thought({ field: "reasoning", signature: "x".repeat(70_000) })
      assert.deepStrictEqual(messageOf(large), { role: "assistant", content: "42" })
    })
  })

  it("extra_content of a call goes back to the one that sent it only", () => {
    const extra_content = { google: { thought_signature: "abc" } }
    const message = (provider: string): Message.Message => ({
      role: "assistant",
      content: [{ ...call("f", "{}"), metadata: { ...asked, provider, value: { extra_content, id: "x" } } }]
    })
    assert.deepStrictEqual(messageOf(message("p")).tool_calls[0], {
      id: "call_1",
      type: "function",
      function: { name: "f", arguments: "{}" },
      extra_content
    })
    assert.notProperty(messageOf(message("x")).tool_calls[0], "extra_content")
  })
})
