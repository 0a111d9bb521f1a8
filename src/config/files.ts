/**
 * Reading configuration files: regular ones only, bounded, as UTF-8.
 */
import type { PlatformError, SystemErrorReason } from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { maxBytes, parse } from "../core/config/json5.js"
import type { Node } from "../core/config/tree.js"
import { ConfigInvalid, ConfigSyntaxError, ConfigUnreadable, type ErrorCause } from "../OllamaError.js"

/** Whether a call of the system failed for this reason. */
export const isReason = (reason: SystemErrorReason) => (error: PlatformError): boolean =>
  error._tag === "SystemError" && error.reason === reason

export const causeOf = (error: PlatformError): ErrorCause => ({
  name: error._tag,
  message: error._tag === "SystemError" ? error.description ?? error.reason : "bad argument"
})

/** A platform error, as an error of this library. */
export const unreadable = (path: string) => (error: PlatformError): ConfigUnreadable => {
  const reason = error._tag === "SystemError" ? error.reason : undefined
  return new ConfigUnreadable({
    path,
    reason: reason === "NotFound" ? "not-found" : reason === "PermissionDenied" ? "permission" : "other",
    cause: causeOf(error)
  })
}

export const tooLarge = (path: string, size: bigint | number): ConfigInvalid =>
  new ConfigInvalid({
    problems: [{ path: "", expected: `at most ${maxBytes} bytes`, actual: `${size} bytes`, file: path }]
  })

export interface Text {
  readonly text: string
  readonly bytes: number
}

// A link that leads nowhere is no missing file: somebody meant one to be there.
const missingOrDangling = (fs: FileSystem.FileSystem, path: string) => (error: PlatformError) =>
  error._tag === "SystemError" && error.reason === "NotFound"
    ? Effect.match(fs.readLink(path), {
      onFailure: () => unreadable(path)(error),
      onSuccess: () =>
        new ConfigUnreadable({
          path,
          reason: "other",
          cause: { name: error.reason, message: "it is a symbolic link to a file that is not there" }
        })
    })
    : Effect.succeed(unreadable(path)(error))

/** The text of a file. What is no regular file is not even opened: a pipe would never end. */
export const readText = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: string) {
  const info = yield* Effect.catchAll(
    fs.stat(path),
    (error) => Effect.flatMap(missingOrDangling(fs, path)(error), Effect.fail)
  )
  if (info.type !== "File") return yield* new ConfigUnreadable({ path, reason: "not-a-file" })
  if (info.size > maxBytes) return yield* tooLarge(path, info.size)
  const bytes = yield* Effect.mapError(fs.readFile(path), unreadable(path))
  if (bytes.length > maxBytes) return yield* tooLarge(path, bytes.length)
  return yield* Effect.try({
    try: (): Text => ({
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
      bytes: bytes.length
    }),
    catch: () => new ConfigSyntaxError({ path, line: 1, column: 1, detail: "the file is not UTF-8 text", excerpt: "" })
  })
})

interface Parsed {
  readonly node: Node
  readonly bytes: number
}

/** A file as a tree of values. */
export const readTree = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: string) {
  const { bytes, text } = yield* readText(fs, path)
  const node = parse(text, path)
  return Either.isLeft(node) ? yield* node.left : { node: node.right, bytes } satisfies Parsed
})
