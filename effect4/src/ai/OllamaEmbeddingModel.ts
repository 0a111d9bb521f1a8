// @partial
import type * as AiError from "effect/ai/AiError"
import * as EmbeddingModel from "effect/ai/EmbeddingModel"
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as RequestResolver from "effect/RequestResolver"

const embedMany =
  (ask: ReturnType<typeof asking>) =>
  ({ inputs }: EmbeddingModel.ProviderOptions): Effect.Effect<EmbeddingModel.ProviderResponse, AiError.AiError> =>
    Effect.map(ask(inputs), ({ embeddings, usage }) => ({
      results: embeddings.map((vector) => [...vector]),
      usage: { inputTokens: usage?.inputTokens }
    }))

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
    const model = yield* service(embedMany(asking(embeddings, options.model, maxBatchSize, config)))
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
    return Effect.map(service(embedMany(asking(embeddings, options.model, maxBatchSize, config))), (model) =>
      by(model, model.resolver.pipe(RequestResolver.setDelay(window), RequestResolver.batchN(maxBatchSize))))
  })
