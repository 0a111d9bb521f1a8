/** What a server refuses before a model is asked, in its order and words. */
import type { Api } from "../../Model.js"
import { isRecord, type JsonRecord, numberOf, own, recordsOf } from "../json.js"
import type { Generation } from "./generation.js"
import { find, type Installed, lacks } from "./models.js"
import { bindFailure, failure, json as answer, missingModel, type Plan } from "./plan.js"

/** Go's words for the two mistakes that tests make: JSON that stops, and a key without quotes. */
const syntaxMessage = (body: string) => {
  const key = /^\s*\{\s*([^"}\s])/.exec(body)
  if (key !== null) return `invalid character '${key[1]}' looking for beginning of object key string`
  const start = /^\s*([^{["\s\d\-tfn])/.exec(body)
  return start === null ? "unexpected EOF" : `invalid character '${start[1]}' looking for beginning of value`
}

/** The body as an object, or the refusal. */
export const readBody = (api: Api, body: string): { readonly json: JsonRecord } | { readonly refused: Plan } => {
  if (body.trim() === "") {
    return { refused: bindFailure(api, api === "openai-completions" ? "EOF" : "missing request body") }
  }
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { refused: bindFailure(api, syntaxMessage(body)) }
  }
  return isRecord(json)
    ? { json }
    : { refused: bindFailure(api, "json: cannot unmarshal array into Go value of type api.ChatRequest") }
}

/** Go's word for a JSON value. */
const goKind = (value: unknown) => Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value

/** Of each Go struct: the ways to its fields, `[]` for each of a list, and their types. */
type GoTypes = Readonly<Record<string, Readonly<Record<string, string>>>>

const isOfType = (value: unknown, type: string): boolean => {
  if (value == null) return true
  switch (type) {
    case "string":
      return typeof value === "string"
    case "bool":
      return typeof value === "boolean"
    case "int":
      return Number.isInteger(value)
    case "float32":
    case "float64":
      return typeof value === "number"
    default:
      return type.startsWith("[]") || type === "api.Tools" ? Array.isArray(value) : isRecord(value)
  }
}

const valuesAt = (json: JsonRecord, way: string): ReadonlyArray<unknown> =>
  way.split(".").reduce<ReadonlyArray<unknown>>((values, key) => {
    const name = key.replace("[]", "")
    return values.flatMap((value) => {
      const inner = own(value, name)
      return name === key ? [inner] : Array.isArray(inner) ? inner : []
    })
  }, [json])

/** What Go says of the first value that its struct has no place for. */
const typeMistake = (json: JsonRecord, types: GoTypes): string | undefined => {
  for (const [struct, fields] of Object.entries(types)) {
    for (const [way, type] of Object.entries(fields)) {
      const wrong = valuesAt(json, way).find((value) => !isOfType(value, type))
      if (wrong === undefined) continue
      const kind = type === "int" && typeof wrong === "number" ? `number ${wrong}` : goKind(wrong)
      return `json: cannot unmarshal ${kind} into Go struct field ${struct}.${way.replaceAll("[]", "")} of type ${type}`
    }
  }
  return undefined
}

const asked = {
  model: "string",
  stream: "bool",
  options: "map[string]interface {}",
  top_logprobs: "int"
}
const chatTypes: GoTypes = {
  ChatRequest: {
    ...asked,
    messages: "[]api.Message",
    "messages[]": "api.Alias",
    "messages[].role": "string",
    "messages[].content": "string",
    "messages[].thinking": "string",
    "messages[].images": "[]api.ImageData",
    "messages[].tool_calls": "[]api.ToolCall",
    "messages[].tool_calls[].function.arguments": "api.ToolCallFunctionArguments",
    "messages[].tool_name": "string",
    "messages[].tool_call_id": "string",
    tools: "api.Tools"
  }
}
const generateTypes: GoTypes = {
  GenerateRequest: {
    ...asked,
    prompt: "string",
    suffix: "string",
    system: "string",
    template: "string",
    context: "[]int",
    raw: "bool",
    images: "[]api.ImageData"
  }
}
const completionsTypes: GoTypes = {
  ChatCompletionRequest: {
    model: "string",
    messages: "[]openai.Message",
    "messages[]": "openai.Message",
    stream: "bool",
    max_tokens: "int",
    seed: "int",
    temperature: "float64",
    top_p: "float64",
    frequency_penalty: "float64",
    presence_penalty: "float64",
    top_logprobs: "int",
    tools: "[]api.Tool"
  },
  Message: { "messages[].role": "string", "messages[].tool_calls": "[]openai.ToolCall" },
  // a struct without a name
  "": { "messages[].tool_calls[].function.arguments": "string" }
}
const promptTypes: GoTypes = {
  CompletionRequest: {
    model: "string",
    prompt: "string",
    suffix: "string",
    stream: "bool",
    max_tokens: "int",
    seed: "int",
    temperature: "float32",
    top_p: "float32",
    frequency_penalty: "float32",
    presence_penalty: "float32"
  }
}

const embedTypes: GoTypes = { EmbedRequest: { model: "string", dimensions: "int", options: "map[string]interface {}" } }
const responsesTypes: GoTypes = {
  ResponsesRequest: {
    model: "string",
    instructions: "string",
    stream: "bool",
    max_output_tokens: "int",
    temperature: "float64",
    top_p: "float64"
  }
}

/** More alternatives than a server tells. */
const logprobsMistake = (json: JsonRecord, generation: Generation): string | undefined => {
  const top = numberOf(json, "top_logprobs")
  return generation.thinks && top !== undefined && (top < 0 || top > 20)
    ? "top_logprobs must be between 0 and 20"
    : undefined
}

const bindTypes = (api: Api, json: JsonRecord, types: GoTypes): Plan | undefined => {
  const mistake = typeMistake(json, types)
  return mistake === undefined ? undefined : bindFailure(api, mistake)
}

const duration = /^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+)$/

const firstNotBase64 = (text: string) => text.search(/[^A-Za-z0-9+/=\r\n]/)

const imagesMistake = ({ images }: JsonRecord): Plan | undefined => {
  for (const image of Array.isArray(images) ? images : []) {
    const at = typeof image === "string" ? firstNotBase64(image) : 0
    if (at >= 0) return bindFailure("ollama", `illegal base64 data at input byte ${at}`)
  }
  return undefined
}

/** What `/api/chat` refuses besides. */
export const bindChat = (json: JsonRecord): Plan | undefined => {
  const refused = bindTypes("ollama", json, chatTypes)
  if (refused !== undefined) return refused
  for (const message of recordsOf(json["messages"])) {
    const refused = imagesMistake(message)
    if (refused !== undefined) return refused
  }
  return undefined
}

/** What `/api/generate` refuses besides. */
export const bindGenerate = (json: JsonRecord): Plan | undefined => {
  const refused = bindTypes("ollama", json, generateTypes) ?? imagesMistake(json)
  if (refused !== undefined) return refused
  const isGiven = (name: string) => {
    const value = json[name]
    return typeof value === "string" ? value !== "" : Array.isArray(value) && value.length > 0
  }
  return json["raw"] === true && ["template", "system", "context"].some(isGiven)
    ? bindFailure("ollama", "raw mode does not support template, system, or context")
    : undefined
}

const levels = new Set(["low", "medium", "high", "max"])

const bindKeepAlive = ({ keep_alive: keepAlive }: JsonRecord): Plan | undefined =>
  typeof keepAlive === "string" && !duration.test(keepAlive)
    ? bindFailure("ollama", `time: invalid duration ${JSON.stringify(keepAlive)}`)
    : undefined

/** What binding a request for vectors refuses. */
export const bindEmbed = (api: Api, json: JsonRecord): Plan | undefined =>
  bindTypes(api, json, embedTypes) ?? (api === "ollama" ? bindKeepAlive(json) : undefined)

/** What binding a request of Ollama's own API refuses. */
export const bindOllama = (json: JsonRecord, generation: Generation): Plan | undefined => {
  const refused = bindKeepAlive(json)
  if (refused !== undefined) return refused
  const think = json["think"]
  if (
    generation.thinks && typeof think === "string" && !(levels.has(think) && generation.thinkLevels.includes(think))
  ) {
    return bindFailure("ollama", `invalid think value: ${JSON.stringify(think)} (must be ${generation.thinkLevels})`)
  }
  return undefined
}

const dataUrl = /^data:(image\/(jpeg|jpg|png|webp))?;base64,/

const isJsonObject = (text: unknown) => {
  if (typeof text !== "string") return false
  try {
    return isRecord(JSON.parse(text))
  } catch {
    return false
  }
}

const efforts = new Set(["none", "minimal", "low", "medium", "high", "xhigh", "ultra", "max"])

/** The effort asked for, from either spelling. */
export const effortOf = (json: JsonRecord): unknown =>
  (isRecord(json["reasoning"]) ? json["reasoning"]["effort"] : undefined) ?? json["reasoning_effort"]

/** Whether a request of `/v1` says how much is to be thought, and that it is something. */
export const asksToThink = (json: JsonRecord): boolean => {
  const effort = effortOf(json)
  return effort != null && effort !== "" && effort !== "none"
}

/** An effort that there is not. */
export const bindEffort = (json: JsonRecord, generation: Generation): Plan | undefined => {
  const effort = effortOf(json)
  if (!generation.thinks || effort == null || effort === "") return undefined
  const known = efforts.has(String(effort)) &&
    (generation.openAiShape || generation.effortError("").includes(`"${String(effort)}"`))
  return known ? undefined : bindFailure("openai-completions", generation.effortError(String(effort)))
}

/** What `/v1/completions` refuses itself: it takes one prompt, as text. */
export const bindPrompt = (json: JsonRecord): Plan | undefined => bindTypes("openai-completions", json, promptTypes)

/** What `/v1/responses` refuses, its input apart. */
export const bindResponse = (json: JsonRecord, generation: Generation): Plan | undefined =>
  bindTypes("openai-completions", json, responsesTypes) ?? bindEffort(json, generation)

/** What the `/v1` layer refuses itself. */
export const bindCompletions = (json: JsonRecord, generation: Generation): Plan | undefined => {
  const refuse = (message: string) => bindFailure("openai-completions", message)
  const mistake = typeMistake(json, completionsTypes)
  if (mistake !== undefined) return refuse(mistake)
  const messages = recordsOf(json["messages"])
  if (messages.length === 0) return refuse("[] is too short - 'messages'")
  for (const { content, tool_calls } of messages as ReadonlyArray<{ content?: unknown; tool_calls?: unknown }>) {
    const calls = recordsOf(tool_calls)
    if (typeof content !== "string" && !Array.isArray(content) && calls.length === 0) {
      return refuse(`invalid message content type: ${content == null ? "<nil>" : typeof content}`)
    }
    for (const part of recordsOf(content)) {
      if (part["type"] === "image_url") {
        const image = part["image_url"]
        const url = isRecord(image) ? image["url"] : image
        if (typeof url === "string" && /^https?:/.test(url) && generation.thinks) {
          return refuse("image URLs are not currently supported, please use base64 encoded data instead")
        }
        if (typeof url !== "string" || !dataUrl.test(url)) return refuse("invalid image input")
      } else if (part["type"] !== "text" && part["type"] !== "input_audio") return refuse("invalid message format")
    }
    if (generation.thinks) {
      for (const call of calls) {
        const fn = call["function"]
        if (!isRecord(fn) || !isJsonObject(fn["arguments"])) return refuse("invalid tool call arguments")
      }
    }
  }
  return bindEffort(json, generation)
}

const integers = new Set([
  "num_ctx",
  "num_predict",
  "num_keep",
  "num_batch",
  "num_gpu",
  "main_gpu",
  "num_thread",
  "seed",
  "top_k",
  "repeat_last_n"
])
const numbers = new Set([
  "temperature",
  "top_p",
  "min_p",
  "typical_p",
  "repeat_penalty",
  "presence_penalty",
  "frequency_penalty"
])

/** Options of a wrong type, and a format that there is not: the caller's mistakes, with a 500. */
export const optionFailure = (json: JsonRecord, generation: Generation, stream: boolean): Plan | undefined => {
  for (const [name, value] of Object.entries(isRecord(json["options"]) ? json["options"] : {})) {
    if (value === null || typeof value === "number") continue
    const type = integers.has(name) ? "integer" : numbers.has(name) ? "float32" : undefined
    if (type !== undefined) {
      return failure(generation, "ollama", 500, `option ${JSON.stringify(name)} must be of type ${type}`)
    }
  }
  const format = json["format"]
  if (typeof format === "string" && format !== "" && format !== "json") {
    const text = `invalid format: ${
      JSON.stringify(JSON.stringify(format))
    }; expected "json" or a valid JSON Schema object`
    return failure(generation, "ollama", 500, text, { chunked: stream })
  }
  return undefined
}

/** The model, unless it is missing. */
export const modelFor = (
  models: ReadonlyArray<Installed>,
  generation: Generation,
  name: string | undefined,
  api: Api,
  request: JsonRecord
): { readonly model: Installed } | { readonly refused: Plan } => {
  const refuse = (status: number, message: string) => ({ refused: failure(generation, api, status, message) })
  const mistake = logprobsMistake(request, generation)
  if (mistake !== undefined) return refuse(400, mistake)
  if (name === undefined || name === "") return refuse(400, "model is required")
  const model = find(models, name)
  if (model !== undefined) return { model }
  // the cloud's proxy stands before the wrapper, so its errors have Ollama's shape on both paths
  return generation.cloudAware && /[:-]cloud$/.test(name)
    ? { refused: answer({ error: "ollama cloud is disabled: remote model is unavailable" }, 403) }
    : refuse(404, missingModel(generation, name))
}

/** What is asked of a model. */
export interface Task {
  /** As the request spelled the model. */
  readonly name: string
  readonly kind: "chat" | "generate"
  readonly thinks: boolean
}

/** Why a model cannot do what is asked, in the order in which a server looks. */
export const incapable = (
  model: Installed,
  generation: Generation,
  api: Api,
  { suffix, tools }: JsonRecord,
  { kind, name, thinks }: Task
): Plan | undefined => {
  const asked = JSON.stringify(name)
  const full = model.name.includes("/") ? model.name : `registry.ollama.ai/library/${model.name}`
  const wanted: ReadonlyArray<readonly [capability: string, isWanted: boolean, who: string, what: string]> = [
    ["thinking", thinks && generation.thinks, asked, "thinking"],
    ["completion", true, asked, kind],
    ["tools", Array.isArray(tools) && tools.length > 0, full, "tools"],
    ["insert", typeof suffix === "string" && suffix !== "", full, "insert"]
  ]
  for (const [capability, isWanted, who, what] of wanted) {
    if (isWanted && lacks(model, capability)) return failure(generation, api, 400, `${who} does not support ${what}`)
  }
  return undefined
}
