/** What `/api/generate` and the web of Ollama's cloud answer, read by hand. */
import * as Either from "effect/Either"
import type { Finish } from "../../Chat.js"
import { isRecord, type JsonRecord, own, stringOf, stringsOf } from "../json.js"
import { ollama } from "../wire/ollama.js"

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

/** The answer so far. */
export interface Generating {
  readonly text: string
  readonly reasoning: string
}

export const nothing: Generating = { text: "", reasoning: "" }

export interface Step {
  readonly state: Generating
  readonly events: ReadonlyArray<GenerateEvent>
}

// Apart from where its text stands, a line is one of a chat.
const asChat = (line: JsonRecord): JsonRecord => ({
  ...line,
  message: { role: "assistant", content: own(line, "response"), thinking: own(line, "thinking") }
})

const tooLarge = (most: number): string => `the answer is larger than ${most} characters`

/** A line, or a whole answer, which has the same form. `most`: the most characters of the answer. */
export const generateStep = (before: Generating, line: JsonRecord, most: number): Either.Either<Step, string> => {
  const event = ollama.read(asChat(line), "")
  if (event._tag !== "Event") return Either.left("response is not text")
  const { content, finish, model, reasoning, timings, usage } = event
  const state = { text: before.text + content, reasoning: before.reasoning + reasoning }
  if (state.text.length + state.reasoning.length > most) return Either.left(tooLarge(most))
  const events: Array<GenerateEvent> = []
  if (reasoning !== "") events.push({ type: "reasoning-delta", delta: reasoning })
  if (content !== "") events.push({ type: "text-delta", delta: content })
  if (finish !== undefined) {
    events.push({
      type: "finish",
      ...state,
      finishReason: finish.reason,
      ...(usage === undefined ? undefined : { usage }),
      ...(timings === undefined ? undefined : { timings }),
      ...(model === "" ? undefined : { model })
    })
  }
  return Either.right({ state, events })
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
