// @partial
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"

/** A stream of what `open` opens, closed however it ends. */
export const stream = <R>(
  open: (connection: Connection) => Effect.Effect<Opened, CompletionError, R>
): Stream.Stream<StreamEvent, CompletionError, R> =>
  Stream.suspend(() => {
    const connection: Connection = { close: Effect.void, operation: undefined }
    return Stream.onExit(
      Stream.unwrap(
        Effect.map(open(connection), (opened) => Stream.fromPull(Effect.succeed(emit(opened, connection.operation))))
      ),
      (exit) => Effect.andThen(connection.close, Effect.sync(() => connection.operation?.end(exit)))
    )
  })

type Written = Arr.NonEmptyReadonlyArray<StreamEvent>
type Emit = Pull.Pull<Written, AttemptError>

const emit = (opened: Opened, operation: Telemetry.Operation | undefined): Emit => {
  const { first, open } = opened.value
  const told = withFinish(opened, operation)
  const write = (events: ReadonlyArray<StreamEvent> | undefined): Emit => {
    const all = told(events)
    return all === undefined ? Cause.done() : Effect.succeed(all as Written)
  }
  const next: Emit = open === undefined ? Cause.done() : Effect.flatMap(open.next, write)
  let begun = false
  return Effect.suspend((): Emit => {
    if (begun) return open !== undefined && open.isOver ? Cause.done() : next
    begun = true
    return write(first)
  })
}
