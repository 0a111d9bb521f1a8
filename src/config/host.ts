/**
 * What the host decides, and what it does: it looks up secrets. The pure parts are the core's.
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as resolve from "../core/config/resolve.js"
import type * as resolved from "../core/config/resolved.js"
import type { SecretReference } from "../core/provider.js"

/**
 * Looks up a secret to which the configuration only refers.
 *
 * @since 0.1.0
 * @category models
 */
export type Secrets = (reference: SecretReference) => Effect.Effect<Redacted.Redacted, unknown>

/**
 * What host code decides itself. These win over the configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface HostOptions extends resolved.HostOptions {
  /**
   * Looks up the secrets that OpenClaw keeps elsewhere. It is asked when a provider is first needed, once for all who wait,
   * for at most 10 s; what it gives is kept, its failures are not. Without it such a provider is unavailable.
   */
  readonly secrets?: Secrets | undefined
}

/**
 * A configuration, resolved. Every decision that was taken is data here.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResolvedConfig extends resolved.ResolvedConfig {
  /** Who is asked for the secrets that providers lack as yet. */
  readonly secrets?: Secrets | undefined
}

/** With what the host does, beside what was decided. */
export const withSecrets = (config: resolved.ResolvedConfig, options: HostOptions | undefined): ResolvedConfig =>
  options?.secrets === undefined ? config : { ...config, secrets: options.secrets }

/** The options as the core takes them. */
export const given = (options: HostOptions | undefined): Pick<resolve.Input, "asks" | "options"> => ({
  options,
  asks: options?.secrets !== undefined
})
