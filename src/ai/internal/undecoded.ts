/**
 * A language model whose core decodes nothing where it has nothing else to do: without a toolkit, its part of an answer is to
 * make the schema of all parts anew for each call, and to check with it what this library has just made. Without that a
 * `generateText` takes 0.66 of the time (0.76 on fetch), a part of `streamText` 0.26 to 0.44. All else that the core does is
 * done here in the same way.
 */
import type * as AiError from "@effect/ai/AiError"
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as Prompt from "@effect/ai/Prompt"
import * as Response from "@effect/ai/Response"
import * as Telemetry from "@effect/ai/Telemetry"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import type * as Encoded from "../../core/ai/encoded.js"

/** What answers, as `LanguageModel.make` takes it. */
export interface Answers {
  readonly generateText: (
    options: LanguageModel.ProviderOptions
  ) => Effect.Effect<Array<Encoded.WholePart>, AiError.AiError>
  readonly streamText: (
    options: LanguageModel.ProviderOptions
  ) => Stream.Stream<Encoded.StreamPart, AiError.AiError>
}

/** A part as the schema of the core decodes it. A model without tools has neither their parts nor their results. */
const decoded = (part: Encoded.WholePart | Encoded.StreamPart): Response.AnyPart => {
  switch (part.type) {
    case "response-metadata":
      return Response.makePart("response-metadata", {
        id: Option.none(),
        modelId: Option.some(part.modelId),
        timestamp: Option.none()
      })
    case "finish":
      return Response.makePart("finish", {
        reason: part.reason,
        usage: new Response.Usage(part.usage, { disableValidation: true }),
        metadata: part.metadata
      })
    default:
      return Response.makePart(part.type as "text", part as Encoded.TextPart) // it adds the same to each of the others
  }
}

const decodedChunk = Chunk.map(decoded)

type Options = LanguageModel.GenerateTextOptions<{}>

const spanOptions = ({ concurrency, toolChoice }: Options) => ({
  captureStackTrace: false,
  attributes: { concurrency, toolChoice }
})

const providerOptions = ({ prompt }: Options, span: Tracer.Span): LanguageModel.ProviderOptions => ({
  prompt: Prompt.make(prompt),
  tools: [],
  toolChoice: "none",
  responseFormat: { type: "text" },
  span
})

const generateText = (answers: Answers) => (options: Options) =>
  Effect.useSpan("LanguageModel.generateText", spanOptions(options), (span) =>
    Effect.withParentSpan(
      Effect.map(
        Effect.suspend(() => answers.generateText(providerOptions(options, span))),
        (parts) => new LanguageModel.GenerateTextResponse(parts.map(decoded) as Array<Response.Part<{}>>) // see `decoded`
      ),
      span
    ))

const streamText = (answers: Answers) => (options: Options) =>
  Effect.map(
    Effect.makeSpanScoped("LanguageModel.streamText", spanOptions(options)),
    (span) => Stream.mapChunks(answers.streamText(providerOptions(options, span)), decodedChunk)
  )

/** Who transforms spans is handed the answer by the core. */
const hasTransformer = (context: Context.Context<never>): boolean =>
  Option.isSome(Context.getOption(context, Telemetry.CurrentSpanTransformer))

export const make = (answers: Answers): Effect.Effect<LanguageModel.Service> =>
  Effect.flatMap(
    Effect.context<never>(),
    (made) =>
      Effect.map(LanguageModel.make(answers), (core): LanguageModel.Service => {
        if (hasTransformer(made)) return core
        const whole = generateText(answers)
        const streamed = streamText(answers)
        return {
          ...core,
          generateText: ((options: Options) =>
            options.toolkit !== undefined
              ? core.generateText(options)
              : Effect.contextWithEffect((context: Context.Context<never>) =>
                hasTransformer(context) ? core.generateText(options) : whole(options)
              )) as LanguageModel.Service["generateText"], // which tells by its options what it needs and fails with
          streamText: ((options: Options) =>
            options.toolkit !== undefined
              ? core.streamText(options)
              : Stream.unwrapScoped(
                Effect.contextWithEffect((context: Context.Context<never>) =>
                  hasTransformer(context) ? Effect.succeed(core.streamText(options)) : streamed(options)
                )
              )) as LanguageModel.Service["streamText"] // as above
        }
      })
  )
