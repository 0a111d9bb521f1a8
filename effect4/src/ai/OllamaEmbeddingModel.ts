// @partial
import type * as AiError from "effect/ai/AiError"
import * as EmbeddingModel from "effect/ai/EmbeddingModel"
import * as AiModel from "effect/ai/Model"
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as RequestResolver from "effect/RequestResolver"

const embedMany = (
  embeddings: EmbeddingsService,
  model: string,
  batchSize: number | undefined,
  config: Config.Service
) =>
({ inputs }: EmbeddingModel.ProviderOptions): Effect.Effect<EmbeddingModel.ProviderResponse, AiError.AiError> =>
  Effect.flatMap(Config.getOrUndefined, (override) =>
    Effect.mapBoth(
      embeddings.embedMany(inputs, {
        ...config,
        ...override,
        model: override?.model ?? model,
        batchSize,
        vectors: "numbers"
      }),
      {
        onFailure: Errors.toAiError(where),
        onSuccess: ({ embeddings, usage }): EmbeddingModel.ProviderResponse => ({
          results: embeddings.map((vector) => [...vector]),
          usage: { inputTokens: usage?.inputTokens }
        })
      }
    ))

// What is embedded within different settings is asked in different requests.
const service = (embed: ReturnType<typeof embedMany>) =>
  EmbeddingModel.make({
    embedMany: embed,
    batchKey: (context) => context.mapUnsafe.get(Config.key)
  })

// What is embedded at once goes the same way as what is embedded alone.
const by = (
  model: EmbeddingModel.EmbeddingModel,
  resolver: EmbeddingModel.EmbeddingModel["resolver"],
  embed: EmbeddingModel.EmbeddingModel["embed"] = (input) =>
    Effect.request(new EmbeddingModel.EmbeddingRequest({ input }), resolver)
): EmbeddingModel.EmbeddingModel =>
  EmbeddingModel.EmbeddingModel.of({
    ...model,
    resolver,
    embed,
    embedMany: (inputs) =>
      Effect.map(Effect.forEach(inputs, embed, { concurrency: "unbounded" }), (embeddings) =>
        new EmbeddingModel.EmbedManyResponse({
          embeddings,
          usage: new EmbeddingModel.EmbeddingUsage({ inputTokens: undefined })
        }))
  })

export const makeBatched = (options: {
  readonly model: string
  readonly config?: Config.Batched | undefined
}): Effect.Effect<EmbeddingModel.EmbeddingModel, never, Embeddings> =>
  Effect.gen(function*() {
    const embeddings = yield* Embeddings
    const { cache, maxBatchSize, ...config } = options.config ?? {}
    const model = yield* service(embedMany(embeddings, options.model, maxBatchSize, config))
    if (cache === undefined) return model
    const kept = yield* RequestResolver.asCache(model.resolver, { ...cache, timeToLive: () => cache.timeToLive })
    return by(
      model,
      model.resolver,
      (input) => Cache.get(kept, new EmbeddingModel.EmbeddingRequest({ input }))
    )
  })

export const makeDataLoader = (options: {
  readonly model: string
  readonly config: Config.DataLoader
}): Effect.Effect<EmbeddingModel.EmbeddingModel, never, Embeddings> =>
  Effect.flatMap(Embeddings, (embeddings) => {
    const { maxBatchSize = 100, window, ...config } = options.config
    return Effect.map(service(embedMany(embeddings, options.model, maxBatchSize, config)), (model) =>
      by(model, model.resolver.pipe(RequestResolver.setDelay(window), RequestResolver.batchN(maxBatchSize))))
  })

export const model = (
  model: string,
  options:
    | ({ readonly mode: "batched" } & Config.Batched)
    | ({ readonly mode: "data-loader" } & Config.DataLoader)
): AiModel.Model<"ollama", EmbeddingModel.EmbeddingModel, Embeddings> => {
  const { mode: _, ...config } = options
  return AiModel.make(
    "ollama",
    model,
    "window" in config ? layerDataLoader({ model, config }) : layerBatched({ model, config })
  )
}
