/** `chat`. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { isRecord, parse } from "../../core/json.js"
import type { JsonObject, UserMessage } from "../../Message.js"
import * as Models from "../../Models.js"
import * as editor from "../chat/editor.js"
import * as input from "../chat/input.js"
import * as slash from "../chat/slash.js"
import * as state from "../chat/state.js"
import * as store from "../chat/store.js"
import { beforehand, nothing, type Said, turn, usage } from "../chat/turn.js"
import { sentence } from "../failure.js"
import { Failed, Misused } from "../failures.js"
import { complain, note, Screen } from "../screen.js"
import { keepAliveOf, live } from "../session.js"
import { Settings } from "../settings.js"
import { oneLine } from "../text.js"
import { home } from "../variable.js"

// =============================================================================
// questions
// =============================================================================

const expandHome = Effect.fnUntraced(function*(path: string) {
  const paths = yield* Path.Path
  const folder = yield* home
  return folder !== undefined && /^~[\\/]/.test(path) ? paths.join(folder, path.slice(2)) : paths.resolve(path)
})

/** The bytes of a picture, when there is one. */
const picture = Effect.fnUntraced(function*(written: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* expandHome(written)
  const info = yield* fs.stat(path)
  return info.type === "File" && info.size <= 50_000_000n ? Option.some(yield* fs.readFile(path)) : Option.none()
}, Effect.orElseSucceed(() => Option.none<Uint8Array>()))

/** A question with its pictures: those that were named, and those whose paths stand in it and are there. */
const question = Effect.fnUntraced(function*(written: string, images: ReadonlyArray<string>) {
  const pictures: Array<Uint8Array> = []
  for (const path of images) {
    const bytes = yield* picture(path)
    if (Option.isNone(bytes)) return yield* new Failed({ message: `There is no picture ${path}.` })
    pictures.push(bytes.value)
  }
  let said = written
  for (const { path, written } of input.pictures(said)) {
    const bytes = yield* picture(path)
    if (Option.isNone(bytes)) continue
    pictures.push(bytes.value)
    said = said.replace(written, "").replace(/[ \t]{2,}/g, " ").trim()
    yield* note(({ dim }) => dim(`sends ${path}`))
  }
  const message: UserMessage = {
    role: "user",
    content: pictures.length === 0
      ? said
      : [{ type: "text", text: said }, ...pictures.map((image) => ({ type: "image" as const, image }))]
  }
  return message
})

const schemaOf = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(fs.readFileString(path), () => new Failed({ message: `${path} cannot be read.` }))
  const schema = parse(text)
  if (schema === undefined) return yield* new Failed({ message: `${path} is no JSON.` })
  return isRecord(schema.value)
    ? schema.value as JsonObject
    : yield* new Failed({ message: `${path} is no JSON Schema: expected an object.` })
})

// =============================================================================
// one question
// =============================================================================

const once = Effect.fnUntraced(function*(now: state.State, message: UserMessage) {
  const { err } = yield* Screen
  const begun = yield* Clock.currentTimeMillis
  const kept = yield* Ref.make<Said>(nothing)
  const said = yield* turn(state.asking(now, message), { showThinking: now.showThinking, wrap: now.wrap }, kept)
  const { finish, text } = said
  if (finish !== undefined) {
    yield* beforehand(finish)
    for (const { reason, setting } of finish.ignored) {
      yield* note(({ yellow }) => `${yellow("ignored")} ${oneLine(setting)}: ${oneLine(reason)}`)
    }
    if (finish.finishReason === "length") {
      yield* note(({ yellow }) => `${yellow("note:")} the answer was cut at its limit of tokens`)
    }
  }
  if (text === "" && now.format === undefined) yield* note(({ dim }) => dim("(the model said nothing)"))
  if (err.isTerminal || now.verbose) yield* note(({ dim }) => dim(usage(said, begun)))
  if (now.format !== undefined && parse(text) === undefined) {
    return yield* new Failed({ message: "The answer is no JSON. Another model may be better at it." })
  }
})

// =============================================================================
// a conversation
// =============================================================================

const answering = Effect.fnUntraced(function*(now: state.State, written: string, line: editor.Editor) {
  const message = yield* question(written, [])
  const begun = yield* Clock.currentTimeMillis
  const kept = yield* Ref.make<Said>(nothing)
  const view = { showThinking: now.showThinking, wrap: now.wrap }
  const asked = Effect.as(turn(state.asking(now, message), view, kept), "answered" as const)
  const outcome = yield* Effect.raceFirst(asked, Effect.as(line.stopped, "stopped" as const))
  const said = yield* Ref.get(kept)
  if (outcome === "stopped") yield* note(({ dim }) => dim("(stopped)"))
  yield* note(() => "")
  if (said.finish !== undefined) yield* beforehand(said.finish)
  if (now.verbose) yield* note(({ dim }) => dim(usage(said, begun)))
  // what was said so far is part of the conversation, also when it was stopped
  return {
    ...now,
    messages: [
      ...now.messages,
      message,
      ...(said.text === "" ? [] : [{ role: "assistant" as const, content: said.text }])
    ]
  }
})

const converse = Effect.fnUntraced(function*(first: state.State) {
  const { err } = yield* Screen
  const line = yield* editor.make(yield* store.history)
  const lines: Array<string> = []
  yield* Effect.addFinalizer(() => store.remember(now.keepsHistory ? lines : []))
  const chosen = yield* Effect.either(Models.select(first.model))
  yield* note(({ dim }) =>
    dim(
      `${Either.isRight(chosen) ? oneLine(chosen.right.ref) : first.model ?? "no model"} · /? for help, Ctrl-D to leave`
    )
  )
  let now = first
  let open: string | undefined
  let leaving = false
  while (true) {
    const typed = yield* line.line(open === undefined ? ">>> " : "... ")
    if (typed.type === "end") {
      yield* err.write("\n")
      return
    }
    if (typed.type === "stop") {
      yield* err.write("\n")
      open = undefined
      if (leaving && !typed.hadText) return
      leaving = true
      if (!typed.hadText) yield* note(({ dim }) => dim("Ctrl-C once more, Ctrl-D or /bye leaves."))
      continue
    }
    leaving = false
    lines.push(typed.text)
    const read = input.read(typed.text, open)
    open = read.type === "open" ? read.text : undefined
    if (read.type === "command") {
      const outcome = yield* slash.run(now, read.name, read.rest)
      if (outcome.type === "leave") return
      now = outcome.state
    } else if (read.type === "prompt") {
      // a question that fails is not part of the conversation
      const next = yield* Effect.either(answering(now, read.text, line))
      if (Either.isRight(next)) now = next.right
      else yield* complain(sentence(next.left))
    }
  }
})

// =============================================================================
// the command
// =============================================================================

interface Given {
  readonly model: Option.Option<string>
  readonly system: Option.Option<string>
  readonly image: ReadonlyArray<string>
  readonly think: boolean
  readonly thinkLevel: Option.Option<"low" | "medium" | "high" | "max">
  readonly noThink: boolean
  readonly hideThinking: boolean
  readonly noWrap: boolean
  readonly keepAlive: Option.Option<string>
  readonly format: Option.Option<"json">
  readonly schema: Option.Option<string>
  readonly ref: Option.Option<string>
  readonly words: ReadonlyArray<string>
}

export const chat = (given: Given) =>
  Effect.gen(function*() {
    const { verbose } = yield* Settings
    const { input: piping, isInteractive } = yield* Screen
    const first = Option.getOrUndefined(given.ref)
    const named = Option.getOrUndefined(given.model)
    const piped = isInteractive ? "" : yield* piping
    // a single word is the model where a question comes from elsewhere, else it is the question
    const isAsked = isInteractive || given.words.length > 0 || piped.trim() !== ""
    const isRef = named === undefined && first !== undefined && !/\s/.test(first.trim()) && isAsked
    const model = named ?? (isRef ? first.trim() : undefined)
    const words = [...(first === undefined || isRef ? [] : [first]), ...given.words].join(" ")
    if (given.think && given.noThink) {
      return yield* new Misused({ message: "--think and --no-think exclude each other." })
    }
    if (Option.isSome(given.format) && Option.isSome(given.schema)) {
      return yield* new Misused({ message: "--schema is --format json already: say one of them." })
    }
    const written = [words, piped.trim() === "" ? "" : piped].filter((part) => part !== "").join("\n\n")
    const level = Option.getOrUndefined(given.thinkLevel)
    const now: state.State = {
      ...state.initial,
      model,
      system: Option.getOrUndefined(given.system),
      think: given.noThink ? false : level ?? (given.think ? true : undefined),
      showThinking: !given.hideThinking,
      wrap: !given.noWrap,
      keepAlive: Option.getOrUndefined(Option.map(given.keepAlive, keepAliveOf)),
      format: Option.isSome(given.schema) ? yield* schemaOf(given.schema.value) : Option.getOrUndefined(given.format),
      verbose
    }
    if (written === "" && !isInteractive) {
      return yield* new Misused({
        message: "There is no question: neither an argument nor anything on standard input."
      })
    }
    const talk = written === ""
      ? Effect.scoped(converse(now))
      : Effect.flatMap(question(written, given.image), (message) => once(now, message))
    // who types wants to see words, unless the configuration says otherwise; and who names a model without tools gets it
    yield* Effect.provide(talk, live({ streaming: true, keepWithoutTools: model !== undefined }))
  })
