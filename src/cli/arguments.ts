/**
 * Puts the words of a command line in the order that the parser knows: options may stand anywhere (those of a command
 * behind it), values may follow an equals sign, and a word that is nearly one that there is gets told so.
 */
import * as Either from "effect/Either"
import { suggest } from "../core/config/suggest.js"
import { dashed, type Described } from "./command.js"
import { globalFlags, type Globals, type OptionAbout } from "./settings.js"
import { partOfSentence } from "./text.js"

/** A mistake in the command line, with the command that it is about. */
export class UsageError {
  readonly _tag = "UsageError"
  constructor(readonly message: string, readonly path: ReadonlyArray<Described>) {}
}

export interface Line {
  readonly globals: Globals
  /** The command, from the program itself on. */
  readonly path: ReadonlyArray<Described>
  /** For the parser of the command: its options, then its arguments. */
  readonly words: ReadonlyArray<string>
  readonly show?: "help" | "version" | undefined
  readonly completions?: string | undefined
}

const namesOf = (flags: ReadonlyArray<OptionAbout>): ReadonlyArray<string> =>
  flags.flatMap(({ alias, name }) => alias === undefined ? [name] : [name, alias])

const isOption = (word: string): boolean => /^-./.test(word) && !/^-\.?\d/.test(word)

const isWithin = (text: string, [least, most]: readonly [number, number]): boolean =>
  /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most

/** The command that a word was probably to be: one of these, or one within them, as `list` is within `models`. */
const meantBy = (word: string, { children }: Described): string | undefined => {
  const called = (names: ReadonlyArray<Described>) => names.flatMap(({ aliases, name }) => [name, ...aliases])
  const near = suggest(word, called(children))
  if (near !== undefined) return near
  for (const child of children) {
    const inner = suggest(word, called(child.children))
    if (inner !== undefined) return `${child.name} ${inner}`
  }
  return undefined
}

/** Where an option belongs that a command does not have. */
const ownerOf = (program: Described, name: string): string | undefined => {
  const walk = (here: Described, path: string): string | undefined => {
    if (namesOf(here.flags).includes(name)) return path
    for (const child of here.children) {
      const found = walk(child, path === "" ? child.name : `${path} ${child.name}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  return walk(program, "")
}

export const read = (program: Described, words: ReadonlyArray<string>): Either.Either<Line, UsageError> => {
  const path = [program]
  const options: Array<string> = []
  const positional: Array<string> = []
  const globals = new Map<string, string | true>()
  const fail = (message: string) => Either.left(new UsageError(message, [...path]))

  let forced = false
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    const here = path.at(-1)!
    if (!forced && word === "--") {
      forced = true
      continue
    }
    if (forced || !isOption(word)) {
      if (here.children.length === 0 || forced) {
        positional.push(word)
        continue
      }
      const child = here.children.find(({ aliases, name }) => name === word || aliases.includes(word))
      if (child === undefined) {
        const meant = meantBy(word, here) ?? meantBy(word, program)
        return fail(`There is no command "${word}".${meant === undefined ? "" : ` Did you mean "${meant}"?`}`)
      }
      path.push(child)
      continue
    }
    const [, name = "", inline] = /^--?([^=]*)(?:=([\s\S]*))?$/.exec(word)!
    const own = here.flags.find((flag) => flag.name === name || flag.alias === name)
    const global = own === undefined ? globalFlags.find((flag) => flag.name === name || flag.alias === name) : undefined
    if (own?.name === "think" && (inline === "true" || inline === "false")) {
      options.push(inline === "true" ? "--think" : "--no-think")
      continue
    }
    // `--think=high` is short for `--think-level high`
    const level = own !== undefined && own.value === undefined && inline !== undefined
      ? here.flags.find((flag) => flag.name === `${name}-level`)
      : undefined
    const known: OptionAbout | undefined = level ?? own ?? global
    if (known === undefined) {
      const meant = suggest(name, namesOf([...here.flags, ...globalFlags]))
      const owner = ownerOf(program, name)
      return fail(
        `There is no option ${dashed(name)}.` + (owner !== undefined
          ? ` It belongs to "${owner}", behind it.`
          : meant === undefined
          ? ""
          : ` Did you mean ${dashed(meant)}?`)
      )
    }
    let value: string | true = true
    if (known.value === undefined) {
      if (inline !== undefined) return fail(`${dashed(known.name)} takes no value.`)
    } else {
      const given = inline ?? words[++i]
      if (given === undefined) {
        return fail(`${dashed(known.name)} needs a value: ${dashed(known.name)} <${known.value}>.`)
      }
      if (known.choices !== undefined && !known.choices.includes(given)) {
        const meant = suggest(given, known.choices)
        return fail(
          `${dashed(known.name)} is one of ${known.choices.join(", ")}, not "${given}".`
            + (meant === undefined ? "" : ` Did you mean "${meant}"?`)
        )
      }
      if (known.range !== undefined && !isWithin(given, known.range)) {
        return fail(`${dashed(known.name)} is a whole number from ${known.range.join(" to ")}, not "${given}".`)
      }
      value = given
    }
    if (known === global) globals.set(known.name, value)
    else options.push(dashed(known.name), ...(value === true ? [] : [value]))
  }

  const command = path.at(-1)!
  const text = (name: string): string | undefined => {
    const value = globals.get(name)
    return typeof value === "string" ? value : undefined
  }
  const line = (words: ReadonlyArray<string>, show?: Line["show"]): Line => ({
    globals: {
      config: text("config"),
      baseUrl: text("base-url"),
      verbose: globals.has("verbose"),
      noColor: globals.has("no-color")
    },
    path: [...path],
    words,
    show,
    completions: text("completions")
  })
  if (globals.has("help")) return Either.right(line([], "help"))
  if (globals.has("version")) return Either.right(line([], "version"))
  if (globals.has("completions")) return Either.right(line([]))
  if (command.children.length > 0) {
    if (positional.length > 0) return fail(`There is no command "${positional[0]}".`)
    if (path.length === 1) return Either.right(line([], "help"))
    return fail(`${command.name} what? It has ${command.children.map(({ name }) => `"${name}"`).join(", ")}.`)
  }
  const min = command.arguments.reduce((sum, argument) => sum + argument.min, 0)
  const max = command.arguments.reduce((sum, argument) => sum + argument.max, 0)
  if (positional.length < min) {
    const missing = command.arguments.filter((argument) => argument.min > 0)[positional.length]
    return fail(
      `<${missing?.name ?? "argument"}> is missing${missing === undefined ? "" : `: ${partOfSentence(missing.about)}`}.`
    )
  }
  if (positional.length > max) return fail(`"${positional[max]}" is one argument too many.`)
  // quoted words would arrive as one; what looks like an option is none behind the dashes
  return Either.right(line([...options, "--", ...positional]))
}
