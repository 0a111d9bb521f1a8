/**
 * The configuration file as something to edit: read with positions, changed in place, written so that it is there whole,
 * as before or as after.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { emptyFile, nodeAt, same } from "../core/config/edit.js"
import { issuesAt } from "../core/config/issues.js"
import { maxBytes, parse } from "../core/config/json5.js"
import type { Problem } from "../core/config/plain.js"
import { variables } from "../core/config/resolve.js"
import type { Diagnostic } from "../core/config/resolved.js"
import { formatPath, type KeyPath, type Node, type SourcePosition, toValue } from "../core/config/tree.js"
import { ConfigInvalid, type ConfigProblem, ConfigUnwritable, type ConfigurationError } from "../OllamaError.js"
import { isReason, readText, tooLarge, unreadable } from "./files.js"
import { expand } from "./include.js"
import { type FileOptions, locations, places } from "./load.js"
import * as Lock from "./lock.js"
import { lookups } from "./lookups.js"

/**
 * Which file is meant.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Pick<FileOptions, "path"> {}

/**
 * A value of the file and where it stands; an included one stands in another file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found {
  /** As it is written: variables are not filled in. */
  readonly value: unknown
  readonly source: SourcePosition
}

/**
 * What an edit has done.
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  /** The file that was written, with links followed. */
  readonly file: string
  /** Whether the file was not there before. */
  readonly created: boolean
  /** Whether anything was written: a value that was there already is not. */
  readonly changed: boolean
  /** What is worth saying about the value, and no reason not to write it. */
  readonly warnings: ReadonlyArray<Diagnostic>
}

/** An edit: how the text changes, and what must stand there afterwards. */
export interface Edit {
  readonly path: KeyPath
  readonly apply: (text: string) => Either.Either<string, Problem>
  readonly expected: Option.Option<unknown>
}

type WriteError = ConfigurationError | ConfigUnwritable

const services = Effect.all({ fs: FileSystem.FileSystem, path: Path.Path })

/** The text of the file; `undefined` when there is none. */
const current = (fs: FileSystem.FileSystem, file: string) =>
  Effect.catchIf(
    Effect.map(readText(fs, file), ({ text }): string | undefined => text),
    (error) => error._tag === "ConfigUnreadable" && error.reason === "not-found",
    () => Effect.succeed(undefined)
  )

/** Problems of a value, or of a file with it, as one error. */
export const invalid = (problems: ReadonlyArray<Problem | ConfigProblem>, file?: string): ConfigInvalid =>
  new ConfigInvalid({
    problems: problems.map((problem) => ({
      ...(file === undefined ? {} : { file }),
      ...problem,
      path: typeof problem.path === "string" ? problem.path : formatPath(problem.path)
    }))
  })

const fileOf = Effect.fnUntraced(function*(options: Options | undefined) {
  const where = yield* locations(options?.path)
  return where.config ?? (yield* new ConfigUnwritable({ path: "openclaw.json", reason: "no-home" }))
})

// =============================================================================
// reading
// =============================================================================

const expanded = Effect.fnUntraced(function*(file: string, text: string, node: Node) {
  // a text may write it with escapes, but then it has a backslash
  if (!/\$include|\\/.test(text)) return node
  return yield* expand(yield* services, file, (yield* places(undefined)).roots, node, text.length)
})

/** The value of a path, included ones too. */
export const get = Effect.fnUntraced(function*(at: KeyPath, options: Options | undefined) {
  const where = yield* locations(options?.path)
  if (where.config === undefined) return Option.none<Found>()
  const fs = yield* FileSystem.FileSystem
  const found = yield* where.named
    ? Effect.map(readText(fs, where.config), ({ text }): string | undefined => text)
    : current(fs, where.config)
  if (found === undefined) return Option.none<Found>()
  const tree = yield* expanded(where.config, found, yield* parse(found, where.config))
  const node = nodeAt(tree, at)
  if (node === undefined) return Option.none<Found>()
  const { file, position, start } = node.place
  return Option.some<Found>({ value: toValue(node), source: { file, ...position(start) } })
})

// =============================================================================
// judging an edit
// =============================================================================

/** The file that a value, or a part of it, comes from, when it is another one. */
const foreign = (node: Node, file: string): string | undefined => {
  if (node.place.file !== file) return node.place.file
  const inner = node.kind === "object" ? [...node.members.values()] : node.kind === "array" ? node.items : []
  for (const member of inner) {
    const found = foreign(member, file)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether there is an `$include` on the way to a path, as it is written. */
const includeOnTheWay = (node: Node, path: KeyPath): string | undefined => {
  for (let i = 0; i < path.length; i++) {
    const here = nodeAt(node, path.slice(0, i))
    const include = here?.kind === "object" ? here.members.get("$include") : undefined
    if (include === undefined) continue
    const written = toValue(include)
    return Array.isArray(written) ? written.map(String).join(", ") : String(written)
  }
  return undefined
}

/** Fails when what an edit is about comes from an `$include`. */
const refuseIncluded = Effect.fnUntraced(function*(
  file: string,
  node: Node,
  tree: Either.Either<Node, ConfigurationError>,
  path: KeyPath
) {
  if (path.includes("$include")) return
  const include = includeOnTheWay(node, path)
  const refuse = (from: string) => new ConfigUnwritable({ path: file, reason: "included", file: from })
  if (Either.isLeft(tree)) {
    // what is broken elsewhere is not in the way
    return include !== undefined && nodeAt(node, path) === undefined ? yield* tree.left : undefined
  }
  const found = nodeAt(tree.right, path)
  const from = found === undefined ? undefined : foreign(found, file)
  if (from !== undefined) return yield* refuse(from)
  // in a section that is not read includes are not followed, so the value may stand in one of them
  if (found === undefined && includeOnTheWay(tree.right, path) !== undefined) return yield* refuse(include!)
})

interface Prepared {
  readonly text: string
  readonly warnings: ReadonlyArray<Diagnostic>
}

/** The text after an edit, when all is well with it. */
const prepare = Effect.fnUntraced(function*(file: string, before: string | undefined, edit: Edit) {
  const text = before ?? emptyFile
  const node = yield* parse(text, file)
  if (node.kind !== "object") {
    return yield* invalid([{ path: [], expected: "an object", actual: "another value" }], file)
  }
  const whole = yield* Effect.either(expanded(file, text, node))
  yield* refuseIncluded(file, node, whole, edit.path)
  const after = yield* Either.mapLeft(edit.apply(text), (problem) => invalid([problem], file))
  // nobody could read it afterwards, not even to make it smaller
  const size = new TextEncoder().encode(after).length
  if (size > maxBytes) return yield* tooLarge(file, size)
  const tree = yield* parse(after, file)
  const written = nodeAt(tree, edit.path)
  const asExpected = written === undefined
    ? Option.isNone(edit.expected)
    : Option.isSome(edit.expected) && same(toValue(written), edit.expected.value)
  if (!asExpected) {
    return yield* invalid([{ path: edit.path, expected: "a value that can be written", actual: "another one" }], file)
  }
  const config = toValue(tree)
  if (Either.isRight(whole)) yield* expanded(file, after, tree)
  const { problems, warnings } = issuesAt(
    { config, lookup: yield* lookups(variables(config)), now: yield* Clock.currentTimeMillis },
    edit.path
  )
  if (problems.length > 0) return yield* invalid(problems, file)
  return { text: after, warnings } satisfies Prepared
})

// =============================================================================
// writing
// =============================================================================

const fileMode = 0o600
const folderMode = 0o700

/** Where a file really is, or will be: links are followed. */
const follow = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: Path.Path, file: string) {
  return yield* Effect.catchIf(
    fs.realPath(file),
    isReason("NotFound"),
    () => Effect.map(fs.realPath(path.dirname(file)), (folder) => path.join(folder, path.basename(file)))
  ).pipe(Effect.mapError(unreadable(file)))
})

/** Removes what a writer that died has left. */
const clean = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: Path.Path, target: string) {
  const folder = path.dirname(target)
  const begin = `.${path.basename(target)}.`
  const names = yield* fs.readDirectory(folder)
  yield* Effect.forEach(
    names.filter((name) => name.startsWith(begin) && /\.[0-9a-z]{12}\.tmp$/.test(name)),
    (name) => fs.remove(path.join(folder, name)),
    { discard: true }
  )
})

type Info = Option.Option<FileSystem.File.Info>

/** Whether a file is the one that it was: whoever writes it changes one of these. */
const isSame = (a: Info, b: Info): boolean =>
  Option.isNone(a) || Option.isNone(b)
    ? Option.isNone(a) && Option.isNone(b)
    : a.value.size === b.value.size &&
      +Option.getOrElse(a.value.mtime, () => 0) === +Option.getOrElse(b.value.mtime, () => 0)
      && Option.getOrNull(a.value.ino) === Option.getOrNull(b.value.ino)

interface Swap {
  readonly target: string
  readonly text: string
  /** The file that is to be replaced. */
  readonly info: Info
  readonly lock: Lock.Lock
}

/** Puts a text in the place of a file, through another file that is complete and on the disk by then. */
const replace = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  path: Path.Path,
  { info, lock, target, text }: Swap
) {
  const mode = Option.match(info, { onNone: () => fileMode, onSome: (file) => file.mode & 0o777 })
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${yield* Lock.randomName}.tmp`)
  const write = Effect.scoped(
    Effect.gen(function*() {
      const file = yield* fs.open(temporary, { flag: "wx", mode })
      yield* file.writeAll(new TextEncoder().encode(text))
      yield* file.sync
      return yield* file.stat
    })
  )
  // mode and owner stay what they were, where that is allowed
  const keep = (made: FileSystem.File.Info) =>
    Effect.gen(function*() {
      if ((made.mode & 0o777) !== mode) yield* fs.chmod(temporary, mode)
      if (Option.isNone(info)) return
      const { gid, uid } = info.value
      if (Option.isNone(uid) || Option.isNone(gid)) return
      if (Option.getOrNull(made.uid) === uid.value && Option.getOrNull(made.gid) === gid.value) return
      yield* Effect.ignore(fs.chown(temporary, uid.value, gid.value))
    })
  const swap = Effect.gen(function*() {
    yield* keep(yield* write)
    // somebody without the lock may have written it, and the lock may be another's by now
    if (!isSame(info, yield* Effect.option(fs.stat(target))) || !(yield* lock.isHeld)) return false
    yield* fs.rename(temporary, target)
    return true
  })
  return yield* Effect.onExit(
    swap,
    (exit) => exit._tag === "Success" && exit.value ? Effect.void : Effect.ignore(fs.remove(temporary))
  )
})

/** Puts the new name of a file on the disk too; not every system can do that. */
const syncFolder = (fs: FileSystem.FileSystem, folder: string) =>
  Effect.ignore(Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), (opened) => opened.sync)))

// How often an edit begins anew because somebody without the lock has written the file meanwhile.
const mostAttempts = 20

/** Changes one value of the file. */
export const change = (
  edit: Edit,
  options: Options | undefined
): Effect.Effect<Change, WriteError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const { fs, path } = yield* services
    const file = yield* fileOf(options)
    const failed = Lock.unwritable(file)
    // before anything is made or waited for
    const first = yield* current(fs, file)
    const judged = yield* prepare(file, first, edit)
    if (judged.text === first || (first === undefined && Option.isNone(edit.expected))) {
      return { file, created: false, changed: false, warnings: judged.warnings }
    }
    yield* Effect.mapError(fs.makeDirectory(path.dirname(file), { recursive: true, mode: folderMode }), failed)
    const target = yield* follow(fs, path, file)

    const attempt = Effect.scoped(
      Effect.gen(function*() {
        const lock = yield* Lock.acquire(fs, target)
        if (lock.wasTakenOver) yield* Effect.ignore(clean(fs, path, target))
        const info = yield* Effect.option(fs.stat(target))
        const before = yield* current(fs, file)
        const { text, warnings } = before === first ? judged : yield* prepare(file, before, edit)
        const done = (changed: boolean): Change => ({
          file: target,
          created: changed && before === undefined,
          changed,
          warnings
        })
        const isNothing = before === undefined && Option.isNone(edit.expected)
        if (text === before || isNothing) return Option.some(done(false))
        const replaced = yield* Effect.mapError(replace(fs, path, { target, text, info, lock }), failed)
        return replaced ? Option.some(done(true)) : Option.none()
      })
    )
    for (let i = 0; i < mostAttempts; i++) {
      const result = yield* attempt
      if (Option.isNone(result)) continue
      if (result.value.changed) yield* syncFolder(fs, path.dirname(target))
      return result.value
    }
    return yield* new ConfigUnwritable({ path: file, reason: "locked" })
  })
