/**
 * Reads a response's body piece by piece, each read on demand, under one watchdog that counts only while a read is
 * waiting: a slow consumer is not a slow server.
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
  /** Ends the watchdog and closes the connection, unless the body was read to its end. */
  readonly close: Effect.Effect<void>
}

interface Pull {
  read(resume: (error: unknown, pieces: Pieces | undefined) => void): void
  cancel(): void
}

// A transport without a pull of its own: each read runs the stream's pull on a fiber, which the watchdog can interrupt.
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
  const clock = yield* Effect.clock
  const direct = fromResponse(response)
  const scope = direct === undefined ? yield* Scope.make() : undefined
  const pull: Pull = direct ?? (yield* fromStream(response.stream, scope!))

  // What the watchdog looks at: since when a read waits, and how to end it.
  let waitingSince = 0
  let interruptRead: ((timeout: ReadTimeout) => void) | undefined
  let waited = 0
  let first = true
  let ended = false

  const read = (onTimeout: (timeout: ReadTimeout) => Effect.Effect<Pieces | undefined, ReadTimeout>) =>
    Effect.async<Pieces | undefined, ReadError>((resume) => {
      let settled = false
      const settle = (effect: Effect.Effect<Pieces | undefined, ReadError>) => {
        if (settled) return
        settled = true
        if (interruptRead !== undefined) waited += clock.unsafeCurrentTimeMillis() - waitingSince
        interruptRead = undefined
        resume(effect)
      }
      pull.read((error, pieces) => {
        if (error !== undefined) return settle(Effect.fail(new ReadFailure(error)))
        if (pieces === undefined) ended = true
        else first = false
        settle(Effect.succeed(pieces))
      })
      if (settled) return
      waitingSince = clock.unsafeCurrentTimeMillis()
      interruptRead = (timeout) => settle(onTimeout(timeout))
      return Effect.sync(() => {
        settled = true
        interruptRead = undefined
        pull.cancel()
      })
    })

  // Sleeps at most until the read that waits now, or one that could begin to wait now, is due.
  const watch: Effect.Effect<void> = Effect.suspend(() => {
    const now = clock.unsafeCurrentTimeMillis()
    const due = first ? limits.firstByteDeadline : (interruptRead === undefined ? now : waitingSince) + limits.idle
    if (interruptRead === undefined || now < due) {
      return Effect.flatMap(Effect.sleep(Math.max(Math.min(due - now, limits.idle), 1)), () => watch)
    }
    interruptRead(new ReadTimeout(first ? "first-byte" : "idle", first ? limits.firstByte : limits.idle))
    return Effect.void
  })

  let watchdog: Fiber.RuntimeFiber<void> | undefined
  const arm = (watch: Effect.Effect<void>) =>
    Effect.suspend(() => {
      const previous = watchdog
      return Effect.zipRight(
        previous === undefined ? Effect.void : Fiber.interrupt(previous),
        Effect.map(Effect.forkDaemon(Effect.interruptible(watch)), (fiber) => {
          watchdog = fiber
        })
      )
    })
  if (Number.isFinite(limits.idle) || Number.isFinite(limits.firstByteDeadline)) yield* arm(watch)

  // From the first read of the grace on, only what such reads wait is counted.
  let inGrace = false
  const readWithin = (ms: number) =>
    Effect.suspend(() => {
      if (!inGrace) waited = 0
      inGrace = true
      const left = ms - waited
      if (left <= 0) return Effect.succeed(undefined)
      const expire = Effect.delay(Effect.sync(() => interruptRead?.(new ReadTimeout("idle", ms))), left)
      return Effect.zipRight(arm(expire), read(() => Effect.succeed(undefined)))
    })

  return {
    read: read(Effect.fail),
    readWithin,
    close: Effect.suspend(() => {
      if (!ended) pull.cancel()
      const stop = watchdog === undefined ? Effect.void : Fiber.interrupt(watchdog)
      return scope === undefined ? stop : Effect.zipRight(stop, Scope.close(scope, Exit.void))
    })
  }
})
