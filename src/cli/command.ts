/**
 * How a command is described: once, for the parser, the help, the completions and the suggestions. Data only: what a
 * command does is loaded when it is run.
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Screen } from "./screen.js"
import type { OptionAbout, Settings } from "./settings.js"

/** Anything that a command fails with: a tag, and a sentence for a person. */
export interface Failure {
  readonly _tag: string
  readonly message: string
}

/** What every command has. */
export type Environment = Screen | Settings | FileSystem.FileSystem | Path.Path

/** An option of a command, that may stand anywhere behind it. */
export interface Flag<A> extends OptionAbout {
  readonly kind: "flag"
  readonly shape: "boolean" | "text" | "texts" | "integer" | "choice"
  readonly _A?: A | undefined
}

export interface Argument<A> {
  readonly kind: "argument"
  readonly name: string
  readonly about: string
  readonly min: 0 | 1
  readonly max: number
  readonly _A?: A | undefined
}

export type Input<A> = Flag<A> | Argument<A>

export type Inputs = Readonly<Record<string, Input<unknown>>>

export type Values<I extends Inputs> = { readonly [K in keyof I]: I[K] extends Input<infer A> ? A : never }

export interface Example {
  readonly line: string
  readonly about: string
}

/** A command with all that is said about it. */
export interface Described {
  readonly name: string
  readonly aliases: ReadonlyArray<string>
  readonly summary: string
  readonly details?: string | undefined
  readonly inputs: Inputs
  readonly flags: ReadonlyArray<Flag<unknown>>
  readonly arguments: ReadonlyArray<Argument<unknown>>
  readonly examples: ReadonlyArray<Example>
  readonly children: ReadonlyArray<Described>
  /** With the values of the inputs, by their keys, as the parser has read them. */
  readonly run: (values: Readonly<Record<string, unknown>>) => Effect.Effect<void, Failure, Environment>
}

// =============================================================================
// inputs
// =============================================================================

interface About {
  readonly alias?: string | undefined
}

/** The name of an option as it is typed. */
export const dashed = (name: string): string => name.length === 1 ? `-${name}` : `--${name}`

/** Said or not. */
export const flag = (name: string, about: string, { alias }: About = {}): Flag<boolean> => ({
  kind: "flag",
  shape: "boolean",
  name,
  alias,
  about
})

export const text = (
  name: string,
  value: string,
  about: string,
  { alias }: About = {}
): Flag<Option.Option<string>> => ({
  kind: "flag",
  shape: "text",
  name,
  alias,
  value,
  about
})

/** One that may be said several times. */
export const texts = (name: string, value: string, about: string): Flag<ReadonlyArray<string>> => ({
  kind: "flag",
  shape: "texts",
  name,
  value,
  about
})

export const integer = (
  name: string,
  value: string,
  range: readonly [least: number, most: number],
  about: string
): Flag<Option.Option<number>> => ({
  kind: "flag",
  shape: "integer",
  name,
  value,
  range,
  about
})

export const choice = <const C extends ReadonlyArray<string>>(
  name: string,
  choices: C,
  about: string
): Flag<Option.Option<C[number]>> => ({
  kind: "flag",
  shape: "choice",
  name,
  value: choices.join("|"),
  choices,
  about
})

export const argument = (name: string, about: string): Argument<string> => ({
  kind: "argument",
  name,
  about,
  min: 1,
  max: 1
})

export const optionalArgument = (name: string, about: string): Argument<Option.Option<string>> => ({
  kind: "argument",
  name,
  about,
  min: 0,
  max: 1
})

export const manyArguments = (name: string, about: string, min: 0 | 1): Argument<ReadonlyArray<string>> => ({
  kind: "argument",
  name,
  about,
  min,
  max: Infinity
})

// =============================================================================
// commands
// =============================================================================

interface Said<Name extends string = string> {
  readonly name: Name
  readonly aliases?: ReadonlyArray<string> | undefined
  readonly summary: string
  readonly details?: string | undefined
  readonly examples?: ReadonlyArray<Example> | undefined
}

type Run<I extends Inputs> = (values: Values<I>) => Effect.Effect<void, Failure, Environment>

/** A command. `load` gets the module that does it: by its export of the command's name. */
export const command = <const Name extends string, const I extends Inputs>(
  said: Said<Name>,
  inputs: I,
  load: () => Promise<{ readonly [N in Name]: Run<I> }>
): Described => {
  const all = Object.values<Input<unknown>>(inputs)
  return {
    ...said,
    aliases: said.aliases ?? [],
    examples: said.examples ?? [],
    inputs,
    flags: all.filter((input) => input.kind === "flag"),
    arguments: all.filter((input) => input.kind === "argument"),
    children: [],
    run: (values) =>
      Effect.flatMap(
        Effect.promise(load),
        (module) => module[said.name](values as Values<I>) // the parser was made of the same inputs
      )
  }
}

/** A command that is nothing but the way to others. */
export const group = (said: Said, children: ReadonlyArray<Described>): Described => ({
  ...said,
  aliases: said.aliases ?? [],
  examples: said.examples ?? [],
  inputs: {},
  flags: [],
  arguments: [],
  children,
  run: () => Effect.void
})
