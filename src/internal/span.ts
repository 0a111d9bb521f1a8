/**
 * Spans on the way of every completion, only where somebody looks: a span that Effect's own tracer keeps for nobody costs
 * about as much as decoding a small answer.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Tracer from "effect/Tracer"

/** Whether the host has installed a tracer. */
export const hasTracer: Effect.Effect<boolean> = Effect.map(
  FiberRef.get(DefaultServices.currentServices),
  (services) => Context.get(services, Tracer.Tracer) !== Context.get(DefaultServices.liveServices, Tracer.Tracer)
)

/** A span that is ended by hand, for what is no single effect. */
export interface OpenSpan {
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly annotate: (attributes: Record<string, unknown>) => void
  readonly end: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

export const untraced: OpenSpan = { within: (effect) => effect, annotate: () => {}, end: () => Effect.void }

export const open = (name: string): Effect.Effect<OpenSpan> =>
  Effect.flatMap(hasTracer, (traced) =>
    traced
      ? Effect.map(Effect.makeSpan(name, { captureStackTrace: false }), (span): OpenSpan => ({
        within: (effect) => Effect.withParentSpan(effect, span) as typeof effect, // only what the effect needed before
        annotate: (attributes) => {
          for (const key of Object.keys(attributes)) span.attribute(key, attributes[key])
        },
        end: (exit) => Effect.map(Clock.currentTimeNanos, (now) => span.end(now, exit))
      }))
      : Effect.succeed(untraced))

/** An effect in a span of that name. */
export const use = <A, E, R>(
  name: string,
  effect: (span: OpenSpan) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(open(name), (span) =>
      span === untraced
        ? restore(effect(span))
        : Effect.onExit(restore(span.within(effect(span))), span.end))
  )
