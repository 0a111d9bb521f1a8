import * as Config from "effect/Config"
import * as Effect from "effect/Effect"

/** A variable; a blank one counts as unset. */
export const variable = (name: string): Effect.Effect<string | undefined> =>
  Config.string(name).pipe(
    Effect.map((value): string | undefined => value.trim() === "" ? undefined : value),
    Effect.orElseSucceed(() => undefined)
  )

/** The home directory. */
export const home: Effect.Effect<string | undefined> = Effect.flatMap(
  variable("HOME"),
  (found) => found === undefined ? variable("USERPROFILE") : Effect.succeed(found)
)
