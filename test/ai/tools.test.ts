import { LanguageModel, type Response, Tool, Toolkit } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { requests } from "../completions/support.js"
import { only3 } from "../support/line.js"
import { described, descriptionOf, kindOf, noMore, noParameters } from "./line.js"
import {
  aiError,
  apis,
  collected,
  finishOf,
  GetTime,
  GetWeather,
  model,
  textOf,
  Tools,
  toolsLayer,
  types
} from "./support.js"

const bodies = Effect.map(requests, (all) => all.map((request) => request.json as { readonly [key: string]: unknown }))

/** The names of the tools that were sent. */
const offered = Effect.map(
  bodies,
  ([body]) =>
    (body!["tools"] as ReadonlyArray<{ readonly function: { readonly name: string } }> | undefined)?.map((tool) =>
      tool.function.name
    )
)

const resultsOf = (parts: ReadonlyArray<Response.AnyPart>) =>
  parts.flatMap((part) => part.type === "tool-result" ? [part.encodedResult] : [])

const weatherCall = { toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }] }
const badCall = { text: "Let me see.", toolCalls: [{ name: "get_weather", arguments: { town: 1 } }] }
const unknownCall = { text: "Let me see.", toolCalls: [{ name: "get_time" }, { name: "nope" }] }

describe("toolkits", () => {
  for (const api of apis) {
    it.effect(`${api}: tools are sent with description and JSON Schema`, () =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "Hi", toolkit: Tools })
        const [body] = yield* bodies
        assert.deepStrictEqual(body!["tools"], [
          {
            type: "function",
            function: {
              name: "get_weather",
              description: "Current weather of a city",
              parameters: {
                type: "object",
                properties: { city: { type: "string" } },
                required: ["city"],
                ...noMore
              }
            }
          },
          {
            type: "function",
            function: {
              name: "get_time",
              parameters: noParameters
            }
          }
        ])
      }).pipe(Effect.provide(toolsLayer), Effect.provide(model(api, { replies: ["Hello."] }))))

    it.effect(`${api}: handlers run, and their results stand behind the calls`, () =>
      Effect.gen(function*() {
        const { content, finishReason, toolResults } = yield* LanguageModel.generateText({
          prompt: "Hi",
          toolkit: Tools
        })
        assert.deepStrictEqual(resultsOf(content), [{ degrees: 21 }])
        assert.strictEqual(toolResults[0]?.name, "get_weather")
        assert.strictEqual(finishReason, "tool-calls")
      }).pipe(Effect.provide(toolsLayer), Effect.provide(model(api, { replies: [weatherCall] }))))

    for (const [what, text] of [["absent", undefined], ["empty", ""], ["null", "null"], ["{}", "{}"]] as const) {
      it.effect(`${api}: parameters that are ${what} are an empty object (#6128)`, () =>
        Effect.gen(function*() {
          const { content } = yield* LanguageModel.generateText({ prompt: "Hi", toolkit: Tools })
          assert.deepStrictEqual(resultsOf(content), ["12:00"])
          const { error, parts } = yield* collected(LanguageModel.streamText({ prompt: "Hi", toolkit: Tools }))
          assert.isUndefined(error)
          assert.deepStrictEqual(parts.flatMap((part) => part.type === "tool-call" ? [part.params] : []), [{}])
        }).pipe(
          Effect.provide(toolsLayer),
          Effect.provide(model(api, { replies: [{ toolCalls: [{ name: "get_time", arguments: text }] }] }))
        ))
    }

    it.effect(`${api}: parameters that a toolkit would refuse as they are written are mended`, () => {
      const Search = Toolkit.make(Tool.make("search", {
        parameters: { query: Schema.String, limit: Schema.optional(Schema.Number), tags: Schema.Array(Schema.String) },
        success: Schema.Unknown
      }))
      const written = { query: "[1]", limit: null, tags: "[\"a\"]" }
      return Effect.gen(function*() {
        const { content } = yield* LanguageModel.generateText({ prompt: "Hi", toolkit: Search })
        assert.deepStrictEqual(resultsOf(content), [{ query: "[1]", tags: ["a"] }])
        const { error, parts } = yield* collected(LanguageModel.streamText({ prompt: "Hi", toolkit: Search }))
        assert.isUndefined(error)
        assert.deepStrictEqual(resultsOf(parts), [{ query: "[1]", tags: ["a"] }])
      }).pipe(
        Effect.provide(Search.toLayer({ search: (params) => Effect.succeed(params) })),
        Effect.provide(model(api, { replies: [{ toolCalls: [{ name: "search", arguments: written }] }] }))
      )
    })

    it.effect(`${api}: calls of one answer have ids of their own, also where a server gives none`, () =>
      Effect.gen(function*() {
        const { toolCalls } = yield* LanguageModel.generateText({ prompt: "Hi", toolkit: Tools })
        assert.strictEqual(toolCalls.length, 2)
        assert.notStrictEqual(toolCalls[0]!.id, toolCalls[1]!.id)
      }).pipe(
        Effect.provide(toolsLayer),
        Effect.provide(model(api, {
          version: "0.6.3",
          replies: [{ toolCalls: [{ name: "get_time", id: "" }, { name: "get_time", id: "" }] }]
        }))
      ))

    it.effect(`${api}: disableToolCallResolution leaves the calls to the host`, () =>
      Effect.gen(function*() {
        const options = { prompt: "Hi", toolkit: Tools, disableToolCallResolution: true } as const
        const { toolCalls, toolResults } = yield* LanguageModel.generateText(options)
        assert.deepStrictEqual([toolCalls.map(({ params }) => params), toolResults], [[{ city: "Paris" }], []])
        const { parts } = yield* collected(LanguageModel.streamText(options))
        assert.deepStrictEqual(types(parts).slice(-3), ["tool-call", "response-metadata", "finish"])
      }).pipe(
        Effect.provide(
          Tools.toLayer({ get_weather: () => Effect.die("not run"), get_time: () => Effect.die("not run") })
        ),
        Effect.provide(model(api, { replies: [weatherCall] }))
      ))

    it.effect(`${api}: a call of a tool that was not offered is told as such, and no handler runs`, () => {
      let runs = 0
      const handlers = Tools.toLayer({
        get_weather: () => Effect.sync(() => ({ degrees: ++runs })),
        get_time: () => Effect.sync(() => String(++runs))
      })
      return Effect.gen(function*() {
        const error = aiError(yield* Effect.flip(LanguageModel.generateText({ prompt: "Hi", toolkit: Tools })))
        assert.strictEqual(kindOf(error), "MalformedOutput")
        assert.match(
          String(descriptionOf(error)),
          /was not given: it has get_weather, get_time/
        )
        const streamed = yield* collected(LanguageModel.streamText({ prompt: "Hi", toolkit: Tools }))
        assert.strictEqual(kindOf(aiError(streamed.error)), "MalformedOutput")
        assert.strictEqual(textOf(streamed.parts), "Let me see.")
        assert.include(types(streamed.parts), "text-end")
        assert.strictEqual(runs, 0)
      }).pipe(Effect.provide(handlers), Effect.provide(model(api, { replies: [unknownCall] })))
    })

    it.effect(`${api}: a call of another tool than the one that was chosen is none that was offered`, () => {
      let runs = 0
      const handlers = Tools.toLayer({
        get_weather: () => Effect.sync(() => ({ degrees: ++runs })),
        get_time: () => Effect.sync(() => String(++runs))
      })
      const options = { prompt: "Hi", toolkit: Tools, toolChoice: { tool: "get_time" } } as const
      return Effect.gen(function*() {
        // a success is not shown: it is endless
        const failure = Effect.match(LanguageModel.generateText(options), {
          onFailure: (error): unknown => error,
          onSuccess: () => undefined
        })
        assert.strictEqual(kindOf(aiError(yield* failure)), "MalformedOutput")
        const streamed = yield* collected(LanguageModel.streamText(options))
        assert.strictEqual(kindOf(aiError(streamed.error)), "MalformedOutput")
        assert.strictEqual(runs, 0)
      }).pipe(Effect.provide(handlers), Effect.provide(model(api, { replies: [weatherCall] })))
    })

    it.effect(`${api}: a call although no tools were given is told as such`, () =>
      Effect.gen(function*() {
        const error = aiError(yield* Effect.flip(LanguageModel.generateText({ prompt: "Hi" })))
        assert.strictEqual(kindOf(error), "MalformedOutput")
        const streamed = yield* collected(LanguageModel.streamText({ prompt: "Hi" }))
        assert.strictEqual(kindOf(aiError(streamed.error)), "MalformedOutput")
      }).pipe(Effect.provide(model(api, { version: "0.6.3", replies: [unknownCall] }))))

    for (const failureMode of ["error", "return"] as const) {
      const Kit = Toolkit.make(
        Tool.make("get_weather", {
          parameters: { city: Schema.String },
          success: Schema.Number,
          failure: Schema.String,
          failureMode
        })
      )
      const test = failureMode === "error" ? it.effect : only3("the model is told, as a result")
      test(`${api}: parameters of another form fail the request with failureMode "${failureMode}" too, after all text is told (#6335)`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(LanguageModel.generateText({ prompt: "Hi", toolkit: Kit }))
          assert.strictEqual(kindOf(aiError(error)), "MalformedOutput")
          const streamed = yield* collected(LanguageModel.streamText({ prompt: "Hi", toolkit: Kit }))
          assert.strictEqual(kindOf(aiError(streamed.error)), "MalformedOutput")
          assert.strictEqual(textOf(streamed.parts), "Let me see.")
          assert.include(types(streamed.parts), "text-end")
        }).pipe(
          Effect.provide(Kit.toLayer({ get_weather: () => Effect.succeed(21) })),
          Effect.provide(model(api, { replies: [badCall] }))
        ))
    }

    it.effect(`${api}: broken JSON in a call is a MalformedToolCall, never {}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(LanguageModel.generateText({ prompt: "Hi", toolkit: Tools }))
        assert.strictEqual(kindOf(aiError(error)), "MalformedOutput")
        assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, "MalformedToolCall")
      }).pipe(
        Effect.provide(toolsLayer),
        Effect.provide(model(api, { replies: [{ toolCalls: [{ name: "get_time", arguments: "[1,2]" }] }] }))
      ))
  }

  it.effect("a tool that a hosted provider runs itself is refused before anything is sent", () =>
    Effect.gen(function*() {
      const WebSearch = Tool.providerDefined({
        id: "openai.web_search",
        toolkitName: "OpenAiWebSearch",
        providerName: "web_search",
        args: {}
      })({})
      const error = yield* Effect.flip(
        LanguageModel.generateText({ prompt: "Hi", toolkit: Toolkit.make(WebSearch) })
      )
      assert.strictEqual(kindOf(aiError(error)), "MalformedInput")
      assert.deepStrictEqual(yield* requests, [])
    }).pipe(Effect.provide(model("ollama", { replies: ["Hello."] }))))

  it.effect("handlers have their dependencies", () => {
    class Thermometer extends Context.Tag("Thermometer")<Thermometer, { readonly degrees: number }>() {}
    const handlers = Tools.toLayer(Effect.map(Thermometer, ({ degrees }) => ({
      get_weather: () => Effect.succeed({ degrees }),
      get_time: () => Effect.succeed("12:00")
    })))
    return Effect.gen(function*() {
      const { content } = yield* LanguageModel.generateText({ prompt: "Hi", toolkit: Tools })
      assert.deepStrictEqual(resultsOf(content), [{ degrees: 7 }])
    }).pipe(
      Effect.provide(Layer.provide(handlers, Layer.succeed(Thermometer, { degrees: 7 }))),
      Effect.provide(model("ollama", { replies: [weatherCall] }))
    )
  })

  it.effect("a handler's failure is the program's, or goes into the result, as the tool says", () => {
    const Kit = Toolkit.make(
      Tool.make("strict", { failure: Schema.String }),
      Tool.make("lenient", { failure: Schema.String, failureMode: "return" })
    )
    return Effect.gen(function*() {
      const error = yield* Effect.flip(LanguageModel.generateText({ prompt: "Hi", toolkit: Kit }))
      assert.strictEqual(error, "no")
      const { toolResults } = yield* LanguageModel.generateText({ prompt: "Hi", toolkit: Kit })
      assert.deepStrictEqual(toolResults.map(({ isFailure, result }) => [isFailure, result]), [[true, "no"]])
    }).pipe(
      Effect.provide(Kit.toLayer({ strict: () => Effect.fail("no"), lenient: () => Effect.fail("no") })),
      Effect.provide(model("ollama", {
        replies: [{ toolCalls: [{ name: "strict" }] }, { toolCalls: [{ name: "lenient" }] }]
      }))
    )
  })

  it.effect("tools as an MCP server describes them: a raw JSON Schema, results as content", () => {
    const Content = Schema.Array(Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }))
    const inputSchema = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { query: { $ref: "#/$defs/Query" } },
      required: ["query"],
      $defs: { Query: { type: "string", description: "what to look for" } }
    }
    const Search = described("docs.search-all", inputSchema, Content)
    const Kit = Toolkit.make(Search)
    return Effect.gen(function*() {
      const { content } = yield* LanguageModel.generateText({ prompt: "Hi", toolkit: Kit })
      const [body] = yield* bodies
      assert.deepStrictEqual((body!["tools"] as [{ function: { parameters: unknown } }])[0].function.parameters, {
        type: "object",
        properties: { query: { type: "string", description: "what to look for" } },
        required: ["query"]
      })
      assert.deepStrictEqual(resultsOf(content), [[{ type: "text", text: "found x" }]])
    }).pipe(
      Effect.provide(Kit.toLayer({
        "docs.search-all": (given) =>
          Effect.succeed([{ type: "text" as const, text: `found ${(given as { readonly query: string }).query}` }])
      })),
      Effect.provide(model("ollama", {
        replies: [{ toolCalls: [{ name: "docs.search-all", arguments: { query: "x" } }] }]
      }))
    )
  })
})

describe("tool choice", () => {
  const choose = (toolChoice: LanguageModel.ToolChoice<"get_weather" | "get_time">) =>
    LanguageModel.generateText({ prompt: "Hi", toolkit: Tools, toolChoice })

  const layer = Layer.merge(toolsLayer, model("ollama", { replies: ["Hello."] }))

  it.effect("none sends no tools, although the core leaves them in", () =>
    Effect.gen(function*() {
      yield* choose("none")
      assert.isUndefined(yield* offered)
    }).pipe(Effect.provide(layer)))

  it.effect("a named tool sends only that one", () =>
    Effect.gen(function*() {
      yield* choose({ tool: "get_time" })
      assert.deepStrictEqual(yield* offered, ["get_time"])
    }).pipe(Effect.provide(layer)))

  it.effect("oneOf sends only those", () =>
    Effect.gen(function*() {
      yield* choose({ oneOf: ["get_weather"] })
      assert.deepStrictEqual(yield* offered, ["get_weather"])
    }).pipe(Effect.provide(layer)))

  it.effect("required sends all, and the finish says that nothing forces the model", () =>
    Effect.gen(function*() {
      const { content } = yield* choose("required")
      assert.deepStrictEqual(yield* offered, ["get_weather", "get_time"])
      assert.deepStrictEqual(
        finishOf(content).metadata.ollama?.ignored.map(({ setting }) => setting),
        ["toolChoice"]
      )
    }).pipe(Effect.provide(layer)))

  it.effect("a tool that is not there is refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(choose({ tool: "nope" as "get_time" }))
      assert.strictEqual(kindOf(aiError(error)), "MalformedInput")
      assert.deepStrictEqual(yield* requests, [])
    }).pipe(Effect.provide(layer)))
})

describe("generateObject together with a toolkit", () => {
  const options = {
    prompt: "Hi",
    schema: Schema.Struct({ degrees: Schema.Number }),
    toolkit: Toolkit.make(GetWeather, GetTime)
  }
  const layer = Layer.merge(toolsLayer, model("ollama", { replies: ["{\"degrees\":21}"] }))

  it.effect("asks for the object, leaves the tools out, and says so", () =>
    Effect.gen(function*() {
      const { content, value } = yield* LanguageModel.generateObject(options)
      assert.deepStrictEqual(value, { degrees: 21 })
      assert.isUndefined(yield* offered)
      assert.isDefined((yield* bodies)[0]!["format"])
      assert.deepStrictEqual(finishOf(content).metadata.ollama?.ignored.map(({ setting }) => setting), ["tools"])
    }).pipe(Effect.provide(layer)))

  it.effect("is refused when it must call one", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(LanguageModel.generateObject({ ...options, toolChoice: "required" }))
      assert.strictEqual(kindOf(aiError(error)), "MalformedInput")
      assert.deepStrictEqual(yield* requests, [])
    }).pipe(Effect.provide(layer)))
})
