import { AiError, LanguageModel } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, ExecutionPlan, Layer, Schedule, Schema, Stream } from "effect"
import { type Model, OllamaError } from "effect-ollama"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { MockOllama } from "effect-ollama/testing"
import * as Errors from "../../src/ai/internal/errors.js"
import { once, requests } from "../completions/support.js"
import { printed, recorder } from "../support/printed.js"
import { kindOf, methodOf } from "./line.js"
import { aiError, apis, collected, model, Tools, toolsLayer } from "./support.js"

const text = LanguageModel.generateText({ prompt: "Hi" })
const stream = LanguageModel.streamText({ prompt: "Hi" })

const failed = (
  api: Model.Api,
  description: MockOllama.Description,
  options: Parameters<typeof model>[2] = {}
) => Effect.flip(text).pipe(Effect.provide(model(api, description, { retrySchedule: once, ...options })))

const fault = (fault: MockOllama.Fault): MockOllama.Description => ({ replies: [{ fault }] })

const status = (status: number, error: string) => fault({ type: "status", status, error })

/** Each kind of failure that a completion can meet on the wire: what it is here, and of which kind there. */
const met: ReadonlyArray<readonly [string, MockOllama.Description, OllamaError.CompletionError["_tag"], string]> = [
  ["nothing listens", fault({ type: "refused" }), "ConnectionRefused", "HttpRequestError"],
  ["the name does not resolve", fault({ type: "dns" }), "ConnectionFailed", "HttpRequestError"],
  ["the connection is reset", fault({ type: "reset" }), "ConnectionFailed", "HttpRequestError"],
  ["no head comes", fault({ type: "headers-timeout" }), "RequestTimeout", "HttpRequestError"],
  ["the model is missing", fault({ type: "missing-model" }), "ModelNotFound", "HttpResponseError"],
  ["the key is wrong", status(401, "unauthorized"), "Unauthorized", "HttpResponseError"],
  ["it is forbidden", status(403, "no"), "Forbidden", "HttpResponseError"],
  ["there are too many requests", status(429, "slow down"), "RateLimited", "HttpResponseError"],
  ["the server is busy", fault({ type: "busy" }), "ServerBusy", "HttpResponseError"],
  ["the server fails", status(500, "out of memory"), "ServerError", "HttpResponseError"],
  [
    "the base URL leads elsewhere",
    fault({ type: "redirect", location: "http://x/" }),
    "EndpointNotFound",
    "HttpResponseError"
  ],
  ["the model has no tools", status(400, "m does not support tools"), "ToolsNotSupported", "HttpResponseError"],
  ["it is not JSON", fault({ type: "not-json" }), "MalformedResponse", "MalformedOutput"],
  ["the answer is cut", fault({ type: "end", after: 0 }), "IncompleteResponse", "MalformedOutput"]
]

describe("what goes wrong on the wire", () => {
  for (const api of apis) {
    for (const [what, description, tag, kind] of met) {
      it.effect(`${api}: ${what}: ${tag}, as ${kind}`, () =>
        Effect.gen(function*() {
          const error = aiError(yield* failed(api, description))
          assert.strictEqual(kindOf(error), kind)
          assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, tag)
        }))
    }
  }
})

describe("what goes wrong before", () => {
  const cases: ReadonlyArray<readonly [string, MockOllama.LayerOptions, string | undefined, string, string]> = [
    ["nothing enables it", { discover: false }, undefined, "NotEnabled", "UnknownError"],
    ["nobody has the model", {}, "ollama/nope", "UnknownModel", "MalformedInput"],
    ["the ref is none", {}, "ollama/", "InvalidModelRef", "MalformedInput"]
  ]
  for (const [what, options, named, tag, kind] of cases) {
    it.effect(`${what}: ${tag}, as ${kind}`, () =>
      Effect.gen(function*() {
        const error = aiError(yield* Effect.flip(text))
        assert.strictEqual(kindOf(error), kind)
        assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, tag)
      }).pipe(
        Effect.provide(OllamaLanguageModel.layer({ model: named, config: { fallbacks: [] } })),
        Effect.provide(MockOllama.layer({ models: ["gpt-oss:20b"] }, options))
      ))
  }

  it.effect("no model has tools: NoToolModels, as UnknownError", () =>
    Effect.gen(function*() {
      const error = aiError(yield* Effect.flip(text))
      assert.deepStrictEqual([kindOf(error), OllamaLanguageModel.errorOf(error)?._tag], [
        "UnknownError",
        "NoToolModels"
      ])
    }).pipe(
      Effect.provide(OllamaLanguageModel.layer()),
      Effect.provide(MockOllama.layer({ models: [{ name: "m", capabilities: ["completion"] }] }))
    ))

  for (
    const [what, prompt] of [["a prompt without messages", []], ["a file that is no picture", [{
      role: "user",
      content: [{ type: "file", mediaType: "application/pdf", data: new Uint8Array([1]) }]
    }]], ["a picture behind an address", [{
      role: "user",
      content: [{ type: "file", mediaType: "image/png", data: new URL("https://example.com/a.png") }]
    }]]] as const
  ) {
    it.effect(`${what}: InvalidRequest, as MalformedInput, and nothing is sent`, () =>
      Effect.gen(function*() {
        const error = aiError(yield* Effect.flip(LanguageModel.generateText({ prompt })))
        assert.strictEqual(kindOf(error), "MalformedInput")
        assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, "InvalidRequest")
        assert.deepStrictEqual(yield* requests, [])
      }).pipe(Effect.provide(model("ollama", { replies: ["Hello."] }))))
  }

  it.effect("all models fail: AllModelsFailed, as UnknownError, with the attempts", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(text)
      assert.strictEqual(kindOf(error), "UnknownError")
      const ours = OllamaLanguageModel.errorOf(error)
      assert.strictEqual(ours?._tag, "AllModelsFailed")
      if (ours?._tag === "AllModelsFailed") {
        assert.deepStrictEqual(ours.attempts.map(({ error }) => error._tag), ["ServerError", "ModelNotFound"])
      }
    }).pipe(Effect.provide(model("ollama", {
      replies: [{ when: "m", fault: { type: "status", status: 500, error: "out of memory" } }, {
        when: "b",
        fault: { type: "missing-model" }
      }]
    }, { fallback: true }))))
})

describe("errorOf", () => {
  it.effect("gives back the error with all that it holds, so that a host can catch it by its tag", () =>
    Effect.gen(function*() {
      const port = yield* text.pipe(
        Effect.map(() => 0),
        Effect.mapError((error) => OllamaLanguageModel.errorOf(error) ?? error),
        Effect.catchTag("ConnectionRefused", (error) => Effect.succeed(error.port))
      )
      assert.strictEqual(port, 11434)
    }).pipe(Effect.provide(model("ollama", fault({ type: "refused" }), { retrySchedule: once }))))

  it.effect("gives it back from a stream, with what had arrived", () =>
    Effect.gen(function*() {
      const { error } = yield* collected(stream)
      const ours = OllamaLanguageModel.errorOf(error)
      assert.strictEqual(ours?._tag, "IncompleteResponse")
      if (ours?._tag === "IncompleteResponse") {
        assert.deepStrictEqual(ours.partial?.parts, [{ type: "text", text: "Hello" }])
      }
    }).pipe(Effect.provide(model("ollama", {
      replies: [{ text: ["Hello", " there"], fault: { type: "close", after: 1 } }]
    }))))

  it.effect("is undefined for what is not ours", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(LanguageModel.generateText({ prompt: "Hi", toolkit: Tools }))
      assert.strictEqual(kindOf(aiError(error)), "MalformedOutput")
      assert.isUndefined(OllamaLanguageModel.errorOf(error))
      for (const other of [undefined, null, "x", {}, new Error("x")]) {
        assert.isUndefined(OllamaLanguageModel.errorOf(other))
      }
    }).pipe(
      Effect.provide(toolsLayer),
      Effect.provide(model("ollama", { replies: [{ toolCalls: [{ name: "get_weather", arguments: { town: 1 } }] }] }))
    ))
})

describe("what such an error prints", () => {
  const answer = "the answer that only the user may read"
  const question = "what only the user may ask"

  it.effect("holds nothing of the conversation, in whatever way it is printed, logged or traced", () => {
    const recording = recorder()
    return Effect.gen(function*() {
      const { error, parts } = yield* collected(LanguageModel.streamText({ prompt: question }))
      assert.isAbove(parts.length, 0)
      assert.include(JSON.stringify(OllamaLanguageModel.errorOf(error)), answer)
      yield* Effect.zipRight(Effect.logError("failed", error), Effect.fail(error)).pipe(
        Effect.withSpan("app"),
        Effect.exit,
        recording.record
      )
      assert.deepStrictEqual([recording.logs(), recording.spans()], [4, ["app"]])
      for (const line of [...printed(error), ...recording.all()]) {
        assert.notInclude(line, answer)
        assert.notInclude(line, question)
      }
    }).pipe(
      Effect.provide(model("ollama", { replies: [{ text: [answer, "x"], fault: { type: "close", after: 1 } }] }))
    )
  })

  it.effect("holds nothing of an object or a call that could not be used", () =>
    Effect.gen(function*() {
      const schema = Schema.Struct({ age: Schema.Number })
      const errors = [
        yield* Effect.flip(LanguageModel.generateObject({ prompt: question, schema })),
        yield* Effect.flip(LanguageModel.generateText({ prompt: question, toolkit: Tools }))
      ]
      assert.deepStrictEqual(errors.map((error) => OllamaLanguageModel.errorOf(error)?._tag), [
        "OutputInvalid",
        "MalformedToolCall"
      ])
      for (const line of errors.flatMap(printed)) {
        assert.notInclude(line, answer)
        assert.notInclude(line, question)
      }
    }).pipe(
      Effect.provide(toolsLayer),
      Effect.provide(model("ollama", {
        replies: [JSON.stringify({ age: answer }), { toolCalls: [{ name: "get_time", arguments: `["${answer}"]` }] }]
      }))
    ))

  it.effect("says the hint, and where it came from", () =>
    Effect.gen(function*() {
      const error = yield* failed("ollama", fault({ type: "refused" }))
      assert.include(error.message, "Nothing listens on 127.0.0.1:11434")
      assert.include(error.message, "POST http://127.0.0.1:11434/api/chat")
      assert.deepStrictEqual([aiError(error).module, aiError(error).method], ["OllamaLanguageModel", "generateText"])
    }))

  it.effect("can be encoded as any AiError, for another process", () =>
    Effect.gen(function*() {
      for (const [, description] of met) {
        const error = aiError(yield* failed("ollama", description))
        const again = Schema.decodeUnknownSync(AiError.AiError)(
          JSON.parse(JSON.stringify(Schema.encodeSync(AiError.AiError)(error)))
        )
        assert.strictEqual(again._tag, error._tag)
        assert.strictEqual(again.message, error.message)
      }
    }))
})

describe("the kind of every error", () => {
  const base = { url: "http://h/api/chat", detail: "" }
  it("is by what a host can do about it", () => {
    const where = { module: "OllamaLanguageModel", method: "generateText" }
    const kind = (error: Errors.Failure) => kindOf(Errors.toAiError(where)(error))
    assert.strictEqual(kind(new OllamaError.InvalidRequest({ detail: "" })), "MalformedInput")
    assert.strictEqual(kind(new OllamaError.InvalidRequest({ ...base, status: 400 })), "HttpResponseError")
    assert.strictEqual(kind(new OllamaError.ImagesNotSupported({})), "MalformedInput")
    // an error line in an answer that began with 200
    assert.strictEqual(kind(new OllamaError.ServerError({ ...base, status: 200 })), "UnknownError")
    assert.strictEqual(kind(new OllamaError.OutputInvalid({ ref: "r", text: "", detail: "" })), "MalformedOutput")
    assert.strictEqual(
      kind(new OllamaError.ConfigInvalid({ problems: [{ path: "a", expected: "b", actual: "c" }] })),
      "UnknownError"
    )
  })

  it("names the catalog's request for what it is", () => {
    const error = Errors.toAiError({ module: "m", method: "n" })(
      new OllamaError.ConnectionRefused({ url: "http://h/api/tags", attempts: 1 })
    )
    assert.strictEqual(methodOf(error), "GET")
  })
})

describe("ExecutionPlan", () => {
  const plan = (attempts: number) =>
    ExecutionPlan.make(
      { provide: OllamaLanguageModel.model("ollama/m", { fallbacks: [] }), attempts, schedule: Schedule.forever },
      { provide: OllamaLanguageModel.model("ollama/b", { fallbacks: [] }) }
    )
  const layer = (replies: MockOllama.Replies) =>
    Layer.provideMerge(
      OllamaLanguageModel.layer(),
      model("ollama", { replies }, { streaming: true, retrySchedule: once })
    )

  it.effect("tries a model as often as it says, then the next", () =>
    Effect.gen(function*() {
      const response = yield* Effect.withExecutionPlan(text, plan(2))
      assert.strictEqual(response.text, "from b")
      assert.deepStrictEqual((yield* requests).map((request) => request.model), ["m", "m", "b"])
    }).pipe(Effect.provide(layer([
      { when: "m", fault: { type: "status", status: 500, error: "out of memory" } },
      { when: "b", text: "from b" }
    ]))))

  it.effect("takes the next for a stream that failed before its first part", () =>
    Effect.gen(function*() {
      const { parts } = yield* collected(Stream.withExecutionPlan(stream, plan(1)))
      assert.include(JSON.stringify(parts), "from b")
    }).pipe(Effect.provide(layer([
      { when: "m", fault: { type: "status", status: 500, error: "out of memory" } },
      { when: "b", text: ["from b"] }
    ]))))
})
