/**
 * Limits without a fiber for each: one sleeping fiber per clock, while anything is waiting, looks after all of them.
 * (`Effect.timeoutFail` forks two fibers per use, which costs more than a small answer does.)
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"

export interface Deadline {
  /** In ms of the clock; `Infinity` while there is nothing to wait for. */
  due: number
  readonly expire: () => void
  /** Where it stands among the others, to be taken out at once. */
  index: number
}

export class Deadlines {
  // In no order: there are as many as there are requests under way.
  private readonly all: Array<Deadline> = []
  private fiber: Fiber.RuntimeFiber<void> | undefined
  private wakeAt = Infinity
  private sleeps = 0
  private isCheckDue = false

  constructor(private readonly clock: Clock.Clock) {}

  now(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  /** One that is to be removed again, whether it expires or not. */
  add(due: number, expire: () => void): Deadline {
    const deadline = { due: Infinity, expire, index: this.all.length }
    this.all.push(deadline)
    this.set(deadline, due)
    return deadline
  }

  /** `soonest`: when a later value could be due, so that setting it then wakes nobody. */
  set(deadline: Deadline, due: number, soonest = due): void {
    if (deadline.index < 0) return
    deadline.due = due
    if (due === Infinity) return
    const wakeAt = Math.min(due, soonest)
    if (wakeAt < this.wakeAt) this.sleepUntil(wakeAt)
  }

  remove(deadline: Deadline): void {
    if (deadline.index < 0) return
    const last = this.all.pop()!
    if (last !== deadline) {
      this.all[deadline.index] = last
      last.index = deadline.index
    }
    deadline.index = -1
    if (this.all.length > 0 || this.isCheckDue) return
    // Mostly the next request follows a moment later, so the sleeper stays for that moment; no longer, or it would keep
    // the process alive.
    this.isCheckDue = true
    // @effect-diagnostics-next-line globalTimers:off - the process's moment is meant, not one of the clock in use
    setTimeout(this.check, 0)
  }

  private readonly check = () => {
    this.isCheckDue = false
    if (this.all.length === 0) this.stop()
  }

  private stop() {
    this.fiber?.unsafeInterruptAsFork(FiberId.none)
    this.fiber = undefined
    this.wakeAt = Infinity
  }

  private sleepUntil(at: number) {
    this.stop()
    this.wakeAt = at
    const sleep = ++this.sleeps
    const fiber = Effect.runFork(
      Effect.withClock(Effect.zipRight(Effect.sleep(Math.max(0, at - this.now())), this.wake), this.clock)
    )
    // A clock may wake at once, and what was due may have begun another sleep.
    if (sleep === this.sleeps) this.fiber = fiber
  }

  private readonly wake = Effect.sync(() => {
    this.sleeps++
    this.fiber = undefined
    this.wakeAt = Infinity
    const now = this.now()
    let next = Infinity
    const expired: Array<Deadline> = []
    for (const deadline of this.all) {
      if (deadline.due > now) next = Math.min(next, deadline.due)
      else expired.push(deadline)
    }
    for (const deadline of expired) {
      // what one does when it expires may concern another one
      if (deadline.index < 0 || deadline.due > now) continue
      deadline.due = Infinity
      deadline.expire()
    }
    if (next < this.wakeAt) this.sleepUntil(next)
  })
}

const byClock = new WeakMap<Clock.Clock, Deadlines>()

/** Those of the clock that a fiber uses. */
export const of = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Deadlines => {
  const clock = Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock)
  let deadlines = byClock.get(clock)
  if (deadlines === undefined) byClock.set(clock, deadlines = new Deadlines(clock))
  return deadlines
}
