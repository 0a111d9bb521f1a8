/**
 * The door of this room: a call goes in, the answer of the first candidate that gives one comes out, whole or as events. One
 * candidate is asked after the other, each again for as long as that is worth it; what to do after an error is decided in
 * the core, here it is done.
 */
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import type { Candidate } from "../catalog/catalog.js"
import { ChatResponse } from "../Chat.js"
import { serverName } from "../core/catalog/refs.js"
import { type Selection, withStreaming } from "../core/catalog/selection.js"
import { type About, about, make as makeDecoder, type Question, whole } from "../core/decode/decoder.js"
import type { ContentEvent, DecodeFailure } from "../core/decode/types.js"
import { decodeError, interrupted } from "../core/failure/answer.js"
import * as fallback from "../core/failure/fallback.js"
import { unlessConfigured } from "../core/failure/mistake.js"
import type { Endpoint, ProviderStatus } from "../core/provider.js"
import type { Run } from "../core/repair/repair.js"
import { repaired, repairWhole } from "../core/repair/repairs.js"
import * as Params from "../core/request/params.js"
import { encode, offered } from "../core/wire/wire.js"
import { wires } from "../core/wire/wires.js"
import type { PartialAnswer } from "../Message.js"
import * as ModelRef from "../ModelRef.js"
import type { Attempt, AttemptError, CompletionError } from "../OllamaError.js"
import * as Transport from "../transport/transport.js"
import type { Asking, Call, Completion, Ready, Sent } from "./asking.js"
import * as shortLived from "./shortLived.js"
import * as Streamed from "./stream.js"

export type { Call, Completion } from "./asking.js"
export { decodeObject, type ObjectResponse } from "./object.js"
export { stream, unwrap } from "./stream.js"

const secretsOf = (endpoint: Endpoint): ReadonlyArray<string> =>
  Transport.secretsOf({ endpoint, method: "POST", url: endpoint.root, purpose: "completion" })

/** All that nobody may see of what these providers are sent. */
export const secretsOfAll = (providers: ReadonlyArray<ProviderStatus>): ReadonlyArray<string> =>
  providers.flatMap(({ result }) =>
    Either.isLeft(result)
      ? []
      : [result.right.headers, ...result.right.models.flatMap(({ headers }) => headers === undefined ? [] : [headers])]
        .flatMap((headers) => secretsOf({ ...result.right, headers }))
  )

/** The whole answer, whatever goes over the wire. */
export const create = (
  completion: Completion,
  call: Call,
  candidates: ReadonlyArray<Candidate>
): Effect.Effect<ChatResponse, CompletionError> =>
  firstToAnswer(
    completion,
    call,
    candidates,
    (asking) => asking.selection.streaming ? collected(asking) : answerWhole(asking),
    ({ about, parts }, attempts) => {
      call.operation.answers(about, () => parts)
      return new ChatResponse({ parts, ...about, attempts }, { disableValidation: true })
    }
  )

/** Opens an answer and waits for its first events: until they are there, another model may still be tried. */
export const open = (
  completion: Completion,
  call: Call,
  candidates: ReadonlyArray<Candidate>,
  connection: Streamed.Connection
): Effect.Effect<Streamed.Opened, CompletionError> =>
  firstToAnswer(
    completion,
    call,
    candidates,
    (asking): Effect.Effect<Streamed.Begun, AttemptError> =>
      asking.selection.streaming
        ? begin(asking, connection)
        : Effect.map(
          answerWhole(asking),
          ({ about, events, parts }) => ({ first: events, open: undefined, about, parts })
        ),
    (value, attempts) => ({ value, attempts })
  )

// =============================================================================
// who answers
// =============================================================================

const readies = new WeakMap<Selection, Ready>()

const readyOf = (selection: Selection): Ready => {
  const known = readies.get(selection)
  if (known !== undefined) return known
  const { api, endpoint, model, ollama, params, provider } = selection
  const source = { provider: provider.id, origin: fallback.origin(endpoint.root), api, ollama }
  const name = serverName(model.id, provider.id)
  const ready: Ready = { wire: wires[api], name, source, params: Params.merge(params) }
  readies.set(selection, ready)
  return ready
}

// The ref of a model as it was written, unless that says less.
const written = (ref: string, selected: string): string =>
  ModelRef.normalizeModel(ref) === ModelRef.normalizeModel(selected) ? ref : selected

/**
 * What is made of the value of the first candidate that gives one. `ask` is one attempt, and fails only while nothing of its
 * answer was seen. A host that refused the connection is not asked again for the next candidate.
 */
const firstToAnswer = <A, B>(
  { invalidate, retry, settings }: Completion,
  call: Call,
  candidates: ReadonlyArray<Candidate>,
  ask: (asking: Asking) => Effect.Effect<A, AttemptError>,
  answered: (value: A, attempts: ReadonlyArray<Attempt>) => B
): Effect.Effect<B, CompletionError> => {
  const attempts: Array<Attempt> = []
  const refusals: fallback.Refusals = new Map()
  const refusalOf = (url: string | undefined) =>
    url === undefined || refusals.size === 0 ? undefined : fallback.refusalOf(refusals, url)
  // Which model a bare name is, or the first that is available, is known when it is selected: it may have had its turn.
  const asked = new Set<string>()

  const askAgain = (selected: Selection) => {
    const selection = call.streaming === undefined ? selected : withStreaming(selected, call.streaming)
    const error = refusalOf(selection.endpoint.root)
    if (error !== undefined) return Effect.fail(error)
    const ready = readyOf(selected)
    const isOfCall = (setting: string) => !Params.isConfigured(call.request, selection.params, setting)
    const asked = (attempts: number) =>
      Effect.mapError(
        ask({ settings, selection, ready, call, attempts }),
        (error) => error._tag === "InvalidRequest" ? unlessConfigured(error, isOfCall) : error
      )
    call.operation.requests(selection, call.request, () => secretsOf(selection.endpoint))
    return repeated(asked, retry, (error, attempt) => call.operation.retries(selection.ref, error, attempt))
  }

  const from = (index: number, isAgain = false): Effect.Effect<B, CompletionError> => {
    const candidate = candidates[index]
    if (candidate === undefined) return Effect.fail(fallback.combine(attempts as Arr.NonEmptyArray<Attempt>))
    const missed = (ref: string, error: AttemptError, next = index + 1) => {
      call.operation.misses(ref, error)
      if (!fallback.mayFallBack(error, candidate.selectedBy === "caller")) return Effect.fail(error)
      fallback.noteRefusal(refusals, error)
      attempts.push({ ref, error })
      return from(next, next === index)
    }
    const known = refusalOf(candidate.url)
    if (known !== undefined) return Effect.suspend(() => missed(candidate.ref, known))
    return Effect.matchEffect(candidate.selectAfter(refusals), {
      // what is said of it is what became of it before
      onFailure: (error) => isAgain ? from(index + 1) : missed(candidate.ref, error),
      onSuccess: (selection) => {
        if (asked.has(selection.ref)) return from(index + 1)
        asked.add(selection.ref)
        return Effect.matchEffect(askAgain(selection), {
          onFailure: (error) => {
            const ref = written(candidate.ref, selection.ref)
            if (error._tag !== "ModelNotFound" || candidate.selectedBy !== "first-available") return missed(ref, error)
            // removed since its catalog was read, in which another model may be the first now
            return Effect.flatMap(
              invalidate(selection.provider.id),
              () => missed(ref, error, isAgain ? index + 1 : index)
            )
          },
          onSuccess: (value) => Effect.succeed(answered(value, attempts))
        })
      }
    })
  }
  return from(0)
}

/** Repeats what is worth it, at the pace of the schedule, and not before the server's `Retry-After`. */
export const repeated = <A, E extends AttemptError>(
  ask: (attempts: number) => Effect.Effect<A, E>,
  schedule: Schedule.Schedule<unknown, E>,
  onRetry: (error: E, attempt: number) => void
): Effect.Effect<A, E> =>
  Effect.catchAll(ask(1), (first) =>
    fallback.mayRetry(first)
      ? Effect.flatMap(Schedule.driver(schedule), (driver) => {
        const again = (error: E, attempts: number): Effect.Effect<A, E> => {
          if (!fallback.mayRetry(error)) return Effect.fail(error)
          const wait = "retryAfter" in error ? error.retryAfter ?? 0 : 0
          const pause = Effect.flatMap(Clock.currentTimeMillis, (before) =>
            Effect.zipRight(
              Effect.mapError(driver.next(error), () => error),
              Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(Math.max(0, before + wait - now)))
            ))
          const repeat = Effect.suspend(() => {
            onRetry(error, attempts)
            return ask(attempts)
          })
          return Effect.zipRight(pause, Effect.catchAll(repeat, (next) => again(next, attempts + 1)))
        }
        return again(first, 2)
      })
      : Effect.fail(first))

// =============================================================================
// one attempt
// =============================================================================

const toolNames = ({ call: { request } }: Asking) => offered(request).map(({ name }) => name)

/** What decoding has to know of the request. */
const decodingOf = (asking: Asking) => ({
  wire: asking.ready.wire,
  source: asking.ready.source,
  tools: toolNames(asking),
  malformedCalls: asking.call.malformedCalls
})

/** `use` gets the reply, where nothing interrupts. */
const send = <A>(
  { attempts, call, ready: { name, params, source, wire }, selection, settings }: Asking,
  stream: boolean,
  restore: Transport.Restore,
  use: (sent: Sent) => Effect.Effect<A, AttemptError>
): Effect.Effect<A, AttemptError> => {
  const { endpoint, model } = selection
  const encoding = encode({
    wire,
    model,
    name,
    request: call.request,
    params,
    ignored: selection.ignored,
    ollama: selection.ollama,
    asked: source,
    compat: selection.compat,
    stream,
    maxTokensField: selection.maxTokensField
  })
  if (Either.isLeft(encoding)) return Effect.fail(encoding.left)
  const { body, ignored, numCtx } = encoding.right
  call.operation.ignores(ignored)
  const outgoing: Transport.Outgoing = {
    endpoint,
    method: "POST",
    url: wire.url(endpoint),
    body,
    purpose: "completion",
    model: model.id,
    attempts,
    whole: !stream,
    limits: {
      ...settings.limits,
      firstByte: call.firstByte ?? endpoint.timeout ?? settings.limits.firstByte,
      idle: call.idle ?? endpoint.timeout ?? settings.limits.idle
    }
  }
  const question: Question = { request: call.request, ignored, numCtx: numCtx ?? model.numCtx }
  return Effect.flatMap(Transport.open(settings.client, outgoing, restore), (reply) => use({ reply, question }))
}

const beginRepairs = (asking: Asking, makeId: (index: number) => string) => {
  const tools = toolNames(asking)
  return asking.call.repairs.map((repair): Run => repair.begin({ tools, makeId }))
}

// =============================================================================
// whole answers
// =============================================================================

interface WholeAnswer {
  readonly events: ReadonlyArray<ContentEvent>
  readonly parts: PartialAnswer["parts"]
  readonly about: About
}

/** Asks with `stream: false`. */
const answerWhole = (asking: Asking): Effect.Effect<WholeAnswer, AttemptError> =>
  Effect.flatMap(
    asking.settings.generateId,
    (makeId) =>
      Effect.uninterruptibleMask((restore) =>
        send(asking, false, restore, (sent) =>
          Effect.matchEffect(Transport.text(sent.reply, restore), {
            onFailure: (error) => Effect.fail(interrupted(error, undefined)),
            onSuccess: (text) => decodeWhole(text, sent, asking, makeId)
          }))
      )
  )

const ended: DecodeFailure = { _tag: "Ended" }

const decodeWhole = (
  text: string,
  sent: Sent,
  asking: Asking,
  makeId: (index: number) => string
): Effect.Effect<WholeAnswer, AttemptError> => {
  const { call, selection, settings } = asking
  const answer = whole(text, { makeId, ...decodingOf(asking), maxAnswerChars: settings.limits.maxBytes })
  const { events, finish, parts } = call.repairs.length === 0
    ? answer
    : repairWhole(answer.events, answer.finish, beginRepairs(asking, makeId))
  if (finish !== undefined) return Effect.succeed({ events, parts, about: about(finish, selection, sent.question) })
  const partial = parts.length === 0 ? undefined : { parts }
  return Effect.fail(decodeError(answer.failure ?? ended, Streamed.contextOf(sent, asking, partial)))
}

// =============================================================================
// streams
// =============================================================================

/**
 * Asks with `stream: true`. `keepChars`: how much of the answer is kept, for `parts` and for errors; all by default. Whoever
 * calls it closes what it returns.
 */
const openStream = (
  asking: Asking,
  keepChars: number | undefined,
  restore: Transport.Restore
): Effect.Effect<Streamed.OpenStream, AttemptError> =>
  Effect.flatMap(restore(asking.settings.generateId), (makeId) => {
    shortLived.tell()
    // Before anything is open: a repair of the caller's may throw.
    const { maxBytes } = asking.settings.limits
    const decoder = repaired(
      makeDecoder({
        ...decodingOf(asking),
        maxEventBytes: maxBytes,
        maxAnswerChars: maxBytes,
        keepChars,
        makeId
      }),
      beginRepairs(asking, makeId),
      keepChars
    )
    return send(asking, true, restore, (sent) =>
      Effect.map(Transport.reader(sent.reply), (reader) =>
        new Streamed.OpenStream(asking, sent, reader, decoder)))
  })

// The caller of a stream has seen its events: for an error, the beginning of a very long answer is enough.
const keptOfStreams = 1024 * 1024

const begin = (asking: Asking, connection: Streamed.Connection): Effect.Effect<Streamed.Begun, AttemptError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(openStream(asking, keptOfStreams, restore), (open) => {
      connection.close = open.close
      return Effect.tapErrorCause(
        Effect.flatMap(restore(open.next), (first): Effect.Effect<Streamed.Begun, AttemptError> =>
          // What came with a failure has reached nobody yet.
          open.failure === undefined
            ? Effect.succeed({ first, open, about: undefined, parts: [] })
            : Effect.fail(open.failure)),
        () => open.close
      )
    })
  )

/** The whole answer, put together from what is streamed. */
const collected = (asking: Asking) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(openStream(asking, undefined, restore), (open) =>
      Effect.ensuring(
        Effect.map(restore(Streamed.drain(open)), () => ({ parts: open.parts, about: open.about! })),
        open.close
      ))
  )
