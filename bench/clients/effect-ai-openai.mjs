/** The house's OpenAI provider, pointed at Ollama's `/v1/responses`. */
import { LanguageModel } from "@effect/ai"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer, ManagedRuntime, Redacted, Stream } from "effect"

const runtimes = new Map()
const runtime = (root) => {
  if (!runtimes.has(root)) {
    runtimes.set(
      root,
      ManagedRuntime.make(
        OpenAiLanguageModel.layer({ model: "bench" }).pipe(
          Layer.provide(OpenAiClient.layer({ apiUrl: `${root}/v1`, apiKey: Redacted.make("ollama") })),
          Layer.provide(FetchHttpClient.layer)
        )
      )
    )
  }
  return runtimes.get(root)
}

export const make = () => ({
  stream: (root, onDelta) =>
    runtime(root).runPromise(Stream.runForEach(LanguageModel.streamText({ prompt: "Hi" }), (part) =>
      Effect.sync(() => {
        if (part.type === "text-delta") onDelta(part.delta)
      }))),
  complete: (root) => runtime(root).runPromise(Effect.map(LanguageModel.generateText({ prompt: "Hi" }), (r) => r.text))
})
