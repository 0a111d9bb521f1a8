/**
 * The discovered models of one provider: remembered for a while, asked for by one discovery at a time, however many
 * fibers wait for it.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import { isTransportError } from "../core/failure/transport.js"
import type { Catalog } from "../Model.js"
import type { CatalogError } from "../OllamaError.js"

export interface CatalogCache {
  /** At most `timeToLive` old. */
  readonly read: Effect.Effect<Catalog, CatalogError>
  /** Asked for after the call, not before. */
  readonly refresh: Effect.Effect<Catalog, CatalogError>
  /**
   * One that passes. When none does that was asked for after the call, it is asked for anew, once, unless a lookup did so
   * less than `refreshInterval` ago; the answer may still not pass. When what was asked then failed, so does this.
   */
  readonly lookup: (passes: (catalog: Catalog) => boolean) => Effect.Effect<Catalog, CatalogError>
  /**
   * What is asked for; when its server does not answer, the last one if that passes, and for `refreshInterval` from then on
   * without waiting for the server again.
   */
  readonly orLast: (
    passes: (catalog: Catalog) => boolean,
    asked: Effect.Effect<Catalog, CatalogError>
  ) => Effect.Effect<Catalog, CatalogError>
  /** Whatever was asked for before the call is not fresh any more. */
  readonly invalidate: Effect.Effect<void>
  /** The last one, however old. */
  readonly last: Effect.Effect<Option.Option<Catalog>>
}

// A catalog and when it was asked for (epoch ms).
interface Entry {
  readonly catalog: Catalog
  readonly at: number
  /** How often what was known had been invalidated then. */
  readonly edition: number
}

// A discovery that runs, or waits for the one before it to end.
interface Flight {
  readonly result: Deferred.Deferred<Entry, CatalogError>
  fiber: Fiber.RuntimeFiber<Entry, CatalogError> | undefined
  /** The one that it waits for. */
  before: Flight | undefined
  waiters: number
  /** When it began to ask; `undefined` while it waits. */
  at: number | undefined
  /** That of its entry, once it asks. */
  edition: number
  done: boolean
}

export const make = (options: {
  readonly discover: Effect.Effect<Catalog, CatalogError>
  /** In ms. */
  readonly timeToLive: number
  /** In ms. */
  readonly refreshInterval: number
}): CatalogCache => {
  let entry: Entry | undefined
  let flight: Flight | undefined
  let edition = 0
  /** When a lookup last asked anew, and what was not enough for it. */
  let rechecked: { readonly at: number; readonly missed: Entry | undefined } | undefined
  /** What came of the last discovery, if it failed. */
  let failure: CatalogError | undefined
  /** When the last one was used because the server did not answer. */
  let silentAt: number | undefined
  const single = Effect.unsafeMakeSemaphore(1)

  // A clock that was set back must not keep an entry alive.
  const within = (at: number | undefined, now: number, limit: number): boolean =>
    at !== undefined && now >= at && now - at < limit

  // What readers can join once this one is over.
  const retire = (self: Flight): void => {
    if (flight !== self) return
    flight = self.before !== undefined && !self.before.done && self.before.waiters > 0 ? self.before : undefined
  }

  // The one who launches it is its first waiter.
  const launch = (before: Flight | undefined): Effect.Effect<Flight> =>
    Effect.suspend(() => {
      const self: Flight = {
        result: Deferred.unsafeMake(FiberId.none),
        fiber: undefined,
        before,
        waiters: 1,
        at: undefined,
        edition,
        done: false
      }
      flight = self
      const ask = Effect.flatMap(Clock.currentTimeMillis, (at) => {
        self.at = at
        self.before = undefined
        const asked = self.edition = edition
        return Effect.map(options.discover, (catalog): Entry => ({ catalog, at, edition: asked }))
      })
      return Effect.interruptible(single.withPermits(1)(ask)).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            self.done = true
            if (Exit.isSuccess(exit)) {
              entry = exit.value
              failure = silentAt = undefined
            } else failure = Option.getOrElse(Cause.failureOption(exit.cause), () => failure)
            retire(self)
            Deferred.unsafeDone(self.result, exit)
          })
        ),
        // it lives for all its waiters, so none of them is its parent
        Effect.forkDaemon,
        Effect.map((fiber) => {
          self.fiber = fiber
          return self
        })
      )
    })

  // The last waiter to go takes the discovery along.
  const leave = (self: Flight): Effect.Effect<void> =>
    Effect.suspend(() => {
      self.waiters--
      if (self.waiters > 0 || self.done || self.fiber === undefined) return Effect.void
      retire(self)
      // nobody will know what it would have said
      if (rechecked?.missed === entry) rechecked = undefined
      return Fiber.interrupt(self.fiber)
    })

  const join = (accept: (running: Flight) => boolean): Effect.Effect<Entry, CatalogError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const wait = (self: Flight) => Effect.ensuring(restore(Deferred.await(self.result)), leave(self))
        if (flight === undefined || !accept(flight)) return Effect.flatMap(launch(flight), wait)
        flight.waiters++
        return wait(flight)
      })
    )

  const any = () => true

  const valid = (running: Flight): boolean => running.at === undefined || running.edition === edition

  const since = (now: number) => (running: Flight): boolean => running.at === undefined || running.at >= now

  const current = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      entry !== undefined && entry.edition === edition && within(entry.at, now, options.timeToLive)
        ? Effect.succeed(entry)
        : join(valid)
  )

  const recheck = (missed: Entry, asked: number): Effect.Effect<Entry, CatalogError> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (within(rechecked?.at, now, options.refreshInterval)) {
        if (flight !== undefined) return join(any)
        return failure === undefined ? Effect.succeed(missed) : Effect.fail(failure)
      }
      rechecked = { at: now, missed }
      return Effect.tap(join(since(asked)), (fresh) =>
        Effect.sync(() => {
          // it may have waited for its turn
          rechecked = { at: fresh.at, missed }
        }))
    })

  const lookup: CatalogCache["lookup"] = (passes) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const before = entry
      return Effect.flatMap(current, (got) => {
        if (passes(got.catalog)) return Effect.succeed(got.catalog)
        // what was remembered, or joined when it ran already, may be older than what the lookup is about
        if (got === before || got.at < now) return Effect.map(recheck(got, now), (fresh) => fresh.catalog)
        rechecked = { at: got.at, missed: undefined }
        return Effect.succeed(got.catalog)
      })
    })

  // An answer that refuses is one.
  const orLast: CatalogCache["orLast"] = (passes, asked) =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (now) =>
        entry !== undefined && within(silentAt, now, options.refreshInterval) && passes(entry.catalog)
          ? Effect.succeed(entry.catalog)
          : Effect.catchAll(asked, (error) => {
            const last = entry
            return last !== undefined && isTransportError(error) && passes(last.catalog)
              ? Effect.map(Clock.currentTimeMillis, (at) => {
                silentAt = at
                return last.catalog
              })
              : Effect.fail(error)
          })
    )

  return {
    read: Effect.map(current, (got) => got.catalog),
    refresh: Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => Effect.map(join(since(now)), (got) => got.catalog)
    ),
    lookup,
    orLast,
    invalidate: Effect.sync(() => {
      edition++
      rechecked = silentAt = undefined
    }),
    last: Effect.sync(() => Option.map(Option.fromNullable(entry), (got) => got.catalog))
  }
}
