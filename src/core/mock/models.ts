/** The installed models as `/api/tags`, `/api/show`, `/api/ps` and `/v1/models` tell them. */
import { isRecord, type JsonRecord, numberOf } from "../json.js"
import { timestamp } from "./completion.js"
import { type Generation, generations } from "./generation.js"
import { goJson } from "./goJson.js"
import type { Model } from "./script.js"

export interface Installed extends Model {
  /** With its tag. */
  readonly name: string
  readonly digest: string
  readonly modifiedAt: string
}

export const withTag = (name: string): string =>
  name.slice(name.lastIndexOf("/") + 1).includes(":") ? name : `${name}:latest`

/** 64 hex digits that follow from the text. No hash to trust; only to tell models apart. */
const hex = (text: string): string => {
  let out = ""
  for (let round = 0; round < 8; round++) {
    let state = 0x811c9dc5 ^ (round * 0x9e3779b1)
    for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193)
    out += (state >>> 0).toString(16).padStart(8, "0")
  }
  return out
}

/** The first model is the newest. */
const newestAt = Date.UTC(2026, 0, 1, 12)

export const install = (model: Model | string, index: number): Installed => {
  const described = typeof model === "string" ? { name: model } : model
  const name = withTag(described.name)
  return {
    ...described,
    name,
    // another manifest has another digest, by which clients know that what they remember of a model is old
    digest: described.digest ??
      hex(goJson(show({ ...described, name, modifiedAt: "" }, true, generations["0.33.0"]))),
    modifiedAt: described.modifiedAt ?? timestamp(newestAt - index * 60_000, 455_023)
  }
}

export const find = (models: ReadonlyArray<Installed>, name: string): Installed | undefined => {
  const wanted = withTag(name).toLowerCase()
  return models.find((model) => model.name.toLowerCase() === wanted)
}

const capabilities = (model: Model): ReadonlyArray<string> | undefined =>
  model.capabilities === null ? undefined : model.capabilities ?? ["completion", "tools"]

/** Whether the server would refuse a request for what the model lacks. */
export const lacks = (model: Model, capability: string): boolean => capabilities(model)?.includes(capability) === false

const contextLength = (model: Model) => model.contextLength ?? 32_768

const embeddingLength = (model: Model) => model.embeddingLength ?? 4096

const details = (model: Model, parent = "") => {
  const family = model.family ?? "llama"
  return {
    parent_model: parent,
    format: "gguf",
    family,
    families: [family],
    parameter_size: model.parameterSize ?? "7.6B",
    quantization_level: model.quantization ?? "Q4_K_M"
  }
}

const size = (model: Model) => model.size ?? 4_683_087_332

const changedAt = (model: Installed) => Math.floor(Date.parse(model.modifiedAt) / 1000)

/** Newest first, by the second. */
const listed = (models: ReadonlyArray<Installed>) => models.toSorted((a, b) => changedAt(b) - changedAt(a))

/** A model that is installed now, so after all others. */
export const newest = (model: Installed, models: ReadonlyArray<Installed>): Installed => {
  const latest = models.reduce((most, other) => Math.max(most, changedAt(other) || 0), newestAt / 1000)
  return { ...model, modifiedAt: timestamp((latest + 1) * 1000, 455_023) }
}

export const tags = (models: ReadonlyArray<Installed>, generation: Generation) => ({
  models: listed(models).map((model) => {
    const known = model.ownTemplate === true ? ["completion"] : capabilities(model)
    return {
      name: model.name,
      model: model.name,
      modified_at: model.modifiedAt,
      size: size(model),
      digest: model.digest,
      details: {
        ...details(model),
        ...(generation.tagsCapabilities &&
          { context_length: contextLength(model), embedding_length: embeddingLength(model) })
      },
      capabilities: generation.tagsCapabilities && known !== undefined && known.length > 0 ? known : undefined
    }
  })
})

// How long models stay in memory, in ms, unless somebody says how long.
const usualTime = 300_000

const forever = 9_223_372_036_854

const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000
}

/** How long a model is to stay in memory: a number of seconds, or a duration as Go writes it; below 0 is for ever. */
export const keepAliveMs = (keepAlive: unknown): number => {
  if (typeof keepAlive === "number") return keepAlive < 0 ? forever : keepAlive * 1000
  if (typeof keepAlive !== "string") return usualTime
  if (keepAlive === "0") return 0
  const parts = [...keepAlive.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)]
  if (parts.length === 0) return usualTime
  return keepAlive.startsWith("-")
    ? forever
    : parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0)
}

/** How a model is in memory. */
interface Loaded {
  /** `undefined` for one that was there from the start. */
  readonly until: number | undefined
  /** How long it stays after each request that does not say how long, in ms. */
  readonly stays: number
  /** The context that was asked for (tokens). */
  readonly numCtx: number | undefined
}

/** The models that were loaded, by their names. */
export type LoadedModels = Map<string, Loaded>

const inMemory = (loaded: LoadedModels, name: string, now: number): Loaded | undefined => {
  const found = loaded.get(name)
  return found?.until === undefined || found.until > now ? found : undefined
}

/** From the start, and as long as nobody asks it. */
export const loadFirst = (loaded: LoadedModels, { name }: Installed): void => {
  loaded.set(name, { until: undefined, stays: usualTime, numCtx: undefined })
}

/** Loads a model for a request, or unloads it. `/v1` (`undefined`) has no say in this, and takes a loaded one as it is. */
export const keep = (loaded: LoadedModels, { name }: Installed, request: JsonRecord | undefined, now: number): void => {
  const before = inMemory(loaded, name, now)
  const asked = request?.["keep_alive"]
  const stays = asked == null ? before?.stays ?? usualTime : Math.min(forever, keepAliveMs(asked))
  const options = request?.["options"]
  const numCtx = request === undefined ? before?.numCtx : isRecord(options) ? numberOf(options, "num_ctx") : undefined
  if (stays === 0) loaded.delete(name)
  else loaded.set(name, { until: now + stays, stays, numCtx })
}

/** What a model runs with: what was asked for, its Modelfile's, or the usual; no more than it was trained for. */
const runsWith = (model: Model, asked: number | undefined): number => {
  const own = Number(/^num_ctx\s+(\S+)/m.exec(parameterText(model.parameters) ?? "")?.[1])
  return model.effectiveContext ?? Math.min(asked ?? (own || 4096), contextLength(model))
}

export const ps = (
  models: ReadonlyArray<Installed>,
  loaded: LoadedModels,
  generation: Generation,
  now: number
) => {
  return {
    models: models.flatMap((model) => {
      const found = inMemory(loaded, model.name, now)
      return found === undefined ? [] : [{ model, numCtx: found.numCtx, until: found.until ?? now + found.stays }]
    })
      .sort((a, b) => b.until - a.until)
      .map(({ model, numCtx, until }) => ({
        name: model.name,
        model: model.name,
        size: size(model),
        digest: model.digest,
        details: details(model),
        expires_at: timestamp(until, 276_044),
        size_vram: 0,
        context_length: generation.psContext ? runsWith(model, numCtx) : undefined
      }))
  }
}

export const listing = (model: Installed) => ({
  id: model.name,
  object: "model",
  created: changedAt(model),
  owned_by: model.name.split("/").at(-2) ?? "library"
})

export const modelList = (models: ReadonlyArray<Installed>) => ({
  object: "list",
  data: models.length === 0 ? null : listed(models).map(listing)
})

/** As the server prints them: `%-30s %#v`, a line each. */
const parameterText = (parameters: Model["parameters"]): string | undefined => {
  if (parameters === undefined || typeof parameters === "string") return parameters
  const lines: Array<string> = []
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value as ReadonlyArray<string | number> : [value as string | number]) {
      // Go prints large floats with an exponent
      const text = typeof one === "string"
        ? JSON.stringify(one)
        : Math.abs(one) >= 1e6
        ? one.toExponential().replace(/e\+(\d)$/, "e+0$1")
        : String(one)
      lines.push(`${name.padEnd(30)} ${text}`)
    }
  }
  return lines.length === 0 ? undefined : lines.join("\n")
}

/** The parameters of a base with others laid over them. */
export const withParameters = (
  base: Model["parameters"],
  over: Readonly<Record<string, string | number | ReadonlyArray<string | number>>>
): Model["parameters"] => {
  const kept = (parameterText(base) ?? "").split("\n").filter((line) => !Object.hasOwn(over, /^\S*/.exec(line)![0]))
  return [...kept, parameterText(over) ?? ""].filter((line) => line !== "").join("\n") || undefined
}

const modelInfo = (model: Model, arrays: boolean) => {
  const family = model.family ?? "llama"
  const array = (value: ReadonlyArray<unknown>) => arrays ? value : null
  return {
    "general.architecture": family,
    "general.file_type": 15,
    "general.parameter_count": 7_615_616_512,
    "general.type": "model",
    [`${family}.attention.head_count`]: 28,
    [`${family}.attention.head_count_kv`]: 4,
    [`${family}.block_count`]: 28,
    [`${family}.context_length`]: contextLength(model),
    [`${family}.embedding_length`]: embeddingLength(model),
    "tokenizer.ggml.add_bos_token": false,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.scores": array([0, 0, 0]),
    "tokenizer.ggml.token_type": array([2, 3, 3]),
    "tokenizer.ggml.tokens": array(["<unk>", "<s>", "</s>"]),
    ...model.modelInfo
  }
}

export const show = (model: Omit<Installed, "digest">, verbose: boolean, generation: Generation) => {
  const blob = `/usr/share/ollama/.ollama/models/blobs/sha256-${hex(`${model.name} weights`)}`
  const parameters = parameterText(model.parameters)
  const template = model.template ?? "{{- range .Messages }}{{ .Content }}{{ end }}"
  const known = capabilities(model)
  return {
    license: model.license,
    modelfile:
      "# Modelfile generated by \"ollama show\"\n# To build a new Modelfile based on this, replace FROM with:\n" +
      `# FROM ${model.name}\n\nFROM ${blob}\nTEMPLATE """${template}"""\n`,
    parameters,
    template,
    system: model.system,
    details: details(model, generation.showsParent ? blob : ""),
    model_info: modelInfo(model, verbose || generation.showsArrays),
    tensors: [
      { name: "token_embd.weight", type: "Q4_K", shape: [4096, 32_000] },
      { name: "output_norm.weight", type: "F32", shape: [4096] }
    ],
    capabilities: generation.showCapabilities && known !== undefined && known.length > 0 ? known : undefined,
    modified_at: model.modifiedAt,
    ...model.show
  }
}

/** The progress of a pull of layers of these sizes (bytes). */
export const pulled = (
  { digest }: Installed,
  sizes: ReadonlyArray<number> = [1000],
  isThere = false
): ReadonlyArray<object> => [
  { status: "pulling manifest" },
  ...sizes.flatMap((total, index) => {
    const hex = index === 0 ? digest : digest.slice(index % 64) + digest.slice(0, index % 64)
    const layer = { status: `pulling ${hex.slice(0, 12)}`, digest: `sha256:${hex}`, total }
    const whole = { ...layer, completed: total }
    return isThere ? [whole] : [layer, { ...layer, completed: Math.floor(total * 0.6) }, whole]
  }),
  { status: "verifying sha256 digest" },
  { status: "writing manifest" },
  { status: "success" }
]

/** A vector of length 1 that depends on the text alone; a shorter one is the beginning of a longer one. */
const vectorOf = (text: string, dimensions: number): ReadonlyArray<number> => {
  let state = 0x811c9dc5
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193)
  const vector: Array<number> = []
  for (let i = 0; i < dimensions; i++) {
    if (i > 0 && i % 4 === 0) state = Math.imul(state ^ i, 0x01000193)
    vector.push(((state >>> (i % 4 * 8)) & 0xff) - 127.5)
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return vector.map((value) => value / length)
}

/** Short ones, where nobody says how long: those of tests are read by people. */
export const embedding = (model: Model, text: string, dimensions = 0): ReadonlyArray<number> =>
  vectorOf(text, dimensions > 0 ? Math.min(dimensions, embeddingLength(model)) : model.embeddingLength ?? 4)
