/**
 * This library over a hand-made catalog: `fetch` on FetchHttpClient, `node` on effect-ollama/node; `-native` speaks
 * `/api/chat`, `-chunk` takes the events of one network read together. `effect` has the modules of Effect that it is
 * built for, and under `own` what they call or take otherwise.
 */
const memo = (make) => {
  const made = new Map()
  return (key) => {
    if (!made.has(key)) made.set(key, make(key))
    return made.get(key)
  }
}

export const makeOn = (effect) => async (variant, dist) => {
  const { Effect, FetchHttpClient, Layer, ManagedRuntime, Schema, Stream, own } = effect
  const [ChatCompletions, ModelDiscovery, Models, Provider] = await Promise.all(
    ["ChatCompletions", "ModelDiscovery", "Models", "Provider"].map((name) => import(`${dist}${name}.js`))
  )
  const [transport, ...flags] = variant.split("-")
  const api = flags.includes("native") ? "ollama" : "openai-completions"
  const provider = (root, models) => own.getOrThrow(Provider.make({ api, baseUrl: root, models }))
  // Imported only where it is used: it brings undici.
  const client = transport === "node" ? (await import(`${dist}node.js`)).layer : FetchHttpClient.layer
  // One set of connections for all roots, as an app has.
  const shared = ManagedRuntime.make(client)
  const httpClient = Layer.effectContext(own.contextOf(shared))

  const catalog = (root, streaming) =>
    Models.layerStatic({
      providers: [provider(root, [{ id: "bench" }])],
      models: streaming ? [{ ref: "ollama/bench", streaming: true }] : []
    })

  const runtimes = new Map()
  const runtime = (root, streaming) => {
    const key = `${streaming} ${root}`
    if (!runtimes.has(key)) {
      const models = catalog(root, streaming)
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

  // Loaded where they are used, so that no other measurement pays for them.
  const once = (make) => {
    let made
    return () => made ??= make()
  }
  const embeddings = once(async () => {
    const Embeddings = await import(`${dist}Embeddings.js`)
    const service = (root) =>
      ManagedRuntime.make(Embeddings.layer.pipe(Layer.provide([catalog(root, false), httpClient])))
    return { Embeddings, service: memo(service) }
  })
  const loops = once(async () => {
    const ToolLoop = await import(`${dist}ToolLoop.js`)
    const lookUp = ToolLoop.tool({
      name: "look_up",
      description: "What a word means",
      parameters: Schema.Struct({ word: Schema.String }),
      handler: ({ word }) => Effect.succeed(`${word} is a word`)
    })
    return ToolLoop.stream({ prompt: "Hi", tools: [lookUp], maxTurns: 100 })
  })

  return {
    embed: async (root, texts, batchSize) => {
      const { Embeddings, service } = await embeddings()
      return service(root).runPromise(
        Effect.map(
          Embeddings.embedMany(texts, { model: "ollama/bench", batchSize, concurrency: 1 }),
          (answer) => answer.embeddings
        )
      )
    },
    loop: async (root) => {
      const events = await loops()
      return runtime(root, true).runPromise(
        own.runFold(events, 0, (turns, event) => event.type === "turn-end" ? event.turn : turns)
      )
    },
    stream: (root, onDelta) => {
      const take = (event) => {
        if (event.type === "text-delta") onDelta(event.delta)
      }
      return runtime(root, true).runPromise(
        flags.includes("chunk")
          ? own.runForEachChunk(events, (chunk) => Effect.sync(() => own.forEach(chunk, take)))
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
