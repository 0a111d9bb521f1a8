// @partial
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"

// @members
class Reading<A> {
  readonly next: Pull.Pull<Arr.NonEmptyReadonlyArray<A>, StreamError> = Effect.suspend(() => this.told ?? this.wait)

  private readonly wait = Effect.callback<Arr.NonEmptyReadonlyArray<A>, StreamError | Cause.Done>((resume) => {
    this.reader.each(() => this.decoding.isFinished ? grace : undefined, (error, pieces) => {
      const events = this.onRead(error, pieces)
      const next = events.length > 0 ? Effect.succeed(events as Arr.NonEmptyReadonlyArray<A>) : this.told
      if (next !== undefined) resume(next)
      return next === undefined
    })
  })

  private get told(): Effect.Effect<never, StreamError | Cause.Done> | undefined {
    if (this.failure !== undefined) return Effect.fail(this.failure)
    return this.over ? Cause.done() : undefined
  }
}
