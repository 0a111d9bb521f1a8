/** What models can do, as it is kept from one life of a program to the next: a text for each server. */
import * as Either from "effect/Either"
import { isRecord, type JsonRecord, numberOf, own, stringsOf } from "../json.js"
import { readObject, type Shown } from "./answers.js"

/** What was shown, and when. */
export interface Remembered {
  readonly shown: Shown
  /** Epoch ms. */
  readonly at: number
}

const version = 1

const readEntry = (value: unknown): Remembered | undefined => {
  if (!isRecord(value)) return undefined
  const at = numberOf(value, "at")
  const capabilities = stringsOf(value, "capabilities")
  if (at === undefined || capabilities === undefined) return undefined
  const count = (key: string): number | undefined => {
    const n = numberOf(value, key)
    return n !== undefined && n > 0 ? n : undefined
  }
  return { at, shown: { capabilities, contextWindow: count("contextWindow"), numCtx: count("numCtx") } }
}

/** The entries of a text, by digest; none when it is something else. */
export const read = (text: string): ReadonlyArray<readonly [digest: string, entry: Remembered]> => {
  const json = Either.getOrUndefined(readObject(text))
  const models = own(json, "version") === version ? own(json, "models") : undefined
  if (!isRecord(models)) return []
  return Object.keys(models).flatMap((digest) => {
    const entry = readEntry(models[digest])
    return entry === undefined ? [] : [[digest, entry] as const]
  })
}

/** The text of entries, which {@link read} takes back. */
export const write = (entries: Iterable<readonly [digest: string, entry: Remembered]>): string => {
  const models: Record<string, JsonRecord> = Object.create(null)
  for (const [digest, { at, shown }] of entries) models[digest] = { at, ...shown }
  return JSON.stringify({ version, models })
}
