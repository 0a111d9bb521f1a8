/**
 * Asks an Ollama which models it has and what each can do.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Catalog } from "./Model.js"
import type { DiscoveryError } from "./OllamaError.js"
import type { Provider } from "./Provider.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Asks `/api/tags`, then `/api/show` for each model of which the answer is not remembered. Succeeds, also with an
   * empty catalog, when the server answers.
   */
  readonly discover: (provider: Provider) => Effect.Effect<Catalog, DiscoveryError>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class ModelDiscovery extends Context.Tag("effect-ollama/ModelDiscovery")<ModelDiscovery, Service>() {}
