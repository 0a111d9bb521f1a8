import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as Deadlines from "../src/transport/deadlines.js"

const current = Effect.withFiberRuntime<Deadlines.Deadlines>((fiber) => Effect.succeed(Deadlines.of(fiber)))

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
})
