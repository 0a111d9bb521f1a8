// @partial
import { Effect, Layer, ManagedRuntime } from "effect"

export const shared = <A, E>(layer: Layer.Layer<A, E>): Layer.Layer<A> => {
  const runtime = ManagedRuntime.make(layer)
  return Layer.effectContext(Effect.promise(() => runtime.context()))
}
