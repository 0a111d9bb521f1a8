/**
 * Everything in one Layer: configuration, discovery, the choice of models, and completions.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import * as Layer from "effect/Layer"
import * as ChatCompletions from "./ChatCompletions.js"
import * as ModelDiscovery from "./ModelDiscovery.js"
import * as Models from "./Models.js"
import * as OllamaClient from "./OllamaClient.js"
import type { ConfigInvalid, ConfigurationError } from "./OllamaError.js"
import * as OpenClawConfig from "./OpenClawConfig.js"

/**
 * The services that {@link layer} provides. Each can also be provided alone, or replaced.
 *
 * @since 0.1.0
 * @category models
 */
export type Ollama =
  | OpenClawConfig.OpenClawConfig
  | OllamaClient.OllamaClient
  | ModelDiscovery.ModelDiscovery
  | Models.Models
  | ChatCompletions.ChatCompletions

/**
 * What can be set for all services at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends OpenClawConfig.HostOptions {
  readonly discovery?: ModelDiscovery.Options | undefined
  readonly models?: Models.Options | undefined
  readonly completions?: ChatCompletions.Options | undefined
}

/**
 * All services over a configuration that is provided separately.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServices = (
  options?: Omit<Options, keyof OpenClawConfig.HostOptions>
): Layer.Layer<
  Exclude<Ollama, OpenClawConfig.OpenClawConfig>,
  never,
  OpenClawConfig.OpenClawConfig | HttpClient.HttpClient
> =>
  ChatCompletions.layerWith(options?.completions ?? {}).pipe(
    Layer.provideMerge(Models.layerWith(options?.models ?? {})),
    Layer.provideMerge(ModelDiscovery.layerWith(options?.discovery ?? {})),
    Layer.merge(OllamaClient.layer)
  )

/**
 * All services over the configuration files and the environment, with options of the host, which win.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { Ollama } from "effect-ollama"
 *
 * export const OllamaLive = Ollama.layerWith({ discover: true })
 */
export const layerWith = (
  options: Options
): Layer.Layer<Ollama, ConfigurationError, HttpClient.HttpClient | FileSystem.FileSystem | Path.Path> =>
  Layer.provideMerge(layerServices(options), OpenClawConfig.layerFileWith(options))

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
 */
export const layerValue = (
  config: OpenClawConfig.ConfigInput,
  options: Options = {}
): Layer.Layer<Ollama, ConfigInvalid, HttpClient.HttpClient> =>
  Layer.provideMerge(layerServices(options), OpenClawConfig.layerWith(config, options))
