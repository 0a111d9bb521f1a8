// @partial
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"

const abandoned: Exit.Exit<void> = Exit.interrupt()

/** A stream of what `open` opens, closed however it ends. */
export const stream = <R>(
  open: (connection: Connection) => Effect.Effect<Opened, CompletionError, R>
): Stream.Stream<StreamEvent, CompletionError, R> =>
  Stream.suspend(() => {
    const made = connection()
    const opening = Effect.tapCause(open(made), () => {
      made.failed = true
      return Effect.void
    })
    return Stream.onExit(
      Stream.unwrap(Effect.map(opening, (opened) => Stream.fromPull(Effect.succeed(emit(opened, made))))),
      (exit) => ended(made, exit)
    )
  })

type Written = Arr.NonEmptyReadonlyArray<StreamEvent>
type Emit = Pull.Pull<Written, AttemptError>

const emit = (opened: Opened, connection: Connection): Emit => {
  const { first, open } = opened.value
  const told = withFinish(opened, connection)
  const write = (events: ReadonlyArray<StreamEvent> | undefined): Emit => {
    const all = told(events)
    return all === undefined ? Cause.done() : Effect.succeed(all as Written)
  }
  const onFailure = (cause: Cause.Cause<AttemptError>): Emit => {
    connection.failed = true
    return Effect.failCause(cause)
  }
  const next: Emit = open === undefined
    ? Cause.done()
    : Effect.matchCauseEffect(open.next, { onFailure, onSuccess: write })
  let begun = false
  return Effect.suspend((): Emit => {
    if (begun) return open !== undefined && open.isOver ? Cause.done() : next
    begun = true
    return write(first)
  })
}
