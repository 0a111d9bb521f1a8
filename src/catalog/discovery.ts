/** Asks a server which models it has and what each can do. */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Schedule from "effect/Schedule"
import type { InstalledModel } from "../core/catalog/answers.js"
import { type Asked, catalogOf, listed, type Wanted } from "../core/catalog/discovered.js"
import type { Provider } from "../core/provider.js"
import type { Catalog } from "../Model.js"
import type { DiscoveryError, TransportError } from "../OllamaError.js"
import * as server from "../server/server.js"
import { probing } from "./probe.js"
import * as showCache from "./showCache.js"

export interface DiscoveryOptions {
  readonly client: HttpClient.HttpClient
  readonly store: KeyValueStore.KeyValueStore | undefined
  readonly probeSchedule: Schedule.Schedule<unknown, TransportError>
  /** All in ms. */
  readonly tagsTimeout: number
  readonly attemptTimeout: number
  readonly showTimeout: number
  readonly showTimeToLive: number
  /** How many models are asked about at a time. */
  readonly concurrency: number
  /** How many answers about models are remembered. */
  readonly showCapacity: number
  readonly maxTagsBytes: number
  readonly maxShowBytes: number
  readonly maxModels: number
}

export const make = (
  options: DiscoveryOptions
): (provider: Provider, wanted?: Wanted) => Effect.Effect<Catalog, DiscoveryError> => {
  const { attemptTimeout, client } = options
  const cache = showCache.make({
    timeToLive: options.showTimeToLive,
    capacity: options.showCapacity,
    store: options.store
  })

  const tags = (endpoint: Provider) =>
    probing({
      schedule: options.probeSchedule,
      attemptTimeout,
      attempt: (attempts, onHead) =>
        server.tags(
          { client, endpoint, limit: options.tagsTimeout, maxBytes: options.maxTagsBytes, attempts, onHead },
          options.maxModels
        ),
      timeout: { url: `${endpoint.root}/api/tags`, limit: attemptTimeout }
    })

  const show = (endpoint: Provider, model: InstalledModel) =>
    server.show({ client, endpoint, limit: options.showTimeout, maxBytes: options.maxShowBytes }, model.name)

  // What is remembered, else what the server says, else what it said once about the same digest.
  const look = (provider: Provider, model: InstalledModel): Effect.Effect<Asked> =>
    Effect.flatMap(cache.get(provider.root, model.digest), (remembered) => {
      if (remembered !== undefined && remembered.fresh) return Effect.succeed(Either.right(remembered.shown))
      return Effect.matchEffect(show(provider, model), {
        onFailure: (error) =>
          Effect.succeed<Asked>(remembered === undefined ? Either.left(error) : Either.right(remembered.shown)),
        onSuccess: ({ capabilities, contextWindow, numCtx }) => {
          const shown = { capabilities, contextWindow, numCtx }
          return Effect.as(cache.set(provider.root, model.digest, shown), Either.right(shown))
        }
      })
    })

  const discover = Effect.fnUntraced(
    function*(provider: Provider, wanted?: Wanted): Effect.fn.Return<Catalog, DiscoveryError> {
      const list = listed(yield* tags(provider))
      yield* cache.load(provider.root, list.models.length)
      const asked = yield* Effect.forEach(list.models, (model) => look(provider, model), {
        concurrency: options.concurrency
      })
      yield* cache.save(provider.root)
      return yield* catalogOf(provider, list, asked, wanted)
    }
  )

  return (provider, wanted) =>
    Effect.withSpan(discover(provider, wanted), "ModelDiscovery.discover", {
      captureStackTrace: false,
      attributes: { provider: provider.id, url: provider.root }
    })
}
