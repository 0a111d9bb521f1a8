/**
 * Runs a command whose words are in order: the parser gives its values their types.
 */
import * as Args from "@effect/cli/Args"
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Terminal from "@effect/platform/Terminal"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Line } from "./arguments.js"
import type { Argument, Described, Failure, Flag, Input } from "./command.js"
import { describe } from "./failure.js"
import { note, type Screen } from "./screen.js"
import { Settings } from "./settings.js"

const flag = ({ choices = [], name, shape }: Flag<unknown>): Options.Options<unknown> => {
  switch (shape) {
    case "boolean":
      return Options.boolean(name)
    case "text":
      return Options.optional(Options.text(name))
    case "texts":
      return Options.repeated(Options.text(name))
    case "integer":
      return Options.optional(Options.integer(name))
    case "choice":
      return Options.optional(Options.choice(name, choices))
  }
}

const argument = ({ max, min, name }: Argument<unknown>): Args.Args<unknown> =>
  max > 1 ? Args.repeated(Args.text({ name })) : min === 0 ? Args.optional(Args.text({ name })) : Args.text({ name })

const parserOf = ({ inputs, name, run }: Described) => {
  const parsers = Object.fromEntries(
    Object.entries<Input<unknown>>(inputs).map(([key, input]) => [
      key,
      input.kind === "flag" ? flag(input) : argument(input)
    ])
  )
  return Command.make(name, parsers, run)
}

// What the parser would print itself: all that it finds is told by this program.
const silent = (console: Console.Console): Console.Console => ({
  ...console,
  error: () => Effect.void,
  log: () => Effect.void
})

// The parser asks nothing of a person.
const terminal = Layer.succeed(
  Terminal.Terminal,
  Terminal.Terminal.of({
    columns: Effect.succeed(80),
    rows: Effect.succeed(24),
    isTTY: Effect.succeed(false),
    display: () => Effect.void,
    readInput: Effect.never,
    readLine: Effect.never
  })
)

const told = (failure: Failure) =>
  failure._tag === "SaidAlready"
    ? Effect.succeed(1)
    : Effect.flatMap(Settings, ({ verbose }) =>
      Effect.as(note((inks) => describe(failure, inks, verbose)), failure._tag === "Misused" ? 2 : 1))

/** Succeeds with the exit code. */
export const execute = (line: Line, version: string): Effect.Effect<number, never, Screen> => {
  const command = line.path.at(-1)!
  const { name } = command
  const parse = Command.run(parserOf(command), { name, version, executable: name })
  const parsed = Console.consoleWith((console) =>
    Effect.withConsole(parse(["node", name, ...line.words]), silent(console))
  )
  return parsed.pipe(
    Effect.as(0),
    Effect.catchAll((failure) => told("message" in failure ? failure : misused(failure))),
    Effect.provide(
      Layer.mergeAll(
        Layer.succeed(Settings, line.globals),
        CliConfig.layer({ showBuiltIns: false, isCaseSensitive: true }),
        NodeFileSystem.layer,
        NodePath.layer,
        terminal
      )
    )
  )
}

const misused = (error: { readonly _tag: string; readonly error?: unknown }): Failure => ({
  _tag: "Misused",
  message: Option.getOrElse(textOf(error.error), () => "The command line cannot be read.")
})

// The text of a parser's error, which is a document.
const textOf = (document: unknown): Option.Option<string> => {
  const texts: Array<string> = []
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    if (Reflect.get(value, "_tag") === "Text") texts.push(String(Reflect.get(value, "value")))
    else Object.values(value).forEach(walk)
  }
  walk(document)
  return texts.length === 0 ? Option.none() : Option.some(texts.join(""))
}
