/**
 * What `/api/tags` and `/api/show` say, read by hand: total, tolerant of everything that may be missing or null, and of
 * the hundreds of keys of a model only the few that a catalog needs. Pure.
 */
import * as Either from "effect/Either"
import { defaultContextWindow, free, type ModelDefinition } from "../../Model.js"
import { normalizeModel } from "../../ModelRef.js"
import type { ExcludedModel } from "../../OllamaError.js"
import { isRecord, own, stringOf, stringsOf } from "../json.js"

/** A model of `/api/tags`. */
export interface Tag {
  readonly name: string
  readonly digest: string | undefined
  /** In whole seconds since 1970; 0 when not known. */
  readonly modifiedAt: number
}

/** What a catalog needs of `/api/show`. */
export interface Shown {
  /** `undefined` when the server does not say (Ollama before 0.6.4). */
  readonly capabilities: ReadonlyArray<string> | undefined
  /** In tokens. */
  readonly contextWindow: number | undefined
  /** The Modelfile's, in tokens. */
  readonly numCtx: number | undefined
}

// =============================================================================
// tags
// =============================================================================

/** The entry of a model; `undefined` when it has no name. */
export const tagOf = (value: unknown): Tag | undefined => {
  if (!isRecord(value)) return undefined
  const name = (stringOf(value, "name") ?? stringOf(value, "model"))?.trim() ?? ""
  if (name === "") return undefined
  const seconds = Math.floor(Date.parse(stringOf(value, "modified_at") ?? "") / 1000)
  const digest = stringOf(value, "digest")
  return { name, digest: digest === "" ? undefined : digest, modifiedAt: Number.isNaN(seconds) ? 0 : seconds }
}

/** The raw entries of `/api/tags` or `/api/ps`, or what is wrong with the answer. */
export const entriesOf = (text: string, most: number): Either.Either<ReadonlyArray<unknown>, string> => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return Either.left("it is not JSON")
  }
  const models = isRecord(json) ? own(json, "models") : undefined
  if (models === null) return Either.right([])
  if (!Array.isArray(models)) return Either.left("it has no list of models")
  return models.length > most ? Either.left(`it lists more than ${most} models`) : Either.right(models)
}

/** Newest first, in whole seconds; by name within one: the server's order there differs from call to call. */
export const inOrder = (tags: ReadonlyArray<Tag>): ReadonlyArray<Tag> =>
  tags.slice().sort((a, b) => b.modifiedAt - a.modifiedAt || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))

/** Each model once, and those that came again (`x` and `x:latest` are the same). */
export const unique = (tags: ReadonlyArray<Tag>): {
  readonly tags: ReadonlyArray<Tag>
  readonly duplicates: ReadonlyArray<ExcludedModel>
} => {
  const seen = new Set<string>()
  const kept: Array<Tag> = []
  const duplicates: Array<ExcludedModel> = []
  for (const tag of tags) {
    const name = normalizeModel(tag.name)
    if (seen.has(name)) duplicates.push({ name: tag.name, reason: "duplicate" })
    else {
      seen.add(name)
      kept.push(tag)
    }
  }
  return { tags: kept, duplicates }
}

// =============================================================================
// show
// =============================================================================

const suffix = ".context_length"

// The towers of a multimodal model have contexts of their own, which are not the model's.
const tower = /(^|[._])(vision|audio|clip|mm|mmproj|projector|image|speech)([._]|$)/i

// Floored; text of digits counts; what is no positive number does not.
const positive = (value: unknown): number | undefined => {
  const n = typeof value === "string" && /^\s*\d+\s*$/.test(value) ? Number(value) : value
  if (typeof n !== "number" || !Number.isFinite(n)) return undefined
  const floored = Math.floor(n)
  // ten times it is a number of a catalog, too
  return floored > 0 && Number.isFinite(10 * floored) ? floored : undefined
}

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

/** What a catalog needs of `/api/show`, or what is wrong with the answer. */
export const readShow = (text: string): Either.Either<Shown, string> => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return Either.left("the answer is not JSON")
  }
  if (!isRecord(json)) return Either.left("the answer is not a JSON object")
  return Either.right({
    capabilities: stringsOf(json, "capabilities"),
    contextWindow: contextWindowOf(own(json, "model_info")),
    numCtx: numCtxOf(stringOf(json, "parameters"))
  })
}

// =============================================================================
// models
// =============================================================================

/** The definition of a model that was shown. */
export const definitionOf = (tag: Pick<Tag, "name" | "digest">, shown: Shown): ModelDefinition => {
  const { capabilities, numCtx } = shown
  const contextWindow = shown.contextWindow ?? defaultContextWindow
  const can = (capability: string) => capabilities?.includes(capability) ?? false
  return {
    id: tag.name,
    name: tag.name,
    reasoning: can("thinking"),
    ...(capabilities === undefined ? {} : { tools: can("tools") }),
    input: can("vision") ? ["text", "image"] : ["text"],
    cost: free,
    contextWindow,
    maxTokens: 10 * contextWindow,
    ...(numCtx === undefined || numCtx === contextWindow ? {} : { numCtx }),
    known: [
      "name",
      ...(capabilities === undefined ? [] : ["reasoning" as const, "tools" as const, "input" as const]),
      ...(shown.contextWindow === undefined ? [] : ["contextWindow" as const])
    ],
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(tag.digest === undefined ? {} : { digest: tag.digest })
  }
}

/** Why a model is left out; `undefined` when it is kept. */
export const exclusionOf = (
  capabilities: ReadonlyArray<string> | undefined,
  keepWithoutTools: boolean
): Exclude<ExcludedModel["reason"], "show-failed" | "duplicate"> | undefined => {
  if (capabilities === undefined) return keepWithoutTools ? undefined : "unknown-capabilities"
  if (capabilities.includes("tools")) return undefined
  if (!keepWithoutTools) return "no-tools"
  return capabilities.includes("completion") ? undefined : "no-completion"
}
