/**
 * What of a configuration may be shown on a screen: everything but secrets. References to a variable are no secrets.
 */
import { isRecord, own } from "../json.js"
import type { KeyPath } from "./tree.js"

/** What stands in the place of a secret, whatever its length. */
export const mask = "********"

const secretKey = /(?:key|token|secret|passw(?:or)?d|passphrase|credentials?|authorization|cookie)$/i

/** Whether what stands somewhere is a secret, by its own name or by what it stands in. */
const isSecret = (path: KeyPath, value: unknown): boolean => {
  const last = path.at(-1)
  const parent = path.at(-2)
  // variables of this program, or of one that is started
  if (parent === "env") return path.length > 2 || last !== "shellEnv"
  if (parent === "headers" || (parent === "auth" && last === "value")) return true
  if (typeof last !== "string") return false
  // several of them; but a number says how many, as `maxTokens` does, and the section `secrets` holds none
  const isPlural = typeof value !== "number" && !(path.length === 1 && last === "secrets")
  return secretKey.test(last) || (isPlural && secretKey.test(last.replace(/s$/i, "")))
}

const isReference = (text: string): boolean =>
  /^\s*(?:\$\{[A-Z_][A-Z0-9_]*\}|\$[A-Z_][A-Z0-9_]*|secretref-(?:env|managed)\S*|(?:ollama|custom)-local|[A-Z][A-Z0-9_]*_API_KEY)?\s*$/
    .test(text)

// `{ source: "env", id: "NAME" }`
const isSource = (value: unknown): boolean =>
  ["env", "file", "exec", "store"].includes(String(own(value, "source")))
  && Object.keys(value as object).every((key) => ["source", "provider", "id"].includes(key))

const isSecretParameter = (name: string): boolean =>
  secretKey.test(name) || /(?:^|[-_])(?:auth|sig|signature)$/i.test(name)

// A password may have an @ itself: the last one before the path ends it.
const url = (value: string): string =>
  value.replace(/(\/\/)[^/\s]+@/g, `$1${mask}@`).replace(
    /([?&#;])([^=?&#;\s]+)=([^&#;\s]+)/g,
    (written: string, begin: string, name: string, value: string) =>
      isSecretParameter(name) && !isReference(value) ? `${begin}${name}=${mask}` : written
  )

const text = (value: string, secret: boolean): string => secret && !isReference(value) ? mask : url(value)

/** A value as it may be shown. `path` is where it stands. */
export const masked = (value: unknown, path: KeyPath): unknown => {
  const walk = (value: unknown, path: KeyPath, above: boolean): unknown => {
    const secret = above || isSecret(path, value)
    if (secret && isSource(value)) return value
    if (Array.isArray(value)) return value.map((item, i) => walk(item, [...path, i], secret))
    if (isRecord(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [key, walk(member, [...path, key], secret)])
      )
    }
    if (typeof value === "string") return text(value, secret)
    return secret && typeof value === "number" ? mask : value
  }
  return walk(value, path, path.some((_, i) => isSecret(path.slice(0, i), undefined)))
}
