/** The line of a configuration file that something is said about. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as lex from "../core/config/lex.js"

interface Spot {
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

const offsetOf = (text: string, line: number, column: number): number => {
  const starts = [text.startsWith("\ufeff") ? 1 : 0]
  for (const { 0: end, index } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + end.length)
  return (starts[line - 1] ?? text.length) + column - 1
}

/** The line with a mark below the place, and with all texts masked; nothing where there is no such line. */
export const excerpt = ({ column, file, line }: Spot): Effect.Effect<string, never, FileSystem.FileSystem> => {
  if (file === undefined || line === undefined || column === undefined) return Effect.succeed("")
  return Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(file)).pipe(
    Effect.map((text) => lex.excerpt(text, lex.tokens(text), offsetOf(text, line, column))),
    Effect.orElseSucceed(() => "")
  )
}

/** `openclaw.json:3:5`, as far as it is known. */
export const spot = ({ column, file, line }: Spot): string =>
  file === undefined ? "" : [file, line, column].filter((part) => part !== undefined).join(":")
