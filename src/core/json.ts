/** Reading JSON values by hand: total, own keys only. */

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
