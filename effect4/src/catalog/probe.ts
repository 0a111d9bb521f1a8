// @partial
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"

export const probing = <A, E extends { readonly _tag: string }>(
  options: ProbeOptions<A, E>
): Effect.Effect<A, E> =>
  Effect.flatMap(Schedule.toStep(options.schedule), (next) => {
    // The pause (ms) before the next attempt; `undefined` when there is none.
    const step = (error: TransportError) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Pull.matchEffect(next(now, error), {
          onSuccess: ([, delay]) => Effect.succeed({ pause: Duration.toMillis(delay) }),
          onFailure: () => Effect.undefined,
          onDone: () => Effect.undefined
        }))

    const once = (attempts: number): Effect.Effect<A, E> =>
      Effect.flatMap(tryOnce(attempts), (outcome) =>
        "exit" in outcome
          ? outcome.exit
          : Effect.andThen(Effect.sleep(outcome.pause), once(attempts + 1)))

    const tryOnce = (attempts: number) =>
      Effect.scoped(Effect.gen(function*() {
        let answering = false
        const fiber = yield* Effect.forkScoped(options.attempt(attempts, () => {
          answering = true
        }))
        const early = yield* Effect.timeoutOption(Fiber.await(fiber), options.attemptTimeout)
        if (Option.isNone(early) && !answering) {
          const { limit, url } = options.timeout
          const next = yield* step(new RequestTimeout({ url, phase: "first-byte", limit, attempts }))
          if (next !== undefined) return next
        }
        const last = Option.isNone(early)
        const exit = last ? yield* Fiber.await(fiber) : early.value
        if (Exit.isSuccess(exit)) return { exit }
        const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
        if (error === undefined || !mayProbe(error) || (last && !answering)) return { exit }
        return (yield* step(error)) ?? { exit }
      }))

    return once(1)
  })
