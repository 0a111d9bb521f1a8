/**
 * The `LanguageModel` of `@effect/ai` over the models of this library: its configuration and catalog, its fallbacks, limits
 * and errors, on both of Ollama's APIs.
 *
 * @since 0.1.0
 */
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as AiModel from "@effect/ai/Model"
import type * as Prompt from "@effect/ai/Prompt"
import * as Telemetry from "@effect/ai/Telemetry"
import * as Tool from "@effect/ai/Tool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type { ChatResponse, FinishEvent, Ignored, StreamEvent, Think } from "../Chat.js"
import { ChatCompletions, type Service as Completions } from "../ChatCompletions.js"
import type { CompletionOptions } from "../completion/options.js"
import { mendedFor } from "../completion/schemas.js"
import type * as Encoded from "../core/ai/encoded.js"
import * as Parts from "../core/ai/parts.js"
import * as Request from "../core/ai/request.js"
import * as Settings from "../core/ai/settings.js"
import type { JsonObject } from "../Message.js"
import type * as OllamaError from "../OllamaError.js"
import { isTraced } from "../telemetry/telemetry.js"
import * as Errors from "./internal/errors.js"
import { toParts } from "./internal/stream.js"
import * as Undecoded from "./internal/undecoded.js"

// =============================================================================
// configuration
// =============================================================================

/**
 * How a model answers, for all that is asked within it: see {@link withConfigOverride}.
 *
 * @since 0.1.0
 * @category context
 */
export class Config extends Context.Tag("effect-ollama/ai/OllamaLanguageModel/Config")<Config, Config.Service>() {
  /**
   * What is set around here.
   *
   * @since 0.1.0
   */
  static readonly getOrUndefined: Effect.Effect<Config.Service | undefined> = Effect.map(
    Effect.context<never>(),
    (context) => context.unsafeMap.get(Config.key) as Config.Service | undefined
  )
}

/**
 * @since 0.1.0
 * @category models
 */
export declare namespace Config {
  /**
   * The options of `ChatCompletions`, but for those that `@effect/ai` has itself.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Service
    extends Omit<CompletionOptions, "prompt" | "tools" | "toolChoice" | "format" | "malformedCalls">
  {}
}

// =============================================================================
// what providers say beside messages and parts
// =============================================================================

/**
 * How to answer, said with a message: with a system message for the conversation, with a user's message for the answer to
 * it. {@link withConfigOverride} wins over both.
 *
 * @since 0.1.0
 * @category models
 */
export type MessageOptions = {
  readonly think?: Think | undefined
  /** The context size in tokens; only `api: "ollama"` can carry it, and a change reloads the model. */
  readonly numCtx?: number | undefined
  /** How long the model stays loaded: seconds, or a Go duration such as `"5m"`; negative is for ever. */
  readonly keepAlive?: number | string | undefined
}

/**
 * What is known of a finished answer: `metadata.ollama` of the finish part.
 *
 * @since 0.1.0
 * @category models
 */
export type FinishMetadata = Encoded.FinishExtra

/**
 * What a server sent with a part and wants back with it: `metadata.ollama` of the part, and `options.ollama` of the same
 * part in a prompt.
 *
 * @since 0.1.0
 * @category models
 */
export type PartMetadata = Encoded.PartExtra

/**
 * The same of a tool call, and the exact text of its arguments where `params` has lost digits of them.
 *
 * @since 0.1.0
 * @category models
 */
export type ToolCallMetadata = Encoded.CallExtra

declare module "@effect/ai/Prompt" {
  export interface SystemMessageOptions {
    readonly ollama?: MessageOptions | undefined
  }
  export interface UserMessageOptions {
    readonly ollama?: MessageOptions | undefined
  }
  export interface TextPartOptions {
    readonly ollama?: PartMetadata | undefined
  }
  export interface ReasoningPartOptions {
    readonly ollama?: PartMetadata | undefined
  }
  export interface ToolCallPartOptions {
    readonly ollama?: ToolCallMetadata | undefined
  }
}

declare module "@effect/ai/Response" {
  export interface TextPartMetadata {
    readonly ollama?: PartMetadata | undefined
  }
  export interface TextStartPartMetadata {
    readonly ollama?: PartMetadata | undefined
  }
  export interface TextEndPartMetadata {
    readonly ollama?: PartMetadata | undefined
  }
  export interface ReasoningPartMetadata {
    readonly ollama?: PartMetadata | undefined
  }
  export interface ReasoningStartPartMetadata {
    readonly ollama?: PartMetadata | undefined
  }
  export interface ReasoningEndPartMetadata {
    readonly ollama?: PartMetadata | undefined
  }
  export interface ToolCallPartMetadata {
    readonly ollama?: ToolCallMetadata | undefined
  }
  export interface FinishPartMetadata {
    readonly ollama?: FinishMetadata | undefined
  }
}

// =============================================================================
// the request
// =============================================================================

/**
 * Which model answers, and how.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** A ref, an alias, or a name that only one provider has. Default: the configured primary, with its fallbacks. */
  readonly model?: string | undefined
  readonly config?: Omit<Config.Service, "model"> | undefined
}

interface Call {
  readonly options: CompletionOptions
  /** The span of the core, where somebody looks at it. */
  readonly span: Tracer.Span | undefined
  readonly offered: Parts.Offered
  readonly ignored: ReadonlyArray<Ignored>
}

const toolOf = (tool: Tool.Any): Encoded.Tool => ({
  name: tool.name,
  description: Tool.getDescription(tool as Tool.Tool<string, never>), // any tool has one or none
  parameters: tool.parametersSchema,
  isProviderDefined: Tool.isProviderDefined(tool)
})

// A function of its own, as a message of Effect 4 may hold approvals too.
const messagesOf = (prompt: Prompt.Prompt): ReadonlyArray<Encoded.Message> => prompt.content

// The core decodes parameters as they are.
const mending = (parameters: unknown) => (params: JsonObject): JsonObject =>
  Schema.isSchema(parameters) ? (mendedFor(parameters, params) ?? params) as JsonObject : params // JSON, as before

const prepare = (
  { config, model }: Options,
  { prompt, responseFormat, toolChoice, tools }: LanguageModel.ProviderOptions,
  override: Config.Service | undefined,
  span: Tracer.Span | undefined
): Either.Either<Call, OllamaError.InvalidRequest> =>
  Either.map(
    Request.make({
      prompt: messagesOf(prompt),
      tools: tools.map(toolOf),
      toolChoice,
      isObject: responseFormat.type === "json"
    }),
    (request) => ({
      span,
      options: {
        model,
        ...Settings.over(Settings.over(config ?? {}, request.options), override ?? {}),
        prompt: request.prompt,
        tools: request.tools as CompletionOptions["tools"], // their schemas are `Schema`s or JSON Schema
        toolChoice: request.toolChoice
      },
      offered: new Map(request.tools.map(({ name, parameters }) => [name, mending(parameters)])),
      ignored: request.ignored
    })
  )

// =============================================================================
// telemetry
// =============================================================================

const operation = { name: "chat" } as const

// The older word for a provider is that of @effect/ai.
const provider = "gen_ai.provider.name"

const annotateRequest = (span: Tracer.Span | undefined, options: CompletionOptions): void => {
  if (span === undefined) return
  span.attribute(provider, "ollama")
  Telemetry.addGenAIAnnotations(span, {
    system: "ollama",
    operation,
    request: {
      model: options.model,
      temperature: options.temperature,
      topP: options.topP,
      topK: options.topK,
      maxTokens: options.maxTokens,
      stopSequences: typeof options.stop === "string" ? [options.stop] : options.stop,
      frequencyPenalty: options.frequencyPenalty,
      presencePenalty: options.presencePenalty,
      seed: options.seed
    }
  })
}

const annotateFinish = (
  span: Tracer.Span | undefined,
  { finishReason, model, ref, usage }: Omit<FinishEvent, "type">
): void => {
  if (span === undefined) return
  const slash = ref.indexOf("/")
  span.attribute(provider, ref.slice(0, slash))
  Telemetry.addGenAIAnnotations(span, {
    system: ref.slice(0, slash),
    request: { model: ref.slice(slash + 1) },
    response: { model, finishReasons: [finishReason] },
    usage: { inputTokens: usage?.inputTokens, outputTokens: usage?.outputTokens }
  })
}

// =============================================================================
// the model
// =============================================================================

const module = "OllamaLanguageModel"

// The object as it was sent, found in whatever the model put around it. Its schema is decoded by the core, which takes text.
const objectSchema = (schema: Schema.Schema.Any): Schema.Schema<unknown> => {
  // A union may have a member that fits only before it is decoded: the keys of the others are for the core, too.
  const encoded = Schema.encodedBoundSchema(schema).annotations({
    parseOptions: { onExcessProperty: "preserve" }
  }) as Schema.Schema<unknown> // `Any` only hides what it encodes
  try {
    return encoded.annotations({ jsonSchema: Tool.getJsonSchemaFromSchemaAst(schema.ast) })
  } catch {
    // It has none, which the request then says.
    return encoded
  }
}

// A function of its own, as the parts of Effect 4 have another type.
const encoded = (parts: ReadonlyArray<Encoded.WholePart>): Array<Encoded.WholePart> => [...parts]

interface Answer {
  readonly response: ChatResponse
  readonly found?: Parts.Found
}

const ask = (
  completions: Completions,
  { options }: Call,
  { responseFormat }: LanguageModel.ProviderOptions
): Effect.Effect<Answer, Errors.Failure> =>
  responseFormat.type === "text"
    ? Effect.map(completions.create(options), (response) => ({ response }))
    : Effect.map(
      completions.createObject({ ...options, schema: objectSchema(responseFormat.schema) }),
      ({ extracted, response, value }) => ({ response, found: { text: JSON.stringify(value), extracted } })
    )

/**
 * A `LanguageModel` over the `ChatCompletions` of the context.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<LanguageModel.Service, never, ChatCompletions> =>
  Effect.flatMap(ChatCompletions, (completions) => {
    const begin = (asked: LanguageModel.ProviderOptions): Effect.Effect<Call, OllamaError.InvalidRequest> =>
      Effect.withFiberRuntime((fiber) =>
        Effect.flatMap(
          Config.getOrUndefined,
          (override) =>
            Either.map(prepare(options, asked, override, isTraced(fiber) ? asked.span : undefined), (call) => {
              annotateRequest(call.span, call.options)
              return call
            })
        )
      )

    return Undecoded.make({
      generateText: (asked) => {
        const where = { module, method: asked.responseFormat.type === "json" ? "generateObject" : "generateText" }
        return Effect.flatMap(
          begin(asked),
          (call) =>
            Effect.map(ask(completions, call, asked), ({ found, response }) => {
              annotateFinish(call.span, response)
              return Parts.ofAnswer(response, call.offered, call.ignored, found)
            })
        ).pipe(
          Effect.mapError(Errors.toAiError(where)),
          Effect.flatMap((parts) =>
            typeof parts === "string" ? Effect.fail(Errors.unusable(where, parts)) : Effect.succeed(encoded(parts))
          )
        )
      },
      streamText: (asked) => {
        const where = { module, method: "streamText" }
        const onError = Errors.toAiError(where)
        const parts = (events: Stream.Stream<StreamEvent, OllamaError.CompletionError>, call: Call) =>
          toParts(events, new Parts.Streamed(call.offered, call.ignored), {
            onFinish: (finish) => annotateFinish(call.span, finish),
            onError,
            onProblem: (problem) => Errors.unusable(where, problem)
          })
        return Stream.unwrap(
          Effect.map(Effect.mapError(begin(asked), onError), (call) => {
            const events = completions.stream(call.options)
            // The core makes its span none's parent for a stream.
            return parts(
              call.span === undefined ? events : Stream.provideService(events, Tracer.ParentSpan, call.span),
              call
            )
          })
        )
      }
    })
  })

/**
 * The `LanguageModel` of an app, over the `ChatCompletions` that `Ollama.layer` provides.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import { LanguageModel } from "@effect/ai"
 * import { Effect, Layer } from "effect"
 * import { Ollama } from "effect-ollama"
 * import { OllamaLanguageModel } from "effect-ollama/ai"
 *
 * const ModelLive = OllamaLanguageModel.layer().pipe(Layer.provide(Ollama.layer))
 *
 * export const answer = Effect.map(
 *   LanguageModel.generateText({ prompt: "Why is the sky blue?" }),
 *   (response) => response.text
 * ).pipe(Effect.provide(ModelLive))
 */
export const layer = (options: Options = {}): Layer.Layer<LanguageModel.LanguageModel, never, ChatCompletions> =>
  Layer.effect(LanguageModel.LanguageModel, make(options))

/**
 * A model to be provided to a part of a program, or to be a step of an `ExecutionPlan`.
 *
 * @since 0.1.0
 * @category models
 * @example
 * import { LanguageModel } from "@effect/ai"
 * import { Effect } from "effect"
 * import { OllamaLanguageModel } from "effect-ollama/ai"
 *
 * export const answer = LanguageModel.generateText({ prompt: "Why is the sky blue?" }).pipe(
 *   Effect.provide(OllamaLanguageModel.model("ollama/gpt-oss:20b", { temperature: 0 }))
 * )
 */
export const model = (
  model?: string,
  config?: Omit<Config.Service, "model">
): AiModel.Model<"ollama", LanguageModel.LanguageModel, ChatCompletions> =>
  AiModel.make("ollama", layer({ model, config }))

/**
 * Sets how the model answers within an effect. It wins over what the Layer and the messages say.
 *
 * @since 0.1.0
 * @category configuration
 * @example
 * import { LanguageModel } from "@effect/ai"
 * import { OllamaLanguageModel } from "effect-ollama/ai"
 *
 * export const answer = LanguageModel.generateText({ prompt: "Why is the sky blue?" }).pipe(
 *   OllamaLanguageModel.withConfigOverride({ model: "ollama/deepseek-r1:32b", think: "high", numCtx: 32768 })
 * )
 */
export const withConfigOverride: {
  (overrides: Config.Service): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, overrides: Config.Service): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, overrides: Config.Service): Effect.Effect<A, E, R> =>
    Effect.flatMap(
      Config.getOrUndefined,
      (config) => Effect.provideService(self, Config, Settings.over(config ?? {}, overrides))
    )
)

// =============================================================================
// errors
// =============================================================================

/**
 * The error of this library that an `AiError` stands for; `undefined` when it is none of ours.
 *
 * @since 0.1.0
 * @category errors
 * @example
 * import { LanguageModel } from "@effect/ai"
 * import { Effect } from "effect"
 * import { OllamaLanguageModel } from "effect-ollama/ai"
 *
 * export const answer = LanguageModel.generateText({ prompt: "Why is the sky blue?" }).pipe(
 *   Effect.map((response) => response.text),
 *   Effect.mapError((error) => OllamaLanguageModel.errorOf(error) ?? error),
 *   Effect.catchTag("ConnectionRefused", ({ hint }) => Effect.succeed(hint))
 * )
 */
export const errorOf: (
  error: unknown
) => OllamaError.CompletionError | OllamaError.OutputInvalid | undefined = Errors.errorOf
