/** What a server answers that is asked for vectors. */
import type { Api } from "../../Model.js"
import { numberOf, stringOf } from "../json.js"
import type { Speaker } from "./answers.js"
import { bindEmbed, readBody } from "./checks.js"
import { goJson } from "./goJson.js"
import { embedding, find } from "./models.js"
import { bindFailure, failure, json, type Plan, whole } from "./plan.js"
import type { RecordedRequest } from "./script.js"

/** The digits of base64 for numbers of 32 bits, least byte first. */
const base64 = (vector: ReadonlyArray<number>): string => {
  const bytes = new DataView(new ArrayBuffer(vector.length * 4))
  vector.forEach((value, index) => bytes.setFloat32(index * 4, value, true))
  let text = ""
  for (let at = 0; at < bytes.byteLength; at++) text += String.fromCharCode(bytes.getUint8(at))
  return btoa(text)
}

const missing = (name: string) => `model ${JSON.stringify(name)} not found, try pulling it first`

/** The texts that are to be embedded; Ollama's own API takes an empty one for none. */
const textsOf = (input: unknown, api: Api): ReadonlyArray<string> | undefined => {
  if (typeof input === "string") return input === "" && api === "ollama" ? [] : [input]
  if (input == null) return []
  return Array.isArray(input) && input.every((text) => typeof text === "string") ? input : undefined
}

/** `/api/embed` and `/v1/embeddings`. */
export const embed = ({ generation, keep, models }: Speaker, record: RecordedRequest, api: Api): Plan => {
  const body = readBody(api, record.body)
  if ("refused" in body) return body.refused
  const { json: request } = body
  const { encoding_format: format, input } = request
  const refused = bindEmbed(api, request)
  if (refused !== undefined) return refused
  if (api === "openai-completions" && (input == null || (Array.isArray(input) && input.length === 0))) {
    return bindFailure(api, "invalid input")
  }
  const texts = textsOf(input, api)
  if (texts === undefined) return failure(generation, api, 400, "invalid input type")
  const name = record.model ?? ""
  const model = find(models, name)
  if (model === undefined) return failure(generation, api, 404, missing(name))
  keep(model, api === "ollama" ? request : undefined)
  const embeddings = texts.map((text) => embedding(model, text, numberOf(request, "dimensions")))
  if (api === "ollama") {
    return json({
      model: name,
      embeddings,
      ...(texts.length > 0 &&
        { total_duration: 5_000_000, load_duration: 2_000_000, prompt_eval_count: texts.length })
    })
  }
  const encode = generation.responds && format === "base64" ? base64 : (vector: ReadonlyArray<number>) => vector
  const data = embeddings.map((vector, index) => ({ object: "embedding", embedding: encode(vector), index }))
  const usage = { prompt_tokens: texts.length, total_tokens: texts.length }
  return whole(200, "application/json", `${goJson({ object: "list", data, model: name, usage })}\n`)
}

/** `/api/embeddings`, as it was before there was `/api/embed`. */
export const embedOne = ({ keep, models }: Speaker, record: RecordedRequest): Plan => {
  const body = readBody("ollama", record.body)
  if ("refused" in body) return body.refused
  const name = record.model ?? ""
  const model = find(models, name)
  if (model === undefined) return json({ error: missing(name) }, 404)
  keep(model, body.json)
  const prompt = stringOf(body.json, "prompt") ?? ""
  return json({ embedding: prompt === "" ? [] : embedding(model, prompt) })
}
