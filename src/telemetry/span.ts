/**
 * Spans on the way of every completion, only where somebody looks: a span that Effect's own tracer keeps for nobody costs
 * about as much as decoding a small answer.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"
import type { Attributes } from "../core/telemetry/attributes.js"

/** Whether the host has installed a tracer for this fiber. */
export const isTraced = (fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean =>
  Context.get(fiber.getFiberRef(DefaultServices.currentServices), Tracer.Tracer)
    !== Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** A span that is ended by hand, for what is no single effect. */
export interface OpenSpan {
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly annotate: (attributes: Attributes) => void
  /** The same, asked for only where somebody looks. */
  readonly describe: (attributes: () => Attributes) => void
  readonly end: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

export const untraced: OpenSpan = {
  within: (effect) => effect,
  annotate: () => {},
  describe: () => {},
  end: () => Effect.void
}

export const open = (name: string): Effect.Effect<OpenSpan> =>
  Effect.withFiberRuntime((fiber) =>
    isTraced(fiber)
      ? Effect.map(Effect.makeSpan(name, { captureStackTrace: false }), (span): OpenSpan => {
        const annotate = (attributes: Attributes) => {
          for (const key of Object.keys(attributes)) span.attribute(key, attributes[key])
        }
        return {
          within: (effect) => Effect.withParentSpan(effect, span) as typeof effect, // only what the effect needed before
          annotate,
          describe: (attributes) => {
            if (span.sampled) annotate(attributes())
          },
          end: (exit) => Effect.map(Clock.currentTimeNanos, (now) => span.end(now, exit))
        }
      })
      : Effect.succeed(untraced)
  )

/** An effect in a span of that name. */
export const use = <A, E, R>(
  name: string,
  effect: (span: OpenSpan) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((fiber) =>
    isTraced(fiber)
      ? Effect.acquireUseRelease(open(name), (span) => span.within(effect(span)), (span, exit) => span.end(exit))
      : effect(untraced)
  )
