import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream, TestClock } from "effect"
import { ChatCompletions } from "effect-ollama"
import type { MockOllama } from "effect-ollama/testing"
import { apis, created, events, mocked, once, requests, streamed, take } from "./support.js"
import { wire } from "./wire.js"

const jsonOf = (request: MockOllama.RecordedRequest | undefined) => request?.json as Record<string, unknown>

const mixed: MockOllama.Reply = {
  parts: [
    { reasoning: "Hm", text: "It is ", toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }] },
    { reasoning: "but" },
    { text: "warm" },
    { text: "." }
  ],
  usage: { inputTokens: 3, outputTokens: 5 }
}

const options = { prompt: "Hi", tools: [{ name: "get_weather" }] }

for (const api of apis) {
  const asStream = (description: MockOllama.Description, more: object = {}) =>
    mocked(api, description, { streaming: true, ...more })

  describe(`events, ${api}`, () => {
    it.effect("parts open and close one at a time, and finish comes once, last", () =>
      Effect.gen(function*() {
        // `events` and `assemble` check the form
        const outcome = yield* streamed(options)
        assert.deepStrictEqual(outcome.parts.map((part) => part.type === "tool-call" ? part.name : part.text), [
          "Hm",
          "It is ",
          "get_weather",
          "but",
          "warm."
        ])
        assert.deepInclude(outcome.finish, { finishReason: "tool-calls", ref: "ollama/m", attempts: [], model: "m" })
        assert.deepInclude(outcome.finish?.usage, { inputTokens: 3, outputTokens: 5 })
      }).pipe(Effect.provide(asStream({ replies: [mixed] }))))

    it.effect("a whole answer of a streaming model is the same message, collected", () =>
      Effect.gen(function*() {
        const whole = yield* created(options)
        const stream = yield* streamed(options)
        assert.strictEqual(jsonOf((yield* requests)[0])["stream"], true)
        const [a, b] = [whole, stream].map(({ parts }) =>
          parts.map((part) => part.type === "tool-call" ? [part.name, part.arguments] : [part.type, part.text])
        )
        assert.deepStrictEqual(a, b)
        assert.deepStrictEqual(whole.finish?.usage, stream.finish?.usage)
        assert.strictEqual(whole.finish?.finishReason, stream.finish?.finishReason)
      }).pipe(Effect.provide(asStream({ replies: [mixed] }))))

    it.effect("a model that does not stream gives the events of its one answer", () =>
      Effect.gen(function*() {
        const { all } = yield* events(options)
        assert.strictEqual(jsonOf((yield* requests)[0])["stream"], false)
        assert.deepStrictEqual(all.map((event) => event.type), [
          "reasoning-start",
          "reasoning-delta",
          "reasoning-end",
          "text-start",
          "text-delta",
          "text-end",
          "tool-call",
          "finish"
        ])
        const outcome = yield* streamed(options)
        assert.deepStrictEqual(outcome.parts.map((part) => part.type === "tool-call" ? part.arguments : part.text), [
          "Hmbut",
          "It is warm.",
          { city: "Paris" }
        ])
        assert.deepInclude(outcome.finish, { finishReason: "tool-calls" })
        assert.deepInclude(outcome.finish?.usage, { inputTokens: 3, outputTokens: 5 })
      }).pipe(Effect.provide(asStream({ replies: [mixed] }, { streaming: false }))))

    it.effect("textDelta picks the text alone", () =>
      Effect.gen(function*() {
        const text = yield* ChatCompletions.stream(options).pipe(
          Stream.filterMap(ChatCompletions.textDelta),
          Stream.mkString
        )
        assert.strictEqual(text, "It is warm.")
      }).pipe(Effect.provide(asStream({ replies: [mixed] }))))

    it.effect("an answer with nothing in it is a success that says so", () =>
      Effect.gen(function*() {
        const { all } = yield* events(options)
        assert.deepStrictEqual(all.map((event) => event.type), ["finish"])
        const answer = yield* ChatCompletions.create(options)
        assert.isTrue(answer.isEmpty)
        assert.strictEqual(answer.finishReason, "stop")
      }).pipe(Effect.provide(asStream({ replies: [{ text: "" }] }))))

    it.effect("each run of a stream is a request of its own, and they share nothing", () =>
      Effect.gen(function*() {
        const stream = ChatCompletions.stream(options).pipe(
          Stream.filterMap(ChatCompletions.textDelta),
          Stream.mkString
        )
        const [a, b] = yield* Effect.all([stream, stream], { concurrency: 2 })
        assert.deepStrictEqual([a, b, yield* stream], ["one two", "one two", "one two"])
        assert.lengthOf(yield* requests, 3)
      }).pipe(Effect.provide(asStream({ replies: [{ text: "one two", delayMs: 0 }] }))))

    it.effect("nothing is sent before the stream is run", () =>
      Effect.gen(function*() {
        const stream = ChatCompletions.stream(options)
        assert.deepStrictEqual(yield* requests, [])
        yield* Stream.runDrain(stream)
        assert.lengthOf(yield* requests, 1)
      }).pipe(Effect.provide(asStream({ replies: ["one"] }))))

    it.effect("calls without ids get ids of their own, from the generator that was given", () =>
      Effect.gen(function*() {
        const outcome = yield* streamed(options)
        assert.deepStrictEqual(outcome.parts.map((part) => part.type === "tool-call" ? part.id : ""), [
          "mine-0",
          "mine-1"
        ])
      }).pipe(Effect.provide(asStream({ replies: [twoCalls(api)] }, {
        generateId: Effect.succeed((index: number) => `mine-${index}`)
      }))))

    it.effect("ids that were made differ within an answer and between answers", () =>
      Effect.gen(function*() {
        const all = [...(yield* streamed(options)).parts, ...(yield* streamed(options)).parts]
        const ids = all.map((part) => part.type === "tool-call" ? part.id : "")
        assert.lengthOf(ids, 4)
        assert.strictEqual(new Set(ids).size, 4)
        for (const id of ids) assert.match(id, /^call_[0-9a-z]{7}$/)
      }).pipe(Effect.provide(asStream({ replies: [twoCalls(api)] }))))
  })

  describe(`fallbacks of streams, ${api}`, () => {
    const twoModels = (fault: MockOllama.Fault) => ({ replies: [{ when: "m", text: "One two", fault }, "Hello there"] })

    for (
      const [what, fault] of [
        ["a status", { type: "status", status: 500, error: "boom" }],
        ["an error before any output", { type: "error", after: 0 }],
        ["an end before any output", { type: "end", after: 0 }],
        ["a reset after the head", { type: "reset", after: 0 }],
        ["a page in place of an answer", { type: "not-json" }],
        ["broken JSON in the first event", { type: "broken-json", after: 0 }]
      ] satisfies ReadonlyArray<readonly [string, MockOllama.Fault]>
    ) {
      it.effect(`${what}: the next model answers, and the finish says what was tried`, () =>
        Effect.gen(function*() {
          const outcome = yield* streamed(options)
          assert.strictEqual(outcome.parts.map((part) => part.type === "text" ? part.text : "").join(), "Hello there")
          assert.deepInclude(outcome.finish, { ref: "ollama/b", selectedBy: "fallback" })
          assert.deepStrictEqual(outcome.finish?.attempts.map(({ ref }) => ref), ["ollama/m"])
          assert.deepStrictEqual((yield* requests).map(({ model }) => model), ["m", "b"])
        }).pipe(Effect.provide(asStream(twoModels(fault), { fallback: true, retrySchedule: once }))))
    }

    it.effect("silence before any output: the next model answers after the first-byte limit", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(streamed(options))
        yield* TestClock.adjust("599999 millis")
        assert.lengthOf(yield* requests, 1)
        yield* TestClock.adjust("1 millis")
        const outcome = yield* Fiber.join(fiber)
        assert.deepStrictEqual(outcome.finish?.attempts.map(({ error }) => error._tag), ["RequestTimeout"])
        assert.isTrue((yield* requests)[0]?.aborted)
      }).pipe(Effect.provide(asStream(twoModels({ type: "stall", after: 0 }), { fallback: true }))))

    it.effect("after the first event an error is an error: two answers are never glued together", () =>
      Effect.gen(function*() {
        const { all, error } = yield* events(options)
        assert.deepStrictEqual(all.map((event) => event.type), ["text-start", "text-delta"])
        assert.strictEqual(error?._tag, api === "ollama" ? "ServerError" : "IncompleteResponse")
        assert.deepNestedInclude({ ...error }, { "partial.parts[0].text": "One" })
        assert.lengthOf(yield* requests, 1)
      }).pipe(Effect.provide(asStream(twoModels({ type: "error", after: 1 }), { fallback: true }))))

    it.effect("a whole answer that is collected from a stream falls back at any time", () =>
      Effect.gen(function*() {
        const answer = yield* ChatCompletions.create(options)
        assert.strictEqual(answer.text, "Hello there")
        assert.deepStrictEqual(answer.attempts.map(({ error }) => error._tag), [
          api === "ollama" ? "ServerError" : "IncompleteResponse"
        ])
      }).pipe(Effect.provide(asStream(twoModels({ type: "error", after: 1 }), { fallback: true }))))
  })

  describe(`retries of streams, ${api}`, () => {
    for (const fault of [{ type: "busy" }, { type: "refused" }, { type: "reset" }] as const) {
      it.effect(`${fault.type}: the opening is repeated`, () =>
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(streamed(options))
          yield* TestClock.adjust("1 minute")
          assert.isDefined((yield* Fiber.join(fiber)).finish)
          assert.lengthOf(yield* requests, 3)
        }).pipe(Effect.provide(asStream({ rules: [{ times: 2, fault }], replies: ["Hello"] }))))
    }

    for (
      const fault of [
        { type: "reset", after: 0 },
        { type: "reset", after: 1 },
        { type: "close", after: 1 },
        { type: "error", after: 1 },
        { type: "end", after: 1 }
      ] as const
    ) {
      it.effect(`${fault.type} after ${fault.after} events: nothing is repeated`, () =>
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(streamed(options))
          yield* TestClock.adjust("1 minute")
          assert.isDefined((yield* Fiber.join(fiber)).error)
          assert.lengthOf(yield* requests, 1)
        }).pipe(Effect.provide(asStream({ replies: [{ text: "One two", fault }] }))))
    }
  })

  describe(`leaving a stream, ${api}`, () => {
    it.effect("a consumer that has enough ends the request", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(take(options, 2))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual((yield* Fiber.join(fiber)).map((event) => event.type), ["text-start", "text-delta"])
        assert.deepStrictEqual((yield* requests).map(({ aborted, complete }) => [aborted, complete]), [[true, false]])
      }).pipe(Effect.provide(asStream({ replies: [{ text: "one two three four", delayMs: 100 }] }))))

    it.effect("interruption while a read waits ends the request", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(streamed(options))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual((yield* requests).map((request) => request.aborted), [true])
      }).pipe(Effect.provide(asStream({ replies: [{ text: "one two", fault: { type: "stall", after: 1 } }] }))))

    it.effect("interruption while the answer has not begun ends the request", () =>
      Effect.gen(function*() {
        for (const fault of [{ type: "stall" }, { type: "stall", after: 0 }] as const) {
          const before = (yield* requests).length
          const fiber = yield* Effect.fork(streamed(options))
          yield* TestClock.adjust("1 minute")
          yield* Fiber.interrupt(fiber)
          assert.isTrue((yield* requests)[before]?.aborted, JSON.stringify(fault))
        }
      }).pipe(Effect.provide(asStream({
        replies: [{ text: "a", fault: { type: "stall" } }, { text: "a", fault: { type: "stall", after: 0 } }]
      }))))

    it.effect("interruption of a whole answer that is collected ends the request", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(created(options))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual((yield* requests).map((request) => request.aborted), [true])
      }).pipe(Effect.provide(asStream({ replies: [{ text: "one two", fault: { type: "stall", after: 1 } }] }))))

    it.effect("a failing consumer ends the request", () =>
      Effect.gen(function*() {
        const fiber = yield* ChatCompletions.stream(options).pipe(
          Stream.runForEach(() => Effect.fail("enough")),
          Effect.flip,
          Effect.fork
        )
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* Fiber.join(fiber), "enough")
        assert.deepStrictEqual((yield* requests).map((request) => request.aborted), [true])
      }).pipe(Effect.provide(asStream({ replies: [{ text: "one two", delayMs: 10 }] }))))
  })
}

/** Two calls to which the server gave no id. */
function twoCalls(api: (typeof apis)[number]): MockOllama.Reply {
  const { call, contentType, done, finish } = wire[api]
  const two = ["a", "b"].map((city) => call({ name: "get_weather", arguments: `{"city":"${city}"}` }))
  return { raw: { headers: { "content-type": contentType }, chunks: [...two, finish, done] } }
}

describe("what only /v1 has", () => {
  it.effect("a stream asks for its usage", () =>
    Effect.gen(function*() {
      yield* streamed(options)
      assert.deepStrictEqual(jsonOf((yield* requests)[0])["stream_options"], { include_usage: true })
    }).pipe(Effect.provide(mocked("openai-completions", { replies: ["Hello"] }))))

  it.effect("a whole answer does not", () =>
    Effect.gen(function*() {
      yield* created(options)
      assert.notProperty(jsonOf((yield* requests)[0]), "stream_options")
    }).pipe(Effect.provide(mocked("openai-completions", { replies: ["Hello"] }, { streaming: false }))))
})
