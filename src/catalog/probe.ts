/**
 * The probe of a server: attempts under a short limit as long as another is to follow. Whether one is to follow, the
 * schedule says only when an attempt failed, or ran into the short limit. In the latter case the attempt goes on while
 * that is asked: when it turns out to be the last, it may take all of its time.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import { mayProbe } from "../core/failure/fallback.js"
import { RequestTimeout, type TransportError } from "../OllamaError.js"

export interface ProbeOptions<A, E> {
  readonly schedule: Schedule.Schedule<unknown, TransportError>
  /** In ms. */
  readonly attemptTimeout: number
  /** One attempt, with a limit of its own; it says when the answer begins. */
  readonly attempt: (attempts: number, onHead: () => void) => Effect.Effect<A, E>
  /** What the error of an attempt says that ran into the short limit. */
  readonly timeout: { readonly url: string; readonly limit: number }
}

/** How long (ms) is waited after an error, before the next attempt; `undefined` when none is to follow. */
type Pause = (error: TransportError) => Effect.Effect<number | undefined>

// For one probe: it knows how far the schedule has come.
const pausing = (schedule: ProbeOptions<unknown, unknown>["schedule"]): Effect.Effect<Pause> =>
  Effect.sync(() => {
    let state = schedule.initial
    return (error) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.map(schedule.step(now, error, state), ([next, , decision]) => {
          if (!ScheduleDecision.isContinue(decision)) {
            return undefined
          }
          state = next
          return Math.max(0, ScheduleIntervals.start(decision.intervals) - now)
        }))
  })

export const probing = <A, E extends { readonly _tag: string }>(
  options: ProbeOptions<A, E>
): Effect.Effect<A, E> => {
  const once = (attempts: number, pauseAfter: Pause): Effect.Effect<A, E> =>
    Effect.flatMap(tryOnce(attempts, pauseAfter), (outcome) =>
      "exit" in outcome
        ? outcome.exit
        : Effect.zipRight(Effect.sleep(outcome.pause), once(attempts + 1, pauseAfter)))

  const tryOnce = (attempts: number, pauseAfter: Pause) =>
    Effect.scoped(Effect.gen(function*() {
      let answering = false
      const fiber = yield* Effect.forkScoped(options.attempt(attempts, () => {
        answering = true
      }))
      const early = yield* Effect.timeoutOption(Fiber.await(fiber), options.attemptTimeout)
      if (Option.isNone(early) && !answering) {
        const { limit, url } = options.timeout
        const pause = yield* pauseAfter(new RequestTimeout({ url, phase: "first-byte", limit, attempts }))
        if (pause !== undefined) return { pause }
      }
      const last = Option.isNone(early)
      const exit = last ? yield* Fiber.await(fiber) : early.value
      if (Exit.isSuccess(exit)) return { exit }
      const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
      if (error === undefined || !mayProbe(error) || (last && !answering)) return { exit }
      const pause = yield* pauseAfter(error)
      return pause === undefined ? { exit } : { pause }
    }))

  return Effect.flatMap(pausing(options.schedule), (pauseAfter) => once(1, pauseAfter))
}
