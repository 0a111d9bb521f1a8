/** What a server answers that is asked for vectors. */
import type { Api } from "../../Model.js"
import { readBody } from "./checks.js"
import type { Generation } from "./generation.js"
import { goJson } from "./goJson.js"
import { embedding, find, type Installed } from "./models.js"
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

/** `/api/embed` and `/v1/embeddings`. */
export const embed = (
  models: ReadonlyArray<Installed>,
  generation: Generation,
  record: RecordedRequest,
  api: Api
): Plan => {
  const body = readBody(api, record.body)
  if ("refused" in body) return body.refused
  const { encoding_format: format, input } = body.json
  if (api === "openai-completions" && (input == null || (Array.isArray(input) && input.length === 0))) {
    return bindFailure(api, "invalid input")
  }
  const name = record.model ?? ""
  if (find(models, name) === undefined) return failure(generation, api, 404, missing(name))
  const texts = (Array.isArray(input) ? input : [input]).map(String)
  const embeddings = texts.map(embedding)
  if (api === "ollama") {
    return json({
      model: name,
      embeddings,
      total_duration: 5_000_000,
      load_duration: 2_000_000,
      prompt_eval_count: texts.length
    })
  }
  const encode = generation.responds && format === "base64" ? base64 : (vector: ReadonlyArray<number>) => vector
  const data = embeddings.map((vector, index) => ({ object: "embedding", embedding: encode(vector), index }))
  const usage = { prompt_tokens: texts.length, total_tokens: texts.length }
  return whole(200, "application/json", `${goJson({ object: "list", data, model: name, usage })}\n`)
}

/** `/api/embeddings`, as it was before there was `/api/embed`. */
export const embedOne = (models: ReadonlyArray<Installed>, record: RecordedRequest): Plan => {
  const body = readBody("ollama", record.body)
  if ("refused" in body) return body.refused
  const name = record.model ?? ""
  if (find(models, name) === undefined) return json({ error: missing(name) }, 404)
  const { prompt } = body.json
  return json({ embedding: typeof prompt === "string" && prompt !== "" ? embedding(prompt) : [] })
}
