/**
 * The rows of the comparison in docs/effect-ai.md. Those of this library and of `@effect/ai-openai` are what comes of running
 * both against what an Ollama sends; those of Effect 4's `@effect/ai-openai-compat` were found by running it elsewhere.
 */
import { AiError, LanguageModel, type Prompt, type Response, Tool, Toolkit } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schema, Stream, TestClock } from "effect"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { MockOllama } from "effect-ollama/testing"
import { readFileSync } from "node:fs"
import { once, requests } from "../completions/support.js"
import { totalOf } from "./line.js"
import { openAi, type Reply, type Seen } from "./openai.js"
import { collected, finishOf, model, textOf, Tools, toolsLayer, types } from "./support.js"

type Program = Effect.Effect<string, unknown, LanguageModel.LanguageModel | ToolHandlers>
type ToolHandlers = Layer.Layer.Success<typeof toolsLayer>

interface Row {
  readonly what: string
  readonly ours: Effect.Effect<string, unknown>
  readonly openAi: Effect.Effect<string, unknown>
  /** Effect 4.0.0-beta.98. */
  readonly compat: string
}

// =============================================================================
// running
// =============================================================================

const onOurs = (
  program: Program,
  description: MockOllama.Description,
  api: "ollama" | "openai-completions" = "ollama"
) =>
  program.pipe(
    Effect.provide(toolsLayer),
    Effect.provide(model(api, description, { streaming: true, retrySchedule: once }))
  )

const onOpenAi = (program: Program, replies: ReadonlyArray<Reply>, seen?: Array<Seen>) =>
  program.pipe(Effect.provide(toolsLayer), Effect.provide(openAi(replies, seen)))

/** The same program and, as far as they say the same, the same replies. */
const both = (
  what: string,
  program: Program,
  ours: MockOllama.Reply,
  openAi: Reply,
  compat: string
): Row => ({ what, ours: onOurs(program, { replies: [ours] }), openAi: onOpenAi(program, [openAi]), compat })

const tag = (error: unknown): string => {
  const ours = OllamaLanguageModel.errorOf(error)
  if (ours !== undefined) return `\`${ours._tag}\``
  if (!AiError.isAiError(error)) return String(error)
  return `\`${error._tag}\`${error._tag === "HttpResponseError" ? ` ${error.response.status}` : ""}`
}

const failure = <A, R>(effect: Effect.Effect<A, unknown, R>): Effect.Effect<string, unknown, R> =>
  Effect.map(Effect.either(effect), (result) => result._tag === "Left" ? tag(result.left) : "a success")

const ask = LanguageModel.generateText({ prompt: "Hi" })
const stream = LanguageModel.streamText({ prompt: "Hi" })

const yes = "yes"
const yesNo = (is: boolean): string => is ? yes : "no"

const outcome = Effect.map(collected(stream), ({ error, parts }) => {
  const closed = types(parts).includes("text-end") ? "closed" : "left open"
  if (error !== undefined) return `${tag(error)}, its text ${closed}`
  return types(parts).includes("finish") ? "a success" : `a success without a finish, its text ${closed}`
})

const object = Effect.map(
  Effect.either(LanguageModel.generateObject({
    prompt: "Who?",
    schema: Schema.Struct({ name: Schema.String, age: Schema.optional(Schema.Number) })
  })),
  (result) => result._tag === "Left" ? tag(result.left) : result.right.value.name === "Ada" ? yes : "no"
)

/** How many of two handlers run at once. */
const atOnce: Effect.Effect<string, unknown, LanguageModel.LanguageModel> = Effect.suspend(() => {
  let running = 0
  let most = 0
  const handler = Effect.gen(function*() {
    most = Math.max(most, ++running)
    for (let i = 0; i < 10; i++) yield* Effect.yieldNow()
    running--
    return ""
  })
  const kit = Toolkit.make(Tool.make("a", { success: Schema.String }), Tool.make("b", { success: Schema.String }))
  return Stream.runDrain(LanguageModel.streamText({ prompt: "Hi", toolkit: kit, concurrency: 2 })).pipe(
    Effect.map(() => most === 2 ? "at once" : "one after the other"),
    Effect.provide(kit.toLayer({ a: () => handler, b: () => handler }))
  )
})

const waits: Program = Effect.gen(function*() {
  const fiber = yield* Effect.fork(failure(Stream.runDrain(stream)))
  yield* TestClock.adjust("1 hour")
  const exit = yield* Fiber.poll(fiber)
  yield* Fiber.interrupt(fiber)
  return exit._tag === "None" ? "waits for ever" : yield* exit.value
})

const bodyOf = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.map(
    Effect.zipRight(Effect.either(program), requests),
    (all) => (all[0]?.json ?? {}) as { readonly [key: string]: unknown }
  )

/** What is in the body that is sent, or that nothing is. */
const sent = (
  what: string,
  program: Effect.Effect<unknown, unknown, LanguageModel.LanguageModel | ToolHandlers>,
  look: (body: { readonly [key: string]: unknown }) => string,
  compat: string,
  options: Parameters<typeof openAi>[2] = {}
): Row => ({
  what,
  ours: Effect.map(bodyOf(program), (body) => Object.keys(body).length === 0 ? "refused" : look(body)).pipe(
    Effect.provide(toolsLayer),
    Effect.provide(model("ollama", { replies: ["Hello."] }, { config: { config: { numCtx: 16384, keepAlive: "5m" } } }))
  ),
  openAi: Effect.suspend(() => {
    const seen: Array<Seen> = []
    return Effect.as(Effect.either(program), undefined).pipe(
      Effect.map(() => seen[0] === undefined ? "refused" : look(seen[0].body)),
      Effect.provide(toolsLayer),
      Effect.provide(openAi([{ text: "Hello." }], seen, options))
    )
  }),
  compat
})

// =============================================================================
// rows
// =============================================================================

const unknown = "not tried"

const dangling: Prompt.RawInput = [
  { role: "user", content: "When?" },
  { role: "assistant", content: [{ type: "tool-call", id: "call_1", name: "get_time", params: {} }] },
  { role: "user", content: "Guess." }
]

const webPicture: Prompt.RawInput = [{
  role: "user",
  content: [{ type: "file", mediaType: "image/png", data: new URL("https://example.com/a.png") }]
}]

const pdf: Prompt.RawInput = [{
  role: "user",
  content: [{ type: "file", mediaType: "application/pdf", data: new Uint8Array([1]) }]
}]

const WebSearch = Tool.providerDefined({
  id: "openai.web_search",
  toolkitName: "OpenAiWebSearch",
  providerName: "web_search",
  args: {}
})({})

const optionalAge = "{\"name\":\"Ada\"}"

const rows: ReadonlyArray<Row> = [
  both(
    "Text, whole and streamed",
    Effect.gen(function*() {
      const { text } = yield* ask
      const { parts } = yield* collected(stream)
      return yesNo(text === "Hello." && textOf(parts) === "Hello." && totalOf(finishOf(parts).usage) === 13)
    }),
    { text: "Hello.", usage: { inputTokens: 10, outputTokens: 3 } },
    { text: "Hello." },
    yes
  ),
  both(
    "Blocks of reasoning for one thought of three tokens, streamed",
    Effect.map(
      collected(stream),
      ({ parts }) => String(types(parts).filter((type) => type === "reasoning-start").length)
    ),
    { reasoning: ["a", "b", "c"], text: "Hello." },
    { reasoning: ["a", "b", "c"], text: "Hello." },
    "3"
  ),
  both(
    "A toolkit, streamed",
    Effect.map(
      collected(LanguageModel.streamText({ prompt: "Hi", toolkit: Tools })),
      ({ parts }) =>
        yesNo(parts.some((part: Response.AnyPart) => part.type === "tool-result" && part.encodedResult === "12:00"))
    ),
    { toolCalls: [{ name: "get_time" }] },
    { calls: [{ name: "get_time", arguments: "{}" }] },
    yes
  ),
  both(
    "Two handlers of one streamed answer, `concurrency: 2`",
    atOnce,
    { toolCalls: [{ name: "a" }, { name: "b" }] },
    { calls: [{ name: "a", arguments: "{}" }, { name: "b", arguments: "{}" }] },
    "at once"
  ),
  both(
    "A stream that is cut",
    outcome,
    { text: ["Hello", " there"], fault: { type: "close", after: 1 } },
    { text: ["Hello"], cut: true },
    "a success without a finish, its text left open"
  ),
  both(
    "A connection that is reset in the middle of a stream",
    outcome,
    { text: ["Hello", " there"], fault: { type: "reset", after: 1 } },
    { text: ["Hello"], reset: true },
    "`InvalidOutputError`"
  ),
  {
    what: "An error of the server in the middle of a stream",
    ours: onOurs(outcome, {
      replies: [{ text: ["Hello", " there"], fault: { type: "error", message: "out of memory", after: 1 } }]
    }),
    // `/v1` loses it: the stream just ends
    openAi: onOpenAi(outcome, [{ text: ["Hello"], cut: true }]),
    compat: "skipped: a success"
  },
  both(
    "A server that says nothing more",
    waits,
    { text: ["Hello", " there"], fault: { type: "stall", after: 1 } },
    { text: ["Hello"], stall: true },
    "waits for ever"
  ),
  both(
    "Nothing listens",
    failure(ask),
    { fault: { type: "refused" } },
    { refused: true },
    "`NetworkError`"
  ),
  both(
    "The model is not there",
    failure(ask),
    { fault: { type: "missing-model" } },
    { status: { status: 404, message: "model 'm' not found" } },
    "`InvalidRequestError`"
  ),
  both(
    "The model has no tools",
    failure(LanguageModel.generateText({ prompt: "Hi", toolkit: Tools })),
    { fault: { type: "status", status: 400, error: "registry.ollama.ai/library/m:latest does not support tools" } },
    { status: { status: 400, message: "registry.ollama.ai/library/m:latest does not support tools" } },
    "`InvalidRequestError`"
  ),
  both(
    "An object in a code fence, as Ollama's cloud gives it",
    object,
    { text: `\`\`\`json\n${optionalAge}\n\`\`\`` },
    { text: `\`\`\`json\n${optionalAge}\n\`\`\`` },
    unknown
  ),
  both(
    "An object with an optional field",
    object,
    { text: optionalAge },
    { text: optionalAge },
    "`UnsupportedSchemaError`"
  ),
  sent(
    "Tools that are sent with `toolChoice: \"none\"`, which an Ollama does not read",
    LanguageModel.generateText({ prompt: "Hi", toolkit: Tools, toolChoice: "none" }),
    ({ tools }) => String((tools as ReadonlyArray<unknown> | undefined)?.length ?? 0),
    unknown
  ),
  sent(
    "`num_ctx` and `keep_alive`",
    ask,
    (body) =>
      (body["options"] as { num_ctx?: number } | undefined)?.num_ctx === 16384 && body["keep_alive"] === "5m"
        ? "sent"
        : "no option",
    "sent to an API that does not read them"
  ),
  sent(
    "A call that a failed handler left in the history",
    LanguageModel.generateText({ prompt: dangling }),
    (body) =>
      /"(?:role":"tool|type":"function_call_output)"/.test(JSON.stringify(body)) ? "gets a result" : "sent as it is",
    unknown
  ),
  sent(
    "A picture behind an address, which an Ollama refuses",
    LanguageModel.generateText({ prompt: webPicture }),
    () => "sent",
    unknown
  ),
  sent("A PDF, which an Ollama refuses", LanguageModel.generateText({ prompt: pdf }), () => "sent", unknown),
  sent(
    "Tools that a hosted provider runs itself",
    LanguageModel.generateText({ prompt: "Hi", toolkit: Toolkit.make(WebSearch) as unknown as typeof Tools }),
    () => "sent",
    unknown
  ),
  {
    what: "Which model, when none is named",
    ours: Effect.map(ask, ({ content }) => finishOf(content).metadata.ollama?.selectedBy ?? "").pipe(
      Effect.map((by) => by === "first-available" ? "the configured one, else the first that was found" : by),
      Effect.provide(OllamaLanguageModel.layer()),
      Effect.provide(MockOllama.layer({ models: ["m"], replies: ["Hello."] }))
    ),
    openAi: Effect.succeed("one must be named"),
    compat: "one must be named"
  },
  {
    what: "A `Tokenizer`",
    ours: Effect.succeed("no"),
    openAi: Effect.succeed("yes, of OpenAI's models"),
    compat: "no"
  },
  {
    what: "The oldest Ollama",
    ours: onOurs(Effect.map(ask, ({ text }) => text === "Hello." ? "0.6.3" : "no"), {
      version: "0.6.3",
      replies: ["Hello."]
    }),
    openAi: Effect.succeed("0.13.3"),
    compat: unknown
  }
]

const page = readFileSync(new URL("../../docs/effect-ai.md", import.meta.url), "utf8")

const cells = page.split("\n").filter((line) => line.startsWith("| ")).map((line) =>
  line.slice(1, -1).split("|").map((cell) => cell.trim())
)

describe("the comparison in docs/effect-ai.md", () => {
  for (const { compat, openAi, ours, what } of rows) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const row = [what, yield* ours, yield* openAi, compat]
        assert.deepStrictEqual(cells.find(([first]) => first === what) ?? `no row: | ${row.join(" | ")} |`, row)
      }))
  }

  it("has no other rows", () => {
    const from = cells.findIndex(([first]) => first === rows[0]!.what)
    const table = cells.slice(from, from + rows.length)
    assert.deepStrictEqual(table.map(([first]) => first), rows.map(({ what }) => what))
  })
})
