/**
 * What a conversation keeps on the disk: the lines that were typed, and the conversations that were saved.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Message } from "../../Message.js"
import { Failed } from "../failures.js"
import { home, variable } from "../variable.js"

const Saved = Schema.parseJson(
  Schema.Struct({
    model: Schema.optional(Schema.String),
    system: Schema.optional(Schema.String),
    params: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    messages: Schema.Array(Message)
  }),
  { space: 2 }
)

/** A conversation that can be gone on with. */
export interface Conversation extends Schema.Schema.Type<typeof Saved> {}

const folder = Effect.gen(function*() {
  const path = yield* Path.Path
  const state = yield* variable("XDG_STATE_HOME")
  const me = yield* home
  return state !== undefined
    ? path.join(state, "effect-ollama")
    : me === undefined
    ? undefined
    : path.join(me, ".local", "state", "effect-ollama")
})

const mostLines = 1000

/** The lines of earlier conversations, the newest first. */
export const history = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const where = yield* folder
  if (where === undefined) return []
  const text = yield* Effect.orElseSucceed(fs.readFileString(path.join(where, "history")), () => "")
  return text.split("\n").filter((line) => line !== "").slice(-mostLines).reverse()
})

/** Keeps lines for the next conversation. What cannot be kept is no reason to stop talking. */
export const remember = (lines: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const where = yield* folder
    if (where === undefined || lines.length === 0) return
    const before = yield* history
    yield* fs.makeDirectory(where, { recursive: true, mode: 0o700 })
    const all = [...[...before].reverse(), ...lines.map((line) => line.replace(/\n/g, " "))].slice(-mostLines)
    yield* fs.writeFileString(path.join(where, "history"), `${all.join("\n")}\n`, { mode: 0o600 })
  }).pipe(Effect.ignore)

const fileOf = Effect.fnUntraced(function*(name: string) {
  const path = yield* Path.Path
  const where = yield* folder
  if (!/^[\w][\w.-]{0,99}$/.test(name)) {
    return yield* new Failed({ message: `"${name}" is no name for a conversation: letters, digits, dots and dashes.` })
  }
  if (where === undefined) return yield* new Failed({ message: "There is no home directory to keep it in." })
  return path.join(where, "conversations", `${name}.json`)
})

export const save = Effect.fnUntraced(function*(name: string, conversation: Conversation) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = yield* fileOf(name)
  const text = yield* Effect.orDie(Schema.encode(Saved)(conversation))
  yield* Effect.zipRight(
    fs.makeDirectory(path.dirname(file), { recursive: true, mode: 0o700 }),
    fs.writeFileString(file, `${text}\n`, { mode: 0o600 })
  ).pipe(Effect.mapError((error) => new Failed({ message: `${file} cannot be written: ${error.message}` })))
  return file
})

/** A saved conversation, when there is one of that name. */
export const load = Effect.fnUntraced(function*(name: string) {
  const fs = yield* FileSystem.FileSystem
  const file = yield* Effect.either(fileOf(name))
  if (Either.isLeft(file)) return Option.none<Conversation>()
  const text = yield* Effect.option(fs.readFileString(file.right))
  if (Option.isNone(text)) return Option.none<Conversation>()
  return Option.some<Conversation>(
    yield* Effect.mapError(
      Schema.decode(Saved)(text.value),
      () => new Failed({ message: `${file.right} is no saved conversation.` })
    )
  )
})
