/**
 * The paths that a server derives from its chat: it answers them by a chat, whose lines it puts differently. What it
 * loses by that (the error in the middle of a stream) is lost here too.
 */
import { isRecord, type JsonRecord, numberOf, parse, stringOf } from "../json.js"
import type { CompletionRequest } from "./completion.js"
import type { Generation } from "./generation.js"
import { goJson } from "./goJson.js"
import { failure, type Plan } from "./plan.js"

/** What one line of a chat says. */
export interface ChatLine {
  readonly model: string
  readonly text: string
  readonly reasoning: string
  readonly calls: ReadonlyArray<{ readonly id: string; readonly name: string; readonly arguments: string }>
  readonly done: boolean
  readonly reason: string | null
  readonly inputTokens: number
  readonly outputTokens: number
}

const utf8 = new TextEncoder()
const texts = new TextDecoder()

const recordOf = (value: unknown): JsonRecord => isRecord(value) ? value : {}

/** The line of a chat; an error line has nothing of what is looked for in it, as in Go. `undefined`: none of both. */
const chatLine = (text: string): ChatLine | undefined => {
  const parsed = parse(text)
  const value = parsed?.value
  if (!isRecord(value) || !(isRecord(value["message"]) || typeof value["error"] === "string")) return undefined
  const message = recordOf(value["message"])
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"].map(recordOf) : []
  return {
    model: stringOf(value, "model") ?? "",
    text: stringOf(message, "content") ?? "",
    reasoning: stringOf(message, "thinking") ?? "",
    calls: calls.map((call) => {
      const fn = recordOf(call["function"])
      return {
        id: stringOf(call, "id") ?? "",
        name: stringOf(fn, "name") ?? "",
        arguments: goJson(fn["arguments"] ?? {})
      }
    }),
    done: value["done"] === true,
    reason: stringOf(value, "done_reason") ?? null,
    inputTokens: numberOf(value, "prompt_eval_count") ?? 0,
    outputTokens: numberOf(value, "eval_count") ?? 0
  }
}

/** Puts each line differently; one of which `put` makes nothing stays as it is. */
const eachLine = (plan: Plan, put: (text: string) => string | undefined, contentType?: string): Plan => ({
  ...plan,
  head: plan.head === undefined || contentType === undefined
    ? plan.head
    : { ...plan.head, headers: [["Content-Type", contentType]] },
  chunks: plan.chunks.flatMap((chunk) => {
    const text = put(texts.decode(chunk.bytes))
    return text === undefined ? [chunk] : text === "" ? [] : [{ ...chunk, bytes: utf8.encode(text) }]
  })
})

/** Whether there is a chat to be put differently, or only a refusal. */
const isAnswer = ({ head }: Plan) => head?.status === 200

// =============================================================================
// /api/generate
// =============================================================================

const asGenerated = (text: string, raw: boolean): string | undefined => {
  const value = parse(text)?.value
  if (!isRecord(value) || !isRecord(value["message"])) return undefined
  const { message, ...rest } = value
  const { content, thinking } = message as JsonRecord
  const { created_at, done, done_reason, model, ...more } = rest
  // what a next request may continue from: the tokens of this one, which a mock has none of
  const tokens = (numberOf(value, "prompt_eval_count") ?? 0) + (numberOf(value, "eval_count") ?? 0)
  const context = raw || done !== true || tokens === 0 ? undefined : Array.from({ length: tokens }, (_, i) => i + 1)
  return goJson({ model, created_at, response: content, thinking, done, done_reason, context, ...more })
}

/** The answer of a chat in the form of `/api/generate`. */
export const generated = (plan: Plan, { raw }: JsonRecord): Plan =>
  eachLine(plan, (text) => {
    const line = asGenerated(text, raw === true)
    return line === undefined || !text.endsWith("\n") ? line : `${line}\n`
  })

// =============================================================================
// /v1
// =============================================================================

/** A refusal of the chat, as the layer of `/v1` tells it. */
const wrapped = (plan: Plan, generation: Generation): Plan => {
  const body = parse(texts.decode(plan.chunks[0]?.bytes))?.value
  const message = isRecord(body) ? stringOf(body, "error") : undefined
  return message === undefined || plan.head === undefined
    ? plan
    : failure(generation, "openai-completions", plan.head.status, message, { delay: plan.delay })
}

/** Makes the answer of a path of `/v1` from that of a chat: one text for each of its lines, in the same HTTP chunks. */
export const derive = (
  plan: Plan,
  request: CompletionRequest,
  generation: Generation,
  put: (line: ChatLine) => string
): Plan =>
  isAnswer(plan)
    ? eachLine(
      plan,
      (text) => {
        const line = chatLine(text)
        if (line !== undefined) return put(line)
        return request.stream ? `data: ${text.replace(/\n+$/, "")}\n\n` : undefined
      },
      request.stream ? "text/event-stream" : "application/json"
    )
    : wrapped(plan, generation)

const usageOf = ({ inputTokens, outputTokens }: ChatLine) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens
})

/** `/v1/completions`. It has no place for reasoning. */
export const textCompletion = (plan: Plan, request: CompletionRequest, generation: Generation): Plan => {
  const id = `cmpl-${(request.ordinal * 37 + 101) % 999}`
  const created = Math.floor(request.now / 1000)
  const choicesOf = (line: ChatLine) => [{ text: line.text, index: 0, finish_reason: line.reason }]
  const about = { id, object: "text_completion", created }
  const chunk = (line: ChatLine, choices: ReadonlyArray<object>, usage: object | undefined) =>
    `data: ${goJson({ ...about, choices, model: line.model, system_fingerprint: "fp_ollama", usage })}\n\n`
  return derive(plan, request, generation, (line) => {
    if (!request.stream) {
      const body = {
        ...about,
        model: line.model,
        system_fingerprint: "fp_ollama",
        choices: choicesOf(line),
        usage: usageOf(line)
      }
      return `${goJson(body)}\n`
    }
    const none = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    let text = chunk(line, choicesOf(line), request.includeUsage ? none : undefined)
    if (!line.done) return text
    if (request.includeUsage) text += chunk(line, [], usageOf(line))
    return `${text}data: [DONE]\n\n`
  })
}
