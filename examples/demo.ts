/**
 * Shows the whole way from configuration to an answered prompt: what was resolved and from where, the models that were
 * discovered, the one that was chosen, and its answer.
 *
 * It asks the Ollama at `OLLAMA_HOST` (default 127.0.0.1:11434) when one answers, else a mock that it starts itself.
 */
import { NodeContext, NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Clock, Config, Console, Effect, Either, Layer, Option } from "effect"
import {
  ChatCompletions,
  type Model,
  Models,
  Ollama,
  OllamaClient,
  OllamaHost,
  OpenClawConfig,
  Provider
} from "effect-ollama"
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

const printListing = ({ catalog, status }: Models.Listing) =>
  Either.match(catalog, {
    onLeft: (error) => Console.log(`\nModels of ${status.id}: none\n  ${error.hint}`),
    onRight: ({ excluded, models, source, url }) =>
      Console.log([
        `\nModels of ${status.id} (${source}, ${url})`,
        table([["MODEL", "TOOLS", "THINKING", "INPUT", "CONTEXT", "MAX TOKENS"], ...models.map(modelRow(status.id))]),
        ...excluded.map((model) =>
          `  left out: ${model.name} (${model.reason}${model.detail === undefined ? "" : `: ${model.detail}`})`
        )
      ].join("\n"))
  })

const printConfig = Effect.gen(function*() {
  const { diagnostics, primary, providers, source } = yield* OpenClawConfig.OpenClawConfig
  yield* Console.log([
    "Configuration",
    `  file      ${source.configPath ?? "none"}${source.configFound ? "" : " (not there: all defaults)"}`,
    `  profiles  ${source.profilesPath ?? "none"}${source.profilesFound ? "" : " (not there)"}`,
    `  primary   ${primary ?? "not configured: the first model that is available"}`,
    ...providers.map(({ id, reason, result }) => {
      const key = Option.flatMapNullable(Either.getRight(result), (provider) => provider.key)
      return `  provider  ${id}: ${reason}${Option.isSome(key) ? ` (key: ${key.value.source})` : ""}`
    }),
    ...diagnostics.map(({ level, message, path }) => `  ${level}   ${path}: ${message}`)
  ].join("\n"))
})

// =============================================================================
// the program
// =============================================================================

const program = Effect.gen(function*() {
  yield* printConfig
  yield* Effect.forEach(yield* Models.list, printListing)

  const { ref, selectedBy } = yield* Models.select()
  yield* Console.log(`\nSelected  ${ref} (${selectedBy})\nPrompt    ${prompt}`)

  const before = yield* Clock.currentTimeMillis
  const answer = yield* ChatCompletions.create({ prompt })
  const ms = (yield* Clock.currentTimeMillis) - before

  if (answer.reasoning !== "") yield* Console.log(`Thought   ${answer.reasoning.trim()}`)
  yield* Console.log(`Answer    ${answer.text}`)
  yield* Console.log(
    `Usage     ${answer.usage?.inputTokens ?? "?"} tokens in, ${answer.usage?.outputTokens ?? "?"} out, ${ms} ms`
  )
  for (const { error, ref } of answer.attempts) yield* Console.log(`Tried     ${ref}: ${error.hint}`)
}).pipe(
  Effect.tapError((error) => Console.error(`\n${error._tag}: ${error.hint}`))
)

// =============================================================================
// where the Ollama is
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

const baseUrl = Effect.gen(function*() {
  const url = OllamaHost.parse(Option.getOrUndefined(yield* Config.option(Config.string("OLLAMA_HOST"))))
  const client = yield* OllamaClient.OllamaClient
  const provider = yield* Provider.make({ baseUrl: url })
  return yield* Effect.matchEffect(client.version(provider), {
    onSuccess: (version) => Effect.as(Console.log(`The Ollama ${version} at ${url} answers.\n`), Option.some(url)),
    onFailure: (error) =>
      Effect.as(
        Console.log(`No Ollama at ${url} (${error._tag}): this demo uses its own mock, started on a real port.\n`),
        Option.none()
      )
  })
}).pipe(Effect.provide(OllamaClient.layer))

const OllamaLive = Layer.unwrapScoped(Effect.gen(function*() {
  const url = yield* baseUrl
  if (Option.isSome(url)) return Ollama.layerWith({ discover: true, baseUrl: url.value })
  const server = yield* Layer.build(layerServer(mock))
  const { url: mockUrl } = yield* Effect.provide(MockServer, server)
  return Ollama.layerWith({ discover: true, baseUrl: mockUrl })
}))

program.pipe(
  Effect.provide(OllamaLive.pipe(Layer.provide([NodeContext.layer, NodeHttpClient.layerUndici]))),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
