import { assert, describe, it } from "@effect/vitest"
import { Data, Deferred, Effect, Fiber, Schema, Stream } from "effect"
import { ChatCompletions, type Message, ToolLoop } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { only3 } from "./support/line.js"

const apis = ["openai-completions", "ollama"] as const

type Api = typeof apis[number]

const mock = (description: MockOllama.Description, api: Api = "ollama") =>
  MockOllama.layer(
    { models: [{ name: "m", capabilities: ["completion", "tools", "thinking"] }], ...description },
    { config: { models: { providers: { ollama: { apiKey: "k", api } } } } }
  )

interface WireMessage {
  readonly role: string
  readonly content?: string
  readonly tool_call_id?: string
  readonly tool_calls?: ReadonlyArray<{
    readonly id?: string
    readonly function: { readonly name: string; readonly arguments: unknown }
  }>
  readonly [key: string]: unknown
}

/** The messages that each completion sent, and its text. */
const sent = Effect.map(
  Effect.flatMap(MockOllama.MockOllama, (mock) => mock.requests),
  (requests) =>
    requests.filter(({ path }) => /chat/.test(path)).map(({ body, json }) => ({
      body,
      messages: (json as { readonly messages: ReadonlyArray<WireMessage> }).messages
    }))
)

const City = Schema.Struct({ city: Schema.String })

const weather = ToolLoop.tool({
  name: "get_weather",
  parameters: City,
  handler: ({ city }) => Effect.succeed({ city, degrees: 21 })
})

const call = (city: string, id?: string): MockOllama.ToolCall => ({
  name: "get_weather",
  arguments: { city },
  ...(id === undefined ? {} : { id })
})

class Offline extends Data.TaggedError("Offline")<{ readonly why: string }> {}

const toolTexts = (history: ReadonlyArray<Message.Message>) =>
  history.flatMap((message) => message.role === "tool" ? [message.content] : [])

const run = (tools: ReadonlyArray<ToolLoop.HandledTool>, more: Partial<ToolLoop.Options> = {}) =>
  ToolLoop.run({ prompt: "What is the weather?", tools, ...more })

// What models write where a schema takes no `null`, and no text.
const Edit = Schema.Struct({ old: Schema.String, new: Schema.optional(Schema.String) })
const Edits = Schema.Struct({
  path: Schema.String,
  limit: Schema.optional(Schema.Number),
  edits: Schema.optional(Schema.Array(Edit)),
  first: Schema.optional(Edit)
})

describe("parameters that do not decode as they are", () => {
  const given = (args: Message.JsonObject) => {
    const seen: Array<unknown> = []
    const edit = ToolLoop.tool({
      name: "edit",
      parameters: Edits,
      handler: (parameters) => Effect.sync(() => void seen.push(parameters))
    })
    return Effect.map(run([edit]), ({ history }) => ({ seen, told: toolTexts(history).join() })).pipe(
      Effect.provide(mock({ replies: [{ toolCalls: [{ name: "edit", arguments: args }] }, "Done."] }))
    )
  }

  it.effect("do so without `null` for what may be left out", () =>
    Effect.gen(function*() {
      const { seen } = yield* given({ path: "a", limit: null, edits: [{ old: "b", new: null }, { old: "c" }] })
      assert.deepStrictEqual(seen, [{ path: "a", edits: [{ old: "b" }, { old: "c" }] }])
    }))

  it.effect("do so where the text of a list or an object is read as one", () =>
    Effect.gen(function*() {
      const text = JSON.stringify([{ old: "[b]", new: null }])
      const { seen } = yield* given({ path: "[1]", edits: text, first: " {\"old\":\"{}\"} " })
      assert.deepStrictEqual(seen, [{ path: "[1]", edits: [{ old: "[b]" }], first: { old: "{}" } }])
    }))

  it.effect("go back to the model as it wrote them where that does not help", () =>
    Effect.gen(function*() {
      const deep = `${"[".repeat(2000)}${"]".repeat(2000)}`
      const proto = "{\"__proto__\":{},\"old\":\"a\"}"
      for (const edits of ["[1]", "{\"old\":\"a\"}", "[", "[] or [1]", deep]) {
        const { seen, told } = yield* given({ path: "a", limit: null, edits })
        assert.deepStrictEqual(seen, [], edits)
        assert.match(told, /the arguments of edit are wrong: [^]*limit/)
      }
      for (const wrong of [{ path: null }, { path: "a", first: proto }, { path: "a", edits: [null] }]) {
        assert.deepStrictEqual((yield* given(wrong)).seen, [])
      }
    }))
})

describe("the conversation", () => {
  for (const api of apis) {
    it.effect(`${api}: answers, results and their ids go back as they came`, () =>
      Effect.gen(function*() {
        const { history, response, turns } = yield* run([weather])
        assert.strictEqual(response.text, "It is warm in both.")
        assert.lengthOf(turns, 2)
        const [first, second, ...more] = yield* sent
        assert.deepStrictEqual(more, [])
        assert.deepStrictEqual(second!.messages.slice(0, 1), first!.messages)
        const [, assistant, paris, rome] = second!.messages
        assert.strictEqual(assistant!.content, "Let me look.")
        assert.strictEqual(assistant![api === "ollama" ? "thinking" : "reasoning"], "Two cities, two calls.")
        assert.deepStrictEqual(assistant!.tool_calls!.map((call) => call.id), ["call_paris", "call_rome"])
        assert.deepStrictEqual(
          [paris, rome].map((message) => [message!.role, message!.tool_call_id, message!.content]),
          [
            ["tool", "call_paris", "{\"city\":\"Paris\",\"degrees\":21}"],
            ["tool", "call_rome", "{\"city\":\"Rome\",\"degrees\":21}"]
          ]
        )
        assert.deepStrictEqual(history.map(({ role }) => role), ["user", "assistant", "tool", "tool", "assistant"])
        assert.deepStrictEqual(history[1], turns[0]!.message)
        assert.deepStrictEqual(history[4], response.message)
      }).pipe(Effect.provide(mock({
        replies: [
          {
            reasoning: "Two cities, two calls.",
            text: "Let me look.",
            toolCalls: [call("Paris", "call_paris"), call("Rome", "call_rome")]
          },
          "It is warm in both."
        ]
      }, api))))

    it.effect(`${api}: integers of 20 digits keep their digits on the way back`, () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const lookUp: ToolLoop.HandledTool = {
          name: "look_up",
          run: ({ argumentsText }) =>
            Effect.sync(() => {
              seen.push(argumentsText)
              return "found"
            })
        }
        yield* run([lookUp])
        assert.match(seen.join(), /12345678901234567891/)
        assert.match((yield* sent)[1]!.body, /12345678901234567891/)
      }).pipe(Effect.provide(mock({
        replies: [{ toolCalls: [{ name: "look_up", arguments: "{\"id\":12345678901234567891}" }] }, "Found."]
      }, api))))

    it.effect(`${api}: every answer says its usage`, () =>
      Effect.gen(function*() {
        const { turns } = yield* run([weather])
        assert.deepStrictEqual(turns.map(({ usage }) => [usage?.inputTokens, usage?.outputTokens]), [[10, 3], [20, 4]])
      }).pipe(Effect.provide(mock({
        replies: [
          { toolCalls: [call("Paris")], usage: { inputTokens: 10, outputTokens: 3 } },
          { text: "Warm.", usage: { inputTokens: 20, outputTokens: 4 } }
        ]
      }, api))))

    it.effect(`${api}: the history can be sent on by hand`, () =>
      Effect.gen(function*() {
        const { history } = yield* run([weather])
        yield* ChatCompletions.create({ prompt: [...history, { role: "user", content: "And tomorrow?" }] })
        const all = yield* sent
        assert.deepStrictEqual(all[2]!.messages.slice(0, 3), all[1]!.messages)
        assert.deepStrictEqual(all[2]!.messages.slice(3).map(({ content }) => content), ["Warm.", "And tomorrow?"])
      }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [call("Paris")] }, "Warm.", "Cold."] }, api))))
  }

  it.effect("a prompt of messages is kept and not changed", () =>
    Effect.gen(function*() {
      const prompt: ReadonlyArray<Message.Message> = [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" }
      ]
      const { history } = yield* run([weather], { prompt })
      assert.lengthOf(prompt, 2)
      assert.deepStrictEqual(history.slice(0, 2), prompt)
    }).pipe(Effect.provide(mock({ replies: ["Hello"] }))))

  it.effect("a text result goes to the model as it is, and nothing as nothing", () =>
    Effect.gen(function*() {
      const tool = (name: string, result: unknown) =>
        ToolLoop.tool({ name, parameters: Schema.Struct({}), handler: () => Effect.succeed(result) })
      const cyclic: Record<string, unknown> = {}
      cyclic["self"] = cyclic
      const bare = Object.assign(Object.create(null), cyclic) as object
      const { history } = yield* run([
        tool("text", "say \"hi\""),
        tool("nothing", undefined),
        tool("cyclic", cyclic),
        tool("bare", bare),
        tool("bigint", { id: 12345678901234567891n })
      ])
      assert.deepStrictEqual(
        toolTexts(history),
        ["say \"hi\"", "", "[object Object]", "[object Object]", "{\"id\":\"12345678901234567891\"}"]
      )
    }).pipe(Effect.provide(mock({
      replies: [{ toolCalls: ["text", "nothing", "cyclic", "bare", "bigint"].map((name) => ({ name })) }, "Done."]
    }))))
})

describe("what goes wrong", () => {
  const offline = <const Mode extends "error" | "return">(failureMode?: Mode) =>
    ToolLoop.tool({
      name: "get_weather",
      parameters: City,
      handler: () => new Offline({ why: "no satellite" }),
      failureMode
    })

  it.effect("a handler's typed failure fails the loop", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ToolLoop.run({ prompt: "Hi", tools: [offline()] }))
      assert.deepInclude({ ...error }, { _tag: "Offline", why: "no satellite" })
      assert.lengthOf(yield* sent, 1)
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [call("Paris")] }, "Sorry."] }))))

  it.effect("or goes to the model, which answers to it", () =>
    Effect.gen(function*() {
      const text = ToolLoop.tool({
        name: "text",
        parameters: Schema.Struct({}),
        failureMode: "return",
        handler: () => Effect.fail("just text")
      })
      const data = ToolLoop.tool({
        name: "data",
        parameters: Schema.Struct({}),
        failureMode: "return",
        handler: () => Effect.fail({ code: 7 })
      })
      const thrown = ToolLoop.tool({
        name: "thrown",
        parameters: Schema.Struct({}),
        failureMode: "return",
        handler: () => Effect.fail(new Error("no satellite"))
      })
      const { history, response } = yield* run([text, data, thrown])
      assert.strictEqual(response.text, "Sorry.")
      assert.deepStrictEqual(toolTexts(history), [
        "{\"error\":\"just text\"}",
        "{\"error\":{\"code\":7}}",
        "{\"error\":\"no satellite\"}"
      ])
    }).pipe(Effect.provide(mock({
      replies: [{ toolCalls: ["text", "data", "thrown"].map((name) => ({ name })) }, "Sorry."]
    }))))

  it.effect("the result of a call that failed says so, and no other", () =>
    Effect.gen(function*() {
      const { history } = yield* run([
        offline("return"),
        ToolLoop.tool({
          name: "fine",
          parameters: City,
          handler: () => Effect.succeed("fine")
        })
      ])
      const results = history.filter((message) => message.role === "tool")
      assert.deepStrictEqual(results.map(({ isError }) => isError), [true, undefined, true, true])
    }).pipe(Effect.provide(mock({
      replies: [
        { toolCalls: [call("Paris"), { ...call("Paris"), name: "fine" }, { name: "fine" }, { name: "unknown" }] },
        "Sorry."
      ]
    }))))

  it.effect("an error without a message is told by its fields", () =>
    Effect.gen(function*() {
      const { history } = yield* run([offline("return")])
      assert.include(toolTexts(history)[0], "no satellite")
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [call("Paris")] }, "Sorry."] }))))

  it.effect("a parameter named __proto__, wherever it stands, goes back to the model and becomes nobody's prototype", () =>
    Effect.gen(function*() {
      let seen: object | undefined
      const any = ToolLoop.tool({
        name: "any",
        parameters: Schema.Struct({ in: Schema.Record({ key: Schema.String, value: Schema.Unknown }) }),
        handler: (parameters) => Effect.sync(() => void (seen = parameters.in))
      })
      const run = (argumentsText: string) =>
        any.run({ type: "tool-call", id: "1", name: "any", arguments: JSON.parse(argumentsText), argumentsText })
      assert.deepStrictEqual(yield* run("{\"in\":{\"__proto__\":{\"admin\":true}}}"), {
        content: "{\"error\":\"the arguments of any are wrong: `__proto__` is no name\"}",
        isError: true
      })
      assert.isUndefined(seen)
      yield* run("{\"in\":{\"constructor\":1}}")
      assert.strictEqual(Object.getPrototypeOf(seen), Object.prototype)
    }))

  it.effect("wrong parameters go back to the model, which mends its call", () =>
    Effect.gen(function*() {
      const { history, turns } = yield* run([weather])
      assert.lengthOf(turns, 3)
      const [wrong, right] = toolTexts(history)
      assert.match(wrong!, /"error":"the arguments of get_weather are wrong: .*city/)
      assert.strictEqual(right, "{\"city\":\"Paris\",\"degrees\":21}")
      assert.strictEqual((yield* sent)[1]!.messages.at(-1)!.content, wrong)
    }).pipe(Effect.provide(mock({
      replies: [{ toolCalls: [{ name: "get_weather", arguments: { town: "Paris" } }] }, {
        toolCalls: [call("Paris")]
      }, "Warm."]
    }))))

  it.effect("of wrong parameters the model is told no more than it needs", () =>
    Effect.gen(function*() {
      const { history } = yield* run([weather])
      const [wrong] = toolTexts(history)
      assert.match(wrong!, /Expected string/)
      assert.isBelow(wrong!.length, 4000)
    }).pipe(Effect.provide(mock({
      replies: [{
        toolCalls: [{ name: "get_weather", arguments: { city: Array.from({ length: 100_000 }, () => "a") } }]
      }, "Warm."]
    }))))

  it.effect("of more wrong parameters than anybody mends at once the model is told the first", () =>
    Effect.gen(function*() {
      const sum = ToolLoop.tool({
        name: "sum",
        parameters: Schema.Struct({ terms: Schema.Array(Schema.Number) }),
        handler: () => Effect.void
      })
      const told = (length: number) => {
        const terms = Array.from({ length }, () => "a")
        const call = { id: "1", name: "sum", arguments: { terms }, argumentsText: "" } as const
        return Effect.map(sum.run({ type: "tool-call", ...call }), (result) => (result as ToolLoop.ToolResult).content)
      }
      assert.include(yield* told(2), "[1]")
      const many = yield* told(101)
      assert.include(many, "[0]")
      assert.notInclude(many, "[1]")
    }))

  for (const api of apis) {
    it.effect(`${api}: a call that cannot be read costs a turn: the model is told, and mends it`, () =>
      Effect.gen(function*() {
        const { history, response, turns } = yield* run([weather])
        assert.lengthOf(turns, 3)
        assert.strictEqual(turns[0]?.toolCalls[0]?.malformed, "[1]")
        const [wrong, right] = toolTexts(history)
        assert.match(wrong!, /error.*not a JSON object/)
        assert.strictEqual(right, "{\"city\":\"Paris\",\"degrees\":21}")
        assert.isTrue(history.some((message) => message.role === "tool" && message.isError === true))
        const second = (yield* sent)[1]!.messages
        assert.strictEqual(second.at(-1)!.content, wrong)
        assert.deepStrictEqual(second.at(-2)!.tool_calls?.[0]?.function.arguments, api === "ollama" ? {} : "{}")
        assert.strictEqual(response.text, "Warm.")
      }).pipe(Effect.provide(mock({
        replies: [{ toolCalls: [{ name: "get_weather", arguments: "[1]" }] }, { toolCalls: [call("Paris")] }, "Warm."]
      }, api))))
  }

  it.effect("a call that cannot be read is MalformedToolCall when no turn is left, or when the caller wants that", () =>
    Effect.gen(function*() {
      for (const more of [{ maxTurns: 1 }, { malformedCalls: "fail" }] as const) {
        assert.strictEqual((yield* Effect.flip(run([weather], more)))._tag, "MalformedToolCall")
      }
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [{ name: "get_weather", arguments: "[1]" }] }] }))))

  it.effect("each turn first asks the candidate that answered the turn before", () =>
    Effect.gen(function*() {
      const { turns } = yield* run([weather], { model: "ollama/gone", fallbacks: ["ollama/m", "ollama/n"] })
      assert.deepStrictEqual(turns.map(({ ref }) => ref), ["ollama/m", "ollama/m"])
      const asked = yield* Effect.map(MockOllama.requests, (all) =>
        all.filter(({ path }) => /chat/.test(path)).map(({ json }) => (json as { readonly model: string }).model))
      assert.deepStrictEqual(asked, ["gone", "m", "m"])
    }).pipe(Effect.provide(MockOllama.layer(
      {
        models: [{ name: "m", capabilities: ["completion", "tools"] }],
        replies: [{ toolCalls: [call("Paris")] }, "Warm."]
      },
      {
        config: {
          models: { providers: { ollama: { apiKey: "k", models: [{ id: "gone" }, { id: "m" }, { id: "n" }] } } }
        }
      }
    ))))

  it.effect("a tool that was not offered goes back to the model, beside the results of those that were", () =>
    Effect.gen(function*() {
      const { history, response } = yield* run([weather])
      assert.deepStrictEqual(toolTexts(history), [
        "{\"error\":\"there is no tool toString\"}",
        "{\"city\":\"Paris\",\"degrees\":21}"
      ])
      assert.strictEqual(response.text, "Warm.")
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [{ name: "toString" }, call("Paris")] }, "Warm."] }))))

  for (const toolChoice of ["none", { tool: "other" }] as const) {
    it.effect(`so does one that the tool choice ${JSON.stringify(toolChoice)} leaves out, in every turn`, () =>
      Effect.gen(function*() {
        let ran = 0
        const other = ToolLoop.tool({ name: "other", parameters: Schema.Struct({}), handler: () => Effect.void })
        const never = { ...weather, run: () => Effect.sync(() => String(ran++)) }
        const { history } = yield* run([never, other], { toolChoice })
        const told = "{\"error\":\"there is no tool get_weather\"}"
        assert.deepStrictEqual(toolTexts(history), [told, told])
        assert.strictEqual(ran, 0)
        const named = (tools: unknown) =>
          Array.isArray(tools)
            ? tools.map((tool: { readonly function: { readonly name: string } }) => tool.function.name)
            : []
        const offered = (yield* sent).map(({ body }) => named((JSON.parse(body) as { readonly tools?: unknown }).tools))
        const wanted = toolChoice === "none" ? [] : ["other"]
        assert.deepStrictEqual(offered, [wanted, wanted, wanted])
      }).pipe(
        Effect.provide(mock({ replies: [{ toolCalls: [call("Paris")] }, { toolCalls: [call("Rome")] }, "Warm."] }))
      ))
  }

  it.effect("so does one without a name but blanks, and the conversation goes on", () =>
    Effect.gen(function*() {
      const { history, response } = yield* run([weather])
      assert.deepStrictEqual(toolTexts(history), ["{\"error\":\"there is no tool  \"}"])
      assert.strictEqual(response.text, "Warm.")
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [{ name: " " }] }, "Warm."] }))))

  it.effect("a model that does not stop calling is TooManyTurns, with a history that can be continued", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(run([weather], { maxTurns: 3 }))
      assert(error._tag === "TooManyTurns")
      assert.strictEqual(error.turns, 3)
      assert.lengthOf(yield* sent, 3)
      assert.deepStrictEqual(
        error.history.map(({ role }) => role),
        ["user", "assistant", "tool", "assistant", "tool", "assistant", "tool"]
      )
      yield* Effect.flatMap(MockOllama.MockOllama, (mock) => mock.setReplies(["Warm."]))
      const { response } = yield* run([weather], { prompt: error.history })
      assert.strictEqual(response.text, "Warm.")
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [call("Paris")] }] }))))

  only3("a constructor parses what it is given")(
    "its history is what the first turn took, whatever its Schema says",
    () =>
      Effect.gen(function*() {
        const called = { type: "tool-call", id: "1", name: "get_weather", arguments: { city: "Oslo" } }
        const prompt = [
          { role: "user", content: "Hi" },
          { role: "assistant", content: [called] },
          { role: "tool", toolCallId: "1", toolName: "get_weather", content: "21" }
        ] as unknown as ReadonlyArray<Message.Message>
        const error = yield* Effect.flip(run([weather], { prompt, maxTurns: 1 }))
        assert(error._tag === "TooManyTurns")
        assert.deepStrictEqual(error.history.slice(0, 3), prompt)
      }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [call("Paris")] }] })))
  )

  const wrong: ReadonlyArray<readonly [options: unknown, path: string | undefined]> = [
    [undefined, undefined],
    [{ tools: [weather] }, "prompt"],
    [{ prompt: null, tools: [weather] }, "prompt"],
    [{ prompt: "", tools: [weather] }, "prompt"],
    [{ prompt: [], tools: [weather] }, "prompt"],
    [{ prompt: "Hi" }, "tools"],
    [{ prompt: "Hi", tools: [null] }, "tools[0]"],
    [{ prompt: "Hi", tools: [weather, { name: "no_handler" }] }, "tools[1]"],
    [{ prompt: "Hi", tools: [weather], maxTurns: NaN }, "maxTurns"],
    [{ prompt: "Hi", tools: [weather], maxTurns: null }, "maxTurns"]
  ]
  it.effect("options that cannot be meant are InvalidRequest, before the first turn", () =>
    Effect.gen(function*() {
      for (const [options, path] of wrong) {
        const error = yield* Effect.flip(ToolLoop.run(options as ToolLoop.Options))
        assert.deepInclude({ ...error }, { _tag: "InvalidRequest", path })
        const events: Array<ToolLoop.Event> = []
        const streamed = ToolLoop.stream(options as ToolLoop.Options)
        const same = yield* Effect.flip(Stream.runForEach(streamed, (event) => Effect.sync(() => events.push(event))))
        assert.strictEqual(same.message, error.message)
        assert.deepStrictEqual(events, [])
      }
      assert.lengthOf(yield* sent, 0)
    }).pipe(Effect.provide(mock({ replies: [] }))))

  it.effect("ten turns are the most by default", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(run([weather]))
      assert.deepInclude({ ...error }, { _tag: "TooManyTurns", turns: 10 })
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [call("Paris")] }] }))))

  it.effect("a failed completion fails the loop", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(run([weather]))
      assert.strictEqual(error._tag, "ServerError")
    }).pipe(Effect.provide(mock({
      replies: [{ toolCalls: [call("Paris")] }, { fault: { type: "status", status: 500, error: "boom" } }]
    }))))
})

describe("a call that cannot be read", () => {
  const broken = { toolCalls: [{ id: "call_1", name: "get_weather", arguments: "[1]" }] }

  for (const api of apis) {
    it.effect(`${api}: goes back to the model with what was wrong, while turns are left`, () =>
      Effect.gen(function*() {
        const { response, turns } = yield* run([weather])
        assert.strictEqual(response.text, "It is warm.")
        assert.strictEqual(turns[0]!.toolCalls[0]!.malformed, "[1]")
        const [, second] = yield* sent
        const [, assistant, result] = second!.messages
        const { function: { arguments: sentBack } } = assistant!.tool_calls![0] as unknown as {
          readonly function: { readonly arguments: unknown }
        }
        assert.deepStrictEqual(sentBack, api === "ollama" ? {} : "{}")
        assert.strictEqual(
          result!.content,
          "{\"error\":\"the arguments of get_weather are not a JSON object: [1]\"}"
        )
      }).pipe(Effect.provide(mock({ replies: [broken, "It is warm."] }, api))))
  }

  it.effect("goes back to the model too where undefined says what becomes of it", () =>
    Effect.gen(function*() {
      const { response } = yield* run([weather], { malformedCalls: undefined })
      assert.strictEqual(response.text, "It is warm.")
    }).pipe(Effect.provide(mock({ replies: [broken, "It is warm."] }))))

  it.effect("fails the loop in its last turn, and whenever that is wanted", () =>
    Effect.gen(function*() {
      for (const more of [{ maxTurns: 1 }, { malformedCalls: "fail" }] as const) {
        assert.strictEqual((yield* Effect.flip(run([weather], more)))._tag, "MalformedToolCall")
      }
    }).pipe(Effect.provide(mock({ replies: [broken, broken] }, "openai-completions"))))
})

describe("the second turn", () => {
  for (const toolChoice of ["required", { tool: "get_weather" }] as const) {
    it.effect(`lets the model answer when the tool choice was ${JSON.stringify(toolChoice)}`, () =>
      Effect.gen(function*() {
        yield* run([weather], { toolChoice })
        const [first, second] = (yield* sent).map(({ body }) => JSON.parse(body) as { readonly [key: string]: unknown })
        assert.property(first, "tool_choice")
        assert.notProperty(second, "tool_choice")
        assert.deepStrictEqual(second!["tools"], first!["tools"])
      }).pipe(Effect.provide(MockOllama.layer({
        models: ["m"],
        replies: [{ toolCalls: [call("Paris", "1")] }, "It is warm."]
      }, {
        config: {
          models: { providers: { other: { baseUrl: "http://other/v1", apiKey: "k", models: [{ id: "m" }] } } },
          agents: { defaults: { model: "other/m" } }
        }
      }))))
  }

  it.effect("asks first who answered the first one, and falls back from it", () =>
    Effect.gen(function*() {
      const { turns } = yield* run([weather])
      assert.deepStrictEqual(turns.map(({ ref }) => ref), ["ollama/b", "ollama/b", "ollama/a"])
      const asked = (yield* MockOllama.requests).map(({ json }) => (json as { readonly model: string }).model)
      assert.deepStrictEqual(asked, ["a", "b", "b", "b", "a"])
    }).pipe(Effect.provide(MockOllama.layer({
      models: ["a", "b"],
      replies: [
        { when: "a", fault: { type: "status", status: 500, error: "crashed" } },
        { when: "b", toolCalls: [call("Paris", "1")] },
        { when: "b", toolCalls: [call("Rome", "2")] },
        { when: "b", fault: { type: "status", status: 500, error: "crashed" } },
        { when: "a", text: "It is warm." }
      ]
    }, {
      config: {
        models: { providers: { ollama: { apiKey: "k", models: [{ id: "a" }, { id: "b" }] } } },
        agents: { defaults: { model: { primary: "ollama/a", fallbacks: ["ollama/b"] } } }
      }
    }))))
})

describe("handlers", () => {
  const cities = Array.from({ length: 9 }, (_, i) => `city ${i}`)

  for (const [concurrency, most] of [[undefined, 4], [2, 2], [1, 1]] as const) {
    it.effect(`of one answer run at once, at most ${most} with concurrency ${concurrency}; results stay in order`, () =>
      Effect.gen(function*() {
        let running = 0
        let peak = 0
        const slow = ToolLoop.tool({
          name: "get_weather",
          parameters: City,
          handler: ({ city }) =>
            Effect.gen(function*() {
              peak = Math.max(peak, ++running)
              // the later the call, the sooner its end
              for (let i = 20 - 2 * Number(city.slice(5)); i > 0; i--) yield* Effect.yieldNow()
              running--
              return city
            })
        })
        const { history } = yield* run([slow], { concurrency })
        assert.strictEqual(peak, most)
        assert.deepStrictEqual(toolTexts(history), cities)
      }).pipe(Effect.provide(mock({ replies: [{ toolCalls: cities.map((city) => call(city)) }, "Done."] }))))
  }

  it.effect("stop when the loop is interrupted", () =>
    Effect.gen(function*() {
      const started = yield* Deferred.make<void>()
      let stopped = 0
      const stuck = ToolLoop.tool({
        name: "get_weather",
        parameters: City,
        handler: () =>
          Effect.zipRight(Deferred.succeed(started, undefined), Effect.never).pipe(
            Effect.onInterrupt(() => Effect.sync(() => stopped++))
          )
      })
      const fiber = yield* Effect.fork(run([stuck]))
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(stopped, 1)
      assert.lengthOf(yield* sent, 1)
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [call("Paris")] }, "Done."] }))))

  it.effect("that still run are stopped when another one fails", () =>
    Effect.gen(function*() {
      const started = yield* Deferred.make<void>()
      let stopped = 0
      const tool = ToolLoop.tool({
        name: "get_weather",
        parameters: City,
        handler: ({ city }) =>
          city === "Rome"
            ? Effect.zipRight(Deferred.await(started), new Offline({ why: "no satellite" }))
            : Effect.zipRight(Deferred.succeed(started, undefined), Effect.never).pipe(
              Effect.onInterrupt(() => Effect.sync(() => stopped++))
            )
      })
      const error = yield* Effect.flip(ToolLoop.run({ prompt: "Hi", tools: [tool] }))
      assert.strictEqual(error._tag, "Offline")
      assert.strictEqual(stopped, 1)
    }).pipe(Effect.provide(mock({ replies: [{ toolCalls: [call("Paris"), call("Rome")] }] }))))

  it.effect("get decoded parameters", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const tool = ToolLoop.tool({
        name: "at",
        parameters: Schema.Struct({ at: Schema.DateFromString }),
        handler: ({ at }) => Effect.sync(() => void seen.push(at))
      })
      yield* run([tool])
      assert.deepStrictEqual(seen, [new Date("2026-01-01")])
    }).pipe(Effect.provide(mock({
      replies: [{ toolCalls: [{ name: "at", arguments: { at: "2026-01-01" } }] }, "Done."]
    }))))
})
