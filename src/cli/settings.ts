/**
 * What may be said with every command.
 */
import * as Context from "effect/Context"

export interface Globals {
  /** The configuration file. */
  readonly config?: string | undefined
  /** Where `ollama` is. */
  readonly baseUrl?: string | undefined
  /** Says more about failures. */
  readonly verbose: boolean
  readonly noColor: boolean
}

export class Settings extends Context.Tag("effect-ollama/cli/settings")<Settings, Globals>() {}

/** What is said about an option. */
export interface OptionAbout {
  readonly name: string
  readonly alias?: string | undefined
  /** What follows it, e.g. `path`; absent when nothing does. */
  readonly value?: string | undefined
  readonly choices?: ReadonlyArray<string> | undefined
  /** Of a whole number: the least and the most that it can be. */
  readonly range?: readonly [least: number, most: number] | undefined
  readonly about: string
}

const shells = ["bash", "zsh", "fish"]

export const globalFlags: ReadonlyArray<OptionAbout> = [
  { name: "config", value: "path", about: "The configuration file, in the place of the one that OpenClaw would read" },
  {
    name: "base-url",
    value: "url",
    about: "Where Ollama is; it needs no key then. Default: OLLAMA_HOST, or what is configured"
  },
  { name: "verbose", about: "Say more: the causes of a failure, the usage of an answer" },
  { name: "no-color", about: "No colours (also: NO_COLOR=1)" },
  { name: "help", alias: "h", about: "Show help" },
  { name: "version", about: "Show the version" },
  {
    name: "completions",
    value: shells.join("|"),
    choices: shells,
    about: "Print the completions of a shell"
  }
]
