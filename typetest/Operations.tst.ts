import type { FileSystem, HttpClient, KeyValueStore, Path } from "@effect/platform"
import {
  type Chat,
  ChatCompletions,
  type Embeddings,
  type Model,
  ModelDiscovery,
  Models,
  Ollama,
  OllamaClient,
  type OllamaError,
  OllamaSchedule,
  OpenClawConfig,
  Provider
} from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import * as MockNode from "effect-ollama/testing/node"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "tstyche"

// Every tag is written out: a tag that an operation gains or loses must be seen here.

type ConfigTag =
  | "ConfigUnreadable"
  | "ConfigSyntaxError"
  | "ConfigInvalid"
  | "ConfigIncludeError"

type ProviderTag =
  | "NotEnabled"
  | "ProviderUnavailable"
  | "NoModelsConfigured"
  | "MissingEnvironmentVariable"
  | "ConfigInvalid"

type TransportTag = "ConnectionRefused" | "ConnectionFailed" | "RequestTimeout"

type DiscoveryTag =
  | TransportTag
  | "EndpointNotFound"
  | "Unauthorized"
  | "Forbidden"
  | "RateLimited"
  | "ServerBusy"
  | "RequestRejected"
  | "ServerError"
  | "MalformedResponse"

type ModelTag =
  | DiscoveryTag
  | "ModelNotFound"
  | "ContextOverflow"
  | "InvalidRequest"
  | "ToolsNotSupported"
  | "ThinkingNotSupported"
  | "ImagesNotSupported"

type SelectionTag = ProviderTag | DiscoveryTag | "NoToolModels" | "UnknownModel" | "InvalidModelRef"

type CompletionTag = SelectionTag | ModelTag | "MalformedToolCall" | "IncompleteResponse" | "AllModelsFailed"

type TagOf<E> = E extends { readonly _tag: infer Tag } ? Tag : never

type Tag<T extends Effect.Effect<any, any, any>> = TagOf<Effect.Effect.Error<T>>
type StreamTag<T extends Stream.Stream<any, any, any>> = TagOf<Stream.Stream.Error<T>>
type LayerTag<T extends Layer.Layer<any, any, any>> = TagOf<Layer.Layer.Error<T>>

const prompt = "Hi"

declare const provider: Provider.Provider

describe("ChatCompletions", () => {
  const create = ChatCompletions.create({ prompt })
  const stream = ChatCompletions.stream({ prompt })
  const schema = Schema.Struct({ n: Schema.Number })
  const object = ChatCompletions.createObject({ prompt, schema })

  it("create", () => {
    expect(create).type.toBe<
      Effect.Effect<Chat.ChatResponse, OllamaError.CompletionError, ChatCompletions.ChatCompletions>
    >()
    expect<Tag<typeof create>>().type.toBe<CompletionTag>()
  })

  it("stream", () => {
    expect(stream).type.toBe<
      Stream.Stream<Chat.StreamEvent, OllamaError.CompletionError, ChatCompletions.ChatCompletions>
    >()
    expect<StreamTag<typeof stream>>().type.toBe<CompletionTag>()
  })

  it("createObject", () => {
    expect<Effect.Effect.Success<typeof object>["value"]>().type.toBe<{ readonly n: number }>()
    expect<Tag<typeof object>>().type.toBe<CompletionTag | "OutputInvalid">()
    expect<Effect.Effect.Context<typeof object>>().type.toBe<ChatCompletions.ChatCompletions>()
  })

  it("createObject needs what its schema needs", () => {
    const needy: Schema.Schema<string, string, "needed"> = Schema.Any
    const answer = ChatCompletions.createObject({ prompt, schema: needy })
    expect<Effect.Effect.Context<typeof answer>>().type.toBe<ChatCompletions.ChatCompletions | "needed">()
  })

  it("the service itself needs nothing more", () => {
    expect<ReturnType<ChatCompletions.Service["create"]>>().type.toBe<
      Effect.Effect<Chat.ChatResponse, OllamaError.CompletionError>
    >()
  })

  it("layers", () => {
    type Expected = Layer.Layer<
      ChatCompletions.ChatCompletions,
      never,
      HttpClient.HttpClient | Models.Models
    >
    expect(ChatCompletions.layer).type.toBe<Expected>()
    expect(ChatCompletions.layerWith({ firstByteTimeout: "1 minute" })).type.toBe<Expected>()
  })
})

describe("Models", () => {
  it("select", () => {
    const select = Models.select("m")
    expect(select).type.toBe<Effect.Effect<Models.Selection, Models.SelectionError, Models.Models>>()
    expect<Tag<typeof select>>().type.toBe<SelectionTag>()
  })

  it("catalog and refresh", () => {
    const catalog = Models.catalog("ollama")
    expect(catalog).type.toBe<Effect.Effect<Models.Catalog, Models.CatalogError, Models.Models>>()
    expect<Tag<typeof catalog>>().type.toBe<ProviderTag | DiscoveryTag>()
    const refresh = Models.refresh("ollama")
    expect(refresh).type.toBe<Effect.Effect<Model.Catalog, Models.CatalogError, Models.Models>>()
    expect<Tag<typeof refresh>>().type.toBe<ProviderTag | DiscoveryTag>()
  })

  it("what no request is made for cannot fail", () => {
    expect(Models.lastGood("ollama")).type.toBe<Effect.Effect<Option.Option<Models.Catalog>, never, Models.Models>>()
    expect(Models.providers).type.toBe<Effect.Effect<ReadonlyArray<Models.ProviderStatus>, never, Models.Models>>()
    expect(Models.candidates()).type.toBe<Effect.Effect<ReadonlyArray<Models.Candidate>, never, Models.Models>>()
    expect(Models.candidates).type.toBeCallableWith({ model: "m", fallbacks: [] })
    expect(Models.candidates).type.not.toBeCallableWith("m")
  })

  it("a candidate is selected without the service", () => {
    expect<Models.Candidate["select"]>().type.toBe<Effect.Effect<Models.Selection, Models.SelectionError>>()
  })

  it("a selection says where its model is asked", () => {
    expect<Models.Selection["endpoint"]>().type.toBe<Provider.Endpoint>()
    expect<Provider.Endpoint>().type.toBeAssignableFrom<Provider.Provider>()
    expect<Provider.Provider["source"]>().type.toBe<Models.Catalog["source"]>()
  })

  it("list cannot fail: each provider has its own result", () => {
    expect(Models.list).type.toBe<Effect.Effect<ReadonlyArray<Models.Listing>, never, Models.Models>>()
    expect<Models.Listing["catalog"]>().type.toBe<Either.Either<Model.Catalog, Models.CatalogError>>()
  })

  it("layers", () => {
    expect(Models.layer).type.toBe<
      Layer.Layer<Models.Models, never, OpenClawConfig.OpenClawConfig | ModelDiscovery.ModelDiscovery>
    >()
    expect(Models.layerStatic([provider])).type.toBe<Layer.Layer<Models.Models>>()
    expect(Models.layerStatic({ providers: [provider], primary: "ollama/m" })).type.toBe<Layer.Layer<Models.Models>>()
    expect(Models.layerStatic({ models: ["m"] })).type.toBe<Layer.Layer<Models.Models, OllamaError.ConfigInvalid>>()
  })
})

describe("ModelDiscovery", () => {
  type Needs = HttpClient.HttpClient
  type Stored = HttpClient.HttpClient | KeyValueStore.KeyValueStore

  it("discover", () => {
    type Discover = ReturnType<ModelDiscovery.Service["discover"]>
    expect<Discover>().type.toBe<Effect.Effect<Model.Catalog, OllamaError.DiscoveryError>>()
    expect<Tag<Discover>>().type.toBe<DiscoveryTag>()
    expect(ModelDiscovery.discover(provider)).type.toBe<
      Effect.Effect<ModelDiscovery.Catalog, ModelDiscovery.DiscoveryError, ModelDiscovery.ModelDiscovery>
    >()
  })

  it("layers need a store only when they are persisted", () => {
    expect(ModelDiscovery.layer).type.toBe<Layer.Layer<ModelDiscovery.ModelDiscovery, never, Needs>>()
    expect(ModelDiscovery.layerWith({ tagsTimeout: "1 minute", showTimeout: Duration.seconds(1) })).type.toBe<
      Layer.Layer<ModelDiscovery.ModelDiscovery, never, Needs>
    >()
    expect(ModelDiscovery.layerWith({ persisted: true, showTimeout: 100 })).type.toBe<
      Layer.Layer<ModelDiscovery.ModelDiscovery, never, Stored>
    >()
    expect(ModelDiscovery.make()).type.toBe<Effect.Effect<ModelDiscovery.Service, never, Needs>>()
    expect(ModelDiscovery.make({ persisted: true })).type.toBe<
      Effect.Effect<ModelDiscovery.Service, never, Stored>
    >()
  })

  it("has no option of another name", () => {
    expect(ModelDiscovery.layerWith).type.not.toBeCallableWith({ probe: OllamaSchedule.probe })
    expect(ModelDiscovery.layerWith).type.toBeCallableWith({ probeSchedule: OllamaSchedule.probe })
  })
})

describe("OllamaClient", () => {
  type Service = OllamaClient.Service

  it("questions about the server", () => {
    expect<Tag<ReturnType<Service["version"]>>>().type.toBe<DiscoveryTag>()
    expect<Tag<ReturnType<Service["tags"]>>>().type.toBe<DiscoveryTag>()
    expect<Tag<ReturnType<Service["ps"]>>>().type.toBe<DiscoveryTag>()
  })

  it("questions about a model", () => {
    expect<Tag<ReturnType<Service["show"]>>>().type.toBe<ModelTag>()
    expect<Tag<ReturnType<Service["load"]>>>().type.toBe<ModelTag>()
    expect<Tag<ReturnType<Service["unload"]>>>().type.toBe<ModelTag>()
    expect<Effect.Effect.Context<ReturnType<Service["show"]>>>().type.toBe<never>()
  })

  it("accessors need the client, and fail as the service does", () => {
    type Asked<A, E> = Effect.Effect<A, E, OllamaClient.OllamaClient>
    expect(OllamaClient.version(provider)).type.toBe<Asked<string, OllamaClient.DiscoveryError>>()
    expect(OllamaClient.tags(provider)).type.toBe<
      Asked<ReadonlyArray<OllamaClient.InstalledModel>, OllamaClient.DiscoveryError>
    >()
    expect(OllamaClient.ps(provider)).type.toBe<
      Asked<ReadonlyArray<OllamaClient.LoadedModel>, OllamaClient.DiscoveryError>
    >()
    expect(OllamaClient.show(provider, "m")).type.toBe<Asked<OllamaClient.ShownModel, OllamaClient.ModelError>>()
    expect(OllamaClient.load(provider, "m", { keepAlive: "5m" })).type.toBe<Asked<void, OllamaClient.ModelError>>()
    expect(OllamaClient.unload(provider, "m")).type.toBe<Asked<void, OllamaClient.ModelError>>()
  })

  it("takes the endpoint of a selection", () => {
    expect(OllamaClient.load).type.toBeCallableWith({} as Models.Selection["endpoint"], "m")
    expect(OllamaClient.load).type.not.toBeCallableWith({} as Models.Selection, "m")
  })

  it("layers", () => {
    expect(OllamaClient.layer).type.toBe<Layer.Layer<OllamaClient.OllamaClient, never, HttpClient.HttpClient>>()
    expect(OllamaClient.layerWith({ timeout: "1 second", loadTimeout: "1 hour" })).type.toBe<
      Layer.Layer<OllamaClient.OllamaClient, never, HttpClient.HttpClient>
    >()
  })
})

describe("OpenClawConfig", () => {
  type Files = FileSystem.FileSystem | Path.Path

  it("from files", () => {
    expect(OpenClawConfig.layerFile).type.toBe<
      Layer.Layer<OpenClawConfig.OpenClawConfig, OllamaError.ConfigurationError, Files>
    >()
    expect(OpenClawConfig.layerFileWith({ path: "openclaw.json" })).type.toBe<
      Layer.Layer<OpenClawConfig.OpenClawConfig, OllamaError.ConfigurationError, Files>
    >()
    expect<LayerTag<typeof OpenClawConfig.layerFile>>().type.toBe<ConfigTag>()
    expect(OpenClawConfig.load()).type.toBe<
      Effect.Effect<OpenClawConfig.ResolvedConfig, OllamaError.ConfigurationError, Files>
    >()
    expect(OpenClawConfig.locations()).type.toBe<Effect.Effect<OpenClawConfig.Locations, never, Path.Path>>()
  })

  it("in code: no file can be missing", () => {
    expect(OpenClawConfig.layer({})).type.toBe<
      Layer.Layer<
        OpenClawConfig.OpenClawConfig,
        OllamaError.ConfigInvalid
      >
    >()
  })

  it("from Configs", () => {
    const layer = OpenClawConfig.layerConfig({ apiKey: Config.redacted("KEY"), baseUrl: Config.string("URL") })
    expect(layer).type.toBe<
      Layer.Layer<
        OpenClawConfig.OpenClawConfig,
        OllamaError.ConfigInvalid | ConfigError.ConfigError
      >
    >()
    expect(OpenClawConfig.layerConfig).type.not.toBeCallableWith({ apiKey: Config.string("KEY") })
  })

  it("resolve is pure", () => {
    expect(OpenClawConfig.resolve({})).type.toBe<
      Either.Either<
        OpenClawConfig.ResolvedConfig,
        OllamaError.ConfigInvalid
      >
    >()
  })

  it("keys are Redacted", () => {
    expect<NonNullable<Provider.Provider["key"]>["value"]>().type.toBe<Redacted.Redacted>()
    expect<Provider.ProviderHeaders[string]>().type.toBe<Redacted.Redacted>()
    expect(OpenClawConfig.layerWith).type.not.toBeCallableWith({}, { apiKey: "a plain key" })
  })
})

describe("Provider", () => {
  it("make", () => {
    expect(Provider.make({})).type.toBe<Either.Either<Provider.Provider, OllamaError.ConfigInvalid>>()
  })
})

describe("Ollama", () => {
  type Needs = HttpClient.HttpClient | FileSystem.FileSystem | Path.Path

  it("layers", () => {
    expect(Ollama.layer).type.toBe<Layer.Layer<Ollama.Ollama, OllamaError.ConfigurationError, Needs>>()
    expect(Ollama.layerWith({ discover: true })).type.toBe<
      Layer.Layer<Ollama.Ollama, OllamaError.ConfigurationError, Needs>
    >()
    expect(Ollama.layerValue({})).type.toBe<
      Layer.Layer<
        Ollama.Ollama,
        OllamaError.ConfigInvalid,
        HttpClient.HttpClient
      >
    >()
    expect<LayerTag<typeof Ollama.layer>>().type.toBe<ConfigTag>()
  })

  it("need a store when discovery is persisted, and only then", () => {
    const persisted = { discovery: { persisted: true } } as const
    type Store = KeyValueStore.KeyValueStore
    expect(Ollama.layerWith({ discovery: { persisted: true } })).type.toBe<
      Layer.Layer<Ollama.Ollama, OllamaError.ConfigurationError, Needs | Store>
    >()
    expect(Ollama.layerValue({}, persisted)).type.toBe<
      Layer.Layer<
        Ollama.Ollama,
        OllamaError.ConfigInvalid,
        HttpClient.HttpClient | Store
      >
    >()
    expect(Ollama.layerServicesWith(persisted)).type.toBe<
      Layer.Layer<Ollama.Services, never, OpenClawConfig.OpenClawConfig | HttpClient.HttpClient | Store>
    >()
    expect(Ollama.layerServices).type.toBe<
      Layer.Layer<Ollama.Services, never, OpenClawConfig.OpenClawConfig | HttpClient.HttpClient>
    >()
  })

  it("take what each service takes", () => {
    expect(
      Ollama.layerWith({
        path: "openclaw.json",
        discover: true,
        client: { timeout: "1 second" },
        discovery: { probeSchedule: OllamaSchedule.probe, tagsTimeout: "1 second" },
        models: { timeToLive: "1 minute" },
        completions: { retrySchedule: OllamaSchedule.transient }
      })
    ).type.toBe<Layer.Layer<Ollama.Ollama, OllamaError.ConfigurationError, Needs>>()
    expect(Ollama.layerWith).type.not.toBeCallableWith({ discoverr: true })
    expect(Ollama.layerWith).type.not.toBeCallableWith({ discovery: { persisted: false } })
    expect(Ollama.layerValue).type.not.toBeCallableWith({}, { path: "openclaw.json" })
  })

  it("holds every service", () => {
    expect<Ollama.Ollama>().type.toBe<
      | ChatCompletions.ChatCompletions
      | Embeddings.Embeddings
      | ModelDiscovery.ModelDiscovery
      | Models.Models
      | OllamaClient.OllamaClient
      | OpenClawConfig.OpenClawConfig
    >()
  })
})

describe("MockOllama", () => {
  it("provides everything, needs nothing and cannot fail", () => {
    expect(MockOllama.layer({ models: ["m"] })).type.toBe<
      Layer.Layer<Ollama.Ollama | HttpClient.HttpClient | MockOllama.MockOllama>
    >()
    expect(MockOllama.layerHttpClient()).type.toBe<Layer.Layer<HttpClient.HttpClient | MockOllama.MockOllama>>()
  })

  it("has accessors that need the mock, and cannot fail", () => {
    type Mocked<A> = Effect.Effect<A, never, MockOllama.MockOllama>
    expect(MockOllama.requests).type.toBe<Mocked<ReadonlyArray<MockOllama.RecordedRequest>>>()
    expect(MockOllama.setModels(["m"])).type.toBe<Mocked<void>>()
    expect(MockOllama.push("one", { text: "two" })).type.toBe<Mocked<void>>()
    expect(MockNode.nextAborted).type.toBe<Effect.Effect<MockOllama.RecordedRequest, never, MockNode.MockServer>>()
  })
})

describe("a program", () => {
  const hint = (error: { readonly hint: string }) => Effect.succeed(error.hint)
  const answer = Effect.map(ChatCompletions.create({ prompt }), (response) => response.text)

  it("that handles every tag cannot fail", () => {
    const handled = Effect.catchTags(answer, {
      NotEnabled: hint,
      ProviderUnavailable: hint,
      NoModelsConfigured: hint,
      MissingEnvironmentVariable: hint,
      ConfigInvalid: hint,
      NoToolModels: hint,
      UnknownModel: hint,
      InvalidModelRef: hint,
      ConnectionRefused: hint,
      ConnectionFailed: hint,
      RequestTimeout: hint,
      EndpointNotFound: hint,
      ModelNotFound: hint,
      Unauthorized: hint,
      Forbidden: hint,
      RateLimited: hint,
      ServerBusy: hint,
      ContextOverflow: hint,
      InvalidRequest: hint,
      RequestRejected: hint,
      ServerError: hint,
      ToolsNotSupported: hint,
      ThinkingNotSupported: hint,
      ImagesNotSupported: hint,
      MalformedResponse: hint,
      MalformedToolCall: hint,
      IncompleteResponse: hint,
      AllModelsFailed: hint
    })
    expect(handled).type.toBe<Effect.Effect<string, never, ChatCompletions.ChatCompletions>>()
  })

  it("that leaves one out still fails with it", () => {
    const handled = Effect.catchTags(answer, { NotEnabled: hint, ConnectionRefused: hint, NoToolModels: hint })
    expect<Tag<typeof handled>>().type.toBe<
      Exclude<CompletionTag, "NotEnabled" | "ConnectionRefused" | "NoToolModels">
    >()
  })

  it("of the README, with its layers, needs nothing", () => {
    const platform = {} as Layer.Layer<HttpClient.HttpClient | FileSystem.FileSystem | Path.Path>
    const program = answer.pipe(
      Effect.catchTags({ NotEnabled: hint, ConnectionRefused: hint, NoToolModels: hint }),
      Effect.provide(Ollama.layer.pipe(Layer.provide(platform)))
    )
    expect<Effect.Effect.Context<typeof program>>().type.toBe<never>()
    expect<Effect.Effect.Success<typeof program>>().type.toBe<string>()
    expect<Tag<typeof program>>().type.toBe<
      Exclude<CompletionTag, "NotEnabled" | "ConnectionRefused" | "NoToolModels"> | ConfigTag
    >()
  })

  it("cannot forget its layer", () => {
    expect(Effect.runPromise).type.not.toBeCallableWith(answer)
    expect(Effect.runPromise).type.toBeCallableWith(Effect.provide(answer, MockOllama.layer()))
  })

  it("gets the text of a stream", () => {
    const text = ChatCompletions.stream({ prompt }).pipe(Stream.filterMap(ChatCompletions.textDelta))
    expect<Stream.Stream.Success<typeof text>>().type.toBe<string>()
  })

  it("knows the tags of the whole library", () => {
    expect<TagOf<OllamaError.OllamaError>>().type.toBe<
      ConfigTag | CompletionTag | "ConfigUnwritable" | "OutputInvalid" | "TooManyTurns"
    >()
  })
})
