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

// One network piece becomes one chunk; the finish goes out with the last of them.
const emit = (
  { attempts, value: { about, first, open, parts } }: Opened,
  operation: Telemetry.Operation | undefined
): Emit => {
  operation?.begins()
  let finished = false
  let begun = false
  const finish = (said: About): FinishEvent => {
    finished = true
    operation?.answers(said, () => open?.parts ?? parts)
    return { type: "finish", ...said, attempts }
  }
  const write = (events: ReadonlyArray<StreamEvent> | undefined): Emit => {
    const done = finished ? undefined : about ?? open?.about
    if (events === undefined && done === undefined) return Cause.done()
    return Effect.succeed((done === undefined ? events! : [...(events ?? []), finish(done)]) as Written)
  }
  const next: Emit = open === undefined ? Cause.done() : Effect.flatMap(open.next, write)
  return Effect.suspend((): Emit => {
    if (begun) return open !== undefined && open.isOver ? Cause.done() : next
    begun = true
    return write(first)
  })
}
