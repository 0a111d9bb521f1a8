/** A chosen model, and what it is called with. */
import * as Either from "effect/Either"
import type { JsonObject } from "../../Message.js"
import type { Api, ModelDefinition } from "../../Model.js"
import * as ModelRef from "../../ModelRef.js"
import type { ModelSettings } from "../config/resolved.js"
import type { Endpoint, Provider, ProviderHeaders, ProviderModel } from "../provider.js"
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
  /** Whether to ask for a stream on the wire. */
  readonly streaming: boolean
  /** The configured parameters, the weakest first: the provider's, the model's, the ref's. */
  readonly params: ReadonlyArray<JsonObject>
  readonly maxTokensField: "max_tokens" | "max_completion_tokens"
}

// The settings written at the model's ref; at its bare name first, which is the weaker way to say it.
const settingsOf = (settings: Settings, provider: Provider, id: string): ReadonlyArray<ModelSettings> => {
  const wanted = ModelRef.make(provider.id, id)
  const name = ModelRef.normalizeModel(wanted.model)
  const byName: Array<ModelSettings> = []
  const byRef: Array<ModelSettings> = []
  for (const entry of settings.models) {
    const key = readRef(settings, entry.ref)
    if (Either.isLeft(key)) continue
    if (key.right._tag === "Name") {
      if (ModelRef.normalizeModel(key.right.name) === name) byName.push(entry)
    } else if (ModelRef.equals(ModelRef.make(key.right.status.id, key.right.model), wanted)) byRef.push(entry)
  }
  return [...byName, ...byRef]
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

/** A chosen model with all that a completion needs. */
export const select = (
  settings: Settings,
  provider: Provider,
  model: ModelDefinition,
  selectedBy: Selection["selectedBy"]
): Selection => {
  const entry: ProviderModel | undefined = provider.models.find(({ definition }) => definition.id === model.id)
  const overrides = settingsOf(settings, provider, model.id)
  const api = entry?.api ?? provider.api
  const streaming = overrides.reduce<boolean | undefined>((set, override) => override.streaming ?? set, undefined)
  const params = [provider.params, entry?.params, ...overrides.map((override) => override.params)]
  return {
    ref: refOf(provider.id, model.id),
    selectedBy,
    provider,
    endpoint: endpointOf(provider, entry),
    model,
    api,
    streaming: streaming ?? (wires[provider.api].streams(provider.id) && wires[api].streams(provider.id)),
    params: params.filter((layer) => layer !== undefined && Object.keys(layer).length > 0) as Selection["params"],
    maxTokensField: entry?.maxTokensField ?? "max_tokens"
  }
}
