import { type AiError, LanguageModel, Model, type Response } from "@effect/ai"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { MockOllama } from "effect-ollama/testing"
import { raw, requests } from "../completions/support.js"
import { wire } from "../completions/wire.js"
import { only3 } from "../support/line.js"
import { changed, int, kindOf, modelIdOf, noMore, optionalDate, usageOf } from "./line.js"
import { apis, finishOf, model } from "./support.js"

const bodies = Effect.map(requests, (all) => all.map((request) => request.json as { readonly [key: string]: unknown }))

const ask = (prompt: LanguageModel.GenerateTextOptions<{}>["prompt"] = "Hi") => LanguageModel.generateText({ prompt })

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0])

describe("generateText", () => {
  for (const api of apis) {
    for (const streaming of [false, true]) {
      const name = `${api}, ${streaming ? "streaming" : "whole"}`

      it.effect(`${name}: text, reasoning, finish reason and usage`, () =>
        Effect.gen(function*() {
          const response = yield* ask()
          assert.strictEqual(response.text, "Hello.")
          assert.strictEqual(response.reasoningText, "They greet me.")
          assert.strictEqual(response.finishReason, "length")
          assert.deepStrictEqual({ ...response.usage }, usageOf(10, 3))
        }).pipe(Effect.provide(model(api, {
          replies: [{
            reasoning: "They greet me.",
            text: "Hello.",
            finishReason: "length",
            usage: { inputTokens: 10, outputTokens: 3 }
          }]
        }, { streaming }))))

      it.effect(`${name}: usage that the server does not tell is absent, not 0`, () =>
        Effect.gen(function*() {
          const response = yield* ask()
          assert.deepStrictEqual({ ...response.usage }, usageOf(undefined, undefined))
        }).pipe(Effect.provide(model(api, {
          replies: [{
            raw: streaming
              ? raw(api, [wire[api].text("Hello."), wire[api].finish, wire[api].done])
              : { headers: { "content-type": "application/json" }, chunks: [wire[api].whole("Hello.")] }
          }]
        }, { streaming }))))
    }

    it.effect(`${api}: an answer without anything is a success with a finish`, () =>
      Effect.gen(function*() {
        const response = yield* ask()
        assert.strictEqual(response.text, "")
        assert.strictEqual(finishOf(response.content).reason, "stop")
      }).pipe(Effect.provide(model(api, { replies: [""] }))))

    it.effect(`${api}: the answer says which model gave it`, () =>
      Effect.gen(function*() {
        const { content } = yield* ask()
        const named = content.find((part) => part.type === "response-metadata")
        assert.strictEqual(modelIdOf(named), "m")
        assert.strictEqual(finishOf(content).metadata.ollama?.ref, "ollama/m")
      }).pipe(Effect.provide(model(api, { replies: ["Hello."] }))))

    it.effect(`${api}: system prompt and history are sent in order`, () =>
      Effect.gen(function*() {
        yield* ask([
          { role: "system", content: "Be brief." },
          { role: "user", content: [{ type: "text", text: "Hi" }] },
          { role: "assistant", content: [{ type: "text", text: "Hello" }] },
          { role: "user", content: [{ type: "text", text: "Why?" }] }
        ])
        const [body] = yield* bodies
        assert.deepStrictEqual(body!["messages"], [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hi" },
          { role: "assistant", content: "Hello" },
          { role: "user", content: "Why?" }
        ])
      }).pipe(Effect.provide(model(api, { replies: ["Hello."] }))))

    it.effect(`${api}: a picture is sent as the API wants it`, () =>
      Effect.gen(function*() {
        yield* ask([{
          role: "user",
          content: [{ type: "text", text: "What is this?" }, { type: "file", mediaType: "image/png", data: png }]
        }])
        const [body] = yield* bodies
        const base64 = Buffer.from(png).toString("base64")
        assert.include(JSON.stringify(body), api === "ollama" ? `["${base64}"]` : `data:image/png;base64,${base64}`)
      }).pipe(Effect.provide(model(
        api,
        { models: [{ name: "m", capabilities: ["completion", "vision"] }], replies: ["A dot."] },
        { models: [{ id: "m", input: ["text", "image"] }] }
      ))))

    it.effect(`${api}: what is set for the model goes out by its name on the wire`, () =>
      Effect.gen(function*() {
        yield* ask()
        const [body] = yield* bodies
        const { seed, temperature } = (api === "ollama" ? body!["options"] : body!) as { [key: string]: unknown }
        assert.deepStrictEqual([temperature, seed], [0, 7])
      }).pipe(Effect.provide(model(api, { replies: ["Hello."] }, {
        config: { config: { temperature: 0, params: { seed: 7 } } }
      }))))
  }

  it.effect("timings and the server's own numbers are in the finish of Ollama's own API", () =>
    Effect.gen(function*() {
      const { content } = yield* ask()
      const { timings } = finishOf(content).metadata.ollama!
      assert.isAbove(timings!.total!, 0)
    }).pipe(Effect.provide(model("ollama", { replies: ["Hello."] }))))

  it.effect("what cannot be sent is named in the finish", () =>
    Effect.gen(function*() {
      const { content } = yield* ask()
      const { ignored } = finishOf(content).metadata.ollama!
      assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["numCtx", "keepAlive"])
    }).pipe(Effect.provide(model("openai-completions", { replies: ["Hello."] }, {
      config: { config: { numCtx: 8192, keepAlive: "5m" } }
    }))))
})

describe("which model answers", () => {
  const asked = Effect.map(
    requests,
    (all) =>
      all.filter(({ path }) => path.endsWith("chat/completions") || path === "/api/chat").map((request) =>
        request.model
      )
  )

  const configured = (options?: OllamaLanguageModel.Options, replies: MockOllama.Replies = ["Hello."]) =>
    OllamaLanguageModel.layer(options).pipe(Layer.provideMerge(MockOllama.layer({
      models: ["a:1", "b:1", "c:1"],
      replies
    }, {
      config: {
        agents: {
          defaults: {
            model: { primary: "ollama/a:1", fallbacks: ["ollama/b:1"] },
            models: { "ollama/c:1": { alias: "Sea" } }
          }
        }
      }
    })))

  it.effect("the configured primary when none is named", () =>
    Effect.gen(function*() {
      const { content } = yield* ask()
      assert.strictEqual(finishOf(content).metadata.ollama?.selectedBy, "primary")
      assert.deepStrictEqual(yield* asked, ["a:1"])
    }).pipe(Effect.provide(configured())))

  for (const named of ["c:1", "ollama/c:1", "sea"]) {
    it.effect(`a model by ${named}`, () =>
      Effect.gen(function*() {
        const { content } = yield* ask()
        assert.strictEqual(finishOf(content).metadata.ollama?.ref, "ollama/c:1")
        assert.deepStrictEqual(yield* asked, ["c:1"])
      }).pipe(Effect.provide(configured({ model: named }))))
  }

  it.effect("the configured fallback when the primary fails, and the finish says what failed", () =>
    Effect.gen(function*() {
      const { content, text } = yield* ask()
      assert.strictEqual(text, "from b")
      const { attempts, ref } = finishOf(content).metadata.ollama!
      assert.strictEqual(ref, "ollama/b:1")
      assert.deepStrictEqual(attempts.map(({ error, ref }) => [ref, error]), [["ollama/a:1", "ServerError"]])
      assert.deepStrictEqual(yield* asked, ["a:1", "b:1"])
    }).pipe(Effect.provide(configured({}, [
      { when: "a:1", fault: { type: "status", status: 500, error: "out of memory" } },
      { when: "b:1", text: "from b" }
    ]))))

  it.effect("no other than the one that is named, with `fallbacks: []`", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ask())
      assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, "ServerError")
      assert.deepStrictEqual(yield* asked, ["c:1"])
    }).pipe(Effect.provide(configured({ model: "c:1", config: { fallbacks: [] } }, [
      { fault: { type: "status", status: 500, error: "out of memory" } }
    ]))))

  it.effect("`model` is a Layer that says whose it is", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Model.ProviderName, "ollama")
      yield* ask()
      assert.deepStrictEqual(yield* asked, ["c:1"])
    }).pipe(
      Effect.provide(OllamaLanguageModel.model("ollama/c:1", { temperature: 0 }).pipe(Layer.provideMerge(configured())))
    ))

  it.effect("`model` can be yielded, to be provided where it is needed", () =>
    Effect.gen(function*() {
      const layer = yield* OllamaLanguageModel.model("ollama/c:1")
      yield* Effect.provide(ask(), layer)
      assert.deepStrictEqual(yield* asked, ["c:1"])
    }).pipe(Effect.provide(configured())))
})

describe("what wins", () => {
  const temperature = Effect.map(bodies, ([body]) => (body!["options"] as { temperature?: number }).temperature)
  const think = Effect.map(bodies, ([body]) => body!["think"])
  const thinking = (options: OllamaLanguageModel.Options = {}) =>
    model("ollama", {
      models: [{ name: "m", capabilities: ["completion", "thinking"] }],
      replies: ["Hello."]
    }, { models: [{ id: "m", reasoning: true }], config: options })

  it.effect("withConfigOverride over the Layer, field by field", () =>
    Effect.gen(function*() {
      yield* ask().pipe(OllamaLanguageModel.withConfigOverride({ temperature: 1, params: { min_p: 0.1 } }))
      const [body] = yield* bodies
      assert.deepStrictEqual(body!["options"], { temperature: 1, seed: 7, min_p: 0.1, num_keep: 5 })
    }).pipe(Effect.provide(model("ollama", { replies: ["Hello."] }, {
      config: { config: { temperature: 0, seed: 7, params: { num_keep: 5 } } }
    }))))

  it.effect("a param of withConfigOverride over a setting of the Layer and of a message, in any spelling", () =>
    Effect.gen(function*() {
      const prompt = [{ role: "user", content: "Hi", options: { ollama: { numCtx: 4096 } } }] as const
      const overrides = { params: { temperature: 0.9, num_ctx: 2048, num_predict: 3 } }
      yield* ask(prompt).pipe(OllamaLanguageModel.withConfigOverride(overrides))
      const [body] = yield* bodies
      assert.deepStrictEqual(body!["options"], { temperature: 0.9, num_ctx: 2048, num_predict: 3, num_keep: 5 })
    }).pipe(Effect.provide(model("ollama", { replies: ["Hello."] }, {
      config: { config: { temperature: 0.2, numCtx: 8192, params: { maxTokens: 7, num_keep: 5 } } }
    }))))

  it.effect("the params of an inner override beside those of an outer one", () =>
    Effect.gen(function*() {
      yield* ask().pipe(
        OllamaLanguageModel.withConfigOverride({ params: { num_keep: 1 } }),
        OllamaLanguageModel.withConfigOverride({ params: { num_keep: 2, min_p: 0.1 } })
      )
      const [body] = yield* bodies
      assert.deepStrictEqual(body!["options"], { num_keep: 1, min_p: 0.1 })
    }).pipe(Effect.provide(model("ollama", { replies: ["Hello."] }))))

  it.effect("an inner override over an outer one", () =>
    Effect.gen(function*() {
      yield* OllamaLanguageModel.withConfigOverride(ask(), { temperature: 2 }).pipe(
        OllamaLanguageModel.withConfigOverride({ temperature: 1, model: "ollama/b" })
      )
      assert.strictEqual(yield* temperature, 2)
      assert.deepStrictEqual((yield* requests).map((request) => request.model), ["b"])
    }).pipe(Effect.provide(model("ollama", { replies: ["Hello."] }))))

  const message = (think: NonNullable<OllamaLanguageModel.MessageOptions["think"]>) =>
    [{ role: "user", content: "Hi", options: { ollama: { think } } }] as const

  it.effect("a message over the Layer", () =>
    Effect.gen(function*() {
      yield* ask(message("high"))
      assert.strictEqual(yield* think, "high")
    }).pipe(Effect.provide(thinking({ config: { think: false } }))))

  it.effect("withConfigOverride over a message", () =>
    Effect.gen(function*() {
      yield* OllamaLanguageModel.withConfigOverride(ask(message("high")), { think: false })
      assert.strictEqual(yield* think, false)
    }).pipe(Effect.provide(thinking())))

  it.effect("a value of the wrong type in a message is a MalformedInput, and nothing is sent", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ask(message("hardest" as "high")))
      assert.strictEqual(kindOf(error), "MalformedInput")
      assert.strictEqual(OllamaLanguageModel.errorOf(error)?._tag, "InvalidRequest")
      assert.deepStrictEqual(yield* requests, [])
    }).pipe(Effect.provide(thinking())))
})

describe("generateObject", () => {
  only3("a decoder of Effect 4 keeps no keys that a member does not know")(
    "of a union has the keys of every member: which one it is, is seen when it is decoded",
    () =>
      Effect.gen(function*() {
        const Numbered = Schema.Struct({ id: Schema.NumberFromString })
        const Named = Schema.Struct({ id: Schema.String, name: Schema.String })
        const { value } = yield* LanguageModel.generateObject({
          prompt: "Which?",
          schema: Schema.Struct({ r: Schema.Union(Numbered, Named) })
        })
        assert.deepStrictEqual(value, { r: { id: "abc", name: "x" } })
      }).pipe(Effect.provide(model("ollama", { replies: ["{\"r\":{\"id\":\"abc\",\"name\":\"x\"}}"] })))
  )

  const Person = Schema.Struct({
    name: Schema.String,
    age: Schema.Int,
    born: Schema.optional(Schema.Date),
    nick: Schema.optionalWith(Schema.String, { as: "Option" })
  }).annotations({ description: "a person" })

  const person = LanguageModel.generateObject({ prompt: "Who?", schema: Person })

  for (const api of apis) {
    for (const streaming of [false, true]) {
      const name = `${api}, ${streaming ? "streaming" : "whole"}`

      it.effect(`${name}: the value of the schema`, () =>
        Effect.gen(function*() {
          const { finishReason, value } = yield* person
          const { nick, ...rest } = value
          assert.deepStrictEqual(rest, { name: "Ada", age: 36, born: new Date("1815-12-10T00:00:00.000Z") })
          assert.isTrue(Option.isNone(nick))
          assert.strictEqual(finishReason, "stop")
        }).pipe(Effect.provide(model(api, {
          replies: ["{\"name\": \"Ada\", \"age\": 36, \"born\": \"1815-12-10\"}"]
        }, { streaming }))))
    }

    for (
      const [what, text] of [
        ["in a code fence", "```json\n{\"name\": \"Ada\", \"age\": 36}\n```"],
        ["in prose", "Sure! {\"name\": \"Ada\", \"age\": 36} That is all."]
      ] as const
    ) {
      it.effect(`${api}: an object ${what} is found, which the finish says`, () =>
        Effect.gen(function*() {
          const { content, text, value } = yield* person
          assert.strictEqual(value.name, "Ada")
          assert.strictEqual(text, "{\"name\":\"Ada\",\"age\":36}")
          assert.isTrue(finishOf(content).metadata.ollama?.extracted)
        }).pipe(Effect.provide(model(api, { replies: [text] }))))
    }

    it.effect(`${api}: two objects, or one that is cut, are a MalformedOutput`, () =>
      Effect.gen(function*() {
        for (let i = 0; i < 2; i++) assert.strictEqual(kindOf(yield* Effect.flip(person)), "MalformedOutput")
      }).pipe(Effect.provide(model(api, {
        replies: ["{\"name\":\"Ada\",\"age\":36} or {\"name\":\"Bob\",\"age\":40}", {
          text: "Sure! {\"name\": \"Ad",
          finishReason: "length"
        }]
      }))))

    it.effect(`${api}: \`null\` for an optional field is left out`, () =>
      Effect.gen(function*() {
        const { value } = yield* person
        assert.strictEqual(value.born, undefined)
      }).pipe(Effect.provide(model(api, { replies: ["{\"name\":\"Ada\",\"age\":36,\"born\":null}"] }))))

    it.effect(`${api}: the JSON Schema is sent whole, with descriptions, Schema.optional as what is not required (#6009)`, () =>
      Effect.gen(function*() {
        yield* person
        const [body] = yield* bodies
        const schema = api === "ollama"
          ? body!["format"]
          : (body!["response_format"] as { json_schema: { schema: unknown } }).json_schema.schema
        const { $schema: _, ...rest } = schema as { $schema: string }
        assert.deepStrictEqual(rest as unknown, {
          type: "object",
          description: "a person",
          required: ["name", "age"],
          properties: {
            name: { type: "string" },
            age: int,
            born: optionalDate,
            nick: { type: "string" }
          },
          ...noMore
        })
      }).pipe(Effect.provide(model(api, { replies: ["{\"name\": \"Ada\", \"age\": 36}"] }))))

    it.effect(`${api}: an answer of another form is a MalformedOutput that keeps the text for the host`, () =>
      Effect.gen(function*() {
        const error: AiError.AiError = yield* Effect.flip(person)
        assert.strictEqual(kindOf(error), "MalformedOutput")
        const ours = OllamaLanguageModel.errorOf(error)
        assert.strictEqual(ours?._tag, "OutputInvalid")
        if (ours?._tag === "OutputInvalid") assert.strictEqual(ours.text, "{\"name\": \"Ada\", \"age\": \"old\"}")
      }).pipe(Effect.provide(model(api, { replies: ["{\"name\": \"Ada\", \"age\": \"old\"}"] }))))

    it.effect(`${api}: no text at all is a MalformedOutput`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(person)
        assert.strictEqual(kindOf(error), "MalformedOutput")
      }).pipe(Effect.provide(model(api, { replies: [{ reasoning: "hm" }] }))))
  }

  it.effect("a recursive schema keeps its definitions", () => {
    interface Tree {
      readonly name: string
      readonly children: ReadonlyArray<Tree>
    }
    const Tree = Schema.Struct({
      name: Schema.String,
      children: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree))
    }).annotations({ identifier: "Tree" })
    return Effect.gen(function*() {
      const { value } = yield* LanguageModel.generateObject({ prompt: "Who?", schema: Schema.Struct({ tree: Tree }) })
      assert.deepStrictEqual(value, { tree: { name: "a", children: [] } })
      const [body] = yield* bodies
      assert.deepStrictEqual(Object.keys((body!["format"] as { $defs: object }).$defs), ["Tree"])
    }).pipe(Effect.provide(model("ollama", { replies: ["{\"tree\":{\"name\":\"a\",\"children\":[]}}"] })))
  })

  it.effect("reasoning stays beside the object", () =>
    Effect.gen(function*() {
      const { content, value } = yield* person
      assert.strictEqual(value.name, "Ada")
      assert.deepStrictEqual(
        content.flatMap((part: Response.AnyPart) => part.type === "reasoning" ? [part.text] : []),
        ["Ada, I think."]
      )
    }).pipe(
      Effect.provide(
        model("ollama", { replies: [{ reasoning: "Ada, I think.", text: "{\"name\":\"Ada\",\"age\":36}" }] })
      )
    ))

  it.effect("a schema that needs a service gets it", () => {
    class Prefix extends Context.Tag("Prefix")<Prefix, { readonly text: string }>() {}
    const Name = changed((name) => Effect.map(Prefix, ({ text }) => text + name))
    return Effect.gen(function*() {
      const { value } = yield* LanguageModel.generateObject({ prompt: "Who?", schema: Schema.Struct({ name: Name }) })
      assert.deepStrictEqual(value, { name: "Dr. Ada" })
    }).pipe(
      Effect.provideService(Prefix, { text: "Dr. " }),
      Effect.provide(model("ollama", { replies: ["{\"name\":\"Ada\"}"] }))
    )
  })

  only3("every Schema has one")(
    "a schema without a JSON Schema is refused before anything is sent",
    () =>
      Effect.gen(function*() {
        const schema = Schema.Struct({ id: Schema.SymbolFromSelf })
        const error = yield* Effect.flip(
          LanguageModel.generateObject({ prompt: "Who?", schema: schema as unknown as typeof Person })
        )
        assert.strictEqual(kindOf(error), "MalformedInput")
        assert.deepStrictEqual(yield* requests, [])
      }).pipe(Effect.provide(model("ollama", { replies: ["{}"] })))
  )
})
