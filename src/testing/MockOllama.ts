/**
 * A mock Ollama whose bytes have the shape of those of real servers. It is described once (the models, the replies, what
 * goes wrong) and served in memory, or on a real port by `effect-ollama/testing/node`.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import { HttpClient as HttpClientTag } from "@effect/platform/HttpClient"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as ParseResult from "effect/ParseResult"
import type * as failures from "../core/mock/failures.js"
import * as Ollama from "../Ollama.js"
import type * as OpenClawConfig from "../OpenClawConfig.js"
import * as internalMemory from "./internal/memory.js"
import { makeDescribed, makeService } from "./internal/service.js"
import * as written from "./internal/written.js"
import type { Description, Model, RecordedRequest, Replies, Reply, Rule, Service } from "./Script.js"

export type * from "./Script.js"

/**
 * Whose transport errors are imitated: `fetch` (Node's own), `undici` and `http` (those of `@effect/platform-node`),
 * `bun`, `deno`.
 *
 * @since 0.1.0
 * @category models
 */
export type Runtime = failures.Runtime

/**
 * The service with which a test sees the mock's requests and changes what it answers.
 *
 * @since 0.1.0
 * @category tags
 */
export class MockOllama extends Context.Tag("effect-ollama/testing/MockOllama")<MockOllama, Service>() {}

/**
 * How the mock in memory fails.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `fetch` by default. */
  readonly runtime?: Runtime | undefined
}

/** Where an Ollama is when nobody says otherwise. */
const defaultUrl = "http://127.0.0.1:11434"

/**
 * A mock and the client that reaches it, to be put together with others, e.g. by host.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  description: Description = {},
  options: Options = {}
): Effect.Effect<{ readonly mock: Service; readonly httpClient: HttpClient.HttpClient }> =>
  Effect.sync(() => {
    const server = makeDescribed(description)
    const { prefix = "" } = description
    return {
      mock: makeService(server, defaultUrl + prefix),
      httpClient: internalMemory.makeClient(server, options.runtime ?? "fetch")
    }
  })

/**
 * A description that was written as data, e.g. in a file: all that a `Description` has but functions and bytes. What is
 * misspelled or of a wrong type is told with its place, all of it at once.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { MockOllama } from "effect-ollama/testing"
 * import * as MockNode from "effect-ollama/testing/node"
 * import { readFileSync } from "node:fs"
 *
 * const program = Effect.gen(function*() {
 *   const description = yield* MockOllama.decodeDescription(JSON.parse(readFileSync("mock.json", "utf8")))
 *   const { server } = yield* MockNode.makeServer(description, { port: 11434 })
 *   console.log(server.url)
 *   return yield* Effect.never
 * })
 *
 * Effect.runFork(Effect.scoped(program))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const decodeDescription: (value: unknown) => Either.Either<Description, ParseResult.ParseError> = written.decode

/**
 * The transport alone, in memory: an `HttpClient` that every host answers, without sockets, governed by `TestClock`. Its
 * failures have the shapes of a real runtime's.
 *
 * @example
 * ```ts
 * import { HttpClient } from "@effect/platform"
 * import { Effect } from "effect"
 * import { MockOllama } from "effect-ollama/testing"
 *
 * const program = Effect.gen(function*() {
 *   const response = yield* HttpClient.get("http://127.0.0.1:11434/api/tags")
 *   const tags = yield* response.json
 *   return { tags, requests: yield* MockOllama.requests }
 * })
 *
 * Effect.runPromise(program.pipe(Effect.provide(MockOllama.layerHttpClient({ models: ["gpt-oss:20b"] })))).then(
 *   ({ requests, tags }) => console.log(tags, requests[0]?.path)
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient = (
  description: Description = {},
  options: Options = {}
): Layer.Layer<HttpClient.HttpClient | MockOllama> =>
  Layer.effectContext(
    Effect.map(make(description, options), ({ httpClient, mock }) =>
      Context.make(HttpClientTag, httpClient).pipe(Context.add(MockOllama, mock)))
  )

/**
 * The options of `Ollama.layerValue`, and the configuration itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface LayerOptions extends Options, Ollama.Options {
  /** The configuration that the program would read from `openclaw.json`. Default: nothing, with `ollama` enabled. */
  readonly config?: OpenClawConfig.ConfigInput | undefined
}

/**
 * Everything that `Ollama.layer` provides, over the mock: enabled, with no network, no files and no environment. For the
 * tests of programs that use this library.
 *
 * @example
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import { Effect } from "effect"
 * import { ChatCompletions } from "effect-ollama"
 * import { MockOllama } from "effect-ollama/testing"
 *
 * it.effect("answers", () =>
 *   Effect.gen(function*() {
 *     const answer = yield* ChatCompletions.create({ prompt: "Why is the sky blue?" })
 *     assert.strictEqual(answer.text, "Rayleigh scattering.")
 *     assert.deepStrictEqual(
 *       (yield* MockOllama.requests).map((request) => request.path),
 *       ["/api/tags", "/api/show", "/v1/chat/completions"]
 *     )
 *   }).pipe(Effect.provide(MockOllama.layer({ models: ["gpt-oss:20b"], replies: ["Rayleigh scattering."] }))))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  description: Description = {},
  options: LayerOptions = {}
): Layer.Layer<Ollama.Ollama | HttpClient.HttpClient | MockOllama> =>
  Ollama.layerValue(options.config ?? {}, { discover: true, ...options }).pipe(
    Layer.provideMerge(layerHttpClient(description, options)),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map()))),
    // a configuration that a test writes down and that cannot be loaded is a mistake of the test
    Layer.orDie
  )

// =============================================================================
// accessors
// =============================================================================

/**
 * The root of the mock, e.g. `http://127.0.0.1:11434`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const url: Effect.Effect<string, never, MockOllama> = Effect.map(MockOllama, (mock) => mock.url)

/**
 * The requests so far, in order.
 *
 * @since 0.1.0
 * @category accessors
 */
export const requests: Effect.Effect<ReadonlyArray<RecordedRequest>, never, MockOllama> = Effect.flatMap(
  MockOllama,
  (mock) => mock.requests
)

/**
 * Forgets the requests and begins the description anew.
 *
 * @since 0.1.0
 * @category accessors
 */
export const reset: Effect.Effect<void, never, MockOllama> = Effect.flatMap(MockOllama, (mock) => mock.reset)

/**
 * Installs these models, and no others.
 *
 * @since 0.1.0
 * @category accessors
 */
export const setModels = (models: ReadonlyArray<Model | string>): Effect.Effect<void, never, MockOllama> =>
  Effect.flatMap(MockOllama, (mock) => mock.setModels(models))

/**
 * Puts others in the place of the replies; none of them is used yet.
 *
 * @since 0.1.0
 * @category accessors
 */
export const setReplies = (replies: Replies): Effect.Effect<void, never, MockOllama> =>
  Effect.flatMap(MockOllama, (mock) => mock.setReplies(replies))

/**
 * Adds replies after those that there are; before those that a function makes.
 *
 * @since 0.1.0
 * @category accessors
 */
export const push = (...replies: ReadonlyArray<Reply | string>): Effect.Effect<void, never, MockOllama> =>
  Effect.flatMap(MockOllama, (mock) => mock.push(...replies))

/**
 * Puts others in the place of the rules.
 *
 * @since 0.1.0
 * @category accessors
 */
export const setRules = (rules: ReadonlyArray<Rule>): Effect.Effect<void, never, MockOllama> =>
  Effect.flatMap(MockOllama, (mock) => mock.setRules(rules))
