/** There is no provider of OpenAI for Effect 4.1: its newest versions are for betas of 4.0. */
import { Effect, Layer } from "effect"
import type { EmbeddingModel, LanguageModel } from "effect/ai"

const none = Layer.effectContext(Effect.die(new Error("there is no provider of OpenAI")))

export const openAi = (_: unknown): Layer.Layer<LanguageModel.LanguageModel | EmbeddingModel.EmbeddingModel> => none
export const openAiClient = (_: unknown): Layer.Layer<never> => Layer.empty
