/** `pull`. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { normalizeModel } from "../../ModelRef.js"
import * as Models from "../../Models.js"
import * as OllamaClient from "../../OllamaClient.js"
import { Failed } from "../failures.js"
import * as progress from "../progress.js"
import { note, Screen } from "../screen.js"
import { live, target } from "../session.js"
import { duration, oneLine } from "../text.js"

const clear = "\r\u001b[K"

export const pull = ({ model: written }: { readonly model: string }) =>
  Effect.gen(function*() {
    const { err } = yield* Screen
    const { model, provider } = yield* target(written)
    const begun = yield* Clock.currentTimeMillis
    const state = yield* Ref.make(progress.empty)
    const draw = err.isTerminal
      ? Effect.flatMap(Ref.get(state), (now) => err.write(clear + progress.line(now, model, err)))
      : Effect.void

    const fetch = OllamaClient.pull(provider, model).pipe(
      Stream.runForEach((event) =>
        Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          const before = yield* Ref.get(state)
          const after = progress.step(before, event, now)
          yield* Ref.set(state, after)
          const line = err.isTerminal ? undefined : progress.milestone(before, after)
          if (line !== undefined) yield* note(() => `${oneLine(model)}: ${line}`)
        })
      )
    )
    // The screen is drawn at its own pace: a server may tell a progress a thousand times a second.
    const drawing = Effect.zipRight(Effect.repeat(draw, Schedule.spaced("80 millis")), Effect.never)
    yield* Effect.raceFirst(fetch, drawing).pipe(
      Effect.ensuring(err.isTerminal ? err.write(clear) : Effect.void),
      Effect.onInterrupt(() => note(({ dim }) => dim("Stopped. The same command goes on from here."))),
      Effect.catchIf(
        (error) => "detail" in error && /file does not exist|manifest unknown/.test(error.detail ?? ""),
        () => new Failed({ message: `There is no model ${model} to pull. Check the name: https://ollama.com/library` })
      )
    )
    const took = (yield* Clock.currentTimeMillis) - begun
    yield* note(({ dim, green }) => `${green("✓")} pulled ${oneLine(model)} ${dim(`(${duration(took)})`)}`)

    // what asks for models from now on finds it
    if (provider.source !== "discovered") return
    const catalog = yield* Effect.either(Models.catalog(provider.id))
    if (Either.isLeft(catalog)) return
    const leftOut = catalog.right.excluded.find(({ name }) => normalizeModel(name) === normalizeModel(model))
    if (leftOut?.reason === "no-tools") {
      yield* note(({ yellow }) =>
        `${yellow("note:")} ${oneLine(model)} has no tools, so it is not among the discovered models. ` +
        `effect-ollama chat ${oneLine(model)} works all the same.`
      )
    }
  }).pipe(Effect.provide(live()))
