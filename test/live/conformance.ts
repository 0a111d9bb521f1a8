/**
 * What must hold of any Ollama server and model, as checks that run against whatever server is there. A check fails with
 * what is wrong, or succeeds, with a note when it could not tell.
 */
import type { HttpClient } from "@effect/platform"
import { Cause, Chunk, Data, Effect, Layer, Option, Schema, Stream } from "effect"
import {
  type Chat,
  ChatCompletions,
  type Model,
  Models,
  Ollama,
  type OllamaClient,
  OllamaClient as Client,
  type OpenClawConfig,
  Provider
} from "effect-ollama"

export type Api = Model.Api

export const apis: ReadonlyArray<Api> = ["openai-completions", "ollama"]

export interface Result {
  readonly check: string
  /** A ref and the API, or nothing when it is about the server. */
  readonly model: string
  readonly result: "ok" | "skipped" | "failed"
  readonly note: string
}

class Wrong extends Data.TaggedError("Wrong")<{ readonly message: string }> {}

const must = (holds: boolean, message: string) => holds ? Effect.void : Effect.fail(new Wrong({ message }))

const same = (what: string, a: unknown, b: unknown) => {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)]
  return must(left === right, `${what}: ${left} is not ${right}`)
}

/** Succeeds with the failure of an effect that must fail, with one of these tags. */
const failsWith = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>, tag: E["_tag"]) =>
  Effect.flatMap(Effect.either(effect), (result) =>
    result._tag === "Right"
      ? Effect.fail(new Wrong({ message: `succeeded, expected ${tag}` }))
      : must(result.left._tag === tag, `failed with ${result.left._tag}, expected ${tag}: ${String(result.left)}`))

interface Target {
  readonly ref: string
  readonly api: Api
  readonly model: Model.ModelDefinition
  /** The services with `stream: false` or `true` on the wire. */
  readonly services: (options: {
    readonly streaming: boolean
    readonly entry?: object
  }) => Layer.Layer<Ollama.Ollama, unknown, HttpClient.HttpClient>
}

/** What is worth saying, or why there was nothing to check. */
type Note = string | { readonly skipped: string } | undefined | void

const skipped = (why: string): Note => ({ skipped: why })

interface Check {
  readonly name: string
  readonly api?: Api
  readonly needs?: "tools" | "reasoning"
  readonly run: (target: Target) => Effect.Effect<Note, unknown, HttpClient.HttpClient>
}

const services = (baseUrl: string, api: Api, ref: string): Target["services"] => ({ entry, streaming }) => {
  const config: OpenClawConfig.ConfigInput = {
    models: { providers: { ollama: { api, ...entry } } },
    agents: { defaults: { models: { [ref]: { streaming } } } }
  }
  return Ollama.layerValue(config, { baseUrl, discover: true, keepWithoutTools: true })
}

const whole = (target: Target) => Effect.provide(target.services({ streaming: false }))
const streaming = (target: Target) => Effect.provide(target.services({ streaming: true }))

// What the model would think is not asked for where it would only take time.
const quiet = (target: Target): Partial<ChatCompletions.CompletionOptions> =>
  target.model.reasoning ? { think: false } : {}

const ask = (
  target: Target,
  options: Omit<ChatCompletions.CompletionOptions, "model">
): ChatCompletions.CompletionOptions => ({
  model: target.ref,
  fallbacks: [],
  temperature: 0,
  seed: 1,
  ...options
})

const said = (response: Chat.ChatResponse) => ({
  text: response.text,
  reasoning: response.reasoning,
  calls: response.toolCalls.map((call) => [call.name, call.arguments]),
  finishReason: response.finishReason
})

// =============================================================================
// the server
// =============================================================================

/** Discovery, compared with what `tags` and `show` say when they are asked directly. */
const discoveryAgrees = (baseUrl: string): Effect.Effect<Note, unknown, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const provider = yield* Provider.make({ baseUrl })
    const client = yield* Client.OllamaClient
    const catalog = yield* Models.refresh("ollama")
    const tags = yield* client.tags(provider)
    yield* same(
      "names",
      [...catalog.models.map(({ id }) => id), ...catalog.excluded.map(({ name }) => name)].sort(),
      tags.map(({ name }) => name).sort()
    )
    yield* Effect.forEach(
      catalog.models,
      (model) => Effect.flatMap(client.show(provider, model.id), (shown) => agrees(model, shown)),
      { discard: true }
    )
    return `${catalog.models.length} models, ${catalog.excluded.length} left out`
  }).pipe(Effect.provide(Ollama.layerValue({}, { baseUrl, discover: true })))

const agrees = (model: Model.ModelDefinition, shown: OllamaClient.ShownModel) =>
  Effect.all([
    must(shown.capabilities?.includes("tools") === true, `${model.id} has no tools and is in the catalog`),
    same(`${model.id} thinks`, model.reasoning, shown.capabilities?.includes("thinking") === true),
    same(`${model.id} sees`, model.input.includes("image"), shown.capabilities?.includes("vision") === true),
    same(`${model.id} context`, model.contextWindow, shown.contextWindow ?? 8192)
  ], { discard: true })

// =============================================================================
// a model
// =============================================================================

const weather: ChatCompletions.Tool = {
  name: "get_weather",
  description: "The current weather of a city",
  parameters: Schema.Struct({ city: Schema.String })
}

const Capital = Schema.Struct({ country: Schema.String, capital: Schema.String })

const sameAnswer: Check = {
  name: "the same answer whole and streamed",
  run: (target) =>
    Effect.gen(function*() {
      const options = ask(target, {
        prompt: "Name the primary colours, in one sentence.",
        maxTokens: 256,
        ...quiet(target)
      })
      // The first answer fills the server's prompt cache, so that the next ones are computed alike.
      yield* ChatCompletions.create(options).pipe(whole(target))
      const first = yield* ChatCompletions.create(options).pipe(whole(target))
      const second = yield* ChatCompletions.create(options).pipe(streaming(target))
      yield* must(!first.isEmpty, "the answer is empty")
      yield* same("whole and streamed", said(first), said(second))
      const events = Chunk.toReadonlyArray(
        yield* Stream.runCollect(ChatCompletions.stream(options)).pipe(streaming(target))
      )
      const text = events.flatMap((event) => event.type === "text-delta" ? [event.delta] : []).join("")
      yield* same("the text of the events", text, first.text)
      yield* same("the last event", events.at(-1)?.type, "finish")
      yield* must(first.usage?.outputTokens !== undefined, "no usage")
    })
}

const reasoningApart: Check = {
  name: "reasoning and content are apart",
  needs: "reasoning",
  run: (target) =>
    Effect.gen(function*() {
      const options = ask(target, { prompt: "What is 17 + 25? Answer with the number.", think: true, maxTokens: 2048 })
      for (const provide of [whole, streaming]) {
        const answer = yield* ChatCompletions.create(options).pipe(provide(target))
        yield* must(answer.reasoning !== "", "no reasoning")
        yield* must(!/<\/?think/.test(answer.text), `a tag in the text: ${answer.text.slice(0, 80)}`)
        if (answer.finishReason === "length") return "thought to the end of maxTokens"
        yield* must(answer.text !== "", "no text")
        yield* must(!answer.text.includes(answer.reasoning), "the reasoning is in the text")
      }
    })
}

const toolCalls: Check = {
  name: "tool calls, and a turn with their results",
  needs: "tools",
  run: (target) =>
    Effect.gen(function*() {
      const prompt = "What is the weather in Paris? Call the tool get_weather, do not answer yourself."
      const options = { tools: [weather], maxTokens: 1024, ...quiet(target) }
      let called = false
      for (const provide of [whole, streaming]) {
        const first = yield* ChatCompletions.create(ask(target, { prompt, ...options })).pipe(provide(target))
        if (first.toolCalls.length === 0) continue
        called = true
        yield* same("finish", first.finishReason, "tool-calls")
        yield* must(first.toolCalls.every(({ name }) => name === "get_weather"), "another tool was called")
        yield* must(new Set(first.toolCalls.map(({ id }) => id)).size === first.toolCalls.length, "ids are not unique")
        const second = yield* ChatCompletions.create(ask(target, {
          prompt: [
            { role: "user", content: prompt },
            first.message,
            ...first.toolCalls.map((call) => ({
              role: "tool" as const,
              toolCallId: call.id,
              toolName: call.name,
              content: "{\"degrees\":21,\"sky\":\"clear\"}"
            }))
          ],
          ...options
        })).pipe(provide(target))
        yield* must(!second.isEmpty, "the answer to the results is empty")
      }
      return called ? undefined : skipped("the model called nothing")
    })
}

const jsonOutput: Check = {
  name: "an answer in the form of a schema",
  run: (target) =>
    Effect.gen(function*() {
      const options = ask(target, {
        prompt: "What is the capital of France? Answer as JSON.",
        maxTokens: 512,
        ...quiet(target)
      })
      for (const provide of [whole, streaming]) {
        const { value } = yield* ChatCompletions.createObject({ ...options, schema: Capital }).pipe(provide(target))
        yield* must(value.capital !== "", "no capital")
      }
    })
}

const cancelling: Check = {
  name: "cancelling frees the server",
  run: (target) =>
    Effect.gen(function*() {
      const long = ask(target, {
        prompt: "Count from 1 to 2000, one number a line.",
        maxTokens: 8192,
        ...quiet(target)
      })
      yield* ChatCompletions.stream(long).pipe(
        Stream.filter(({ type }) => type === "text-delta" || type === "reasoning-delta"),
        Stream.take(3),
        Stream.runDrain,
        streaming(target)
      )
      const next = ChatCompletions.create(ask(target, { prompt: "Say hi.", maxTokens: 8, ...quiet(target) }))
      const answer = yield* Effect.timeoutOption(whole(target)(next), "60 seconds")
      yield* must(Option.isSome(answer), "the next call waited for more than 60 s")
    })
}

const missingModel: Check = {
  name: "a missing model is UnknownModel, or ModelNotFound when defined",
  run: (target) =>
    Effect.gen(function*() {
      const missing = { prompt: "Hi", model: "ollama/no-such-model:effect-ollama", fallbacks: [] }
      yield* failsWith(ChatCompletions.create(missing), "UnknownModel")
        .pipe(whole(target))
      yield* failsWith(ChatCompletions.create(missing), "ModelNotFound").pipe(
        Effect.provide(target.services({
          streaming: false,
          entry: { apiKey: "ollama-local", models: [{ id: "no-such-model:effect-ollama" }] }
        }))
      )
    })
}

const wrongOption: Check = {
  name: "a wrong option is InvalidRequest",
  api: "ollama",
  run: (target) =>
    failsWith(
      ChatCompletions.create(ask(target, { prompt: "Hi", maxTokens: 8, params: { num_keep: "many" } })),
      "InvalidRequest"
    ).pipe(whole(target))
}

const tooLong: Check = {
  name: "a prompt that is too long is ContextOverflow",
  api: "ollama",
  run: (target) =>
    Effect.gen(function*() {
      const options = ask(target, {
        prompt: "word ".repeat(12_000),
        numCtx: 2048,
        maxTokens: 8,
        params: { truncate: false, shift: false },
        ...quiet(target)
      })
      const result = yield* Effect.either(ChatCompletions.create(options).pipe(whole(target)))
      if (result._tag === "Right") {
        yield* must(result.right.usage?.promptTruncated === true, "it was answered, and nothing says that it was cut")
        return skipped("this server cuts prompts, and the answer says so")
      }
      const error = result.left as { readonly _tag: string }
      yield* must(error._tag === "ContextOverflow", `failed with ${error._tag}: ${String(error)}`)
    })
}

const checks: ReadonlyArray<Check> = [
  sameAnswer,
  reasoningApart,
  toolCalls,
  jsonOutput,
  cancelling,
  missingModel,
  wrongOption,
  // Last: another context size loads the model anew.
  tooLong
]

// =============================================================================
// running
// =============================================================================

const running = <R>(
  check: string,
  model: string,
  effect: Effect.Effect<Note, unknown, R>,
  report: (result: Result) => Effect.Effect<void>
): Effect.Effect<Result, never, R> =>
  effect.pipe(
    Effect.timeout("20 minutes"),
    Effect.matchCause({
      onFailure: (cause): Result => ({
        check,
        model,
        result: "failed",
        note: Cause.prettyErrors(cause).map((error) => error.message).join("; ").split("\n")[0]!.slice(0, 200)
      }),
      onSuccess: (note): Result =>
        typeof note === "object"
          ? { check, model, result: "skipped", note: note.skipped }
          : { check, model, result: "ok", note: note ?? "" }
    }),
    Effect.tap(report)
  )

export interface Options {
  readonly baseUrl: string
  /** Refs; by default every model that is discovered. */
  readonly models?: ReadonlyArray<string> | undefined
  /** Called after each check. */
  readonly report?: ((result: Result) => Effect.Effect<void>) | undefined
}

/** The version of the server, when there is one that answers. */
export const version = (baseUrl: string): Effect.Effect<Option.Option<string>, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const client = yield* Client.make({ timeout: 3000 })
    return yield* client.version(yield* Provider.make({ baseUrl }))
  }).pipe(Effect.option)

/** Runs all checks, one after the other. */
export const run = (options: Options): Effect.Effect<ReadonlyArray<Result>, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const { baseUrl, report = () => Effect.void } = options
    const results = [yield* running("discovery agrees with tags and show", "", discoveryAgrees(baseUrl), report)]
    const discovered = Effect.map(Models.refresh("ollama"), ({ models }) => models.map(({ id }) => `ollama/${id}`))
      .pipe(
        Effect.provide(Ollama.layerValue({}, { baseUrl, discover: true })),
        Effect.orElseSucceed((): ReadonlyArray<string> => [])
      )
    for (const ref of options.models ?? (yield* discovered)) {
      for (const api of apis) {
        const provide = services(baseUrl, api, ref)
        const name = `${ref} (${api})`
        const selection = yield* Effect.either(
          Models.select(ref).pipe(Effect.provide(provide({ streaming: false })))
        )
        if (selection._tag === "Left") {
          results.push(yield* running("the model is there", name, Effect.fail(selection.left), report))
          continue
        }
        const { model } = selection.right
        for (const check of checks) {
          if (check.api !== undefined && check.api !== api) continue
          const lacks = check.needs === "tools" ? model.tools !== true : check.needs === "reasoning" && !model.reasoning
          const effect = lacks
            ? Effect.succeed(skipped(`the model has no ${check.needs}`))
            : check.run({ ref, api, model, services: provide })
          results.push(yield* running(check.name, name, effect, report))
        }
      }
    }
    return results
  })

/** The results as a table of plain text. */
export const table = (results: ReadonlyArray<Result>): string => {
  const rows = [
    ["check", "model", "result"],
    ...results.map(({ check, model, note, result }) => [check, model, note === "" ? result : `${result}: ${note}`])
  ]
  const width = (column: number) => Math.max(...rows.map((row) => row[column]!.length))
  const widths = [width(0), width(1)]
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()).join("\n")
}
