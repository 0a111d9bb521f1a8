/** What `/api/generate` and the web of Ollama's cloud answer. */
import * as Either from "effect/Either"
import type { Finish } from "../../Chat.js"
import { type PartialAnswer, reasoningOf, textOf } from "../../Message.js"
import { type DecoderOptions, make, whole } from "../decode/decoder.js"
import { root } from "../decode/jsonText.js"
import type { ContentEvent, DecodeFailure, Decoder, PlainFailure } from "../decode/types.js"
import { isRecord, type JsonRecord, own, stringOf, stringsOf } from "../json.js"
import { ollama } from "../wire/ollama.js"
import { malformed, type Wire } from "../wire/wire.js"
import type { Decoding } from "./lines.js"

// =============================================================================
// generate
// =============================================================================

/**
 * The whole answer of `/api/generate`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Generated extends Finish {
  readonly text: string
  /** What the model thought; `""` when it did not. */
  readonly reasoning: string
}

/**
 * A piece of an answer of `/api/generate`. The last one is the finish, which has all of it.
 *
 * @since 0.1.0
 * @category models
 */
export type GenerateEvent =
  | { readonly type: "text-delta" | "reasoning-delta"; readonly delta: string }
  | ({ readonly type: "finish" } & Generated)

// Apart from where its text stands, it is answered as a chat is.
const wire: Wire = {
  ...ollama,
  read: (line, text) =>
    ollama.read({ ...line, message: { content: own(line, "response"), thinking: own(line, "thinking") } }, text),
  isAnswer: () => true,
  place: { message: root, keys: { text: ["response"], reasoning: ["thinking"] }, stamp: "created_at" }
}

/** `most`: the most characters of an answer, and bytes of a line. */
const optionsOf = (most: number): DecoderOptions => ({
  wire,
  makeId: String,
  maxEventBytes: most,
  maxAnswerChars: most
})

const plain = (failure: DecodeFailure): PlainFailure =>
  failure._tag === "MalformedToolCall" ? malformed("it calls a tool") : failure

const partialOf = (partial: PartialAnswer): PartialAnswer | undefined =>
  partial.parts.length === 0 ? undefined : partial

const generatedOf = (parts: PartialAnswer["parts"], finish: Finish): Generated => ({
  text: textOf(parts),
  reasoning: reasoningOf(parts),
  ...finish
})

const deltaOf = (event: ContentEvent): ReadonlyArray<GenerateEvent> =>
  event.type === "text-delta" || event.type === "reasoning-delta" ? [{ type: event.type, delta: event.delta }] : []

/** A whole answer, also one that is streamed although nobody asked; or why it is none, and what there is of it. */
export const generated = (
  text: string,
  most: number
): Either.Either<Generated, { readonly failure: PlainFailure; readonly partial: PartialAnswer | undefined }> => {
  const { failure, finish, parts } = whole(text, optionsOf(most))
  return finish === undefined
    ? Either.left({ failure: plain(failure ?? { _tag: "Ended" }), partial: partialOf({ parts }) })
    : Either.right(generatedOf(parts, finish))
}

/** An answer as it comes. */
export class Generating implements Decoding<GenerateEvent> {
  private readonly decoder: Decoder

  constructor(most: number) {
    this.decoder = make(optionsOf(most))
  }

  get failure(): PlainFailure | undefined {
    return this.decoder.failure === undefined ? undefined : plain(this.decoder.failure)
  }

  get isFinished(): boolean {
    return this.decoder.isFinished
  }

  push(chunk: Uint8Array): ReadonlyArray<GenerateEvent> {
    return this.decoder.push(chunk).flatMap(deltaOf)
  }

  end(): ReadonlyArray<GenerateEvent> {
    const { events, finish } = this.decoder.end()
    const deltas = events.flatMap(deltaOf)
    return finish === undefined
      ? deltas
      : [...deltas, { type: "finish", ...generatedOf(this.decoder.partial().parts, finish) }]
  }

  partial(): PartialAnswer | undefined {
    return partialOf(this.decoder.partial())
  }
}

// =============================================================================
// the web
// =============================================================================

/**
 * A page that a web search found.
 *
 * @since 0.1.0
 * @category models
 */
export interface SearchResult {
  readonly title: string
  readonly url: string
  /** The part of it that answers the query. */
  readonly content: string
}

/**
 * A page of the web, as text.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page {
  readonly title: string
  readonly content: string
  /** Where it links to. */
  readonly links: ReadonlyArray<string>
}

export const readSearch = (json: JsonRecord): Either.Either<ReadonlyArray<SearchResult>, string> => {
  const results = own(json, "results")
  if (results === null) return Either.right([])
  if (!Array.isArray(results)) return Either.left("the answer has no list of results")
  return Either.right(
    results.filter(isRecord).map((result) => ({
      title: stringOf(result, "title") ?? "",
      url: stringOf(result, "url") ?? "",
      content: stringOf(result, "content") ?? ""
    }))
  )
}

export const readPage = (json: JsonRecord): Either.Either<Page, string> => {
  const content = stringOf(json, "content")
  if (content === undefined) return Either.left("the answer has no content")
  return Either.right({ title: stringOf(json, "title") ?? "", content, links: stringsOf(json, "links") ?? [] })
}

/** Where the web is asked for: the cloud has it, and a server passes it on. */
export const webPath = (root: string, name: "web_search" | "web_fetch"): string =>
  /^https:\/\/([^/@?#]*\.)?ollama\.com(:443)?$/i.test(root) ? `/api/${name}` : `/api/experimental/${name}`
