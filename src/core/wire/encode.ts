/**
 * The body of a completion request, in either dialect: pure, and total over everything that a request can hold.
 */
import * as Either from "effect/Either"
import type { ChatRequest, Ignored, ToolDefinition } from "../../Chat.js"
import type { JsonObject } from "../../Message.js"
import { type Api, lacks, type ModelDefinition } from "../../Model.js"
import { ImagesNotSupported, type InvalidRequest, ThinkingNotSupported, ToolsNotSupported } from "../../OllamaError.js"
import * as Params from "../request/params.js"
import { write } from "../request/writeJson.js"
import * as native from "./nativeBody.js"
import * as openai from "./openaiBody.js"

export interface EncodeOptions {
  readonly api: Api
  readonly model: ModelDefinition
  readonly request: ChatRequest
  /** Params of the configuration, the weakest first: provider, model, ref. The request's own are stronger. */
  readonly params: ReadonlyArray<JsonObject>
  /** Params of the configuration that cannot be sent; the request's own stand in their place. */
  readonly ignored?: ReadonlyArray<Ignored> | undefined
  /** Whether it is an Ollama that is asked. Default `true`. */
  readonly ollama?: boolean | undefined
  readonly stream: boolean
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens" | undefined
}

export interface Encoded {
  /** JSON text. */
  readonly body: string
  readonly ignored: ReadonlyArray<Ignored>
  /** The context size (tokens) that the request asks for. */
  readonly numCtx?: number | undefined
}

export type EncodeError = InvalidRequest | ImagesNotSupported | ToolsNotSupported | ThinkingNotSupported

/**
 * The body that asks `model` for `request`. What the model is known not to have is refused before anything is sent: no
 * server version refuses a picture that its model cannot see.
 */
export const encode = (options: EncodeOptions): Either.Either<Encoded, EncodeError> => {
  const { api, model, request } = options
  const ignored: Array<Ignored> = (options.ignored ?? []).filter(({ setting }) =>
    !Object.hasOwn(request.params, setting)
  )
  if (lacks(model, "image") && hasImages(request)) return Either.left(new ImagesNotSupported({ model: model.id }))
  const tools = offered(request)
  if (tools.length > 0 && lacks(model, "tools")) return Either.left(new ToolsNotSupported({ model: model.id }))
  if (request.toolChoice === "required") {
    ignored.push({ setting: "toolChoice", reason: "Ollama cannot be made to call a tool" })
  }
  const merged = Params.merge([...options.params, request.params])
  if (Either.isLeft(merged)) return Either.left(merged.left)
  const params = merged.right
  const asked = params.get("think") as Params.Effort | undefined
  const cannotThink = lacks(model, "reasoning")
  if (cannotThink && asked !== undefined && asked !== false) {
    if (Object.hasOwn(request.params, "think")) return Either.left(new ThinkingNotSupported({ model: model.id }))
    // A setting for many models says nothing against the one that cannot think; the caller's own wish does.
    ignored.push({ setting: "think", reason: `${model.id} cannot think` })
  }
  // Many models think unless told otherwise, whatever is known of them; others' servers refuse to be told needlessly.
  const off = asked === false && (options.ollama !== false || model.reasoning)
  if (asked === false && !off) {
    ignored.push({
      setting: "think",
      reason: `${model.id} is not known to think, and not every server takes such a field`
    })
  }
  const dialect = api === "ollama" ? native : openai
  const drafted = dialect.draft({
    model: model.id,
    format: request.format ?? Params.format(params),
    request,
    tools,
    params,
    think: asked === false ? (off ? false : undefined) : cannotThink ? undefined : asked,
    stream: options.stream,
    maxTokensField: options.maxTokensField ?? "max_tokens"
  })
  const numCtx = api === "ollama" ? params.get("numCtx") ?? params.get("contextTokens") : undefined
  return Either.map(write(Object.fromEntries(drafted.body), ""), (body) => ({
    body,
    ignored: [...ignored, ...drafted.ignored],
    ...(typeof numCtx === "number" ? { numCtx } : {})
  }))
}

const hasImages = (request: ChatRequest): boolean =>
  request.messages.some(({ content, role }) =>
    role === "user" && typeof content !== "string" && content.some((part) => part.type === "image")
  )

/** Ollama has no tool choice: what must not be called is not offered. */
const offered = ({ toolChoice, tools }: ChatRequest): ReadonlyArray<ToolDefinition> => {
  if (toolChoice === "none") return []
  return typeof toolChoice === "string" ? tools : tools.filter(({ name }) => name === toolChoice.tool)
}
