/** Programs that know nothing but `@effect/ai`: which model answers is said elsewhere (`layers.ts`). */
import { Chat, LanguageModel, Tool, Toolkit } from "@effect/ai"
import { Console, Effect, Schema, Stream } from "effect"

/** A conversation that knows what was said before. */
export const chat = Effect.gen(function*() {
  const conversation = yield* Chat.fromPrompt([{ role: "system", content: "Answer in one sentence." }])
  for (const prompt of ["Why is the sky blue?", "And at sunset?"]) {
    yield* Console.log(`> ${prompt}`)
    const { text } = yield* conversation.generateText({ prompt })
    yield* Console.log(text)
  }
})

const Weather = Toolkit.make(
  Tool.make("get_weather", {
    description: "Current weather of a city",
    parameters: { city: Schema.String },
    success: Schema.Struct({ degrees: Schema.Number, sky: Schema.String })
  })
)

const WeatherLive = Weather.toLayer({
  get_weather: ({ city }) => Effect.as(Console.log(`(looking at ${city})`), { degrees: 21, sky: "clear" })
})

/** Runs the tools that the model calls until it answers, at most ten times. */
export const tools = Effect.gen(function*() {
  const conversation = yield* Chat.empty
  let response = yield* conversation.generateText({
    prompt: "What is the weather in Paris and in Rome?",
    toolkit: Weather,
    concurrency: 2
  })
  for (let turn = 1; response.toolCalls.length > 0 && turn < 10; turn++) {
    response = yield* conversation.generateText({ prompt: [], toolkit: Weather, concurrency: 2 })
  }
  yield* Console.log(response.text)
}).pipe(Effect.provide(WeatherLive))

const City = Schema.Struct({ name: Schema.String, inhabitants: Schema.Int, river: Schema.optional(Schema.String) })

/** An answer as data. */
export const object = Effect.gen(function*() {
  const { value } = yield* LanguageModel.generateObject({ prompt: "What is the capital of France?", schema: City })
  yield* Console.log(`${value.name} has ${value.inhabitants} inhabitants.`)
})

/** A story as it is told. */
export const story = LanguageModel.streamText({ prompt: "Tell me a story of three sentences." }).pipe(
  Stream.runForEach((part) =>
    Effect.sync(() => {
      if (part.type === "text-delta") process.stdout.write(part.delta)
      if (part.type === "finish") process.stdout.write(`\n(${part.usage.outputTokens ?? "?"} tokens)\n`)
    })
  )
)
