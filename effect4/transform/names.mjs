// The dictionary: what is only called something else in Effect 4. What it takes or gives another way is a rule (rules.mjs).

/** Packages of Effect 3 that export their modules as namespaces. */
export const barrels = ["effect", "@effect/platform", "@effect/platform-node", "@effect/ai", "@effect/experimental"]

const http = [
  "Cookies",
  "FetchHttpClient",
  "Headers",
  "HttpBody",
  "HttpClient",
  "HttpClientError",
  "HttpClientRequest",
  "HttpClientResponse",
  "HttpIncomingMessage",
  "HttpServer",
  "HttpServerRequest",
  "HttpServerResponse",
  "UrlParams"
]

const ai = ["AiError", "Chat", "EmbeddingModel", "LanguageModel", "Prompt", "Response", "Telemetry", "Tokenizer", "Tool", "Toolkit"]

/** Where the modules of Effect 4 are that are not in `effect` itself, by their short names. */
export const folders = {
  ...Object.fromEntries(http.map((name) => [name, `effect/http/${name}`])),
  HttpEffect: "effect/http/HttpEffect",
  ...Object.fromEntries(ai.map((name) => [name, `effect/ai/${name}`])),
  AiModel: "effect/ai/Model",
  KeyValueStore: "effect/persistence/KeyValueStore",
  Persistence: "effect/persistence/Persistence",
  TestClock: "effect/testing/TestClock",
  NodeServices: "@effect/platform-node/NodeServices",
  NodeFileSystem: "@effect/platform-node/NodeFileSystem",
  NodeHttpClient: "@effect/platform-node/NodeHttpClient",
  NodeHttpServer: "@effect/platform-node/NodeHttpServer",
  NodePath: "@effect/platform-node/NodePath",
  NodeRuntime: "@effect/platform-node/NodeRuntime",
  FastCheck: "fast-check"
}

/** Modules of Effect 3 by the module of Effect 4 that has their things. */
export const modules = {
  ...Object.fromEntries(http.map((name) => [`@effect/platform/${name}`, `effect/http/${name}`])),
  "@effect/platform/HttpApp": "effect/http/HttpEffect",
  "@effect/platform/FileSystem": "effect/FileSystem",
  "@effect/platform/Path": "effect/Path",
  "@effect/platform/Error": "effect/PlatformError",
  "@effect/platform/KeyValueStore": "effect/persistence/KeyValueStore",
  "@effect/experimental/Persistence": "effect/persistence/Persistence",
  "@effect/platform-node/NodeContext": "@effect/platform-node/NodeServices",
  "@effect/platform-node/NodeFileSystem": "@effect/platform-node/NodeFileSystem",
  "@effect/platform-node/NodeHttpClient": "@effect/platform-node/NodeHttpClient",
  "@effect/platform-node/NodeHttpServer": "@effect/platform-node/NodeHttpServer",
  "effect/Either": "effect/Result",
  "effect/TestClock": "effect/testing/TestClock",
  "effect/FastCheck": "fast-check",
  ...Object.fromEntries(ai.map((name) => [`@effect/ai/${name}`, `effect/ai/${name}`])),
  "@effect/ai/Model": "effect/ai/Model"
}

/** `Module` or `Module.name` of Effect 3 by that of Effect 4. */
export const names = {
  Either: "Result",
  HttpApp: "HttpEffect",
  NodeContext: "NodeServices",
  "Either.Either": "Result.Result",
  "Either.right": "Result.succeed",
  "Either.left": "Result.fail",
  "Either.isRight": "Result.isSuccess",
  "Either.isLeft": "Result.isFailure",
  "Either.isEither": "Result.isResult",
  "Either.mapLeft": "Result.mapError",
  "Either.Left": "Result.Failure",
  "Either.Right": "Result.Success",

  "Effect.async": "Effect.callback",
  "Effect.catchAll": "Effect.catch",
  "Effect.catchAllCause": "Effect.catchCause",
  "Effect.dieMessage": "Effect.die",
  "Effect.either": "Effect.result",
  "Effect.fork": "Effect.forkChild",
  "Effect.forkDaemon": "Effect.forkDetach",
  "Effect.runtime": "Effect.context",
  "Effect.tapErrorCause": "Effect.tapCause",
  "Effect.withFiberRuntime": "Effect.withFiber",
  "Effect.unsafeMakeSemaphore": "Semaphore.makeUnsafe",
  "Effect.makeSemaphore": "Semaphore.make",
  "Effect.Semaphore": "Semaphore.Semaphore",
  "Effect.zipLeft": "Effect.tap",
  "Effect.zipRight": "Effect.andThen",
  "Effect.Effect.Success": "Effect.Success",
  "Effect.Effect.Error": "Effect.Error",
  "Effect.Effect.Context": "Effect.Services",
  "Effect.Effect.AsEffect": "Effect.Effect.AsEffect",

  "Cause.failureOption": "Cause.findErrorOption",
  "Cause.isInterrupted": "Cause.hasInterrupts",
  "Cause.TimeoutException": "Cause.TimeoutError",
  "Cause.NoSuchElementException": "Cause.NoSuchElementError",
  "Exit.isInterrupted": "Exit.hasInterrupts",
  "Fiber.RuntimeFiber": "Fiber.Fiber",
  "Deferred.unsafeDone": "Deferred.doneUnsafe",
  "Duration.DurationInput": "Duration.Input",
  "Option.fromNullable": "Option.fromNullishOr",
  "Option.flatMapNullable": "Option.flatMapNullishOr",
  "Context.unsafeGet": "Context.getUnsafe",
  "Inspectable.format": "Inspectable.toStringUnknown",

  "Layer.scoped": "Layer.effect",
  "Layer.scopedContext": "Layer.effectContext",
  "Layer.scopedDiscard": "Layer.effectDiscard",
  "Layer.unwrapEffect": "Layer.unwrap",
  "Layer.unwrapScoped": "Layer.unwrap",
  "Layer.setTracer": "Layer.setTracer",
  "Layer.Layer.Success": "Layer.Success",
  "Layer.Layer.Context": "Layer.Services",
  "Layer.Layer.Error": "Layer.Error",

  "Stream.mapChunks": "Stream.mapArray",
  "Stream.unwrapScoped": "Stream.unwrap",
  "Stream.repeatEffect": "Stream.fromEffectRepeat",
  "Stream.catchAll": "Stream.catch",
  "Stream.Stream.Success": "Stream.Success",
  "Stream.Stream.Error": "Stream.Error",
  "Stream.Stream.Context": "Stream.Services",

  "Scope.extend": "Scope.provide",

  "Config.string": "Config.String",
  "Config.redacted": "Config.Redacted",
  "Config.boolean": "Config.Boolean",
  "Config.number": "Config.Number",
  "Config.integer": "Config.Int",
  "Config.Config.Wrap": "Config.Wrap",
  "ConfigError.ConfigError": "Config.ConfigError",

  "Schema.Schema.Any": "Schema.Top",
  "Schema.Schema.All": "Schema.Top",
  "Schema.Schema.Type": "Schema.Schema.Type",
  "Schema.Schema.Encoded": "Schema.Codec.Encoded",
  "Schema.NonNegativeInt": "Schema.Natural",
  "Schema.Redacted": "Schema.RedactedFromValue",
  "Schema.decodeUnknown": "Schema.decodeUnknownEffect",
  "Schema.decodeUnknownEither": "Schema.decodeUnknownResult",
  "Schema.decodeEither": "Schema.decodeResult",
  "Schema.encodeEither": "Schema.encodeResult",
  "Schema.encodeUnknown": "Schema.encodeUnknownEffect",
  "Schema.decode": "Schema.decodeEffect",
  "Schema.encode": "Schema.encodeEffect",
  "Schema.equivalence": "Schema.toEquivalence",
  "Schema.parseJson": "Schema.fromJsonString",
  "Schema.typeSchema": "Schema.toType",
  "Schema.encodedSchema": "Schema.toEncoded",
  "Schema.encodedBoundSchema": "Schema.toEncoded",
  "Schema.BigIntFromSelf": "Schema.BigInt",
  "Schema.SymbolFromSelf": "Schema.Symbol",

  "HttpClientRequest.del": "HttpClientRequest.delete"
}
