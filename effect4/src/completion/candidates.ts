// @partial
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

const repeated = <A>(
  ask: (attempts: number) => Effect.Effect<A, AttemptError>,
  schedule: Completion["retry"]
): Effect.Effect<A, AttemptError> =>
  Effect.catch(ask(1), (first) =>
    fallback.mayRetry(first)
      ? Effect.flatMap(Schedule.toStepWithSleep(schedule), (step) => {
        const again = (error: AttemptError, attempts: number): Effect.Effect<A, AttemptError> => {
          if (!fallback.mayRetry(error)) return Effect.fail(error)
          const wait = "retryAfter" in error ? error.retryAfter ?? 0 : 0
          const pause = Effect.flatMap(Clock.currentTimeMillis, (before) =>
            Effect.andThen(
              Effect.mapError(step(error), () => error),
              Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(Math.max(0, before + wait - now)))
            ))
          return Effect.andThen(
            pause,
            Effect.catch(ask(attempts), (next) => again(next, attempts + 1))
          )
        }
        return again(first, 2)
      })
      : Effect.fail(first))
