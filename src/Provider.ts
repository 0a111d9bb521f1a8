/**
 * A provider as it was resolved: where it is, how it is spoken to, with which key, and which models it has.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import type { JsonObject } from "./Message.js"
import type { Api, ModelDefinition } from "./Model.js"
import type { ProviderError } from "./OllamaError.js"

/**
 * A key and where it came from, e.g. `env OLLAMA_API_KEY`, `profile work`, `config`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderKey {
  readonly value: Redacted.Redacted
  readonly source: string
  /** Whether the user's configuration gave it for this provider (only then does discovery on loopback send it). */
  readonly explicit: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ProviderHeaders {
  readonly [name: string]: Redacted.Redacted
}

/**
 * A model of an explicit provider, with the settings of its entry.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderModel {
  readonly definition: ModelDefinition
  /** Overrides the provider's. */
  readonly api?: Api | undefined
  readonly headers?: ProviderHeaders | undefined
  readonly params?: JsonObject | undefined
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens" | undefined
}

/**
 * A provider that can be asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Provider {
  readonly id: string
  /** `implicit`: its models are discovered; `explicit`: they are `models`, and nothing is discovered. */
  readonly mode: "implicit" | "explicit"
  readonly api: Api
  /** Without `/v1`, `/api` or a slash at its end, e.g. `http://127.0.0.1:11434`. */
  readonly root: string
  /** Where `/chat/completions` is appended, e.g. `http://127.0.0.1:11434/v1`. */
  readonly completionsUrl: string
  readonly key?: ProviderKey | undefined
  /** Whether the key is sent as a Bearer token. */
  readonly authHeader: boolean
  readonly headers: ProviderHeaders
  /** Sets the first-byte and the idle limit, in ms. */
  readonly timeout?: number | undefined
  readonly params: JsonObject
  readonly models: ReadonlyArray<ProviderModel>
  /** Whether discovery keeps models without tools too. */
  readonly keepWithoutTools: boolean
}

/**
 * What became of a provider. *Configured* is not *reachable*: `result` is known without a request.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderStatus {
  readonly id: string
  /** Whether a credential (or a host option) enables it. */
  readonly configured: boolean
  /** One sentence: why it is implicit, explicit, not enabled or unavailable. */
  readonly reason: string
  readonly result: Either.Either<Provider, ProviderError>
}
