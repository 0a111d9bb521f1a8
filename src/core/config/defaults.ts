/**
 * `agents.defaults`: which models are asked, and what is set for them. And `auth.order`.
 */
import * as Either from "effect/Either"
import { parse as parseRef } from "../../ModelRef.js"
import { InvalidModelRef, MissingEnvironmentVariable } from "../../OllamaError.js"
import { compact, isRecord, own } from "../json.js"
import { isBlank } from "./env.js"
import { settle, unlessEmpty } from "./params.js"
import { kindOf } from "./plain.js"
import type { Reader } from "./reader.js"
import * as read from "./reader.js"
import type { BrokenRef, ModelDefaults, ModelSettings } from "./resolved.js"
import { formatPath, type KeyPath } from "./tree.js"

export interface Defaults {
  readonly primary?: string | undefined
  readonly fallbacks: ReadonlyArray<string>
  readonly broken: ReadonlyArray<BrokenRef>
  readonly models: ReadonlyArray<ModelSettings>
  readonly defaults: ModelDefaults
}

const thinkingWords = ["off", "minimal", "low", "medium", "high", "xhigh", "adaptive", "max", "ultra"] as const

// A text that is no ref stays among the candidates: another model never takes its turn unseen.
const candidate = (r: Reader, value: unknown, path: KeyPath, broken: Array<BrokenRef>): string | undefined => {
  if (value === undefined) return undefined
  const at = formatPath(path)
  if (typeof value !== "string") {
    r.warn(path, `expected a model ref, found ${kindOf(value)}`)
    broken.push({ ref: at, error: new InvalidModelRef({ ref: at, reason: "no-text" }) })
    return at
  }
  let unset: string | undefined
  const found = read.given(
    {
      ...r,
      missing: (path, variable) => {
        unset = variable
        return r.missing(path, variable)
      }
    },
    value,
    path
  )
  if (unset === undefined) return String(found)
  const ref = value.trim()
  broken.push({ ref, error: new MissingEnvironmentVariable({ variable: unset, path: at }) })
  return ref
}

// Why an alias never leads to a model, if so.
const lostAlias = (alias: string, ref: string, providers: ReadonlySet<string>): string | undefined => {
  if (Either.getOrUndefined(parseRef(ref))?.model === "*") return "an alias of all models of a provider names none"
  if (!alias.includes("/")) return undefined
  const provider = Either.getOrUndefined(parseRef(alias))?.provider
  return provider === undefined || providers.has(provider) ? "the alias is never found: it reads as a ref" : undefined
}

const modelSettings = (
  r: Reader,
  value: unknown,
  path: KeyPath,
  providers: ReadonlySet<string>
): ReadonlyArray<ModelSettings> => {
  const all: Array<ModelSettings> = []
  const aliases = new Set<string>()
  for (const [ref, entry] of Object.entries(read.object(r, value, path) ?? {})) {
    const at = [...path, ref]
    const found = read.object(r, entry, at)
    if (found === undefined) continue
    // without a slash it is the name of a model, whatever its provider
    if (ref.trim() === "" || (ref.includes("/") && parseRef(ref)._tag === "Left")) {
      r.warn(at, "not a model ref: a side of provider/model is empty, so it applies to no model")
    }
    const alias = read.text(r, own(found, "alias"), [...at, "alias"])
    if (alias !== undefined && aliases.has(alias.toLowerCase())) {
      r.warn([...at, "alias"], "the alias is taken by a model above")
    }
    const lost = alias === undefined ? undefined : lostAlias(alias, ref, providers)
    if (lost !== undefined) r.warn([...at, "alias"], lost)
    if (alias !== undefined) aliases.add(alias.toLowerCase())
    const set = unlessEmpty(settle(r, own(found, "params"), [...at, "params"]))
    const streaming = read.boolean(r, own(found, "streaming"), [...at, "streaming"])
    all.push(compact({ ref, alias, ...set, streaming: streaming ?? set.streaming }))
  }
  return all
}

/** `agents.defaults`, whose keys are at `path`; with the ids of the providers that a ref can lead to. */
export const readDefaults = (
  r: Reader,
  value: unknown,
  path: KeyPath,
  providers: ReadonlySet<string>
): Defaults => {
  const found = read.object(r, value, path)
  const at = (name: string) => [...path, name]
  const get = (name: string) => own(found, name)
  const broken: Array<BrokenRef> = []
  const model = get("model")
  const list = isRecord(model)
    ? read.list(r, own(model, "fallbacks"), [...at("model"), "fallbacks"]) ?? []
    : []
  const primary = isRecord(model)
    ? candidate(r, own(model, "primary"), [...at("model"), "primary"], broken)
    : candidate(r, model, at("model"), broken)
  return {
    primary: isBlank(primary) ? undefined : primary.trim(),
    fallbacks: list.map((item, i) => candidate(r, item, [...at("model"), "fallbacks", i], broken) ?? ""),
    broken,
    models: modelSettings(r, get("models"), at("models"), providers),
    defaults: compact({
      ...unlessEmpty(settle(r, get("params"), at("params"))),
      thinking: read.oneOf(r, get("thinkingDefault"), at("thinkingDefault"), thinkingWords)
    })
  }
}

/** `auth.profiles`: profile ids by provider. Their keys stand elsewhere. */
export const authProfiles = (auth: unknown): ReadonlyMap<string, ReadonlyArray<string>> => {
  const out = new Map<string, Array<string>>()
  const profiles = own(auth, "profiles")
  for (const [id, profile] of Object.entries(isRecord(profiles) ? profiles : {})) {
    const written = own(profile, "provider")
    if (typeof written !== "string") continue
    const provider = written.trim().toLowerCase()
    const mine = out.get(provider)
    if (mine === undefined) out.set(provider, [id])
    else mine.push(id)
  }
  return out
}

/** `auth.order`: profile ids by provider. */
export const authOrder = (r: Reader, auth: unknown): ReadonlyMap<string, ReadonlyArray<string>> => {
  const out = new Map<string, ReadonlyArray<string>>()
  for (const [provider, ids] of Object.entries(read.object(r, own(auth, "order"), ["auth", "order"]) ?? {})) {
    const at = ["auth", "order", provider]
    out.set(
      provider.trim().toLowerCase(),
      (read.list(r, ids, at) ?? []).flatMap((id, i) => read.string(r, id, [...at, i]) ?? [])
    )
  }
  return out
}
