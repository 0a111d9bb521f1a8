/** What a configuration comes to. */
import type * as Redacted from "effect/Redacted"
import type { Ignored } from "../../Chat.js"
import type { JsonObject } from "../../Message.js"
import type { InvalidModelRef, MissingEnvironmentVariable } from "../../OllamaError.js"
import type { ProviderStatus } from "../provider.js"

/** What host code decides itself, but for what it does. */
export interface HostOptions {
  /** Enables `ollama` without any key. */
  readonly discover?: boolean | undefined
  /**
   * Where `ollama` is, e.g. `http://gpu-box:11434`. It enables nothing by itself, and the key and headers of an entry
   * with another `baseUrl` do not go there.
   */
  readonly baseUrl?: string | undefined
  /** A key for `ollama`; it also enables it. */
  readonly apiKey?: Redacted.Redacted | undefined
  /** Keeps models without tools in the catalog too (for plain chat). Default `false`. */
  readonly keepWithoutTools?: boolean | undefined
  /** Whether to ask for streams on the wire, of every provider for which the configuration does not say it. */
  readonly streaming?: boolean | undefined
}

/**
 * Something about the configuration that is worth saying and that is no failure.
 *
 * @since 0.1.0
 * @category models
 */
export interface Diagnostic {
  readonly level: "warning" | "error"
  /** Where, e.g. `models.providers.ollama.baseURL` or `auth-profiles.json: profiles.work`. */
  readonly path: string
  readonly message: string
  /** Where it stands, when it was read from a file. */
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/**
 * The settings of one model, from `agents.defaults.models["<ref>"]`, or of all models of a provider, from `"<provider>/*"`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelSettings {
  /** As written; compared as a ref. */
  readonly ref: string
  readonly alias?: string | undefined
  readonly params?: JsonObject | undefined
  /** Parameters that were written here and that cannot be sent: each answer that they would have shaped says so. */
  readonly ignored?: ReadonlyArray<Ignored> | undefined
  readonly streaming?: boolean | undefined
}

/**
 * The settings of all models, from `agents.defaults`: weaker than those of a model's ref, stronger than a provider's.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelDefaults {
  readonly params?: JsonObject | undefined
  /** Parameters that were written here and that cannot be sent: each answer that they would have shaped says so. */
  readonly ignored?: ReadonlyArray<Ignored> | undefined
  readonly streaming?: boolean | undefined
  /** How hard to think when nothing else says it: `off` for the models of an Ollama, other words for those that can. */
  readonly thinking?: string | undefined
}

/**
 * A primary or a fallback that names no model, with the error that its turn comes to.
 *
 * @since 0.1.0
 * @category models
 */
export interface BrokenRef {
  /** As it stands among the primary and the fallbacks. */
  readonly ref: string
  readonly error: InvalidModelRef | MissingEnvironmentVariable
}

/** A configuration, resolved. Every decision that was taken is data here. */
export interface ResolvedConfig {
  readonly source: {
    /** The configuration file that was looked for; absent when the configuration was given in code. */
    readonly configPath?: string | undefined
    readonly configFound: boolean
    readonly profilesPath?: string | undefined
    readonly profilesFound: boolean
  }
  /** `ollama` first, then the others in the configuration's order. */
  readonly providers: ReadonlyArray<ProviderStatus>
  /** Providers without an entry that are known all the same (`ollama-cloud`): only a full ref leads to them. */
  readonly unlisted?: ReadonlyArray<ProviderStatus> | undefined
  readonly primary?: string | undefined
  readonly fallbacks: ReadonlyArray<string>
  /** Those of the primary and the fallbacks that name no model. */
  readonly broken?: ReadonlyArray<BrokenRef> | undefined
  readonly models: ReadonlyArray<ModelSettings>
  readonly defaults?: ModelDefaults | undefined
  /** The host's own setting of `streaming`, which is weaker than any other. */
  readonly streaming?: boolean | undefined
  readonly diagnostics: ReadonlyArray<Diagnostic>
}
