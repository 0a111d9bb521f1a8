/**
 * How requests are repeated. Each of these is an option's default and can be replaced by any `Schedule`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"

// Ends a schedule when its next recurrence would begin later than `limit` after its first step.
const beginningWithin = (limit: Duration.DurationInput) => <Out, In, R>(self: Schedule.Schedule<Out, In, R>) => {
  const most = Duration.toMillis(limit)
  return Schedule.makeWithState<readonly [first: number | undefined, state: unknown], In, Out, R>(
    [undefined, self.initial],
    (now, input, [first, state]) =>
      Effect.map(self.step(now, input, state), ([next, out, decision]) => {
        const start = first ?? now
        const late = ScheduleDecision.isContinue(decision)
          && ScheduleIntervals.start(decision.intervals) - start > most
        return [[start, next], out, late ? ScheduleDecision.done : decision]
      })
  )
}

// Jittered to a whole ms: the nanoseconds of `TestClock`, which spans take, are no number at a fraction of one.
const jittered = <Out, In, R>(self: Schedule.Schedule<Out, In, R>): Schedule.Schedule<Out, In, R> =>
  Schedule.modifyDelay(
    Schedule.jittered(self),
    (_, delay) => Duration.millis(Math.round(Duration.toMillis(delay)))
  )

/**
 * How the probe of a server is repeated: exponentially with jitter from 100 ms, at most 3 times, and no repetition
 * begins later than 2 s after the first failure. A server that is just starting answers by then; one that is not
 * running is told soon.
 *
 * @since 0.1.0
 * @category schedules
 * @example
 * import { Effect, Schedule } from "effect"
 * import { ModelDiscovery, OllamaSchedule } from "effect-ollama"
 *
 * // ask once
 * export const impatient = ModelDiscovery.layerWith({ probeSchedule: Schedule.stop })
 * // say when it is asked again
 * export const talkative = ModelDiscovery.layerWith({
 *   probeSchedule: Schedule.tapOutput(OllamaSchedule.probe, () => Effect.logInfo("Ollama is not there yet"))
 * })
 */
export const probe: Schedule.Schedule<unknown> = Schedule.exponential("100 millis").pipe(
  jittered,
  Schedule.intersect(Schedule.recurs(3)),
  beginningWithin("2 seconds")
)

/**
 * How a completion is repeated in place before any of its output was seen: exponentially with jitter from 500 ms, at
 * most twice. Only for what passes: a refused or reset connection, a busy server (503), too many requests (429).
 *
 * @since 0.1.0
 * @category schedules
 */
export const transient: Schedule.Schedule<unknown> = Schedule.exponential("500 millis").pipe(
  jittered,
  Schedule.intersect(Schedule.recurs(2))
)
