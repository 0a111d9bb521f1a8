// @partial
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"

// @members
class Sending<E> {
  private body(
    pull: Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, E>,
    run: number
  ): Stream.Stream<Uint8Array, E | Error> {
    const next = Effect.suspend(
      (): Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, E | Error> => {
        if (this.isOver) return Deferred.await(this.over)
        if (this.runs !== run) return Effect.fail(new Error("it is sent once more"))
        this.since = undefined
        return Effect.onExit(pull, (exit) => {
          if (exit._tag === "Failure") {
            this.failure = Option.filter(
              Cause.findErrorOption(exit.cause),
              (error): error is Exclude<typeof error, Cause.Done> => !Cause.isDone(error)
            )
          }
          return this.mark
        })
      }
    )
    const content = Stream.fromPull(Effect.succeed(this.turn.withPermits(1)(next)))
    return Stream.interruptWhen(content, Deferred.await(this.over))
  }
}
