import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FiberId, Layer, Schedule, Scheduler, Stream } from "effect"
import { ChatCompletions, Model, OllamaClient } from "effect-ollama"
import { answer, type BodyPull, withSend } from "../../src/internal/direct.js"
import { provider } from "../discovery.fixtures.js"
import { apis, service } from "./support.js"
import { wire } from "./wire.js"

/** What becomes of the exchanges of a run. */
class Exchanges {
  readonly open = new Set<object>()
  count = 0
  begin(): () => void {
    const exchange = {}
    this.count++
    this.open.add(exchange)
    return () => this.open.delete(exchange)
  }
}

interface Reply {
  readonly status: number
  readonly pieces: ReadonlyArray<string>
}

const bytes = (text: string) => new TextEncoder().encode(text)

// Each answers with the next of these replies, in pieces that are there when they are asked for, or a moment later.

const direct = (replies: ReadonlyArray<Reply>, soon: (run: () => void) => void) => (exchanges: () => Exchanges) =>
  withSend(HttpClient.make(() => Effect.dieMessage("is driven directly")), (request, onHead) => {
    const close = exchanges().begin()
    const { pieces, status } = replies[exchanges().count - 1] ?? replies.at(-1)!
    const left = pieces.map(bytes)
    let waiting = true
    const pull: BodyPull = {
      read: (resume) =>
        soon(() => {
          if (!waiting) return
          const piece = left.shift()
          if (piece === undefined) close()
          resume(undefined, piece === undefined ? undefined : [piece])
        }),
      cancel: () => {
        waiting = false
        close()
      }
    }
    soon(() => {
      if (waiting) {
        onHead(Exit.succeed(answer(HttpClientResponse.fromWeb(request, new Response(null, { status })), pull)))
      }
    })
    return () => pull.cancel()
  })

const fetched = (replies: ReadonlyArray<Reply>) => (exchanges: () => Exchanges) =>
  HttpClient.make((request, _url, signal) =>
    Effect.promise(() => {
      const close = exchanges().begin()
      signal.addEventListener("abort", close)
      const { pieces, status } = replies[exchanges().count - 1] ?? replies.at(-1)!
      const left = pieces.map(bytes)
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = left.shift()
          if (piece !== undefined) return controller.enqueue(piece)
          close()
          controller.close()
        },
        cancel: () => void close()
      }, { highWaterMark: 0 })
      return Promise.resolve(HttpClientResponse.fromWeb(request, new Response(body, { status })))
    })
  )

/** A scheduler under which a fiber is interrupted before its operation of that number. */
const interrupting = (operation: number) => {
  let count = 0
  let root: unknown
  return Scheduler.make(
    (task, priority) => Scheduler.defaultScheduler.scheduleTask(task, priority),
    (fiber) => {
      root ??= fiber
      if (fiber === root && ++count === operation) fiber.unsafeInterruptAsFork(FiberId.none)
      return false
    }
  )
}

/** Runs it again and again, interrupted one operation later each time, until it is over before that. */
const everywhere = <S, A, E>(
  transport: (exchanges: () => Exchanges) => HttpClient.HttpClient,
  make: (client: HttpClient.HttpClient) => Effect.Effect<S>,
  use: (service: S) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    let exchanges = new Exchanges()
    const service = yield* make(transport(() => exchanges))
    for (let operation = 1;; operation++) {
      exchanges = new Exchanges()
      const fiber = Effect.runFork(use(service), { scheduler: interrupting(operation) })
      const exit = yield* Fiber.await(fiber)
      // what was aborted may be told a moment later
      for (let i = 0; i < 20 && exchanges.open.size > 0; i++) yield* Effect.promise(() => Promise.resolve())
      assert.strictEqual(exchanges.open.size, 0, `open after an interruption before operation ${operation}`)
      if (Exit.isSuccess(exit)) return assert.isAbove(operation, 20)
      assert.isTrue(Exit.isInterrupted(exit), String(exit))
    }
  })

const whole = (api: Model.Api): ReadonlyArray<Reply> => {
  const text = wire[api].whole("Hello")
  return [{ status: 503, pieces: ["{\"error\":", "\"busy\"}"] }, {
    status: 200,
    pieces: [text.slice(0, 20), text.slice(20)]
  }]
}

const streamed = (api: Model.Api): ReadonlyArray<Reply> => [
  { status: 503, pieces: ["{\"error\":", "\"busy\"}"] },
  {
    status: 200,
    pieces: [wire[api].text("Hel"), wire[api].text("lo"), wire[api].finish, wire[api].usage, wire[api].done]
  }
]

const transports = {
  "directly, at once": (replies: ReadonlyArray<Reply>) => direct(replies, (run) => run()),
  "directly, later": (replies: ReadonlyArray<Reply>) => direct(replies, queueMicrotask),
  "through HttpClient": fetched
}

const retrySchedule = Schedule.recurs(1)

type Run = Parameters<typeof everywhere<ChatCompletions.Service, unknown, unknown>>

const completions = (api: Model.Api, streaming: boolean): Run[1] => (client) =>
  Effect.provide(
    ChatCompletions.ChatCompletions,
    service(api, { streaming, retrySchedule }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
  )

const create: Run[2] = (service) => service.create({ prompt: "Hi" })
const stream: Run[2] = (service) => Stream.runForEach(service.stream({ prompt: "Hi" }), () => Effect.void)

const client = (httpClient: HttpClient.HttpClient) =>
  Effect.provideService(OllamaClient.make(), HttpClient.HttpClient, httpClient)

describe("interrupted before any of its operations, leaves nothing open:", () => {
  for (const [name, transport] of Object.entries(transports)) {
    for (const api of apis) {
      it.live(`create, ${api}, ${name}`, () => everywhere(transport(whole(api)), completions(api, false), create))

      it.live(`create over a stream, ${api}, ${name}`, () =>
        everywhere(transport(streamed(api)), completions(api, true), create))

      it.live(`stream of a whole answer, ${api}, ${name}`, () =>
        everywhere(transport(whole(api)), completions(api, false), stream))

      it.live(`stream, ${api}, ${name}`, () => everywhere(transport(streamed(api)), completions(api, true), stream))
    }

    it.live(`a small operation, ${name}`, () =>
      everywhere(
        transport([{ status: 200, pieces: ["{\"version\":", "\"0.17.7\"}"] }]),
        client,
        (ollama) => ollama.version(provider())
      ))

    it.live(`an operation that fails, ${name}`, () =>
      everywhere(
        transport([{ status: 404, pieces: ["{\"error\":", "\"no\"}"] }]),
        client,
        (ollama) => Effect.either(ollama.version(provider()))
      ))
  }
})
