/**
 * One turn of a conversation: the answer to standard output while it comes, what the model thought and everything else
 * to standard error.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { FinishEvent } from "../../Chat.js"
import * as ChatCompletions from "../../ChatCompletions.js"
import { sentence } from "../failure.js"
import { note, Screen } from "../screen.js"
import { duration, harmless, oneLine, plural } from "../text.js"
import { Wrapping } from "./wrapping.js"

export interface View {
  readonly showThinking: boolean
  readonly wrap: boolean
}

/** What has come of an answer so far. */
export interface Said {
  readonly text: string
  readonly reasoning: string
  readonly finish?: FinishEvent | undefined
  /** When the first piece came, and when the last one did. */
  readonly first?: number | undefined
  readonly last: number
}

export const nothing: Said = { text: "", reasoning: "", last: 0 }

/** Asks, shows the answer as it comes, and keeps in `said` what there is of it. */
export const turn = (options: ChatCompletions.CompletionOptions, view: View, said: Ref.Ref<Said>) =>
  Effect.gen(function*() {
    const { err, out } = yield* Screen
    const answer = new Wrapping(view.wrap && out.isTerminal ? out.columns : () => Infinity)
    const thought = new Wrapping(view.wrap && err.isTerminal ? err.columns : () => Infinity)
    // nothing moves the cursor but this program
    const clean = (text: string) => out.isTerminal ? harmless(text) : text
    const think = (text: string) => text === "" ? Effect.void : err.write(err.inks.dim(text))
    const tell = (text: string) => text === "" ? Effect.void : out.write(text)

    yield* ChatCompletions.stream(options).pipe(
      Stream.runForEach((event) =>
        Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          yield* Ref.update(said, (before) => ({ ...before, first: before.first ?? now, last: now }))
          switch (event.type) {
            case "reasoning-delta":
              yield* Ref.update(said, (before) => ({ ...before, reasoning: before.reasoning + event.delta }))
              if (view.showThinking) yield* think(thought.push(harmless(event.delta)))
              break
            case "reasoning-end":
              if (view.showThinking) yield* Effect.zipRight(think(thought.flush()), err.write("\n\n"))
              break
            case "text-delta":
              yield* Ref.update(said, (before) => ({ ...before, text: before.text + event.delta }))
              yield* tell(answer.push(clean(event.delta)))
              break
            case "text-end":
              yield* tell(answer.flush())
              break
            case "finish":
              yield* Ref.update(said, (before) => ({ ...before, finish: event }))
              break
            default:
              break
          }
        })
      ),
      // an answer that is stopped is not cut in the middle of a word
      Effect.ensuring(Effect.suspend(() => tell(answer.flush()))),
      Effect.ensuring(
        Effect.flatMap(Ref.get(said), ({ text }) => text === "" || text.endsWith("\n") ? Effect.void : out.write("\n"))
      )
    )
    return yield* Ref.get(said)
  })

/** `2 models were tried before: …` */
export const beforehand = ({ attempts }: FinishEvent) =>
  Effect.forEach(
    attempts,
    ({ error, ref }) => note(({ yellow }) => `${yellow("tried")} ${oneLine(ref)}: ${sentence(error)}`),
    { discard: true }
  )

/** The usage and the speed of an answer, on one line. */
export const usage = ({ finish, first, last }: Said, begun: number): string => {
  const { timings, usage: tokens } = finish ?? {}
  const output = tokens?.outputTokens
  const time = timings?.eval ?? (first === undefined ? 0 : last - first)
  const speed = output === undefined || output < 2 || time < 1 ? undefined : output / time * 1000
  return [
    ...(finish === undefined ? [] : [oneLine(finish.ref)]),
    ...(tokens?.inputTokens === undefined ? [] : [`${plural(tokens.inputTokens, "token")} in`]),
    ...(output === undefined ? [] : [`${plural(output, "token")} out`]),
    duration(timings?.total ?? last - begun),
    ...(speed === undefined ? [] : [`${speed.toFixed(speed < 10 ? 1 : 0)} tokens/s`]),
    ...(timings?.load === undefined || timings.load < 1000 ? [] : [`loaded in ${duration(timings.load)}`]),
    ...(tokens?.cost === undefined ? [] : [`cost ${tokens.cost.toPrecision(3)}`])
  ].join(" · ")
}
