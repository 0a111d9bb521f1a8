/**
 * Values of unknown origin, made plain: bounded, without `__proto__`, secrets as texts. What is no JSON is left for those
 * who read it: it is wrong where it stands.
 */
import * as Redacted from "effect/Redacted"
import type { KeyPath } from "./tree.js"

export interface Problem {
  readonly path: KeyPath
  readonly expected: string
  readonly actual: string
}

/** What kind of value it is, without the value. */
export const kindOf = (value: unknown): string =>
  value === undefined
    ? "nothing"
    : value === null
    ? "null"
    : Array.isArray(value)
    ? "a list"
    : typeof value === "object"
    ? "an object"
    : `a ${typeof value}`

/** How deep a configuration may be nested, as a text and as a value. */
export const maxDepth = 100
// In place of a secret that is no text; it is wrong wherever it stands.
const noText = Symbol()
// Far more than any real configuration; a shared or cyclic object given in code would have no end otherwise.
const maxValues = 1_000_000

/** A copy without `__proto__` keys and `undefined` members, with secrets as plain strings. */
export const plain = (
  input: unknown,
  path: KeyPath,
  report: (problem: Problem) => void
): unknown => {
  let count = 0
  let stopped = false
  const at = [...path]
  const member = (key: string | number, value: unknown): unknown => {
    at.push(key)
    const out = walk(value)
    at.pop()
    return out
  }
  const walk = (value: unknown): unknown => {
    if (stopped) return undefined
    if (++count > maxValues || at.length > maxDepth) {
      stopped = true
      report({
        path: at.slice(0, path.length + 8),
        expected: count > maxValues ? `at most ${maxValues} values` : `at most ${maxDepth} levels of nesting`,
        actual: "more"
      })
      return undefined
    }
    if (typeof value !== "object" || value === null) return value
    if (Redacted.isRedacted(value)) {
      const secret = Redacted.value(value)
      return typeof secret === "string" ? secret : noText
    }
    if (Array.isArray(value)) return Array.from(value, (item, i) => member(i, item) ?? null)
    const out: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      if (key === "__proto__") continue
      const next: unknown = Reflect.get(value, key)
      if (next !== undefined) out[key] = member(key, next)
    }
    return out
  }
  return input === undefined ? undefined : walk(input)
}
