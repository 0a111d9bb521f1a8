/** What tests say of Effect 3 that is not so of Effect 4: the file of this name in effect4/test says how it is there. */
import { it } from "@effect/vitest"
import { Effect } from "effect"

/** A test of what Effect 4 has no more, with the reason. */
export const only3 = (_reason: string) => it.effect

/** The same for a test without effects. */
export const only3Sync = (_reason: string) => it

/** Which of Effect's own schemas become definitions of a JSON Schema. */
export const builtInDefinitions = ["Int", "Date"]

/** What a program prints. */
export const printed = <E, R>(program: Effect.Effect<void, E, R>) =>
  Effect.gen(function*() {
    const lines: Array<unknown> = []
    const console = yield* Effect.console
    yield* Effect.withConsole(program, {
      ...console,
      log: (line: unknown) => Effect.sync(() => void lines.push(line))
    })
    return lines
  })

/** Whether spans of requests tell of headers without being asked to. */
export const spansTellHeaders = true
