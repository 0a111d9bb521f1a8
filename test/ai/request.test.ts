import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import type { Message } from "effect-ollama"
import type * as Encoded from "../../src/core/ai/encoded.js"
import * as Request from "../../src/core/ai/request.js"

const asked = (given: Partial<Request.Asked>): Request.Asked => ({
  prompt: [{ role: "user", content: "Hi" }],
  tools: [],
  toolChoice: "auto",
  isObject: false,
  ...given
})

const make = (given: Partial<Request.Asked>) => Either.getOrThrow(Request.make(asked(given)))

const sent = (prompt: ReadonlyArray<Encoded.Message>): ReadonlyArray<Message.Message> => make({ prompt }).prompt

const refused = (given: Partial<Request.Asked>) => {
  const result = Request.make(asked(given))
  return Either.isLeft(result) ? result.left : assert.fail("it was not refused")
}

const tool = (name: string, isProviderDefined = false): Encoded.Tool => ({
  name,
  description: undefined,
  parameters: { type: "object", properties: {} },
  isProviderDefined
})

const tools = [tool("a"), tool("b")]

const user = (text: string): Encoded.Message => ({ role: "user", content: [{ type: "text", text }] })

const called = (...ids: ReadonlyArray<string>): Encoded.Message => ({
  role: "assistant",
  content: ids.map((id) => ({ type: "tool-call", id, name: "a", params: { id } }))
})

const results = (...ids: ReadonlyArray<string>): Encoded.Message => ({
  role: "tool",
  content: ids.map((id) => ({ type: "tool-result", id, name: "a", result: `of ${id}`, isFailure: false }))
})

/** A conversation as one word per message. */
const told = (messages: ReadonlyArray<Message.Message>) =>
  messages.map((message) => message.role === "tool" ? `${message.toolCallId}: ${message.content}` : message.role)

describe("messages for a prompt", () => {
  it("keeps the order of system, user and assistant", () =>
    assert.deepStrictEqual(
      sent([
        { role: "system", content: "Be brief." },
        user("Hi"),
        { role: "assistant", content: "Hello" },
        user("Why?")
      ]),
      [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
        { role: "user", content: "Why?" }
      ]
    ))

  it("keeps reasoning, text and calls of an answer", () =>
    assert.deepStrictEqual(
      sent([{
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm" },
          { type: "text", text: "Let me see." },
          { type: "tool-call", id: "1", name: "a", params: { x: 1 } }
        ]
      }, results("1")])[0],
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm" },
          { type: "text", text: "Let me see." },
          { type: "tool-call", id: "1", name: "a", arguments: { x: 1 }, argumentsText: "" }
        ]
      }
    ))

  it("writes results as text: a string as it is, anything else as JSON, nothing as nothing", () => {
    const result = (value: unknown) =>
      sent([called("1"), {
        role: "tool",
        content: [{ type: "tool-result", id: "1", name: "a", result: value, isFailure: false }]
      }])[1]?.content
    assert.strictEqual(result("21 degrees"), "21 degrees")
    assert.strictEqual(result({ degrees: 21 }), "{\"degrees\":21}")
    assert.strictEqual(result([1n]), "[\"1\"]")
    assert.strictEqual(result(undefined), "")
  })

  it("says of a failure that it is one, where the model reads it", () =>
    assert.deepStrictEqual(
      sent([called("1"), {
        role: "tool",
        content: [{ type: "tool-result", id: "1", name: "a", result: "no such city", isFailure: true }]
      }])[1],
      { role: "tool", toolCallId: "1", toolName: "a", content: "{\"error\":\"no such city\"}", isError: true }
    ))

  it("gives a call that a failed handler left without a result one that says so", () =>
    assert.deepStrictEqual(told(sent([user("Hi"), called("1", "2"), results("2"), user("And now?")])), [
      "user",
      "assistant",
      "2: of 2",
      "1: {\"error\":\"the tool failed, and there is no result\"}",
      "user"
    ]))

  it("gives such a call one at the end of a conversation too", () =>
    assert.deepStrictEqual(told(sent([user("Hi"), called("1")])), [
      "user",
      "assistant",
      "1: {\"error\":\"the tool failed, and there is no result\"}"
    ]))

  it("takes the result of the next answer's call of the same id for that call only", () =>
    assert.deepStrictEqual(told(sent([called("1"), user("Again."), called("1"), results("1")])), [
      "assistant",
      "1: {\"error\":\"the tool failed, and there is no result\"}",
      "user",
      "assistant",
      "1: of 1"
    ]))

  it("finds the results of calls that are told one in each message", () =>
    assert.deepStrictEqual(told(sent([called("1"), called("2"), called("3"), results("1", "3"), called("1")])), [
      "assistant",
      "assistant",
      "2: {\"error\":\"the tool failed, and there is no result\"}",
      "assistant",
      "1: of 1",
      "3: of 3",
      "assistant",
      "1: {\"error\":\"the tool failed, and there is no result\"}"
    ]))

  it("sends what a handler was given as JSON, whatever its schema made of it", () => {
    const params = { set: new Set(["a"]), map: new Map([["k", 1n]]), bytes: new Uint8Array([1, 2]), most: Infinity }
    const [message] = sent([{ role: "assistant", content: [{ type: "tool-call", id: "1", name: "a", params }] }])
    assert(message?.role === "assistant" && typeof message.content !== "string")
    const [call] = message.content
    assert(call?.type === "tool-call")
    assert.deepStrictEqual(call.arguments, { set: ["a"], map: [["k", "1"]], bytes: [1, 2], most: "Infinity" })
  })

  it("finds a result that comes after what the user said in between", () =>
    assert.deepStrictEqual(told(sent([called("1"), user("Wait."), results("1")])), ["assistant", "user", "1: of 1"]))

  it("puts the results of tools that a hosted provider ran itself behind its answer", () =>
    assert.deepStrictEqual(
      told(sent([user("Hi"), {
        role: "assistant",
        content: [
          { type: "tool-call", id: "1", name: "web_search", params: {} },
          { type: "tool-result", id: "1", name: "web_search", result: "found", isFailure: false },
          { type: "text", text: "I found it." }
        ]
      }, user("Thanks.")])),
      ["user", "assistant", "1: found", "user"]
    ))

  it("leaves out a file of an earlier answer, and says so", () => {
    const { ignored, prompt } = make({
      prompt: [user("Draw."), {
        role: "assistant",
        content: [{ type: "file", mediaType: "image/png", data: "AAAA" }, { type: "text", text: "Here." }]
      }, user("Thanks.")]
    })
    assert.deepStrictEqual(prompt[1], { role: "assistant", content: [{ type: "text", text: "Here." }] })
    assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["prompt[1].content[0]"])
  })

  it("refuses a role that is none", () =>
    assert.strictEqual(
      refused({ prompt: [{ role: "robot", content: "" } as unknown as Encoded.Message] }).path,
      "prompt[0].role"
    ))
})

describe("pictures", () => {
  const picture = (data: Encoded.FileGiven["data"], mediaType = "image/png") =>
    Either.map(
      Request.make(asked({ prompt: [{ role: "user", content: [{ type: "file", mediaType, data }] }] })),
      ({ prompt }) => (prompt[0]!.content[0] as Message.ImagePart).image
    )

  const bytes = new Uint8Array([0x89, 0x50, 0x4e, 0x47])

  it("passes bytes on", () => assert.strictEqual(Either.getOrThrow(picture(bytes)), bytes))

  it("passes data URLs on, as text and as URL", () => {
    const url = "data:image/png;base64,iVBORw=="
    assert.strictEqual(Either.getOrThrow(picture(url)), url)
    assert.strictEqual(Either.getOrThrow(picture(new URL(url))), url)
  })

  it("takes any other text for base64", () => {
    assert.strictEqual(Either.getOrThrow(picture("iVBORw==")), "data:image/png;base64,iVBORw==")
    assert.strictEqual(Either.getOrThrow(picture("iVBORw==", "image/*")), "data:;base64,iVBORw==")
  })

  it("leaves addresses to the check that refuses them", () =>
    assert.strictEqual(Either.getOrThrow(picture("https://example.com/a.png")), "https://example.com/a.png"))

  it("refuses files of other kinds", () => {
    const result = picture(bytes, "application/pdf")
    assert.isTrue(Either.isLeft(result))
    if (Either.isLeft(result)) assert.strictEqual(result.left.path, "prompt[0].content[0].mediaType")
  })
})

describe("tool choices", () => {
  const choose = (toolChoice: Encoded.ToolChoice) => {
    const request = make({ tools, toolChoice })
    return [request.tools.map(({ name }) => name), request.toolChoice]
  }

  it("sends all tools for auto", () => assert.deepStrictEqual(choose("auto"), [["a", "b"], "auto"]))

  it("sends none for none, although the core leaves them in", () =>
    assert.deepStrictEqual(choose("none"), [[], "none"]))

  it("passes on that a call is required, or which", () => {
    assert.deepStrictEqual(choose("required"), [["a", "b"], "required"])
    assert.deepStrictEqual(choose({ tool: "b" }), [["b"], { tool: "b" }])
  })

  it("sends only some of them for oneOf", () => {
    assert.deepStrictEqual(choose({ oneOf: ["b"] }), [["b"], "auto"])
    assert.deepStrictEqual(choose({ mode: "required", oneOf: ["b", "c"] }), [["b"], "required"])
  })

  it("refuses a tool that a hosted provider runs itself", () => {
    const error = refused({ tools: [...tools, tool("OpenAiWebSearch", true)] })
    assert.strictEqual(error._tag, "InvalidRequest")
    assert.match(error.message, /OpenAiWebSearch/)
  })

  it("leaves tools out where the answer must be an object, and says so", () => {
    const request = make({ tools, isObject: true })
    assert.deepStrictEqual(request.tools, [])
    assert.deepStrictEqual(request.ignored.map(({ setting }) => setting), ["tools"])
  })

  it("refuses to require a call where the answer must be an object", () => {
    assert.strictEqual(refused({ tools, isObject: true, toolChoice: "required" }).path, "toolChoice")
    assert.strictEqual(refused({ tools, isObject: true, toolChoice: { tool: "a" } }).path, "toolChoice")
  })

  it("says nothing of tools that are not wanted anyway", () =>
    assert.deepStrictEqual(make({ tools, isObject: true, toolChoice: "none" }).ignored, []))
})

describe("options of messages", () => {
  const options = (prompt: ReadonlyArray<Encoded.Message>) => make({ prompt }).options

  it("takes those of the system message and of the last user message, which wins", () =>
    assert.deepStrictEqual(
      options([
        { role: "system", content: "Hi", options: { ollama: { think: false, numCtx: 4096 } } },
        { ...user("Hi"), options: { ollama: { keepAlive: "5m" } } },
        { role: "assistant", content: "Hello" },
        { ...user("Think."), options: { ollama: { think: "high" }, openai: { think: "low" } } }
      ]),
      { think: "high", numCtx: 4096 }
    ))

  it("keeps those of the user's message while its tools are run", () =>
    assert.deepStrictEqual(
      options([{ ...user("Hi"), options: { ollama: { think: true } } }, called("1"), results("1")]),
      { think: true }
    ))

  it("takes no others: a prompt may come from anywhere", () =>
    assert.deepStrictEqual(
      options([{ ...user("Hi"), options: { ollama: { model: "other/m", params: { seed: 1 }, temperature: 2 } } }]),
      {}
    ))

  const sentBack = (metadata: unknown) =>
    sent([{
      role: "assistant",
      content: [{ type: "reasoning", text: "hm", options: { ollama: { metadata } } }]
    }])[0]!.content

  it("takes back what a server sent with a part", () => {
    const metadata = { provider: "p", origin: "https://h", api: "ollama", value: { signature: "x" } }
    assert.deepStrictEqual(sentBack(metadata), [{ type: "reasoning", text: "hm", metadata }])
  })

  it("takes nothing for that which is not", () => {
    for (const metadata of [null, "x", [], { provider: "p" }, { provider: 1, origin: "", api: "", value: {} }]) {
      assert.deepStrictEqual(sentBack(metadata), [{ type: "reasoning", text: "hm" }])
    }
  })

  it("takes back the exact text of arguments while it says what the parameters say", () => {
    const text = "{\"id\":12345678901234567890}"
    const argumentsText = (params: unknown) => {
      const [message] = sent([{
        role: "assistant",
        content: [{ type: "tool-call", id: "1", name: "a", params, options: { ollama: { argumentsText: text } } }]
      }, results("1")])
      return (message!.content[0] as Message.ToolCall).argumentsText
    }
    assert.strictEqual(argumentsText(JSON.parse(text)), text)
    assert.strictEqual(argumentsText({ id: 1 }), "")
  })
})
