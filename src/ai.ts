/**
 * The models of this library for programs that are written against `@effect/ai`, which is needed for this entry alone.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 */
export * as OllamaEmbeddingModel from "./ai/OllamaEmbeddingModel.js"

/**
 * @since 0.1.0
 */
export * as OllamaLanguageModel from "./ai/OllamaLanguageModel.js"
