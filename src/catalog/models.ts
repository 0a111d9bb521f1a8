/**
 * The service behind `Models`: settings and a way to discover, however they were come by.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import { type CandidateOptions, firstStatus, plan, type Planned } from "../core/catalog/candidates.js"
import * as catalogs from "../core/catalog/catalogs.js"
import { findStatus, known, type Settings, unknownProvider, usable } from "../core/catalog/refs.js"
import { select, type Selection } from "../core/catalog/selection.js"
import { noteRefusal, refusalOf, type Refusals } from "../core/failure/fallback.js"
import type { Provider, ProviderStatus } from "../core/provider.js"
import type { Catalog, ModelDefinition } from "../Model.js"
import type { CatalogError, ProviderError, SelectionError } from "../OllamaError.js"
import * as Span from "../telemetry/telemetry.js"
import type { CatalogCache } from "./catalogCache.js"
import type { Unlock } from "./secrets.js"

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
  /** The same within a call that remembers which hosts refused the connection: no catalog is asked for there. */
  readonly selectAfter: (refusals: Refusals) => Effect.Effect<Selection, SelectionError>
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
  /** A provider as it can be asked: with the secrets that only the host can look up. */
  readonly provider: (id: string) => Effect.Effect<Provider, ProviderError>
  /** The models of a provider, at most `timeToLive` old. */
  readonly catalog: (provider: string) => Effect.Effect<Catalog, CatalogError>
  /** The models of a provider, asked for anew. */
  readonly refresh: (provider: string) => Effect.Effect<Catalog, CatalogError>
  /** Says that the models of a provider have changed: they are asked for anew when they are next needed, not before. */
  readonly invalidate: (provider: string) => Effect.Effect<void>
  /** The last catalog that was got, however old; no request is made for it. */
  readonly lastGood: (provider: string) => Effect.Effect<Option.Option<Catalog>>
  /**
   * The model named (a ref, an alias, or a name that only one provider has), else the configured primary, else the first
   * that is available.
   */
  readonly select: (model?: string) => Effect.Effect<Selection, SelectionError>
  /** The models to try, in order and without duplicates: the one named, the primary, the fallbacks. */
  readonly candidates: (options?: CandidateOptions) => ReadonlyArray<Candidate>
}

/** A provider that lists its models: no request is made. */
const listed = (catalog: Catalog): CatalogCache => {
  const known = Effect.succeed(catalog)
  return {
    read: known,
    refresh: known,
    lookup: () => known,
    orLast: (_, asked) => asked,
    invalidate: Effect.void,
    last: Effect.succeedSome(catalog)
  }
}

export const make = (
  settings: Settings,
  makeSource: (
    provider: Provider,
    unlocked: Effect.Effect<Provider, ProviderError>
  ) => CatalogCache | undefined,
  unlock: Unlock
): Service => {
  const sources = new Map<string, CatalogCache>()
  const unlocked = new Map<string, Effect.Effect<Provider, ProviderError>>()
  const lists: Array<Catalog> = []
  for (const provider of usable(known(settings))) {
    const whole = unlock(provider)
    unlocked.set(provider.id, whole)
    const asked = makeSource(provider, whole)
    const list = catalogs.configured(provider)
    if (asked === undefined) lists.push(list)
    sources.set(provider.id, asked ?? listed(list))
  }
  const sourceOf = (provider: Provider): CatalogCache => sources.get(provider.id)!

  const unlockedOf = (provider: Provider) => unlocked.get(provider.id)!

  // A model of a catalog is called in the same way each time.
  const chosen = new WeakMap<ModelDefinition, { [By in Selection["selectedBy"]]?: Selection }>()
  const chosenOf = (provider: Provider, model: ModelDefinition, selectedBy: Selection["selectedBy"]): Selection => {
    let known = chosen.get(model)
    if (known === undefined) chosen.set(model, known = {})
    const found = known[selectedBy]
    return found?.provider === provider ? found : known[selectedBy] = select(settings, provider, model, selectedBy)
  }

  // What is chosen can be asked: with its secrets.
  const choose = (provider: Provider, model: ModelDefinition, selectedBy: Selection["selectedBy"]) =>
    Effect.map(unlockedOf(provider), (whole) => chosenOf(whole, model, selectedBy))

  const providerOf = (id: string): Either.Either<Provider, ProviderError> =>
    findStatus(known(settings), id)?.result
      ?? Either.left(unknownProvider(settings.providers, id))

  const onSource = (id: string, use: (source: CatalogCache) => Effect.Effect<Catalog, CatalogError>) =>
    Effect.suspend((): Effect.Effect<Catalog, CatalogError> =>
      Either.match(providerOf(id), {
        onLeft: (error) => Effect.fail(error),
        onRight: (provider) => use(sourceOf(provider))
      })
    )

  // A model that was there keeps being one while its server does not say what it has.
  const lookup = (provider: Provider, name: string, recheck: boolean): Effect.Effect<Catalog, CatalogError> => {
    const source = sourceOf(provider)
    const has = (catalog: Catalog) => catalogs.findModel(catalog, name) !== undefined
    return source.orLast(has, recheck ? source.lookup(has) : source.read)
  }

  const byRef = (provider: Provider, name: string, selectedBy: Selection["selectedBy"]) =>
    Effect.flatMap(lookup(provider, name, true), (catalog): Effect.Effect<Selection, SelectionError> => {
      const model = catalogs.findModel(catalog, name)
      return model === undefined
        ? Effect.fail(catalogs.missing(catalog, name))
        : choose(provider, model, selectedBy)
    })

  // A provider that can be asked is only asked twice when no list has the name.
  const byName = (name: string, selectedBy: Selection["selectedBy"], refusals: Refusals) =>
    Effect.suspend(() => {
      const providers = usable(settings.providers)
      const isListed = lists.some((list) => catalogs.findModel(list, name) !== undefined)
      return Effect.flatMap(
        Effect.forEach(
          providers,
          (provider) => {
            // who lists its models is not asked for them
            const refused = provider.source === "discovered" ? refusalOf(refusals, provider.root) : undefined
            const asked = refused === undefined ? lookup(provider, name, !isListed) : Effect.fail(refused)
            return Effect.map(Effect.either(asked), (catalog) => {
              if (Either.isLeft(catalog)) noteRefusal(refusals, catalog.left)
              return { provider, catalog }
            })
          },
          { concurrency: 8 }
        ),
        (consulted): Effect.Effect<Selection, SelectionError> => {
          const found = catalogs.having(consulted, name)
          return found.length === 1
            ? choose(found[0]!.provider, found[0]!.model, selectedBy)
            : Effect.fail(catalogs.missingName(settings, consulted, name, selectedBy))
        }
      )
    })

  const first = firstStatus(settings)?.result
  const firstAvailable = (wanted: string | undefined): Effect.Effect<Selection, SelectionError> => {
    const found = first ?? Either.left(unknownProvider(settings.providers, "ollama"))
    if (Either.isLeft(found)) return Effect.fail(found.left)
    const provider = found.right
    const source = sourceOf(provider)
    const some = source.lookup((catalog) => catalog.models.length > 0)
    return Effect.flatMap(
      wanted === undefined
        ? some
        : source.orLast((catalog) => catalogs.findModel(catalog, wanted) !== undefined, some),
      (catalog): Effect.Effect<Selection, SelectionError> => {
        const model = (wanted === undefined ? undefined : catalogs.findModel(catalog, wanted)) ?? catalog.models[0]
        return model === undefined
          ? Effect.fail(catalogs.empty(catalog))
          : choose(provider, model, "first-available")
      }
    )
  }

  const selectPlanned = (
    { selectedBy, target, wanted }: Planned,
    refusals: Refusals
  ): Effect.Effect<Selection, SelectionError> => {
    if (target === "first-available") return firstAvailable(wanted)
    if (Either.isLeft(target)) return Effect.fail(target.left)
    const named = target.right
    if (named._tag === "Name") return byName(named.name, selectedBy, refusals)
    return Either.match(named.status.result, {
      onLeft: (error) => Effect.fail(error),
      onRight: (provider) => byRef(provider, named.model, selectedBy)
    })
  }

  const candidateOf = (planned: Planned): Candidate => {
    const selectAfter = (refusals: Refusals) =>
      Span.use("Models.select", (span) => {
        span.annotate({ model: planned.ref })
        return selectPlanned(planned, refusals)
      })
    return {
      ref: planned.ref,
      selectedBy: planned.selectedBy,
      url: planned.url,
      select: Effect.suspend(() => selectAfter(new Map())),
      selectAfter
    }
  }

  // Whom most calls ask: all that the settings say.
  let standing: ReadonlyArray<Candidate> | undefined
  const candidates: Service["candidates"] = (options) =>
    options?.model === undefined && options?.fallbacks === undefined && options?.askFirst === undefined
      ? standing ??= plan(settings).map(candidateOf)
      : plan(settings, options).map(candidateOf)

  const onProvider = (name: string, provider: string) =>
    Effect.withSpan(name, { captureStackTrace: false, attributes: { provider } })

  return {
    providers: settings.providers,
    provider: (id) => Effect.suspend(() => Effect.flatMap(providerOf(id), unlockedOf)),
    catalog: (provider) => onProvider("Models.catalog", provider)(onSource(provider, (source) => source.read)),
    refresh: (provider) => onProvider("Models.refresh", provider)(onSource(provider, (source) => source.refresh)),
    invalidate: (provider) =>
      Either.match(providerOf(provider), {
        onLeft: () => Effect.void,
        onRight: (found) => sourceOf(found).invalidate
      }),
    lastGood: (provider) =>
      Either.match(providerOf(provider), {
        onLeft: () => Effect.succeedNone,
        onRight: (found) => sourceOf(found).last
      }),
    select: (model) => Effect.suspend(() => candidates({ model, fallbacks: [] })[0]!.select),
    candidates
  }
}
