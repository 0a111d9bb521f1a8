import { assert, describe, it } from "@effect/vitest"
import type { ChatCompletions, Message } from "effect-ollama"
import * as Recordings from "../support/recordings.js"
import { type Api, apis, body, call, completions, encoded, type Json, ollama, png, pngBase64 } from "./support.js"

const tools = [
  {
    name: "get_weather",
    description: "Current weather of a city",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string", description: "City name" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] }
      },
      required: ["city"]
    }
  },
  {
    name: "get_time",
    description: "Current time of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
  }
]

const conversation = (reasoning: ReadonlyArray<Message.AssistantPart>): ReadonlyArray<Message.Message> => [
  { role: "user", content: "What is the weather in Paris?" },
  {
    role: "assistant",
    content: [...reasoning, call("get_weather", "{\"city\":\"Paris\"}", "call_abc12345", { city: "Paris" })]
  },
  { role: "tool", toolCallId: "call_abc12345", toolName: "get_weather", content: "{\"temp\":21}" }
]

describe("a recorded request is reproduced", () => {
  const reproduced = (
    about: string,
    recording: string,
    id: string,
    api: Api,
    options: (recorded: Json) => ChatCompletions.CompletionOptions
  ) =>
    it(about, () => {
      for (const version of Recordings.versions) {
        const found = Recordings.load(version).find(({ name }) => name === recording)
        const recorded = JSON.parse(found?.request.body ?? "null")
        const sent = body(options(recorded), { api, model: model(id) })
        assert.deepStrictEqual(sent, recorded, version)
      }
    })

  reproduced("/v1, first turn of an agent", "v1-agent-1", "scripted-multi", "openai-completions", () => ({
    prompt: "What is the weather in Paris?",
    tools
  }))
  reproduced("/v1, second turn of an agent", "v1-agent-2", "scripted-multi", "openai-completions", () => ({
    prompt: conversation([]),
    tools
  }))
  reproduced("ollama, second turn of an agent", "native-agent-2", "scripted-multi", "ollama", () => ({
    prompt: conversation([{ type: "reasoning", text: "I need the weather." }]),
    tools
  }))
  reproduced("ollama, system prompt and options", "native-seed", "scripted-plain", "ollama", () => ({
    prompt: [{ role: "system", content: "Be brief." }, { role: "user", content: "Hi" }],
    seed: 1,
    temperature: 0,
    keepAlive: "10m"
  }))
  reproduced("/v1, thinking at a level", "v1-thinking-on", "scripted-thinking", "openai-completions", () => ({
    prompt: "Hi",
    think: "high"
  }))
  reproduced("/v1, thinking switched off", "v1-thinking-off", "scripted-thinking", "openai-completions", () => ({
    prompt: "Hi",
    think: false
  }))
  reproduced(
    "ollama, thinking",
    "native-thinking-on",
    "scripted-thinking",
    "ollama",
    () => ({ prompt: "Hi", think: true })
  )
  reproduced("ollama, output schema", "native-json", "scripted-json", "ollama", ({ format }) => ({
    prompt: "Weather as JSON",
    format
  }))
  reproduced("/v1, any JSON", "v1-json-object", "scripted-json", "openai-completions", () => ({
    prompt: "Weather as JSON",
    format: "json"
  }))
  reproduced("ollama, picture", "error-native-image-no-vision", "scripted-plain", "ollama", ({ messages }) => ({
    prompt: [{
      role: "user",
      content: [
        { type: "text", text: "What?" },
        { type: "image", image: `data:image/png;base64,${messages[0].images[0]}` }
      ]
    }]
  }))
})

const model = (id: string) => ({
  id,
  name: id,
  reasoning: true,
  tools: true,
  input: ["text", "image"] as const,
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  contextWindow: 8192,
  maxTokens: 81920,
  known: ["reasoning", "tools", "input"] as const
})

describe("messages", () => {
  for (const api of apis) {
    it(`${api}: a text is a user message`, () => {
      assert.deepStrictEqual(body({ prompt: "Hi" }, { api }), {
        model: "m",
        messages: [{ role: "user", content: "Hi" }],
        stream: false
      })
    })
    it(`${api}: an answer with calls only has "" as its content`, () => {
      const message = body({ prompt: [{ role: "assistant", content: [call("f", "{}")] }] }, { api }).messages[0]
      assert.strictEqual(message.content, "")
    })
    it(`${api}: an empty answer in the history stays`, () => {
      const prompt: ReadonlyArray<Message.Message> = [{ role: "user", content: "Hi" }, {
        role: "assistant",
        content: []
      }]
      assert.deepStrictEqual(body({ prompt }, { api }).messages[1], { role: "assistant", content: "" })
    })
    it(`${api}: parts of text are one text`, () => {
      const prompt: ReadonlyArray<Message.Message> = [{
        role: "user",
        content: [{ type: "text", text: "a" }, { type: "text", text: "b" }]
      }]
      assert.deepStrictEqual(body({ prompt }, { api }).messages, [{ role: "user", content: "ab" }])
    })
    it(`${api}: arguments keep the digits of 20-digit integers`, () => {
      const prompt = [{
        role: "assistant" as const,
        content: [call("f", "{\"id\": 12345678901234567890, \"x\": 1.0}", "1", { id: 12345678901234567000 })]
      }]
      assert.include(encoded({ prompt }, { api }).body, "12345678901234567890")
      assert.include(encoded({ prompt }, { api }).body, "1.0")
    })
    it(`${api}: text beside halves of surrogate pairs is well-formed`, () => {
      const text = encoded({ prompt: "a\ud800b😀" }, { api }).body
      assert.include(text, "a\ufffdb😀")
    })
  }

  it("/v1: arguments are a JSON string, \"{}\" when there are none", () => {
    const of = (text: string) =>
      completions({ prompt: [{ role: "assistant", content: [call("f", text)] }] }).messages[0].tool_calls[0]
    assert.deepStrictEqual(of("{\"a\": 1}"), {
      id: "call_1",
      type: "function",
      function: { name: "f", arguments: "{\"a\": 1}" }
    })
    assert.strictEqual(of("").function.arguments, "{}")
    assert.strictEqual(of("null").function.arguments, "{}")
  })
  it("a broken text of arguments is never sent again: the plain value is", () => {
    const prompt = [{ role: "assistant" as const, content: [call("f", "{\"a\":", "1", { a: 1 })] }]
    assert.strictEqual(completions({ prompt }).messages[0].tool_calls[0].function.arguments, "{\"a\":1}")
    assert.deepStrictEqual(ollama({ prompt }).messages[0].tool_calls[0].function.arguments, { a: 1 })
  })
  it("ollama: arguments are an object, calls have an id and an index", () => {
    const prompt = [{ role: "assistant" as const, content: [call("f", ""), call("g", "{\"a\":[1]}", "call_2")] }]
    assert.deepStrictEqual(ollama({ prompt }).messages[0].tool_calls, [
      { id: "call_1", function: { index: 0, name: "f", arguments: {} } },
      { id: "call_2", function: { index: 1, name: "g", arguments: { a: [1] } } }
    ])
  })
  it("reasoning goes back under the API's name", () => {
    const prompt: ReadonlyArray<Message.Message> = [{
      role: "assistant",
      content: [{ type: "reasoning", text: "hm" }, { type: "text", text: "42" }]
    }]
    assert.deepStrictEqual(completions({ prompt }).messages, [{ role: "assistant", content: "42", reasoning: "hm" }])
    assert.deepStrictEqual(ollama({ prompt }).messages, [{ role: "assistant", content: "42", thinking: "hm" }])
  })
  it("a tool's result is a plain text with its call", () => {
    // Whether it failed has no place on the wire.
    const prompt = [{ role: "tool" as const, toolCallId: "call_1", toolName: "f", content: "", isError: true }]
    assert.deepStrictEqual(completions({ prompt }).messages, [{ role: "tool", tool_call_id: "call_1", content: "" }])
    assert.deepStrictEqual(ollama({ prompt }).messages, [
      { role: "tool", tool_name: "f", tool_call_id: "call_1", content: "" }
    ])
  })
  it("pictures are data URLs on /v1 and bare base64 on /api", () => {
    const prompt: ReadonlyArray<Message.Message> = [{
      role: "user",
      content: [{ type: "text", text: "What?" }, { type: "image", image: png }]
    }]
    assert.deepStrictEqual(completions({ prompt }).messages, [{
      role: "user",
      content: [
        { type: "text", text: "What?" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${pngBase64}` } }
      ]
    }])
    assert.deepStrictEqual(ollama({ prompt }).messages, [{ role: "user", content: "What?", images: [pngBase64] }])
  })
})

describe("tools and output", () => {
  it("tool choice none sends no tools, a named tool only that one", () => {
    for (const api of apis) {
      const names = (toolChoice: "none" | "auto" | { readonly tool: string }) =>
        body({ prompt: "Hi", tools, toolChoice }, { api }).tools?.map((tool: Json) => tool.function.name)
      assert.isUndefined(names("none"))
      assert.deepStrictEqual(names("auto"), ["get_weather", "get_time"])
      assert.deepStrictEqual(names({ tool: "get_time" }), ["get_time"])
    }
  })
  it("tool choice required sends all tools and is reported as ignored", () => {
    for (const api of apis) {
      const result = encoded({ prompt: "Hi", tools, toolChoice: "required" }, { api })
      assert.lengthOf(JSON.parse(result.body).tools, 2)
      assert.deepStrictEqual(result.ignored.map(({ setting }) => setting), ["toolChoice"])
    }
  })
  it("no tools are no field", () => {
    assert.notProperty(completions({ tools: [] }), "tools")
    assert.notProperty(ollama({ tools: [] }), "tools")
  })
  it("the output's form goes where the API has it", () => {
    const format = { type: "object", properties: { a: { type: "string" } }, minProperties: 1 }
    assert.deepStrictEqual(ollama({ format }).format, format)
    assert.strictEqual(ollama({ format: "json" }).format, "json")
    assert.deepStrictEqual(completions({ format: "json" }).response_format, { type: "json_object" })
    const sent = completions({ format }).response_format
    assert.strictEqual(sent.type, "json_schema")
    assert.deepStrictEqual(sent.json_schema.schema, format)
    assert.isString(sent.json_schema.name)
  })
})

describe("streaming", () => {
  it("is always said", () => {
    for (const api of apis) {
      for (const stream of [true, false]) assert.strictEqual(body({ prompt: "Hi" }, { api, stream }).stream, stream)
    }
  })
  it("/v1 asks for usage when it streams, and only then", () => {
    assert.deepStrictEqual(completions({}, { stream: true }).stream_options, { include_usage: true })
    assert.notProperty(completions({}), "stream_options")
    assert.notProperty(completions({ params: { stream_options: { x: 1 } } }), "stream_options")
    assert.notProperty(ollama({}, { stream: true }), "stream_options")
  })
})
