/**
 * What a provider sent with a part and wants back. What is kept of it, and sent again, is in one list: a history may come
 * from a browser.
 */
import * as Either from "effect/Either"
import type { JsonObject, Metadata } from "../../Message.js"
import { isPlain, type JsonRecord, own, write } from "../json.js"

/** Whose metadata it is. */
export type Source = Omit<Metadata, "value">

/** Who is asked. */
export interface Asked extends Source {
  /** Whether it is an Ollama: it takes all reasoning, and needs no name for it. */
  readonly ollama: boolean
}

const maxBytes = 64 * 1024

/** The bytes of a value as JSON; endless for what is none. */
export const sizeOf = (value: unknown): number =>
  Either.match(write(value, ""), { onLeft: () => Infinity, onRight: (text) => new TextEncoder().encode(text).length })

/** Whether so many bytes are too many to be kept. */
export const isTooLarge = (bytes: number): boolean => bytes > maxBytes

/** The names under which reasoning comes, in the order in which they are looked at; `content`: as parts of the content. */
export const reasoningFields = [
  "reasoning",
  "reasoning_content",
  "thinking",
  "reasoning_text",
  "reasoning_details",
  "content"
] as const

export type ReasoningField = (typeof reasoningFields)[number]

/** What metadata may hold. */
export interface Value {
  /** With a call, e.g. Gemini's `google.thought_signature`. */
  readonly extra_content?: JsonObject
  readonly reasoning_details?: ReadonlyArray<JsonRecord>
  readonly signature?: string
  /** The name under which reasoning came. */
  readonly field?: ReasoningField
}

/** What may be sent of a value; `undefined` when that is nothing, or too much. */
const allowed = (value: unknown): Value | undefined => {
  const extra = own(value, "extra_content")
  const details = own(value, "reasoning_details")
  const signature = own(value, "signature")
  const field = reasoningFields.find((name) => name === own(value, "field"))
  const out: Value = {
    ...(isPlain(extra) ? { extra_content: extra } : undefined),
    ...(Array.isArray(details) && details.every(isPlain) ? { reasoning_details: details } : undefined),
    ...(typeof signature === "string" ? { signature } : undefined),
    ...(field === undefined ? undefined : { field })
  }
  return Object.keys(out).length === 0 || isTooLarge(sizeOf(out)) ? undefined : out
}

/** Metadata of a history, whoever wrote it; what is none is dropped. */
export const read = (metadata: unknown): Metadata | undefined => {
  const [provider, origin, api] = ["provider", "origin", "api"].map((name) => own(metadata, name))
  if (typeof provider !== "string" || typeof origin !== "string" || typeof api !== "string") return undefined
  const value = allowed(own(metadata, "value"))
  return value === undefined ? undefined : { provider, origin, api, value: { ...value } }
}

/** What metadata says to the one that is asked now; nothing when another one sent it. */
export const valueFor = (metadata: Metadata | undefined, asked: Source | undefined): Value => {
  if (metadata === undefined || asked === undefined) return {}
  const isSame = metadata.provider === asked.provider && metadata.origin === asked.origin && metadata.api === asked.api
  return isSame ? allowed(metadata.value) ?? {} : {}
}

// =============================================================================
// putting it together
// =============================================================================

const textFields = ["text", "summary", "data"] as const

/** Details that came in pieces: those of the same type and index are one. */
export const joinDetails = (
  before: ReadonlyArray<JsonRecord>,
  more: ReadonlyArray<JsonRecord>
): ReadonlyArray<JsonRecord> => {
  const out = [...before]
  for (const detail of more) {
    const last = out.at(-1)
    const goesOn = last !== undefined && typeof detail["index"] === "number" && detail["index"] === last["index"]
      && detail["type"] === last["type"]
    if (!goesOn) {
      out.push(detail)
      continue
    }
    const joined: { [key: string]: unknown } = { ...last, ...detail }
    for (const name of textFields) {
      const [a, b] = [last[name], detail[name]]
      if (typeof a === "string") joined[name] = typeof b === "string" ? a + b : a
    }
    out[out.length - 1] = joined
  }
  return out
}
