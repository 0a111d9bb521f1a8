/** How `effect/ai` says it. */
import { Effect, Schema, SchemaGetter } from "effect"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { type AiError, EmbeddingModel, type Response, Tool } from "effect/ai"

const kinds: { readonly [reason: string]: string } = {
  NetworkError: "HttpRequestError",
  RateLimitError: "HttpResponseError",
  QuotaExhaustedError: "HttpResponseError",
  AuthenticationError: "HttpResponseError",
  InternalProviderError: "HttpResponseError",
  InvalidOutputError: "MalformedOutput",
  StructuredOutputError: "MalformedOutput",
  ToolParameterValidationError: "MalformedOutput",
  UnknownError: "UnknownError"
}

/** The class that says the same in `@effect/ai`. */
export const kindOf = (error: AiError.AiError): string => {
  const ours = OllamaLanguageModel.errorOf(error)
  const status = ours !== undefined && "status" in ours ? ours.status : undefined
  if (error.reason._tag === "InvalidRequestError") return status === undefined ? "MalformedInput" : "HttpResponseError"
  return status === 200 ? "UnknownError" : kinds[error.reason._tag] ?? error.reason._tag
}

export const formatOf = (schema: Schema.Top) =>
  Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" }).schema

export const methodOf = (error: AiError.AiError) =>
  error.reason._tag === "NetworkError" ? error.reason.method : undefined

export const detailed = (total: number, written: number, cacheRead?: number, reasoning?: number) => ({
  inputTokens: { uncached: cacheRead && total - cacheRead, total, cacheRead, cacheWrite: undefined },
  outputTokens: { total: written, text: reasoning && written - reasoning, reasoning }
})

export const usageOf = (input?: number, output?: number) => detailed(input!, output!)

export const tokensOf = ({ inputTokens, outputTokens }: Response.FinishPart["usage"]) => ({
  inputTokens: inputTokens.total,
  outputTokens: outputTokens.total
})

export const totalOf = ({ inputTokens, outputTokens }: Response.FinishPart["usage"]) =>
  (inputTokens.total ?? 0) + (outputTokens.total ?? 0)

export const modelIdOf = (part: Response.ResponseMetadataPart | undefined) => part?.modelId

export const embedMany = (texts: ReadonlyArray<string>) =>
  Effect.flatMap(
    EmbeddingModel.EmbeddingModel,
    (model) => Effect.map(model.embedMany(texts), ({ embeddings }) => embeddings.map(({ vector }) => vector))
  )

export const embed = (text: string) =>
  Effect.flatMap(EmbeddingModel.EmbeddingModel, (model) => Effect.map(model.embed(text), ({ vector }) => vector))

export const changed = <R>(change: (text: string) => Effect.Effect<string, never, R>) =>
  Schema.String.pipe(Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transformEffect(change),
    encode: SchemaGetter.passthrough()
  }))

export const spanOf = (provider: string) => ({ "gen_ai.provider.name": provider, "gen_ai.output.type": "text" })

/** The tools are run beside the stream. */
export const afterCalls = (calls: number) => [
  "response-metadata",
  ...Array.from({ length: calls }, () => "tool-result"),
  "finish"
]

export const lineOfError = "UnknownError"

export const described = <const Name extends string, Success extends Schema.Top>(
  name: Name,
  parameters: { readonly [key: string]: unknown },
  success: Success
) => Tool.dynamic(name, { description: "Searches", parameters, success })

export const descriptionOf = ({ reason }: AiError.AiError) => "description" in reason ? reason.description : undefined

export const noMore = { additionalProperties: false }
export const noParameters = { type: "object", properties: {} }
export const int = { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 }
export const optionalDate = { type: "string" }
