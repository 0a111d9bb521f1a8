/** What is told on the console, which is standard error, and not printed. */
import { Effect } from "effect"
import { inspect } from "node:util"

export const toldOnConsole = <E, R>(effect: Effect.Effect<void, E, R>): Effect.Effect<string, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const usual = console.error
      const lines: Array<string> = []
      console.error = (...values: ReadonlyArray<unknown>) => {
        lines.push(values.map((value) => typeof value === "string" ? value : inspect(value)).join(" "))
      }
      return { lines, usual }
    }),
    ({ lines }) => Effect.map(effect, () => lines.join("\n")),
    ({ usual }) =>
      Effect.sync(() => {
        console.error = usual
      })
  )
