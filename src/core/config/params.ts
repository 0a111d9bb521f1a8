/**
 * Params where they are written: spellings are settled, what cannot be taken is dropped and said, and the rest is what a
 * request can send.
 */
import * as Either from "effect/Either"
import type { Ignored } from "../../Chat.js"
import type { JsonObject } from "../../Message.js"
import { isRecord, type JsonRecord } from "../json.js"
import { extraBody, isControl, named, read, refused } from "../request/params.js"
import { substitute, unset, unsetVariable } from "./env.js"
import { kindOf } from "./plain.js"
import * as reader from "./reader.js"
import { formatPath, type KeyPath } from "./tree.js"

/** One set of params, and what else was written in it. */
export interface Settled {
  readonly params: JsonObject
  /** The params that are not sent because of their values, by their names. */
  readonly ignored: ReadonlyArray<Ignored>
  readonly streaming?: boolean | undefined
}

const none: Settled = { params: {}, ignored: [] }

/** What was written, without what is empty. */
export const unlessEmpty = ({ ignored, params, streaming }: Settled): Partial<Settled> => ({
  ...(Object.keys(params).length === 0 ? {} : { params }),
  ...(ignored.length === 0 ? {} : { ignored }),
  ...(streaming === undefined ? {} : { streaming })
})

interface Written {
  readonly value: unknown
  readonly path: KeyPath
}

// The first value in another that is no JSON.
const noJson = (value: unknown, path: KeyPath): Written | undefined => {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const found = noJson(item, [...path, i])
      if (found !== undefined) return found
    }
    return undefined
  }
  if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      const found = noJson(value[key], [...path, key])
      if (found !== undefined) return found
    }
    return undefined
  }
  return value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value)
    ? undefined
    : { value, path }
}

const shown = (value: unknown): string =>
  typeof value === "string" ? reader.shownWord(value, []) : reader.shownNumber(value)

const refusal = "no such parameter: requests set it themselves"

/** A set of params. What is wrong in it goes to the reader. */
export const settle = (r: reader.Reader, value: unknown, path: KeyPath): Settled => {
  const found = reader.object(r, value, path)
  if (found === undefined) return none
  const ignored: Array<Ignored> = []
  const drop = (setting: string, path: KeyPath, expected: string, actual: string): undefined => {
    ignored.push({ setting, reason: `${formatPath(path)}: expected ${expected}, found ${actual}` })
    return r.problem(path, expected, actual)
  }
  let streaming: boolean | undefined

  // A canonical name wins over another spelling, and both over what stands in `options`.
  const ranks: ReadonlyArray<Map<string, Written>> = [new Map(), new Map(), new Map()] // the weakest first
  const extra = new Map<string, Written>()
  const collectExtra = (fields: unknown, path: KeyPath) => {
    if (!isRecord(fields)) return void drop(extraBody, path, "an object of fields", kindOf(fields))
    for (const field of Object.keys(fields)) {
      if (refused.includes(field)) drop(field, [...path, field], refusal, kindOf(fields[field]))
      else extra.set(field, { value: fields[field], path: [...path, field] })
    }
  }
  const collect = (params: JsonRecord, path: KeyPath, nested: boolean): void => {
    for (const key of Object.keys(params)) {
      const given = params[key]
      const at = [...path, key]
      const { name, value } = named(key, given)
      if (refused.includes(key)) drop(key, at, refusal, kindOf(given))
      else if (key === "streaming" && !nested && given !== null) {
        if (typeof given === "boolean") streaming = given
        else drop(key, at, "true or false", kindOf(given))
      } else if (isControl(key)) continue
      else if (name === extraBody && !nested) {
        if (given !== null) collectExtra(given, at)
      } else if (key === "options") {
        if (nested) drop(key, at, "no options inside options", kindOf(given))
        else if (isRecord(given)) collect(given, at, true)
        else drop(key, at, "an object of params", kindOf(given))
      } else {
        const rank = ranks[nested ? 0 : name === key ? 2 : 1]!
        rank.set(name, { value, path: Object.is(value, given) ? at : [...at, "effort"] })
      }
    }
  }
  collect(found, path, false)

  /** The value as it is sent, without variables. */
  const taken = (name: string, { path, value }: Written): { readonly value: unknown } | undefined => {
    let needs: { readonly at: KeyPath; readonly variable: string } | undefined
    unset(value, path, r.lookup, (at, variable) => needs ??= { at, variable })
    if (needs !== undefined) {
      ignored.push({ setting: name, reason: `${formatPath(needs.at)}: ${unsetVariable(needs.variable)}` })
      return r.missing(needs.at, needs.variable)
    }
    const wrong = noJson(value, path)
    if (wrong !== undefined) {
      const expected = typeof wrong.value === "number" ? "a finite number" : "a JSON value"
      return drop(name, wrong.path, expected, reader.shownNumber(wrong.value))
    }
    const said = substitute(value, r.lookup)
    const checked = read(name, said, "")
    return Either.isRight(checked)
      ? { value: checked.right }
      : drop(name, path, checked.left.detail.replace(/^expected /, ""), shown(said))
  }
  const params = new Map<string, unknown>()
  const strongest = new Map(ranks.flatMap((rank) => [...rank]))
  for (const [name, written] of strongest) {
    const value = taken(name, written)
    if (value !== undefined) params.set(name, value.value)
  }
  const fields = new Map<string, unknown>()
  for (const [field, written] of extra) {
    // a field is sent as it is, whatever a param of that name would be
    const value = taken(`${extraBody}.${field}`, written)
    if (value !== undefined) fields.set(field, value.value)
  }
  if (fields.size > 0) params.set(extraBody, Object.fromEntries(fields))
  return { params: Object.fromEntries(params) as JsonObject, ignored, streaming }
}
