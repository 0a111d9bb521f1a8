/**
 * The command `effect-ollama`: a process around the program.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { run } from "./program.js"
import { inks, type Output, Screen } from "./screen.js"
import { readInput } from "./stdin.js"
import { variable } from "./variable.js"

/** Put in when the command is bundled. */
declare const EFFECT_OLLAMA_VERSION: string

const { argv, stderr, stdin, stdout } = process

// Who reads the output has seen enough, as `head` has.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
}

const write = (stream: NodeJS.WriteStream) => (text: string): Effect.Effect<void> =>
  text === ""
    ? Effect.void
    : Effect.async<void>((resume) => {
      stream.write(text, () => resume(Effect.void))
    })

const screen = Effect.gen(function*() {
  const forced = yield* variable("FORCE_COLOR")
  const plain = (yield* variable("NO_COLOR")) !== undefined || (yield* variable("TERM")) === "dumb"
    || argv.includes("--no-color")
  const output = (stream: NodeJS.WriteStream): Output => {
    const isTerminal = stream.isTTY === true
    return {
      write: write(stream),
      isTerminal,
      columns: () => isTerminal ? stream.columns || 80 : Infinity,
      inks: inks(!plain && (isTerminal || (forced !== undefined && forced !== "0")))
    }
  }
  return Screen.of({ out: output(stdout), err: output(stderr), isInteractive: stdin.isTTY === true, input: readInput })
})

const fiber = Effect.runFork(
  run(argv.slice(2), EFFECT_OLLAMA_VERSION).pipe(
    Effect.provideServiceEffect(Screen, screen)
  )
)

// The exit code of a program that a signal ends.
let signalled: number | undefined
const stop = (code: number) => () => {
  // asked twice it does not wait for anything
  if (signalled !== undefined) process.exit(code)
  signalled = code
  fiber.unsafeInterruptAsFork(fiber.id())
}
process.on("SIGINT", stop(130))
process.on("SIGTERM", stop(143))
process.on("SIGHUP", stop(129))

fiber.addObserver((exit) => {
  process.exitCode = signalled ?? (Exit.isSuccess(exit) ? exit.value : 1)
  // what is still open is nobody's: a socket that is kept alive, or a pipe that nobody ends
  const left = () => process.exit()
  stdout.write("", () => stderr.write("", left))
})
