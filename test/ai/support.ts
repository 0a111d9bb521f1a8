/** A `LanguageModel` over the mock, on either API, and what came of a stream of its parts. */
import { AiError, type Response, Tool, Toolkit } from "@effect/ai"
import { assert } from "@effect/vitest"
import { Effect, Either, Layer, Schema, Stream } from "effect"
import { Embeddings, type Model } from "effect-ollama"
import { OllamaLanguageModel } from "effect-ollama/ai"
import type { MockOllama } from "effect-ollama/testing"
import { mocked, type ServiceOptions } from "../completions/support.js"
import type { Recording } from "../support/recordings.js"

export { apis } from "../completions/support.js"

const paths: Readonly<Record<Model.Api, string>> = { "openai-completions": "/v1/chat/completions", ollama: "/api/chat" }

/** At its path, also where that was put behind a wrong base URL. */
export const isOf = (api: Model.Api, { request }: Recording) => request.path.endsWith(paths[api])

/** Whether it asked for a stream. */
export const isStream = (api: Model.Api, { request }: Recording): boolean => {
  try {
    return (JSON.parse(request.body ?? "{}") as { readonly stream?: boolean }).stream ?? api === "ollama"
  } catch {
    return false
  }
}

/** The model over a mock that has `m` and `b`. Whole answers go over the wire when `streaming` is not set. */
export const model = (
  api: Model.Api,
  description: MockOllama.Description,
  { config, ...options }: ServiceOptions & { readonly config?: OllamaLanguageModel.Options } = { streaming: true }
) => OllamaLanguageModel.layer(config).pipe(Layer.provideMerge(mocked(api, description, options)))

/** What came, in chunks, and the error that ended it. */
export const collected = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.suspend(() => {
    const chunks: Array<ReadonlyArray<A>> = []
    return stream.pipe(
      Stream.runForEachChunk((chunk) => Effect.sync(() => chunks.push([...chunk]))),
      Effect.either,
      Effect.map((result) => ({
        chunks,
        parts: chunks.flat(),
        error: Either.isLeft(result) ? result.left : undefined
      }))
    )
  })

export const types = (parts: ReadonlyArray<{ readonly type: string }>): ReadonlyArray<string> =>
  parts.map((part) => part.type)

export const textOf = (parts: ReadonlyArray<Response.AnyPart>): string =>
  parts.map((part) => part.type === "text-delta" ? part.delta : part.type === "text" ? part.text : "").join("")

export const finishOf = (parts: ReadonlyArray<Response.AnyPart>): Response.FinishPart => {
  const finishes = parts.filter((part) => part.type === "finish")
  if (finishes.length !== 1) throw new Error(`${finishes.length} finish parts`)
  return finishes[0]!
}

/** An error of the core that says what it is. */
export const aiError = (error: unknown): AiError.AiError => {
  if (!AiError.isAiError(error)) throw new Error(`no AiError: ${String(error)}`)
  return error
}

export const GetWeather = Tool.make("get_weather", {
  description: "Current weather of a city",
  parameters: { city: Schema.String },
  success: Schema.Struct({ degrees: Schema.Number })
})

export const GetTime = Tool.make("get_time", { success: Schema.String })

export const Tools = Toolkit.make(GetWeather, GetTime)

export const toolsLayer = Tools.toLayer({
  get_weather: () => Effect.succeed({ degrees: 21 }),
  get_time: () => Effect.succeed("12:00")
})

/** The library's embeddings, of which one question is answered. */
export const embeddings = (
  embedMany: (
    texts: ReadonlyArray<string>,
    options: Omit<Embeddings.EmbedOptions, "vectors" | "batchSize">
  ) => Effect.Effect<{ readonly embeddings: ReadonlyArray<ReadonlyArray<number>> }, Embeddings.EmbeddingError>
) =>
  Layer.succeed(
    Embeddings.Embeddings,
    {
      embedMany: (
        texts: ReadonlyArray<string>,
        { batchSize: _, vectors, ...options }: Embeddings.EmbedOptions<keyof Embeddings.Vectors>
      ) => {
        assert.strictEqual(vectors, "numbers")
        return embedMany(texts, options)
      }
    } as unknown as Embeddings.Service // the rest is not asked for
  )
