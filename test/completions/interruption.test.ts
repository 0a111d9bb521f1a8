import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FiberId, Layer, Option, Schedule, Scheduler, Stream } from "effect"
import { ChatCompletions, Model, OllamaClient } from "effect-ollama"
import { arrived, withSend } from "../../src/transport/direct.js"
import type { BodyPull } from "../../src/transport/exchange.js"
import { provider } from "../discovery.fixtures.js"
import { service } from "./support.js"
import { wire } from "./wire.js"

/** What becomes of the exchanges of a run. */
class Exchanges {
  readonly open = new Set<object>()
  count = 0
  /** Heads, pieces and ends so far. */
  arrivals = 0
  onArrival = (_arrival: number) => {}

  arrive(): void {
    this.onArrival(++this.arrivals)
  }

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
          exchanges().arrive()
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
        exchanges().arrive()
        onHead(Exit.succeed(arrived(HttpClientResponse.fromWeb(request, new Response(null, { status })), pull)))
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
          exchanges().arrive()
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

/** The same behind a response that is no response of fetch any more, with or without its length. */
const foreign = (hasLength: boolean) => (replies: ReadonlyArray<Reply>) => (exchanges: () => Exchanges) =>
  HttpClient.transformResponse(
    fetched(replies)(exchanges),
    Effect.map((response) => {
      const { pieces } = replies[exchanges().count - 1] ?? replies.at(-1)!
      const headers = hasLength
        ? { ...response.headers, "content-length": String(bytes(pieces.join("")).length) }
        : response.headers
      return new Proxy(response, {
        get: (target, key) => key === "headers" ? headers : Reflect.get(target, key, target),
        getPrototypeOf: () => Object.prototype
      })
    })
  )

type RootFiber = Fiber.RuntimeFiber<unknown, unknown>

/** A scheduler that calls back after each operation of the first fiber. */
const counting = (onOperation: (fiber: RootFiber, operation: number) => void) => {
  let count = 0
  let root: unknown
  return Scheduler.make(
    (task, priority) => Scheduler.defaultScheduler.scheduleTask(task, priority),
    (fiber) => {
      root ??= fiber
      if (fiber === root) onOperation(fiber, ++count)
      return false
    }
  )
}

/**
 * Runs it again and again, interrupted one operation later each time, whenever it has something open or soon will; and
 * at each moment at which something of an answer arrives.
 */
const everywhere = <S, A, E>(
  transport: (exchanges: () => Exchanges) => HttpClient.HttpClient,
  make: (client: HttpClient.HttpClient) => Effect.Effect<S>,
  use: (service: S) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    let exchanges = new Exchanges()
    const service = yield* make(transport(() => exchanges))
    const operations: Array<number> = []
    const run = (onOperation: Parameters<typeof counting>[0], onArrival = (_: RootFiber, _arrival: number) => {}) => {
      const fiber = Effect.runFork(
        Effect.zipRight(Effect.yieldNow(), use(service)),
        { scheduler: counting(onOperation) }
      )
      exchanges.onArrival = (arrival) => onArrival(fiber, arrival)
      return Fiber.await(fiber)
    }

    const whole = yield* run((_, operation) => {
      if (exchanges.open.size > 0) operations.push(operation)
    })
    assert.isTrue(Exit.isSuccess(whole), String(whole))
    assert.strictEqual(exchanges.open.size, 0)
    const { arrivals } = exchanges
    assert.isAbove(arrivals, 2)

    const interrupted = (where: string, ...how: Parameters<typeof run>) =>
      Effect.gen(function*() {
        exchanges = new Exchanges()
        const exit = yield* run(...how)
        // what was aborted may be told a moment later
        for (let i = 0; i < 60 && exchanges.open.size > 0; i++) {
          yield* Effect.promise(() =>
            i < 40 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, i - 40))
          )
        }
        assert.strictEqual(exchanges.open.size, 0, `open after an interruption ${where}`)
        if (Exit.isFailure(exit) && !Exit.isInterrupted(exit)) assert.fail(String(exit))
      })

    // eight more at both ends of each exchange
    for (const at of new Set(operations.flatMap((at) => Array.from({ length: 17 }, (_, i) => at + i - 8)))) {
      yield* interrupted(`after operation ${at}`, (fiber, operation) => {
        if (operation === at) fiber.unsafeInterruptAsFork(FiberId.none)
      })
    }
    for (let at = 1; at <= arrivals; at++) {
      yield* interrupted(`at arrival ${at}`, () => {}, (fiber, arrival) => {
        if (arrival === at) fiber.unsafeInterruptAsFork(FiberId.none)
      })
    }
  })

const busy: Reply = { status: 503, pieces: ["{\"error\":", "\"busy\"}"] }

const whole = (api: Model.Api): Reply => {
  const text = wire[api].whole("Hello")
  return { status: 200, pieces: [text.slice(0, 20), text.slice(20)] }
}

const streamed = (api: Model.Api): Reply => {
  const { done, finish, text, usage } = wire[api]
  return { status: 200, pieces: [text("Hel"), text("lo") + finish, usage + done] }
}

const transports = {
  "directly, at once": (replies: ReadonlyArray<Reply>) => direct(replies, (run) => run()),
  "directly, later": (replies: ReadonlyArray<Reply>) => direct(replies, queueMicrotask),
  "through HttpClient": fetched,
  "from a response that is wrapped": foreign(false),
  "from a response that is wrapped, with its length": foreign(true)
}

const retrySchedule = Schedule.recurs(1)

type Run = Parameters<typeof everywhere<ChatCompletions.Service, unknown, unknown>>

const completions = (api: Model.Api, streaming: boolean): Run[1] => (client) =>
  Effect.provide(
    ChatCompletions.ChatCompletions,
    service(api, { streaming, retrySchedule }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
  )

const create: Run[2] = (service) => service.create({ prompt: "Hi" })
// Pulled by hand: to run a stream, Effect forks a fiber, which is not the one that is interrupted here.
const stream: Run[2] = (service) =>
  Effect.scoped(
    Effect.flatMap(Stream.toPull(service.stream({ prompt: "Hi" })), (pull) =>
      Effect.catchAll(Effect.forever(pull), (end) => Option.isNone(end) ? Effect.void : Effect.fail(end.value)))
  )

const client = (httpClient: HttpClient.HttpClient) =>
  Effect.provideService(OllamaClient.make(), HttpClient.HttpClient, httpClient)

// One after the other: else each takes the time of all.
describe.sequential("interrupted after any of its operations, leaves nothing open:", () => {
  for (const [name, transport] of Object.entries(transports)) {
    // both dialects go the same ways: one of them is enough
    const api = name === "directly, later" ? "ollama" : "openai-completions"
    const direct = name.startsWith("directly")
    const wrapped = name.includes("wrapped")

    it.live(`a small operation, ${name}`, () =>
      everywhere(
        transport([{ status: 200, pieces: ["{\"version\":", "\"0.17.7\"}"] }]),
        client,
        (ollama) => ollama.version(provider())
      ))

    // A length is looked at where a whole answer is read, which is the same for all.
    if (name.endsWith("with its length")) continue

    it.live(`an operation that fails, ${name}`, () =>
      everywhere(
        transport([{ status: 404, pieces: ["{\"error\":", "\"no\"}"] }]),
        client,
        (ollama) => Effect.either(ollama.version(provider()))
      ))

    it.live(`create, ${api}, ${name}`, () => everywhere(transport([busy, whole(api)]), completions(api, false), create))

    // A failed attempt before a stream is the one before a whole answer, and dear where a stream has many operations.
    it.live(`stream, ${api}, ${name}`, () =>
      everywhere(transport(direct ? [busy, streamed(api)] : [streamed(api)]), completions(api, true), stream))

    // Wrapped or not, their bodies are read as those above.
    if (wrapped) continue

    it.live(`create over a stream, ${api}, ${name}`, () =>
      everywhere(transport([streamed(api)]), completions(api, true), create))

    it.live(`stream of a whole answer, ${api}, ${name}`, () =>
      everywhere(transport([whole(api)]), completions(api, false), stream))
  }
})
