/**
 * The library, as a command uses it: over the configuration of this machine and what was said on the command line.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { wires } from "../core/wire/wires.js"
import * as ModelRef from "../ModelRef.js"
import * as Ollama from "../Ollama.js"
import type { ConfigurationError } from "../OllamaError.js"
import * as OllamaHost from "../OllamaHost.js"
import * as OpenClawConfig from "../OpenClawConfig.js"
import * as Provider from "../Provider.js"
import { Settings } from "./settings.js"
import { variable } from "./variable.js"

/** What the command line and `OLLAMA_HOST` say to the configuration. An address that was typed needs no key. */
export const hostOptions: Effect.Effect<OpenClawConfig.FileOptions, never, Settings> = Effect.gen(function*() {
  const { baseUrl, config } = yield* Settings
  const host = yield* variable("OLLAMA_HOST")
  const where = baseUrl ?? host
  return {
    ...(config === undefined ? {} : { path: config }),
    ...(where === undefined ? {} : { baseUrl: OllamaHost.parse(where) }),
    ...(baseUrl === undefined ? {} : { discover: true })
  }
})

// On node:http, which is in Node: `effect-ollama/node` is faster per token, and its undici would double the command.
// Loaded when a request is made: commands that make none start faster without it.
export const transport: Layer.Layer<HttpClient.HttpClient> = Layer.unwrapEffect(
  Effect.map(Effect.promise(() => import("@effect/platform-node/NodeHttpClient")), (client) => client.layer)
)

type Layered<RIn> = Layer.Layer<Ollama.Ollama, ConfigurationError, RIn>

/** All of the library. `adapt` changes the services before they are used. */
export const live = (
  options: Partial<OpenClawConfig.HostOptions> = {},
  adapt: <RIn>(layer: Layered<RIn>) => Layered<RIn> = (layer) => layer
): Layer.Layer<
  Ollama.Ollama | HttpClient.HttpClient,
  ConfigurationError,
  Settings | FileSystem.FileSystem | Path.Path
> =>
  Layer.unwrapEffect(
    Effect.map(hostOptions, (host) => Layer.provideMerge(adapt(Ollama.layerWith({ ...host, ...options })), transport))
  )

/** `5m` and `-1s` are Go's; a number is seconds. */
export const keepAliveOf = (text: string): string | number => /^-?\d+$/.test(text) ? Number(text) : text

/** A model on a server, as a person names it: with or without its provider. */
export interface Target {
  readonly provider: Provider.Provider
  /** As its server knows it. */
  readonly model: string
}

const ollamas = ["ollama", "ollama-cloud"]

/** Whether a provider has Ollama's own endpoints. */
export const isOllama = ({ api, id }: Provider.Provider): boolean => ollamas.includes(id) || wires[api].ollama

/** The server of `ollama`. It is there to be asked whether or not a key enables it for completions. */
export const server = Effect.gen(function*() {
  const { providers } = yield* OpenClawConfig.OpenClawConfig
  const status = providers.find(({ id }) => id === "ollama")
  if (status === undefined || Either.isRight(status.result)) return yield* status?.result ?? Provider.make()
  const { left: error } = status.result
  if (error._tag === "NoModelsConfigured") return yield* Provider.make({ baseUrl: error.url })
  if (error._tag !== "NotEnabled") return yield* error
  const { baseUrl } = yield* hostOptions
  return yield* Provider.make(baseUrl === undefined ? {} : { baseUrl })
})

/** `gpt-oss:20b` and `ollama/gpt-oss:20b` are the same; another provider's name leads to that one's server. */
export const target = Effect.fnUntraced(function*(written: string) {
  const { providers } = yield* OpenClawConfig.OpenClawConfig
  const ref = ModelRef.parse(written)
  const found = Either.isRight(ref) ? providers.find(({ id }) => id === ref.right.provider) : undefined
  if (found !== undefined && Either.isRight(ref)) {
    if (found.id === "ollama") return { provider: yield* server, model: ref.right.model } satisfies Target
    return { provider: yield* found.result, model: ref.right.model } satisfies Target
  }
  return { provider: yield* server, model: written.trim() } satisfies Target
})
