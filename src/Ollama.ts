/**
 * Everything in one Layer: configuration, discovery, the choice of models, and completions.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as KeyValueStore from "@effect/platform/KeyValueStore"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as ChatCompletions from "./ChatCompletions.js"
import * as Embeddings from "./Embeddings.js"
import * as ModelDiscovery from "./ModelDiscovery.js"
import * as Models from "./Models.js"
import * as OllamaClient from "./OllamaClient.js"
import type { ConfigInvalid, ConfigurationError } from "./OllamaError.js"
import * as OpenClawConfig from "./OpenClawConfig.js"
import { isSameServer } from "./transport/transport.js"

/**
 * The services that {@link layer} provides. Each can also be provided alone, or replaced.
 *
 * @since 0.1.0
 * @category models
 */
export type Ollama = OpenClawConfig.OpenClawConfig | Services

/**
 * The services that {@link layerServices} provides: all but the configuration.
 *
 * @since 0.1.0
 * @category models
 */
export type Services =
  | OllamaClient.OllamaClient
  | ModelDiscovery.ModelDiscovery
  | Models.Models
  | ChatCompletions.ChatCompletions
  | Embeddings.Embeddings

/**
 * What can be set for the services: for each what its own `layerWith` takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServiceOptions {
  readonly client?: OllamaClient.Options | undefined
  readonly discovery?: ModelDiscovery.Options | undefined
  readonly models?: Models.Options | undefined
  readonly completions?: ChatCompletions.Options | undefined
  readonly embeddings?: Embeddings.Options | undefined
}

/**
 * The options of the services, and those of the host, which win over the configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends ServiceOptions, OpenClawConfig.HostOptions {}

/**
 * The same, and which file is read.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileOptions extends ServiceOptions, OpenClawConfig.FileOptions {}

/**
 * Options with a discovery that keeps what models can do in the `KeyValueStore` of the context:
 * `discovery: { persisted: true }`.
 *
 * @since 0.1.0
 * @category models
 */
export type Persisted<O extends ServiceOptions> = O & { readonly discovery: ModelDiscovery.PersistedOptions }

/**
 * All services, with options, over a configuration that is provided separately.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServicesWith: {
  (
    options: Persisted<ServiceOptions>
  ): Layer.Layer<
    Services,
    never,
    OpenClawConfig.OpenClawConfig | HttpClient.HttpClient | KeyValueStore.KeyValueStore
  >
  (options: ServiceOptions): Layer.Layer<Services, never, OpenClawConfig.OpenClawConfig | HttpClient.HttpClient>
} = ({ client = {}, completions = {}, discovery = {}, embeddings = {}, models = {} }: ServiceOptions) =>
  Layer.mergeAll(ChatCompletions.layerWith(completions), Embeddings.layerWith(embeddings), clientLayer(client)).pipe(
    Layer.provideMerge(Models.layerWith(models)),
    Layer.provideMerge(ModelDiscovery.layerWith(discovery))
  )

// The client knows no catalog and no configuration: what it changes makes catalogs stale, and the cloud is a provider.
const clientLayer = (options: OllamaClient.Options) =>
  Layer.effect(
    OllamaClient.OllamaClient,
    Effect.flatMap(Models.Models, (models) => {
      const hasCloud = models.providers.some(({ id }) => id === "ollama-cloud")
      return Effect.map(
        OllamaClient.make({ ...(hasCloud ? { cloud: models.provider("ollama-cloud") } : undefined), ...options }),
        (client) => invalidating(client, models)
      )
    })
  )

const invalidating = (client: OllamaClient.Service, models: Models.Service): OllamaClient.Service => {
  const changed = ({ root }: OllamaClient.Endpoint): Effect.Effect<void> =>
    Effect.forEach(
      models.providers,
      ({ id, result }) =>
        Either.isRight(result) && isSameServer(result.right.root, root) ? models.invalidate(id) : Effect.void,
      { discard: true }
    )
  const told = (endpoint: OllamaClient.Endpoint) => ({ done }: OllamaClient.Progress) =>
    done ? changed(endpoint) : Effect.void
  return {
    ...client,
    pull: (endpoint, ...args) => Stream.tap(client.pull(endpoint, ...args), told(endpoint)),
    create: (endpoint, options) => Stream.tap(client.create(endpoint, options), told(endpoint)),
    copy: (endpoint, ...args) => Effect.zipLeft(client.copy(endpoint, ...args), changed(endpoint)),
    delete: (endpoint, ...args) => Effect.zipLeft(client.delete(endpoint, ...args), changed(endpoint))
  }
}

/**
 * All services over a configuration that is provided separately, e.g. by `OpenClawConfig.layerConfig`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServices: Layer.Layer<Services, never, OpenClawConfig.OpenClawConfig | HttpClient.HttpClient> =
  layerServicesWith({})

/**
 * All services over the configuration files and the environment, with options of the host, which win.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { Ollama } from "effect-ollama"
 *
 * export const OllamaLive = Ollama.layerWith({ discover: true, discovery: { showTimeout: "10 seconds" } })
 */
export const layerWith: {
  (
    options: Persisted<FileOptions>
  ): Layer.Layer<
    Ollama,
    ConfigurationError,
    HttpClient.HttpClient | KeyValueStore.KeyValueStore | FileSystem.FileSystem | Path.Path
  >
  (
    options: FileOptions
  ): Layer.Layer<Ollama, ConfigurationError, HttpClient.HttpClient | FileSystem.FileSystem | Path.Path>
} = (options: FileOptions) => Layer.provideMerge(layerServicesWith(options), OpenClawConfig.layerFileWith(options))

/**
 * All services over the configuration files and the environment, as OpenClaw resolves them.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Ollama, ConfigurationError, HttpClient.HttpClient | FileSystem.FileSystem | Path.Path> =
  layerWith({})

/**
 * All services over a configuration that is given in code: no file is read.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { Ollama } from "effect-ollama"
 *
 * export const OllamaLive = Ollama.layerValue({ agents: { defaults: { model: "ollama/gpt-oss:20b" } } })
 */
export const layerValue: {
  (
    config: OpenClawConfig.ConfigInput,
    options: Persisted<Options>
  ): Layer.Layer<
    Ollama,
    ConfigInvalid,
    HttpClient.HttpClient | KeyValueStore.KeyValueStore
  >
  (
    config: OpenClawConfig.ConfigInput,
    options?: Options
  ): Layer.Layer<Ollama, ConfigInvalid, HttpClient.HttpClient>
} = (config: OpenClawConfig.ConfigInput, options: Options = {}) =>
  Layer.provideMerge(layerServicesWith(options), OpenClawConfig.layerWith(config, options))
