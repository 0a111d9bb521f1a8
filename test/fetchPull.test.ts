import { HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { pullOf } from "../src/transport/direct.js"
import type { BodyPull } from "../src/transport/exchange.js"

setFlagsFromString("--expose-gc")
const gc: () => void = runInNewContext("gc")

type Body = ConstructorParameters<typeof Response>[0]

const get = (body: Body, onSignal: (signal: AbortSignal) => void = () => {}) =>
  HttpClient.make((request, _url, signal) => {
    onSignal(signal)
    return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body)))
  }).get("http://127.0.0.1/")

const read = (pull: BodyPull) =>
  Effect.async<ReadonlyArray<Uint8Array> | undefined, HttpClientError.ResponseError>((resume) =>
    pull.read((error, pieces) =>
      resume(error === undefined ? Effect.succeed(pieces) : Effect.fail(error as HttpClientError.ResponseError))
    )
  )

const text = (pieces: ReadonlyArray<Uint8Array> | undefined) =>
  pieces?.map((piece) => new TextDecoder().decode(piece)).join("")

describe("the pull of a response of fetch", () => {
  it.effect("reads the body of a fetch response piece by piece", () =>
    Effect.gen(function*() {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("a"))
          controller.enqueue(new TextEncoder().encode("b"))
          controller.close()
        }
      })
      const pull = pullOf(yield* get(body))!
      assert.strictEqual(text(yield* read(pull)), "a")
      assert.strictEqual(text(yield* read(pull)), "b")
      assert.isUndefined(yield* read(pull))
    }))

  it.effect("fails as response.stream does", () =>
    Effect.gen(function*() {
      const broken = () =>
        new ReadableStream({
          pull(controller) {
            controller.error(new Error("cut"))
          }
        })
      const direct = yield* Effect.flip(read(pullOf(yield* get(broken()))!))
      const streamed = yield* Effect.flip(Stream.runDrain((yield* get(broken())).stream))
      assert.strictEqual(direct._tag, streamed._tag)
      assert.strictEqual(direct.reason, streamed.reason)
      assert.strictEqual(String(direct.cause), String(streamed.cause))
    }))

  it.effect("cancels the body and aborts the request, and calls no waiting reader", () =>
    Effect.gen(function*() {
      let cancelled = 0
      let called = 0
      let signal: AbortSignal | undefined
      const response = yield* get(new ReadableStream({ cancel: () => void cancelled++ }), (s) => signal = s)
      const pull = pullOf(response)!
      pull.read(() => called++)
      pull.cancel()
      pull.cancel()
      yield* Effect.promise(() => Promise.resolve())
      assert.deepStrictEqual([cancelled, called, signal?.aborted], [1, 0, true])
    }))

  it.live("keeps HttpClient from aborting a request whose body was read when its response is collected", () =>
    Effect.gen(function*() {
      const signals: Array<AbortSignal> = []
      const collected: Array<WeakRef<object>> = []
      const one = (reads: boolean) =>
        Effect.gen(function*() {
          const response = yield* get("whole", (signal) => signals.push(signal))
          collected.push(new WeakRef(response))
          if (reads) yield* read(pullOf(response)!)
        })
      yield* one(true)
      yield* one(false)
      // The other one, which nobody looked after, shows that collecting aborts.
      while (!signals[1]!.aborted) {
        yield* Effect.sleep(1)
        gc()
      }
      assert.isUndefined(collected[0]!.deref())
      assert.isFalse(signals[0]!.aborted)
    }))

  it.effect("leaves the body free until it is read", () =>
    Effect.gen(function*() {
      const response = yield* get("whole")
      assert.isDefined(pullOf(response))
      assert.strictEqual(yield* response.text, "whole")
    }))

  it.effect("has nothing for a response that is empty, wrapped, or of another transport", () =>
    Effect.gen(function*() {
      assert.isUndefined(pullOf(yield* get(null)))
      const response = yield* get("whole")
      class Wrapper {
        constructor(readonly original: unknown, readonly controller: AbortController) {}
        get stream() {
          return Stream.empty
        }
      }
      const wrapped = [
        Object.create(response),
        Object.defineProperty(yield* get("whole"), "stream", { value: Stream.empty }),
        new Wrapper(response, new AbortController())
      ]
      for (const other of wrapped) assert.isUndefined(pullOf(other))
    }))
})
