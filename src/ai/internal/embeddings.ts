/** What the embedding model asks of the library's embeddings. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { CompletionError } from "../../OllamaError.js"

/** How texts are embedded. */
export interface EmbedOptions {
  /** A ref, an alias, or a name that only one provider has: there is no default. */
  readonly model: string
  /** How many numbers a vector has, of models that can choose. */
  readonly dimensions?: number | undefined
  /** Whether a text that is longer than the context is cut (the server's default) or refused. */
  readonly truncate?: boolean | undefined
  /** How long the model stays loaded: seconds, or a Go duration such as `"5m"`; negative is for ever. */
  readonly keepAlive?: number | string | undefined
}

export interface EmbeddingsService {
  /** One vector per text, in their order. */
  readonly embedMany: (
    texts: ReadonlyArray<string>,
    options: EmbedOptions
  ) => Effect.Effect<
    {
      readonly embeddings: ReadonlyArray<ReadonlyArray<number>>
      readonly usage?: { readonly inputTokens?: number | undefined } | undefined
    },
    CompletionError
  >
}

export class Embeddings extends Context.Tag("effect-ollama/Embeddings")<Embeddings, EmbeddingsService>() {}
