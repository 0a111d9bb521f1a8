/**
 * The lock of a file: another file beside it, whose time stamp a living writer renews. The lock of a writer that died is
 * taken over.
 */
import type { PlatformError } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { ConfigUnwritable } from "../OllamaError.js"
import { causeOf, isReason } from "./files.js"

/** A lock that has not been renewed for so long is a dead writer's, in ms. */
export const staleAfter = 10_000
const renewEvery = 2_000
const longestWait = 60_000
const lookEvery = 500
const shortestPause = 5
const longestPause = 500

export interface Lock {
  /** Whether it is still held: a writer that was stopped for long may have lost it. */
  readonly isHeld: Effect.Effect<boolean>
  /** Whether it was a dead writer's. */
  readonly wasTakenOver: boolean
}

const lockOf = (target: string): string => `${target}.lock`

/** A platform error of a write, as an error of this library. */
export const unwritable = (path: string) => (error: PlatformError): ConfigUnwritable =>
  new ConfigUnwritable({
    path,
    reason: isReason("PermissionDenied")(error) ? "permission" : "other",
    cause: causeOf(error)
  })

/** Twelve letters and digits that no other writer has. */
export const randomName: Effect.Effect<string> = Effect.map(
  Effect.all([Random.nextIntBetween(0, 36 ** 6), Random.nextIntBetween(0, 36 ** 6)]),
  (parts) => parts.map((part) => part.toString(36).padStart(6, "0")).join("")
)

// Those of one process wait in a queue, and only its first asks for the file: asking is what costs when many write.
const queues = new Map<string, { readonly turn: Effect.Semaphore; length: number }>()

/** Waits until nobody in this process is before, and holds that as long as the scope lasts. */
const inTurn = (target: string): Effect.Effect<void, ConfigUnwritable, Scope.Scope> =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => {
        const queue = queues.get(target) ?? { turn: Effect.unsafeMakeSemaphore(1), length: 0 }
        queue.length++
        queues.set(target, queue)
        return queue
      }),
      (queue) => Effect.sync(() => void (--queue.length === 0 && queues.delete(target)))
    ),
    ({ turn }) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.zipRight(
          restore(Effect.timeoutFail(turn.take(1), {
            duration: longestWait,
            onTimeout: () => new ConfigUnwritable({ path: target, reason: "locked", file: lockOf(target) })
          })),
          Effect.addFinalizer(() => turn.release(1))
        )
      )
  )

/** Waits for the lock of a file and holds it as long as the scope lasts. */
export const acquire = (
  fs: FileSystem.FileSystem,
  target: string
): Effect.Effect<Lock, ConfigUnwritable, Scope.Scope> =>
  Effect.gen(function*() {
    const file = lockOf(target)
    const id = yield* randomName
    const begun = yield* Clock.currentTimeMillis
    yield* inTurn(target)
    const reallyHeld = Effect.match(fs.readFileString(file), {
      onFailure: () => false,
      onSuccess: (text) => text === id
    })
    // Nobody takes over a young lock: then there is nothing to look at.
    let since = begun
    const isHeld = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => now - since < staleAfter / 2 ? Effect.succeed(true) : reallyHeld
    )
    const release = Effect.ignore(Effect.flatMap(isHeld, (held) => held ? fs.remove(file) : Effect.void))
    const renew = Effect.ignore(
      Effect.flatMap(Clock.currentTimeMillis, (now) => fs.utimes(file, now / 1000, now / 1000))
    )
    /** Makes the file of a lock, unless there is one. */
    const create = (path: string) =>
      Effect.as(fs.writeFileString(path, id, { flag: "wx", mode: 0o600 }), true).pipe(
        Effect.catchIf(isReason("AlreadyExists"), () => Effect.succeed(false))
      )
    const stampOf = (path: string) =>
      Effect.map(fs.stat(path), (info) => Option.match(info.mtime, { onNone: () => 0, onSome: (date) => +date })).pipe(
        Effect.asSome,
        Effect.catchIf(isReason("NotFound"), () => Effect.succeedNone)
      )
    const isOld = (stamp: number, since: number, now: number): boolean =>
      now - stamp > staleAfter || now - since > staleAfter

    // Only one of those who wait may remove the dead lock: the next one would remove the lock of the first.
    const takeOver = Effect.fnUntraced(function*(seen: number) {
      const guard = `${file}.takeover`
      if (!(yield* create(guard))) {
        const stamp = yield* stampOf(guard)
        const now = yield* Clock.currentTimeMillis
        if (Option.isSome(stamp) && now - stamp.value > staleAfter) yield* Effect.ignore(fs.remove(guard))
        return false
      }
      return yield* Effect.ensuring(
        Effect.flatMap(stampOf(file), (stamp) =>
          Option.isSome(stamp) && stamp.value === seen
            ? Effect.as(fs.remove(file, { recursive: true }), true)
            : Effect.succeed(false)),
        Effect.ignore(fs.remove(guard))
      )
    })

    let wasTakenOver = false
    let seen: { readonly stamp: number; readonly since: number } | undefined
    let lookAt = begun
    // nothing comes between the file and who removes it
    const take = Effect.uninterruptible(
      Effect.tap(
        create(file),
        (made) => made ? Effect.zipRight(Effect.addFinalizer(() => release), renew) : Effect.void
      )
    )
    // to see that it is there costs less than to fail to make it
    const takeIfFree = Effect.flatMap(
      Effect.orElseSucceed(fs.exists(file), () => false),
      (exists) => exists ? Effect.succeed(false) : take
    )
    let made = yield* take
    while (!made) {
      const now = yield* Clock.currentTimeMillis
      if (now >= lookAt) {
        lookAt = now + lookEvery
        const stamp = yield* stampOf(file)
        if (Option.isSome(stamp) && seen?.stamp !== stamp.value) seen = { stamp: stamp.value, since: now }
        if (Option.isSome(stamp) && seen !== undefined && isOld(seen.stamp, seen.since, now)) {
          if (yield* Effect.uninterruptible(takeOver(seen.stamp))) wasTakenOver = true
          lookAt = now
        }
      }
      if (now - begun > longestWait) {
        return yield* new ConfigUnwritable({ path: target, reason: "locked", file })
      }
      // who has waited for long asks rarely: asking costs those who write, and then many wait
      const pause = Math.min(longestPause, Math.max(shortestPause, (now - begun) / 4))
      yield* Effect.sleep(yield* Random.nextIntBetween(pause, 2 * pause))
      made = yield* takeIfFree
    }
    since = yield* Clock.currentTimeMillis
    yield* Effect.forkScoped(Effect.delay(Effect.repeat(renew, Schedule.spaced(renewEvery)), renewEvery))
    const lock: Lock = { isHeld, wasTakenOver }
    return lock
  }).pipe(Effect.catchTags({
    SystemError: (error) => Effect.fail(unwritable(target)(error)),
    BadArgument: (error) => Effect.fail(unwritable(target)(error))
  }))
