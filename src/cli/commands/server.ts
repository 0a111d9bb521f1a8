/** `ps`, `rm`, `load`, `unload`: what a server has in memory and on its disk. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as OllamaClient from "../../OllamaClient.js"
import type { Failure } from "../command.js"
import { describe } from "../failure.js"
import { SaidAlready } from "../failures.js"
import { note, print, printJson, Screen } from "../screen.js"
import { keepAliveOf, live, server, target } from "../session.js"
import { Settings } from "../settings.js"
import { table } from "../table.js"
import { bytes, duration, grouped, oneLine } from "../text.js"

/** For how long a loaded model stays. */
export const remaining = (model: OllamaClient.LoadedModel): Effect.Effect<string> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    if (model.forever) return "for ever"
    const until = Date.parse(model.expiresAt ?? "")
    return Number.isNaN(until) ? "-" : until <= now ? "stopping" : `for ${duration(until - now)}`
  })

// As Ollama says it: how much of the model is on the GPU.
const processor = ({ size, sizeVram }: OllamaClient.LoadedModel): string => {
  if (size === undefined || size <= 0) return "-"
  const share = Math.round(100 * Math.min(1, (sizeVram ?? 0) / size))
  return share === 0 ? "100% CPU" : share === 100 ? "100% GPU" : `${100 - share}%/${share}% CPU/GPU`
}

interface Loaded {
  readonly model: OllamaClient.LoadedModel
  readonly until: string
}

export const ps = ({ json }: { readonly json: boolean }) =>
  Effect.gen(function*() {
    const models = yield* OllamaClient.ps(yield* server)
    if (json) return yield* printJson({ models })
    if (models.length === 0) return yield* note(({ dim }) => dim("No model is loaded."))
    const rows = yield* Effect.forEach(models, (model) =>
      Effect.map(remaining(model), (until): Loaded => ({ model, until })))
    const { out } = yield* Screen
    yield* print(table(
      [
        {
          title: "name",
          cell: ({ model }: Loaded) =>
            oneLine(model.name)
        },
        { title: "size", cell: ({ model }: Loaded) => model.size === undefined ? "-" : bytes(model.size), right: true },
        { title: "processor", cell: ({ model }: Loaded) => processor(model) },
        {
          title: "context",
          cell: ({ model }: Loaded) => model.contextSize === undefined ? "-" : grouped(model.contextSize),
          right: true
        },
        { title: "stays", cell: ({ until }: Loaded) => until }
      ],
      rows,
      out
    ))
  }).pipe(Effect.provide(live()))

export const rm = ({ models }: { readonly models: ReadonlyArray<string> }) =>
  Effect.gen(function*() {
    const { verbose } = yield* Settings
    const failures: Array<Failure> = []
    for (const written of models) {
      // one that is not there does not keep the others, nor one whose provider cannot be used
      const removed = Effect.flatMap(
        target(written),
        ({ model, provider }) => Effect.as(OllamaClient.delete(provider, model), model)
      )
      yield* Effect.matchEffect(removed, {
        onFailure: (failure) => Effect.sync(() => failures.push(failure)),
        onSuccess: (model) => note(({ green }) => `${green("✓")} removed ${oneLine(model)}`)
      })
    }
    yield* Effect.forEach(failures, (failure) => note((inks) => describe(failure, inks, verbose)), { discard: true })
    if (failures.length > 0) return yield* new SaidAlready()
  }).pipe(Effect.provide(live()))

export const load = (
  { keepAlive, model: written, numCtx }: {
    readonly keepAlive: Option.Option<string>
    readonly model: string
    readonly numCtx: Option.Option<number>
  }
) =>
  Effect.gen(function*() {
    const { model, provider } = yield* target(written)
    const [took] = yield* Effect.timed(
      OllamaClient.load(provider, model, {
        keepAlive: Option.getOrUndefined(Option.map(keepAlive, keepAliveOf)),
        numCtx: Option.getOrUndefined(numCtx)
      })
    )
    yield* note(({ dim, green }) =>
      `${green("✓")} loaded ${oneLine(model)} ${dim(`(${duration(Duration.toMillis(took))})`)}`
    )
  }).pipe(Effect.provide(live()))

export const unload = ({ model: written }: { readonly model: string }) =>
  Effect.gen(function*() {
    const { model, provider } = yield* target(written)
    yield* OllamaClient.unload(provider, model)
    yield* note(({ green }) => `${green("✓")} unloaded ${oneLine(model)}`)
  }).pipe(Effect.provide(live()))
