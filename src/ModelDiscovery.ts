/**
 * Asks an Ollama which models it has and what each can do.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import { probing } from "./catalog/probe.js"
import * as showCache from "./catalog/showCache.js"
import {
  definitionOf,
  entriesOf,
  exclusionOf,
  inOrder,
  readShow,
  type Shown,
  type Tag,
  tagOf,
  unique
} from "./core/catalog/show.js"
import { asEndpointError } from "./core/failure/refusal.js"
import { isTransportError } from "./core/failure/transport.js"
import type { Catalog, ModelDefinition } from "./Model.js"
import {
  type DiscoveryError,
  type ExcludedModel,
  MalformedResponse,
  type ModelEndpointError,
  type TransportError
} from "./OllamaError.js"
import * as OllamaSchedule from "./OllamaSchedule.js"
import type { Provider } from "./Provider.js"
import * as http from "./transport/transport.js"

/**
 * What {@link ModelDiscovery} can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Asks `/api/tags`, then `/api/show` for each model of which the answer is not remembered. Succeeds, also with an
   * empty catalog, when the server answers.
   */
  readonly discover: (provider: Provider) => Effect.Effect<Catalog, DiscoveryError>
}

/**
 * The service that asks a server for its models.
 *
 * @since 0.1.0
 * @category tags
 */
export class ModelDiscovery extends Context.Tag("effect-ollama/ModelDiscovery")<ModelDiscovery, Service>() {}

/**
 * Limits of discovery, and how its probe is repeated.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How a server that refuses, resets or does not answer is asked again. Default: `OllamaSchedule.probe`.
   */
  readonly probe?: Schedule.Schedule<unknown, TransportError> | undefined
  /** Longest time for the list of models, in ms. Default: 5,000. */
  readonly tagsTimeout?: number | undefined
  /** How long one attempt may take to answer while another is to follow, in ms. Default: 500. */
  readonly attemptTimeout?: number | undefined
  /** Longest time for what is asked about one model, in ms. Default: 3,000. */
  readonly showTimeout?: number | undefined
  /** How many models are asked about at a time. Default: 8. */
  readonly concurrency?: number | undefined
  /** How long the answer about a model (as long as its digest stays the same) is remembered. Default: 24 hours. */
  readonly showTimeToLive?: Duration.DurationInput | undefined
  /** How many such answers are remembered. Default: 10,000. */
  readonly showCapacity?: number | undefined
  /** The largest list of models, in bytes. Default: 64 MiB. */
  readonly maxTagsBytes?: number | undefined
  /** The largest answer about a model, in bytes. Default: 8 MiB. */
  readonly maxShowBytes?: number | undefined
  /** The longest list of models. Default: 100,000. */
  readonly maxModels?: number | undefined
}

const mebi = 1024 * 1024

// What became of the question about one model.
type Answer = Either.Either<Shown, TransportError | ModelEndpointError | MalformedResponse>

const toDiscoveryError = (error: TransportError | ModelEndpointError | MalformedResponse): DiscoveryError =>
  isTransportError(error) || error._tag === "MalformedResponse" ? error : asEndpointError(error)

// In a few words: the catalog says it beside the model's name.
const inShort = (error: TransportError | ModelEndpointError | MalformedResponse): string => {
  switch (error._tag) {
    case "RequestTimeout":
      return error.limit === undefined ? "no answer in time" : `no answer within ${error.limit} ms`
    case "ConnectionRefused":
      return "the connection was refused"
    case "ConnectionFailed":
      return `the connection failed (${error.cause?.code ?? error.reason})`
    case "MalformedResponse":
      return error.detail
    default: {
      const detail = error.detail ?? ""
      return error.status === undefined ? detail : detail === "" ? `${error.status}` : `${error.status}: ${detail}`
    }
  }
}

const makeWith = (
  options: Options | undefined,
  store: KeyValueStore.KeyValueStore | undefined
): Effect.Effect<Service, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const schedule = options?.probe ?? OllamaSchedule.probe
    const tagsTimeout = options?.tagsTimeout ?? 5000
    const attemptTimeout = options?.attemptTimeout ?? 500
    const showTimeout = options?.showTimeout ?? 3000
    const concurrency = options?.concurrency ?? 8
    const maxTagsBytes = options?.maxTagsBytes ?? 64 * mebi
    const maxShowBytes = options?.maxShowBytes ?? 8 * mebi
    const maxModels = options?.maxModels ?? 100_000
    const cache = showCache.make({
      timeToLive: Duration.toMillis(options?.showTimeToLive ?? Duration.hours(24)),
      capacity: options?.showCapacity ?? 10_000,
      store
    })

    const tags = (provider: Provider): Effect.Effect<ReadonlyArray<Tag>, DiscoveryError> => {
      const url = `${provider.root}/api/tags`
      return Effect.flatMap(
        Effect.mapError(
          probing({
            schedule,
            attemptTimeout,
            attempt: (attempts, onHead) =>
              http.ask(client, http.makeRequest({ provider, method: "GET", url, purpose: "discovery" }), {
                url,
                attempts,
                limit: tagsTimeout,
                maxBytes: maxTagsBytes,
                onHead
              }),
            timeout: { url, limit: attemptTimeout }
          }),
          toDiscoveryError
        ),
        (text) =>
          Either.mapBoth(entriesOf(text, maxModels), {
            onLeft: (detail) => new MalformedResponse({ url, detail }),
            onRight: (models) => models.map(tagOf).filter((tag) => tag !== undefined)
          })
      )
    }

    const show = (provider: Provider, tag: Tag): Effect.Effect<Answer> => {
      const url = `${provider.root}/api/show`
      return Effect.either(
        Effect.flatMap(
          Effect.suspend(() =>
            http.ask(
              client,
              http.makeRequest({
                provider,
                method: "POST",
                url,
                body: JSON.stringify({ model: tag.name }),
                purpose: "discovery"
              }),
              { url, attempts: 1, limit: showTimeout, maxBytes: maxShowBytes, model: tag.name }
            )
          ),
          (text) => Either.mapLeft(readShow(text), (detail) => new MalformedResponse({ url, detail }))
        )
      )
    }

    // What is remembered, else what the server says, else what it said once about the same digest.
    const look = (provider: Provider, tag: Tag): Effect.Effect<Answer> =>
      Effect.flatMap(cache.get(provider.root, tag.digest), (remembered) => {
        if (remembered !== undefined && remembered.fresh) return Effect.succeed(Either.right(remembered.shown))
        return Effect.flatMap(show(provider, tag), (answer): Effect.Effect<Answer> => {
          if (Either.isRight(answer)) return Effect.as(cache.set(provider.root, tag.digest, answer.right), answer)
          return Effect.succeed(remembered === undefined ? answer : Either.right(remembered.shown))
        })
      })

    const discover = Effect.fnUntraced(function*(provider: Provider): Effect.fn.Return<Catalog, DiscoveryError> {
      const listed = unique(inOrder(yield* tags(provider)))
      yield* cache.load(provider.root)
      const answers = yield* Effect.forEach(listed.tags, (tag) => look(provider, tag), { concurrency })
      yield* cache.save(provider.root)
      const failures = answers.flatMap((answer) => Either.isLeft(answer) ? [answer.left] : [])
      const lost = failures.find(isTransportError)
      if (lost !== undefined && failures.length === answers.length && failures.every(isTransportError)) {
        return yield* Effect.fail(lost)
      }
      const models: Array<ModelDefinition> = []
      const excluded: Array<ExcludedModel> = []
      listed.tags.forEach((tag, index) => {
        const answer = answers[index]!
        if (Either.isLeft(answer)) {
          excluded.push({ name: tag.name, reason: "show-failed", detail: inShort(answer.left) })
          return
        }
        const reason = exclusionOf(answer.right.capabilities, provider.keepWithoutTools)
        if (reason === undefined) models.push(definitionOf(tag, answer.right))
        else excluded.push({ name: tag.name, reason })
      })
      return {
        provider: provider.id,
        url: provider.root,
        source: "discovered",
        models,
        excluded: [...excluded, ...listed.duplicates]
      }
    })

    return {
      discover: (provider) =>
        Effect.withSpan(discover(provider), "ModelDiscovery.discover", {
          captureStackTrace: false,
          attributes: { provider: provider.id, url: provider.root }
        })
    }
  })

/**
 * A discovery over the `HttpClient` of the context. It remembers what models can do for as long as it lives.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<Service, never, HttpClient.HttpClient> =>
  makeWith(options, undefined)

/**
 * The same, and what models can do is kept in the `KeyValueStore` of the context too, so that it survives the process.
 * Of a server that has nothing new, only the list of models is then ever asked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makePersisted = (
  options?: Options
): Effect.Effect<Service, never, HttpClient.HttpClient | KeyValueStore.KeyValueStore> =>
  Effect.flatMap(KeyValueStore.KeyValueStore, (store) => makeWith(options, store))

/**
 * Discovery with other limits, or another way to repeat its probe.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { ModelDiscovery } from "effect-ollama"
 *
 * // 16 models at a time, 10 s for each
 * export const Discovery = ModelDiscovery.layerWith({ concurrency: 16, showTimeout: 10_000 })
 */
export const layerWith = (options: Options): Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient> =>
  Layer.effect(ModelDiscovery, make(options))

/**
 * Discovery.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient> = /* @__PURE__ */ layerWith({})

/**
 * Discovery that keeps what models can do in a `KeyValueStore`.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { NodeContext } from "@effect/platform-node"
 * import { KeyValueStore } from "@effect/platform"
 * import { ModelDiscovery } from "effect-ollama"
 * import { Layer } from "effect"
 *
 * export const Discovery = ModelDiscovery.layerPersisted().pipe(
 *   Layer.provide(KeyValueStore.layerFileSystem(".cache/ollama")),
 *   Layer.provide(NodeContext.layer)
 * )
 */
export const layerPersisted = (
  options?: Options
): Layer.Layer<ModelDiscovery, never, HttpClient.HttpClient | KeyValueStore.KeyValueStore> =>
  Layer.effect(ModelDiscovery, makePersisted(options))
