/**
 * Writes JSON from values that nobody has checked: the text, or what is wrong with the value and where. Never a throw,
 * never an endless walk.
 */
import * as Either from "effect/Either"
import { InvalidRequest } from "../../OllamaError.js"
import { isPlain, isRecord, parse } from "../json.js"

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

export const invalid = (path: string, detail: string): Either.Either<never, InvalidRequest> =>
  Either.left(new InvalidRequest({ detail, path: path === "" ? undefined : path }))

/** `a.b[0].c`, as in every other path that this library reports. */
const joinPath = (base: string, keys: ReadonlyArray<string | number>): string =>
  keys.reduce<string>(
    (path, key) => typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`,
    base
  )

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
 * functions, `NaN`, maps, cycles, …) is an `InvalidRequest` that names its path.
 */
export const write = (value: unknown, path: string): Either.Either<string, InvalidRequest> => {
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
    return invalid(joinPath(path, keys.slice(0, 20)), error instanceof NotJson ? error.detail : "it cannot be read")
  }
}

/** A deep copy as plain JSON, so that later changes of the original change nothing. */
export const plain = (value: unknown, path: string): Either.Either<unknown, InvalidRequest> =>
  Either.map(write(value, path), (text) => JSON.parse(text) as unknown)

/** Whether a text is the JSON of an object. */
export const isObjectText = (text: string): boolean => isRecord(parse(text)?.value)
