/** What a configuration comes to. */
import type * as Redacted from "effect/Redacted"
import type { JsonObject } from "../../Message.js"
import type { ProviderStatus } from "../provider.js"

/**
 * What host code decides itself. These win over the configuration.
 *
 * @since 0.1.0
 * @category models
 */
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
}

/**
 * The settings of one model, from `agents.defaults.models["<ref>"]`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelSettings {
  /** As written; compared as a ref. */
  readonly ref: string
  readonly alias?: string | undefined
  readonly params?: JsonObject | undefined
  readonly streaming?: boolean | undefined
}

/**
 * A configuration, resolved. Every decision that was taken is data here.
 *
 * @since 0.1.0
 * @category models
 */
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
  readonly primary?: string | undefined
  readonly fallbacks: ReadonlyArray<string>
  readonly models: ReadonlyArray<ModelSettings>
  readonly diagnostics: ReadonlyArray<Diagnostic>
}
