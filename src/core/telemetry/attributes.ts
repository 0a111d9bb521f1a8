/**
 * A call in the words of OpenTelemetry's conventions for GenAI: names, counts and tags, and nothing of what is said. What
 * the conventions have no word for stands under `effect_ollama.`. Pure.
 */
import * as Either from "effect/Either"
import type { ChatRequest, FinishEvent, Ignored } from "../../Chat.js"
import type { Selection } from "../catalog/selection.js"
import { own } from "../json.js"
import * as Params from "../request/params.js"

export interface Attributes {
  readonly [name: string]: unknown
}

/** What is done: an answer of a model, or vectors. */
export type OperationName = "chat" | "embeddings"

const given = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined && value !== null))

const settings: ReadonlyArray<readonly [attribute: string, param: string]> = [
  ["gen_ai.request.temperature", "temperature"],
  ["gen_ai.request.top_p", "topP"],
  ["gen_ai.request.top_k", "topK"],
  ["gen_ai.request.max_tokens", "maxTokens"],
  ["gen_ai.request.frequency_penalty", "frequencyPenalty"],
  ["gen_ai.request.presence_penalty", "presencePenalty"],
  ["gen_ai.request.seed", "seed"]
]

/** The parameters of a request, by their names in this library. */
const ofParams = (params: { readonly stop?: unknown }): Attributes => {
  const { stop } = params
  return given({
    ...Object.fromEntries(settings.map(([attribute, param]) => [attribute, own(params, param)])),
    "gen_ai.request.stop_sequences": typeof stop === "string" ? [stop] : stop
  })
}

/** Who answers, of a ref. */
export const ofRef = (ref: string): Attributes => {
  const slash = ref.indexOf("/")
  return slash < 0
    ? { "gen_ai.request.model": ref }
    : { "gen_ai.provider.name": ref.slice(0, slash), "gen_ai.request.model": ref.slice(slash + 1) }
}

/** Where a server is. */
export const ofServer = (root: string): Attributes => {
  if (!URL.canParse(root)) return {}
  const { hostname, port, protocol } = new URL(root)
  return {
    "server.address": hostname.replace(/^\[|\]$/g, ""),
    "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port)
  }
}

/** A request to a chosen model, with what the configuration adds to it, and without what could not be sent. */
export const ofRequest = (
  selection: Selection,
  { format, params }: ChatRequest,
  ignored: ReadonlyArray<Ignored>
): Attributes => {
  const merged = Either.getOrElse(Params.merge([...selection.params, params]), (): Params.Merged => new Map())
  const sent = new Map(merged)
  for (const { setting } of ignored) sent.delete(setting)
  return {
    ...ofServer(selection.endpoint.root),
    ...ofParams(Object.fromEntries(sent)),
    "gen_ai.output.type": format === undefined && merged.get("format") === undefined ? "text" : "json",
    "effect_ollama.selected_by": selection.selectedBy,
    "effect_ollama.streaming": selection.streaming
  }
}

/** What a finished answer says about itself. */
export type Answer =
  & Pick<FinishEvent, "finishReason" | "ref">
  & Partial<Pick<FinishEvent, "model" | "responseId" | "usage">>

export const ofAnswer = ({ finishReason, model, ref, responseId, usage }: Answer): Attributes =>
  given({
    ...ofRef(ref),
    "gen_ai.response.id": responseId,
    "gen_ai.response.model": model,
    "gen_ai.response.finish_reasons": [finishReason],
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedInputTokens,
    "effect_ollama.usage.cost": usage?.cost
  })

/** Vectors that are asked for, and what is said about them. */
export const ofEmbeddings = (
  asked: {
    readonly ref: string
    readonly root: string
    readonly dimensions: number | undefined
    readonly texts: number
  }
): Attributes =>
  given({
    ...ofRef(asked.ref),
    ...ofServer(asked.root),
    "gen_ai.embeddings.dimension.count": asked.dimensions,
    "effect_ollama.texts": asked.texts
  })

/** A call of a tool. */
export const ofTool = (call: { readonly id: string; readonly name: string }): Attributes => ({
  "gen_ai.operation.name": "execute_tool",
  "gen_ai.tool.name": call.name,
  "gen_ai.tool.call.id": call.id,
  "gen_ai.tool.type": "function"
})

/** What kind of error it is: its tag. */
export const errorType = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string"
    ? error._tag
    : "_OTHER"

/** Nobody wants the answer any more, which is no failure. */
export const interrupted = "interrupted"
