/** What tests say of `@effect/ai` that `effect/ai` says another way: the file of this name in effect4/test says how. */
import { type AiError, EmbeddingModel, type Response, Tool } from "@effect/ai"
import { Effect, Option, Schema } from "effect"

/** The class of an error. */
export const kindOf = (error: AiError.AiError): string => error._tag

/** The JSON Schema of the form of an answer. */
export const formatOf = (schema: Schema.Schema.Any) => Tool.getJsonSchemaFromSchemaAst(schema.ast)

/** Where a request was sent that got no answer. */
export const methodOf = (error: AiError.AiError) => error._tag === "HttpRequestError" ? error.request.method : undefined

export const usageOf = (inputTokens: number | undefined, outputTokens: number | undefined) => ({
  inputTokens,
  outputTokens,
  totalTokens: inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens
})

export const detailed = (input: number, output: number, cachedInputTokens: number, reasoningTokens: number) => ({
  ...usageOf(input, output),
  cachedInputTokens,
  reasoningTokens
})

export const tokensOf = ({ inputTokens, outputTokens }: Response.FinishPart["usage"]) => ({ inputTokens, outputTokens })

export const totalOf = ({ totalTokens }: Response.FinishPart["usage"]) => totalTokens

export const modelIdOf = (part: Response.ResponseMetadataPart | undefined) =>
  part && Option.getOrUndefined(part.modelId)

export const embedMany = (texts: ReadonlyArray<string>) =>
  Effect.flatMap(EmbeddingModel.EmbeddingModel, (model) => model.embedMany(texts))

export const embed = (text: string) => Effect.flatMap(EmbeddingModel.EmbeddingModel, (model) => model.embed(text))

/** A text that is changed, by an effect, when it is decoded. */
export const changed = <R>(change: (text: string) => Effect.Effect<string, never, R>) =>
  Schema.transformOrFail(Schema.String, Schema.String, { decode: change, encode: Effect.succeed })

/** The attributes of a span that say what is the same of all of them. */
export const spanOf = (provider: string) => ({ "gen_ai.system": provider, "gen_ai.provider.name": provider })

/** In which order what comes after calls comes, and the results of their tools. */
export const afterCalls = (calls: number) => [
  ...Array.from({ length: calls }, () => "tool-result"),
  "response-metadata",
  "finish"
]

/** What an error of the server is, in the middle of its answer. */
export const lineOfError = "UnknownError"

/** A tool as an MCP server describes it. */
export const described = <const Name extends string, Success extends Schema.Schema.Any>(
  name: Name,
  parameters: object,
  success: Success
) =>
  Tool.make(name, { description: "Searches", success }).setParameters(
    Schema.Struct({}, Schema.Record({ key: Schema.String, value: Schema.Unknown })).annotations({
      jsonSchema: parameters
    })
  )

export const descriptionOf = (error: AiError.AiError) => "description" in error ? error.description : undefined

/** The JSON Schemas of an object that has fields, of the parameters of a tool without any, of `Int` and of an optional date. */
export const noMore = { additionalProperties: false }
export const noParameters = { type: "object", properties: {}, required: [], additionalProperties: false }
export const int = { type: "integer", title: "int", description: "an integer" }
export const optionalDate = { type: "string", description: "a string to be decoded into a Date" }
