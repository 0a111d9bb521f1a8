/** The line of a configuration file that something is said about. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as lex from "../core/config/lex.js"

export interface Spot {
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** The line with a mark below the place, and with all texts masked; nothing where there is no such line. */
export const excerpt = ({ column, file, line }: Spot): Effect.Effect<string, never, FileSystem.FileSystem> => {
  if (file === undefined || line === undefined || column === undefined) return Effect.succeed("")
  return Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(file)).pipe(
    Effect.map((text) => lex.excerpt(text, lex.tokens(text), lex.offsetOf(text, { line, column }))),
    Effect.orElseSucceed(() => "")
  )
}

/** `openclaw.json:3:5`, as far as it is known. */
export const spot = ({ column, file, line }: Spot): string =>
  file === undefined ? "" : [file, line, column].filter((part) => part !== undefined).join(":")
