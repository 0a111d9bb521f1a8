import * as Config from "effect/Config"
import * as Effect from "effect/Effect"

/** A variable; a blank one counts as unset. */
export const variable = (name: string): Effect.Effect<string | undefined> =>
  Config.string(name).pipe(
    Effect.map((value): string | undefined => value.trim() === "" ? undefined : value),
    Effect.orElseSucceed(() => undefined)
  )
