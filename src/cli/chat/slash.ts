/**
 * The commands with a slash, as `ollama run` has them.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Think } from "../../Chat.js"
import { suggest } from "../../core/config/suggest.js"
import * as Models from "../../Models.js"
import * as OllamaClient from "../../OllamaClient.js"
import { sentence } from "../failure.js"
import { Failed } from "../failures.js"
import { complain, note, print, Screen } from "../screen.js"
import { isOllama } from "../session.js"
import { pairs } from "../table.js"
import { grouped, harmless, oneLine } from "../text.js"
import { valueOf } from "./input.js"
import type { State } from "./state.js"
import * as store from "./store.js"

const help = `/set              Set what the next question is asked with (/? set)
/show             Show what is known about the model
/load <name>      Go on with a saved conversation, or with another model
/save <name>      Save this conversation
/clear            Forget what was said
/bye              Leave (also Ctrl-D)
/?                This help (/? shortcuts: the keys)

""" begins a text of several lines, and ends it.
A path of a picture in a question is sent as the picture.`

const helpSet = `/set parameter <name> <value>   A parameter: temperature 0.5, num_ctx 8192, ...
/set system <text>              What the model is to be
/set think [low|medium|high]    Think before answering
/set nothink                    Do not
/set format json                Answers are JSON objects
/set noformat                   Answers are text
/set wordwrap, nowordwrap       Break lines between words
/set history, nohistory         Keep what is typed for the next time
/set verbose, quiet             Tell usage and speed after each answer`

const helpShow = `/show info         What it can do
/show parameters   What is set, here and in its Modelfile
/show system       What the model is to be
/show template     Its template
/show license      Its licence`

const helpKeys = `Ctrl-C   Stop the answer; at an empty line twice: leave
Ctrl-D   Leave
Ctrl-A, Ctrl-E, Ctrl-U, Ctrl-K, Ctrl-W, up, down: as in a shell`

type Outcome = { readonly type: "go-on"; readonly state: State } | { readonly type: "leave" }

const leave: Outcome = { type: "leave" }

const goOn = (state: State): Outcome => ({ type: "go-on", state })

const told = (state: State, text: string) => Effect.as(note(({ dim }) => dim(text)), goOn(state))

const levels: ReadonlyArray<Think> = ["low", "medium", "high", "max"]

const set = (state: State, rest: string) => {
  const [, name = "", value = ""] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? []
  switch (name) {
    case "parameter": {
      const [, parameter = "", given = ""] = /^(\S*)\s*([\s\S]*)$/.exec(value) ?? []
      if (parameter === "" || given === "") return told(state, "Which? /set parameter temperature 0.5")
      const params = { ...state.params, [parameter]: valueOf(given) }
      return told({ ...state, params }, `${parameter} is ${JSON.stringify(params[parameter])} from now on.`)
    }
    case "system":
      return told({ ...state, system: value === "" ? undefined : value }, value === "" ? "No system text." : "Set.")
    case "think": {
      const level = levels.find((level) => level === value)
      if (value !== "" && level === undefined) return told(state, "Levels are low, medium, high and max.")
      return told({ ...state, think: level ?? true, showThinking: true }, "It thinks from now on.")
    }
    case "nothink":
      return told({ ...state, think: false }, "It does not think from now on.")
    case "format":
      return value === "json" || value === ""
        ? told({ ...state, format: "json" }, "Answers are JSON objects from now on.")
        : told(state, "The format is json.")
    case "noformat":
      return told({ ...state, format: undefined }, "Answers are text from now on.")
    case "verbose":
      return told({ ...state, verbose: true }, "Usage and speed are told.")
    case "quiet":
      return told({ ...state, verbose: false }, "Usage and speed are not told.")
    case "wordwrap":
      return told({ ...state, wrap: true }, "Lines break between words.")
    case "nowordwrap":
      return told({ ...state, wrap: false }, "Lines break where the terminal ends.")
    case "history":
      return told({ ...state, keepsHistory: true }, "What is typed is kept.")
    case "nohistory":
      return told({ ...state, keepsHistory: false }, "What is typed is not kept.")
    default:
      return Effect.as(note(() => helpSet), goOn(state))
  }
}

const show = Effect.fnUntraced(function*(state: State, what: string) {
  const { endpoint, model, params, provider, ref } = yield* Models.select(state.model)
  const shown = isOllama(provider) ? yield* OllamaClient.show(endpoint, model.id) : undefined
  const { out } = yield* Screen
  const text = (value: string | undefined) =>
    print(value === undefined || value === "" ? "There is none." : harmless(value))
  switch (what) {
    case "license":
      return yield* text(shown?.license)
    case "template":
      return yield* text(shown?.template)
    case "system":
      return yield* text(state.system ?? shown?.system)
    case "parameters":
      return yield* text([
        ...(shown?.parameters === undefined ? [] : [shown.parameters]),
        ...[...params, state.params].flatMap((layer) =>
          Object.entries(layer).map(([name, value]) => `${name.padEnd(30)} ${JSON.stringify(value)}`)
        )
      ].join("\n"))
    case "":
    case "info":
      return yield* print(pairs([
        ["model", oneLine(ref)],
        ["family", oneLine(`${shown?.family ?? "-"} ${shown?.parameterSize ?? ""} ${shown?.quantization ?? ""}`)],
        ["context", `${grouped(model.contextWindow)} tokens`],
        ["capabilities", oneLine((shown?.capabilities ?? model.capabilities ?? []).join(", ") || "-")]
      ], out))
    default:
      return yield* note(() => helpShow)
  }
})

const load = Effect.fnUntraced(function*(state: State, name: string) {
  if (name === "") return yield* told(state, "Which? /load <name>")
  const saved = yield* store.load(name)
  if (Option.isSome(saved)) {
    const { messages, model, params, system } = saved.value
    return yield* told(
      { ...state, messages, model: model ?? state.model, params, system },
      `${name}: ${messages.length} messages.`
    )
  }
  const { ref } = yield* Models.select(name)
  return yield* told({ ...state, model: ref }, `${ref} is asked from now on.`)
})

const save = Effect.fnUntraced(function*(state: State, name: string) {
  if (name === "") return yield* told(state, "As what? /save <name>")
  const { messages, model, params, system } = state
  const file = yield* store.save(name, {
    ...(model === undefined ? {} : { model }),
    ...(system === undefined ? {} : { system }),
    params,
    messages
  })
  return yield* told(state, `Saved: ${file}`)
})

const names = ["set", "show", "load", "save", "clear", "bye", "help"]

/** Does what a command says. What fails is told, and the conversation goes on. */
export const run = (state: State, name: string, rest: string) => {
  const outcome = Effect.gen(function*() {
    switch (name) {
      case "bye":
      case "exit":
        return leave
      case "clear":
        return yield* told({ ...state, messages: [] }, "All is forgotten.")
      case "set":
        return yield* set(state, rest)
      case "show":
        return yield* Effect.as(show(state, rest), goOn(state))
      case "load":
        return yield* load(state, rest)
      case "save":
        return yield* save(state, rest)
      case "?":
      case "help": {
        const text = { set: helpSet, show: helpShow, shortcuts: helpKeys }[rest.replace(/^\//, "")] ?? help
        return yield* Effect.as(note(() => text), goOn(state))
      }
      default: {
        const meant = suggest(name, names)
        return yield* new Failed({
          message: `There is no /${name}.${meant === undefined ? " See /?" : ` Did you mean /${meant}?`}`
        })
      }
    }
  })
  return Effect.catchAll(
    outcome,
    (failure) => Effect.as(complain(sentence(failure)), goOn(state))
  )
}
