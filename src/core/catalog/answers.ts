/**
 * What Ollama's small endpoints answer, read by hand: total, and tolerant of everything that may be missing or null. No
 * other file knows the names of their fields.
 */
import * as Either from "effect/Either"
import { isRecord, type JsonRecord, numberOf, own, stringOf, stringsOf } from "../json.js"

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
  /** The most that the model can take, in tokens; since 0.30. */
  readonly contextWindow?: number | undefined
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

/** What a catalog needs of it: the rest may be megabytes. */
export type Shown = Pick<ShownModel, "capabilities" | "contextWindow" | "numCtx">

// =============================================================================
// what they have in common
// =============================================================================

/** The object that an answer is, or what is wrong with it. */
export const readObject = (text: string): Either.Either<JsonRecord, string> => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return Either.left("the answer is not JSON")
  }
  return isRecord(json) ? Either.right(json) : Either.left("the answer is not a JSON object")
}

// A list of models, each of which must only have a name.
const readList =
  <A>(read: (entry: JsonRecord, name: string) => A) =>
  (json: JsonRecord, most: number): Either.Either<ReadonlyArray<A>, string> => {
    const models = own(json, "models")
    if (models === null) return Either.right([])
    if (!Array.isArray(models)) return Either.left("the answer has no list of models")
    if (models.length > most) return Either.left(`the answer lists more than ${most} models`)
    return Either.right(models.flatMap((entry: unknown) => {
      if (!isRecord(entry)) return []
      const name = nameOf(entry)
      return name === undefined ? [] : [read(entry, name)]
    }))
  }

const nameOf = (json: JsonRecord): string | undefined =>
  nonEmpty((stringOf(json, "name") ?? stringOf(json, "model"))?.trim())

const nonEmpty = (text: string | undefined): string | undefined => text === "" ? undefined : text

const empty: JsonRecord = {}

const record = (value: unknown): JsonRecord => isRecord(value) ? value : empty

// Floored; text of digits counts; what is no positive number does not.
const positive = (value: unknown): number | undefined => {
  const n = typeof value === "string" && /^\s*\d+\s*$/.test(value) ? Number(value) : value
  if (typeof n !== "number") return undefined
  const floored = Math.floor(n)
  // ten times it is a number of a catalog, too
  return floored > 0 && Number.isFinite(10 * floored) ? floored : undefined
}

const detailsOf = (json: JsonRecord) => {
  const details = record(own(json, "details"))
  return {
    family: stringOf(details, "family"),
    parameterSize: stringOf(details, "parameter_size"),
    quantization: stringOf(details, "quantization_level")
  }
}

// =============================================================================
// version, tags
// =============================================================================

/** The version in an answer of `/api/version`. */
export const readVersion = (json: JsonRecord): Either.Either<string, string> =>
  Either.fromNullable(stringOf(json, "version"), () => "the answer names no version")

/** The models in an answer of `/api/tags`, as the server orders them. */
export const readTags = readList((json, name): InstalledModel => ({
  name,
  digest: nonEmpty(stringOf(json, "digest")),
  modifiedAt: stringOf(json, "modified_at"),
  size: numberOf(json, "size"),
  ...detailsOf(json),
  contextWindow: positive(own(own(json, "details"), "context_length")),
  capabilities: stringsOf(json, "capabilities"),
  remoteHost: stringOf(json, "remote_host")
}))

// =============================================================================
// show
// =============================================================================

const suffix = ".context_length"

// The towers of a multimodal model have contexts of their own, which are not the model's.
const tower = /(^|[._])(vision|audio|clip|mm|mmproj|projector|image|speech)([._]|$)/i

/** The context (tokens) of a model, from its `model_info`. */
export const contextWindowOf = (info: unknown): number | undefined => {
  if (!isRecord(info)) return undefined
  const architecture = stringOf(info, "general.architecture")
  const said = architecture === undefined ? undefined : own(info, architecture + suffix)
  if (said !== undefined && said !== null) return positive(said)
  for (const key of Object.keys(info)) {
    if (!key.endsWith(suffix) || tower.test(key.slice(0, -suffix.length))) continue
    const found = positive(info[key])
    if (found !== undefined) return found
  }
  return undefined
}

/** The `num_ctx` of a Modelfile, from the text of its parameters: one a line, in any order, maybe as `1.6384e+04`. */
export const numCtxOf = (parameters: string | undefined): number | undefined => {
  const text = /^[ \t]*num_ctx[ \t]+(\S+)[ \t]*\r?$/m.exec(parameters ?? "")?.[1]
  const n = text === undefined ? undefined : Number(text.replace(/^"(.*)"$/, "$1"))
  return positive(n)
}

/** The model that an answer of `/api/show` describes. */
export const readShow = (json: JsonRecord): ShownModel => {
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

// =============================================================================
// ps
// =============================================================================

// Ollama adds the longest duration of Go, about 292 years, to the present.
const forever = 2200

/** The models in an answer of `/api/ps`. */
export const readPs = readList((json, name): LoadedModel => {
  const expiresAt = stringOf(json, "expires_at")
  return {
    name,
    digest: nonEmpty(stringOf(json, "digest")),
    size: numberOf(json, "size"),
    sizeVram: numberOf(json, "size_vram"),
    contextSize: numberOf(json, "context_length"),
    expiresAt,
    forever: Number(/^\d{4,}/.exec(expiresAt ?? "")?.[0] ?? 0) >= forever
  }
})
