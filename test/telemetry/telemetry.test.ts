import { assert, describe, it } from "@effect/vitest"
import { Data, Deferred, Effect, Fiber, Inspectable, Metric, Schema, Stream, Tracer } from "effect"
import { type Chat, ChatCompletions, Embeddings, OllamaTelemetry, ToolLoop } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"
import { named, type Seen, traced } from "../support/traced.js"

const mock = (id: string, replies: MockOllama.Description["replies"], streaming = false) =>
  MockOllama.layer({ models: ["a", "b"], replies }, {
    streaming,
    config: {
      models: {
        providers: {
          [id]: {
            baseUrl: "http://gpu-box:1234",
            apiKey: "a-secret-key",
            headers: { "X-Api-Token": "a-secret-header" },
            params: { temperature: 0.5 },
            models: [{ id: "a" }, { id: "b", api: "ollama" }]
          }
        }
      },
      agents: { defaults: { model: `${id}/a` } }
    }
  })

const attributesOf = (seen: ReadonlyArray<Seen>, name: string) =>
  Object.fromEntries(named(seen, name)[0]?.attributes ?? [])

// The value of a metric for calls to one provider; each test has its own, since Effect's registry is one for all.
const valueOf = <Type, In, Out>(metric: Metric.Metric<Type, In, Out>, tags: Record<string, string>) =>
  Metric.value(
    Object.entries(tags).reduce((tagged, [key, value]) => Metric.tagged(tagged, key, value), metric)
  )

const at = (provider: string, model = "a", operation = "chat") => ({
  "gen_ai.operation.name": operation,
  "gen_ai.provider.name": provider,
  "gen_ai.request.model": model
})

class Offline extends Data.TaggedError("Offline")<{}> {}

describe("the span of a call", () => {
  const asked = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "p1",
    "gen_ai.request.model": "a",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.request.max_tokens": 10,
    "server.address": "gpu-box",
    "server.port": 1234
  }
  const refused = { fault: { type: "status", status: 404, error: "model \"a\" not found" } } as const

  for (
    const [name, call] of [
      ["create", ChatCompletions.create({ prompt: "Hi", maxTokens: 10 })],
      ["stream", Stream.runDrain(ChatCompletions.stream({ prompt: "Hi", maxTokens: 10 }))],
      ["createObject", ChatCompletions.createObject({ prompt: "Hi", maxTokens: 10, schema: Schema.Struct({}) })]
    ] as const
  ) {
    it.effect(`${name}: says what was asked for, of whom, and what went wrong, when it fails`, () =>
      traced((seen) =>
        Effect.gen(function*() {
          yield* Effect.flip(call)
          assert.deepInclude(attributesOf(seen, `ChatCompletions.${name}`), { ...asked, "error.type": "ModelNotFound" })
        })
      ).pipe(Effect.provide(mock("p1", [refused]))))
  }

  it.effect("says the settings of the model that answers, and none that could not be sent", () =>
    traced((seen) =>
      Effect.gen(function*() {
        const options = { prompt: "Hi", topK: 3, params: { seed: 1 } }
        yield* ChatCompletions.create({ ...options, model: "here/b", fallbacks: ["ollama/a"] })
        yield* Effect.flip(ChatCompletions.create({ ...options, model: "here/nobody" }))
        const [answered, nobody] = named(seen, "ChatCompletions.create").map(({ attributes }) => attributes)
        assert.deepInclude(Object.fromEntries(answered!), {
          "gen_ai.provider.name": "ollama",
          "gen_ai.request.seed": 1,
          "gen_ai.request.temperature": 0.2,
          "server.address": "127.0.0.1"
        })
        assert.isFalse(answered!.has("gen_ai.request.top_p"))
        assert.isFalse(answered!.has("gen_ai.request.top_k"))
        assert.isFalse(nobody!.has("gen_ai.request.seed"))
      })
    ).pipe(Effect.provide(MockOllama.layer({ models: ["a", "b"], replies: [refused, "Hello"] }, {
      config: {
        models: {
          providers: {
            here: { baseUrl: "http://here/v1", apiKey: "k", params: { topP: 0.1 }, models: [{ id: "b" }] },
            ollama: { apiKey: "k", params: { temperature: 0.2 }, models: [{ id: "a" }] }
          }
        }
      }
    }))))

  it.effect("says of a value that does not decode that it is OutputInvalid", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* Effect.flip(ChatCompletions.createObject({ prompt: "Hi", schema: Schema.Struct({ a: Schema.Number }) }))
        assert.deepInclude(attributesOf(seen, "ChatCompletions.createObject"), {
          "error.type": "OutputInvalid",
          "gen_ai.response.finish_reasons": ["stop"]
        })
      })
    ).pipe(Effect.provide(mock("p1", ["{\"a\":\"one\"}"]))))

  it.effect("says what is wrong with a request that is sent to nobody", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* Effect.flip(ChatCompletions.create({ prompt: "" }))
        assert.deepStrictEqual(attributesOf(seen, "ChatCompletions.create"), {
          "gen_ai.operation.name": "chat",
          "error.type": "InvalidRequest"
        })
      })
    ).pipe(Effect.provide(mock("p1", []))))

  it.effect("has nothing to say where it is not sampled", () => {
    const attributes: Array<string> = []
    const tracer = Tracer.make({
      span: (name, parent, context, links, startTime, kind) => ({
        _tag: "Span",
        spanId: "s",
        traceId: "t",
        name,
        sampled: false,
        parent,
        context,
        links,
        status: { _tag: "Started", startTime },
        attributes: new Map(),
        kind,
        attribute: (key) => {
          if (key.startsWith("gen_ai")) attributes.push(key)
        },
        event: (name) => {
          attributes.push(name)
        },
        addLinks: () => {},
        end: () => {}
      }),
      context: (f) => f()
    })
    return Effect.gen(function*() {
      yield* ChatCompletions.create({ prompt: "Hi", model: "p1/a", fallbacks: ["p1/b"] })
      assert.deepStrictEqual(attributes, [])
    }).pipe(Effect.withTracer(tracer), Effect.provide(mock("p1", [refused, "Hello"])))
  })

  it.effect("is told as much of an answer of a thousand pieces as of one", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* Stream.runDrain(ChatCompletions.stream({ prompt: "Hi" }))
        yield* Stream.runDrain(ChatCompletions.stream({ prompt: "Hi" }))
        const [one, many] = named(seen, "ChatCompletions.stream")
        assert.strictEqual(one!.told, many!.told)
      })
    ).pipe(Effect.provide(mock("p1", ["a", { text: Array.from({ length: 1000 }, () => "a ") }], true))))
})

describe("what is said", () => {
  const prompt = [
    { role: "system", content: "Never say a-secret-key." },
    { role: "user", content: [{ type: "text", text: "Is it a-secret-header?" }] }
  ] as const
  const program = ChatCompletions.create({
    prompt,
    tools: [{ name: "guess", parameters: { type: "object", properties: {} } }]
  })
  const streamed = Stream.runDrain(ChatCompletions.stream({ prompt }))
  const replies = [{
    reasoning: "Hm.",
    text: "It is a-secret-key.",
    toolCalls: [{ id: "c", name: "guess", arguments: {} }]
  }]

  it.effect("is in no span", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* program
        const all = JSON.stringify(seen.map(({ attributes }) => [...attributes]))
        for (const said of ["Never", "Is it", "Hm.", "guess", "messages"]) assert.notInclude(all, said)
      })
    ).pipe(Effect.provide(mock("p2", replies))))

  for (const [name, call] of [["create", program], ["stream", streamed]] as const) {
    it.effect(`is in the span of ${name} when that is wanted, without keys and secret headers`, () =>
      traced((seen) =>
        Effect.gen(function*() {
          yield* Effect.provideService(call, OllamaTelemetry.RecordContent, true)
          const attributes = attributesOf(seen, `ChatCompletions.${name}`)
          assert.deepStrictEqual(JSON.parse(String(attributes["gen_ai.input.messages"])), [
            { role: "system", parts: [{ type: "text", content: "Never say ***." }] },
            { role: "user", parts: [{ type: "text", content: "Is it ***?" }] }
          ])
          assert.deepStrictEqual(JSON.parse(String(attributes["gen_ai.output.messages"])), [{
            role: "assistant",
            parts: [
              { type: "reasoning", content: "Hm." },
              { type: "text", content: "It is ***." },
              { type: "tool_call", id: "c", name: "guess", arguments: {} }
            ],
            finish_reason: "tool_calls"
          }])
        })
      ).pipe(Effect.provide(mock("p2", replies, name === "stream"))))
  }
})

describe("metrics", () => {
  it.effect("count calls, tokens and failures by provider and model", () =>
    Effect.gen(function*() {
      yield* ChatCompletions.create({ prompt: "Hi" })
      yield* Effect.flip(ChatCompletions.create({ prompt: "Hi", fallbacks: ["m1/b"] }))
      const duration = yield* valueOf(OllamaTelemetry.operationDuration, { unit: "s", ...at("m1") })
      assert.strictEqual(duration.count, 1)
      const tokens = { unit: "{token}", ...at("m1") }
      const input = yield* valueOf(OllamaTelemetry.tokenUsage, { ...tokens, "gen_ai.token.type": "input" })
      assert.strictEqual(input.sum, 12)
      const output = yield* valueOf(OllamaTelemetry.tokenUsage, { ...tokens, "gen_ai.token.type": "output" })
      assert.strictEqual(output.sum, 3)
      for (const model of ["a", "b"]) {
        const tags = { ...at("m1", model), "error.type": "ServerError" }
        assert.strictEqual((yield* valueOf(OllamaTelemetry.candidateFailures, tags)).count, 1)
      }
      const failures = yield* valueOf(OllamaTelemetry.failures, { ...at("m1", "b"), "error.type": "AllModelsFailed" })
      assert.strictEqual(failures.count, 1)
    }).pipe(Effect.provide(
      mock("m1", [
        { text: "Hello", usage: { inputTokens: 12, outputTokens: 3 } },
        { fault: { type: "status", status: 500, error: "one" } },
        { fault: { type: "status", status: 500, error: "two" } }
      ])
    )))

  it.effect("say how many calls are open, and that one was interrupted, which is no failure", () =>
    Effect.gen(function*() {
      const open = valueOf(OllamaTelemetry.openRequests, at("m2"))
      const began = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        Stream.runForEach(ChatCompletions.stream({ prompt: "Hi" }), () => Deferred.succeed(began, undefined))
      )
      yield* Deferred.await(began)
      assert.strictEqual((yield* open).value, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* open).value, 0)
      const tags = { ...at("m2"), "error.type": "interrupted" }
      assert.strictEqual((yield* valueOf(OllamaTelemetry.operationDuration, { unit: "s", ...tags })).count, 1)
      assert.strictEqual((yield* valueOf(OllamaTelemetry.failures, tags)).count, 0)
      assert.strictEqual((yield* valueOf(OllamaTelemetry.timeToFirstEvent, { unit: "s", ...at("m2") })).count, 1)
    }).pipe(Effect.provide(mock("m2", [{ text: ["a", "b"], fault: { type: "stall", after: 1 } }], true))))

  const lost = (provider: string, where: (event: Chat.StreamEvent) => boolean) =>
    Effect.flip(Stream.runForEach(
      ChatCompletions.stream({ prompt: "Hi" }),
      (event) => where(event) ? new Offline() : Effect.void
    )).pipe(
      Effect.zipRight(Effect.all([undefined, "interrupted", "Offline"].map((type) => {
        const tags = { ...at(provider), ...(type === undefined ? {} : { "error.type": type }) }
        return Effect.map(
          valueOf(OllamaTelemetry.operationDuration, { unit: "s", ...tags }),
          ({ count }) => count
        )
      })))
    )

  for (const streaming of [true, false]) {
    const id = `m5-${streaming}`
    it.effect(`count no error of who reads a stream (streaming: ${streaming}) as one of the call`, () =>
      traced((seen) =>
        Effect.gen(function*() {
          // what is not streamed is told with its finish
          const early = streaming ? 1 : 0
          assert.deepStrictEqual(yield* lost(id, ({ type }) => type === "text-delta"), [1 - early, early, 0])
          assert.deepStrictEqual(yield* lost(id, ({ type }) => type === "finish"), [2 - early, early, 0])
          const spans = named(seen, "ChatCompletions.stream")
          assert.deepStrictEqual(spans.map(({ ends }) => ends), [[streaming ? "interruption" : "success"], ["success"]])
          assert.isFalse(spans.some(({ attributes }) => attributes.has("error.type")))
          assert.strictEqual(
            (yield* valueOf(OllamaTelemetry.failures, { ...at(id), "error.type": "Offline" })).count,
            0
          )
        })
      ).pipe(Effect.provide(mock(id, [{ text: ["a", "b"] }, { text: ["a", "b"] }], streaming))))
  }

  it.effect("count what fails in the middle of a stream", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(ChatCompletions.stream({ prompt: "Hi" })))
      const tags = { ...at("m6"), "error.type": error._tag }
      assert.strictEqual((yield* valueOf(OllamaTelemetry.failures, tags)).count, 1)
    }).pipe(Effect.provide(mock("m6", [{ text: ["a", "b"], fault: { type: "reset", after: 1 } }], true))))

  it.effect("have no tag that a caller made up, and those of the fiber", () =>
    Effect.gen(function*() {
      yield* Effect.flip(ChatCompletions.create({ prompt: "Hi", model: "m3/nobody" })).pipe(
        Effect.tagMetrics("app", "mine")
      )
      const tags = { "gen_ai.operation.name": "chat", "error.type": "UnknownModel", app: "mine" }
      assert.strictEqual((yield* valueOf(OllamaTelemetry.failures, tags)).count, 1)
      assert.notInclude(Inspectable.toStringUnknown(yield* Metric.snapshot), "nobody")
    }).pipe(Effect.provide(mock("m3", []))))

  it.effect("count embeddings", () =>
    traced((seen) =>
      Effect.gen(function*() {
        yield* Embeddings.embedMany(["a", "b"], { model: "m4/b", batchSize: 1, dimensions: 4 })
        const tags = at("m4", "b", "embeddings")
        const { attributes } = named(seen, "Embeddings.embedMany")[0]!
        assert.deepInclude(Object.fromEntries(attributes), {
          ...tags,
          "gen_ai.embeddings.dimension.count": 4,
          "effect_ollama.texts": 2
        })
        assert.strictEqual(
          (yield* valueOf(OllamaTelemetry.tokenUsage, { unit: "{token}", ...tags, "gen_ai.token.type": "input" }))
            .count,
          1
        )
        yield* Effect.flip(Embeddings.embed("a", { model: "m4/nobody" }))
        assert.strictEqual(named(seen, "Embeddings.embed")[0]!.attributes.get("error.type"), "UnknownModel")
      })
    ).pipe(Effect.provide(mock("m4", []))))
})

describe("a tool loop", () => {
  const call = (name: string) => ({ toolCalls: [{ id: name, name, arguments: {} }] })
  const tool = <E>(name: string, handler: Effect.Effect<string, E>) =>
    ToolLoop.tool({ name, parameters: Schema.Struct({}), handler: () => handler, failureMode: "return" })
  const options: ToolLoop.Options = {
    prompt: "Hi",
    tools: [tool("works", Effect.succeed("yes")), tool("fails", new Offline())]
  }

  for (
    const [name, loop] of [["run", ToolLoop.run(options)], [
      "stream",
      Stream.runDrain(ToolLoop.stream(options))
    ]] as const
  ) {
    it.effect(`${name}: has a span for each turn and each call, one in the other`, () =>
      traced((seen) =>
        Effect.gen(function*() {
          yield* loop
          const spans = seen.filter(({ name }) => name.startsWith("ToolLoop.") || name.startsWith("Chat"))
          const completion = `ChatCompletions.${name === "run" ? "create" : "stream"}`
          assert.deepStrictEqual(spans.map(({ name, parent }) => [name, parent]), [
            [`ToolLoop.${name}`, undefined],
            ["ToolLoop.turn", `ToolLoop.${name}`],
            [completion, "ToolLoop.turn"],
            ["ToolLoop.call", "ToolLoop.turn"],
            ["ToolLoop.turn", `ToolLoop.${name}`],
            [completion, "ToolLoop.turn"],
            ["ToolLoop.call", "ToolLoop.turn"],
            ["ToolLoop.turn", `ToolLoop.${name}`],
            [completion, "ToolLoop.turn"]
          ])
          assert.deepStrictEqual(
            spans.map(({ ends }) => ends),
            spans.map(() => ["success"])
          )
          const calls = named(seen, "ToolLoop.call").map(({ attributes }) => Object.fromEntries(attributes))
          const common = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.type": "function" }
          assert.deepStrictEqual(calls, [
            { ...common, "gen_ai.tool.name": "works", "gen_ai.tool.call.id": "works" },
            { ...common, "gen_ai.tool.name": "fails", "gen_ai.tool.call.id": "fails", "error.type": "_OTHER" }
          ])
        })
      ).pipe(Effect.provide(mock("t1", [call("works"), call("fails"), "Done."], true))))
  }

  it.effect("says in the span of a call with which error it fails the loop", () =>
    traced((seen) =>
      Effect.gen(function*() {
        const fails = ToolLoop.tool({ name: "fails", parameters: Schema.Struct({}), handler: () => new Offline() })
        yield* Effect.flip(ToolLoop.run({ prompt: "Hi", tools: [fails] }))
        const types = ["call", "turn", "run"].map((name) => attributesOf(seen, `ToolLoop.${name}`)["error.type"])
        assert.deepStrictEqual(types, ["Offline", "Offline", "Offline"])
      })
    ).pipe(Effect.provide(mock("t2", [call("fails")]))))
})
