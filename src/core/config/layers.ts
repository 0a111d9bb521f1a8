/**
 * What is set for a chosen model, by whom, and who wins.
 */
import type { Ignored } from "../../Chat.js"
import type { JsonObject } from "../../Message.js"
import { own } from "../json.js"
import type { ProviderModel } from "../provider.js"
import { extraFieldOf } from "../request/params.js"
import type { ModelDefaults, ModelSettings } from "./resolved.js"

interface Layer {
  readonly params?: JsonObject | undefined
  readonly ignored?: ReadonlyArray<Ignored> | undefined
  readonly streaming?: boolean | undefined
}

export interface Chosen {
  readonly provider: Layer
  readonly model: Pick<ProviderModel, "params" | "ignored" | "streaming" | "contextTokens"> | undefined
  readonly defaults: ModelDefaults | undefined
  /** Of the model's refs, the weakest first. */
  readonly settings: ReadonlyArray<ModelSettings>
  /** Whether it is a model of an Ollama. */
  readonly ollama: boolean
  /** Whether it can think. */
  readonly reasoning: boolean
}

export interface Layered {
  /** The weakest first. */
  readonly params: ReadonlyArray<JsonObject>
  /** Parameters that would have shaped an answer, and that cannot be sent. */
  readonly ignored: ReadonlyArray<Ignored>
  readonly streaming: boolean | undefined
}

const saysParam = (params: JsonObject | undefined, name: string): boolean => {
  const field = extraFieldOf(name)
  return field === undefined
    ? params !== undefined && Object.hasOwn(params, name)
    : own(own(params, "extra_body"), field) !== undefined
}

const says = (layer: Layer, { setting }: Ignored): boolean =>
  setting === "streaming" ? layer.streaming !== undefined : saysParam(layer.params, setting)

const thinking = ({ defaults, ollama, reasoning }: Chosen): Layer => {
  const word = defaults?.thinking
  if (word === undefined || !(word === "off" ? ollama : reasoning)) return {}
  return { params: { think: word === "off" ? false : word } }
}

// Of the context size the model's own word comes before everybody's.
const withoutNumCtx = (defaults: ModelDefaults | undefined): Layer => ({
  ...defaults,
  params: Object.fromEntries(Object.entries(defaults?.params ?? {}).filter(([name]) => name !== "numCtx")),
  ignored: defaults?.ignored?.filter(({ setting }) => setting !== "numCtx")
})

/** All that is set for a model. */
export const layersOf = (chosen: Chosen): Layered => {
  const { defaults, model, provider, settings } = chosen
  const layers: ReadonlyArray<Layer> = [
    thinking(chosen),
    model?.contextTokens === undefined ? {} : { params: { contextTokens: model.contextTokens } },
    provider,
    model ?? {},
    saysParam(model?.params, "numCtx") ? withoutNumCtx(defaults) : defaults ?? {},
    ...settings
  ]
  return {
    params: layers.flatMap(({ params }) => params === undefined || Object.keys(params).length === 0 ? [] : [params]),
    ignored: layers.flatMap((layer, i) =>
      (layer.ignored ?? []).filter((ignored) => !layers.slice(i + 1).some((stronger) => says(stronger, ignored)))
    ),
    streaming: layers.reduce<boolean | undefined>((set, layer) => layer.streaming ?? set, undefined)
  }
}
