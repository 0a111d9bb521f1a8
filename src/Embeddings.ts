/**
 * Vectors of texts, by Ollama's own API or by `/v1/embeddings`.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Request from "effect/Request"
import * as RequestResolver from "effect/RequestResolver"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Ignored, Usage } from "./Chat.js"
import * as Completion from "./completion/completion.js"
import { findStatus, usable } from "./core/catalog/refs.js"
import { areAlike, type Asked, batches, embedders, tokensOf, unlike } from "./core/embedding/embedding.js"
import type { Endpoint } from "./core/provider.js"
import * as Attributes from "./core/telemetry/attributes.js"
import type { Api, Catalog } from "./Model.js"
import { ModelDiscovery } from "./ModelDiscovery.js"
import * as ModelRef from "./ModelRef.js"
import { Models } from "./Models.js"
import { type CatalogError, InvalidRequest, MalformedResponse, type SelectionError } from "./OllamaError.js"
import * as OllamaSchedule from "./OllamaSchedule.js"
import * as internal from "./server/server.js"
import * as Telemetry from "./telemetry/telemetry.js"

/**
 * The forms of a vector.
 *
 * @since 0.1.0
 * @category models
 */
export interface Vectors {
  readonly float32: Float32Array
  readonly numbers: ReadonlyArray<number>
}

/**
 * What vectors are wanted.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmbedOptions<Form extends keyof Vectors = "float32"> {
  /**
   * The ref of the model, e.g. `ollama/nomic-embed-text`, its alias, or its name alone where there is one provider. There is
   * no default and no fallback: vectors of two models cannot be compared.
   */
  readonly model: string
  /** The length of the vectors, for models that can shorten them. */
  readonly dimensions?: number | undefined
  /** Whether a text that is too long is cut (Ollama's default) or refused. */
  readonly truncate?: boolean | undefined
  /** How long the model stays loaded: seconds, or a Go duration such as `"5m"`; negative is for ever. */
  readonly keepAlive?: number | string | undefined
  /** `float32` (the default), which takes a fifth of the memory, or `numbers`. */
  readonly vectors?: Form | undefined
  /** The most texts of one request. Default: that of the service, 100. */
  readonly batchSize?: number | undefined
  /** How many requests run at once. Default: that of the service, 2. */
  readonly concurrency?: number | undefined
}

/**
 * What is said about vectors.
 *
 * @since 0.1.0
 * @category models
 */
export interface About {
  /** The ref that was asked for. */
  readonly ref: string
  /** The model name that the server reported. */
  readonly model?: string | undefined
  /** Absent when the server did not tell. */
  readonly usage?: Usage | undefined
  /** What was asked for and cannot be sent. */
  readonly ignored: ReadonlyArray<Ignored>
}

/**
 * The vector of a text.
 *
 * @since 0.1.0
 * @category models
 */
export interface Embedded<out V = Float32Array> extends About {
  readonly embedding: V
}

/**
 * The vectors of texts, in the order of the texts.
 *
 * @since 0.1.0
 * @category models
 */
export interface EmbeddedMany<out V = Float32Array> extends About {
  readonly embeddings: ReadonlyArray<V>
}

/**
 * How embedding can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type EmbeddingError = SelectionError | internal.ModelError

/**
 * What {@link Embeddings} can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The vector of a text. */
  readonly embed: <Form extends keyof Vectors = "float32">(
    text: string,
    options: EmbedOptions<Form>
  ) => Effect.Effect<Embedded<Vectors[Form]>, EmbeddingError>
  /** The vectors of texts, in their order: asked for in batches, some of them at once. */
  readonly embedMany: <Form extends keyof Vectors = "float32">(
    texts: ReadonlyArray<string>,
    options: EmbedOptions<Form>
  ) => Effect.Effect<EmbeddedMany<Vectors[Form]>, EmbeddingError>
}

/**
 * The service that makes vectors.
 *
 * @since 0.1.0
 * @category tags
 */
export class Embeddings extends Context.Tag("effect-ollama/Embeddings")<Embeddings, Service>() {}

/**
 * Limits of the service; a call may set its own batches.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The most texts of one request. Default: 100. */
  readonly batchSize?: number | undefined
  /** How many requests of one call run at once. Default: 2. */
  readonly concurrency?: number | undefined
  /** Longest time for one request when its endpoint sets none; a model that is being loaded says nothing. Default: 10 minutes. */
  readonly timeout?: Duration.DurationInput | undefined
  /** The largest answer to one request, in bytes. Default: 64 MiB. */
  readonly maxBytes?: number | undefined
  /** How a request is repeated. Default: `OllamaSchedule.transient`. */
  readonly retrySchedule?: Schedule.Schedule<unknown, EmbeddingError> | undefined
}

interface Target {
  readonly ref: string
  readonly endpoint: Endpoint
  readonly api: Api
  readonly model: string
}

/**
 * The service over the `HttpClient` and the `Models` of the context.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service, never, HttpClient.HttpClient | Models> =>
  Effect.map(Effect.all([HttpClient.HttpClient, Models]), ([client, models]): Service => {
    const timeout = Duration.toMillis(options.timeout ?? "10 minutes")
    const maxBytes = options.maxBytes ?? 64 * 1024 * 1024
    const operations = Telemetry.make("embeddings")

    // What an alias stands for. A bare name can only be of the one provider that there is.
    const fullRef = (text: string): string => {
      const ref = models.candidates({ model: text, fallbacks: [] })[0]?.ref ?? text
      const [only, ...others] = usable(models.providers)
      return ref.includes("/") || only === undefined || others.length > 0 ? ref : `${only.id}/${ref}`
    }

    // Catalogs that are discovered are those of models for chats, so the server itself says whether it has this one.
    const targetOf = (text: string): Effect.Effect<Target, SelectionError> => {
      const ref = fullRef(text)
      const parsed = ModelRef.parse(ref)
      const found = Either.isRight(parsed) ? findStatus(models.providers, parsed.right.provider)?.result : undefined
      if (found !== undefined && Either.isLeft(found)) return Effect.fail(found.left)
      if (found?.right.source === "discovered" && Either.isRight(parsed)) {
        const { model } = parsed.right
        return Effect.map(
          models.provider(found.right.id),
          (provider): Target => ({ ref: `${provider.id}/${model}`, endpoint: provider, api: provider.api, model })
        )
      }
      return Effect.map(
        models.select(text),
        ({ api, endpoint, model, ref }): Target => ({ ref, endpoint, api, model: model.id })
      )
    }

    const many = <Form extends keyof Vectors>(
      texts: ReadonlyArray<string>,
      input: EmbedOptions<Form>,
      operation: Telemetry.Operation
    ): Effect.Effect<EmbeddedMany<Vectors[Form]>, EmbeddingError> =>
      Effect.gen(function*() {
        const wrong = texts.findIndex((text) => typeof text !== "string")
        if (wrong >= 0) return yield* new InvalidRequest({ path: `texts[${wrong}]`, detail: "expected a text" })
        const { api, endpoint, model, ref } = yield* targetOf(input.model)
        const embedder = embedders[api]
        operation.asks(ref)
        operation.describe(() =>
          Attributes.ofEmbeddings({ ref, root: endpoint.root, dimensions: input.dimensions, texts: texts.length })
        )
        const asked: Asked = input
        const form = input.vectors ?? ("float32" as Form) // the default
        const asking = { client, endpoint, limit: endpoint.timeout ?? timeout, maxBytes }
        const answers = yield* Effect.forEach(
          batches(texts, input.batchSize ?? options.batchSize ?? 100),
          (batch) =>
            Completion.repeated(
              (attempts) => internal.embed({ ...asking, attempts }, embedder, model, batch, asked, form),
              options.retrySchedule ?? OllamaSchedule.transient,
              (error, attempt) => operation.retries(ref, error, attempt)
            ),
          { concurrency: input.concurrency ?? options.concurrency ?? 2 }
        )
        if (!areAlike(answers)) return yield* new MalformedResponse({ url: embedder.url(endpoint), detail: unlike })
        const tokens = tokensOf(answers)
        const said = answers[0]?.model
        operation.embedded({ model: said, tokens })
        return {
          embeddings: answers.flatMap(({ vectors }) => vectors as ReadonlyArray<Vectors[Form]>), // they were asked for in it
          ref,
          ...(said === undefined ? undefined : { model: said }),
          ...(tokens === undefined ? undefined : { usage: { inputTokens: tokens, totalTokens: tokens } }),
          ignored: embedder.ignored(asked)
        }
      })

    const embedMany: Service["embedMany"] = (texts, input) =>
      Telemetry.run(operations, "Embeddings.embedMany", (operation) => many(texts, input, operation))

    const embed: Service["embed"] = (text, input) =>
      Telemetry.run(operations, "Embeddings.embed", (operation) =>
        Effect.map(
          many([text], input, operation),
          ({ embeddings, ...about }) => ({ embedding: embeddings[0]!, ...about })
        ))

    return { embed, embedMany }
  })

/**
 * The service with other limits.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<Embeddings, never, HttpClient.HttpClient | Models> =>
  Layer.effect(Embeddings, make(options))

/**
 * The service.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Embeddings, never, HttpClient.HttpClient | Models> = /* @__PURE__ */ layerWith({})

// =============================================================================
// accessors
// =============================================================================

/**
 * The vector of a text.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * import { Embeddings } from "effect-ollama"
 *
 * export const vector = Embeddings.embed("Why is the sky blue?", { model: "ollama/nomic-embed-text" })
 */
export const embed = <Form extends keyof Vectors = "float32">(
  text: string,
  options: EmbedOptions<Form>
): Effect.Effect<Embedded<Vectors[Form]>, EmbeddingError, Embeddings> =>
  Effect.flatMap(Embeddings, (embeddings) => embeddings.embed(text, options))

/**
 * The vectors of texts, in their order.
 *
 * @since 0.1.0
 * @category accessors
 */
export const embedMany = <Form extends keyof Vectors = "float32">(
  texts: ReadonlyArray<string>,
  options: EmbedOptions<Form>
): Effect.Effect<EmbeddedMany<Vectors[Form]>, EmbeddingError, Embeddings> =>
  Effect.flatMap(Embeddings, (embeddings) => embeddings.embedMany(texts, options))

/**
 * The models of a provider that make vectors, of those that its server has now; all that are listed, where the configuration
 * lists them. `model` of {@link EmbedOptions} is the ref of one of them.
 *
 * @since 0.1.0
 * @category accessors
 * @example
 * import { Effect } from "effect"
 * import { Embeddings } from "effect-ollama"
 *
 * export const refs = Effect.map(Embeddings.catalog("ollama"), ({ models, provider }) =>
 *   models.map(({ id }) => `${provider}/${id}`))
 */
export const catalog = (provider: string): Effect.Effect<Catalog, CatalogError, Models | ModelDiscovery> =>
  Effect.flatMap(Effect.all([Models, ModelDiscovery]), ([models, discovery]) => {
    const found = findStatus(models.providers, provider)?.result
    return found !== undefined && Either.isRight(found) && found.right.source === "discovered"
      ? discovery.discover(found.right, { capability: "embedding" })
      : models.catalog(provider)
  })

// =============================================================================
// gathering
// =============================================================================

/**
 * A text whose vector is wanted, for a {@link makeResolver | resolver}.
 *
 * @since 0.1.0
 * @category requests
 */
export class EmbedText<V = Float32Array> extends Request.TaggedClass("EmbedText")<V, EmbeddingError, {
  readonly text: string
}> {}

/**
 * What a resolver asks, and what it waits for.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResolverOptions<Form extends keyof Vectors = "float32"> extends EmbedOptions<Form> {
  /** How long it waits for further texts after the first. Default: 10 ms. */
  readonly window?: Duration.DurationInput | undefined
  /** How many different texts are enough, so that it does not wait on. Default: 100. */
  readonly maxTexts?: number | undefined
}

interface Gathering<V> {
  /** Each text, once. */
  readonly texts: Map<string, number>
  readonly vectors: Deferred.Deferred<ReadonlyArray<V>, EmbeddingError>
  readonly full: Deferred.Deferred<void>
  waiting: number
  fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
}

/**
 * A resolver that asks once for all texts that any fibers want within a window. What nobody waits for any more is not asked,
 * or interrupted.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { Effect } from "effect"
 * import { Embeddings } from "effect-ollama"
 *
 * export const vectors = Effect.scoped(Effect.gen(function*() {
 *   const resolver = yield* Embeddings.makeResolver({ model: "ollama/nomic-embed-text", window: "20 millis" })
 *   const vector = (text: string) => Effect.request(new Embeddings.EmbedText({ text }), resolver)
 *   // one request
 *   return yield* Effect.all([vector("one"), vector("two")], { concurrency: "unbounded" })
 * }))
 */
export const makeResolver = <Form extends keyof Vectors = "float32">(
  options: ResolverOptions<Form>
): Effect.Effect<RequestResolver.RequestResolver<EmbedText<Vectors[Form]>>, never, Embeddings | Scope.Scope> =>
  Effect.map(Effect.all([Embeddings, Effect.scope]), ([embeddings, scope]) => {
    const { maxTexts = 100, window = "10 millis", ...asked } = options
    let open: Gathering<Vectors[Form]> | undefined

    const run = (gathering: Gathering<Vectors[Form]>) =>
      Effect.raceFirst(Effect.sleep(window), Deferred.await(gathering.full)).pipe(
        Effect.zipRight(Effect.suspend(() => {
          if (open === gathering) open = undefined
          return embeddings.embedMany([...gathering.texts.keys()], asked)
        })),
        Effect.map((embedded) => embedded.embeddings),
        Effect.interruptible,
        Effect.forkIn(scope)
      )

    const begin = Effect.suspend(() => {
      const gathering: Gathering<Vectors[Form]> = {
        texts: new Map(),
        vectors: Deferred.unsafeMake(FiberId.none),
        full: Deferred.unsafeMake(FiberId.none),
        waiting: 0,
        fiber: undefined
      }
      open = gathering
      return Effect.map(run(gathering), (fiber) => {
        gathering.fiber = fiber
        // Also of one that never runs, as its scope is closed.
        fiber.addObserver((exit) => Deferred.unsafeDone(gathering.vectors, exit))
        return gathering
      })
    })

    const leave = (gathering: Gathering<Vectors[Form]>) =>
      Effect.suspend(() => {
        gathering.waiting--
        if (gathering.waiting > 0 || gathering.fiber === undefined) return Effect.void
        if (open === gathering) open = undefined
        return Fiber.interrupt(gathering.fiber)
      })

    return RequestResolver.fromEffect(({ text }: EmbedText<Vectors[Form]>) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Effect.suspend(() => open === undefined ? begin : Effect.succeed(open)), (gathering) => {
          const index = gathering.texts.get(text) ?? gathering.texts.size
          gathering.texts.set(text, index)
          gathering.waiting++
          const isFull = gathering.texts.size >= maxTexts
          if (isFull && open === gathering) open = undefined
          const vectors = Effect.map(Deferred.await(gathering.vectors), (vectors) => vectors[index]!)
          return Effect.zipRight(
            isFull ? Deferred.succeed(gathering.full, undefined) : Effect.void,
            Effect.ensuring(restore(vectors), leave(gathering))
          )
        })
      )
    )
  })
