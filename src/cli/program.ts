/**
 * The whole program: from the words of a command line to an exit code.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { read, UsageError } from "./arguments.js"
import { program } from "./commands.js"
import { completions, help, usage } from "./help.js"
import { complain, note, print, Screen } from "./screen.js"

// A mistake in the command line: exit code 2.
const misused = (error: UsageError) =>
  Effect.as(
    note(({ dim, red }) =>
      `${red("error:")} ${error.message}\n${
        dim(`usage: ${usage(error.path)}\nhelp:  ${error.path.map(({ name }) => name).join(" ")} --help`)
      }`
    ),
    2
  )

/** Runs a command line. Succeeds with the exit code. */
export const run = (words: ReadonlyArray<string>, version: string): Effect.Effect<number, never, Screen> => {
  const line = read(program, words)
  if (Either.isLeft(line)) return misused(line.left)
  const { completions: shell, globals, path, show } = line.right
  const { name } = program
  if (show === "help") return Effect.as(Effect.flatMap(Screen, ({ out }) => print(help(path, version, out))), 0)
  if (show === "version") return Effect.as(print(`${name} ${version}`), 0)
  if (shell !== undefined) return Effect.as(print(completions(program, shell)), 0)
  // all else is loaded when a command is run
  const done = Effect.flatMap(
    Effect.promise(() => import("./execute.js")),
    ({ execute }) => execute(line.right, version)
  )
  const { baseUrl } = globals
  const checked = baseUrl === undefined ? done : Effect.flatMap(
    Effect.promise(() => import("./address.js")),
    ({ mistakeIn }) => {
      const mistake = mistakeIn(baseUrl)
      return mistake === undefined ? done : misused(new UsageError(mistake, path))
    }
  )
  return checked.pipe(
    // a mistake of this program
    Effect.catchAllDefect((defect) => Effect.as(complain(String(defect)), 1))
  )
}
