import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, TestClock } from "effect"
import { current, within } from "../src/transport/deadlines.js"

describe("deadlines", () => {
  it.effect("each expires at its own time, whatever the order in which they were added", () =>
    Effect.gen(function*() {
      const deadlines = yield* current
      const expired: Array<number> = []
      for (const due of [300, 100, 200, 100]) deadlines.add(due, () => expired.push(due))
      yield* TestClock.adjust("99 millis")
      assert.deepStrictEqual(expired, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(expired, [100, 100])
      yield* TestClock.adjust("199 millis")
      assert.deepStrictEqual(expired, [100, 100, 200])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(expired, [100, 100, 200, 300])
    }))

  it.effect("one that was removed does not expire, not even by what another does at the same moment", () =>
    Effect.gen(function*() {
      const deadlines = yield* current
      const expired: Array<string> = []
      const gone = deadlines.add(100, () => expired.push("gone"))
      const pair: Array<ReturnType<typeof deadlines.add>> = []
      for (const at of [0, 1]) {
        pair[at] = deadlines.add(100, () => {
          expired.push("one of two")
          const other = pair[1 - at]
          if (other !== undefined) deadlines.remove(other)
        })
      }
      deadlines.remove(gone)
      deadlines.remove(gone)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(expired, ["one of two"])
    }))

  it.effect("one that comes after all others were removed still expires", () =>
    Effect.gen(function*() {
      const deadlines = yield* current
      const gone = deadlines.add(1000, () => assert.fail("it was removed"))
      deadlines.remove(gone)
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
      let expired = false
      deadlines.add(2000, () => {
        expired = true
      })
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(expired)
    }))

  it.effect("one that is set to nothing does not expire until it is set again", () =>
    Effect.gen(function*() {
      const deadlines = yield* current
      let expired = 0
      const deadline = deadlines.add(100, () => expired++)
      deadlines.set(deadline, Infinity)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(expired, 0)
      deadlines.set(deadline, 1500)
      yield* TestClock.adjust("499 millis")
      assert.strictEqual(expired, 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(expired, 1)
      deadlines.remove(deadline)
    }))

  it.effect("within: an effect that takes longer fails at once, and is interrupted", () =>
    Effect.gen(function*() {
      let interrupted = false
      const slow = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          interrupted = true
        }))
      const fiber = yield* Effect.fork(Effect.flip(within(slow, 100, () => "late" as const)))
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "late")
      yield* Effect.yieldNow()
      assert.isTrue(interrupted)
    }))

  it.effect("within: no time at all is a limit too", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Effect.flip(within(Effect.never, 0, () => "late" as const)), "late")
    }))

  it.effect("within: an effect that cannot be interrupted is not waited for", () =>
    Effect.gen(function*() {
      const stuck = Effect.uninterruptible(Effect.delay(Effect.void, "1 hour"))
      const fiber = yield* Effect.fork(Effect.flip(within(stuck, 100, () => "late" as const)))
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "late")
    }))

  it.effect("within: what it runs sees the caller's context, and failures and interruption pass through", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Effect.flip(within(Effect.fail("no"), 100, () => "late")), "no")
      const fiber = yield* Effect.fork(within(Effect.never, 100, () => "late"))
      yield* Effect.yieldNow()
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
    }))
})
