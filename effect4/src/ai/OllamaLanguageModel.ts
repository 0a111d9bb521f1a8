// @partial
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as AiModel from "effect/ai/Model"
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import * as Telemetry from "effect/ai/Telemetry"
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"
import type * as Tracer from "effect/Tracer"
import type { Jsonly } from "../core/ai/json.js"

// None for a tool that takes none.
const parametersOf = ({ parametersSchema }: Tool.Any): Schema.Top | undefined =>
  parametersSchema === Tool.EmptyParams ? undefined : parametersSchema

const toolOf = (tool: Tool.Any): Encoded.Tool => ({
  name: tool.name,
  description: Tool.getDescription(tool),
  parameters: Tool.isDynamic(tool) ? Tool.getJsonSchema(tool) : parametersOf(tool),
  isProviderDefined: Tool.isProviderDefined(tool)
})

const annotateRequest = (span: Tracer.Span | undefined, options: CompletionOptions): void => {
  if (span === undefined) return
  Telemetry.addGenAIAnnotations(span, {
    provider: { name: "ollama" },
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
  Telemetry.addGenAIAnnotations(span, {
    provider: { name: ref.slice(0, slash) },
    request: { model: ref.slice(slash + 1) },
    response: { model, finishReasons: [finishReason] },
    usage: { inputTokens: usage?.inputTokens, outputTokens: usage?.outputTokens }
  })
}

// The object as it was sent, found in whatever the model put around it. Its schema is decoded by the core, which takes text.
const objectSchema = (schema: Schema.Top): Schema.Codec<unknown> => Schema.toEncoded(schema) as Schema.Codec<unknown> // `Top` only hides what it encodes

export const model = (
  model?: string,
  config?: Omit<Config.Service, "model">
): AiModel.Model<"ollama", LanguageModel.LanguageModel, ChatCompletions> =>
  AiModel.make("ollama", model ?? "default", layer({ model, config }))

// As JSON: what is `undefined` in them is not there.
const encoded = (parts: ReadonlyArray<Encoded.WholePart>): Array<Response.PartEncoded> =>
  parts as ReadonlyArray<unknown> as Array<Response.PartEncoded>

// Whether somebody allowed a call is settled before a model is asked again.
const messagesOf = (prompt: Prompt.Prompt): ReadonlyArray<Encoded.Message> =>
  prompt.content.map((message) =>
    message.role === "tool"
      ? { ...message, content: message.content.filter((part) => part.type === "tool-result") }
      : message
  ) as ReadonlyArray<Encoded.Message> // of assistants, the core reads the parts that it knows
