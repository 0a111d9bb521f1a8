/** A chosen model, and what it is called with. */
import * as Either from "effect/Either"
import type { Ignored } from "../../Chat.js"
import type { JsonObject } from "../../Message.js"
import type { Api, ModelDefinition } from "../../Model.js"
import * as ModelRef from "../../ModelRef.js"
import { layersOf } from "../config/layers.js"
import type { ModelSettings } from "../config/resolved.js"
import type { Compat, Endpoint, Provider, ProviderHeaders, ProviderModel } from "../provider.js"
import { wires } from "../wire/wires.js"
import { readRef, refOf, type Settings } from "./refs.js"

/**
 * A model that was chosen, with all that a completion needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Selection {
  /** The full ref, e.g. `ollama/gpt-oss:20b`. */
  readonly ref: string
  readonly selectedBy: "caller" | "primary" | "fallback" | "first-available"
  readonly provider: Provider
  /** Where the model is asked: the provider's, with the model's headers over its own. */
  readonly endpoint: Endpoint
  readonly model: ModelDefinition
  readonly api: Api
  /** Whether it is an Ollama that is asked: some things are said to it that other servers refuse. */
  readonly ollama: boolean
  /** Whether to ask for a stream on the wire. */
  readonly streaming: boolean
  /** The configured parameters, the weakest first: the provider's, the model's, those of all, the ref's. */
  readonly params: ReadonlyArray<JsonObject>
  /** Configured parameters that cannot be sent. */
  readonly ignored?: ReadonlyArray<Ignored> | undefined
  readonly maxTokensField: "max_tokens" | "max_completion_tokens"
  readonly compat?: Compat | undefined
}

// The settings written at the model's ref; at all models of its provider and at its bare name first, which are the weaker
// ways to say it.
const settingsOf = (settings: Settings, provider: Provider, id: string): ReadonlyArray<ModelSettings> => {
  const wanted = ModelRef.make(provider.id, id)
  const name = ModelRef.normalizeModel(wanted.model)
  const byProvider: Array<ModelSettings> = []
  const byName: Array<ModelSettings> = []
  const byRef: Array<ModelSettings> = []
  for (const entry of settings.models) {
    const key = readRef(settings, entry.ref)
    if (Either.isLeft(key)) continue
    if (key.right._tag === "Name") {
      if (ModelRef.normalizeModel(key.right.name) === name) byName.push(entry)
      continue
    }
    const ref = ModelRef.make(key.right.status.id, key.right.model)
    if (ModelRef.equals(ref, wanted)) byRef.push(entry)
    else if (ref.provider === wanted.provider && ref.model === "*") byProvider.push(entry)
  }
  return [...byProvider, ...byName, ...byRef]
}

const mergeHeaders = (weak: ProviderHeaders, strong: ProviderHeaders | undefined): ProviderHeaders => {
  if (strong === undefined) return weak
  const names = new Set(Object.keys(strong).map((name) => name.toLowerCase()))
  return Object.fromEntries([
    ...Object.entries(weak).filter(([name]) => !names.has(name.toLowerCase())),
    ...Object.entries(strong)
  ])
}

const endpointOf = (
  { authHeader, completionsUrl, headers, key, root, timeout }: Provider,
  entry: ProviderModel | undefined
): Endpoint => ({ root, completionsUrl, key, authHeader, headers: mergeHeaders(headers, entry?.headers), timeout })

// Providers that are an Ollama whatever API they are asked by.
const ollamas: ReadonlySet<string> = new Set(["ollama", "ollama-cloud"])

/** The same, asked for a stream or not as a caller wants it. */
export const withStreaming = (selection: Selection, streaming: boolean): Selection => ({
  ...selection,
  streaming,
  ignored: selection.ignored?.filter(({ setting }) => setting !== "streaming")
})

/** A chosen model with all that a completion needs. */
export const select = (
  settings: Settings,
  provider: Provider,
  model: ModelDefinition,
  selectedBy: Selection["selectedBy"]
): Selection => {
  const entry: ProviderModel | undefined = provider.models.find(({ definition }) => definition.id === model.id)
  const api = entry?.api ?? provider.api
  const ollama = ollamas.has(provider.id) || wires[provider.api].ollama || wires[api].ollama
  const { ignored, params, streaming = settings.streaming } = layersOf({
    provider,
    model: entry,
    defaults: settings.defaults,
    settings: settingsOf(settings, provider, model.id),
    ollama,
    reasoning: model.reasoning
  })
  return {
    ref: refOf(provider.id, model.id),
    selectedBy,
    provider,
    endpoint: endpointOf(provider, entry),
    model,
    api,
    ollama,
    streaming: streaming ?? !ollama,
    params,
    ...(ignored.length === 0 ? {} : { ignored }),
    maxTokensField: entry?.maxTokensField ?? "max_tokens",
    ...(entry?.compat === undefined ? {} : { compat: entry.compat })
  }
}
