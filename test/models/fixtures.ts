import { assert } from "@effect/vitest"
import { Model, ModelDiscovery, Models, OllamaError, OpenClawConfig, type Provider } from "effect-ollama"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"

export const root = "http://127.0.0.1:11434"

export const definition = (id: string, fields: Partial<Model.ModelDefinition> = {}): Model.ModelDefinition => ({
  id,
  name: id,
  reasoning: false,
  input: ["text"],
  cost: Model.free,
  contextWindow: 8192,
  maxTokens: 81920,
  known: [],
  ...fields
})

export const provider = (id: string, fields: Partial<Provider.Provider> = {}): Provider.Provider => ({
  id,
  source: "configured",
  api: "openai-completions",
  root: id === "ollama" ? root : `http://${id}.test`,
  completionsUrl: id === "ollama" ? `${root}/v1` : `http://${id}.test/v1`,
  authHeader: true,
  headers: {},
  params: {},
  models: [],
  keepWithoutTools: false,
  ...fields
})

/** A provider whose models are discovered. */
export const discovered = (fields: Partial<Provider.Provider> = {}) =>
  provider("ollama", { source: "discovered", ...fields })

/** A provider that lists its models. */
export const configured = (id: string, ...models: ReadonlyArray<string>) =>
  provider(id, { models: models.map((model) => ({ definition: definition(model) })) })

export const ok = (value: Provider.Provider): Provider.ProviderStatus => ({
  id: value.id,
  configured: true,
  reason: "for the test",
  result: Either.right(value)
})

export const failing = (id: string, error: OllamaError.ProviderError): Provider.ProviderStatus => ({
  id,
  configured: false,
  reason: "for the test",
  result: Either.left(error)
})

export const notEnabled = failing("ollama", new OllamaError.NotEnabled({ provider: "ollama" }))

export const noKey = (id: string) =>
  failing(id, new OllamaError.ProviderUnavailable({ provider: id, reason: "no-credential" }))

export const config = (
  providers: ReadonlyArray<Provider.ProviderStatus>,
  fields: Partial<OpenClawConfig.ResolvedConfig> = {}
): OpenClawConfig.ResolvedConfig => ({
  source: { configFound: false, profilesFound: false },
  providers,
  fallbacks: [],
  models: [],
  diagnostics: [],
  ...fields
})

export const catalog = (...models: ReadonlyArray<string | Model.ModelDefinition>): Model.Catalog => ({
  provider: "ollama",
  url: root,
  source: "discovered",
  models: models.map((model) => typeof model === "string" ? definition(model) : model),
  excluded: []
})

export const refused = new OllamaError.ConnectionRefused({ url: root, attempts: 4 })

export type Answer = Model.Catalog | OllamaError.DiscoveryError

/** A discovery that answers at once with what `answer` holds, and counts. */
export const discovery = (initial: Answer) => {
  const state = { answer: initial, calls: 0 }
  const service: ModelDiscovery.Service = {
    discover: () =>
      Effect.suspend(() => {
        state.calls++
        return "_tag" in state.answer ? Effect.fail(state.answer) : Effect.succeed(state.answer)
      })
  }
  return { state, service }
}

/** A discovery that answers when the test says so. */
export const heldDiscovery = () => {
  const asked: Array<Deferred.Deferred<Model.Catalog, OllamaError.DiscoveryError>> = []
  const state = { interrupted: 0 }
  const service: ModelDiscovery.Service = {
    discover: () =>
      Effect.suspend(() => {
        const deferred = Deferred.unsafeMake<Model.Catalog, OllamaError.DiscoveryError>(FiberId.none)
        asked.push(deferred)
        return Deferred.await(deferred)
      }).pipe(Effect.onInterrupt(() =>
        Effect.sync(() => {
          state.interrupted++
        })
      ))
  }
  return { asked, state, service }
}

export const layer = (
  resolved: OpenClawConfig.ResolvedConfig,
  service: ModelDiscovery.Service = { discover: () => Effect.dieMessage("no discovery was expected") },
  options: Models.Options = {}
) =>
  Models.layerWith(options).pipe(
    Layer.provide(Layer.succeed(OpenClawConfig.OpenClawConfig, resolved)),
    Layer.provide(Layer.succeed(ModelDiscovery.ModelDiscovery, service))
  )

/** The service, made as a host would get it. */
export const models = (...args: Parameters<typeof layer>) => Effect.provide(Models.Models, layer(...args))

/** Lets every fiber run until it waits. */
export const settle = Effect.gen(function*() {
  for (let i = 0; i < 20; i++) yield* Effect.yieldNow()
})

/** The very error, behind the proxy that a span puts around it. */
export const assertSame = (actual: unknown, expected: unknown): void =>
  assert.isTrue(Cause.originalError(actual) === expected, `${actual} is not ${expected}`)
