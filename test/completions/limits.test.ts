import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { type Chat, ChatCompletions } from "effect-ollama"
import { apis, created, mocked, type Outcome, partial, raw, requests, service, streamed } from "./support.js"
import { wire } from "./wire.js"

const prompt = { prompt: "Hi" }

const minutes = 60_000

/** Runs an effect and fails unless it ends at exactly `ms` of the clock. */
const endsAt = <A, E, R>(ms: number, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    if (ms > 0) {
      yield* TestClock.adjust(ms - 1)
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)), `it ended before ${ms} ms`)
    }
    yield* TestClock.adjust(1)
    assert.isTrue(Option.isSome(yield* Fiber.poll(fiber)), `it goes on after ${ms} ms`)
    return yield* Fiber.join(fiber)
  })

const timeout = ({ error }: Outcome) => {
  assert.strictEqual(error?._tag, "RequestTimeout")
  const { limit, phase } = { ...error } as { limit: number; phase: string }
  return { limit, phase }
}

/** A body that the test feeds: of fetch, so that it is read without a Stream. */
const fed = () => {
  let controller: ReadableStreamDefaultController<Uint8Array>
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given
    },
    cancel() {
      cancelled = true
    }
  })
  return {
    client: Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body))))
    ),
    send: (text: string) => Effect.sync(() => controller.enqueue(new TextEncoder().encode(text))),
    cancelled: Effect.sync(() => cancelled)
  }
}

/** A body of fetch: this, then a megabyte of blank lines, for as long as somebody asks for them. */
const flooding = (before: string) => {
  const lines = new Uint8Array(8 * 1024).fill(10)
  let begun = false
  let taken = 0
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (!begun) {
        begun = true
        return controller.enqueue(new TextEncoder().encode(before))
      }
      if (taken >= 1024 * 1024) return controller.close()
      taken += lines.length
      controller.enqueue(lines)
    },
    cancel() {
      cancelled = true
    }
  }, { highWaterMark: 0 })
  return {
    client: Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body))))
    ),
    state: Effect.sync(() => ({ taken, cancelled }))
  }
}

for (const api of apis) {
  const { done, finish, raw: event, text, usage } = wire[api]

  describe(`the first byte, ${api}`, () => {
    it.effect("its limit covers the head and what is waited for after it", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(10 * minutes, streamed(prompt))
        assert.deepStrictEqual(timeout(outcome), { phase: "first-byte", limit: 10 * minutes })
        assert.isTrue((yield* requests)[0]?.aborted)
      }).pipe(
        Effect.provide(mocked(api, {
          replies: [{ text: "a", delayMs: { head: 6 * minutes }, fault: { type: "stall", after: 0 } }]
        }))
      ))

    it.effect("its limit covers the head and the body of an answer that is not streamed", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(10 * minutes, created(prompt))
        assert.deepStrictEqual(timeout(outcome), { phase: "first-byte", limit: 10 * minutes })
        assert.isTrue((yield* requests)[0]?.aborted)
      }).pipe(
        Effect.provide(
          mocked(api, { replies: [{ text: "a", fault: { type: "stall", after: 0 } }] }, { streaming: false })
        )
      ))

    it.effect("a whole answer may begin 9 minutes after its head, and stop for 4", () =>
      Effect.gen(function*() {
        const whole = wire[api].whole("Hello")
        const server = fed()
        const fiber = yield* Effect.fork(Effect.provide(
          created(prompt),
          service(api, { streaming: false }).pipe(Layer.provide(server.client))
        ))
        yield* TestClock.adjust(9 * minutes)
        yield* server.send(whole.slice(0, 10))
        yield* TestClock.adjust(4 * minutes)
        yield* server.send(whole.slice(10))
        // it is stuck then: the end never comes
        yield* TestClock.adjust(5 * minutes - 1)
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(timeout(yield* Fiber.join(fiber)), { phase: "idle", limit: 5 * minutes })
        assert.isTrue(yield* server.cancelled)
      }))

    it.effect("a first limit that is shorter than the idle one ends at its own time", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(1000, streamed(prompt))
        assert.deepStrictEqual(timeout(outcome), { phase: "first-byte", limit: 1000 })
      }).pipe(
        Effect.provide(mocked(api, { replies: [{ text: "a", fault: { type: "stall", after: 0 } }] }, {
          streaming: true,
          firstByteTimeout: "1 second"
        }))
      ))

    it.effect("its limit also ends an answer that comes through fetch", () =>
      Effect.gen(function*() {
        const server = fed()
        const outcome = yield* endsAt(
          10 * minutes,
          Effect.provide(streamed(prompt), service(api, { streaming: true }).pipe(Layer.provide(server.client)))
        )
        assert.deepStrictEqual(timeout(outcome), { phase: "first-byte", limit: 10 * minutes })
        assert.isTrue(yield* server.cancelled)
      }))
  })

  describe(`the pauses of a server, ${api}`, () => {
    it.effect("5 minutes without anything end a stream, with what had arrived", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(5 * minutes, streamed(prompt))
        assert.deepStrictEqual(timeout(outcome), { phase: "idle", limit: 5 * minutes })
        assert.strictEqual(partial(outcome), "one two")
        assert.isTrue((yield* requests)[0]?.aborted)
      }).pipe(
        Effect.provide(mocked(api, { replies: [{ text: "one two three", fault: { type: "stall", after: 2 } }] }))
      ))

    it.effect("each piece that comes counts anew", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(13 * minutes, streamed(prompt))
        assert.deepStrictEqual(timeout(outcome), { phase: "idle", limit: 5 * minutes })
        assert.strictEqual(partial(outcome), "one two three")
      }).pipe(
        Effect.provide(mocked(api, {
          replies: [{ text: "one two three", delayMs: 4 * minutes, fault: { type: "stall", after: 3 } }]
        }))
      ))

    it.effect("a slow consumer is not a slow server: only a read that waits is counted", () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const slow = ChatCompletions.stream(prompt).pipe(
          Stream.filterMap(ChatCompletions.textDelta),
          Stream.runForEach((delta) => Effect.delay(Effect.sync(() => seen.push(delta)), "10 minutes")),
          Effect.flip
        )
        // three pieces of 10 minutes each, then the fourth read waits
        const error = yield* endsAt(35 * minutes, slow)
        assert.deepInclude({ ...error }, { _tag: "RequestTimeout", phase: "idle", limit: 5 * minutes })
        assert.deepStrictEqual(seen, ["one", " two", " three"])
      }).pipe(
        Effect.provide(mocked(api, { replies: [{ text: "one two three", fault: { type: "stall", after: 3 } }] }))
      ))

    it.effect("the same on fetch, read directly", () =>
      Effect.gen(function*() {
        const server = fed()
        yield* server.send(text("one"))
        const slow = ChatCompletions.stream(prompt).pipe(
          Stream.filterMap(ChatCompletions.textDelta),
          Stream.runForEach(() => Effect.sleep("10 minutes")),
          Effect.flip,
          Effect.provide(service(api, { streaming: true }).pipe(Layer.provide(server.client)))
        )
        const error = yield* endsAt(15 * minutes, slow)
        assert.deepInclude({ ...error }, { _tag: "RequestTimeout", phase: "idle", limit: 5 * minutes })
        assert.isTrue(yield* server.cancelled)
      }))

    it.effect("the limits of a call win over the provider's, and the provider's over those of the service", () =>
      Effect.gen(function*() {
        const provided = yield* endsAt(20_000, streamed(prompt))
        assert.deepStrictEqual(timeout(provided), { phase: "idle", limit: 20_000 })
        const called = yield* endsAt(3000, streamed({ ...prompt, idleTimeout: "3 seconds" }))
        assert.deepStrictEqual(timeout(called), { phase: "idle", limit: 3000 })
      }).pipe(
        Effect.provide(mocked(api, { replies: [{ text: "one", fault: { type: "stall", after: 1 } }] }, {
          streaming: true,
          timeout: "20 seconds",
          idleTimeout: "7 seconds"
        }))
      ))

    it.effect("without limits nothing ends a stream but its consumer", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(streamed(prompt))
        yield* TestClock.adjust("30 days")
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
        yield* Fiber.interrupt(fiber)
        assert.isTrue((yield* requests)[0]?.aborted)
      }).pipe(
        Effect.provide(mocked(api, { replies: [{ text: "one", fault: { type: "stall", after: 1 } }] }, {
          streaming: true,
          firstByteTimeout: Infinity,
          idleTimeout: Infinity
        }))
      ))
  })

  describe(`after the finish, ${api}`, () => {
    const stalled = (chunks: ReadonlyArray<string>, more: object = {}) =>
      mocked(api, { replies: [{ raw: raw(api, chunks), fault: { type: "stall", after: chunks.length } }] }, {
        streaming: true,
        ...more
      })

    it.effect("usage that never comes is waited for exactly 1 s", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(1000, streamed(prompt))
        assert.strictEqual(partial(outcome), "Hello")
        assert.strictEqual(outcome.finish?.finishReason, "stop")
        assert.isUndefined(outcome.finish?.usage)
        assert.isTrue((yield* requests)[0]?.aborted)
      }).pipe(Effect.provide(stalled([text("Hello"), finish]))))

    it.effect("the finish event waits for it, what came before does not", () =>
      Effect.gen(function*() {
        const seen: Array<readonly [number, Chat.StreamEvent["type"]]> = []
        const fiber = yield* ChatCompletions.stream(prompt).pipe(
          Stream.runForEach((event) =>
            Effect.map(Effect.clock, (clock) => seen.push([clock.unsafeCurrentTimeMillis(), event.type]))
          ),
          Effect.fork
        )
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(seen, [[0, "text-start"], [0, "text-delta"], [0, "text-end"], [1000, "finish"]])
      }).pipe(Effect.provide(stalled([text("Hello"), finish]))))

    it.effect("the wait is an option", () =>
      Effect.gen(function*() {
        assert.isDefined((yield* endsAt(50, streamed(prompt))).finish)
      }).pipe(Effect.provide(stalled([text("Hello"), finish], { finishGrace: "50 millis" }))))

    it.effect("usage that comes within it is there", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(1800, streamed(prompt))
        assert.deepInclude(outcome.finish?.usage, { inputTokens: 3, outputTokens: 4 })
      }).pipe(
        Effect.provide(mocked(api, {
          replies: [{ raw: raw(api, [text("Hello"), finish, usage + done]), delayMs: { chunk: 900 } }]
        }))
      ))

    it.effect("it is one second in all, however often something comes", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(1000, streamed(prompt))
        assert.strictEqual(outcome.finish?.finishReason, "stop")
      }).pipe(
        Effect.provide(mocked(api, {
          replies: [{
            raw: raw(api, [text("Hello") + finish, ...Array<string>(20).fill("\n")]),
            delayMs: { chunk: 300 }
          }]
        }))
      ))

    if (api === "openai-completions") {
      it.effect("it begins again when the answer goes on: some servers put a finish on every piece", () =>
        Effect.gen(function*() {
          const outcome = yield* endsAt(2700, streamed(prompt))
          assert.strictEqual(partial(outcome), "one |two |three")
          assert.deepInclude(outcome.finish?.usage, { inputTokens: 3, outputTokens: 4 })
        }).pipe(
          Effect.provide(mocked(api, {
            replies: [{
              raw: raw(api, [...["one ", "two ", "three"].map((word) => text(word) + finish), usage + done]),
              delayMs: { chunk: 900 }
            }]
          }))
        ))
    }

    it.effect("an error within it fails", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(1000, streamed(prompt))
        assert.strictEqual(outcome.error?._tag, "ServerError")
        assert.strictEqual(partial(outcome), "Hello")
      }).pipe(
        Effect.provide(mocked(api, {
          replies: [{
            raw: raw(api, [text("Hello"), finish, event("{\"error\":\"it broke\"}")]),
            delayMs: { chunk: 500 }
          }]
        }))
      ))

    it.effect("an error after the usage fails, in the same chunk and in the next", () =>
      Effect.gen(function*() {
        for (let i = 0; i < 2; i++) {
          const outcome = yield* endsAt(0, streamed(prompt))
          assert.strictEqual(outcome.error?._tag, "ServerError")
          assert.strictEqual(partial(outcome), "Hello")
        }
      }).pipe(
        Effect.provide(mocked(api, {
          replies: [[usage + event("{\"error\":\"it broke\"}")], [usage, event("{\"error\":\"it broke\"}")]].map((
            last
          ) => ({
            raw: raw(api, [text("Hello"), finish, ...last])
          }))
        }))
      ))

    for (const type of ["reset", "close"] as const) {
      it.effect(`${type} does not matter`, () =>
        Effect.gen(function*() {
          const outcome = yield* endsAt(0, streamed(prompt))
          assert.strictEqual(outcome.finish?.finishReason, "stop")
          assert.deepInclude(outcome.finish?.usage, { inputTokens: 3, outputTokens: 4 })
        }).pipe(
          Effect.provide(mocked(api, {
            replies: [{ raw: raw(api, [text("Hello"), finish, usage]), fault: { type, after: 3 } }]
          }))
        ))
    }

    it.effect("a clean end without any end mark does not matter", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* endsAt(0, streamed(prompt))).finish?.finishReason, "stop")
      }).pipe(Effect.provide(mocked(api, { replies: [{ raw: raw(api, [text("Hello"), finish.trimEnd()]) }] }))))

    it.effect("a server that never closes the connection is not waited for", () =>
      Effect.gen(function*() {
        const outcome = yield* endsAt(1000, streamed(prompt))
        assert.deepInclude(outcome.finish?.usage, { inputTokens: 3, outputTokens: 4 })
      }).pipe(Effect.provide(stalled([text("Hello"), finish, usage + done]))))

    for (const [where, rest] of [["before its usage", ""], ["after it", usage + done]] as const) {
      it.effect(`no more than 64 KiB is read of what follows, ${where}`, () =>
        Effect.gen(function*() {
          const server = flooding(text("Hello") + finish + rest)
          const outcome = yield* Effect.provide(
            streamed(prompt),
            service(api, { streaming: true }).pipe(Layer.provide(server.client))
          )
          assert.strictEqual(outcome.finish?.finishReason, "stop")
          // the piece that is too much was read
          assert.deepStrictEqual(yield* server.state, { taken: 72 * 1024, cancelled: true })
        }))
    }

    it.effect("whoever has the finish event does not wait for the connection", () =>
      Effect.gen(function*() {
        const fiber = yield* ChatCompletions.stream(prompt).pipe(
          Stream.takeUntil((event) => event.type === "finish"),
          Stream.runDrain,
          Effect.fork
        )
        // an error may follow the last line of a native stream: only the grace ends the wait for it
        yield* TestClock.adjust(api === "ollama" ? 1000 : 1)
        assert.isTrue(Option.isSome(yield* Fiber.poll(fiber)))
      }).pipe(Effect.provide(stalled([text("Hello"), finish, usage + done]))))
  })
}

describe("a transport that has everything ready", () => {
  const { done, finish, text } = wire["openai-completions"]
  const bytes = new TextEncoder().encode(text("x".repeat(50_000)) + finish + done)

  /** A response that somebody wrapped, whose stream gives one byte after the other without a pause. */
  const client = Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.succeed(
        Object.defineProperty(HttpClientResponse.fromWeb(request, new Response("x")), "stream", {
          value: Stream.rechunk(Stream.fromIterable(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))), 1)
        })
      )
    )
  )

  it.live("is read to the end, however many pieces an event has", () =>
    Effect.gen(function*() {
      const outcome = yield* streamed(prompt)
      assert.isUndefined(outcome.error)
      assert.strictEqual(partial(outcome).length, 50_000)
    }).pipe(Effect.provide(service("openai-completions", { streaming: true }).pipe(Layer.provide(client)))))
})
