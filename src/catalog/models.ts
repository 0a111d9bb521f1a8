/**
 * The service behind `Models`: settings and a way to discover, however they were come by.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as selection from "../core/catalog/selection.js"
import type { Selection } from "../core/catalog/selection.js"
import { isTransportError } from "../core/failure/transportError.js"
import type { Provider, ProviderStatus } from "../core/provider.js"
import type { Catalog } from "../Model.js"
import type { CatalogError, DiscoveryError, ProviderError, SelectionError } from "../OllamaError.js"
import * as Span from "../telemetry/span.js"
import type { CatalogCache } from "./catalogCache.js"

/**
 * A model to try, in its turn: its provider's catalog is only asked for when `select` runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Candidate {
  /** As it was written, or as it was found. */
  readonly ref: string
  readonly selectedBy: Selection["selectedBy"]
  /** The root URL of its provider, when that is known before `select` runs. */
  readonly url?: string | undefined
  readonly select: Effect.Effect<Selection, SelectionError>
}

/**
 * What {@link Models} can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** What is *configured*; no request is made for it. */
  readonly providers: ReadonlyArray<ProviderStatus>
  /** The models of a provider, at most `timeToLive` old. */
  readonly catalog: (provider: string) => Effect.Effect<Catalog, CatalogError>
  /** The models of a provider, asked for anew. */
  readonly refresh: (provider: string) => Effect.Effect<Catalog, CatalogError>
  /** The last catalog that was got, however old; no request is made for it. */
  readonly lastGood: (provider: string) => Effect.Effect<Option.Option<Catalog>>
  /**
   * The model named (a ref, an alias, or a name that only one provider has), else the configured primary, else the first
   * that is available.
   */
  readonly select: (model?: string) => Effect.Effect<Selection, SelectionError>
  /** The models to try, in order and without duplicates: the one named, the primary, the fallbacks. */
  readonly candidates: (options?: selection.CandidateOptions) => ReadonlyArray<Candidate>
}

/** A provider that lists its models: no request is made. */
const listed = (catalog: Catalog): CatalogCache => {
  const known = Effect.succeed(catalog)
  return { read: known, refresh: known, lookup: () => known, last: Effect.succeedSome(catalog) }
}

export const make = (
  settings: selection.Settings,
  makeSource: (provider: Provider) => CatalogCache | undefined
): Service => {
  const sources = new Map<string, CatalogCache>()
  const lists: Array<Catalog> = []
  for (const provider of selection.usable(settings.providers)) {
    const asked = makeSource(provider)
    const list = selection.configured(provider)
    if (asked === undefined) lists.push(list)
    sources.set(provider.id, asked ?? listed(list))
  }
  const sourceOf = (provider: Provider): CatalogCache => sources.get(provider.id)!

  const providerOf = (id: string): Either.Either<Provider, ProviderError> =>
    selection.findStatus(settings.providers, id)?.result
      ?? Either.left(selection.unknownProvider(settings.providers, id))

  const onSource = (id: string, use: (source: CatalogCache) => Effect.Effect<Catalog, DiscoveryError>) =>
    Effect.suspend((): Effect.Effect<Catalog, CatalogError> =>
      Either.match(providerOf(id), {
        onLeft: (error) => Effect.fail(error),
        onRight: (provider) => use(sourceOf(provider))
      })
    )

  // A model that was there keeps being one while its server does not say what it has. An answer that refuses is one.
  const orLastGood = (
    source: CatalogCache,
    name: string,
    lookup: Effect.Effect<Catalog, DiscoveryError>
  ): Effect.Effect<Catalog, DiscoveryError> =>
    Effect.catchAll(lookup, (error): Effect.Effect<Catalog, DiscoveryError> =>
      isTransportError(error)
        ? Effect.flatMap(source.last, (last) =>
          Option.isSome(last) && selection.findModel(last.value, name) !== undefined
            ? Effect.succeed(last.value)
            : Effect.fail(error))
        : Effect.fail(error))

  const lookup = (provider: Provider, name: string, recheck: boolean): Effect.Effect<Catalog, DiscoveryError> => {
    const source = sourceOf(provider)
    const has = (catalog: Catalog) => selection.findModel(catalog, name) !== undefined
    return orLastGood(source, name, recheck ? source.lookup(has) : source.read)
  }

  const byRef = (provider: Provider, name: string, selectedBy: Selection["selectedBy"]) =>
    Effect.flatMap(lookup(provider, name, true), (catalog): Effect.Effect<Selection, SelectionError> => {
      const model = selection.findModel(catalog, name)
      return model === undefined
        ? Effect.fail(selection.missing(catalog, name))
        : Effect.succeed(selection.select(settings, provider, model, selectedBy))
    })

  // A provider that can be asked is only asked twice when no list has the name.
  const byName = (name: string, selectedBy: Selection["selectedBy"]) =>
    Effect.suspend(() => {
      const providers = selection.usable(settings.providers)
      const isListed = lists.some((list) => selection.findModel(list, name) !== undefined)
      return Effect.flatMap(
        Effect.forEach(
          providers,
          (provider) =>
            Effect.map(Effect.either(lookup(provider, name, !isListed)), (catalog) => ({ provider, catalog })),
          { concurrency: 8 }
        ),
        (consulted): Effect.Effect<Selection, SelectionError> => {
          const found = selection.having(consulted, name)
          return found.length === 1
            ? Effect.succeed(selection.select(settings, found[0]!.provider, found[0]!.model, selectedBy))
            : Effect.fail(selection.missingName(settings, consulted, name))
        }
      )
    })

  const firstAvailable = Effect.suspend((): Effect.Effect<Selection, SelectionError> => {
    const found = selection.firstStatus(settings)?.result
      ?? Either.left(selection.unknownProvider(settings.providers, "ollama"))
    if (Either.isLeft(found)) return Effect.fail(found.left)
    const provider = found.right
    return Effect.flatMap(
      sourceOf(provider).lookup((catalog) => catalog.models.length > 0),
      (catalog) =>
        catalog.models.length === 0
          ? Effect.fail(selection.empty(catalog))
          : Effect.succeed(selection.select(settings, provider, catalog.models[0]!, "first-available"))
    )
  })

  const selectPlanned = ({ selectedBy, target }: selection.Planned): Effect.Effect<Selection, SelectionError> => {
    if (target === "first-available") return firstAvailable
    if (Either.isLeft(target)) return Effect.fail(target.left)
    const named = target.right
    if (named._tag === "Name") return byName(named.name, selectedBy)
    return Either.match(named.status.result, {
      onLeft: (error) => Effect.fail(error),
      onRight: (provider) => byRef(provider, named.model, selectedBy)
    })
  }

  const candidates: Service["candidates"] = (options) =>
    selection.plan(settings, options).map((planned) => ({
      ref: planned.ref,
      selectedBy: planned.selectedBy,
      url: planned.url,
      select: Span.use("Models.select", (span) => {
        span.annotate({ model: planned.ref })
        return selectPlanned(planned)
      })
    }))

  const onProvider = (name: string, provider: string) =>
    Effect.withSpan(name, { captureStackTrace: false, attributes: { provider } })

  return {
    providers: settings.providers,
    catalog: (provider) => onProvider("Models.catalog", provider)(onSource(provider, (source) => source.read)),
    refresh: (provider) => onProvider("Models.refresh", provider)(onSource(provider, (source) => source.refresh)),
    lastGood: (provider) =>
      Either.match(providerOf(provider), {
        onLeft: () => Effect.succeedNone,
        onRight: (found) => sourceOf(found).last
      }),
    select: (model) => Effect.suspend(() => candidates({ model, fallbacks: [] })[0]!.select),
    candidates
  }
}
