import { type ChatCompletions, type OllamaError, ToolLoop } from "effect-ollama"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "tstyche"

class Offline extends Data.TaggedError("Offline")<{}> {}
class Refused extends Data.TaggedError("Refused")<{}> {}
class Weather extends Context.Tag("Weather")<Weather, {}>() {}
class Maps extends Context.Tag("Maps")<Maps, {}>() {}

declare const weather: (city: string) => Effect.Effect<number, Offline, Weather>
declare const map: (city: string) => Effect.Effect<number, Refused, Maps>

const City = Schema.Struct({ city: Schema.String })

const weatherTool = ToolLoop.tool({
  name: "weather",
  parameters: City,
  handler: ({ city }) => weather(city)
})

const mapTool = ToolLoop.tool({ name: "map", parameters: City, handler: ({ city }) => map(city) })

type Own = OllamaError.CompletionError | OllamaError.TooManyTurns

describe("ToolLoop.tool", () => {
  it("keeps what its handler fails with and needs", () => {
    expect(weatherTool).type.toBe<ToolLoop.HandledTool<Offline, Weather>>()
  })

  it("cannot fail when failures go to the model", () => {
    expect(ToolLoop.tool({
      name: "weather",
      parameters: City,
      handler: ({ city }) => weather(city),
      failureMode: "return"
    })).type.toBe<ToolLoop.HandledTool<never, Weather>>()
  })

  it("needs what its parameters need to be decoded", () => {
    const Known: Schema.Schema<string, string, Maps> = Schema.Any
    expect(ToolLoop.tool({
      name: "weather",
      parameters: Schema.Struct({ city: Known }),
      handler: ({ city }) => weather(city)
    })).type.toBe<ToolLoop.HandledTool<Offline, Weather | Maps>>()
  })

  it("gives its handler the decoded parameters", () => {
    ToolLoop.tool({
      name: "at",
      parameters: Schema.Struct({ at: Schema.Date }),
      handler: (parameters) => {
        expect(parameters).type.toBe<{ readonly at: Date }>()
        return Effect.void
      }
    })
  })
})

describe("ToolLoop.run", () => {
  it("fails as completions do, with TooManyTurns, and as its tools do", () => {
    expect(ToolLoop.run({ prompt: "Hi", tools: [weatherTool] })).type.toBe<
      Effect.Effect<ToolLoop.Result, Own | Offline, ChatCompletions.ChatCompletions | Weather>
    >()
  })

  it("takes tools that fail in different ways", () => {
    expect(ToolLoop.run({ prompt: "Hi", tools: [weatherTool, mapTool] })).type.toBe<
      Effect.Effect<ToolLoop.Result, Own | Offline | Refused, ChatCompletions.ChatCompletions | Weather | Maps>
    >()
  })

  it("takes a list of tools that was made elsewhere", () => {
    const tools: Array<typeof weatherTool | typeof mapTool> = []
    expect(ToolLoop.run({ prompt: "Hi", tools })).type.toBe<
      Effect.Effect<ToolLoop.Result, Own | Offline | Refused, ChatCompletions.ChatCompletions | Weather | Maps>
    >()
  })

  it("adds nothing without tools, or with tools that cannot fail", () => {
    expect(ToolLoop.run({ prompt: "Hi", tools: [] })).type.toBe<
      Effect.Effect<ToolLoop.Result, Own, ChatCompletions.ChatCompletions>
    >()
  })
})
