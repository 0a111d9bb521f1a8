/** Reading JSON values by hand: total, own keys only. And writing JSON from values that nobody has checked. */
import * as Either from "effect/Either"

export interface JsonRecord {
  readonly [key: string]: unknown
}

/** The value of a text, or `undefined` when the text is no JSON. */
export const parse = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/** An object, of what is known to be JSON. */
export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** An object with string keys, of what may be anything: neither `null`, an array, nor something like a `Map` or bytes. */
export const isPlain = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && Object.prototype.toString.call(value) === "[object Object]"

/** An own property, or `undefined`, also of what is no object. */
export const own = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.prototype.hasOwnProperty.call(value, key) ? value[key] : undefined

export const stringOf = (value: JsonRecord, key: string): string | undefined => {
  const found = own(value, key)
  return typeof found === "string" ? found : undefined
}

export const numberOf = (value: JsonRecord, key: string): number | undefined => {
  const found = own(value, key)
  return typeof found === "number" && Number.isFinite(found) ? found : undefined
}

/** The strings of a list; `undefined` when there is no list. */
export const stringsOf = (value: JsonRecord, key: string): ReadonlyArray<string> | undefined => {
  const found = own(value, key)
  return Array.isArray(found) ? found.filter((item): item is string => typeof item === "string") : undefined
}

/** The objects of a list. */
export const recordsOf = (value: unknown): ReadonlyArray<JsonRecord> =>
  Array.isArray(value) ? value.filter(isRecord) : []

/** For `JSON.stringify`: what is next to a value that JSON does not have. */
export const nearest = (_: string, part: unknown): unknown =>
  typeof part === "bigint" || (typeof part === "number" && !Number.isFinite(part))
    ? String(part)
    : part instanceof Set || part instanceof Map || part instanceof Uint8Array
    ? [...part]
    : part

/** Whether a key anywhere in a JSON value is `__proto__`: who copies such an object key by key gives it another prototype. */
export const hasProto = (value: unknown): boolean => {
  // not by recursion: it may be nested as deep as a server likes
  const open: Array<unknown> = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== "object" || next === null) continue
    if (Object.hasOwn(next, "__proto__")) return true
    for (const inner of Object.values(next)) open.push(inner)
  }
  return false
}

/** Without the members that are `undefined`. */
export const compact = <A extends object>(value: A): A =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as A

// =============================================================================
// writing
// =============================================================================

/** JSON that is already text: it is written as it is, so that numbers keep their digits. */
export class Raw {
  constructor(readonly text: string) {}
}

/** Go's own decoder stops at 10,000 levels, JavaScript's stack somewhat later; no real request is near either. */
const maxDepth = 500
/** Values in one document: shared references can make a small object an endless text. */
const maxValues = 1_000_000

/** Half of a pair cannot be UTF-8; `TextEncoder` would make the same replacement. */
export const wellFormed = (text: string): string =>
  /\p{Surrogate}/u.test(text) ? text.replace(/\p{Surrogate}/gu, "\ufffd") : text

const quote = (text: string): string => JSON.stringify(wellFormed(text))

/** `a.b[0].c`, as in every other path that this library reports. */
const joinPath = (base: string, keys: ReadonlyArray<string | number>): string =>
  keys.reduce<string>(
    (path, key) => typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`,
    base
  )

/** Why a value is no JSON, and where in it. */
export interface Unwritable {
  readonly path: string
  readonly detail: string
}

class NotJson {
  constructor(readonly detail: string) {}
}

const describe = (value: unknown): string => {
  if (typeof value === "number") return String(value)
  return typeof value === "object" && value !== null
    ? Object.prototype.toString.call(value).slice(8, -1)
    : `a ${typeof value}`
}

/**
 * The JSON text of a value. Properties that are `undefined` are left out; what JSON has no form for (bigints,
 * functions, `NaN`, maps, cycles, …) is told with its path. Never a throw, never an endless walk.
 */
export const write = (value: unknown, path: string): Either.Either<string, Unwritable> => {
  const keys: Array<string | number> = []
  let values = 0
  const go = (value: unknown): string => {
    if (++values > maxValues) throw new NotJson("too large")
    switch (typeof value) {
      case "string":
        return quote(value)
      case "boolean":
        return value ? "true" : "false"
      case "number":
        if (Number.isFinite(value)) return JSON.stringify(value)
        break
      case "object":
        if (value === null) return "null"
        if (value instanceof Raw) return value.text
        if (keys.length >= maxDepth) throw new NotJson("cyclic, or nested too deeply")
        if (Array.isArray(value)) return array(value)
        if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
          return go((value as { toJSON: () => unknown }).toJSON())
        }
        if (isPlain(value)) return object(value)
    }
    throw new NotJson(`${describe(value)} is not JSON`)
  }
  const array = (value: ReadonlyArray<unknown>): string => {
    let out = "["
    for (let i = 0; i < value.length; i++) {
      keys.push(i)
      out += (i === 0 ? "" : ",") + go(value[i])
      keys.pop()
    }
    return out + "]"
  }
  const object = (value: { readonly [key: string]: unknown }): string => {
    let out = "{"
    for (const key of Object.keys(value)) {
      const property = value[key]
      if (property === undefined) continue
      keys.push(key)
      out += `${out.length === 1 ? "" : ","}${quote(key)}:${go(property)}`
      keys.pop()
    }
    return out + "}"
  }
  try {
    return Either.right(go(value))
  } catch (error) {
    // Getters and `toJSON` of the caller's objects may throw anything, also by recursion without end.
    return Either.left({
      path: joinPath(path, keys.slice(0, 20)),
      detail: error instanceof NotJson ? error.detail : "it cannot be read"
    })
  }
}

/** Whether a text is the JSON of an object. */
export const isObjectText = (text: string): boolean => isRecord(parse(text)?.value)
