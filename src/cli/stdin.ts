/** What is piped in. */
import * as Effect from "effect/Effect"
import { Failed } from "./failures.js"

// A prompt that is larger than this is a mistake; a model's context is much smaller.
const most = 16 * 1024 * 1024

/** All of standard input, as text. */
export const readInput: Effect.Effect<string, Failed> = Effect.async<string, Failed>((resume) => {
  const { stdin } = process
  const pieces: Array<Buffer> = []
  let size = 0
  const onData = (piece: Buffer) => {
    pieces.push(piece)
    size += piece.length
    if (size > most) finish(Effect.fail(new Failed({ message: `The input is larger than ${most} bytes.` })))
  }
  const onEnd = () => {
    const text = new TextDecoder("utf-8", { fatal: true })
    try {
      finish(Effect.succeed(text.decode(Buffer.concat(pieces))))
    } catch {
      finish(Effect.fail(new Failed({ message: "The input is no UTF-8 text." })))
    }
  }
  const onError = (error: Error) =>
    finish(Effect.fail(new Failed({ message: `The input cannot be read: ${error.message}` })))
  const stop = () => {
    stdin.off("data", onData).off("end", onEnd).off("error", onError)
    stdin.pause()
  }
  const finish = (result: Effect.Effect<string, Failed>) => {
    stop()
    resume(result)
  }
  stdin.on("data", onData).on("end", onEnd).on("error", onError)
  stdin.resume()
  return Effect.sync(stop)
})
