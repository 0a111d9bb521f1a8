/**
 * A provider as it was resolved, as plain data: where it is, how it is asked, with which key, and which models it has.
 */
import type * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import type { Ignored } from "../Chat.js"
import type { JsonObject } from "../Message.js"
import type { Api, Catalog, Cost, ModelDefinition } from "../Model.js"
import type { ExcludedModel, ProviderError } from "../OllamaError.js"

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
 * A secret that OpenClaw would look up: `{ source: "file" | "exec" | "store", … }`, `secretref-managed` or `oauth:…`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SecretReference {
  /** `managed` is `secretref-managed`, whose secret OpenClaw keeps elsewhere. */
  readonly source: "file" | "exec" | "store" | "managed" | "oauth"
  /** The entry of OpenClaw's `secrets.providers` that has it; `default` when none is written. */
  readonly provider: string
  /** Its name there; empty for `managed`. */
  readonly id: string
  /** All of it, as errors name it, e.g. `file:vault:/providers/openai`. */
  readonly text: string
  /** The id of the provider that needs it. */
  readonly neededBy: string
  /** Where it is written, e.g. `models.providers.openai.apiKey`. */
  readonly path: string
}

/**
 * A secret that a provider needs and that nobody was asked for yet.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderSecret {
  readonly reference: SecretReference
  /** The header that it is for, in lower case; without one it is the key. */
  readonly header?: string | undefined
  /** What comes before it in the header. */
  readonly prefix?: string | undefined
  /** As of {@link ProviderKey}. */
  readonly source: string
  /** As of {@link ProviderKey}. */
  readonly explicit: boolean
  /** Whether the provider can be asked without it. */
  readonly optional: boolean
}

/**
 * Headers that are sent with every request; names in lower case, values secret.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProviderHeaders {
  readonly [name: string]: Redacted.Redacted
}

/**
 * A configured model, with the settings of its entry.
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
  /** Parameters that were written for it and that cannot be sent: each answer that they would have shaped says so. */
  readonly ignored?: ReadonlyArray<Ignored> | undefined
  /** Whether to ask for a stream on the wire; stronger than the provider's. */
  readonly streaming?: boolean | undefined
  /** The context in tokens that the user wants: the weakest way to set `numCtx`. */
  readonly contextTokens?: number | undefined
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens" | undefined
  readonly compat?: Compat | undefined
}

/**
 * What a model's server needs or lacks, of OpenClaw's `compat`; what is not said is as usual.
 *
 * @since 0.1.0
 * @category models
 */
export interface Compat {
  /** Whether `temperature` may be sent. */
  readonly supportsTemperature?: boolean | undefined
  /** Whether an effort of thinking may be sent. */
  readonly supportsReasoningEffort?: boolean | undefined
  /** The server's words for efforts, by the user's; `null` takes a word away. */
  readonly reasoningEffortMap?: { readonly [effort: string]: string | null } | undefined
  /** Whether a stream may be asked for its usage. */
  readonly supportsUsageInStreaming?: boolean | undefined
  /** Whether an answer may be asked for by a JSON Schema. */
  readonly supportsJsonSchemaResponseFormat?: boolean | undefined
  /** Whether tools may have the field `strict`. */
  readonly supportsStrictMode?: boolean | undefined
  /** Whether the content of every message has to be one text. */
  readonly requiresStringContent?: boolean | undefined
  /** Whether every message of the assistant needs the field `reasoning_content`. */
  readonly requiresReasoningContentOnAssistantMessages?: boolean | undefined
  /** Whether reasoning goes back as text. */
  readonly requiresThinkingAsText?: boolean | undefined
  /** Whether the result of a tool needs the tool's name. */
  readonly requiresToolResultName?: boolean | undefined
}

/**
 * A server as it is asked: where it is, with which key and headers, and for how long.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint {
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
}

/**
 * A provider that can be asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Provider extends Endpoint {
  readonly id: string
  /** Where its models come from: its server is asked for them, or they are the configured `models` and nobody is asked. */
  readonly source: Catalog["source"]
  readonly api: Api
  readonly params: JsonObject
  /** Parameters that were written for it and that cannot be sent: each answer that they would have shaped says so. */
  readonly ignored?: ReadonlyArray<Ignored> | undefined
  /** Whether to ask for streams on the wire. */
  readonly streaming?: boolean | undefined
  readonly models: ReadonlyArray<ProviderModel>
  /** Models that are written down for it and that cannot be asked, with the reason. */
  readonly excluded?: ReadonlyArray<ExcludedModel> | undefined
  /** Whether discovery keeps models without tools too. */
  readonly keepWithoutTools: boolean
  /** What it lacks as yet: `Models` asks the host's `secrets` for them when the provider is first needed. */
  readonly secrets?: ReadonlyArray<ProviderSecret> | undefined
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
  /** One sentence: why its models are discovered or configured, or why it is not enabled or unavailable. */
  readonly reason: string
  readonly result: Either.Either<Provider, ProviderError>
}

/**
 * A model of a provider that is made by hand: its name on the server, and what is known about it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelOptions extends Omit<ProviderModel, "definition" | "headers" | "ignored"> {
  readonly id: string
  readonly name?: string | undefined
  readonly reasoning?: boolean | undefined
  readonly tools?: boolean | undefined
  readonly input?: ReadonlyArray<"text" | "image"> | undefined
  readonly cost?: Cost | undefined
  /** In tokens. */
  readonly contextWindow?: number | undefined
  /** In tokens. */
  readonly maxTokens?: number | undefined
  readonly headers?: HeaderOptions | undefined
}

/**
 * Headers as they are given in code; they become {@link ProviderHeaders}.
 *
 * @since 0.1.0
 * @category models
 */
export interface HeaderOptions {
  readonly [name: string]: string | Redacted.Redacted
}
