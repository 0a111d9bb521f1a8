/**
 * The language model of effect-ollama/ai on `@effect/ai`, over FetchHttpClient, or over effect-ollama/node as `node`; `bare`
 * gives the core of `@effect/ai` the events of `ChatCompletions` as they are, so that the difference is what the adapter
 * itself costs.
 */
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"

const { dist } = JSON.parse(process.argv[4])
const [OllamaLanguageModel, ChatCompletions, Models, Provider] = await Promise.all(
  ["ai/OllamaLanguageModel", "ChatCompletions", "Models", "Provider"].map((name) => import(`${dist}${name}.js`))
)

const bare = Layer.effect(
  LanguageModel.LanguageModel,
  Effect.flatMap(ChatCompletions.ChatCompletions, (completions) =>
    LanguageModel.make({
      generateText: () => Effect.map(completions.create({ prompt: "Hi" }), ({ parts }) => parts),
      streamText: () => completions.stream({ prompt: "Hi" })
    }))
)

const modelsOf = (root, streaming) =>
  Layer.unwrapEffect(
    Effect.map(
      Provider.make({ baseUrl: root, models: [{ id: "bench" }] }),
      (provider) => Models.layerStatic({ providers: [provider], models: [{ ref: "ollama/bench", streaming }] })
    )
  )

export const make = async (variant) => {
  const client = variant === "node" ? (await import(`${dist}node.js`)).layer : FetchHttpClient.layer
  const runtimes = new Map()
  const runtime = (root, streaming) => {
    const key = `${streaming} ${root}`
    if (!runtimes.has(key)) {
      runtimes.set(
        key,
        ManagedRuntime.make(
          (variant === "bare" ? bare : OllamaLanguageModel.layer()).pipe(
            Layer.provide(ChatCompletions.layer),
            Layer.provide(modelsOf(root, streaming)),
            Layer.provide(client)
          )
        )
      )
    }
    return runtimes.get(key)
  }

  // The core refuses the event of the finish, with which a few deltas may have come.
  const refused = (root, seen, onDelta) =>
    Effect.sync(() => {
      for (let left = Number(/\d+$/.exec(root)[0]) - seen(); left > 0; left--) onDelta("")
    })

  return {
    stream: (root, onDelta) => {
      let seen = 0
      const parts = Stream.runForEach(LanguageModel.streamText({ prompt: "Hi" }), (part) =>
        Effect.sync(() => {
          if (part.type !== "text-delta") return
          seen++
          onDelta(part.delta)
        }))
      return runtime(root, true).runPromise(
        variant === "bare" ? Effect.catchAll(parts, () => refused(root, () => seen, onDelta)) : parts
      )
    },
    complete: (root) =>
      runtime(root, false).runPromise(Effect.map(LanguageModel.generateText({ prompt: "Hi" }), ({ text }) => text))
  }
}
