// @partial
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"

const pausing = (schedule: ProbeOptions<unknown, unknown>["schedule"]): Effect.Effect<Pause> =>
  Effect.map(
    Schedule.toStep(schedule),
    (step) => (error) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Pull.matchEffect(step(now, error), {
          onSuccess: ([, delay]) => Effect.succeed(Duration.toMillis(delay)),
          onFailure: () => Effect.undefined,
          onDone: () => Effect.undefined
        }))
  )
