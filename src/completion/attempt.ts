/**
 * One candidate's answer: encode, send, read, decode; whole here, as a stream in `streamAttempt.ts`. What failed is told in
 * the library's own errors, with what had arrived.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import type { ChatRequest, FinishEvent, Ignored } from "../Chat.js"
import type { Selection } from "../core/catalog/selection.js"
import { whole } from "../core/decode/decoder.js"
import type { ContentEvent, DecodeFailure, Finish } from "../core/decode/types.js"
import { mayRetry } from "../core/failure/fallback.js"
import { classifyText } from "../core/failure/refusal.js"
import { classifyTransport, redactCut } from "../core/failure/transport.js"
import type { Repair } from "../core/repair/repair.js"
import { repairWhole } from "../core/repair/repairs.js"
import { encode } from "../core/wire/encode.js"
import type { PartialAnswer } from "../Message.js"
import {
  type AttemptError,
  ConnectionFailed,
  IncompleteResponse,
  MalformedResponse,
  MalformedToolCall,
  RequestTimeout
} from "../OllamaError.js"
import { readText } from "../transport/body.js"
import type { ReadError } from "../transport/bodyReader.js"
import type { Answer } from "../transport/direct.js"
import type { Restore } from "../transport/restore.js"
import * as http from "../transport/transport.js"

export interface AttemptOptions {
  readonly client: HttpClient.HttpClient
  readonly retry: Schedule.Schedule<unknown, AttemptError>
  /** All in ms. */
  readonly firstByte: number
  readonly idle: number
  readonly finishGrace: number
  /** Bytes of a whole answer, and of one event of a stream; also the characters of all its events together. */
  readonly maxBytes: number
  /** Makes the ids of tool calls that came without one. */
  readonly generateId: Effect.Effect<(index: number) => string>
}

export interface Call {
  readonly request: ChatRequest
  readonly repairs: ReadonlyArray<Repair>
  readonly firstByte?: number | undefined
  readonly idle?: number | undefined
}

/** What a finished answer says about itself; the rest of the finish event is known to who made the attempt. */
export type AnswerInfo = Pick<
  FinishEvent,
  "finishReason" | "usage" | "timings" | "model" | "ref" | "selectedBy" | "ignored"
>

export interface WholeAnswer {
  readonly events: ReadonlyArray<ContentEvent>
  readonly parts: PartialAnswer["parts"]
  readonly info: AnswerInfo
}

// =============================================================================
// sending
// =============================================================================

export interface Sent {
  readonly url: string
  readonly request: HttpClientRequest.HttpClientRequest
  readonly answer: Answer
  readonly attempts: number
  readonly ignored: ReadonlyArray<Ignored>
  readonly numCtx: number | undefined
  readonly limits: { readonly firstByteDeadline: number; readonly firstByte: number; readonly idle: number }
}

export const send = (
  options: AttemptOptions,
  selection: Selection,
  call: Call,
  stream: boolean,
  restore: Restore
): Effect.Effect<Sent, AttemptError> => {
  const { api, model, provider } = selection
  const encoding = encode({
    api,
    model,
    request: call.request,
    params: selection.params,
    ignored: selection.ignored,
    ollama: selection.ollama,
    stream,
    maxTokensField: selection.maxTokensField
  })
  if (Either.isLeft(encoding)) return Effect.fail(encoding.left)
  const encoded = encoding.right
  const url = api === "ollama" ? `${provider.root}/api/chat` : `${provider.completionsUrl}/chat/completions`
  const firstByte = call.firstByte ?? provider.timeout ?? options.firstByte
  const request = http.makeRequest({
    provider,
    method: "POST",
    url,
    body: encoded.body,
    headers: selection.headers,
    purpose: "completion"
  })
  const once = (attempts: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.map(
        http.open(options.client, request, { url, firstByte, attempts, model: model.id }, restore),
        (answer) => ({
          url,
          request,
          answer,
          attempts,
          ignored: encoded.ignored,
          numCtx: encoded.numCtx ?? model.numCtx,
          limits: { firstByteDeadline: now + firstByte, firstByte, idle: call.idle ?? provider.timeout ?? options.idle }
        })
      ))
  return retrying(once, options.retry, restore)
}

// Repeats what is worth it, at the pace of the schedule, and not before the server's `Retry-After`.
const retrying = <A>(
  once: (attempts: number) => Effect.Effect<A, AttemptError>,
  schedule: Schedule.Schedule<unknown, AttemptError>,
  restore: Restore
): Effect.Effect<A, AttemptError> =>
  Effect.catchAll(once(1), (first) => {
    if (!mayRetry(first)) return Effect.fail(first)
    return Effect.flatMap(Schedule.driver(schedule), (driver) => {
      const again = (error: AttemptError, attempts: number): Effect.Effect<A, AttemptError> => {
        if (!mayRetry(error)) return Effect.fail(error)
        const wait = "retryAfter" in error ? error.retryAfter ?? 0 : 0
        const pause = Effect.flatMap(Clock.currentTimeMillis, (before) =>
          Effect.zipRight(
            Effect.mapError(driver.next(error), () => error),
            Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(Math.max(0, before + wait - now)))
          ))
        return Effect.zipRight(
          restore(pause),
          Effect.catchAll(once(attempts), (next) => again(next, attempts + 1))
        )
      }
      return again(first, 2)
    })
  })

// =============================================================================
// errors
// =============================================================================

export const decodeError = (
  failure: DecodeFailure,
  sent: Sent,
  model: string,
  partial: PartialAnswer | undefined
): AttemptError => {
  const { url } = sent
  switch (failure._tag) {
    case "InBandError":
      return classifyText(failure.error, { url, model, partial, secrets: http.secretsOf(sent.request) })
    case "Malformed":
      return new MalformedResponse({ url, detail: redactCut(failure.detail, http.secretsOf(sent.request)), partial })
    case "MalformedToolCall":
      return new MalformedToolCall({ url, id: failure.id, name: failure.name, raw: failure.raw, partial })
    case "NotDone":
      return new IncompleteResponse({ url, reason: "not-done", partial })
    case "Ended":
      return new IncompleteResponse({ url, reason: "ended", partial })
  }
}

// After a response head, a broken connection is an incomplete answer.
const bodyError = (error: AttemptError, partial: PartialAnswer | undefined): AttemptError =>
  error._tag === "ConnectionFailed" || error._tag === "ConnectionRefused"
    ? new IncompleteResponse({ url: error.url, reason: "connection", cause: error.cause, partial })
    : error

export const readError = (error: ReadError, sent: Sent, partial: PartialAnswer | undefined): AttemptError => {
  const { attempts, request, url } = sent
  return error._tag === "ReadTimeout"
    ? new RequestTimeout({ url, phase: error.phase, limit: error.ms, attempts, partial })
    : bodyError(
      withPartial(
        classifyTransport(error.error, { url, phase: "body", attempts, secrets: http.secretsOf(request) }),
        partial
      ),
      partial
    )
}

const withPartial = (error: AttemptError, partial: PartialAnswer | undefined): AttemptError =>
  error._tag === "RequestTimeout"
    ? new RequestTimeout({ ...error, partial })
    : error._tag === "ConnectionFailed"
    ? new ConnectionFailed({ ...error, partial })
    : error

// =============================================================================
// what an answer says about itself
// =============================================================================

// A prompt of so many characters has more tokens than this, whatever the language: only then is a cut worth saying.
const charactersPerToken = 6

const characters = (request: ChatRequest): number => {
  let sum = 0
  for (const message of request.messages) {
    if (typeof message.content === "string") sum += message.content.length
    else {
      for (const part of message.content) {
        if (part.type === "text" || part.type === "reasoning") sum += part.text.length
        else if (part.type === "tool-call") sum += part.argumentsText.length
      }
    }
  }
  return sum
}

export const infoOf = (finish: Finish, selection: Selection, call: Call, sent: Sent): AnswerInfo => {
  const { cost } = selection.model
  const usage = finish.usage
  const price = usage?.inputTokens === undefined || usage.outputTokens === undefined
    ? 0
    : (usage.inputTokens * cost.input + usage.outputTokens * cost.output) / 1_000_000
  const cut = usage?.inputTokens !== undefined
    && sent.numCtx !== undefined
    && usage.inputTokens <= sent.numCtx
    && characters(call.request) / charactersPerToken > sent.numCtx
  return {
    finishReason: finish.finishReason,
    ...(usage === undefined ? undefined : {
      usage: price === 0 && !cut ? usage : {
        ...usage,
        ...(price === 0 ? undefined : { cost: price }),
        ...(cut ? { promptTruncated: true } : undefined)
      }
    }),
    ...(finish.timings === undefined ? undefined : { timings: finish.timings }),
    ...(finish.model === undefined ? undefined : { model: finish.model }),
    ref: selection.ref,
    selectedBy: selection.selectedBy,
    ignored: sent.ignored
  }
}

export const beginAll = (call: Call, makeId: (index: number) => string) => {
  const tools = call.request.tools.map((tool) => tool.name)
  return call.repairs.map((repair) => repair.begin({ tools, makeId }))
}

// =============================================================================
// whole answers
// =============================================================================

/** Asks with `stream: false`. */
export const answerWhole = (
  options: AttemptOptions,
  selection: Selection,
  call: Call
): Effect.Effect<WholeAnswer, AttemptError> =>
  Effect.flatMap(
    options.generateId,
    (makeId) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(send(options, selection, call, false, restore), (sent) => {
          const { answer, attempts, limits, request, url } = sent
          const secrets = () => http.secretsOf(request)
          const read = readText(answer, { url, attempts, secrets, limit: options.maxBytes, ...limits }, restore)
          return Effect.matchEffect(read, {
            onFailure: (error) => Effect.fail(bodyError(error, undefined)),
            onSuccess: (text) => decodeWhole(text, sent, options, selection, call, makeId)
          })
        })
      )
  )

const decodeWhole = (
  text: string,
  sent: Sent,
  options: AttemptOptions,
  selection: Selection,
  call: Call,
  makeId: (index: number) => string
): Effect.Effect<WholeAnswer, AttemptError> => {
  const answer = whole(selection.api, text, { makeId, maxAnswerChars: options.maxBytes })
  const { events, finish, parts } = call.repairs.length === 0
    ? answer
    : repairWhole(answer.events, answer.finish, beginAll(call, makeId))
  if (finish !== undefined) return Effect.succeed({ events, parts, info: infoOf(finish, selection, call, sent) })
  const partial = parts.length === 0 ? undefined : { parts }
  return Effect.fail(decodeError(answer.failure ?? { _tag: "Ended" }, sent, selection.model.id, partial))
}
