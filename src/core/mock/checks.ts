/** What a server refuses before a model is asked, in its order and words. */
import type { Api } from "../../Model.js"
import { isRecord, type JsonRecord } from "../json.js"
import type { Generation } from "./generation.js"
import { find, type Installed, lacks } from "./models.js"
import { bindFailure, failure, json as answer, missingModel, type Plan } from "./plan.js"

const list = (value: unknown): ReadonlyArray<JsonRecord> => Array.isArray(value) ? value.filter(isRecord) : []

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

const duration = /^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+)$/

const firstNotBase64 = (text: string) => text.search(/[^A-Za-z0-9+/=\r\n]/)

const notBase64 = (image: unknown): Plan | undefined => {
  const at = typeof image === "string" ? firstNotBase64(image) : 0
  return at < 0 ? undefined : bindFailure("ollama", `illegal base64 data at input byte ${at}`)
}

/** What `/api/generate` refuses besides. */
export const bindGenerate = (json: JsonRecord): Plan | undefined => {
  for (const image of Array.isArray(json["images"]) ? json["images"] : []) {
    const refused = notBase64(image)
    if (refused !== undefined) return refused
  }
  const isGiven = (name: string) => {
    const value = json[name]
    return typeof value === "string" ? value !== "" : Array.isArray(value) && value.length > 0
  }
  return json["raw"] === true && ["template", "system", "context"].some(isGiven)
    ? bindFailure("ollama", "raw mode does not support template, system, or context")
    : undefined
}

const levels = new Set(["low", "medium", "high", "max"])

/** What binding a request of Ollama's own API refuses. */
export const bindOllama = (json: JsonRecord, generation: Generation): Plan | undefined => {
  for (const message of list(json["messages"])) {
    for (const image of Array.isArray(message["images"]) ? message["images"] : []) {
      const refused = notBase64(image)
      if (refused !== undefined) return refused
    }
  }
  const keepAlive = json["keep_alive"]
  if (typeof keepAlive === "string" && !duration.test(keepAlive)) {
    return bindFailure("ollama", `time: invalid duration ${JSON.stringify(keepAlive)}`)
  }
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

/** Go's word for a JSON value. */
const goKind = (value: unknown) => Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value

/** What `/v1/completions` refuses itself: it takes one prompt, as text. */
export const bindPrompt = ({ prompt }: JsonRecord): Plan | undefined =>
  prompt == null || typeof prompt === "string"
    ? undefined
    : bindFailure(
      "openai-completions",
      `json: cannot unmarshal ${goKind(prompt)} into Go struct field CompletionRequest.prompt of type string`
    )

/** What the `/v1` layer refuses itself. */
export const bindCompletions = (json: JsonRecord, generation: Generation): Plan | undefined => {
  const refuse = (message: string) => bindFailure("openai-completions", message)
  const messages = list(json["messages"])
  if (messages.length === 0) return refuse("[] is too short - 'messages'")
  for (const { content, tool_calls } of messages as ReadonlyArray<{ content?: unknown; tool_calls?: unknown }>) {
    const calls = list(tool_calls)
    if (typeof content !== "string" && !Array.isArray(content) && calls.length === 0) {
      return refuse(`invalid message content type: ${content == null ? "<nil>" : typeof content}`)
    }
    for (const part of list(content)) {
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

/** The model, unless it is missing or cannot do what is asked. */
export const modelFor = (
  models: ReadonlyArray<Installed>,
  generation: Generation,
  name: string | undefined,
  api: Api,
  request: JsonRecord,
  think: boolean
): { readonly model: Installed } | { readonly refused: Plan } => {
  const refuse = (status: number, message: string) => ({ refused: failure(generation, api, status, message) })
  if (name === undefined || name === "") return refuse(400, "model is required")
  const model = find(models, name)
  if (model === undefined) {
    // the cloud's proxy stands before the wrapper, so its errors have Ollama's shape on both paths
    return generation.cloudAware && /[:-]cloud$/.test(name)
      ? { refused: answer({ error: "ollama cloud is disabled: remote model is unavailable" }, 403) }
      : refuse(404, missingModel(generation, name))
  }
  const full = () => model.name.includes("/") ? model.name : `registry.ollama.ai/library/${model.name}`
  const tools = request["tools"]
  if (Array.isArray(tools) && tools.length > 0 && lacks(model, "tools")) {
    return refuse(400, `${full()} does not support tools`)
  }
  const suffix = request["suffix"]
  if (typeof suffix === "string" && suffix !== "" && lacks(model, "insert")) {
    return refuse(400, `${full()} does not support insert`)
  }
  if (think && generation.thinks && lacks(model, "thinking")) {
    return refuse(400, `${JSON.stringify(name)} does not support thinking`)
  }
  return { model }
}
