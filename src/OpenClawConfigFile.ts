/**
 * `openclaw.json` as a file to edit: values are read with their positions, set and taken out in place. Comments, order and
 * formatting elsewhere stay byte for byte; two writers never lose each other's change.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Change, Found, Options } from "./config/file.js"
import * as file from "./config/file.js"
import * as edit from "./core/config/edit.js"
import * as internalPath from "./core/config/path.js"
import { check, valueOf } from "./core/config/places.js"
import { plain, type Problem } from "./core/config/plain.js"
import * as secret from "./core/config/secret.js"
import * as tree from "./core/config/tree.js"
import { ConfigInvalid, type ConfigUnwritable, type ConfigurationError } from "./OllamaError.js"

export type { Change, Found, Options } from "./config/file.js"

/**
 * The keys that lead to a value, and the indices of lists.
 *
 * @since 0.1.0
 * @category models
 */
export type KeyPath = ReadonlyArray<string | number>

/**
 * How an edit can fail. The file is then as it was, byte for byte.
 *
 * @since 0.1.0
 * @category errors
 */
export type WriteError = ConfigurationError | ConfigUnwritable

// =============================================================================
// paths and values as people write them
// =============================================================================

/**
 * The keys of a path. Keys with other characters than letters and digits stand in brackets and quotes.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { OpenClawConfigFile } from "effect-ollama"
 *
 * OpenClawConfigFile.parsePath("agents.defaults.models[\"ollama/gpt-oss:20b\"].streaming")
 */
export const parsePath = (text: string): Either.Either<KeyPath, ConfigInvalid> =>
  Either.mapLeft(internalPath.parsePath(text), (problem) =>
    new ConfigInvalid({
      problems: [{
        path: "",
        expected: "a path such as models.providers.ollama.apiKey",
        actual: `${JSON.stringify(text)}: ${problem}`
      }]
    }))

/**
 * A path as text, the way that {@link parsePath} reads it.
 *
 * @since 0.1.0
 * @category utils
 */
export const formatPath = (path: KeyPath): string => tree.formatPath(path)

/**
 * The value that a text means at a path: JSON5 where it parses and a text is not what belongs there, else the text. So
 * `1234` is a number at `contextWindow` and a text at `apiKey`.
 *
 * @since 0.1.0
 * @category utils
 */
export const parseValue = (path: KeyPath, text: string): unknown => valueOf(path, text)

/**
 * A value with its secrets masked, for a screen. References to variables are no secrets.
 *
 * @since 0.1.0
 * @category utils
 */
export const masked = (value: unknown, path: KeyPath): unknown => secret.masked(value, path)

const keysOf = (path: string | KeyPath): Either.Either<KeyPath, ConfigInvalid> =>
  typeof path === "string" ? parsePath(path) : Either.right(path)

// =============================================================================
// reading and writing
// =============================================================================

/**
 * The value of a path as it is written, and where it stands. What a file includes counts as its own.
 *
 * @since 0.1.0
 * @category operations
 */
export const get = (
  path: string | KeyPath,
  options?: Options
): Effect.Effect<Option.Option<Found>, ConfigurationError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(keysOf(path), (keys) => file.get(keys, options)).pipe(
    Effect.withSpan("OpenClawConfigFile.get", { captureStackTrace: false })
  )

/**
 * Writes one value, and makes the objects (and the file, and its folders) that are missing on the way. The value, and
 * what the file is with it, are judged before anything is written; what is wrong elsewhere in the file is not in the way.
 *
 * @since 0.1.0
 * @category operations
 * @example
 * import { OpenClawConfigFile } from "effect-ollama"
 *
 * export const enable = OpenClawConfigFile.set("models.providers.ollama.apiKey", "ollama-local")
 */
export const set = (
  path: string | KeyPath,
  value: unknown,
  options?: Options
): Effect.Effect<Change, WriteError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const keys = yield* keysOf(path)
    const problems: Array<Problem> = []
    const written = plain(value, keys, (problem) => problems.push(problem))
    if (written === undefined && problems.length === 0) {
      problems.push({ path: keys, expected: "a JSON value", actual: "nothing" })
    }
    problems.push(...check(keys, written))
    if (problems.length > 0) return yield* file.invalid(problems)
    return yield* file.change(
      { path: keys, apply: (text) => edit.set(text, keys, written), expected: Option.some(written) },
      options
    )
  }).pipe(Effect.withSpan("OpenClawConfigFile.set", { captureStackTrace: false }))

/**
 * Takes one value out. Where nothing stands, nothing is written.
 *
 * @since 0.1.0
 * @category operations
 */
export const unset = (
  path: string | KeyPath,
  options?: Options
): Effect.Effect<Change, WriteError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(keysOf(path), (keys) =>
    file.change(
      { path: keys, apply: (text) => Either.right(edit.unset(text, keys)), expected: Option.none() },
      options
    )).pipe(Effect.withSpan("OpenClawConfigFile.unset", { captureStackTrace: false }))
