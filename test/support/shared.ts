import { Effect, Layer, ManagedRuntime } from "effect"

/** Services that are made once, by the first test that asks for them, for tests that do not change them. */
export const shared = <A, E>(layer: Layer.Layer<A, E>): Layer.Layer<A> => {
  const runtime = ManagedRuntime.make(layer)
  return Layer.effectContext(Effect.map(Effect.promise(() => runtime.runtime()), ({ context }) => context))
}

/** What is the same wherever it is asked for, by its key: found by the first that asks, and given to all. */
export const foundOnce = <A, E = never, R = never>() => {
  const known = new Map<string, Effect.Effect<A, E, R>>()
  return (key: string, find: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const found = known.get(key) ?? Effect.runSync(Effect.cached(find))
    known.set(key, found)
    return found
  }
}
