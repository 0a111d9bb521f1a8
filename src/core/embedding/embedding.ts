/** What is asked for vectors, and what is made of the answer: one value for each API. */
import * as Either from "effect/Either"
import type { Ignored } from "../../Chat.js"
import type { Api } from "../../Model.js"
import { compact, isRecord, type JsonRecord, numberOf, own, stringOf } from "../json.js"
import type { Endpoint } from "../provider.js"
import type { Vector } from "./vectors.js"

/** What is asked, apart from the texts. */
export interface Asked {
  readonly dimensions?: number | undefined
  readonly truncate?: boolean | undefined
  readonly keepAlive?: number | string | undefined
}

/** The vectors of a batch in the order of its texts, and the tokens that they took. */
export interface Batch {
  readonly vectors: ReadonlyArray<Vector>
  readonly tokens: number | undefined
  readonly model: string | undefined
}

/** What knows an API. */
export interface Embedder {
  readonly url: (endpoint: Endpoint) => string
  readonly body: (model: string, texts: ReadonlyArray<string>, asked: Asked) => JsonRecord
  /** What cannot be said. */
  readonly ignored: (asked: Asked) => ReadonlyArray<Ignored>
  /** `taken`: the vectors, where their places in this list stand for them. */
  readonly read: (json: JsonRecord, count: number, taken?: ReadonlyArray<Vector>) => Either.Either<Batch, string>
}

const isVector = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.length > 0 &&
  value.every((number) => typeof number === "number" && Number.isFinite(number))

/** What is wrong with vectors that cannot be compared. */
export const unlike = "the vectors are not of one length"

const batch = (
  vectors: ReadonlyArray<unknown>,
  count: number,
  taken: ReadonlyArray<Vector> | undefined,
  about: Omit<Batch, "vectors">
): Either.Either<Batch, string> => {
  if (vectors.length !== count) return Either.left(`the answer has ${vectors.length} vectors for ${count} texts`)
  if (taken !== undefined) return placed(vectors, taken, about)
  if (!vectors.every(isVector)) return Either.left("a vector is not a list of numbers")
  return vectors.some((vector) => vector.length !== vectors[0]!.length)
    ? Either.left(unlike)
    : Either.right({ vectors, ...about })
}

// Each of them once, or something else is meant.
const placed = (
  places: ReadonlyArray<unknown>,
  taken: ReadonlyArray<Vector>,
  about: Omit<Batch, "vectors">
): Either.Either<Batch, string> => {
  const isEach = new Set(places).size === taken.length && places.length === taken.length
  const vectors: Array<Vector> = []
  for (const place of places) {
    const vector = typeof place === "number" ? taken[place] : undefined
    if (vector !== undefined) vectors.push(vector)
  }
  return isEach && vectors.length === places.length
    ? Either.right({ vectors, ...about })
    : Either.left("a vector is not a list of numbers")
}

const ollama: Embedder = {
  url: ({ root }) => `${root}/api/embed`,
  body: (model, input, { dimensions, keepAlive, truncate }) =>
    compact({ model, input, truncate, dimensions, keep_alive: keepAlive }),
  ignored: () => [],
  read: (json, count, taken) => {
    const embeddings = own(json, "embeddings")
    if (!Array.isArray(embeddings)) return Either.left("the answer has no list of vectors")
    return batch(embeddings, count, taken, {
      tokens: numberOf(json, "prompt_eval_count"),
      model: stringOf(json, "model")
    })
  }
}

// In the order of the index, which is that of the texts, however they stand in the list.
const inOrder = (data: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const placed: Array<unknown> = Array.from({ length: data.length })
  for (const [position, item] of data.entries()) {
    const index = isRecord(item) ? numberOf(item, "index") ?? position : position
    if (!Number.isInteger(index) || index < 0 || index >= data.length || placed[index] !== undefined) return []
    placed[index] = own(item, "embedding")
  }
  return placed
}

const only = "Only api \"ollama\" has this field"

const completions: Embedder = {
  url: ({ completionsUrl }) => `${completionsUrl}/embeddings`,
  body: (model, input, { dimensions }) => compact({ model, input, dimensions }),
  ignored: ({ keepAlive, truncate }) => [
    ...(truncate === undefined ? [] : [{ setting: "truncate", reason: only }]),
    ...(keepAlive === undefined ? [] : [{ setting: "keepAlive", reason: only }])
  ],
  read: (json, count, taken) => {
    const data = own(json, "data")
    if (!Array.isArray(data)) return Either.left("the answer has no list of vectors")
    const usage = own(json, "usage")
    const tokens = isRecord(usage) ? numberOf(usage, "prompt_tokens") ?? numberOf(usage, "total_tokens") : undefined
    return batch(inOrder(data), count, taken, { tokens, model: stringOf(json, "model") })
  }
}

export const embedders: { readonly [Name in Api]: Embedder } = { ollama, "openai-completions": completions }

/** In lists of at most so many. */
export const batches = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> => {
  const most = Math.max(1, Math.floor(size) || 1)
  const lists: Array<ReadonlyArray<A>> = []
  for (let at = 0; at < items.length; at += most) lists.push(items.slice(at, at + most))
  return lists
}

/** Whether the vectors of all batches, each of one length, are of one. */
export const areAlike = (answers: ReadonlyArray<Batch>): boolean =>
  new Set(answers.map(({ vectors }) => vectors[0]?.length)).size <= 1

/** The tokens of all batches; `undefined` when one of them did not tell. */
export const tokensOf = (answers: ReadonlyArray<Batch>): number | undefined => {
  let sum = 0
  for (const { tokens } of answers) {
    if (tokens === undefined) return undefined
    sum += tokens
  }
  return sum
}
