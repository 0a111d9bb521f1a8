/**
 * This library over a hand-made catalog: `fetch` on FetchHttpClient, `node` on effect-ollama/node; `-native` speaks
 * `/api/chat`, `-chunk` takes the events of one network read together.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"

export const make = async (variant, dist) => {
  const [ChatCompletions, ModelDiscovery, Models, Provider] = await Promise.all(
    ["ChatCompletions", "ModelDiscovery", "Models", "Provider"].map((name) => import(`${dist}${name}.js`))
  )
  const [transport, ...flags] = variant.split("-")
  const api = flags.includes("native") ? "ollama" : "openai-completions"
  const provider = (root, models) => Either.getOrThrow(Provider.make({ api, baseUrl: root, models }))
  // Imported only where it is used: it brings undici.
  const client = transport === "node" ? (await import(`${dist}node.js`)).layer : FetchHttpClient.layer
  // One set of connections for all roots, as an app has.
  const shared = ManagedRuntime.make(client)
  const httpClient = Layer.effectContext(shared.runtimeEffect.pipe(Effect.map((runtime) => runtime.context)))

  const runtimes = new Map()
  const runtime = (root, streaming) => {
    const key = `${streaming} ${root}`
    if (!runtimes.has(key)) {
      const models = Models.layerStatic({
        providers: [provider(root, [{ id: "bench" }])],
        models: streaming ? [{ ref: "ollama/bench", streaming: true }] : []
      })
      runtimes.set(
        key,
        ManagedRuntime.make(
          ChatCompletions.layer.pipe(
            Layer.provideMerge(ModelDiscovery.layerWith({ concurrency: 8 })),
            Layer.provide([models, httpClient])
          )
        )
      )
    }
    return runtimes.get(key)
  }
  const events = ChatCompletions.stream({ prompt: "Hi" })

  return {
    stream: (root, onDelta) => {
      const take = (event) => {
        if (event.type === "text-delta") onDelta(event.delta)
      }
      return runtime(root, true).runPromise(
        flags.includes("chunk")
          ? Stream.runForEachChunk(events, (chunk) => Effect.sync(() => Chunk.forEach(chunk, take)))
          : Stream.runForEach(events, (event) => Effect.sync(() => take(event)))
      )
    },
    complete: (root) =>
      runtime(root, false).runPromise(Effect.map(ChatCompletions.create({ prompt: "Hi" }), (answer) => answer.text)),
    discover: (root) =>
      runtime(root, false).runPromise(
        Effect.flatMap(ModelDiscovery.ModelDiscovery, (service) => service.discover(provider(root, [])))
          .pipe(
            Effect.map((catalog) => catalog.models.length)
          )
      ),
    /** Takes one delta, then nothing until the stream is left. */
    pause: async (root) => {
      let cancel
      await new Promise((resolve) => {
        cancel = runtime(root, true).runCallback(
          Stream.runForEach(events, (event) => {
            if (event.type !== "text-delta") return Effect.void
            resolve()
            return Effect.never
          })
        )
      })
      return () => cancel()
    }
  }
}
