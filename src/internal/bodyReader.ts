/**
 * Reads a response's body piece by piece, each read on demand, under limits that count only while a read is waiting: a
 * slow consumer is not a slow server.
 */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { fromResponse } from "./bodyPull.js"
import * as Deadlines from "./deadlines.js"

/** A read ran into a limit: of `ms`, in this phase. */
export class ReadTimeout {
  readonly _tag = "ReadTimeout"
  constructor(readonly phase: "first-byte" | "idle", readonly ms: number) {}
}

/** The transport failed: its own error, not classified yet. */
export class ReadFailure {
  readonly _tag = "ReadFailure"
  constructor(readonly error: unknown) {}
}

export type ReadError = ReadTimeout | ReadFailure

type Pieces = ReadonlyArray<Uint8Array>

export interface ReadLimits {
  /** When the first byte is due, in ms of the clock. */
  readonly firstByteDeadline: number
  /** The limit that the deadline came from, in ms. */
  readonly firstByte: number
  /** Longest wait between two pieces, in ms. */
  readonly idle: number
}

export interface BodyReader {
  /** The next pieces, all that is there; `undefined` at the end. */
  readonly read: Effect.Effect<Pieces | undefined, ReadError>
  /** The same, but the end once such reads have waited `ms` in all. */
  readonly readWithin: (ms: number) => Effect.Effect<Pieces | undefined, ReadError>
  /** Closes the connection, unless the body was read to its end. */
  readonly close: Effect.Effect<void>
}

interface Pull {
  read(resume: (error: unknown, pieces: Pieces | undefined) => void): void
  cancel(): void
}

// A transport without a pull of its own: each read runs the stream's pull on a fiber, which can be interrupted.
const fromStream = Effect.fnUntraced(function*(
  stream: Stream.Stream<Uint8Array, unknown>,
  scope: Scope.Scope
): Effect.fn.Return<Pull> {
  const pull = yield* Scope.extend(Stream.toPull(stream), scope)
  const runFork = Runtime.runFork(yield* Effect.runtime<never>())
  // The runtime's flags are those of where it was taken, which may be a region that nothing interrupts.
  const interruptible = Effect.interruptible(pull)
  let fiber: Fiber.RuntimeFiber<Chunk.Chunk<Uint8Array>, Option.Option<unknown>> | undefined
  return {
    read(resume) {
      fiber = runFork(interruptible)
      fiber.addObserver((exit) => {
        fiber = undefined
        if (Exit.isSuccess(exit)) return resume(undefined, Chunk.toReadonlyArray(exit.value))
        const failure = Option.flatten(Cause.failureOption(exit.cause))
        if (Option.isSome(failure)) return resume(failure.value, undefined)
        resume(Cause.isFailure(exit.cause) ? undefined : Cause.squash(exit.cause), undefined)
      })
    },
    cancel() {
      if (fiber !== undefined) runFork(Fiber.interrupt(fiber))
    }
  }
})

export const make = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse,
  limits: ReadLimits
): Effect.fn.Return<BodyReader> {
  const deadlines = yield* Deadlines.current
  const direct = fromResponse(response)
  const scope = direct === undefined ? yield* Scope.make() : undefined
  const pull: Pull = direct ?? (yield* fromStream(response.stream, scope!))
  const { firstByte, firstByteDeadline, idle } = limits

  let first = true
  let ended = false
  // How long reads of the grace have waited.
  let waited = 0
  // What happens to the read that waits now when it is due.
  let expire: () => void = () => {}
  const deadline = deadlines.add(Infinity, () => expire())

  const read = (grace: number | undefined) =>
    Effect.async<Pieces | undefined, ReadError>((resume) => {
      let settled = false
      let since = -1
      const settle = (effect: Effect.Effect<Pieces | undefined, ReadError>) => {
        if (settled) return
        settled = true
        if (grace !== undefined && since >= 0) waited += deadlines.now() - since
        deadline.due = Infinity
        resume(effect)
      }
      pull.read((error, pieces) => {
        if (error !== undefined) return settle(Effect.fail(new ReadFailure(error)))
        if (pieces === undefined) ended = true
        else first = false
        settle(Effect.succeed(pieces))
      })
      if (settled) return
      since = deadlines.now()
      if (grace !== undefined) {
        expire = () => settle(Effect.succeed(undefined))
        deadlines.set(deadline, since + grace)
      } else {
        const phase = first ? "first-byte" : "idle"
        expire = () => settle(Effect.fail(new ReadTimeout(phase, first ? firstByte : idle)))
        deadlines.set(deadline, first ? firstByteDeadline : since + idle, since + idle)
      }
      return Effect.sync(() => {
        settled = true
        deadline.due = Infinity
        pull.cancel()
      })
    })

  const next = read(undefined)
  let inGrace = false
  return {
    read: next,
    readWithin: (ms) =>
      Effect.suspend(() => {
        if (!inGrace) waited = 0
        inGrace = true
        const left = ms - waited
        return left <= 0 ? Effect.succeed(undefined) : read(left)
      }),
    close: Effect.suspend(() => {
      deadlines.remove(deadline)
      if (!ended) pull.cancel()
      return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
    })
  }
})
