import { Either } from "effect"
import type { ChatCompletions, Message, Model } from "effect-ollama"
import { merge } from "../../src/core/request/params.js"
import { encode, type Encoded, type EncodeError, type EncodeOptions } from "../../src/core/wire/wire.js"
import { wires } from "../../src/core/wire/wires.js"
import { normalize } from "../support/request.js"

export type Api = Model.Api

export const apis = ["openai-completions", "ollama"] as const

/** A model of which nothing is known. */
export const unknownModel: Model.ModelDefinition = {
  id: "m",
  name: "m",
  reasoning: false,
  input: ["text"],
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  contextWindow: 8192,
  maxTokens: 81920,
  known: []
}

/** A model that is known to have neither thinking, tools nor vision. */
export const plainModel: Model.ModelDefinition = {
  ...unknownModel,
  tools: false,
  known: ["reasoning", "tools", "input"]
}

export type Given = Partial<Omit<EncodeOptions, "request" | "params">> & {
  readonly api?: Api
  /** Of the configuration, the weakest first. */
  readonly params?: ReadonlyArray<Message.JsonObject>
}

export const tryEncode = (
  options: ChatCompletions.CompletionOptions,
  { api = "openai-completions", params = [], ...given }: Given = {}
): Either.Either<Encoded, EncodeError> =>
  Either.flatMap(
    normalize(options),
    (request) =>
      encode({ wire: wires[api], model: unknownModel, params: merge(params), stream: false, ...given, request })
  )

export const encoded = (options: ChatCompletions.CompletionOptions, given: Given = {}): Encoded =>
  Either.getOrThrowWith(tryEncode(options, given), (error) => error)

/** Parsed JSON, whose shape is what the tests are about. */
export type Json = any // oxlint-disable-line no-explicit-any -- its shape is what is tested

export const body = (options: ChatCompletions.CompletionOptions, given: Given = {}): Json =>
  JSON.parse(encoded(options, given).body)

export const completions = (
  options: Omit<ChatCompletions.CompletionOptions, "prompt"> & Partial<ChatCompletions.CompletionOptions>,
  given: Given = {}
) => body({ prompt: "Hi", ...options }, { api: "openai-completions", ...given })

export const ollama = (
  options: Omit<ChatCompletions.CompletionOptions, "prompt"> & Partial<ChatCompletions.CompletionOptions>,
  given: Given = {}
) => body({ prompt: "Hi", ...options }, { api: "ollama", ...given })

/** The failure of options that are expected to fail, with its path. */
export const failure = (
  options: unknown,
  given: Given = {}
): { readonly _tag: string; readonly path: string | undefined } => {
  const result = tryEncode(options as ChatCompletions.CompletionOptions, given)
  if (Either.isRight(result)) throw new Error(`expected a failure, got ${result.right.body}`)
  return { _tag: result.left._tag, path: result.left._tag === "InvalidRequest" ? result.left.path : undefined }
}

export const invalidAt = (path: string | undefined) => ({ _tag: "InvalidRequest", path })

export const call = (
  name: string,
  argumentsText: string,
  id = "call_1",
  args: Message.JsonObject = {}
): Message.ToolCall => ({ type: "tool-call", id, name, arguments: args, argumentsText })

export const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3])
export const pngBase64 = "iVBORw0KGgoBAgM="
