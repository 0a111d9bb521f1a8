/** What Ollama's small endpoints answer, read by hand and tolerant of everything that may be missing or null. */
import type { InstalledModel, LoadedModel, ShownModel } from "../OllamaClient.js"
import { isRecord, type JsonRecord, numberOf, own, stringOf, stringsOf } from "./json.js"
import { contextWindowOf, numCtxOf } from "./show.js"

export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const empty: JsonRecord = {}

const record = (value: unknown): JsonRecord => isRecord(value) ? value : empty

export const versionOf = (json: unknown): string | undefined => isRecord(json) ? stringOf(json, "version") : undefined

const nameOf = (json: JsonRecord): string | undefined => {
  const name = (stringOf(json, "name") ?? stringOf(json, "model"))?.trim()
  return name === "" ? undefined : name
}

const detailsOf = (json: JsonRecord) => {
  const details = record(own(json, "details"))
  return {
    family: stringOf(details, "family"),
    parameterSize: stringOf(details, "parameter_size"),
    quantization: stringOf(details, "quantization_level")
  }
}

export const installedModel = (json: unknown): InstalledModel | undefined => {
  if (!isRecord(json)) return undefined
  const name = nameOf(json)
  return name === undefined ? undefined : {
    name,
    digest: stringOf(json, "digest"),
    modifiedAt: stringOf(json, "modified_at"),
    size: numberOf(json, "size"),
    ...detailsOf(json),
    capabilities: stringsOf(json, "capabilities"),
    remoteHost: stringOf(json, "remote_host")
  }
}

export const shownModel = (json: JsonRecord): ShownModel => {
  const info = own(json, "model_info")
  const parameters = stringOf(json, "parameters")
  return {
    capabilities: stringsOf(json, "capabilities"),
    contextWindow: contextWindowOf(info),
    numCtx: numCtxOf(parameters),
    parameters,
    template: stringOf(json, "template"),
    system: stringOf(json, "system"),
    license: stringOf(json, "license"),
    ...detailsOf(json),
    modifiedAt: stringOf(json, "modified_at"),
    modelInfo: record(info)
  }
}

// Ollama adds the longest duration of Go, about 292 years, to the present.
const forever = 2200

export const loadedModel = (json: unknown): LoadedModel | undefined => {
  if (!isRecord(json)) return undefined
  const name = nameOf(json)
  if (name === undefined) return undefined
  const expiresAt = stringOf(json, "expires_at")
  return {
    name,
    digest: stringOf(json, "digest"),
    size: numberOf(json, "size"),
    sizeVram: numberOf(json, "size_vram"),
    contextSize: numberOf(json, "context_length"),
    expiresAt,
    forever: Number(/^\d{4,}/.exec(expiresAt ?? "")?.[0] ?? 0) >= forever
  }
}
