/** Which models are to be tried, in which order, before anybody is asked. */
import * as Either from "effect/Either"
import * as ModelRef from "../../ModelRef.js"
import type { BrokenRef } from "../config/resolved.js"
import type { ProviderStatus } from "../provider.js"
import { refOf, type Settings, type Target, target, usable } from "./refs.js"
import type { Selection } from "./selection.js"

/**
 * What a caller says about the models to try.
 *
 * @since 0.1.0
 * @category models
 */
export interface CandidateOptions {
  /** The first to try: a ref, an alias, or a name that only one provider has. Default: the configured primary. */
  readonly model?: string | undefined
  /** They replace all that the configuration would try after the first; `[]` is none. */
  readonly fallbacks?: ReadonlyArray<string> | undefined
  /** A ref of one of these to try before the others. */
  readonly askFirst?: string | undefined
}

/** A candidate before anybody was asked. */
export interface Planned {
  readonly ref: string
  readonly selectedBy: Selection["selectedBy"]
  readonly target: Either.Either<Target, BrokenRef["error"]> | "first-available"
  /** Of the first that is available: the model that answered before, and comes first while it is there. */
  readonly wanted?: string | undefined
  readonly url?: string | undefined
}

/**
 * Where the model comes from when none is named: the first provider that is enabled. One that is enabled and cannot be
 * used keeps its turn, so that a prompt never goes elsewhere because something is broken.
 */
export const firstStatus = (settings: Settings): ProviderStatus | undefined =>
  settings.providers.find((status) => Either.isRight(status.result) || status.result.left._tag !== "NotEnabled")
    ?? settings.providers[0]

const rootOf = (status: ProviderStatus | undefined): string | undefined =>
  status === undefined ? undefined : Either.getOrUndefined(status.result)?.root

const planned = (settings: Settings, text: string, selectedBy: Selection["selectedBy"]): Planned => {
  const broken = selectedBy === "caller" ? undefined : settings.broken?.find(({ ref }) => ref === text)
  const found = broken === undefined ? target(settings, text) : Either.left(broken.error)
  if (Either.isLeft(found)) return { ref: text, selectedBy, target: found }
  if (found.right._tag === "Ref") {
    const { model, status } = found.right
    return { ref: refOf(status.id, model), selectedBy, target: found, url: rootOf(status) }
  }
  const providers = usable(settings.providers)
  return {
    ref: found.right.name,
    selectedBy,
    target: found,
    url: providers.length === 1 ? providers[0]!.root : undefined
  }
}

// Candidates with the same key are the same model. A bare name can only be of the one provider that there is.
const keyOf = (settings: Settings, { ref, target }: Planned): string => {
  if (target === "first-available") return ModelRef.normalizeModel(ref)
  if (Either.isLeft(target)) return `invalid ${ref}`
  const found = target.right
  if (found._tag === "Ref") return refOf(found.status.id, ModelRef.normalizeModel(found.model))
  const providers = usable(settings.providers)
  return refOf(providers.length === 1 ? providers[0]!.id : "", ModelRef.normalizeModel(found.name))
}

const first = (settings: Settings): Planned => {
  const status = firstStatus(settings)
  const model = status !== undefined && Either.isRight(status.result) && status.result.right.source === "configured"
    ? status.result.right.models[0]?.definition.id
    : undefined
  return {
    ref: refOf(status?.id ?? "ollama", model ?? "*"),
    selectedBy: "first-available",
    target: "first-available",
    url: rootOf(status)
  }
}

/**
 * The candidates, in order. A named model comes before the primary; the caller's own fallbacks stand for all that the
 * configuration would have tried after it, so that with `[]` no other model answers.
 */
export const plan = (
  settings: Settings,
  { askFirst, fallbacks, model }: CandidateOptions = {}
): ReadonlyArray<Planned> => {
  const all: Array<Planned> = []
  if (model !== undefined) all.push(planned(settings, model, "caller"))
  if (settings.primary !== undefined && (model === undefined || fallbacks === undefined)) {
    all.push(planned(settings, settings.primary, "primary"))
  }
  if (all.length === 0) all.push(first(settings))
  for (const ref of fallbacks ?? settings.fallbacks) all.push(planned(settings, ref, "fallback"))
  const seen = new Set<string>()
  const once = all.filter((candidate) => {
    const key = keyOf(settings, candidate)
    return !seen.has(key) && seen.add(key)
  })
  return askFirst === undefined ? once : preferred(settings, once, askFirst)
}

// One that would be tried comes first. Which is the first available one may have changed since it answered, where models
// are discovered.
const preferred = (settings: Settings, all: ReadonlyArray<Planned>, ref: string): ReadonlyArray<Planned> => {
  const wanted = planned(settings, ref, "first-available")
  const key = keyOf(settings, wanted)
  const found = all.find((candidate) => keyOf(settings, candidate) === key) ??
    all.find((candidate) => isNamed(candidate, ref))
  if (found !== undefined) return [found, ...all.filter((candidate) => candidate !== found)]
  const [first, ...others] = all
  const model = first?.target === "first-available" ? modelOf(firstStatus(settings), wanted) : undefined
  return first === undefined || model === undefined ? all : [{ ...first, ref: wanted.ref, wanted: model }, ...others]
}

// The model of that provider that is named, if it may have been discovered.
const modelOf = (status: ProviderStatus | undefined, { target }: Planned): string | undefined => {
  const found = typeof target === "string" ? undefined : Either.getOrUndefined(target)
  return found?._tag === "Ref" && found.status === status && Either.isRight(status.result)
      && status.result.right.source === "discovered"
    ? found.model
    : undefined
}

// A bare name may be of several providers, until they are asked.
const isNamed = ({ target }: Planned, ref: string): boolean =>
  typeof target !== "string" && Either.isRight(target) && target.right._tag === "Name"
  && ModelRef.normalizeModel(target.right.name) === ModelRef.normalizeModel(ref.slice(ref.indexOf("/") + 1))
