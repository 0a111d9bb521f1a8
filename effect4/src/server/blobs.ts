// @partial
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

// @members
class Sending<E> {
  private watched(content: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> {
    return Stream.transformPull(content, (pull) =>
      Effect.succeed(Effect.suspend(() => {
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
      })))
  }
}
