/** What a text names: a model of a provider, by its ref, its alias or its bare name. */
import * as Either from "effect/Either"
import * as ModelRef from "../../ModelRef.js"
import { InvalidModelRef, ProviderUnavailable } from "../../OllamaError.js"
import type { ModelSettings, ResolvedConfig } from "../config/resolved.js"
import type { Provider, ProviderStatus } from "../provider.js"

/** What the choice depends on. */
export type Settings = Pick<
  ResolvedConfig,
  "providers" | "unlisted" | "primary" | "fallbacks" | "broken" | "models" | "defaults" | "streaming"
>

/** What a text names: a model of a known provider, or a name that a catalog has to know. */
export type Target =
  | { readonly _tag: "Ref"; readonly status: ProviderStatus; readonly model: string }
  | { readonly _tag: "Name"; readonly name: string }

export const findStatus = (providers: ReadonlyArray<ProviderStatus>, id: string): ProviderStatus | undefined => {
  const wanted = id.trim().toLowerCase()
  return providers.find((status) => status.id.trim().toLowerCase() === wanted)
}

/** All providers that a full ref can lead to. */
export const known = ({ providers, unlisted = [] }: Settings): ReadonlyArray<ProviderStatus> => [
  ...providers,
  ...unlisted
]

export const unknownProvider = (providers: ReadonlyArray<ProviderStatus>, id: string): ProviderUnavailable =>
  new ProviderUnavailable({
    provider: id.trim(),
    reason: "unknown-provider",
    ...(providers.length === 0 ? {} : { detail: `known are ${providers.map((status) => status.id).join(", ")}` })
  })

export const usable = (providers: ReadonlyArray<ProviderStatus>): ReadonlyArray<Provider> =>
  providers.flatMap((status) => Either.isRight(status.result) ? [status.result.right] : [])

export const refOf = (provider: string, model: string): string => `${provider}/${model}`

/** The id of a model without its provider in front, however often people write that. */
export const bareId = (id: string, provider: string): string => {
  const rest = id.slice(provider.length + 1).trim()
  return id.toLowerCase().startsWith(`${provider}/`) && rest !== "" ? rest : id
}

/** The name of a model on its server: OpenRouter's own models have the provider in theirs (`openrouter/auto`). */
export const serverName = (id: string, provider: string): string =>
  provider === "openrouter" && !id.includes("/") ? `openrouter/${id}` : id

// Of a listed model too the provider may be written twice; what a server says that it has is taken as it is.
const modelOf = ({ id, result }: ProviderStatus, model: string): string => {
  const bare = bareId(model, id.trim().toLowerCase())
  return bare === model || Either.isLeft(result) || result.right.source !== "configured"
      || result.right.models.some(({ definition }) => definition.id === model)
    ? model
    : bare
}

/** A text as a ref or a bare name; aliases are not looked at. */
export const readRef = (settings: Settings, text: string): Either.Either<Target, InvalidModelRef> => {
  const name = text.trim()
  if (name === "") return Either.left(new InvalidModelRef({ ref: text, reason: "empty-model" }))
  if (!name.includes("/")) return Either.right({ _tag: "Name", name })
  return Either.map(ModelRef.parse(name), ({ model, provider }): Target => {
    const status = findStatus(known(settings), provider)
    return status === undefined ? { _tag: "Name", name } : { _tag: "Ref", status, model: modelOf(status, model) }
  })
}

const findAlias = (settings: Settings, name: string): ModelSettings | undefined => {
  const wanted = name.toLowerCase()
  return settings.models.find((model) => model.alias !== undefined && model.alias.trim().toLowerCase() === wanted)
}

/** What a text names. An alias stands for the ref that it is written at, never for another alias. */
export const target = (settings: Settings, text: string): Either.Either<Target, InvalidModelRef> =>
  Either.flatMap(readRef(settings, text), (found) => {
    const alias = found._tag === "Name" ? findAlias(settings, found.name) : undefined
    return alias === undefined ? Either.right(found) : readRef(settings, alias.ref)
  })
