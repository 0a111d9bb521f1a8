/** What users of other providers have reported, by the number of its thread (of Effect-TS/effect where no other is named). */
import { LanguageModel, type Response } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, TestClock } from "effect"
import { OllamaLanguageModel } from "effect-ollama/ai"
import type { MockOllama } from "effect-ollama/testing"
import { readdirSync, readFileSync } from "node:fs"
import { requests } from "../completions/support.js"
import { formatOf, totalOf, usageOf } from "./line.js"
import { collected, finishOf, model, textOf, Tools, toolsLayer } from "./support.js"

const data = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`

const chunk = (delta: object, rest: object = {}) =>
  data({
    id: "c",
    object: "chat.completion.chunk",
    model: "m",
    choices: [{ index: 0, delta, finish_reason: null }],
    ...rest
  })

const end = (reason = "stop") =>
  data({ id: "c", model: "m", choices: [{ index: 0, delta: {}, finish_reason: reason }] })

const done = "data: [DONE]\n\n"

const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }

/** What comes of events as a server of `/v1` sends them. */
const streamed = (...events: ReadonlyArray<string>) =>
  collected(LanguageModel.streamText({ prompt: "Hi", toolkit: Tools, disableToolCallResolution: true })).pipe(
    Effect.provide(toolsLayer),
    Effect.provide(model("openai-completions", {
      replies: [{ raw: { headers: { "content-type": "text/event-stream" }, chunks: events } }]
    }))
  )

const call = (fragment: object, index = 0) => chunk({ tool_calls: [{ index, ...fragment }] })

const callsOf = (parts: ReadonlyArray<Response.AnyPart>) =>
  parts.flatMap((part) => part.type === "tool-call" ? [[part.name, part.params]] : [])

const reasoningOf = (parts: ReadonlyArray<Response.AnyPart>) =>
  parts.map((part) => part.type === "reasoning-delta" ? part.delta : "").join("")

const paris = [["get_weather", { city: "Paris" }]]

describe("streams of real servers", () => {
  const fragments: ReadonlyArray<readonly [string, object]> = [
    ["#6070: without a name", { function: { arguments: "\"Paris\"}" } }],
    ["smol#1692: with a null name", { id: null, function: { name: null, arguments: "\"Paris\"}" } }],
    ["smol#2338: with an empty name and id", { id: "", function: { name: "", arguments: "\"Paris\"}" } }]
  ]
  for (const [what, fragment] of fragments) {
    it.effect(`fragments of a call ${what}`, () =>
      Effect.gen(function*() {
        const { error, parts } = yield* streamed(
          call({ id: "call_1", type: "function", function: { name: "get_weather", arguments: "{\"city\":" } }),
          call(fragment),
          end("tool_calls"),
          done
        )
        assert.isUndefined(error)
        assert.deepStrictEqual(callsOf(parts), paris)
      }))
  }

  it.effect("#7268: text beside `tool_calls: null` is kept", () =>
    Effect.gen(function*() {
      const { parts } = yield* streamed(chunk({ content: "Hello.", tool_calls: null }), end(), done)
      assert.strictEqual(textOf(parts), "Hello.")
    }))

  it.effect("#5680: a thinking model of another server, with nulls where nothing is", () =>
    Effect.gen(function*() {
      const { error, parts } = yield* streamed(
        chunk({ role: "assistant", content: null, reasoning_content: "They want the weather." }),
        chunk({ content: "Let me see.", reasoning_content: null }),
        call({ id: "call_1", function: { name: "get_weather", arguments: "" } }),
        call({ function: { arguments: "{\"city\":" } }),
        call({ function: { arguments: "\"Paris\"}" } }),
        end("tool_calls"),
        done
      )
      assert.isUndefined(error)
      assert.deepStrictEqual(callsOf(parts), paris)
      assert.deepStrictEqual([reasoningOf(parts), textOf(parts)], ["They want the weather.", "Let me see."])
    }))

  it.effect("#6277, #6281: comments, events and fields that are not known do not end it", () =>
    Effect.gen(function*() {
      const { error, parts } = yield* streamed(
        ": keep-alive\n\n",
        "event: ping\ndata: {}\n\n",
        chunk({ content: "Hello", provider_specific: { a: 1 } }, { timings: [1], x: null }),
        data({ id: "c", object: "something.new" }),
        chunk({ content: "." }),
        end(),
        done
      )
      assert.isUndefined(error)
      assert.strictEqual(textOf(parts), "Hello.")
    }))

  it.effect("#6116, #6117: a last event of nothing but usage, with `choices: []`", () =>
    Effect.gen(function*() {
      const { error, parts } = yield* streamed(
        chunk({ content: "Hi" }),
        end(),
        data({ id: "c", choices: [], usage }),
        done
      )
      assert.isUndefined(error)
      assert.deepStrictEqual({ ...finishOf(parts).usage }, usageOf(3, 4))
    }))

  it.effect("#6272: a finish before its usage is one finish, with the usage", () =>
    Effect.gen(function*() {
      const { parts } = yield* streamed(
        chunk({ content: "Hi" }),
        end("length"),
        data({ id: "c", choices: [], usage }),
        done
      )
      const { reason, usage: counted } = finishOf(parts)
      assert.deepStrictEqual([reason, totalOf(counted)], ["length", 7])
    }))

  it.effect("#4629: usage and content in one event", () =>
    Effect.gen(function*() {
      const { parts } = yield* streamed(chunk({ content: "Hello." }, { usage }), end(), done)
      assert.strictEqual(textOf(parts), "Hello.")
      assert.strictEqual(totalOf(finishOf(parts).usage), 7)
    }))

  for (const name of ["reasoning", "reasoning_content"]) {
    it.effect(`smol#2380: \`${name}\` is not dropped`, () =>
      Effect.gen(function*() {
        const { parts } = yield* streamed(chunk({ [name]: "hm" }), chunk({ content: "Hi" }), end(), done)
        assert.strictEqual(reasoningOf(parts), "hm")
      }))
  }

  it.effect("#6059: reasoning under two names at once is told once", () =>
    Effect.gen(function*() {
      const { parts } = yield* streamed(
        chunk({ reasoning: "hm", reasoning_content: "hm" }),
        chunk({ content: "Hi" }),
        end(),
        done
      )
      assert.strictEqual(reasoningOf(parts), "hm")
    }))

  it.effect("#6719: fragments of parallel calls that come in turns", () =>
    Effect.gen(function*() {
      const { error, parts } = yield* streamed(
        call({ id: "call_1", function: { name: "get_weather", arguments: "" } }),
        call({ id: "call_2", function: { name: "get_weather", arguments: "" } }, 1),
        call({ function: { arguments: "{\"city\":\"Par" } }),
        call({ function: { arguments: "{\"city\":\"Ro" } }, 1),
        call({ function: { arguments: "is\"}" } }),
        call({ function: { arguments: "me\"}" } }, 1),
        end("tool_calls"),
        done
      )
      assert.isUndefined(error)
      assert.deepStrictEqual(callsOf(parts), [...paris, ["get_weather", { city: "Rome" }]])
    }))
})

describe("structured output", () => {
  const City = Schema.Struct({ name: Schema.String, inhabitants: Schema.Number })
  const format = formatOf(City)

  for (
    const [api, params] of [
      ["ollama", { format }],
      ["openai-completions", {
        response_format: { type: "json_schema", json_schema: { name: "City", schema: format } }
      }]
    ] as const
  ) {
    it.effect(`#4982, liminal#278: ${api}: an object can be seen as it comes, although the core has no streamObject`, () =>
      Effect.gen(function*() {
        const { error, parts } = yield* collected(LanguageModel.streamText({ prompt: "Paris?" }))
        assert.isUndefined(error)
        assert.deepStrictEqual(parts.flatMap((part) => part.type === "text-delta" ? [part.delta] : []), [
          "{\"name\":\"Paris\",",
          "\"inhabitants\":2100000}"
        ])
        assert.deepStrictEqual(Schema.decodeUnknownSync(Schema.parseJson(City))(textOf(parts)), {
          name: "Paris",
          inhabitants: 2_100_000
        })
        const [{ json }] = (yield* requests) as [MockOllama.RecordedRequest]
        assert.deepInclude(json, params)
      }).pipe(Effect.provide(
        model(api, { replies: [{ text: ["{\"name\":\"Paris\",", "\"inhabitants\":2100000}"] }] }, {
          streaming: true,
          config: { config: { params } }
        })
      )))
  }
})

describe("retries and limits", () => {
  const asked = Effect.map(requests, (all) => all.length)
  const status = (status: number) => ({ fault: { type: "status", status, error: "no" } as const })

  const passing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(effect)
      yield* TestClock.adjust("1 hour")
      return yield* Fiber.join(fiber)
    })

  const ask = passing(Effect.either(LanguageModel.generateText({ prompt: "Hi" })))

  it.effect("#5995, #6019: 501 is not tried again, 503 is", () =>
    Effect.gen(function*() {
      yield* ask
      assert.strictEqual(yield* asked, 1)
      yield* ask
      assert.strictEqual(yield* asked, 3)
    }).pipe(Effect.provide(model("ollama", { replies: [status(501), status(503), "Hello."] }))))

  it.effect("#3999: a limit that is set for a call holds", () =>
    Effect.gen(function*() {
      const error = yield* passing(Effect.flip(
        LanguageModel.generateText({ prompt: "Hi" }).pipe(
          OllamaLanguageModel.withConfigOverride({ firstByteTimeout: "2 seconds" })
        )
      ))
      const ours = OllamaLanguageModel.errorOf(error)
      assert.strictEqual(ours?._tag, "RequestTimeout")
      if (ours?._tag === "RequestTimeout") assert.strictEqual(ours.limit, 2000)
    }).pipe(Effect.provide(model("ollama", { replies: [{ fault: { type: "stall" } }] }))))
})

describe("the table in docs/effect-ai.md", () => {
  const table = readFileSync(new URL("../../docs/effect-ai.md", import.meta.url), "utf8").split("## What users of")[1]!
  const threads = [...table.matchAll(/(?:smol|liminal)?#\d+/g)].map(([thread]) => thread)
  const folder = new URL(".", import.meta.url)
  const texts = readdirSync(folder).filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
  const named = new Set(
    texts.flatMap((text) => text.match(/["`][^"`]*#\d+[^"`]*["`]/g) ?? [])
      .flatMap((name) => name.match(/(?:smol|liminal)?#\d+/g) ?? [])
  )

  it("names only threads that a test is named by", () => {
    assert.isAbove(threads.length, 20)
    assert.includeMembers([...named], threads)
  })
})
