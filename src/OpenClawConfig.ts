/**
 * The configuration as OpenClaw resolves it: `openclaw.json`, environment and auth profiles, or a value given in code.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { given, type HostOptions, type ResolvedConfig, withSecrets } from "./config/host.js"
import * as internalLoad from "./config/load.js"
import type { FileOptions, Locations } from "./config/load.js"
import type { ConfigValue, ConfigValueEncoded } from "./ConfigValue.js"

import { lookups } from "./config/lookups.js"
import * as internalResolve from "./core/config/resolve.js"
import type * as OllamaError from "./OllamaError.js"

export type { HostOptions, ResolvedConfig, Secrets } from "./config/host.js"
export type { FileOptions, Locations } from "./config/load.js"
export type { Diagnostic, ModelSettings } from "./core/config/resolved.js"

/**
 * The service that holds the resolved configuration.
 *
 * @since 0.1.0
 * @category tags
 */
export class OpenClawConfig extends Context.Tag("effect-ollama/OpenClawConfig")<OpenClawConfig, ResolvedConfig>() {}

// =============================================================================
// in code
// =============================================================================

/**
 * A configuration that is written in code: with `Redacted` secrets, or as plain JSON.
 *
 * @since 0.1.0
 * @category models
 */
export type ConfigInput = ConfigValue | ConfigValueEncoded

/**
 * What {@link resolve} decides from.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResolveInput {
  /** A configuration; any value at all is accepted, and what is wrong with it is said. */
  readonly config?: unknown
  /** The environment variables. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** What `auth-profiles.json` holds. */
  readonly profiles?: unknown
  readonly options?: HostOptions | undefined
  /** The time in ms since 1970, for tokens that expire. Default: none has expired. */
  readonly now?: number | undefined
}

/**
 * Resolves a configuration: a pure function of all that it depends on.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { OpenClawConfig } from "effect-ollama"
 *
 * export const resolved = OpenClawConfig.resolve({
 *   config: { agents: { defaults: { model: "ollama/gpt-oss:20b" } } },
 *   env: { OLLAMA_API_KEY: "ollama-local" }
 * })
 */
export const resolve = (
  input: ResolveInput
): Either.Either<ResolvedConfig, OllamaError.ConfigInvalid> => {
  const { config, env = {}, now = 0, options, profiles } = input
  return Either.map(
    internalResolve.resolve({
      config,
      lookup: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
      ...given(options),
      now,
      ...(profiles === undefined ? {} : { profiles: { path: "auth-profiles.json", value: profiles } })
    }),
    (found) => withSecrets(found, options)
  )
}

/**
 * Resolves a configuration that is given in code. No file is read; variables come from the `ConfigProvider`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (
  config?: ConfigInput,
  options?: HostOptions
) => Effect.Effect<ResolvedConfig, OllamaError.ConfigInvalid> = Effect
  .fnUntraced(function*(config?: ConfigInput, options?: HostOptions) {
    const lookup = yield* lookups(internalResolve.variables(config))
    const now = yield* Clock.currentTimeMillis
    return withSecrets(yield* internalResolve.resolve({ config, lookup, ...given(options), now }), options)
  })

/**
 * The configuration from a plain value, without any file.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { OpenClawConfig } from "effect-ollama"
 *
 * export const ConfigLive = OpenClawConfig.layer({
 *   models: { providers: { ollama: { apiKey: "ollama-local", api: "ollama" } } }
 * })
 */
export const layer = (
  config: ConfigInput
): Layer.Layer<OpenClawConfig, OllamaError.ConfigInvalid> => layerWith(config, {})

/**
 * The same with options of the host, which win.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (
  config: ConfigInput,
  options: HostOptions
): Layer.Layer<OpenClawConfig, OllamaError.ConfigInvalid> => Layer.effect(OpenClawConfig, make(config, options))

/**
 * What {@link layerConfig} takes: the host's options, and optionally a whole configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends HostOptions {
  readonly config?: ConfigValue | undefined
}

/**
 * The configuration from Effect `Config`s, without any file.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { Config } from "effect"
 * import { OpenClawConfig } from "effect-ollama"
 *
 * export const ConfigLive = OpenClawConfig.layerConfig({
 *   baseUrl: Config.string("MY_OLLAMA_URL"),
 *   apiKey: Config.redacted("MY_OLLAMA_KEY")
 * })
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<
  OpenClawConfig,
  OllamaError.ConfigInvalid | ConfigError.ConfigError
> =>
  Layer.effect(
    OpenClawConfig,
    Effect.flatMap(Config.unwrap(options), ({ config, ...rest }) => make(config, rest))
  )

// =============================================================================
// from files
// =============================================================================

/**
 * Where the configuration of this machine is looked for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const locations = (options?: FileOptions): Effect.Effect<Locations, never, Path.Path> =>
  internalLoad.locations(options?.path)

/**
 * Reads and resolves the configuration of this machine: environment, `.env`, `openclaw.json`, auth profiles. Without a
 * file it is the empty configuration.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (
  options?: FileOptions
): Effect.Effect<ResolvedConfig, OllamaError.ConfigurationError, FileSystem.FileSystem | Path.Path> =>
  Effect.withSpan(internalLoad.load(options ?? {}), "OpenClawConfig.load", { captureStackTrace: false })

/**
 * The configuration of this machine, read once.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { NodeContext } from "@effect/platform-node"
 * import { Layer } from "effect"
 * import { OpenClawConfig } from "effect-ollama"
 *
 * export const ConfigLive = OpenClawConfig.layerFile.pipe(Layer.provide(NodeContext.layer))
 */
export const layerFile: Layer.Layer<
  OpenClawConfig,
  OllamaError.ConfigurationError,
  FileSystem.FileSystem | Path.Path
> = Layer.suspend(() => layerFileWith({}))

/**
 * The same with options of the host, which win, or with another file.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFileWith = (
  options: FileOptions
): Layer.Layer<OpenClawConfig, OllamaError.ConfigurationError, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(OpenClawConfig, load(options))
