/**
 * The help of a command, and the completions of three shells.
 */
import { type Argument, dashed, type Described } from "./command.js"
import type { Output } from "./screen.js"
import { globalFlags, type OptionAbout } from "./settings.js"
import { pairs } from "./table.js"
import { wrap } from "./text.js"

const flagNames = ({ alias, name, value }: OptionAbout): string =>
  `${alias === undefined ? "" : `${dashed(alias)}, `}${dashed(name)}${value === undefined ? "" : ` <${value}>`}`

const argumentName = ({ max, min, name }: Argument<unknown>): string => {
  const one = max > 1 ? `${name}...` : name
  return min > 0 ? `<${one}>` : `[${one}]`
}

/** `effect-ollama models show <ref> [options]` */
export const usage = (path: ReadonlyArray<Described>): string => {
  const command = path.at(-1)!
  const names = path.map(({ name }) => name).join(" ")
  if (command.children.length > 0) return `${names} <command> [options]`
  const inputs = command.arguments.map(argumentName)
  return [names, ...inputs, "[options]"].join(" ")
}

// Every command with a name of its own, e.g. `models list`.
const leaves = (command: Described, before: string): ReadonlyArray<readonly [string, string]> =>
  command.children.flatMap((child) => {
    const name = before === "" ? child.name : `${before} ${child.name}`
    return child.children.length > 0 ? leaves(child, name) : [[name, child.summary] as const]
  })

export const help = (path: ReadonlyArray<Described>, version: string, output: Output): string => {
  const command = path.at(-1)!
  const { inks } = output
  const columns = Math.min(output.columns(), 100)
  const narrow: Output = { ...output, columns: () => columns - 2 }
  const indented = (text: string) => text.split("\n").map((line) => `  ${line}`.trimEnd()).join("\n")
  const section = (title: string, body: string) => `${inks.bold(title)}\n${indented(body)}`
  const list = (title: string, entries: ReadonlyArray<readonly [string, string]>) =>
    entries.length === 0 ? [] : [section(title, pairs(entries, narrow))]
  const flags = (all: ReadonlyArray<OptionAbout>) => all.map((one) => [flagNames(one), one.about] as const)
  const commands = leaves(command, "")
  return [
    wrap(
      path.length === 1 ? `${inks.bold(`${command.name} ${version}`)}: ${command.summary}` : command.summary,
      columns
    ),
    ...(command.details === undefined ? [] : [wrap(command.details, columns)]),
    section("Usage", wrap(usage(path), columns - 2, "  ")),
    ...list("Commands", commands),
    ...list("Arguments", command.arguments.map((one) => [argumentName(one), one.about] as const)),
    ...list("Options", flags(command.flags)),
    ...list("With every command", flags(globalFlags)),
    ...(command.examples.length === 0
      ? []
      : [section(
        "Examples",
        command.examples.map(({ about, line }) => `${inks.dim(wrap(`# ${about}`, columns - 2))}\n${line}`).join("\n\n")
      )])
  ].join("\n\n")
}

// =============================================================================
// completions
// =============================================================================

interface Place {
  /** The words that lead there, e.g. `models list`. */
  readonly words: ReadonlyArray<string>
  readonly command: Described
}

const places = (command: Described, words: ReadonlyArray<string>): ReadonlyArray<Place> => [
  { words, command },
  ...command.children.flatMap((child) => places(child, [...words, child.name]))
]

const wordsOf = ({ command }: Place): ReadonlyArray<string> => [
  ...command.children.map(({ name }) => name),
  ...[...command.flags, ...globalFlags].map(({ name }) => dashed(name))
]

const quote = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`

/** A script that a shell reads to complete the words of the command. */
export const completions = (program: Described, shell: string): string => {
  const all = places(program, [])
  const name = program.name
  const id = `_${name.replace(/\W/g, "_")}`
  if (shell === "fish") {
    return all.flatMap((place) => {
      const { command, words } = place
      const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`)
      const none = command.children.length === 0
        ? []
        : [`not __fish_seen_subcommand_from ${command.children.map(({ name }) => name).join(" ")}`]
      const when = [...seen, ...none].join("; and ") || "true"
      return [
        ...command.children.map((child) =>
          `complete -c ${name} -f -n ${quote(when)} -a ${quote(child.name)} -d ${quote(child.summary)}`
        ),
        ...[...command.flags, ...(words.length === 0 ? globalFlags : [])].map((flag) =>
          `complete -c ${name} -n ${quote(words.length === 0 ? "true" : when)} -l ${flag.name}`
          + (flag.alias === undefined ? "" : ` -s ${flag.alias}`)
          + (flag.value === undefined ? "" : " -r")
          + (flag.choices === undefined ? "" : ` -f -a ${quote(flag.choices.join(" "))}`)
          + ` -d ${quote(flag.about)}`
        )
      ]
    }).join("\n")
  }
  const choices = [
    ...new Map(
      [...globalFlags, ...all.flatMap(({ command }) => command.flags)].flatMap((flag) =>
        flag.choices === undefined ? [] : [[flag.name, flag.choices] as const]
      )
    )
  ]
  const withPath = globalFlags.concat(all.flatMap(({ command }) => command.flags)).filter(({ value }) =>
    value === "path" || value === "file"
  )
  const bash = `${id}() {
  local cur prev path="" word
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  case "$prev" in
${
    choices.map(([flag, words]) =>
      `    --${flag}) COMPREPLY=($(compgen -W ${quote(words.join(" "))} -- "$cur")); return ;;`
    ).join("\n")
  }
    ${[...new Set(withPath.map(({ name }) => `--${name}`))].join("|")}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${
    all.filter(({ words }) => words.length > 0).map(({ words }) =>
      `      ${quote(["", ...words].join(" "))}) path=${quote(["", ...words].join(" "))} ;;`
    ).join("\n")
  }
    esac
  done
  case "$path" in
${
    all.map((place) =>
      `    ${quote(place.words.length === 0 ? "" : ` ${place.words.join(" ")}`)}) COMPREPLY=($(compgen -W ${
        quote(wordsOf(place).join(" "))
      } -- "$cur")) ;;`
    ).join("\n")
  }
  esac
}
complete -o default -F ${id} ${name}`
  return shell === "zsh" ? `autoload -U +X bashcompinit && bashcompinit\n${bash}` : bash
}
