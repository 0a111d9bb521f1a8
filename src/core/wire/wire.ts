/**
 * What a wire is: all that is particular to an API, as one value. Below it what all wires share: the way from a request to
 * a body, and the reading of one event. Pure and total in both directions.
 */
import * as Either from "effect/Either"
import type { ChatRequest, FinishReason, Ignored, ToolChoice, ToolDefinition } from "../../Chat.js"
import type { AssistantMessage, AssistantPart, ImagePart, ToolCall } from "../../Message.js"
import { reasoningOf, textOf, toolCallsOf } from "../../Message.js"
import { lacks, type ModelDefinition } from "../../Model.js"
import { ImagesNotSupported, type InvalidRequest, ThinkingNotSupported, ToolsNotSupported } from "../../OllamaError.js"
import type { Framing } from "../decode/framing.js"
import { copy, elements, member, type Place, root } from "../decode/jsonText.js"
import type { DecodeFailure, Kind, WireCall, WireEvent, WireFinish } from "../decode/types.js"
import { isObjectText, isRecord, type JsonRecord, recordsOf, wellFormed, write } from "../json.js"
import type { Compat, Provider } from "../provider.js"
import { bareBase64, dataUrl } from "../request/image.js"
import type { ReasoningField } from "../request/metadata.js"
import type * as Metadata from "../request/metadata.js"
import * as Params from "../request/params.js"
import { unwritable } from "../request/plain.js"

export interface Wire {
  /** Where a completion is asked for, under the addresses of a provider. */
  readonly url: (provider: Pick<Provider, "root" | "completionsUrl">) => string
  /** Whether a path of a base URL is the API's own: hosted ones have theirs. */
  readonly keepsPath: boolean
  /** Whether only an Ollama speaks it; one is asked for no stream when nobody says so. */
  readonly ollama: boolean
  readonly body: (draft: Draft) => Drafted
  readonly framing: Framing
  /** Reads what is no error: an event of a stream, or a whole answer. `text` is the exact text of the value. */
  readonly read: (value: JsonRecord, text: string, isWhole?: boolean) => WireEvent | DecodeFailure
  /** Whether an object can be a whole answer. */
  readonly isAnswer: (value: JsonRecord) => boolean
  /** Where an event of a stream has its text, for the fast path. */
  readonly place: {
    /** The object that holds the text, in the JSON of an event that `read` has read as nothing but text. */
    readonly message: (json: string) => Place | undefined
    /** The keys in it, in the order in which they are looked at. */
    readonly keys: { readonly [K in Kind]: ReadonlyArray<string> }
    /** The key of a string at the top that differs in every event. */
    readonly stamp?: string
  }
}

/** What a wire writes: the whole body, and nothing to decide any more. */
export interface Draft {
  readonly model: string
  readonly request: ChatRequest
  /** The form of the answer: the request's own, else that of the params. */
  readonly format: ChatRequest["format"]
  readonly tools: ReadonlyArray<ToolDefinition>
  readonly params: Params.Merged
  readonly think: Params.Effort | undefined
  readonly stream: boolean
  readonly maxTokensField: string
  readonly asked: Metadata.Asked | undefined
  readonly ollama: boolean
  readonly compat: Compat
}

/** A body as a value, and what it cannot carry. */
export interface Drafted {
  readonly body: ReadonlyMap<string, unknown>
  readonly ignored: ReadonlyArray<Ignored>
  /** The context size (tokens) that it asks for. */
  readonly numCtx?: number | undefined
}

// =============================================================================
// writing
// =============================================================================

export interface EncodeOptions {
  readonly wire: Wire
  readonly model: ModelDefinition
  /** Its name on the server. Default: its id. */
  readonly name?: string | undefined
  readonly request: ChatRequest
  /** Params of the configuration, merged, or why they cannot be. The request's own are stronger. */
  readonly params: Either.Either<Params.Merged, InvalidRequest>
  /** Params of the configuration that cannot be sent; the request's own stand in their place. */
  readonly ignored?: ReadonlyArray<Ignored> | undefined
  /** Whether it is an Ollama that is asked. Default `true`. */
  readonly ollama?: boolean | undefined
  /** Who is asked: what another one sent with an answer of the history is not for it. */
  readonly asked?: Metadata.Asked | undefined
  /** What its server needs or lacks. */
  readonly compat?: Compat | undefined
  readonly stream: boolean
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens" | undefined
}

export interface Encoded extends Omit<Drafted, "body"> {
  /** JSON text. */
  readonly body: string
}

export type EncodeError = InvalidRequest | ImagesNotSupported | ToolsNotSupported | ThinkingNotSupported

/**
 * The body that asks `model` for `request`. What the model is known not to have is refused before anything is sent: no
 * server version refuses a picture that its model cannot see.
 */
export const encode = (options: EncodeOptions): Either.Either<Encoded, EncodeError> => {
  const { model, request, wire } = options
  const ignored: Array<Ignored> = (options.ignored ?? []).filter(({ setting }) =>
    !Object.hasOwn(request.params, setting)
  )
  const compat = wire.ollama ? {} : options.compat ?? {}
  const ollama = options.ollama !== false
  if (hasImages(request) && (lacks(model, "image") || compat.requiresStringContent === true)) {
    return Either.left(new ImagesNotSupported({ model: model.id }))
  }
  const tools = offered(request)
  if (tools.length > 0 && lacks(model, "tools")) return Either.left(new ToolsNotSupported({ model: model.id }))
  if (request.toolChoice === "required" && ollama) {
    ignored.push({ setting: "toolChoice", reason: "Ollama cannot be made to call a tool" })
  }
  const merged = Object.keys(request.params).length === 0
    ? options.params
    : Either.flatMap(options.params, (configured) => Params.merge([request.params], configured))
  if (Either.isLeft(merged)) return Either.left(merged.left)
  const params = merged.right
  const asked = params.get("think") as Params.Effort | undefined
  const cannotThink = asked !== undefined && lacks(model, "reasoning")
  if (cannotThink && asked !== false) {
    if (Object.hasOwn(request.params, "think")) return Either.left(new ThinkingNotSupported({ model: model.id }))
    // A setting for many models says nothing against the one that cannot think; the caller's own wish does.
    ignored.push({ setting: "think", reason: `${model.id} cannot think` })
  }
  // Many models think unless told otherwise, whatever is known of them; others' servers refuse to be told needlessly.
  const off = asked === false && (ollama || model.reasoning)
  if (asked === false && !off) {
    ignored.push({
      setting: "think",
      reason: `${model.id} is not known to think, and not every server takes such a field`
    })
  }
  const drafted = wire.body({
    model: options.name ?? model.id,
    // The params too may ask for a form of the answer; it is a part of the request, not an option of the model.
    format: request.format ?? params.get("format") as ChatRequest["format"],
    request,
    tools,
    params,
    think: asked === false ? (off ? false : undefined) : cannotThink ? undefined : asked,
    stream: options.stream,
    maxTokensField: options.maxTokensField ?? "max_tokens",
    asked: options.asked,
    ollama,
    compat
  })
  return Either.mapBoth(write(Object.fromEntries(drafted.body), ""), {
    onLeft: unwritable,
    onRight: (body) => ({ ...drafted, body, ignored: [...ignored, ...drafted.ignored] })
  })
}

const hasImages = (request: ChatRequest): boolean =>
  request.messages.some(({ content, role }) =>
    role === "user" && typeof content !== "string" && content.some((part) => part.type === "image")
  )

/** Ollama has no tool choice: what must not be called is not offered. */
export const offered = <T extends { readonly name: string }>(
  { toolChoice, tools }: { readonly toolChoice: ToolChoice; readonly tools: ReadonlyArray<T> }
): ReadonlyArray<T> => {
  if (toolChoice === "none") return []
  return typeof toolChoice === "string" ? tools : tools.filter(({ name }) => name === toolChoice.tool)
}

const special: ReadonlySet<string> = new Set(["think", "format", "contextTokens"])

/** What asks for something that is not read from the answer. */
const unread: ReadonlyArray<string> = ["logprobs", "top_logprobs"]

/**
 * Puts each param into a body by `put`, which says why when it cannot; fields of the extra body as they are, or by
 * `putExtra`; the weakest first. Not those that depend on more than the params: `think` on the model, `format` on the
 * request, `contextTokens` on whether there is a `numCtx`.
 */
export const putParams = (
  body: Map<string, unknown>,
  params: Params.Merged,
  put: (name: string, value: unknown) => string | undefined,
  putExtra: (field: string, value: unknown) => void = (field, value) => body.set(field, value)
): ReadonlyArray<Ignored> => {
  const ignored: Array<Ignored> = []
  for (const [name, value] of params) {
    if (special.has(name) || (Params.isKnown(name) && isEmptyList(value))) continue
    const extra = Params.extraFieldOf(name)
    if (extra !== undefined) {
      putExtra(extra, value)
      continue
    }
    const reason = unread.includes(name) ? "No answer of this library has what it asks for" : put(name, value)
    if (reason !== undefined) ignored.push({ setting: name, reason })
  }
  return ignored
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0

/** What an assistant said, by kind; what is not there is `undefined`, but for the text. */
export const assistantSaid = ({ content }: AssistantMessage) => {
  const parts: ReadonlyArray<AssistantPart> = typeof content === "string" ? [{ type: "text", text: content }] : content
  const reasoning = reasoningOf(parts)
  const calls = toolCallsOf(parts)
  return {
    text: textOf(parts),
    reasoning: reasoning === "" ? undefined : reasoning,
    calls: calls.length === 0 ? undefined : calls
  }
}

/** The arguments of a call as the JSON text of an object, digit for digit; `{}` when there are none. */
export const argumentsText = (call: ToolCall): string =>
  isObjectText(call.argumentsText) ? wellFormed(call.argumentsText) : JSON.stringify(call.arguments ?? {})

/** The data URL of a picture; requests that were normalised hold nothing else. */
export const imageUrl = ({ image }: ImagePart): string =>
  typeof image === "string" ? image : Either.getOrElse(dataUrl(image, ""), () => "")

export const imageBase64 = (part: ImagePart): string => bareBase64(imageUrl(part))

export const toolOnWire = ({ description, name, parameters }: ToolDefinition, more: JsonRecord = {}) => ({
  type: "function",
  function: { name, description, parameters, ...more }
})

// =============================================================================
// reading
// =============================================================================

export const malformed = (detail: string) => ({ _tag: "Malformed", detail }) as const

/** One event, whatever stands there: read or refused, never thrown at. */
export const readEvent = (wire: Wire, value: unknown, text: string, isWhole = false): WireEvent | DecodeFailure =>
  isRecord(value) ? errorOf(value) ?? wire.read(value, text, isWhole) : malformed("an event is not an object")

/**
 * The error that an event carries. One server release wrote the text of an error as its key
 * (`{"error parsing tool call": …}`); some compatible servers say `"object": "error"`.
 */
export const errorOf = (value: JsonRecord): DecodeFailure | undefined => {
  const error = value["error"]
  const bare = value["message"] === undefined && value["choices"] === undefined && value["response"] === undefined
  if (error !== undefined && error !== null && error !== false && (error !== "" || bare)) {
    return { _tag: "InBandError", error }
  }
  if (value["object"] === "error") return { _tag: "InBandError", error: value }
  if (bare && error === undefined) {
    for (const key of Object.keys(value)) {
      if (!/^error\b/.test(key)) continue
      const said = value[key]
      return { _tag: "InBandError", error: `${key}: ${typeof said === "string" ? said : JSON.stringify(said)}` }
    }
  }
  return undefined
}

/** A name, an id: what is no text counts as not given. */
export const textOr = (value: unknown): string => typeof value === "string" ? value : ""

/** A count or a duration: only finite numbers from 0 count as given. */
export const count = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 && value < Infinity ? value : undefined

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_calls", "tool-calls"],
  ["function_call", "tool-calls"],
  ["content_filter", "content-filter"]
])

// Words of servers for an answer that they did not finish.
const failures: ReadonlySet<string> = new Set([
  "error",
  "network_error",
  "insufficient_system_resource",
  "abort",
  "aborted",
  "timeout",
  "cancelled"
])

// A word is a word: longer ones are cut for what is kept and shown.
const maxWord = 100

/** Why an answer finished, in OpenAI's words, which are Ollama's too; `""` says nothing. */
export const finishOf = (said: string): WireFinish | undefined => {
  if (said === "") return undefined
  const word = said.slice(0, maxWord)
  return { reason: reasons.get(word) ?? "other", word, failed: failures.has(word) }
}

/** Text of a message: a string, nothing, or a list of text parts (some compatible servers). */
export const contentOf = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  if (value === undefined || value === null) return ""
  if (!Array.isArray(value)) return undefined
  let text = ""
  for (const part of value as ReadonlyArray<unknown>) {
    if (typeof part === "string") text += part
    else if (isRecord(part) && part["type"] !== "thinking") text += textOr(part["text"])
  }
  return text
}

/** What the model says in place of an answer: a text beside the content, or parts of it. */
export const refusalOf = (message: JsonRecord): string => {
  let text = textOr(message["refusal"])
  for (const part of recordsOf(message["content"])) text += textOr(part["refusal"])
  return text
}

/** An error inside of a message, or beside it. */
export const innerError = (...errors: ReadonlyArray<unknown>) => {
  const error = errors.find((error) => error !== undefined && error !== null && error !== false && error !== "")
  return error === undefined ? undefined : { error }
}

/** What a message says that is a thought, and where: under the first of the names, in its details, or in its content. */
export const thoughtOf = (
  message: JsonRecord,
  keys: ReadonlyArray<ReasoningField>
): { readonly text: string; readonly field?: ReasoningField } => {
  for (const field of keys) {
    const text = contentOf(message[field]) ?? ""
    if (text !== "") return { text, field }
  }
  let text = ""
  for (const part of recordsOf(message["reasoning_details"])) text += textOr(part["text"]) || textOr(part["summary"])
  if (text !== "") return { text, field: "reasoning_details" }
  for (const part of recordsOf(message["content"])) {
    if (part["type"] === "thinking") text += contentOf(part["thinking"]) || textOr(part["text"])
  }
  return text === "" ? { text } : { text, field: "content" }
}

export const noCalls: ReadonlyArray<WireCall> = []

const indexOf = (entry: JsonRecord, fn: JsonRecord): number | undefined => {
  const index = entry["index"] ?? fn["index"]
  return typeof index === "number" ? index : undefined
}

// What was there before `tool_calls`: the one call of an answer.
const onlyCall = ({ function_call: call }: JsonRecord): ReadonlyArray<unknown> | undefined =>
  isRecord(call) && (textOr(call["name"]) !== "" || textOr(call["arguments"]) !== "")
    ? [{ index: 0, function: call }]
    : undefined

/**
 * The tool calls of a message. Arguments that are not a string are cut out of the event's own text, digit by digit.
 *
 * `place`: where the message stands in that text. `whole`: each entry is complete, not a piece of a call.
 */
export const callsOf = (
  message: JsonRecord,
  text: string,
  place: (text: string) => Place | undefined,
  whole: boolean
): ReadonlyArray<WireCall> | DecodeFailure => {
  const { tool_calls: given } = message
  const only = given === undefined || given === null || (Array.isArray(given) && given.length === 0)
  const value = only ? onlyCall(message) : given
  if (value === undefined) return noCalls
  if (!Array.isArray(value)) return malformed("tool_calls is not a list")
  let places: ReadonlyArray<Place | undefined> | undefined
  const calls: Array<WireCall> = []
  for (const [at, entry] of (value as ReadonlyArray<unknown>).entries()) {
    if (!isRecord(entry)) return malformed("a tool call is not an object")
    const fn = isRecord(entry["function"]) ? entry["function"] : {}
    const said = fn["arguments"]
    let args = ""
    if (typeof said === "string") args = said
    else if (said !== undefined && said !== null) {
      places ??= only
        ? [member(text, place(text), "function_call")]
        : elements(text, member(text, place(text), "tool_calls")).map((at) => member(text, at, "function"))
      const source = member(text, places[at], "arguments")
      args = source === undefined ? JSON.stringify(said) : copy(text.slice(source.from, source.to))
    }
    const extra = entry["extra_content"]
    calls.push({
      id: textOr(entry["id"]) || textOr(fn["id"]),
      name: textOr(fn["name"]),
      index: indexOf(entry, fn),
      text: args,
      whole,
      ...(only ? { only } : undefined),
      ...(isRecord(extra) ? { extra } : undefined)
    })
  }
  return calls
}

export const rootMember = (text: string, ...keys: ReadonlyArray<string>): Place | undefined => {
  let place: Place | undefined = root(text)
  for (const key of keys) place = member(text, place, key)
  return place
}
