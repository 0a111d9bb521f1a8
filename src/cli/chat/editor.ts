/**
 * The line that somebody types: edited, with a history, and with Ctrl-C as an event, also while an answer comes.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Readline from "node:readline"
import { Writable } from "node:stream"

export type Typed =
  | { readonly type: "line"; readonly text: string }
  /** Ctrl-C; whether there was anything on the line. */
  | { readonly type: "stop"; readonly hadText: boolean }
  /** Ctrl-D, or the end of the input. */
  | { readonly type: "end" }

export interface Editor {
  /** Waits for a line. */
  readonly line: (prompt: string) => Effect.Effect<Typed>
  /** Waits for the next Ctrl-C. */
  readonly stopped: Effect.Effect<void>
}

/** An editor on the terminal. `history` has the newest line first. */
export const make = (history: ReadonlyArray<string>): Effect.Effect<Editor, never, Scope.Scope> =>
  Effect.gen(function*() {
    const typed = yield* Queue.unbounded<Typed>()
    const waiting = new Set<() => void>()
    // While an answer comes, what is typed is kept and not shown.
    let isMuted = true
    const screen = new Writable({
      write: (piece: Buffer | string, _encoding, done) => {
        if (isMuted) done()
        else process.stderr.write(piece, () => done())
      }
    })
    Object.defineProperty(screen, "columns", { get: () => process.stderr.columns })
    const editor = yield* Effect.acquireRelease(
      Effect.sync(() =>
        Readline.createInterface({
          input: process.stdin,
          output: screen,
          terminal: true,
          history: [...history],
          historySize: 1000,
          removeHistoryDuplicates: true
        })
      ),
      (editor) => Effect.sync(() => editor.close())
    )
    const offer = (event: Typed) => void typed.unsafeOffer(event)
    editor.on("line", (text) => offer({ type: "line", text }))
    editor.on("close", () => offer({ type: "end" }))
    editor.on("SIGINT", () => {
      if (isMuted) {
        for (const resume of waiting) resume()
        return
      }
      offer({ type: "stop", hadText: editor.line !== "" })
    })
    // suspended by Ctrl-Z and back again, the line is shown once more
    editor.on("SIGCONT", () => {
      if (!isMuted) editor.prompt(true)
    })
    return {
      line: (prompt) =>
        Effect.gen(function*() {
          isMuted = false
          editor.setPrompt(prompt)
          editor.prompt(true)
          const event = yield* Queue.take(typed)
          if (event.type === "stop") {
            // the line is given up, and the cursor leaves it
            editor.write(null, { ctrl: true, name: "e" })
            editor.write(null, { ctrl: true, name: "u" })
          }
          isMuted = true
          return event
        }),
      stopped: Effect.async<void>((resume) => {
        const done = () => resume(Effect.void)
        waiting.add(done)
        return Effect.sync(() => waiting.delete(done))
      })
    }
  })
