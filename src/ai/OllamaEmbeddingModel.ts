/**
 * The `EmbeddingModel` of `@effect/ai` over the embeddings of this library.
 *
 * @since 0.1.0
 */
import type * as AiError from "@effect/ai/AiError"
import * as EmbeddingModel from "@effect/ai/EmbeddingModel"
import * as AiModel from "@effect/ai/Model"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Embeddings, type EmbedOptions, type Service as EmbeddingsService } from "../Embeddings.js"
import * as Errors from "./internal/errors.js"

// =============================================================================
// configuration
// =============================================================================

/**
 * How texts are embedded, for all that is embedded within it: see {@link withConfigOverride}.
 *
 * @since 0.1.0
 * @category context
 */
export class Config extends Context.Tag("effect-ollama/ai/OllamaEmbeddingModel/Config")<Config, Config.Service>() {
  /**
   * What is set around here.
   *
   * @since 0.1.0
   */
  static readonly getOrUndefined: Effect.Effect<Config.Service | undefined> = Effect.map(
    Effect.context<never>(),
    (context) => context.unsafeMap.get(Config.key) as Config.Service | undefined
  )
}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Config {
  /**
   * How texts are embedded.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Service extends Pick<EmbedOptions, "dimensions" | "truncate" | "keepAlive"> {
    /** Vectors of different models cannot be compared: override it for all texts, or for none. */
    readonly model?: string | undefined
  }

  /**
   * What is embedded at the same time is one request.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Batched extends Omit<Config.Service, "model"> {
    /** The most texts of one request. Default: that of `Embeddings`, 100. */
    readonly maxBatchSize?: number | undefined
    /** Keeps vectors by their texts, whatever an override says, and failures as long. Default: none are kept. */
    readonly cache?: { readonly capacity: number; readonly timeToLive: Duration.DurationInput } | undefined
  }

  /**
   * What is embedded within a time, anywhere in the program, is one request.
   *
   * @since 0.1.0
   * @category models
   */
  export interface DataLoader extends Omit<Config.Service, "model"> {
    /** How long a text waits for others. */
    readonly window: Duration.DurationInput
    /** The most texts of one request, which does not wait any longer when it is full. Default 100. */
    readonly maxBatchSize?: number | undefined
  }
}

// =============================================================================
// the model
// =============================================================================

const where = { module: "OllamaEmbeddingModel", method: "embedMany" }

const asking = (
  embeddings: EmbeddingsService,
  model: string,
  batchSize: number | undefined,
  config: Config.Service
) =>
(texts: ReadonlyArray<string>) =>
  Effect.flatMap(Config.getOrUndefined, (override) =>
    Effect.mapError(
      embeddings.embedMany(texts, {
        ...config,
        ...override,
        model: override?.model ?? model,
        batchSize,
        vectors: "numbers"
      }),
      Errors.toAiError(where)
    ))

const embedMany =
  (ask: ReturnType<typeof asking>) =>
  (texts: ReadonlyArray<string>): Effect.Effect<Array<EmbeddingModel.Result>, AiError.AiError> =>
    Effect.flatMap(ask(texts), ({ embeddings }) =>
      // The core would wait for ever for one that is missing.
      embeddings.length === texts.length
        ? Effect.succeed(
          embeddings.map((vector, index): EmbeddingModel.Result => ({ index, embeddings: [...vector] }))
        )
        : Effect.fail(
          Errors.unusable(where, `${texts.length} texts were sent, and ${embeddings.length} vectors came.`)
        ))

/**
 * An `EmbeddingModel` that sends what is embedded at the same time as one request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeBatched = (options: {
  readonly model: string
  readonly config?: Config.Batched | undefined
}): Effect.Effect<EmbeddingModel.Service, never, Embeddings> =>
  Effect.flatMap(Embeddings, (embeddings) => {
    const { cache, maxBatchSize, ...config } = options.config ?? {}
    return EmbeddingModel.make({
      // The service asks in batches, some of them at once; the core would ask one after the other.
      embedMany: embedMany(asking(embeddings, options.model, maxBatchSize, config)),
      ...(cache === undefined ? undefined : { cache })
    })
  })

/**
 * An `EmbeddingModel` that sends what is embedded within a time as one request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeDataLoader = (options: {
  readonly model: string
  readonly config: Config.DataLoader
}): Effect.Effect<EmbeddingModel.Service, never, Embeddings | Scope.Scope> =>
  Effect.flatMap(Embeddings, (embeddings) => {
    const { maxBatchSize = 100, window, ...config } = options.config
    return EmbeddingModel.makeDataLoader({
      embedMany: embedMany(asking(embeddings, options.model, maxBatchSize, config)),
      maxBatchSize,
      window
    })
  })

/**
 * The `EmbeddingModel` of an app: what is embedded at the same time is one request.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerBatched = (options: {
  readonly model: string
  readonly config?: Config.Batched | undefined
}): Layer.Layer<EmbeddingModel.EmbeddingModel, never, Embeddings> =>
  Layer.effect(EmbeddingModel.EmbeddingModel, makeBatched(options))

/**
 * The `EmbeddingModel` of an app: what is embedded within a time, anywhere in the program, is one request.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDataLoader = (options: {
  readonly model: string
  readonly config: Config.DataLoader
}): Layer.Layer<EmbeddingModel.EmbeddingModel, never, Embeddings> =>
  Layer.scoped(EmbeddingModel.EmbeddingModel, makeDataLoader(options))

/**
 * An embedding model to be provided to a part of a program. There is no default model and no fallback: vectors of different
 * models cannot be compared.
 *
 * @since 0.1.0
 * @category models
 * @example
 * import { EmbeddingModel } from "@effect/ai"
 * import { Effect } from "effect"
 * import { OllamaEmbeddingModel } from "effect-ollama/ai"
 *
 * export const vectors = Effect.flatMap(
 *   EmbeddingModel.EmbeddingModel,
 *   (model) => model.embedMany(["one text", "another"])
 * ).pipe(Effect.provide(OllamaEmbeddingModel.model("ollama/nomic-embed-text", { mode: "batched" })))
 */
export const model = (
  model: string,
  options:
    | ({ readonly mode: "batched" } & Config.Batched)
    | ({ readonly mode: "data-loader" } & Config.DataLoader)
): AiModel.Model<"ollama", EmbeddingModel.EmbeddingModel, Embeddings> => {
  const { mode: _, ...config } = options
  return AiModel.make(
    "ollama",
    "window" in config ? layerDataLoader({ model, config }) : layerBatched({ model, config })
  )
}

/**
 * Sets how texts are embedded within an effect. A data-loader gathers texts of the whole program and knows of none.
 *
 * @since 0.1.0
 * @category configuration
 */
export const withConfigOverride: {
  (overrides: Config.Service): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, overrides: Config.Service): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, overrides: Config.Service): Effect.Effect<A, E, R> =>
    Effect.flatMap(Config.getOrUndefined, (config) => Effect.provideService(self, Config, { ...config, ...overrides }))
)
