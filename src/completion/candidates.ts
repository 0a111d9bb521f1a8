/**
 * Who answers: one candidate after the other, each asked again for as long as that is worth it. What to do after an error is
 * decided in the core; here it is done.
 */
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Candidate } from "../catalog/catalog.js"
import { type Selection, withStreaming } from "../core/catalog/selection.js"
import * as fallback from "../core/failure/fallback.js"
import { unlessConfigured } from "../core/failure/mistake.js"
import * as Params from "../core/request/params.js"
import { wires } from "../core/wire/wires.js"
import type { Attempt, AttemptError, CompletionError } from "../OllamaError.js"
import { type Asking, type Call, type Settings } from "./attempt.js"

/** What a service asks with. */
export interface Completion {
  readonly settings: Settings
  /** How a candidate is asked again before any output. */
  readonly retry: Schedule.Schedule<unknown, AttemptError>
}

export interface Answered<A> {
  readonly value: A
  /** The candidates that failed before. */
  readonly attempts: ReadonlyArray<Attempt>
}

/**
 * The value of the first candidate that gives one. `ask` is one attempt, and fails only while nothing of its answer was
 * seen. A host that refused the connection is not asked again for the next candidate.
 */
export const firstToAnswer = <A>(
  { retry, settings }: Completion,
  call: Call,
  candidates: ReadonlyArray<Candidate>,
  ask: (asking: Asking) => Effect.Effect<A, AttemptError>
): Effect.Effect<Answered<A>, CompletionError> => {
  const attempts: Array<Attempt> = []
  const refused = new Map<string, AttemptError>()
  const refusedAt = (url: string | undefined) =>
    url === undefined || refused.size === 0 ? undefined : refused.get(fallback.origin(url))

  const askAgain = (selected: Selection) => {
    const selection = withStreaming(selected, call.streaming)
    const error = refusedAt(selection.endpoint.root)
    if (error !== undefined) return Effect.fail(error)
    const wire = wires[selection.api]
    const isOfCall = (setting: string) => !Params.isConfigured(call.request, selection.params, setting)
    const asked = (attempts: number) =>
      Effect.mapError(
        ask({ settings, selection, wire, call, attempts }),
        (error) => error._tag === "InvalidRequest" ? unlessConfigured(error, isOfCall) : error
      )
    call.operation.requests(selection, call.request)
    return repeated(asked, retry, (error, attempt) => call.operation.retries(selection.ref, error, attempt))
  }

  const from = (index: number): Effect.Effect<Answered<A>, CompletionError> => {
    const candidate = candidates[index]
    if (candidate === undefined) return Effect.fail(fallback.combine(attempts as Arr.NonEmptyArray<Attempt>))
    const known = refusedAt(candidate.url)
    return Effect.matchEffect(known === undefined ? Effect.flatMap(candidate.select, askAgain) : Effect.fail(known), {
      onFailure: (error) => {
        call.operation.misses(candidate.ref, error)
        if (!fallback.mayFallBack(error, candidate.selectedBy === "caller")) return Effect.fail(error)
        if (error._tag === "ConnectionRefused") refused.set(fallback.origin(error.url), error)
        attempts.push({ ref: candidate.ref, error })
        return from(index + 1)
      },
      onSuccess: (value) => Effect.succeed({ value, attempts })
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
