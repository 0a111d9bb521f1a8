// @partial
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

export const repeated = <A, E extends AttemptError>(
  ask: (attempts: number) => Effect.Effect<A, E>,
  schedule: Schedule.Schedule<unknown, E>,
  onRetry: (error: E, attempt: number) => void
): Effect.Effect<A, E> =>
  Effect.catch(ask(1), (first) =>
    fallback.mayRetry(first)
      ? Effect.flatMap(Schedule.toStepWithSleep(schedule), (step) => {
        const again = (error: E, attempts: number): Effect.Effect<A, E> => {
          if (!fallback.mayRetry(error)) return Effect.fail(error)
          const wait = "retryAfter" in error ? error.retryAfter ?? 0 : 0
          const pause = Effect.flatMap(Clock.currentTimeMillis, (before) =>
            Effect.andThen(
              Effect.mapError(step(error), () => error),
              Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(Math.max(0, before + wait - now)))
            ))
          const repeat = Effect.suspend(() => {
            onRetry(error, attempts)
            return ask(attempts)
          })
          return Effect.andThen(pause, Effect.catch(repeat, (next) => again(next, attempts + 1)))
        }
        return again(first, 2)
      })
      : Effect.fail(first))
