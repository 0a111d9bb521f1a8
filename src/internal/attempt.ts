/**
 * One candidate's answer, whole or as a stream: encode, send, read, decode. What failed is told in the library's own
 * errors, with what had arrived.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import type { ChatRequest, FinishEvent, Ignored } from "../Chat.js"
import type { PartialAnswer } from "../Message.js"
import type { Selection } from "../Models.js"
import {
  type AttemptError,
  ConnectionFailed,
  IncompleteResponse,
  MalformedResponse,
  MalformedToolCall,
  RequestTimeout
} from "../OllamaError.js"
import type { Transform } from "../Transform.js"
import { readText } from "./body.js"
import { type BodyReader, make as makeReader, type Pieces, type ReadError } from "./bodyReader.js"
import { Portions } from "./bytes.js"
import { classifyText } from "./classifyAnswer.js"
import { classifyTransport, redactCut } from "./classifyTransport.js"
import { make as makeDecoder, whole } from "./decode/decoder.js"
import { transformed, transformWhole } from "./decode/transforms.js"
import type { ContentEvent, DecodeFailure, Decoder, Finish } from "./decode/types.js"
import type { Answer } from "./direct.js"
import { encode } from "./encode/encode.js"
import { mayRetry } from "./fallback.js"
import * as http from "./http.js"

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
  readonly transforms: ReadonlyArray<Transform>
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

interface Sent {
  readonly url: string
  readonly request: HttpClientRequest.HttpClientRequest
  readonly answer: Answer
  readonly attempts: number
  readonly ignored: ReadonlyArray<Ignored>
  readonly numCtx: number | undefined
  readonly limits: { readonly firstByteDeadline: number; readonly firstByte: number; readonly idle: number }
}

const send = (
  options: AttemptOptions,
  selection: Selection,
  call: Call,
  stream: boolean
): Effect.Effect<Sent, AttemptError> => {
  const { api, model, provider } = selection
  const encoding = encode({
    api,
    model,
    request: call.request,
    params: selection.params,
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
        http.open(options.client, request, { url, firstByte, attempts, model: model.id }),
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
  return retrying(once, options.retry)
}

// Repeats what is worth it, at the pace of the schedule, and not before the server's `Retry-After`.
const retrying = <A>(
  once: (attempts: number) => Effect.Effect<A, AttemptError>,
  schedule: Schedule.Schedule<unknown, AttemptError>
): Effect.Effect<A, AttemptError> =>
  Effect.catchAll(once(1), (first) => {
    if (!mayRetry(first)) return Effect.fail(first)
    return Effect.flatMap(Schedule.driver(schedule), (driver) => {
      const again = (error: AttemptError, attempts: number): Effect.Effect<A, AttemptError> => {
        if (!mayRetry(error)) return Effect.fail(error)
        const wait = "retryAfter" in error ? error.retryAfter ?? 0 : 0
        return Clock.currentTimeMillis.pipe(
          Effect.flatMap((before) =>
            Effect.zipRight(
              Effect.mapError(driver.next(error), () => error),
              Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(Math.max(0, before + wait - now)))
            )
          ),
          Effect.zipRight(Effect.catchAll(once(attempts), (next) => again(next, attempts + 1)))
        )
      }
      return again(first, 2)
    })
  })

// =============================================================================
// errors
// =============================================================================

const decodeError = (
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

const readError = (error: ReadError, sent: Sent, partial: PartialAnswer | undefined): AttemptError => {
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

const infoOf = (finish: Finish, selection: Selection, call: Call, sent: Sent): AnswerInfo => {
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

const beginAll = (call: Call, makeId: (index: number) => string) => {
  const tools = call.request.tools.map((tool) => tool.name)
  return call.transforms.map((transform) => transform.begin({ tools, makeId }))
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
  Effect.flatMap(options.generateId, (makeId) =>
    Effect.flatMap(send(options, selection, call, false), (sent) => {
      const { answer, attempts, limits, request, url } = sent
      const secrets = () => http.secretsOf(request)
      return Effect.matchEffect(readText(answer, { url, attempts, secrets, limit: options.maxBytes, ...limits }), {
        onFailure: (error) => Effect.fail(bodyError(error, undefined)),
        onSuccess: (text) => decodeWhole(text, sent, options, selection, call, makeId)
      })
    }))

const decodeWhole = (
  text: string,
  sent: Sent,
  options: AttemptOptions,
  selection: Selection,
  call: Call,
  makeId: (index: number) => string
): Effect.Effect<WholeAnswer, AttemptError> => {
  const answer = whole(selection.api, text, { makeId, maxAnswerChars: options.maxBytes })
  const { events, finish, parts } = call.transforms.length === 0
    ? answer
    : transformWhole(answer.events, answer.finish, beginAll(call, makeId))
  if (finish !== undefined) return Effect.succeed({ events, parts, info: infoOf(finish, selection, call, sent) })
  const partial = parts.length === 0 ? undefined : { parts }
  return Effect.fail(decodeError(answer.failure ?? { _tag: "Ended" }, sent, selection.model.id, partial))
}

// =============================================================================
// streams
// =============================================================================

export interface OpenStream {
  /** The next events, at least one before the finish; `undefined` when there is nothing more to read. */
  readonly next: Effect.Effect<ReadonlyArray<ContentEvent> | undefined, AttemptError>
  /** What the next read will fail with, when that is known. */
  readonly failure: AttemptError | undefined
  /** Only once the answer is finished. */
  readonly info: AnswerInfo | undefined
  /** The answer is finished, and its body was read to the end. */
  readonly isOver: boolean
  /** All that arrived. */
  readonly parts: PartialAnswer["parts"]
  readonly close: Effect.Effect<void>
}

type Restore = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/**
 * Asks with `stream: true`. `keepChars`: how much of the answer is kept, for `parts` and for errors; all by default. To be
 * called where nothing interrupts: only sending can be interrupted, through `restore`
 * (which aborts it), so that what it returns is always closed.
 */
export const openStream = (
  options: AttemptOptions,
  selection: Selection,
  call: Call,
  keepChars: number | undefined,
  restore: Restore
): Effect.Effect<OpenStream, AttemptError> =>
  Effect.flatMap(options.generateId, (makeId) => {
    // Before anything is open: a repair of the caller's may throw.
    const { maxBytes } = options
    const decoder = transformed(
      makeDecoder({ api: selection.api, maxEventBytes: maxBytes, maxAnswerChars: maxBytes, keepChars, makeId }),
      beginAll(call, makeId),
      keepChars
    )
    return Effect.flatMap(restore(send(options, selection, call, true)), (sent) =>
      Effect.map(
        makeReader(sent.answer, sent.limits),
        (reader) => new StreamAttempt(options, selection, call, sent, reader, decoder)
      ))
  })

// More than this does not follow a finish: usage and an end mark are small.
const maxAfterFinish = 64 * 1024

type Events = ReadonlyArray<ContentEvent>

type Next = OpenStream["next"]

class StreamAttempt implements OpenStream {
  failure: AttemptError | undefined
  private answerInfo: AnswerInfo | undefined
  private over = false
  private afterFinish = 0
  private readonly portions = new Portions()
  readonly next: Next
  readonly close: Effect.Effect<void>

  constructor(
    private readonly options: AttemptOptions,
    private readonly selection: Selection,
    private readonly call: Call,
    private readonly sent: Sent,
    private readonly reader: BodyReader,
    private readonly decoder: Decoder
  ) {
    this.close = reader.close
    this.next = Effect.suspend(() => this.told() ?? this.decodeMore() ?? this.wait)
  }

  get info(): AnswerInfo | undefined {
    return this.answerInfo
  }

  get isOver(): boolean {
    return this.answerInfo !== undefined && (this.over || this.reader.isAtEnd)
  }

  get parts(): PartialAnswer["parts"] {
    return this.decoder.partial().parts
  }

  private get partial(): PartialAnswer | undefined {
    const partial = this.decoder.partial()
    return partial.parts.length === 0 ? undefined : partial
  }

  /** Once nothing more is decoded. */
  private told(): Next | undefined {
    if (this.failure !== undefined) return Effect.fail(this.failure)
    if (this.over) return Effect.succeed(undefined)
    return this.answerInfo === undefined ? undefined : this.drain
  }

  /** Reads to the end of the body, so that the connection can be used again. */
  private get drain(): Next {
    const rest = this.reader.all(this.options.finishGrace, (pieces) => !this.isTooMuch(pieces))
    return Effect.match(rest, { onFailure: () => undefined, onSuccess: () => undefined })
  }

  /** The fiber is woken only for events, and for the end: what is less than an event waits in the decoder. */
  private readonly wait: Next = Effect.async((resume) => {
    const onRead = (error: ReadError | undefined, pieces: Pieces | undefined): boolean => {
      let next: Next | undefined
      try {
        next = error === undefined ? this.onPieces(pieces) : this.onError(error)
      } catch (defect) {
        // a repair of the caller's threw; the transport must not see it
        next = Effect.die(defect)
      }
      if (next !== undefined) resume(next)
      return next === undefined
    }
    this.reader.each(() => this.decoder.isFinished ? this.options.finishGrace : undefined, onRead)
    return Effect.sync(() => this.reader.stop())
  })

  private onPieces(pieces: Pieces | undefined): Next | undefined {
    if (pieces === undefined || (this.decoder.isFinished && this.isTooMuch(pieces))) return this.end()
    this.portions.add(pieces)
    return this.decodeMore()
  }

  private onError(error: ReadError): Next {
    // Once finished, an answer is complete: only its usage may be missing.
    return this.decoder.isFinished ? this.end() : Effect.fail(readError(error, this.sent, this.partial))
  }

  private isTooMuch(pieces: Pieces): boolean {
    for (const piece of pieces) this.afterFinish += piece.length
    return this.afterFinish > maxAfterFinish
  }

  /** What the bytes at hand say; `undefined` when that is nothing. */
  private decodeMore(): Next | undefined {
    while (!this.portions.isEmpty) {
      const events = this.decoder.push(this.portions.next())
      if (this.decoder.failure !== undefined) this.failure = this.decodeFailure(this.decoder.failure)
      else if (this.decoder.isDone) return this.finish(events)
      if (events.length > 0) return Effect.succeed(events)
      if (this.failure !== undefined) return Effect.fail(this.failure)
    }
    return undefined
  }

  private end(): Next {
    this.over = true
    return this.finish([])
  }

  // The finish is told as soon as it is known, also when no event comes with it.
  private finish(before: Events): Next {
    const end = this.decoder.end()
    if (this.decoder.failure !== undefined) this.failure = this.decodeFailure(this.decoder.failure)
    else if (end.finish !== undefined) this.answerInfo = infoOf(end.finish, this.selection, this.call, this.sent)
    const events = end.events.length === 0 ? before : [...before, ...end.events]
    return events.length === 0 && this.failure !== undefined ? Effect.fail(this.failure) : Effect.succeed(events)
  }

  private decodeFailure(failure: DecodeFailure): AttemptError {
    return decodeError(failure, this.sent, this.selection.model.id, this.partial)
  }
}
