/** `config get`, `set`, `unset`, `path`, `validate`. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { plainStyle, print as writtenAs } from "../../core/config/print.js"
import type { ConfigProblem, ConfigurationError } from "../../OllamaError.js"
import * as OpenClawConfig from "../../OpenClawConfig.js"
import * as ConfigFile from "../../OpenClawConfigFile.js"
import { excerpt, type Spot, spot } from "../excerpt.js"
import { Failed, Misused, SaidAlready } from "../failures.js"
import { note, print, printJson, Screen } from "../screen.js"
import { Settings } from "../settings.js"
import { harmless, plural, wrap } from "../text.js"

const fileOptions = Effect.map(Settings, ({ config }) => config === undefined ? {} : { path: config })

/** A path is part of the command line: a mistake in it is one of usage. */
const pathOf = (written: string): Either.Either<ConfigFile.KeyPath, Misused> =>
  Either.mapLeft(ConfigFile.parsePath(written), (error) => {
    const [problem] = error.problems
    return new Misused({ message: `That is no path. Expected ${problem!.expected}, found ${problem!.actual}.` })
  })

const warn = (warnings: ReadonlyArray<OpenClawConfig.Diagnostic>) =>
  Effect.forEach(warnings, ({ message, path }) => note(({ yellow }) => `${yellow("warning:")} ${path}: ${message}`), {
    discard: true
  })

export const get = (
  { json, path: written, reveal }: {
    readonly json: boolean
    readonly path: Option.Option<string>
    readonly reveal: boolean
  }
) =>
  Effect.gen(function*() {
    const path = Option.isSome(written) ? yield* pathOf(written.value) : []
    const found = yield* ConfigFile.get(path, yield* fileOptions)
    if (Option.isNone(found)) {
      const where = yield* OpenClawConfig.locations(yield* fileOptions)
      return yield* new Failed({
        message: path.length === 0
          ? `There is no configuration file: ${where.config ?? "nor a home directory"}.`
          : `${ConfigFile.formatPath(path)} is not set in ${where.config ?? "any file"}.`
      })
    }
    const value = reveal ? found.value.value : ConfigFile.masked(found.value.value, path)
    if (json) return yield* printJson(value)
    const { out } = yield* Screen
    // JSON has no Infinity, a file may have
    const shown = typeof value === "string" ? value : writtenAs(value, plainStyle, "")
    yield* print(out.isTerminal ? harmless(shown) : shown)
  })

const refusal = (problems: ReadonlyArray<ConfigProblem>): string =>
  [
    // what is wrong with all of the file has no path in it
    problems.map(({ actual, expected, file, path }) =>
      `${path || file || "the file"}: expected ${expected}, found ${actual}`
    )
      .join("\n"),
    "Nothing was written."
  ].join(problems.length === 1 ? ". " : "\n")

export const set = ({ path: written, value: given }: { readonly path: string; readonly value: string }) =>
  Effect.gen(function*() {
    const path = yield* pathOf(written)
    const text = given === "-" ? (yield* (yield* Screen).input).replace(/\r?\n$/, "") : given
    const change = yield* ConfigFile.set(path, ConfigFile.parseValue(path, text), yield* fileOptions).pipe(
      Effect.catchTag("ConfigInvalid", ({ problems }) => new Failed({ message: refusal(problems) }))
    )
    yield* warn(change.warnings)
    const name = ConfigFile.formatPath(path)
    yield* note(({ dim, green }) =>
      change.changed
        ? `${green("✓")} ${name} is set ${dim(`in ${change.file}${change.created ? ", which is new" : ""}`)}`
        : `${green("✓")} ${name} was that already`
    )
  })

export const unset = ({ path: written }: { readonly path: string }) =>
  Effect.gen(function*() {
    const path = yield* pathOf(written)
    const change = yield* ConfigFile.unset(path, yield* fileOptions)
    yield* warn(change.warnings)
    const name = ConfigFile.formatPath(path)
    yield* note(({ dim, green }) =>
      change.changed ? `${green("✓")} ${name} is gone ${dim(`from ${change.file}`)}` : dim(`${name} was not set.`)
    )
  })

export const path = () =>
  Effect.gen(function*() {
    const { config } = yield* OpenClawConfig.locations(yield* fileOptions)
    if (config === undefined) {
      return yield* new Failed({ message: "There is no place for it: set HOME, or OPENCLAW_CONFIG_PATH." })
    }
    yield* print(config)
    const fs = yield* FileSystem.FileSystem
    const exists = yield* Effect.orElseSucceed(fs.exists(config), () => false)
    const { out } = yield* Screen
    if (!exists && out.isTerminal) yield* note(({ dim }) => dim("It does not exist yet."))
  })

const placed = ({ column, file, line }: Spot): Spot => file === undefined ? {} : { file, line, column }

/** What is wrong with the file as a whole, as data. */
const problemsOf = (error: ConfigurationError): ReadonlyArray<object> =>
  error._tag === "ConfigInvalid"
    ? error.problems.map((problem) => ({
      level: "error",
      path: problem.path,
      message: `expected ${problem.expected}, found ${problem.actual}`,
      ...placed(problem)
    }))
    : error._tag === "ConfigSyntaxError"
    ? [{ level: "error", path: "", message: error.detail, file: error.path, line: error.line, column: error.column }]
    : [{
      level: "error",
      path: error.path,
      message: error.message,
      ...(error._tag === "ConfigIncludeError" ? placed(error) : {})
    }]

export const validate = ({ json }: { readonly json: boolean }) =>
  Effect.gen(function*() {
    const options = yield* fileOptions
    const loaded = yield* Effect.either(OpenClawConfig.load(options))
    if (Either.isLeft(loaded)) {
      if (!json) return yield* loaded.left
      yield* printJson({ valid: false, problems: problemsOf(loaded.left) })
      return yield* new SaidAlready()
    }
    const { diagnostics, source } = loaded.right
    const errors = diagnostics.filter(({ level }) => level === "error")
    const valid = errors.length === 0
    if (json) {
      yield* printJson({ valid, file: source.configPath, found: source.configFound, problems: diagnostics })
    } else {
      const { err } = yield* Screen
      for (const diagnostic of diagnostics) {
        const { level, message, path } = diagnostic
        // it is cut before it gets its colour
        const shown = wrap(yield* excerpt(diagnostic), err.columns() - 2)
        const where = spot(diagnostic)
        yield* note(({ dim, red, yellow }) =>
          `${level === "error" ? red("error:") : yellow("warning:")} ${path}: ${message}`
          + (where === "" ? "" : `\n  ${dim(where)}`)
          + (shown === "" ? "" : `\n${shown.split("\n").map((line) => `  ${dim(line)}`).join("\n")}`)
        )
      }
      const warnings = diagnostics.length - errors.length
      const also = warnings === 0 ? "" : `, with ${plural(warnings, "warning")}`
      yield* note(({ green, red }) =>
        !source.configFound
          ? `There is no ${source.configPath ?? "file"}; the defaults apply.`
          : valid
          ? `${green("✓")} ${source.configPath} is valid${also}`
          : `${red("✗")} ${source.configPath} has ${plural(errors.length, "error")}${also}`
      )
    }
    if (!valid) return yield* new SaidAlready()
  })
