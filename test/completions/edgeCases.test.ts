/** The edge cases of the wire that need more than a decoder: failed answers, what `show` says, limits. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import { ChatCompletions, Models } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { apis, created, mocked, once, requests, streamed } from "./support.js"

const prompt = { prompt: "Hi" }

const signIn = "https://ollama.com/connect?name=h&key=k"

interface Failure {
  readonly status: number
  readonly body: string
  readonly type?: string
  readonly tag: string
  readonly fields?: Readonly<Record<string, unknown>>
  readonly hint?: RegExp
  readonly not?: RegExp
}

const page = `<html><head><title>502 Bad Gateway</title></head><body>${"nginx ".repeat(5000)}</body></html>`

const overflow = {
  error: {
    code: 400,
    message: "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    type: "exceed_context_size_error",
    n_prompt_tokens: 5000,
    n_ctx: 4096
  }
}

const failures: Readonly<Record<string, Failure>> = {
  "10: a context overflow is JSON in a string of JSON": {
    status: 400,
    body: JSON.stringify({ error: JSON.stringify(overflow) }),
    tag: "ContextOverflow",
    fields: { promptTokens: 5000, contextSize: 4096, status: 400 }
  },
  "11: an error as Go prints a struct": {
    status: 429,
    body:
      "{\"StatusCode\":429,\"Status\":\"429 Too Many Requests\",\"error\":\"you have reached your session usage limit\"}",
    tag: "RateLimited",
    fields: { reason: "quota", status: 429 }
  },
  "12: an error of OpenAI's shape with nulls": {
    status: 404,
    body: "{\"error\":{\"message\":\"model 'm' not found\",\"type\":\"not_found_error\",\"param\":null,\"code\":null}}",
    tag: "ModelNotFound",
    fields: { model: "m" },
    hint: /ollama pull m/
  },
  "12: a text as error, where an object was due": {
    status: 401,
    body: JSON.stringify({ error: "unauthorized", signin_url: signIn }),
    tag: "Unauthorized",
    fields: { signinUrl: signIn }
  },
  "13: a sign-in that calls itself a stream": {
    status: 401,
    type: "application/x-ndjson",
    body: JSON.stringify({ error: "unauthorized", signin_url: signIn }),
    tag: "Unauthorized",
    fields: { signinUrl: signIn }
  },
  "14: a cloud that is switched off": {
    status: 403,
    body: "{\"error\":\"ollama cloud is disabled: remote model is unavailable\"}",
    tag: "Forbidden",
    fields: { reason: "cloud-disabled" }
  },
  "15: a Host or Origin that is not allowed has no text at all": {
    status: 403,
    body: "",
    tag: "Forbidden",
    fields: { reason: "host-or-origin" },
    hint: /OLLAMA_ORIGINS/,
    not: /JSON|Unexpected end/
  },
  "16: a missing model, in single quotes": {
    status: 404,
    body: "{\"error\":\"model 'm' not found\"}",
    tag: "ModelNotFound",
    fields: { model: "m" }
  },
  "16: a missing model, in double quotes": {
    status: 404,
    body: "{\"error\":\"model \\\"m\\\" not found, try pulling it first\"}",
    tag: "ModelNotFound",
    fields: { model: "m" }
  },
  "16: a path that is not there is no missing model": {
    status: 404,
    type: "text/plain",
    body: "404 page not found",
    tag: "EndpointNotFound",
    fields: { status: 404 },
    not: /ollama pull/
  },
  "17: a method that is not allowed is plain text": {
    status: 405,
    type: "text/plain",
    body: "405 method not allowed",
    tag: "EndpointNotFound",
    fields: { status: 405 }
  },
  "17: a page of a proxy is cut short": {
    status: 502,
    type: "text/html",
    body: page,
    tag: "ServerError",
    fields: { status: 502 }
  },
  "18: a full queue": {
    status: 503,
    body: "{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}",
    tag: "ServerBusy",
    fields: { status: 503 }
  },
  "18: a busy cloud, with the reference of the request": {
    status: 503,
    body: "{\"error\":\"Service Temporarily Unavailable (ref: 0b7f0f2e-9bd6-4c1e-9a52-0d1a2b3c4d5e)\"}",
    tag: "ServerBusy",
    fields: { status: 503 }
  },
  "18: too many requests to the cloud": {
    status: 429,
    body: "{\"error\":\"too many concurrent requests (ref: 0b7f0f2e-9bd6-4c1e-9a52-0d1a2b3c4d5e)\"}",
    tag: "RateLimited",
    fields: { status: 429, reason: "rate" }
  }
}

describe("failed answers", () => {
  for (const [name, { body, fields, hint, not, status, tag, type }] of Object.entries(failures)) {
    for (const api of apis) {
      for (const streaming of [false, true]) {
        it.effect(`edge case ${name} (${api}${streaming ? ", streamed" : ""})`, () =>
          Effect.gen(function*() {
            for (const outcome of [yield* created(prompt), yield* streamed(prompt)]) {
              const { error } = outcome
              assert.strictEqual(error?._tag, tag)
              assert.deepInclude({ ...error }, fields ?? {})
              assert.isBelow(error!.message.length, 2000)
              if (hint !== undefined) assert.match(error!.message, hint)
              if (not !== undefined) assert.notMatch(error!.message, not)
            }
          }).pipe(
            Effect.provide(mocked(api, {
              replies: [{
                raw: {
                  status,
                  headers: { "content-type": type ?? "application/json" },
                  chunks: body === "" ? [] : [body]
                }
              }]
            }, { streaming, retrySchedule: once }))
          ))
      }
    }
  }

  for (const api of apis) {
    it.effect(`edge case 18: a full queue is asked again with growing pauses (${api})`, () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.fork(streamed(prompt))
        yield* TestClock.adjust("10 seconds")
        assert.isDefined((yield* Fiber.join(fiber)).finish)
        const [first, second, third, ...more] = (yield* requests).map(({ at }) => at)
        assert.deepStrictEqual(more, [])
        // exponential from 500 ms, with a jitter of a fifth
        assert.isTrue(second! - first! >= 400 && second! - first! <= 600)
        assert.isTrue(third! - second! >= 800 && third! - second! <= 1200)
      }).pipe(Effect.provide(mocked(api, { rules: [{ times: 2, fault: { type: "busy" } }], replies: ["Hello"] }))))
  }
})

describe("what show says", () => {
  const catalog = (model: Omit<MockOllama.Model, "name">, version?: MockOllama.Version) =>
    Effect.map(Models.refresh("ollama"), ({ excluded, models }) => ({ excluded, models })).pipe(
      Effect.provide(MockOllama.layer({ models: [{ name: "m", ...model }], version }))
    )

  it.effect("edge case 22: nulls among the keys of model_info do no harm", () =>
    Effect.gen(function*() {
      const { models: [model] } = yield* catalog({
        contextLength: 8192,
        modelInfo: { "tokenizer.ggml.tokens": null, "llama.attention.head_count_kv": null }
      })
      assert.strictEqual(model?.contextWindow, 8192)
    }))

  it.effect("edge case 22: without model_info the context is the default, and not known", () =>
    Effect.gen(function*() {
      // The list says it too since 0.30.
      const { models: [model] } = yield* catalog({ show: { model_info: {} } }, "0.24.0")
      assert.strictEqual(model?.contextWindow, 8192)
      assert.notInclude(model!.known, "contextWindow")
    }))

  it.effect("edge case 22: without model_info the context is that of the list, where it has one", () =>
    Effect.gen(function*() {
      const { models: [model] } = yield* catalog({ contextLength: 16384, show: { model_info: {} } })
      assert.strictEqual(model?.contextWindow, 16384)
      assert.include(model!.known, "contextWindow")
    }))

  it.effect("edge case 22: without an architecture the context is found all the same", () =>
    Effect.gen(function*() {
      const { models: [model] } = yield* catalog({
        contextLength: 16384,
        modelInfo: { "general.architecture": undefined }
      })
      assert.strictEqual(model?.contextWindow, 16384)
      assert.include(model!.known, "contextWindow")
    }))

  it.effect("edge case 23: num_ctx stands among the parameters in any order, also as 1.048576e+06", () =>
    Effect.gen(function*() {
      const { models: [model] } = yield* catalog({
        parameters:
          "stop                           \"<|im_end|>\"\nnum_ctx                        1.048576e+06\ntemperature 0.7"
      })
      assert.strictEqual(model?.numCtx, 1_048_576)
      const { models: [none] } = yield* catalog({ show: { parameters: undefined } })
      assert.isUndefined(none?.numCtx)
    }))

  it.effect("edge case 24: empty details and no families are no reason to leave a model out", () =>
    Effect.gen(function*() {
      const { models } = yield* catalog({
        show: {
          details: {
            parent_model: "",
            format: "gguf",
            family: "",
            families: null,
            parameter_size: "",
            quantization_level: "unknown"
          }
        }
      })
      assert.lengthOf(models, 1)
    }))

  it.effect("edge case 24: without capabilities a model is left out, and the reason is said", () =>
    Effect.gen(function*() {
      const { excluded, models } = yield* catalog({ capabilities: null })
      assert.deepStrictEqual(models, [])
      assert.deepStrictEqual(excluded.map(({ reason }) => reason), ["unknown-capabilities"])
    }))
})

describe("limits", () => {
  for (const api of apis) {
    it.effect(`edge case 35: a prompt that was cut in silence is flagged (${api})`, () =>
      Effect.gen(function*() {
        const { finish } = yield* streamed({ prompt: "word ".repeat(20_000) })
        assert.deepInclude(finish?.usage, { inputTokens: 2050, promptTruncated: true })
        const short = yield* streamed({ prompt: "word ".repeat(4000) })
        assert.notProperty(short.finish?.usage, "promptTruncated")
      }).pipe(
        Effect.provide(MockOllama.layer({
          models: [{ name: "m", parameters: { num_ctx: 4096 } }],
          replies: [{ text: "Hello", usage: { inputTokens: 2050, outputTokens: 2 } }]
        }, { config: { models: { providers: { ollama: { api } } } } }))
      ))

    for (const streaming of [false, true]) {
      it.effect(`edge case 36: no head for 6 minutes, then an answer (${api}${streaming ? ", streamed" : ""})`, () =>
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(ChatCompletions.create(prompt))
          yield* TestClock.adjust("359 seconds")
          assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
          yield* TestClock.adjust("1 second")
          assert.strictEqual((yield* Fiber.join(fiber)).text, "Hello")
          assert.lengthOf(yield* requests, 1)
        }).pipe(
          Effect.provide(mocked(api, { replies: [{ text: "Hello", delayMs: { head: 360_000 } }] }, { streaming }))
        ))

      it.effect(`edge case 36: leaving during the load aborts it (${api}${streaming ? ", streamed" : ""})`, () =>
        Effect.gen(function*() {
          const fiber = yield* Effect.fork(ChatCompletions.create(prompt))
          yield* TestClock.adjust("3 minutes")
          yield* Fiber.interrupt(fiber)
          assert.deepStrictEqual((yield* requests).map(({ aborted }) => aborted), [true])
        }).pipe(
          Effect.provide(mocked(api, { replies: [{ text: "Hello", delayMs: { head: 360_000 } }] }, { streaming }))
        ))
    }

    it.effect(`edge case 36: the transport's own limit of 300 s has a hint of its own (${api})`, () =>
      Effect.gen(function*() {
        const { error } = yield* created(prompt)
        assert.strictEqual(error?._tag, "RequestTimeout")
        assert.match(error!.hint, /layerUndici/)
        assert.match(error!.hint, /streaming: true/)
        assert.lengthOf(yield* requests, 1)
      }).pipe(
        Effect.provide(mocked(api, { replies: [{ fault: { type: "headers-timeout" } }] }, { streaming: false }))
      ))
  }
})
