import { Effect } from "effect"

/** What is the same wherever it is asked for, by its key: found by the first that asks, and given to all. */
export const foundOnce = <A, E = never, R = never>() => {
  const known = new Map<string, Effect.Effect<A, E, R>>()
  return (key: string, find: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const found = known.get(key) ?? Effect.runSync(Effect.cached(find))
    known.set(key, found)
    return found
  }
}
