/**
 * What of a configuration may be shown on a screen: everything but secrets. References to a variable are no secrets.
 */
import { isRecord, own } from "../json.js"
import type { KeyPath } from "./tree.js"

/** What stands in the place of a secret, whatever its length. */
export const mask = "********"

const secretKey = /(?:key|token|secret|password|passphrase|credentials?|authorization|cookie)$/i

const isSecret = (path: KeyPath): boolean => {
  const last = path.at(-1)
  return path[0] === "env" && path[1] !== "shellEnv"
    || path.at(-2) === "headers"
    || (path.at(-2) === "auth" && last === "value")
    || (typeof last === "string" && secretKey.test(last))
}

const isReference = (text: string): boolean =>
  /^\s*(?:\$\{[A-Z_][A-Z0-9_]*\}|\$[A-Z_][A-Z0-9_]*|secretref-(?:env|managed)\S*|(?:ollama|custom)-local|[A-Z][A-Z0-9_]*_API_KEY)?\s*$/
    .test(text)

// `{ source: "env", id: "NAME" }`
const isSource = (value: unknown): boolean =>
  ["env", "file", "exec", "store"].includes(String(own(value, "source")))
  && Object.keys(value as object).every((key) => ["source", "provider", "id"].includes(key))

const text = (value: string, secret: boolean): string =>
  secret && !isReference(value) ? mask : value.replace(/(\/\/)[^/@\s]+@/g, `$1${mask}@`)

/** A value as it may be shown. `path` is where it stands. */
export const masked = (value: unknown, path: KeyPath): unknown => {
  const walk = (value: unknown, path: KeyPath, secret: boolean): unknown => {
    if (secret && isSource(value)) return value
    if (Array.isArray(value)) return value.map((item, i) => walk(item, [...path, i], secret))
    if (isRecord(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => {
          const at = [...path, key]
          return [key, walk(member, at, secret || isSecret(at))]
        })
      )
    }
    if (typeof value === "string") return text(value, secret)
    return secret && typeof value === "number" ? mask : value
  }
  return walk(value, path, path.some((_, i) => isSecret(path.slice(0, i + 1))))
}
