import { Effect, Layer, ManagedRuntime } from "effect"

/** Services that are made once, by the first test that asks for them, for tests that do not change them. */
export const shared = <A, E>(layer: Layer.Layer<A, E>): Layer.Layer<A> => {
  const runtime = ManagedRuntime.make(layer)
  return Layer.effectContext(Effect.map(Effect.promise(() => runtime.runtime()), ({ context }) => context))
}
