/**
 * Shows the whole way from configuration to an answered prompt: what was resolved and from where, the models that were
 * discovered, the one that was chosen, and its answer.
 *
 * With `--stream` the words of the answer are shown as they come.
 *
 * It asks the Ollama at `OLLAMA_HOST` (default 127.0.0.1:11434) when one answers, else a mock that it starts itself.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Clock, Config, Console, Context, Effect, Either, Layer, Option, Stream } from "effect"
import {
  type Chat,
  ChatCompletions,
  type Model,
  Models,
  Ollama,
  OllamaClient,
  OllamaHost,
  OpenClawConfig,
  Provider
} from "effect-ollama"
import * as OllamaNode from "effect-ollama/node"
import type { MockOllama } from "effect-ollama/testing"
import { layerServer, MockServer } from "effect-ollama/testing/node"

const prompt = "Why is the sky blue? Answer in one sentence."

// =============================================================================
// printing
// =============================================================================

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}`).join(
    "\n"
  )
}

const modelRow = (provider: string) => (model: Model.ModelDefinition): ReadonlyArray<string> => [
  `${provider}/${model.id}`,
  model.tools === false ? "no" : model.tools === undefined ? "?" : "yes",
  model.reasoning ? "yes" : "no",
  model.input.join("+"),
  model.contextWindow.toLocaleString("en"),
  model.maxTokens.toLocaleString("en")
]

const printCatalog = ({ excluded, models, provider, source, url }: Model.Catalog) =>
  Console.log([
    `\nModels of ${provider} (${source}, ${url})`,
    ...(models.length === 0
      ? []
      : [table([["MODEL", "TOOLS", "THINKING", "INPUT", "CONTEXT", "MAX TOKENS"], ...models.map(modelRow(provider))])]),
    ...(excluded.length === 0
      ? []
      : [table([
        ["LEFT OUT", "REASON"],
        ...excluded.map(({ detail, name, reason }) => [
          `${provider}/${name}`,
          detail === undefined ? reason : `${reason}: ${detail}`
        ])
      ])])
  ].join("\n"))

const printConfig = ({ diagnostics, fallbacks, primary, providers, source }: OpenClawConfig.ResolvedConfig) =>
  Console.log([
    "Configuration",
    `  file      ${source.configPath ?? "none"}${source.configFound ? "" : " (not there: all defaults)"}`,
    `  profiles  ${source.profilesPath ?? "none"}${source.profilesFound ? "" : " (not there)"}`,
    `  primary   ${primary ?? "not configured: the first model that is available"}`,
    ...(fallbacks.length === 0 ? [] : [`  fallbacks ${fallbacks.join(", ")}`]),
    ...providers.map(({ id, reason, result }) => {
      const key = Option.flatMapNullable(Either.getRight(result), (provider) => provider.key)
      return `  provider  ${id}: ${reason}${Option.isSome(key) ? ` (key: ${key.value.source})` : ""}`
    }),
    ...diagnostics.map(({ level, message, path }) => `  ${level}   ${path}: ${message}`)
  ].join("\n"))

const printAnswer = (answer: Omit<Chat.FinishEvent, "type">, ms: number, said: ReadonlyArray<string>) =>
  Console.log([
    ...answer.attempts.map(({ error, ref }) => `Tried     ${ref}: ${error.hint}`),
    `Selected  ${answer.ref} (${answer.selectedBy})`,
    ...said,
    `Usage     ${answer.usage?.inputTokens ?? "?"} tokens in, ${answer.usage?.outputTokens ?? "?"} out, ${ms} ms`
  ].join("\n"))

// =============================================================================
// the Ollama that is asked
// =============================================================================

const mock: MockOllama.Description = {
  models: [
    { name: "gpt-oss:20b", capabilities: ["completion", "tools", "thinking"], contextLength: 131072 },
    { name: "llama3.3", contextLength: 131072 },
    { name: "qwen2.5vl:7b", capabilities: ["completion", "tools", "vision"], contextLength: 128000 },
    { name: "gemma3:4b", capabilities: ["completion", "vision"] },
    { name: "nomic-embed-text", capabilities: ["embedding"], contextLength: 2048 }
  ],
  replies: [{
    reasoning: "The user wants one sentence.",
    text: "Air scatters short wavelengths more than long ones, so blue light reaches us from all over the sky."
  }]
}

const findOllama = Effect.gen(function*() {
  const url = OllamaHost.parse(yield* Effect.orDie(Config.string("OLLAMA_HOST").pipe(Config.withDefault(""))))
  const client = yield* OllamaClient.OllamaClient
  const version = yield* Effect.either(client.version(yield* Provider.make({ baseUrl: url })))
  if (Either.isRight(version)) {
    yield* Console.log(`The Ollama ${version.right} at ${url} answers.\n`)
    return { url, isMock: false }
  }
  const server = Context.get(yield* Layer.build(layerServer(mock)), MockServer)
  yield* Console.log(
    `No Ollama at ${url} (${version.left._tag}): this demo uses its own mock, started at ${server.url}.\n`
  )
  return { url: server.url, isMock: true }
}).pipe(Effect.provide(OllamaClient.layer))

// A real app says `Ollama.layerWith({ discover: true })`. The demo shows what is configured, but whatever that is, it asks
// only the Ollama that it found: no prompt goes to a hosted model, and the mock knows nobody's models.
const OllamaLive = Layer.unwrapScoped(Effect.gen(function*() {
  const { isMock, url } = yield* findOllama
  const host: OpenClawConfig.HostOptions = { discover: true, baseUrl: url }
  const { models, primary, ...configured } = yield* OpenClawConfig.load(host)
  yield* printConfig({ ...configured, models, primary })
  const asked = yield* OpenClawConfig.make({}, host)
  const config = isMock || primary?.startsWith("ollama/") !== true ? asked : { ...asked, models, primary }
  return Layer.provide(Ollama.layerServices, Layer.succeed(OpenClawConfig.OpenClawConfig, config))
}))

// =============================================================================
// the program
// =============================================================================

const program = Effect.gen(function*() {
  const models = yield* Models.Models
  const catalog = yield* models.catalog("ollama")
  yield* printCatalog(catalog)
  yield* Console.log(`\nPrompt    ${prompt}`)

  const before = yield* Clock.currentTimeMillis
  // the primary when it is an Ollama's, else the first of the catalog, and the next ones when that fails
  const fallbacks = catalog.models.slice(0, 3).map((model) => `ollama/${model.id}`)
  if (process.argv.includes("--stream")) {
    process.stdout.write("Answer    ")
    const finish = yield* Stream.runFold(
      Stream.tap(
        ChatCompletions.stream({ prompt, fallbacks, streaming: true }),
        (event) => Effect.sync(() => event.type === "text-delta" && process.stdout.write(event.delta))
      ),
      undefined as Chat.FinishEvent | undefined,
      (_, event) => event.type === "finish" ? event : undefined
    )
    process.stdout.write("\n")
    // a stream that succeeds ends with its finish
    return yield* printAnswer(finish!, (yield* Clock.currentTimeMillis) - before, [])
  }
  const answer = yield* ChatCompletions.create({ prompt, fallbacks })
  yield* printAnswer(answer, (yield* Clock.currentTimeMillis) - before, [
    ...(answer.reasoning === "" ? [] : [`Thought   ${answer.reasoning.trim()}`]),
    `Answer    ${answer.text}`
  ])
})

program.pipe(
  Effect.provide(OllamaLive.pipe(Layer.provide([NodeContext.layer, OllamaNode.layer]))),
  // outside of all that can fail, the Layer included
  Effect.tapError((error) => Console.error(`\n${error._tag}: ${error.hint}`)),
  Effect.tapDefect((cause) => Console.error(Cause.pretty(cause))),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
