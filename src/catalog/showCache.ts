/**
 * What models can do, remembered by server and digest: bounded, for a time, and only what is known. Entries that are too
 * old stay as what was known last, until newer ones push them out. It can be kept in a `KeyValueStore`, one document a
 * server; a store that fails, or that holds something else, costs nothing but the requests, and one that does not answer
 * some time.
 */
import type * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Shown } from "../core/catalog/answers.js"
import * as stored from "../core/catalog/stored.js"

export interface ShowCache {
  readonly get: (
    root: string,
    digest: string | undefined
  ) => Effect.Effect<{ readonly shown: Shown; readonly fresh: boolean } | undefined>
  readonly set: (root: string, digest: string | undefined, shown: Shown) => Effect.Effect<void>
  /** Reads what is stored about a server, once, and makes room for as many models as it lists. */
  readonly load: (root: string, models: number) => Effect.Effect<void>
  /** Stores what is known about a server, when there is something new. */
  readonly save: (root: string) => Effect.Effect<void>
}

/** For how long the store is waited for. */
const limit = "2 seconds"

const storeKey = (root: string): string => `effect-ollama/show/${root}`

export const make = (options: {
  /** In ms. */
  readonly timeToLive: number
  readonly capacity: number
  readonly store: KeyValueStore.KeyValueStore | undefined
}): ShowCache => {
  const { store } = options
  // The order of a Map is the order of use, the oldest first.
  const entries = new Map<string, stored.Remembered>()
  const loaded = new Set<string>()
  const changed = new Set<string>()
  // Whatever a server lists now has room, or each discovery would push out what the next one needs.
  const listed = new Map<string, number>()
  let capacity = options.capacity
  const keyOf = (root: string, digest: string): string => `${root}\n${digest}`

  const put = (key: string, entry: stored.Remembered): void => {
    entries.delete(key)
    entries.set(key, entry)
    if (entries.size <= capacity) return
    for (const oldest of entries.keys()) {
      entries.delete(oldest)
      return
    }
  }

  const get: ShowCache["get"] = (root, digest) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (digest === undefined) return undefined
      const key = keyOf(root, digest)
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      put(key, entry)
      // an entry from the future was written by a clock that was set back since
      return { shown: entry.shown, fresh: now >= entry.at && now - entry.at < options.timeToLive }
    })

  const set: ShowCache["set"] = (root, digest, shown) =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      if (digest === undefined || shown.capabilities === undefined) return
      put(keyOf(root, digest), { shown, at })
      changed.add(root)
    })

  const load: ShowCache["load"] = (root, models) =>
    Effect.suspend(() => {
      listed.set(root, models)
      capacity = Math.max(options.capacity, Array.from(listed.values()).reduce((sum, n) => sum + n, 0))
      if (store === undefined || loaded.has(root)) return Effect.void
      return Effect.matchCauseEffect(Effect.timeout(store.get(storeKey(root)), limit), {
        onFailure: (cause) => Effect.logDebug("What models can do was not read from the store", cause),
        onSuccess: (text) =>
          Effect.sync(() => {
            loaded.add(root)
            for (const [digest, entry] of stored.read(Option.getOrElse(text, () => ""))) {
              const key = keyOf(root, digest)
              if (!entries.has(key)) put(key, entry)
            }
          })
      })
    })

  const save: ShowCache["save"] = (root) =>
    Effect.suspend(() => {
      if (store === undefined || !changed.has(root)) return Effect.void
      const prefix = keyOf(root, "")
      const known = Array.from(entries).flatMap(([key, entry]) =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), entry] as const] : []
      )
      changed.delete(root)
      const written = Effect.timeout(store.set(storeKey(root), stored.write(known)), limit)
      const saving = Effect.onExit(written, (exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit)) changed.add(root)
        }))
      return Effect.matchCauseEffect(saving, {
        onFailure: (cause) => Effect.logDebug("What models can do was not stored", cause),
        onSuccess: () => Effect.void
      })
    })

  return { get, set, load, save }
}
