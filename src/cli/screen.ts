/**
 * Where the command writes to, and what it looks like there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Failed } from "./failures.js"
import { wrap } from "./text.js"

export type Ink = (text: string) => string

/** Colours and weights; without colour each gives the text as it is. */
export interface Inks {
  readonly bold: Ink
  readonly dim: Ink
  readonly red: Ink
  readonly green: Ink
  readonly yellow: Ink
  readonly cyan: Ink
}

const ink = (on: boolean, open: number, close: number): Ink => (text) =>
  on && text !== "" ? `\u001b[${open}m${text}\u001b[${close}m` : text

export const inks = (on: boolean): Inks => ({
  bold: ink(on, 1, 22),
  dim: ink(on, 2, 22),
  red: ink(on, 31, 39),
  green: ink(on, 32, 39),
  yellow: ink(on, 33, 39),
  cyan: ink(on, 36, 39)
})

/** One of the two outputs. */
export interface Output {
  /** Writes as it is. */
  readonly write: (text: string) => Effect.Effect<void>
  readonly isTerminal: boolean
  /** Columns; of what is no terminal there is no limit. */
  readonly columns: () => number
  readonly inks: Inks
}

export interface ScreenService {
  /** What was asked for, and nothing else. */
  readonly out: Output
  /** Everything else. */
  readonly err: Output
  /** Whether somebody types. */
  readonly isInteractive: boolean
  /** All that is piped in. */
  readonly input: Effect.Effect<string, Failed>
}

export class Screen extends Context.Tag("effect-ollama/cli/screen")<Screen, ScreenService>() {}

/** A line of what was asked for. */
export const print = (text: string): Effect.Effect<void, never, Screen> =>
  Effect.flatMap(Screen, ({ out }) => out.write(`${text}\n`))

/** A sentence for who is watching. */
export const note = (make: (inks: Inks) => string): Effect.Effect<void, never, Screen> =>
  Effect.flatMap(Screen, ({ err }) => err.write(`${wrap(make(err.inks), err.columns())}\n`))

/** What went wrong, with its first words marked. */
export const complain = (text: string): Effect.Effect<void, never, Screen> =>
  note(({ red }) => `${red("error:")} ${text}`)

export const printJson = (value: unknown): Effect.Effect<void, never, Screen> => print(JSON.stringify(value, null, 2))
