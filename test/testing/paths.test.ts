/** The paths that a server derives from its chat, as the clients of others ask them. */
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, TestClock } from "effect"
import { MockOllama } from "effect-ollama/testing"
import { layerServer } from "effect-ollama/testing/node"
import * as Net from "node:net"

const root = "http://127.0.0.1:11434"

const post = (path: string, body: object) =>
  HttpClientRequest.post(root + path).pipe(
    HttpClientRequest.bodyUnsafeJson(body),
    HttpClient.execute,
    Effect.flatMap((response) => Effect.map(response.text, (text) => ({ status: response.status, text, response })))
  )

const get = (path: string) =>
  HttpClient.get(root + path).pipe(
    Effect.flatMap((response) => Effect.map(response.text, (text) => ({ status: response.status, text })))
  )

const jsonOf = ({ text }: { readonly text: string }) => JSON.parse(text)

const mocked = (reply: MockOllama.Reply | string, description: MockOllama.Description = {}) =>
  Effect.provide(MockOllama.layerHttpClient({ models: ["m"], replies: [reply], ...description }))

const can = (...capabilities: ReadonlyArray<string>) => ({ models: [{ name: "m", capabilities }] })

interface Event {
  readonly event: string | undefined
  readonly data: any // tests look into it as they like
}

const eventsOf = ({ text }: { readonly text: string }): ReadonlyArray<Event> =>
  text.split("\n\n").filter((block) => block !== "").map((block) => {
    const [, event, data] = /^(?:event: (.*)\n)?data: (.*)$/s.exec(block)!
    return { event, data: data === "[DONE]" ? data : JSON.parse(data!) }
  })

const ask = { model: "m", prompt: "Once" }

describe("/api/generate", () => {
  it.effect("answers with text and thinking, and the context of the next request", () =>
    Effect.gen(function*() {
      const { text } = yield* post("/api/generate", { ...ask, stream: false })
      assert.deepInclude(JSON.parse(text), {
        model: "m",
        response: "upon a time",
        thinking: "Hm.",
        done: true,
        done_reason: "stop",
        context: [1, 2, 3, 4, 5]
      })
      assert.deepStrictEqual(Object.keys(JSON.parse(text)).slice(0, 7), [
        "model",
        "created_at",
        "response",
        "thinking",
        "done",
        "done_reason",
        "context"
      ])
      const lines = (yield* post("/api/generate", ask)).text.trimEnd().split("\n").map((line) => JSON.parse(line))
      assert.deepStrictEqual(lines.map(({ response }) => response), ["", "upon", " a", " time", ""])
      assert.deepStrictEqual(lines.map(({ context }) => context === undefined), [true, true, true, true, false])
      assert.notProperty(jsonOf(yield* post("/api/generate", { ...ask, raw: true, stream: false })), "context")
    }).pipe(mocked(
      { reasoning: "Hm.", text: "upon a time", usage: { inputTokens: 2, outputTokens: 3 } },
      can("completion", "thinking")
    )))

  it.effect("fills in with a model that can, and refuses for one that cannot", () =>
    Effect.gen(function*() {
      const body = { ...ask, suffix: "}", stream: false }
      assert.strictEqual(jsonOf(yield* post("/api/generate", { ...body, model: "fills" })).response, "a")
      const refused = yield* post("/api/generate", body)
      assert.strictEqual(refused.status, 400)
      assert.strictEqual(jsonOf(refused).error, "registry.ollama.ai/library/m:latest does not support insert")
    }).pipe(mocked("a", { models: ["m", { name: "fills", capabilities: ["completion", "insert"] }] })))

  it.effect("takes pictures in base64 only, and a raw prompt only without a template", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* post("/api/generate", { ...ask, images: ["iVBORw0KGgo="] })).status, 200)
      const url = yield* post("/api/generate", { ...ask, images: ["data:image/png;base64,iVBORw0KGgo="] })
      assert.deepStrictEqual([url.status, jsonOf(url).error], [400, "illegal base64 data at input byte 4"])
      for (const also of [{ template: "{{ .Prompt }}" }, { system: "Be brief." }, { context: [1] }]) {
        const refused = yield* post("/api/generate", { ...ask, raw: true, ...also })
        assert.deepStrictEqual([refused.status, jsonOf(refused).error], [
          400,
          "raw mode does not support template, system, or context"
        ])
      }
    }).pipe(mocked("a")))

  it.effect("loads and unloads with an empty prompt", () =>
    Effect.gen(function*() {
      const load = jsonOf(yield* post("/api/generate", { model: "m" }))
      assert.deepInclude(load, { response: "", done: true, done_reason: "load" })
      const unload = jsonOf(yield* post("/api/generate", { model: "m", keep_alive: 0 }))
      assert.deepInclude(unload, { response: "", done: true, done_reason: "unload" })
    }).pipe(mocked("a")))
})

describe("/v1/completions", () => {
  it.effect("answers whole, without the reasoning", () =>
    Effect.gen(function*() {
      const { response, text } = yield* post("/v1/completions", ask)
      assert.strictEqual(response.headers["content-type"], "application/json")
      assert.isTrue(text.endsWith("}\n"))
      const { created, id, ...rest } = JSON.parse(text)
      assert.match(id, /^cmpl-\d+$/)
      assert.isNumber(created)
      assert.deepStrictEqual(rest, {
        object: "text_completion",
        model: "m",
        system_fingerprint: "fp_ollama",
        choices: [{ text: "upon a time", index: 0, finish_reason: "length" }],
        usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 }
      })
    }).pipe(mocked(
      {
        reasoning: "Hm.",
        text: "upon a time",
        finishReason: "length",
        usage: { inputTokens: 2, outputTokens: 3 }
      },
      can("completion", "thinking")
    )))

  it.effect("streams, with usage of zero in every chunk but the last when usage is wanted", () =>
    Effect.gen(function*() {
      const plain = eventsOf(yield* post("/v1/completions", { ...ask, stream: true }))
      assert.deepStrictEqual(plain.map(({ data }) => data.choices?.[0].text ?? data), ["upon", " a", "", "[DONE]"])
      assert.isTrue(plain.every(({ data, event }) => event === undefined && data.usage === undefined))
      const wanted = { ...ask, stream: true, stream_options: { include_usage: true } }
      const counted = eventsOf(yield* post("/v1/completions", wanted))
      assert.deepStrictEqual(counted.map(({ data }) => data.usage?.total_tokens), [0, 0, 0, 5, undefined])
      assert.deepStrictEqual(counted.at(-2)!.data.choices, [])
    }).pipe(mocked({ text: "upon a", usage: { inputTokens: 2, outputTokens: 3 } })))

  it.effect("loses an error in the middle of a stream, and says one before it in the shape of /v1", () =>
    Effect.gen(function*() {
      const events = eventsOf(yield* post("/v1/completions", { ...ask, stream: true }))
      assert.deepStrictEqual(events.map(({ data }) => [data.model, data.choices[0].text]), [["m", "upon"], ["", ""]])
      const whole = yield* post("/v1/completions", ask)
      assert.strictEqual(whole.status, 500)
      assert.deepInclude(jsonOf(whole).error, { message: "out of memory", type: "api_error", code: null })
    }).pipe(mocked({ text: "upon a", fault: { type: "error", message: "out of memory", after: 1 } })))

  it.effect("refuses what Ollama refuses", () =>
    Effect.gen(function*() {
      const list = yield* post("/v1/completions", { model: "m", prompt: ["a", "b"] })
      assert.strictEqual(list.status, 400)
      assert.strictEqual(
        jsonOf(list).error.message,
        "json: cannot unmarshal array into Go struct field CompletionRequest.prompt of type string"
      )
      const missing = yield* post("/v1/completions", { ...ask, model: "x" })
      assert.deepStrictEqual([missing.status, jsonOf(missing).error.type], [404, "not_found_error"])
      assert.strictEqual((yield* post("/v1/completions", { ...ask, suffix: "}" })).status, 400)
      assert.strictEqual((yield* get("/v1/completions")).status, 405)
    }).pipe(mocked("a")))
})

const question = { model: "m", input: "Hi" }

describe("/v1/responses", () => {
  it.effect("answers whole: reasoning and one message, and what was asked for", () =>
    Effect.gen(function*() {
      const { text } = yield* post("/v1/responses", {
        ...question,
        instructions: "Be brief.",
        temperature: 0.5,
        max_output_tokens: 9,
        reasoning: { effort: "low" }
      })
      const body = JSON.parse(text)
      assert.deepInclude(body, {
        object: "response",
        status: "completed",
        incomplete_details: null,
        model: "m",
        instructions: "Be brief.",
        temperature: 0.5,
        top_p: 1,
        max_output_tokens: 9,
        reasoning: { effort: "low", summary: null },
        usage: {
          input_tokens: 2,
          output_tokens: 3,
          total_tokens: 5,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens_details: { reasoning_tokens: 0 }
        }
      })
      assert.match(body.id, /^resp_\d+$/)
      const [reasoning, message] = body.output
      assert.deepInclude(reasoning, {
        type: "reasoning",
        summary: [{ type: "summary_text", text: "Hm." }],
        encrypted_content: "Hm."
      })
      assert.deepInclude(message, {
        type: "message",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text: "Good day.", annotations: [], logprobs: [] }]
      })
    }).pipe(mocked(
      { reasoning: "Hm.", text: "Good day.", usage: { inputTokens: 2, outputTokens: 3 } },
      can("completion", "thinking")
    )))

  it.effect("streams in the order of the server, each event with its number and without a part of the summary", () =>
    Effect.gen(function*() {
      const events = eventsOf(yield* post("/v1/responses", { ...question, stream: true }))
      assert.deepStrictEqual(events.map(({ event }) => event?.replace("response.", "")), [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed"
      ])
      assert.deepStrictEqual(events.map(({ data }) => data.sequence_number), events.map((_, index) => index))
      assert.isTrue(events.every(({ data, event }) => data.type === event))
      assert.deepStrictEqual(events.flatMap(({ data }) => data.output_index ?? []), [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
      const { response } = events.at(-1)!.data
      assert.deepStrictEqual(response.output.map(({ type }: { type: string }) => type), ["reasoning", "message"])
      assert.strictEqual(response.usage.total_tokens, 5)
    }).pipe(mocked(
      { reasoning: "Hm.", text: "Good day.", usage: { inputTokens: 2, outputTokens: 3 } },
      can("completion", "thinking")
    )))

  it.effect("calls tools, and loses the text beside them", () =>
    Effect.gen(function*() {
      const asked = { ...question, tools: [{ type: "function", name: "get_weather", parameters: {} }] }
      const call = {
        type: "function_call",
        status: "completed",
        name: "get_weather",
        arguments: "{\"city\":\"Paris\"}"
      }
      const whole = jsonOf(yield* post("/v1/responses", asked))
      assert.lengthOf(whole.output, 1)
      assert.deepInclude(whole.output[0], call)
      assert.match(whole.output[0].call_id, /^call_/)
      const events = eventsOf(yield* post("/v1/responses", { ...asked, stream: true }))
      const kinds = events.map(({ event }) => event)
      assert.include(kinds, "response.function_call_arguments.done")
      const { response } = events.at(-1)!.data
      assert.deepInclude(response.output[0], call)
      const after = kinds.slice(kinds.indexOf("response.function_call_arguments.done"))
      assert.notInclude(after, "response.output_text.delta")
    }).pipe(mocked({
      parts: [{ toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }] }, { text: "Wait." }]
    })))

  it.effect("ends without a last event when the runner fails in the middle", () =>
    Effect.gen(function*() {
      const events = eventsOf(yield* post("/v1/responses", { ...question, stream: true }))
      assert.strictEqual(events.at(-1)!.event, "response.output_text.delta")
    }).pipe(mocked({ text: "one two", fault: { type: "error", after: 1 } })))

  it.effect("refuses what Ollama refuses", () =>
    Effect.gen(function*() {
      const mistakes: ReadonlyArray<readonly [object, string]> = [
        [{ input: 1 }, "input must be a string or array"],
        [{ input: [{ type: "item_reference", id: "x" }] }, "input[0]: unknown input item type: \"item_reference\""],
        [
          { input: [{ role: "user", content: [{ type: "input_file" }] }] },
          "file inputs are not currently supported"
        ]
      ]
      for (const [body, message] of mistakes) {
        const refused = yield* post("/v1/responses", { model: "m", ...body })
        assert.deepStrictEqual([refused.status, jsonOf(refused).error.message], [400, message])
      }
      assert.strictEqual((yield* post("/v1/responses", { ...question, reasoning: { effort: "much" } })).status, 400)
      assert.strictEqual((yield* post("/v1/responses", { ...question, model: "x" })).status, 404)
    }).pipe(mocked("a")))

  it.effect("is not there in a server that is older", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* post("/v1/responses", question)).status, 404)
      assert.strictEqual((yield* post("/v1/completions", ask)).status, 200)
    }).pipe(mocked("a", { version: "0.6.3" })))
})

describe("what a server cannot read", () => {
  const field = (field: string, type: string, kind = "string") =>
    `json: cannot unmarshal ${kind} into Go struct field ${field} of type ${type}`
  const user = (content: unknown) => ({ messages: [{ role: "user", content }] })
  const calling = (args: unknown) => ({
    messages: [{ role: "assistant", content: "", tool_calls: [{ function: { name: "f", arguments: args } }] }]
  })
  const table: ReadonlyArray<readonly [path: string, body: object, message: string]> = [
    ["/api/chat", user([{ type: "text", text: "Hi" }]), field("ChatRequest.messages.content", "string", "array")],
    [
      "/api/chat",
      calling("{}"),
      field("ChatRequest.messages.tool_calls.function.arguments", "api.ToolCallFunctionArguments")
    ],
    ["/api/chat", { messages: "Hi" }, field("ChatRequest.messages", "[]api.Message")],
    ["/api/chat", { ...user("Hi"), stream: "false" }, field("ChatRequest.stream", "bool")],
    ["/api/chat", { ...user("Hi"), top_logprobs: 30 }, "top_logprobs must be between 0 and 20"],
    ["/api/generate", { prompt: ["Hi"] }, field("GenerateRequest.prompt", "string", "array")],
    [
      "/v1/chat/completions",
      { ...user("Hi"), temperature: "0" },
      field("ChatCompletionRequest.temperature", "float64")
    ],
    [
      "/v1/chat/completions",
      { ...user("Hi"), max_tokens: 1.5 },
      field("ChatCompletionRequest.max_tokens", "int", "number 1.5")
    ],
    [
      "/v1/chat/completions",
      calling({}),
      field(".messages.tool_calls.function.arguments", "string", "object")
    ],
    ["/v1/chat/completions", { ...user("Hi"), top_logprobs: 30 }, "top_logprobs must be between 0 and 20"],
    ["/v1/completions", { prompt: "Hi", temperature: "0" }, field("CompletionRequest.temperature", "float32")],
    ["/v1/responses", { input: "Hi", max_output_tokens: "9" }, field("ResponsesRequest.max_output_tokens", "int")]
  ]
  for (const [path, body, message] of table) {
    it.effect(`is refused in Go's words: ${path} ${JSON.stringify(body)}`, () =>
      Effect.gen(function*() {
        const answer = yield* post(path, { model: "m", ...body })
        const { error } = jsonOf(answer)
        assert.deepStrictEqual([answer.status, path.startsWith("/v1") ? error.message : error], [400, message])
      }).pipe(mocked("a")))
  }
})

describe("a model that only embeds", () => {
  const user = { messages: [{ role: "user", content: "Hi" }] }
  const model = { model: "m" }

  it.effect("is refused where it is to speak, after its thinking and before its tools", () =>
    Effect.gen(function*() {
      const told = (path: string, body: object) =>
        Effect.map(post(path, { ...model, ...body }), (answer) => {
          const { error } = jsonOf(answer)
          return [answer.status, typeof error === "string" ? error : error.message]
        })
      const tools = [{ type: "function", function: { name: "f", parameters: {} } }]
      const noChat = [400, "\"m\" does not support chat"]
      const noText = [400, "\"m\" does not support generate"]
      assert.deepStrictEqual(yield* told("/api/chat", { ...user, tools }), noChat)
      assert.deepStrictEqual(yield* told("/api/chat", {}), noChat)
      assert.deepStrictEqual(yield* told("/v1/chat/completions", user), noChat)
      assert.deepStrictEqual(yield* told("/v1/responses", { input: "Hi" }), noChat)
      assert.deepStrictEqual(yield* told("/api/generate", { prompt: "Hi" }), noText)
      assert.deepStrictEqual(yield* told("/v1/completions", { prompt: "Hi" }), noText)
      assert.deepStrictEqual(yield* told("/api/chat", { ...user, think: true }), [
        400,
        "\"m\" does not support thinking"
      ])
    }).pipe(mocked("a", can("embedding"))))

  it.effect("can be unloaded all the same", () =>
    Effect.gen(function*() {
      for (const path of ["/api/chat", "/api/generate"]) {
        assert.strictEqual(jsonOf(yield* post(path, { ...model, keep_alive: 0 })).done_reason, "unload")
      }
    }).pipe(mocked("a", can("embedding"))))
})

describe("faults and rules", () => {
  it.effect("meet these paths as they meet a chat", () =>
    Effect.gen(function*() {
      for (const [path, body] of [["/v1/completions", ask], ["/v1/responses", question]] as const) {
        const busy = yield* post(path, body)
        assert.deepStrictEqual([busy.status, jsonOf(busy).error.type], [503, "api_error"])
      }
      assert.strictEqual((yield* post("/api/generate", ask)).status, 503)
      const page = yield* post("/v1/responses", question)
      assert.strictEqual(page.text, "anything")
    }).pipe(mocked("a", {
      replies: [
        { fault: { type: "busy" } },
        { fault: { type: "busy" } },
        { fault: { type: "busy" } },
        { raw: { chunks: ["anything"] } }
      ]
    })))
})

describe("lists and vectors", () => {
  it.effect("one model of the list", () =>
    Effect.gen(function*() {
      assert.deepInclude(jsonOf(yield* get("/v1/models/m")), { id: "m", object: "model", owned_by: "library" })
      const missing = yield* get("/v1/models/x")
      assert.deepStrictEqual([missing.status, jsonOf(missing).error.message], [404, "model 'x' not found"])
    }).pipe(mocked("a")))

  it.effect("one model of the list, its name encoded as a client may", () =>
    Effect.gen(function*() {
      assert.strictEqual(jsonOf(yield* get("/v1/models/a%3A20b")).id, "a:20b")
      assert.strictEqual((yield* get("/v1/models/hf.co%2Fa")).text, "404 page not found")
      assert.strictEqual((yield* get("/v1/models/%")).status, 404)
    }).pipe(mocked("a", { models: ["a:20b"] })))

  it.effect("the same vector in digits, in base64, and from the older path", () =>
    Effect.gen(function*() {
      const embed = (more: object) => post("/v1/embeddings", { model: "m", input: "Hi", ...more })
      const digits: Array<number> = jsonOf(yield* embed({})).data[0].embedding
      const text: string = jsonOf(yield* embed({ encoding_format: "base64" })).data[0].embedding
      const bytes = Buffer.from(text, "base64")
      assert.strictEqual(bytes.length, digits.length * 4)
      digits.forEach((value, index) => assert.closeTo(bytes.readFloatLE(index * 4), value, 1e-6))
      const older = jsonOf(yield* post("/api/embeddings", { model: "m", prompt: "Hi" }))
      assert.deepStrictEqual(older.embedding, digits)
      assert.strictEqual((yield* embed({ input: [] })).status, 400)
    }).pipe(mocked("a")))
})

describe("vectors", () => {
  const embed = (more: object, path = "/api/embed") => post(path, { model: "m", ...more })
  const lengthsOf = (answer: { readonly text: string }) =>
    (jsonOf(answer).embeddings as ReadonlyArray<ReadonlyArray<number>>).map(({ length }) => length)

  it.effect("are as long as the model says, or as was asked for, of length 1", () =>
    Effect.gen(function*() {
      const whole = yield* embed({ input: ["a", "b"] })
      assert.deepStrictEqual(lengthsOf(whole), [768, 768])
      const short = yield* embed({ input: "a", dimensions: 256 })
      assert.deepStrictEqual(lengthsOf(short), [256])
      assert.deepStrictEqual(lengthsOf(yield* embed({ input: "a", dimensions: 1024 })), [768])
      const [vector] = jsonOf(short).embeddings as ReadonlyArray<ReadonlyArray<number>>
      assert.closeTo(vector!.reduce((sum, value) => sum + value * value, 0), 1, 1e-9)
      assert.closeTo(vector![0]! / vector![1]!, jsonOf(whole).embeddings[0][0] / jsonOf(whole).embeddings[0][1], 1e-9)
    }).pipe(mocked("a", { models: [{ name: "m", embeddingLength: 768 }] })))

  it.effect("have 4 numbers where nobody says how many", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(lengthsOf(yield* embed({ input: "a" })), [4])
      assert.deepStrictEqual(lengthsOf(yield* embed({ input: "a", dimensions: 256 })), [256])
    }).pipe(mocked("a")))

  it.effect("are none for no text, and no other input is taken", () =>
    Effect.gen(function*() {
      for (const body of [{}, { input: "" }, { input: [] }]) {
        const { status, text } = yield* embed(body)
        assert.deepStrictEqual([status, text], [200, "{\"model\":\"m\",\"embeddings\":[]}"])
      }
      for (const input of [1, ["a", 1], { text: "a" }]) {
        const refused = yield* embed({ input })
        assert.deepStrictEqual([refused.status, jsonOf(refused).error], [400, "invalid input type"])
      }
      const refused = yield* embed({ input: [1] }, "/v1/embeddings")
      assert.deepStrictEqual([refused.status, jsonOf(refused).error.message], [400, "invalid input type"])
      assert.strictEqual((yield* embed({ input: "" }, "/v1/embeddings")).status, 200)
    }).pipe(mocked("a")))
})

describe("/api/ps", () => {
  const loaded = Effect.map(
    get("/api/ps"),
    (answer) =>
      (jsonOf(answer).models as ReadonlyArray<{ name: string; expires_at: string; context_length: number }>).map(
        ({ context_length, expires_at, name }) => [name, expires_at.slice(0, 16), context_length]
      )
  )
  const user = { model: "m", messages: [{ role: "user", content: "Hi" }], stream: false }
  const forever = "2262-04-11T23:47"

  it.effect("tells who was asked for vectors, and no longer than it stays", () =>
    Effect.gen(function*() {
      yield* post("/api/embed", { model: "m", input: "a", keep_alive: "10m" })
      assert.deepStrictEqual(yield* loaded, [["m:latest", "1970-01-01T00:10", 4096]])
      yield* TestClock.adjust("599 seconds")
      assert.lengthOf(yield* loaded, 1)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* loaded, [])
      yield* post("/v1/embeddings", { model: "m", input: "a" })
      assert.lengthOf(yield* loaded, 1)
      yield* post("/api/embed", { model: "m", input: "a", keep_alive: 0 })
      assert.deepStrictEqual(yield* loaded, [])
    }).pipe(mocked("a")))

  it.effect("keeps for ever who was to stay for ever, until another time is said", () =>
    Effect.gen(function*() {
      yield* post("/api/chat", { model: "m", keep_alive: -1 })
      yield* post("/api/chat", user)
      yield* post("/v1/chat/completions", user)
      assert.deepStrictEqual(yield* loaded, [["m:latest", forever, 4096]])
      yield* post("/api/chat", { ...user, keep_alive: "1m" })
      assert.deepStrictEqual(yield* loaded, [["m:latest", "1970-01-01T00:01", 4096]])
      yield* post("/api/chat", { ...user, keep_alive: 1e300 })
      assert.deepStrictEqual(yield* loaded, [["m:latest", forever, 4096]])
    }).pipe(mocked("a")))

  it.effect("tells the context that was asked for, else the Modelfile's, and no more than was trained", () =>
    Effect.gen(function*() {
      const context = Effect.map(loaded, (models) => models[0]?.[2])
      yield* post("/api/chat", user)
      assert.strictEqual(yield* context, 8192)
      yield* post("/api/chat", { ...user, options: { num_ctx: 16_384 } })
      assert.strictEqual(yield* context, 16_384)
      yield* post("/v1/chat/completions", user)
      assert.strictEqual(yield* context, 16_384)
      yield* post("/api/embed", { model: "m", input: "a", options: { num_ctx: 1_000_000 } })
      assert.strictEqual(yield* context, 32_768)
    }).pipe(mocked("a", { models: [{ name: "m", parameters: { num_ctx: 8192 } }] })))
})

describe("origins", () => {
  const from = (origin: string | undefined, method: "GET" | "OPTIONS", host = "127.0.0.1:11434") =>
    HttpClientRequest.make(method)(`${root}/api/tags`).pipe(
      HttpClientRequest.setHeaders({ host, ...(origin === undefined ? {} : { origin }) }),
      HttpClient.execute,
      Effect.map(({ headers, status }) => [status, headers["access-control-allow-origin"]])
    )

  it.effect("of this machine and of apps are let in, and no others", () =>
    Effect.gen(function*() {
      for (const origin of ["http://localhost:5173", "https://127.0.0.1", "app://obsidian.md", "tauri://localhost"]) {
        assert.deepStrictEqual(yield* from(origin, "GET"), [200, origin])
        assert.deepStrictEqual(yield* from(origin, "OPTIONS"), [204, origin])
      }
      for (const origin of ["https://chat.example", "http://localhost.example", "null"]) {
        assert.deepStrictEqual(yield* from(origin, "GET"), [403, undefined])
        assert.deepStrictEqual(yield* from(origin, "OPTIONS"), [403, undefined])
      }
    }).pipe(mocked("a")))

  it.effect("can be added, with a star", () =>
    Effect.gen(function*() {
      for (const origin of ["https://chat.example", "https://a.pages.example", "http://localhost"]) {
        assert.deepStrictEqual(yield* from(origin, "OPTIONS"), [204, origin])
      }
      for (const origin of ["http://chat.example", "https://pages.example", "https://chat.example:8443"]) {
        assert.deepStrictEqual(yield* from(origin, "OPTIONS"), [403, undefined])
      }
    }).pipe(mocked("a", { origins: ["https://chat.example", "https://*.pages.example"] })))

  it.effect("are all let in by a star alone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* from("https://chat.example", "GET"), [200, "*"])
      assert.deepStrictEqual(yield* from("https://chat.example", "OPTIONS"), [204, "*"])
    }).pipe(mocked("a", { origins: ["*"] })))

  it.effect("without one, OPTIONS is no path's method, but where the server is asked by a name", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* from(undefined, "OPTIONS"), [405, undefined])
      assert.deepStrictEqual(yield* from(undefined, "OPTIONS", "localhost:11434"), [204, undefined])
    }).pipe(mocked("a")))
})

describe("a description that was written as data", () => {
  const written = {
    version: "0.24.0",
    models: ["a", { name: "b", capabilities: ["completion"], parameters: { num_ctx: 8192, stop: ["x"] } }],
    replies: [
      "Hello.",
      { text: ["cut ", "here"], delayMs: { head: 5 }, fault: { type: "stall", after: 1, unit: "bytes" } },
      { toolCalls: [{ name: "f", arguments: { a: 1 } }, { name: "g", arguments: "{" }], when: "a" }
    ],
    rules: [{ path: "/api/show", times: 1, fault: [{ type: "busy" }, { type: "drip", delayMs: 1 }] }],
    registry: { models: ["c"], layers: [10] },
    exhausted: "fail",
    prefix: "/ollama",
    origins: ["*"]
  }

  it("is taken as it is", () =>
    assert.deepStrictEqual<unknown>(Either.getOrThrow(MockOllama.decodeDescription(written)), written))

  it("is refused with the place of each mistake", () => {
    const mistakes: ReadonlyArray<readonly [object, string]> = [
      [{ model: [] }, "\"model\""],
      [{ version: "0.5.0" }, "\"version\""],
      [{ replies: [{ text: "a", fault: { type: "stal" } }] }, "\"fault\""],
      [{ replies: [{ texts: "a" }] }, "\"texts\""],
      [{ rules: [{ fault: { type: "status" } }] }, "status"],
      [{ models: [{ capabilities: [] }] }, "name"]
    ]
    for (const [description, place] of mistakes) {
      const decoded = MockOllama.decodeDescription(description)
      assert(Either.isLeft(decoded))
      assert.include(decoded.left.message, place)
    }
  })
})

/** One that nobody is given who asks for any: below those, so that it is still free a moment later. */
const freePort = Effect.async<number, Error>((resume) => {
  const port = 15_000 + Math.floor(Math.random() * 15_000)
  const probe = Net.createServer()
  probe.once("error", (error) => resume(Effect.fail(error)))
  probe.listen(port, "127.0.0.1", () => probe.close(() => resume(Effect.succeed(port))))
}).pipe(Effect.retry({ times: 20 }))

describe("the port", () => {
  it.scopedLive("can be chosen", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      yield* Effect.gen(function*() {
        const { url } = yield* MockOllama.MockOllama
        assert.strictEqual(url, `http://127.0.0.1:${port}`)
        const response = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/api/version`))
        assert.strictEqual(response.status, 200)
      }).pipe(Effect.provide(layerServer({ models: ["m"] }, { port })))
    }))
})
