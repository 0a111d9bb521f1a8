/**
 * Environment variables through the current `ConfigProvider`, looked up ahead so that everything after is pure.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type { Lookup } from "../core/config/env.js"

export const lookups = Effect.fnUntraced(function*(names: Iterable<string>) {
  const found = new Map<string, string>()
  for (const name of names) {
    // whatever a provider may have against a name: the variable is not set
    const value: unknown = yield* Effect.orElseSucceed(Config.string(name), () => "")
    // that of the environment finds members of its prototype too, which are no texts
    if (typeof value === "string" && value.trim() !== "") found.set(name, value)
  }
  const lookup: Lookup = (name) => found.get(name)
  return lookup
})
