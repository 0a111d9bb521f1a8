/** `status`, also `doctor`. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as ChatCompletions from "../../ChatCompletions.js"
import { wires } from "../../core/wire/wires.js"
import * as ModelRef from "../../ModelRef.js"
import * as Models from "../../Models.js"
import * as Ollama from "../../Ollama.js"
import * as OllamaClient from "../../OllamaClient.js"
import type { ConfigurationError } from "../../OllamaError.js"
import * as OpenClawConfig from "../../OpenClawConfig.js"
import { SaidAlready } from "../failures.js"
import { type Output, print, printJson, Screen } from "../screen.js"
import { hostOptions, isOllama, server as serverOf, transport } from "../session.js"
import * as checks from "../status/checks.js"
import { padEnd, widthOf, wrap } from "../text.js"

const titles: Record<checks.Check["name"], string> = {
  config: "Configuration",
  credential: "Credential",
  provider: "Provider",
  server: "Server",
  models: "Models",
  tools: "Tools",
  refs: "Primary",
  streaming: "Streaming",
  probe: "Answer"
}

const titleWidth = Math.max(...Object.values(titles).map(widthOf)) + 2

const shown = ({ details = [], fix = [], found, name, state }: checks.Check, { columns, inks }: Output): string => {
  const mark = state === "ok" ? inks.green("✓") : state === "failed" ? inks.red("✗") : inks.dim("–")
  const lead = " ".repeat(titleWidth + 2)
  const room = Math.max(24, columns() - lead.length)
  const block = (text: string) => wrap(text, room).split("\n").join(`\n${lead}`)
  // a command is copied: it is broken only where there is no line that has it whole
  const fixed = fix.map((text) =>
    widthOf(text) <= room - 2
      ? `${lead}${inks.yellow("→")} ${text}`
      : `    ${inks.yellow("→")} ${wrap(text, Math.max(24, columns() - 6)).split("\n").join("\n      ")}`
  )
  return [
    `${mark} ${padEnd(titles[name], titleWidth)}${state === "skipped" ? inks.dim(block(found)) : block(found)}`,
    ...details.map((line) => `${lead}${inks.dim(block(line))}`),
    ...(state === "failed" ? fixed : [])
  ].join("\n")
}

/** The refs for which `streaming: true` is set, of servers that are Ollamas. */
const streamed = ({ models, providers }: OpenClawConfig.ResolvedConfig): ReadonlyArray<checks.Streaming> =>
  models.flatMap(({ ref, streaming }) => {
    if (streaming !== true) return []
    const parsed = ModelRef.parse(ref)
    const id = Either.isRight(parsed) ? parsed.right.provider : "ollama"
    const status = providers.find((provider) => provider.id === id)
    const provider = status !== undefined && Either.isRight(status.result) ? status.result.right : undefined
    const ollama = provider === undefined ? id === "ollama" : isOllama(provider)
    return ollama ? [{ ref, isNative: provider !== undefined && wires[provider.api].ollama }] : []
  })

const gather = Effect.fnUntraced(function*(
  loaded: Either.Either<OpenClawConfig.ResolvedConfig, ConfigurationError>,
  wantsProbe: boolean
) {
  const config = yield* OpenClawConfig.OpenClawConfig
  const isLoaded = Either.isRight(loaded)
  const status = config.providers.find(({ id }) => id === "ollama")!
  const found: Array<checks.Check> = [checks.config(loaded)]
  const unknown = "not known while the configuration cannot be read"
  found.push(
    isLoaded ? checks.credential(status) : checks.skipped("credential", unknown),
    isLoaded ? checks.provider(status) : checks.skipped("provider", unknown)
  )

  const asked = yield* Effect.either(serverOf)
  const version = Either.isLeft(asked) ? undefined : yield* Effect.either(OllamaClient.version(asked.right))
  const unasked = "not asked: the server does not answer"
  if (Either.isLeft(asked) || version === undefined) {
    found.push(checks.skipped("server", "nothing is asked of a provider that cannot be used"))
  } else found.push(checks.server(asked.right, version))
  const answers = version !== undefined && Either.isRight(version)

  const tags = Either.isRight(asked) && answers ? yield* Effect.either(OllamaClient.tags(asked.right)) : undefined
  found.push(tags === undefined ? checks.skipped("models", unasked) : checks.installed(tags))
  const hasModels = tags !== undefined && Either.isRight(tags) && tags.right.length > 0
  found.push(
    !hasModels
      ? checks.skipped("tools", answers ? "no model is installed" : unasked)
      : !isLoaded || Either.isLeft(status.result)
      ? checks.skipped("tools", isLoaded ? "nothing is asked of a provider that cannot be used" : unknown)
      : checks.tools(yield* Effect.either(Models.catalog("ollama")), tags.right)
  )

  if (!isLoaded) found.push(checks.skipped("refs", unknown), checks.skipped("streaming", unknown))
  else {
    const candidates = yield* Models.candidates()
    const chosen = yield* Effect.forEach(
      candidates,
      (candidate) =>
        Effect.map(Effect.either(candidate.select), (result): checks.Chosen => ({
          ref: candidate.ref,
          role: candidate.selectedBy === "caller" ? "primary" : candidate.selectedBy,
          result: Either.map(result, ({ ref }) => ref)
        })),
      { concurrency: 4 }
    )
    const needsServer = chosen.every(({ role }) => role === "first-available")
    found.push(
      needsServer && !(Either.isRight(status.result) && (answers || status.result.right.source === "configured"))
        ? checks.skipped("refs", "no primary is configured, and there is no catalog to choose from")
        : checks.refs(chosen)
    )
    found.push(checks.streaming(streamed(config), answers ? version.right : undefined))
  }

  if (wantsProbe) {
    const answer = ChatCompletions.create({ prompt: "Hi", maxTokens: 1, think: false }).pipe(
      Effect.timed,
      Effect.map(([took, { ref }]) => ({ ref, ms: Duration.toMillis(took) })),
      Effect.either
    )
    found.push(isLoaded ? checks.probe(yield* answer) : checks.skipped("probe", unknown))
  }
  return found
})

export const status = ({ json, probe }: { readonly json: boolean; readonly probe: boolean }) =>
  Effect.gen(function*() {
    const host = yield* hostOptions
    const loaded = yield* Effect.either(OpenClawConfig.load(host))
    const config = Either.isRight(loaded)
      ? Layer.succeed(OpenClawConfig.OpenClawConfig, loaded.right)
      : OpenClawConfig.layerWith({}, { ...host, discover: true })
    const found = yield* Effect.provide(
      gather(loaded, probe),
      // it is asked here and now: nobody waits for a server to come up
      Ollama.layerServicesWith({ discovery: { probeSchedule: Schedule.stop } }).pipe(
        Layer.provideMerge(config),
        Layer.provide(transport)
      )
    )
    const passed = found.every(({ state }) => state === "ok")
    const { out } = yield* Screen
    if (json) yield* printJson({ ok: passed, checks: found })
    else yield* print(found.map((check) => shown(check, out)).join("\n"))
    if (!passed) return yield* new SaidAlready()
  })
