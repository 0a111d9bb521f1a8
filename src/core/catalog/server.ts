/** What Ollama's small endpoints answer, read by hand and tolerant of everything that may be missing or null. */
import { isRecord, type JsonRecord, numberOf, own, stringOf, stringsOf } from "../json.js"
import { contextWindowOf, numCtxOf } from "./show.js"

/**
 * A model that is installed, as `/api/tags` lists it. All that a server may leave out is optional.
 *
 * @since 0.1.0
 * @category models
 */
export interface InstalledModel {
  readonly name: string
  /** Changes whenever the model changes. */
  readonly digest?: string | undefined
  /** RFC 3339, as the server wrote it. */
  readonly modifiedAt?: string | undefined
  /** In bytes. */
  readonly size?: number | undefined
  readonly family?: string | undefined
  readonly parameterSize?: string | undefined
  readonly quantization?: string | undefined
  /** Since 0.30, and not those of a model with its own template: `OllamaClient.show` is the truth. */
  readonly capabilities?: ReadonlyArray<string> | undefined
  /** Where a cloud model runs. */
  readonly remoteHost?: string | undefined
}

/**
 * What `/api/show` says about a model.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShownModel {
  /** Absent before Ollama 0.6.4. */
  readonly capabilities?: ReadonlyArray<string> | undefined
  /** The most that the model can take, in tokens. */
  readonly contextWindow?: number | undefined
  /** The `num_ctx` (tokens) of its Modelfile. */
  readonly numCtx?: number | undefined
  /** The parameters of its Modelfile, one a line. */
  readonly parameters?: string | undefined
  readonly template?: string | undefined
  readonly system?: string | undefined
  readonly license?: string | undefined
  readonly family?: string | undefined
  readonly parameterSize?: string | undefined
  readonly quantization?: string | undefined
  /** RFC 3339, as the server wrote it. */
  readonly modifiedAt?: string | undefined
  /** The metadata of the model file; lists in it are `null`. */
  readonly modelInfo: { readonly [key: string]: unknown }
}

/**
 * A model that is in memory.
 *
 * @since 0.1.0
 * @category models
 */
export interface LoadedModel {
  readonly name: string
  readonly digest?: string | undefined
  /** In bytes, all of it. */
  readonly size?: number | undefined
  /** In bytes, on the GPU. */
  readonly sizeVram?: number | undefined
  /** The context that it was loaded with, in tokens. */
  readonly contextSize?: number | undefined
  /** When it is unloaded, RFC 3339. A model that stays for ever has a year about 2319 here. */
  readonly expiresAt?: string | undefined
  /** Whether it stays until it is unloaded. */
  readonly forever: boolean
}

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
