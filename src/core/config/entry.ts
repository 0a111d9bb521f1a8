/**
 * One entry of `models.providers`, as it is written. What is wrong with its key, headers, address, `api` or time limit
 * makes it unusable; anything else is only said.
 */
import * as Redacted from "effect/Redacted"
import * as ModelRef from "../../ModelRef.js"
import type { ExcludedModel } from "../../OllamaError.js"
import * as baseUrl from "../baseUrl.js"
import { isRecord, type JsonRecord, own } from "../json.js"
import type { Provider, ProviderHeaders, ProviderModel } from "../provider.js"
import { hasBrokenReference, shorthand } from "./env.js"
import { brokenExpected, isMarker, plainHeaders, readHeaders, readKey, type Reference, type Secret } from "./keys.js"
import { hasAddress, isElsewhere, isSpoken, isThere, ownAddress, readModel, shownApi } from "./models.js"
import { settle, type Settled } from "./params.js"
import { kindOf } from "./plain.js"
import type { Reader } from "./reader.js"
import * as read from "./reader.js"
import type { KeyPath } from "./tree.js"

/** What keeps an entry from being used. */
export type Flaw =
  | { readonly _tag: "Secret"; readonly path: KeyPath; readonly secret: Exclude<Secret, { readonly _tag: "Value" }> }
  | { readonly _tag: "Problem"; readonly path: KeyPath; readonly expected: string; readonly actual: string }
  | {
    readonly _tag: "Unavailable"
    readonly path: KeyPath
    readonly reason: "unsupported-api" | "unsupported-transport"
    readonly detail: string
    /** It is OpenClaw's, and no mistake. */
    readonly isElsewhere: boolean
  }

/** A header whose value is elsewhere. */
export interface PendingHeader {
  /** In lower case. */
  readonly header: string
  readonly prefix?: string | undefined
  readonly reference: Reference
  readonly at: KeyPath
}

interface Headers {
  readonly values: ProviderHeaders
  readonly pending: ReadonlyArray<PendingHeader>
}

export interface Entry {
  readonly id: string
  readonly path: KeyPath
  readonly baseUrl: string | undefined
  /** Whether something stands at `baseUrl`, valid or not. */
  readonly hasBaseUrl: boolean
  readonly key: { readonly secret: Secret | undefined; readonly path: KeyPath }
  readonly hasKey: boolean
  readonly api: Provider["api"]
  readonly authHeader: boolean
  readonly headers: ProviderHeaders
  /** Headers whose value only the host can look up. */
  readonly pending: ReadonlyArray<PendingHeader>
  /** In ms. */
  readonly timeout: number | undefined
  readonly settings: Settled
  /** Whether `models` holds anything, usable or not. */
  readonly listsModels: boolean
  readonly models: ReadonlyArray<ProviderModel>
  readonly excluded: ReadonlyArray<ExcludedModel>
  readonly flaws: ReadonlyArray<Flaw>
}

/** What is known of a provider before anything is written. */
export interface Known {
  readonly id: string
  readonly api: Provider["api"]
  readonly root: string | undefined
}

const maxTimeout = Number.MAX_SAFE_INTEGER

/** One entry. `r` warns; what makes the entry unusable is among its flaws. */
export const readEntry = (r: Reader, known: Known, value: unknown, path: KeyPath): Entry => {
  const flaws: Array<Flaw> = []
  const strict: Reader = {
    ...r,
    problem: (path, expected, actual) => void flaws.push({ _tag: "Problem", path, expected, actual }),
    missing: (path, variable) => void flaws.push({ _tag: "Secret", path, secret: { _tag: "Unset", variable } })
  }
  const entry: JsonRecord = isRecord(value) ? value : {}
  if (!isRecord(value)) strict.problem(path, "an object", kindOf(value))
  const at = (name: string) => [...path, name]
  const get = (name: string) => own(entry, name)

  const api = apiOf(strict, get("api"), at("api"), flaws) ?? known.api
  const address = addressOf(strict, entry, path)
  const where = address ?? known.root
  const url = where === undefined ? undefined : baseUrl.normalize(where, { provider: known.id, api })

  const written = headersOf(get("headers"), at("headers"), strict, flaws)
  const request = requestOf(strict, known.id, get("request"), at("request"), flaws)
  const headers = over(without(written, request.replaces), request.headers)
  const apiKey = readKey(get("apiKey"), r.lookup, known.id)
  const seconds = read.positive(strict, get("timeoutSeconds"), at("timeoutSeconds"), "seconds")
  const listed = get("models")
  const ofModels = {
    contextWindow: read.count(r, get("contextWindow"), at("contextWindow")),
    contextTokens: read.count(r, get("contextTokens"), at("contextTokens")),
    maxTokens: read.count(r, get("maxTokens"), at("maxTokens"))
  }
  const list = Array.isArray(listed)
    ? listed
    : listed === undefined
    ? []
    : strict.problem(at("models"), "a list such as [{ id: \"…\" }]", kindOf(listed)) ?? []
  return {
    id: known.id,
    path,
    baseUrl: address,
    hasBaseUrl: hasAddress(entry),
    key: request.key ?? { secret: apiKey, path: at("apiKey") },
    hasKey: isThere(get("apiKey")) || request.key !== undefined,
    api,
    authHeader: request.authHeader ?? read.boolean(r, get("authHeader"), at("authHeader")) ?? true,
    headers: headers.values,
    pending: headers.pending,
    timeout: seconds === undefined ? undefined : Math.min(seconds * 1000, maxTimeout),
    settings: settle(r, get("params"), at("params")),
    listsModels: Array.isArray(listed) ? listed.length > 0 : listed !== undefined,
    ...modelsOf(
      r,
      { id: known.id, api, url: url?._tag === "Right" ? url.right : undefined, ...ofModels },
      list,
      at("models")
    ),
    flaws
  }
}

const apiOf = (strict: Reader, value: unknown, path: KeyPath, flaws: Array<Flaw>): Provider["api"] | undefined => {
  const api = read.text(strict, value, path)
  if (api === undefined || isSpoken(api)) return api
  flaws.push({
    _tag: "Unavailable",
    path,
    reason: "unsupported-api",
    detail: shownApi(api),
    isElsewhere: isElsewhere(api)
  })
  return undefined
}

// In an address a reference that is none is never sent, and neither is OpenClaw's shorthand for keys.
const addressOf = (strict: Reader, entry: JsonRecord, path: KeyPath): string | undefined => {
  const name = own(entry, "baseUrl") === undefined && own(entry, "baseURL") !== undefined ? "baseURL" : "baseUrl"
  const value = own(entry, name)
  const at = [...path, name]
  if (typeof value === "string") {
    const variable = shorthand(value.trim())
    if (variable !== undefined) {
      return strict.problem(at, "an http or https URL", `"$${variable}": write "\${${variable}}"`)
    }
    if (hasBrokenReference(value)) return strict.problem(at, brokenExpected, "another text between ${ and }")
  }
  return ownAddress(strict, entry, path)
}

const headersOf = (value: unknown, path: KeyPath, strict: Reader, flaws: Array<Flaw>): Headers => {
  const found = read.object(strict, value, path)
  if (found === undefined) return noHeaders
  const pending: Array<PendingHeader> = []
  const values = readHeaders(found, strict.lookup, (name, secret) => {
    const at = [...path, name]
    flaws.push({ _tag: "Secret", path: at, secret })
    if (secret._tag === "Reference") pending.push({ header: name.toLowerCase(), reference: secret.reference, at })
  })
  return { values, pending }
}

const noHeaders: Headers = { values: {}, pending: [] }

const without = ({ pending, values }: Headers, names: ReadonlyArray<string>): Headers => ({
  values: Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name))),
  pending: pending.filter(({ header }) => !names.includes(header))
})

const over = (weak: Headers, strong: Headers): Headers => {
  const left = without(weak, [...Object.keys(strong.values), ...strong.pending.map(({ header }) => header)])
  return { values: { ...left.values, ...strong.values }, pending: [...left.pending, ...strong.pending] }
}

interface Request {
  readonly key?: Entry["key"] | undefined
  readonly authHeader?: boolean | undefined
  readonly headers: Headers
  /** Headers that stand aside for its own. */
  readonly replaces: ReadonlyArray<string>
}

/** `request`: OpenClaw's other place for key and headers, and for what is not honoured here. */
const requestOf = (r: Reader, provider: string, value: unknown, path: KeyPath, flaws: Array<Flaw>): Request => {
  const request = read.object(r, value, path)
  if (request === undefined) return { headers: noHeaders, replaces: [] }
  for (const [name, detail] of [["proxy", "a proxy"], ["tls", "TLS"]] as const) {
    const set = own(request, name)
    if (set === undefined || set === null || (isRecord(set) && Object.keys(set).length === 0)) continue
    flaws.push({
      _tag: "Unavailable",
      path: [...path, name],
      reason: "unsupported-transport",
      detail,
      isElsewhere: false
    })
  }
  const headers = headersOf(own(request, "headers"), [...path, "headers"], r, flaws)
  const at = [...path, "auth"]
  const auth = read.object(r, own(request, "auth"), at)
  const mode = read.oneOf(r, own(auth, "mode"), [...at, "mode"], [
    "provider-default",
    "authorization-bearer",
    "header"
  ])
  if (mode === undefined || mode === "provider-default") return { headers, replaces: [] }
  const name = mode === "header" ? "value" : "token"
  const written = own(auth, name)
  const key = { secret: readKey(written, r.lookup, provider), path: [...at, name] }
  if (key.secret === undefined) {
    r.problem(key.path, "a key", written === undefined ? "nothing" : "an empty text")
    return { headers, replaces: [] }
  }
  if (mode === "authorization-bearer") {
    return { key, authHeader: true, headers: without(headers, ["authorization"]), replaces: ["authorization"] }
  }
  const headerName = read.text(r, own(auth, "headerName"), [...at, "headerName"])
  const prefix = read.string(r, own(auth, "prefix"), [...at, "prefix"]) ?? ""
  if (headerName === undefined) r.problem([...at, "headerName"], "a header name", "nothing")
  const replaces = ["authorization", (headerName ?? "").toLowerCase()]
  const set = headerName === undefined || key.secret._tag !== "Value" || isMarker(key.secret)
    ? {}
    : plainHeaders(
      [[headerName, `${prefix}${Redacted.value(key.secret.value)}`]],
      (_, { actual, expected }) => r.problem([...at, "headerName"], expected, actual)
    )
  const pending = headerName === undefined || key.secret._tag !== "Reference"
    ? []
    : [{ header: headerName.toLowerCase(), prefix, reference: key.secret.reference, at: key.path }]
  return { key, authHeader: false, headers: over(without(headers, replaces), { values: set, pending }), replaces }
}

const modelsOf = (
  r: Reader,
  owner: Parameters<typeof readModel>[1],
  list: ReadonlyArray<unknown>,
  path: KeyPath
): Pick<Entry, "models" | "excluded"> => {
  const models: Array<ProviderModel> = []
  const excluded: Array<ExcludedModel> = []
  const seen = new Set<string>()
  list.forEach((item, i) => {
    const found = readModel(r, owner, item, [...path, i])
    if ("reason" in found) {
      excluded.push(found)
      return
    }
    const name = ModelRef.normalizeModel(found.definition.id)
    if (seen.has(name)) r.warn([...path, i, "id"], "listed twice, the first one is used")
    else models.push(found)
    seen.add(name)
  })
  return { models, excluded }
}
