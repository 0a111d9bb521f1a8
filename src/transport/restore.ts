/**
 * Who opens a connection does so where nothing interrupts, and only waits through this, from `Effect.uninterruptibleMask`:
 * between an answer that arrived and who closes it there is then no moment at which it could be lost. Everything that
 * takes a `Restore` is to be called in such a region.
 */
import type * as Effect from "effect/Effect"

/** Makes an effect interruptible again, if the caller of the region was. */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
