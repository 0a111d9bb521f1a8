/**
 * Reads plain values field by field and collects everything that is wrong, instead of stopping at the first problem.
 */
import { isRecord, type JsonRecord } from "../json.js"
import { kindOf, type Problem } from "./plain.js"
import type { Diagnostic } from "./resolved.js"
import { suggest } from "./suggest.js"
import { formatPath, type KeyPath } from "./tree.js"

export interface Reader {
  readonly problem: (path: KeyPath, expected: string, actual: string) => undefined
  readonly warn: (path: KeyPath, message: string) => void
}

export const make = (report: (problem: Problem) => void, warnings: Array<Diagnostic>): Reader => ({
  problem: (path, expected, actual) => {
    report({ path, expected, actual })
    return undefined
  },
  warn: (path, message) => {
    warnings.push({ level: "warning", path: formatPath(path), message })
  }
})

export const object = (r: Reader, value: unknown, path: KeyPath): JsonRecord | undefined =>
  value === undefined ? undefined : isRecord(value) ? value : r.problem(path, "an object", kindOf(value))

export const list = (r: Reader, value: unknown, path: KeyPath): ReadonlyArray<unknown> | undefined =>
  value === undefined ? undefined : Array.isArray(value) ? value : r.problem(path, "a list", kindOf(value))

export const string = (r: Reader, value: unknown, path: KeyPath): string | undefined =>
  value === undefined || typeof value === "string" ? value : r.problem(path, "a string", kindOf(value))

export const boolean = (r: Reader, value: unknown, path: KeyPath): boolean | undefined =>
  value === undefined || typeof value === "boolean" ? value : r.problem(path, "true or false", kindOf(value))

const shownNumber = (value: unknown): string => typeof value === "number" ? String(value) : kindOf(value)

/** A finite number that is not negative. */
export const amount = (r: Reader, value: unknown, path: KeyPath): number | undefined =>
  value === undefined || (typeof value === "number" && Number.isFinite(value) && value >= 0)
    ? value
    : r.problem(path, "a finite number, 0 or more", shownNumber(value))

export const positive = (r: Reader, value: unknown, path: KeyPath, of: string): number | undefined =>
  value === undefined || (typeof value === "number" && Number.isFinite(value) && value > 0)
    ? value
    : r.problem(path, `a positive number of ${of}`, shownNumber(value))

/** A safe integer that is not negative. */
export const count = (r: Reader, value: unknown, path: KeyPath): number | undefined =>
  value === undefined || (typeof value === "number" && Number.isSafeInteger(value) && value >= 0)
    ? value
    : r.problem(path, "a whole number, 0 or more", shownNumber(value))

export const quoted = (names: Iterable<string>): string => {
  const all = Array.from(names, (name) => `"${name}"`)
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} or ${all[all.length - 1]}`
}

// A word is shown when it is nearly a known one. Any other could be a secret that was put into the wrong place.
const shownWord = (value: unknown, names: ReadonlyArray<string>): string => {
  const meant = typeof value === "string" ? suggest(value, names) : undefined
  return meant === undefined ? kindOf(value) : `${JSON.stringify(value)}: did you mean "${meant}"?`
}

export const oneOf = <A extends string>(
  r: Reader,
  value: unknown,
  path: KeyPath,
  names: ReadonlyArray<A>,
  shown: ReadonlyArray<string> = names
): A | undefined =>
  value === undefined || (names as ReadonlyArray<unknown>).includes(value)
    ? value as A | undefined
    : r.problem(path, quoted(shown), shownWord(value, names))

/** Warns of keys that are not known, with a suggestion where one is close. */
export const keys = (r: Reader, value: JsonRecord, path: KeyPath, known: ReadonlyArray<string>): void => {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const meant = suggest(key, known)
    r.warn(
      [...path, key],
      meant === undefined ? "unknown key, not used" : `unknown key, not used: did you mean "${meant}"?`
    )
  }
}
