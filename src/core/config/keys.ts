/**
 * Keys and headers: in which forms they are written, what may be sent at all, and which key a provider has. Nothing here
 * ever quotes a value.
 */
import * as Redacted from "effect/Redacted"
import {
  ConfigInvalid,
  type ConfigProblem,
  MissingEnvironmentVariable,
  ProviderUnavailable
} from "../../OllamaError.js"
import { isRecord, type JsonRecord, own } from "../json.js"
import type { Provider, ProviderHeaders, ProviderKey, ProviderSecret, SecretReference } from "../provider.js"
import {
  hasBrokenReference,
  isBlank,
  isName,
  type Lookup,
  marked,
  onlyVariable,
  shorthand,
  substituteText
} from "./env.js"
import { kindOf, type Problem } from "./plain.js"
import type { Diagnostic } from "./resolved.js"
import { formatPath, type KeyPath } from "./tree.js"

/** The variable that enables Ollama. */
export const variable = "OLLAMA_API_KEY"

/** The variable that a provider's key is in by OpenClaw's custom. */
export const variableOf = (provider: string): string => `${provider.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_API_KEY`

// =============================================================================
// secrets as they are written
// =============================================================================

interface Wrong {
  readonly expected: string
  readonly actual: string
}

/** What a secret that was written comes to. */
export type Secret =
  | { readonly _tag: "Value"; readonly value: Redacted.Redacted; readonly source: string }
  /** The bare name of a variable that is not set. */
  | { readonly _tag: "Named"; readonly variable: string }
  /** A reference to a variable that is not set. */
  | { readonly _tag: "Unset"; readonly variable: string }
  /** A reference that only the host can follow. */
  | { readonly _tag: "Reference"; readonly reference: Reference }
  | { readonly _tag: "Wrong"; readonly at: KeyPath } & Wrong

/** A reference by itself, wherever it stands. */
export type Reference = Omit<SecretReference, "neededBy" | "path">

const wrong = (expected: string, actual: string, at: KeyPath = []): Secret => ({ _tag: "Wrong", at, expected, actual })

/** What may stand in a header, and what may be a key. */
interface Kind {
  /** The value as it is sent, `undefined` when it counts as absent, or what is wrong with it. */
  readonly read: (text: string) => string | undefined | Wrong
  /** The provider whose key it is; of a header none. */
  readonly provider?: string
}

const keyExpected = "a key of visible ASCII characters"

const readKeyText = (text: string): string | undefined | Wrong => {
  const key = text.trim()
  if (key === "") return undefined
  return /^[\x21-\x7e]+$/.test(key)
    ? key
    : { expected: keyExpected, actual: "a secret with blanks, control or non-ASCII characters" }
}

const readHeaderText = (text: string): string | Wrong =>
  /^[\x20-\x7e\t]*$/.test(text) ? text.trim() : { expected: "visible ASCII", actual: "a value with other characters" }

const header: Kind = { read: readHeaderText }

const keyOf = (provider: string): Kind => ({ read: readKeyText, provider })

// A key may be the bare name of a variable.
const isBareName = ({ provider }: Kind, text: string): boolean =>
  provider !== undefined && text.endsWith("_API_KEY") && (text === variable || text === variableOf(provider))

const forms = "a string or { source: \"env\", id: \"NAME\" }"

const oldMark = /^(?:secretref-env:|__env__:)/

const valueOf = (kind: Kind, text: string, source: string): Secret | undefined => {
  const read = kind.read(text)
  if (read === undefined) return undefined
  if (typeof read === "string") return { _tag: "Value", value: Redacted.make(read), source }
  return wrong(read.expected, source.startsWith("env ") ? `${read.actual}, from ${source}` : read.actual)
}

const fromVariable = (kind: Kind, name: string, lookup: Lookup): Secret | undefined => {
  const value = lookup(name)
  return isBlank(value) ? { _tag: "Unset", variable: name } : valueOf(kind, value, `env ${name}`)
}

const fromRecord = (kind: Kind, value: JsonRecord, lookup: Lookup): Secret | undefined => {
  const source = own(value, "source")
  const id = own(value, "id")
  if (source === "env") {
    return typeof id === "string" && isName(id)
      ? fromVariable(kind, id, lookup)
      : wrong("a variable name such as MY_API_KEY", kindOf(id), ["id"])
  }
  if (source !== "file" && source !== "exec" && source !== "store") {
    return wrong(forms, "an object of another form")
  }
  if (typeof id !== "string" || !/^[\x21-\x7e]{1,256}$/.test(id)) return wrong("the id of a secret", kindOf(id), ["id"])
  const provider = own(value, "provider")
  const alias = typeof provider === "string" && /^[a-z][a-z0-9_-]{0,63}$/.test(provider) ? provider : "default"
  return { _tag: "Reference", reference: { source, provider: alias, id, text: `${source}:${alias}:${id}` } }
}

const secretOf = (kind: Kind, value: unknown, lookup: Lookup): Secret | undefined => {
  if (value === undefined) return undefined
  if (isRecord(value)) return fromRecord(kind, value, lookup)
  const isKey = kind.provider !== undefined
  if (typeof value !== "string") return wrong(isKey ? forms : "a string", kindOf(value))
  const text = value.trim()
  if (isBareName(kind, text)) {
    return isBlank(lookup(text)) ? { _tag: "Named", variable: text } : fromVariable(kind, text, lookup)
  }
  const name = shorthand(text) ?? marked(text)
  if (name !== undefined) return fromVariable(kind, name, lookup)
  if (oldMark.test(text)) return wrong("the name of a variable after the mark, such as MY_API_KEY", "another text")
  if (text === "secretref-managed") {
    return { _tag: "Reference", reference: { source: "managed", provider: "default", id: "", text } }
  }
  if (isKey && /^oauth:[\x21-\x7e]{0,64}$/.test(text)) {
    return {
      _tag: "Reference",
      reference: { source: "oauth", provider: "default", id: text.slice("oauth:".length), text }
    }
  }
  if (hasBrokenReference(value)) return wrong(brokenExpected, "another text between ${ and }")
  let unset: string | undefined
  const found = substituteText(value, lookup, (variable) => unset ??= variable)
  if (unset !== undefined) return { _tag: "Unset", variable: unset }
  const only = onlyVariable(text)
  return valueOf(kind, found, only === undefined || isBlank(lookup(only)) ? "config" : `env ${only}`)
}

export const brokenExpected = "the name of a variable in ${…}, such as ${MY_API_KEY}"

/** A key of a provider as it is written in a configuration. */
export const readKey = (value: unknown, lookup: Lookup, provider: string): Secret | undefined =>
  secretOf(keyOf(provider), value, lookup)

/** A key as it is, of host code or of a variable. */
export const plainKey = (value: string | undefined, source: string): Secret | undefined =>
  value === undefined ? undefined : valueOf(keyOf(""), value, source)

/** OpenClaw's words for "a local server that needs no key": they go nowhere else. */
export const isMarker = (secret: Secret | undefined): boolean =>
  secret?._tag === "Value" && ["ollama-local", "custom-local"].includes(Redacted.value(secret.value))

// =============================================================================
// headers
// =============================================================================

const refused = new Set(["host", "content-length", "transfer-encoding", "connection"])

const wrongName = (written: string): Wrong | undefined => {
  const name = written.toLowerCase()
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) || name === "__proto__") {
    return { expected: "a header name", actual: "a name with other characters" }
  }
  return refused.has(name)
    ? { expected: "a header that may be set", actual: `"${written}", which the HTTP client sets itself` }
    : undefined
}

/**
 * Headers with lower-cased names, so that those of a model replace those of its provider however they are written.
 */
const headersOf = <A>(
  headers: Iterable<readonly [name: string, value: A]>,
  read: (value: A) => Secret | undefined,
  report: (name: string, secret: Exclude<Secret, { readonly _tag: "Value" }>) => void
): ProviderHeaders => {
  const out = new Map<string, Redacted.Redacted>()
  for (const [name, value] of headers) {
    const bad = wrongName(name)
    const found = bad === undefined ? read(value) : { _tag: "Wrong" as const, at: [], ...bad }
    if (found?._tag === "Value") out.set(name.toLowerCase(), found.value)
    else if (found !== undefined) report(name, found)
  }
  return Object.fromEntries(out)
}

/** Headers as they are written in a configuration. */
export const readHeaders = (
  headers: JsonRecord,
  lookup: Lookup,
  report: (name: string, secret: Exclude<Secret, { readonly _tag: "Value" }>) => void
): ProviderHeaders => headersOf(Object.entries(headers), (value) => secretOf(header, value, lookup), report)

/** Headers as they are, of host code. */
export const plainHeaders = (
  headers: Iterable<readonly [name: string, value: string]>,
  report: (name: string, problem: Wrong) => void
): ProviderHeaders =>
  headersOf(
    headers,
    (value) => valueOf(header, value, "config"),
    (name, secret) => secret._tag === "Wrong" ? report(name, secret) : undefined
  )

// =============================================================================
// which key a provider has
// =============================================================================

/** How what is wrong is said. */
export interface Context {
  /** Whether the host looks up what is only referred to. */
  readonly asks: boolean
  readonly positioned: (problem: Problem) => ConfigProblem
  readonly say: (level: Diagnostic["level"], path: KeyPath, message: string) => void
}

export const invalid = (context: Context, problems: ReadonlyArray<Problem>): ConfigInvalid =>
  new ConfigInvalid({ problems: problems.map(context.positioned) })

/** A place where a key may be. */
export interface Source {
  readonly secret: Secret | undefined
  readonly path: KeyPath
  /** Whether the user's configuration, or the host, gave it for this provider. */
  readonly explicit: boolean
  /** What it is called once the host has looked it up. Default: its reference. */
  readonly source?: string | undefined
  /** What comes before its path, when it does not stand in the configuration. */
  readonly file?: string | undefined
}

export interface KeyFound {
  readonly key?: ProviderKey | undefined
  /** In place of a key: what the host is to be asked for. */
  readonly pending?: ProviderSecret | undefined
  /** In place of a key: why the provider is enabled without one. */
  readonly without?: string | undefined
  readonly failure?: ConfigInvalid | MissingEnvironmentVariable | ProviderUnavailable | undefined
  /** Whether the entry of the provider is to blame for the failure. */
  readonly explicit: boolean
  readonly path: KeyPath
  /** Whether it stands in another file than the configuration, of which all is said when it is read. */
  readonly isSaid: boolean
}

/** The failure of a secret that cannot be had. */
export const failureOf = (
  provider: string,
  secret: Exclude<Secret, { readonly _tag: "Value" }>,
  path: KeyPath,
  context: Context
): ConfigInvalid | MissingEnvironmentVariable | ProviderUnavailable => {
  switch (secret._tag) {
    case "Named":
    case "Unset":
      return new MissingEnvironmentVariable({ variable: secret.variable, path: formatPath(path) })
    case "Reference":
      return new ProviderUnavailable({ provider, reason: "no-credential", detail: secret.reference.text })
    case "Wrong":
      return invalid(context, [{ path: [...path, ...secret.at], expected: secret.expected, actual: secret.actual }])
  }
}

/** Whose key it is. */
export interface Owner {
  readonly provider: string
  /** Whether its server is near: only there the markers go. */
  readonly local: boolean
  /** Whether its server is an Ollama of one's own, which any key will do for. */
  readonly undemanding: boolean
}

// What one source gives; nothing when the next one is to be asked.
const fromSource = (
  { explicit, file = "", path, secret, source }: Source,
  owner: Owner,
  context: Context
): KeyFound | undefined => {
  if (secret === undefined) return undefined
  const found = { explicit, path, isSaid: file !== "" }
  if (secret._tag === "Value") {
    if (!isMarker(secret) || owner.local) {
      return { ...found, key: { value: secret.value, source: secret.source, explicit } }
    }
    return owner.undemanding
      ? { ...found, without: `the key of ${secret.source} is only for local servers` }
      : undefined
  }
  const optional = owner.undemanding && owner.local
  if (secret._tag === "Reference" && context.asks) {
    const reference: SecretReference = {
      ...secret.reference,
      neededBy: owner.provider,
      path: `${file}${formatPath(path)}`
    }
    return { ...found, pending: { reference, source: source ?? `secret ${reference.text}`, explicit, optional } }
  }
  if (optional) {
    if (secret._tag === "Named") return { ...found, without: `${secret.variable} is not set, and it needs none` }
    if (secret._tag === "Reference") {
      if (!found.isSaid) {
        context.say(
          "warning",
          path,
          `the secret ${secret.reference.text} is not known here: a local Ollama is asked without a key`
        )
      }
      return { ...found, without: "it needs none" }
    }
  }
  return { ...found, failure: failureOf(owner.provider, secret, path, context) }
}

/** The first source that has a key, or that should have one. */
export const firstKey = (sources: ReadonlyArray<Source>, owner: Owner, context: Context): KeyFound | undefined => {
  for (const source of sources) {
    const found = fromSource(source, owner, context)
    if (found !== undefined) return found
  }
  return undefined
}

// =============================================================================
// what the host has looked up
// =============================================================================

/** What puts one of its secrets into a provider, or why that cannot be sent. */
export const withSecret = (
  { explicit, header, prefix = "", source }: ProviderSecret,
  value: Redacted.Redacted,
  local: boolean
): ((provider: Provider) => Provider) | Wrong => {
  const key = plainKey(Redacted.value(value), source)
  if (key?._tag === "Wrong") return { expected: key.expected, actual: key.actual }
  if (key?._tag !== "Value" || (isMarker(key) && !local)) return { expected: keyExpected, actual: "nothing" }
  if (header === undefined) return (provider) => ({ ...provider, key: { value: key.value, source, explicit } })
  let bad: Wrong | undefined
  const set = plainHeaders([[header, `${prefix}${Redacted.value(key.value)}`]], (_, problem) => bad ??= problem)
  return bad ?? ((provider) => ({ ...provider, headers: { ...provider.headers, ...set } }))
}
