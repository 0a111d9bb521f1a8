/**
 * A model ref names one model of one provider: `"<provider>/<model id>"`, e.g. `ollama/gpt-oss:20b`.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import { InvalidModelRef } from "./OllamaError.js"

/**
 * A ref in its two sides.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelRef {
  /** Lower-cased and trimmed, e.g. `ollama`. */
  readonly provider: string
  /** Trimmed, case kept; may itself hold `/` and `:`. */
  readonly model: string
}

/**
 * Makes a ref from its two sides, trimmed (and the provider lower-cased) as {@link parse} does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (provider: string, model: string): ModelRef => ({
  provider: provider.trim().toLowerCase(),
  model: model.trim()
})

/**
 * Splits a ref at its first `/`. An empty side, or no `/` at all, is `InvalidModelRef`.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { ModelRef } from "effect-ollama"
 *
 * ModelRef.parse("ollama/hf.co/user/model-GGUF:Q4_K_M")
 * // Right({ provider: "ollama", model: "hf.co/user/model-GGUF:Q4_K_M" })
 */
export const parse = (ref: string): Either.Either<ModelRef, InvalidModelRef> => {
  const slash = ref.indexOf("/")
  if (slash < 0) return Either.left(new InvalidModelRef({ ref, reason: "no-provider" }))
  const result = make(ref.slice(0, slash), ref.slice(slash + 1))
  if (result.provider === "") return Either.left(new InvalidModelRef({ ref, reason: "empty-provider" }))
  if (result.model === "") return Either.left(new InvalidModelRef({ ref, reason: "empty-model" }))
  return Either.right(result)
}

/**
 * The text of a ref, which {@link parse} reads back to the same ref.
 *
 * @since 0.1.0
 * @category destructors
 */
export const format = (self: ModelRef): string => `${self.provider}/${self.model}`

/**
 * The form in which model names are compared: `x` and `x:latest` are the same model. A `:` counts as a tag only after
 * the last `/` (before it, it is a port).
 *
 * @since 0.1.0
 * @category utils
 */
export const normalizeModel = (model: string): string =>
  model.endsWith(":latest") && model.length > ":latest".length ? model.slice(0, -":latest".length) : model

/**
 * Whether two refs name the same model.
 *
 * @since 0.1.0
 * @category utils
 */
export const equals: {
  (that: ModelRef): (self: ModelRef) => boolean
  (self: ModelRef, that: ModelRef): boolean
} = dual(
  2,
  (self: ModelRef, that: ModelRef): boolean =>
    self.provider === that.provider && normalizeModel(self.model) === normalizeModel(that.model)
)
