/** `mock`: the test kit's server, for programs that are not tested from Effect. Also `effect-ollama-mock`. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Queue from "effect/Queue"
import { parse } from "../../core/config/json5.js"
import { formatPath, toValue } from "../../core/config/tree.js"
import { own } from "../../core/json.js"
import { decode } from "../../testing/internal/written.js"
import type { Description, RecordedRequest, Version } from "../../testing/Script.js"
import { Failed } from "../failures.js"
import { note, print } from "../screen.js"
import { oneLine } from "../text.js"

/** What is served when nobody says what. */
const usual: Description = {
  models: [
    {
      name: "gpt-oss:20b",
      capabilities: ["completion", "tools", "thinking"],
      contextLength: 131_072,
      size: 13_780_173_839
    },
    { name: "llama3.3", contextLength: 131_072, size: 42_520_413_916 },
    {
      name: "qwen2.5vl:7b",
      capabilities: ["completion", "tools", "vision"],
      contextLength: 128_000,
      size: 5_969_245_856
    },
    { name: "gemma3:4b", capabilities: ["completion", "vision"], size: 3_338_801_804 },
    { name: "nomic-embed-text", capabilities: ["embedding"], contextLength: 2048, size: 274_302_450 }
  ],
  replies: [{
    reasoning: "The user wants one sentence.",
    text: "Air scatters short wavelengths more than long ones, so blue light reaches us from all over the sky."
  }]
}

/** It may run for months, and nobody can ask it what it was asked. */
const remembered = 1000

/** A description that was written in a file. */
const describedIn = (value: unknown, file: string): Either.Either<Description, Failed> =>
  Either.mapLeft(decode(value), (error) => {
    const all = ParseResult.ArrayFormatter.formatErrorSync(error)
    const told = all.map(({ message, path }) =>
      `${path.length === 0 ? "" : `${formatPath(path.map(keyOf))}: `}${message}`
    )
    return new Failed({ message: told.length === 1 ? `${file}: ${told[0]}` : `${file}:\n  - ${told.join("\n  - ")}` })
  })

const keyOf = (key: PropertyKey): string | number => typeof key === "symbol" ? String(key) : key

const readScript = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const source = yield* Effect.mapError(
    fs.readFileString(file),
    () => new Failed({ message: `${file} cannot be read.` })
  )
  return yield* describedIn(toValue(yield* parse(source, file)), file)
})

interface Given {
  readonly imitate: Option.Option<Version>
  readonly log: boolean
  readonly models: ReadonlyArray<string>
  readonly port: Option.Option<number>
  readonly replies: ReadonlyArray<string>
  readonly script: Option.Option<string>
}

export const mock = ({ imitate, log, models, port, replies, script }: Given) =>
  Effect.gen(function*() {
    const written = Option.isSome(script) ? yield* readScript(script.value) : usual
    const description: Description = {
      ...written,
      ...(Option.isSome(imitate) ? { version: imitate.value } : {}),
      ...(models.length > 0 ? { models } : {}),
      ...(replies.length > 0 ? { replies } : {})
    }
    const kit = yield* Effect.promise(() => import("../../testing/node.js"))
    const lines = yield* Queue.sliding<string>(remembered)
    const options = {
      ...(Option.isSome(port) ? { port: port.value } : {}),
      remember: remembered,
      ...(log && {
        onRequest: ({ method, model, path }: RecordedRequest) => {
          lines.unsafeOffer(`${method} ${path}${model === undefined ? "" : ` ${model}`}`)
        }
      })
    }
    const { server } = yield* kit.makeServer(description, options).pipe(
      Effect.catchAllDefect((defect) => {
        return new Failed({
          message: own(defect, "code") === "EADDRINUSE"
            ? `Port ${Option.getOrElse(port, () => 0)} is taken. Choose another with --port, or leave it out.`
            : `It cannot listen: ${String(defect)}`
        })
      })
    )
    yield* print(`${server.url}${description.prefix ?? ""}`)
    yield* note(({ dim }) => dim(`A mock of Ollama ${description.version ?? "0.33.0"}. Ctrl-C stops it.`))
    return yield* Effect.forever(Effect.flatMap(lines.take, (line) => note(() => oneLine(line))))
  }).pipe(Effect.scoped)
