/**
 * The catalog of a provider that was asked for its models: which of them count, in which order, and why the others are
 * left out.
 */
import * as Either from "effect/Either"
import type { Catalog, ModelDefinition } from "../../Model.js"
import { normalizeModel } from "../../ModelRef.js"
import type { ExcludedModel, MalformedResponse, ModelEndpointError, TransportError } from "../../OllamaError.js"
import { isTransportError } from "../failure/transport.js"
import type { Provider } from "../provider.js"
import type { InstalledModel, Shown } from "./answers.js"
import { definitionOf } from "./definition.js"

/** The models to ask about, each once, and those that came again (`x` and `x:latest` are the same). */
export interface Listed {
  readonly models: ReadonlyArray<InstalledModel>
  readonly duplicates: ReadonlyArray<ExcludedModel>
}

/** What became of the question about one model. */
export type Asked = Either.Either<Shown, TransportError | ModelEndpointError | MalformedResponse>

// In whole seconds; 0 when it is not known.
const changedAt = (model: InstalledModel): number => {
  const seconds = Math.floor(Date.parse(model.modifiedAt ?? "") / 1000)
  return Number.isNaN(seconds) ? 0 : seconds
}

/** Newest first, in whole seconds; by name within one: the server's order there differs from call to call. */
export const listed = (installed: ReadonlyArray<InstalledModel>): Listed => {
  const dated = installed.map((model) => ({ model, at: changedAt(model) }))
  dated.sort((a, b) => b.at - a.at || (a.model.name < b.model.name ? -1 : a.model.name > b.model.name ? 1 : 0))
  const seen = new Set<string>()
  const models: Array<InstalledModel> = []
  const duplicates: Array<ExcludedModel> = []
  for (const { model } of dated) {
    const name = normalizeModel(model.name)
    if (seen.has(name)) duplicates.push({ name: model.name, reason: "duplicate" })
    else models.push(model)
    seen.add(name)
  }
  return { models, duplicates }
}

/** Which models are wanted: those that call tools, all for chats, or those that make vectors. */
export type Wanted = "tools" | "completion" | "embedding"

const exclusionOf = (
  capabilities: ReadonlyArray<string> | undefined,
  wanted: Wanted
): ExcludedModel["reason"] | undefined => {
  const keepWithoutTools = wanted === "completion"
  if (wanted === "embedding") {
    if (capabilities === undefined) return "unknown-capabilities"
    return capabilities.includes("embedding") ? undefined : "no-embedding"
  }
  if (capabilities === undefined) return keepWithoutTools ? undefined : "unknown-capabilities"
  if (capabilities.includes("tools")) return undefined
  if (!keepWithoutTools) return "no-tools"
  return capabilities.includes("completion") ? undefined : "no-completion"
}

// In a few words: they stand beside the model's name.
const inShort = (error: TransportError | ModelEndpointError | MalformedResponse): string => {
  switch (error._tag) {
    case "RequestTimeout":
      return error.limit === undefined ? "no answer in time" : `no answer within ${error.limit} ms`
    case "ConnectionRefused":
      return "the connection was refused"
    case "ConnectionFailed":
      return `the connection failed (${error.cause?.code ?? error.reason})`
    case "MalformedResponse":
      return error.detail
    default: {
      const detail = error.detail ?? ""
      return error.status === undefined ? detail : detail === "" ? `${error.status}` : `${error.status}: ${detail}`
    }
  }
}

/**
 * The catalog that the answers come to; `asked` has one for each of the listed models. When the server did not answer for
 * any of them, that is what went wrong.
 */
export const catalogOf = (
  provider: Provider,
  { duplicates, models: installed }: Listed,
  asked: ReadonlyArray<Asked>,
  wanted: Wanted = provider.keepWithoutTools ? "completion" : "tools"
): Either.Either<Catalog, TransportError> => {
  const lost = asked.flatMap((answer) => Either.isLeft(answer) && isTransportError(answer.left) ? [answer.left] : [])
  if (lost[0] !== undefined && lost.length === asked.length) return Either.left(lost[0])
  const models: Array<ModelDefinition> = []
  const excluded: Array<ExcludedModel> = []
  installed.forEach((model, index) => {
    const { name } = model
    const answer = asked[index]!
    if (Either.isLeft(answer)) {
      excluded.push({ name, reason: "show-failed", detail: inShort(answer.left) })
      return
    }
    const reason = exclusionOf(answer.right.capabilities, wanted)
    if (reason === undefined) models.push(definitionOf(model, answer.right))
    else excluded.push({ name, reason })
  })
  return Either.right({
    provider: provider.id,
    url: provider.root,
    source: "discovered",
    models,
    excluded: [...excluded, ...duplicates]
  })
}
