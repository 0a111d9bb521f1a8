import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert } from "@effect/vitest"
import { Chunk, Effect, Either, Layer, Schedule, Stream } from "effect"
import { Chat, ChatCompletions, Message, Model, Models, OllamaError, Provider } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { replay } from "../decode/support.js"
import { get, type Recording, type Version } from "../support/recordings.js"
import { wire } from "./wire.js"

export const apis = ["openai-completions", "ollama"] as const

/** A catalog with the models `m` and `b`, of one provider. */
export const models = (
  api: Model.Api,
  options: Provider.Options & { readonly streaming?: boolean; readonly fallback?: boolean } = {}
) => {
  const { fallback, streaming, ...rest } = options
  return Models.layerStatic({
    providers: [Either.getOrThrow(Provider.make({ api, models: [{ id: "m" }, { id: "b" }], ...rest }))],
    fallbacks: fallback === true ? ["ollama/b"] : [],
    models: streaming === undefined ? [] : ["m", "b"].map((id) => ({ ref: `ollama/${id}`, streaming }))
  })
}

export interface ServiceOptions extends ChatCompletions.Options, Provider.Options {
  readonly streaming?: boolean
  readonly fallback?: boolean
}

/** The service over a hand-made catalog and the client that is in the context. */
export const service = (api: Model.Api, options: ServiceOptions = {}) =>
  ChatCompletions.layerWith(options).pipe(Layer.provide(models(api, options)))

/** The same over a mock in memory. */
export const mocked = (
  api: Model.Api,
  description: MockOllama.Description,
  options: ServiceOptions = { streaming: true }
) =>
  service(api, options).pipe(
    Layer.provideMerge(MockOllama.layerHttpClient({ models: ["m", "b"], ...description }))
  )

/** Asked once, whatever happens. */
export const once = Schedule.stop

export const requests = Effect.flatMap(MockOllama.MockOllama, (mock) => mock.requests)

const responseOf = ({ response }: Recording, chunks: ReadonlyArray<Uint8Array> = response.chunks) =>
  new Response(
    response.framing === "none" || response.body.length === 0 ? null : new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      }
    }),
    {
      status: response.status,
      headers: response.headers.map(([name, value]): [string, string] => [name, value])
    }
  )

/** What to ask, so that `replayingClient` answers with this recording, in its chunks or in one. */
export const promptFor = ({ name, version }: Recording, how: "in chunks" | "at once" = "in chunks") =>
  `${version} ${name} ${how}`

/** A client that answers with the recording that the prompt names. */
export const replayingClient = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make((request) => {
    assert(request.body._tag === "Uint8Array")
    const body = JSON.parse(new TextDecoder().decode(request.body.body)) as {
      readonly messages: readonly [{ readonly content: string }]
    }
    const [version, name, ...how] = body.messages[0].content.split(" ") as [Version, string, ...Array<string>]
    const recording = get(version, name)
    const chunks = how.join(" ") === "at once" ? [recording.response.body] : undefined
    return Effect.succeed(HttpClientResponse.fromWeb(request, responseOf(recording, chunks)))
  })
)

/** What came of an answer, however it was asked for. */
export interface Outcome {
  readonly parts: ReadonlyArray<Message.AssistantPart>
  readonly finish: Omit<Chat.FinishEvent, "type"> | undefined
  readonly error: OllamaError.CompletionError | undefined
}

const partialOf = (error: OllamaError.CompletionError) =>
  "partial" in error && error.partial !== undefined ? error.partial.parts : []

export const created = (options: ChatCompletions.CompletionOptions) =>
  Effect.map(Effect.either(ChatCompletions.create(options)), (result): Outcome =>
    Either.isLeft(result)
      ? { parts: partialOf(result.left), finish: undefined, error: result.left }
      : { parts: result.right.parts, finish: result.right, error: undefined })

/** All events, and how it ended. */
export const events = (options: ChatCompletions.CompletionOptions) =>
  Effect.suspend(() => {
    const all: Array<Chat.StreamEvent> = []
    return ChatCompletions.stream(options).pipe(
      Stream.runForEach((event) => Effect.sync(() => all.push(event))),
      Effect.either,
      Effect.map((result) => ({ all, error: Either.isLeft(result) ? result.left : undefined }))
    )
  })

/** Checks that the events are well-formed, and puts the answer together from them. */
export const assemble = (all: ReadonlyArray<Chat.StreamEvent>, error: OllamaError.CompletionError | undefined) => {
  const content = all.filter((event) => event.type !== "finish")
  const finishes = all.filter((event) => event.type === "finish")
  assert.strictEqual(finishes.length, error === undefined ? 1 : 0, "finish events")
  if (error === undefined) assert.strictEqual(all.at(-1)?.type, "finish")
  return { parts: replay(content, error === undefined), finish: finishes[0], error } satisfies Outcome
}

export const streamed = (options: ChatCompletions.CompletionOptions) =>
  Effect.map(events(options), ({ all, error }): Outcome => {
    const { finish, parts } = assemble(all, error)
    if (error === undefined) return { parts, finish, error }
    // what a consumer saw before the error is what the error says had arrived; of a whole answer it saw nothing
    const partial = partialOf(error)
    if (parts.length > 0) assert.deepStrictEqual(parts.map(content), partial.map(content))
    return { parts: partial, finish, error }
  })

const content = (part: Message.AssistantPart) => part.type === "tool-call" ? part : [part.type, part.text]

const sorted = (value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sorted(v)]))

/** An outcome in the words of `expected.json`. */
export const said = ({ error, finish, parts }: Outcome) => ({
  reasoning: Message.reasoningOf(parts),
  text: Message.textOf(parts),
  toolCalls: Message.toolCallsOf(parts).map((call) => ({ name: call.name, arguments: sorted(call.arguments) })),
  finish: finish?.finishReason ?? (error?._tag === "IncompleteResponse" ? null : "error"),
  usage: finish?.usage === undefined
    ? null
    : { inputTokens: finish.usage.inputTokens, outputTokens: finish.usage.outputTokens }
})

/** The events of a take, as an array. */
export const take = (options: ChatCompletions.CompletionOptions, n: number) =>
  Effect.map(Stream.runCollect(Stream.take(ChatCompletions.stream(options), n)), Chunk.toReadonlyArray)

/** What was said, part by part. */
export const partial = ({ parts }: Outcome) =>
  parts.map((part) => part.type === "tool-call" ? part.name : part.text).join("|")

/** A streamed response in these network chunks. */
export const raw = (api: Model.Api, chunks: ReadonlyArray<string | Uint8Array>): MockOllama.RawResponse => ({
  headers: { "content-type": wire[api].contentType },
  chunks
})
