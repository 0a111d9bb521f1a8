// @partial
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"

// @members
class Reading<A> {
  readonly next: Pull.Pull<Arr.NonEmptyReadonlyArray<A>, StreamError> = Effect.suspend(
    (): Pull.Pull<Arr.NonEmptyReadonlyArray<A>, StreamError> => {
      if (this.failure !== undefined) return Effect.fail(this.failure)
      return this.done ? Effect.andThen(this.drain, Cause.done()) : this.wait
    }
  )

  private readonly wait = Effect.callback<Arr.NonEmptyReadonlyArray<A>, StreamError>((resume) => {
    this.reader.each(() => undefined, (error, pieces) => {
      const events: Array<A> = []
      if (error === undefined) this.onPieces(pieces, events)
      else this.failure = broken(Transport.readError(error, this.reply))
      if (events.length > 0) resume(Effect.succeed(events as Arr.NonEmptyArray<A>))
      else if (this.failure !== undefined) resume(Effect.fail(this.failure))
      else return true
      return false
    })
  })
}
