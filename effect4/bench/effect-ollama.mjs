/** The library for Effect 4, as bench/clients/effect-ollama.mjs has that for Effect 3. */
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

const dist = new URL("../build/dist/", import.meta.url).href

export const make = async (variant) => {
  const [ChatCompletions, ModelDiscovery, Models, Provider] = await Promise.all(
    ["ChatCompletions", "ModelDiscovery", "Models", "Provider"].map((name) => import(`${dist}${name}.js`))
  )
  const [transport, ...flags] = variant.split("-")
  const api = flags.includes("native") ? "ollama" : "openai-completions"
  const provider = (root, models) => Result.getOrThrow(Provider.make({ api, baseUrl: root, models }))
  const client = transport === "node" ? (await import(`${dist}node.js`)).layer : FetchHttpClient.layer
  const shared = ManagedRuntime.make(client)
  const httpClient = Layer.effectContext(shared.contextEffect)

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
    stream: (root, onDelta) =>
      runtime(root, true).runPromise(
        Stream.runForEach(events, (event) =>
          Effect.sync(() => {
            if (event.type === "text-delta") onDelta(event.delta)
          }))
      ),
    complete: (root) =>
      runtime(root, false).runPromise(Effect.map(ChatCompletions.create({ prompt: "Hi" }), (answer) => answer.text)),
    discover: (root) =>
      runtime(root, false).runPromise(
        Effect.map(
          Effect.flatMap(ModelDiscovery.ModelDiscovery, (service) => service.discover(provider(root, []))),
          (catalog) => catalog.models.length
        )
      ),
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
