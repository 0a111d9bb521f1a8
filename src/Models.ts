/**
 * The catalogs of all providers, and the choice of a model from them.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as internal from "./catalog/catalog.js"
import type { Candidate, Service } from "./catalog/catalog.js"
import type { CandidateOptions } from "./core/catalog/candidates.js"
import type { Selection } from "./core/catalog/selection.js"
import { settle } from "./core/config/params.js"
import { verbatim } from "./core/config/reader.js"
import type { ModelSettings } from "./core/config/resolved.js"
import type { ModelOptions, Provider, ProviderStatus } from "./core/provider.js"
import type { Catalog } from "./Model.js"
import { ModelDiscovery } from "./ModelDiscovery.js"
import type { CatalogError, ConfigInvalid, ProviderError, SelectionError } from "./OllamaError.js"
import { OpenClawConfig } from "./OpenClawConfig.js"
import type { Options as ProviderOptions } from "./Provider.js"
import { make as makeProvider } from "./Provider.js"

export type { Candidate, Service } from "./catalog/catalog.js"
export type { CandidateOptions } from "./core/catalog/candidates.js"
export type { Selection } from "./core/catalog/selection.js"
export type { ProviderStatus } from "./core/provider.js"
export type { Catalog } from "./Model.js"
export type { CatalogError, SelectionError } from "./OllamaError.js"

/**
 * The service that knows the catalogs and chooses models.
 *
 * @since 0.1.0
 * @category tags
 */
export class Models extends Context.Tag("effect-ollama/Models")<Models, Service>() {}

// =============================================================================
// constructors
// =============================================================================

/**
 * For how long catalogs are used.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** For how long a discovered catalog is used. Default 30 s. */
  readonly timeToLive?: Duration.DurationInput | undefined
  /**
   * A model that a catalog lacks is asked for anew at most once in this time, and so is one that it has while its server
   * does not answer. Default 2 s.
   */
  readonly refreshInterval?: Duration.DurationInput | undefined
}

/**
 * The models of a configuration. A catalog is discovered when it is first needed, not before.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<Service, never, OpenClawConfig | ModelDiscovery> =>
  Effect.map(Effect.all([OpenClawConfig, ModelDiscovery]), ([config, discovery]) => {
    const timeToLive = Duration.toMillis(options?.timeToLive ?? "30 seconds")
    const refreshInterval = Duration.toMillis(options?.refreshInterval ?? "2 seconds")
    return internal.make(config, (provider, unlocked) =>
      provider.source === "discovered"
        ? internal.makeCache({
          discover: Effect.flatMap(unlocked, discovery.discover),
          timeToLive,
          refreshInterval
        })
        : undefined, config.secrets === undefined ? internal.unlockAlone : internal.unlockWith(config.secrets))
  })

/**
 * {@link layer} with other limits.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<Models, never, OpenClawConfig | ModelDiscovery> =>
  Layer.effect(Models, make(options))

// pure, or a bundle with `layerStatic` alone would hold what this needs
/**
 * The models of the configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Models, never, OpenClawConfig | ModelDiscovery> = /* @__PURE__ */ layerWith({})

/**
 * What a hand-made catalog holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface StaticOptions {
  /** Of several with the same id the first counts. */
  readonly providers: ReadonlyArray<Provider>
  /** The model to use when none is named. Default: the first of the first provider. */
  readonly primary?: string | undefined
  readonly fallbacks?: ReadonlyArray<string> | undefined
  /** The settings of models: aliases, parameters, streaming. A parameter that cannot be sent is told in `ignored`. */
  readonly models?: ReadonlyArray<ModelSettings> | undefined
}

/**
 * The service over a hand-made catalog: no configuration is read and nothing is discovered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeStatic = (options: ReadonlyArray<Provider> | StaticOptions): Service => {
  const given: StaticOptions = "providers" in options ? options : { providers: options }
  const ids = new Set<string>()
  return internal.make(
    {
      providers: given.providers.flatMap((provider): ReadonlyArray<ProviderStatus> => {
        const { id } = provider
        if (ids.has(id.trim().toLowerCase())) return []
        ids.add(id.trim().toLowerCase())
        return [{ id, configured: true, reason: "given in code", result: Either.right(provider) }]
      }),
      primary: given.primary,
      fallbacks: given.fallbacks ?? [],
      models: (given.models ?? []).map(settled)
    },
    () => undefined,
    internal.unlockAlone
  )
}

// As those of a configuration.
const settled = (model: ModelSettings, i: number): ModelSettings => {
  const { ignored, params, streaming } = settle(verbatim(() => undefined), model.params, ["models", i, "params"])
  return {
    ...model,
    ...(ignored.length === 0 ? {} : { params, ignored: [...model.ignored ?? [], ...ignored] }),
    streaming: model.streaming ?? streaming
  }
}

/**
 * One hand-made provider: its models are names, or names with what is known about them.
 *
 * @since 0.1.0
 * @category models
 */
export interface StaticProvider extends Omit<ProviderOptions, "models" | "keepWithoutTools"> {
  readonly models: ReadonlyArray<string | ModelOptions>
}

/**
 * A hand-made catalog: no configuration is read and nothing is discovered. Only a provider that is not made yet can be
 * wrong.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { Models } from "effect-ollama"
 *
 * export const ModelsLive = Models.layerStatic({ baseUrl: "http://gpu-box:11434", models: ["gpt-oss:20b"] })
 */
export function layerStatic(options: ReadonlyArray<Provider> | StaticOptions): Layer.Layer<Models>
export function layerStatic(provider: StaticProvider): Layer.Layer<Models, ConfigInvalid>
export function layerStatic(
  options: ReadonlyArray<Provider> | StaticOptions | StaticProvider
): Layer.Layer<Models, ConfigInvalid> {
  return Array.isArray(options) || "providers" in options
    ? Layer.sync(Models, () => makeStatic(options as ReadonlyArray<Provider> | StaticOptions))
    : Layer.effect(Models, made(options as StaticProvider))
}

const made = (options: StaticProvider): Either.Either<Service, ConfigInvalid> =>
  Either.map(
    makeProvider({
      ...options,
      models: options.models.map((model) => typeof model === "string" ? { id: model } : model)
    }),
    (provider) => makeStatic([provider])
  )

// =============================================================================
// accessors
// =============================================================================

/**
 * What is *configured*; no request is made for it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const providers: Effect.Effect<ReadonlyArray<ProviderStatus>, never, Models> = /* @__PURE__ */ Effect.map(
  Models,
  (models) => models.providers
)

/**
 * A provider as it can be asked: with the secrets that only the host can look up (`secrets`), or the reason why it cannot.
 *
 * @since 0.1.0
 * @category accessors
 */
export const provider = (id: string): Effect.Effect<Provider, ProviderError, Models> =>
  Effect.flatMap(Models, (models) => models.provider(id))

/**
 * The models of a provider, discovered when they are not known, or not fresh enough.
 *
 * @since 0.1.0
 * @category accessors
 */
export const catalog = (provider: string): Effect.Effect<Catalog, CatalogError, Models> =>
  Effect.flatMap(Models, (models) => models.catalog(provider))

/**
 * The models of a provider, asked for anew, e.g. after a pull.
 *
 * @since 0.1.0
 * @category accessors
 */
export const refresh = (provider: string): Effect.Effect<Catalog, CatalogError, Models> =>
  Effect.flatMap(Models, (models) => models.refresh(provider))

/**
 * Says that the models of a provider have changed: they are asked for anew when they are next needed, not before.
 *
 * @since 0.1.0
 * @category accessors
 */
export const invalidate = (provider: string): Effect.Effect<void, never, Models> =>
  Effect.flatMap(Models, (models) => models.invalidate(provider))

/**
 * The last catalog of a provider that was got, however old; no request is made for it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const lastGood = (provider: string): Effect.Effect<Option.Option<Catalog>, never, Models> =>
  Effect.flatMap(Models, (models) => models.lastGood(provider))

/**
 * Chooses a model: the one named, else the configured primary, else the first that is available.
 *
 * @since 0.1.0
 * @category accessors
 */
export const select = (model?: string): Effect.Effect<Selection, SelectionError, Models> =>
  Effect.flatMap(Models, (models) => models.select(model))

/**
 * The models that a completion would try, in order; no request is made for it.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * import { Effect } from "effect"
 * import { Models } from "effect-ollama"
 *
 * export const refs = Effect.map(Models.candidates(), (candidates) => candidates.map(({ ref }) => ref))
 */
export const candidates = (options?: CandidateOptions): Effect.Effect<ReadonlyArray<Candidate>, never, Models> =>
  Effect.map(Models, (models) => models.candidates(options))

/**
 * A provider with its models, or with the reason why they are not known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listing {
  readonly status: ProviderStatus
  readonly catalog: Either.Either<Catalog, CatalogError>
}

/**
 * The models of all providers, for display: one that fails never hides another.
 *
 * @since 0.1.0
 * @category accessors
 */
export const list: Effect.Effect<ReadonlyArray<Listing>, never, Models> = /* @__PURE__ */ Effect.flatMap(
  Models,
  (models) =>
    Effect.forEach(
      models.providers,
      (status) => Effect.map(Effect.either(models.catalog(status.id)), (catalog) => ({ status, catalog })),
      { concurrency: 8 }
    )
)
