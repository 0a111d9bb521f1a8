/**
 * The house's OpenAI provider, pointed at Ollama's `/v1/responses`, on FetchHttpClient; `node` on the client of
 * effect-ollama/node.
 */
import { LanguageModel } from "@effect/ai"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer, ManagedRuntime, Redacted, Stream } from "effect"

const runtimes = new Map()
const runtimeOn = (client) => (root) => {
  if (!runtimes.has(root)) {
    runtimes.set(
      root,
      ManagedRuntime.make(
        OpenAiLanguageModel.layer({ model: "bench" }).pipe(
          Layer.provide(OpenAiClient.layer({ apiUrl: `${root}/v1`, apiKey: Redacted.make("ollama") })),
          Layer.provide(client)
        )
      )
    )
  }
  return runtimes.get(root)
}

export const make = async (variant, dist) => {
  const runtime = runtimeOn(variant === "node" ? (await import(`${dist}node.js`)).layer : FetchHttpClient.layer)
  return {
    stream: (root, onDelta) =>
      runtime(root).runPromise(
        Stream.runForEach(LanguageModel.streamText({ prompt: "Hi" }), (part) =>
          Effect.sync(() => {
            if (part.type === "text-delta") onDelta(part.delta)
          }))
      ),
    complete: (root) =>
      runtime(root).runPromise(Effect.map(LanguageModel.generateText({ prompt: "Hi" }), (r) => r.text))
  }
}
