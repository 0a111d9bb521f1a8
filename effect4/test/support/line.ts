/** How it is on Effect 4. */
import { Console, Effect } from "effect"
import { it } from "./effect4.js"

/** Skipped, with the reason. */
export const only3 = (reason: string) => (name: string, _body: unknown) => void it.skip(`${name} (${reason})`, () => {})

export const only3Sync = only3

export const builtInDefinitions: Array<string> = []

export const printed = <E, R>(program: Effect.Effect<void, E, R>) =>
  Effect.gen(function*() {
    const lines: Array<unknown> = []
    const console = yield* Console.Console
    yield* Effect.provideService(program, Console.Console, { ...console, log: (line) => void lines.push(line) })
    return lines
  })

/** Only where `HttpClient.TracerHeaderFilter` asks for them. */
export const spansTellHeaders = false
