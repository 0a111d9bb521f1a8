// @partial
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

// Ends a schedule when its next recurrence would begin later than `limit` after its first step.
const beginningWithin = (limit: Duration.Input) => <Out, In, E, R>(self: Schedule.Schedule<Out, In, E, R>) => {
  const most = Duration.toMillis(limit)
  return Schedule.fromStep(Effect.map(Schedule.toStep(self), (step) => {
    let first: number | undefined
    return (now: number, input: In) =>
      Effect.flatMap(step(now, input), (next) => {
        first ??= now
        return now + Duration.toMillis(next[1]) - first > most ? Cause.done(next[0]) : Effect.succeed(next)
      })
  }))
}

const jittered = <Out, In, E, R>(self: Schedule.Schedule<Out, In, E, R>): Schedule.Schedule<Out, In, E, R> =>
  Schedule.modifyDelay(
    Schedule.jittered(self),
    ({ duration }) => Effect.succeed(Duration.millis(Math.round(Duration.toMillis(duration))))
  )
