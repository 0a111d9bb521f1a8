/** Values of a schema, from servers that keep to the form of an answer and from those that do not. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Option, Schema } from "effect"
import { ChatCompletions } from "effect-ollama"
import { valueIn } from "../../src/core/repair/object.js"
import { mocked } from "./support.js"

const City = Schema.Struct({ name: Schema.String, people: Schema.optional(Schema.Number) })

const ask = <A, I>(schema: Schema.Schema<A, I>, reply: string, finish?: "length") =>
  Effect.provide(
    ChatCompletions.createObject({ prompt: "Hi", schema }),
    mocked("ollama", { replies: [finish === undefined ? reply : { text: reply, finishReason: finish }] })
  )

const failing = <A, I>(schema: Schema.Schema<A, I>, reply: string, finish?: "length") =>
  Effect.flatMap(
    Effect.flip(ask(schema, reply, finish)),
    (error) => error._tag === "OutputInvalid" ? Effect.succeed(error) : Effect.die(error)
  )

const paris = "{\"name\":\"Paris\",\"people\":2100000}"
const value = { name: "Paris", people: 2_100_000 }

describe("the value of an answer", () => {
  it.effect("that is nothing but the value is not extracted", () =>
    Effect.gen(function*() {
      const { extracted, value: given } = yield* ask(City, `  ${paris}\n`)
      assert.deepStrictEqual(given, value)
      assert.isFalse(extracted)
    }))

  const around = {
    "a code fence": `\`\`\`json\n${paris}\n\`\`\``,
    "a code fence without a language": `\`\`\`\n${paris}\n\`\`\``,
    "prose": `Sure! Here it is:\n\n${paris}\n\nAnything else?`,
    "prose with brackets": `Use {name} as in [the docs](x) {: ${paris} [sic]`,
    "prose with a list": `In short [1, 2]: ${paris}`,
    "a fence that holds a broken one before": `{"name": Paris} I mean ${paris}`,
    "strings with brackets": "So: {\"name\":\"Paris\",\"people\":2100000,\"x\":\"}{ \\\" ]\"}"
  }
  for (const [where, text] of Object.entries(around)) {
    it.effect(`in ${where} is taken, and the result says so`, () =>
      Effect.gen(function*() {
        const { extracted, response, value: given } = yield* ask(City, text)
        assert.deepStrictEqual(given, value)
        assert.isTrue(extracted)
        assert.strictEqual(response.text, text)
      }))
  }

  it.effect("that is a list is taken where a list is wanted", () =>
    Effect.gen(function*() {
      const { value: given } = yield* ask(Schema.Array(City), `Here {"a":1}: [${paris}]`)
      assert.deepStrictEqual(given, [value])
    }))

  it.effect("that is a list of words of JSON is taken out of its fence", () =>
    Effect.gen(function*() {
      for (const list of [[true, false], [null], [false, 1]]) {
        const text = `The [null story]:\n\`\`\`json\n${JSON.stringify(list, null, 2)}\n\`\`\``
        const { value: given } = yield* ask(Schema.Array(Schema.Unknown), text)
        assert.deepStrictEqual(given, list)
      }
    }))

  class Named extends Schema.Class<Named>("Named")({ name: Schema.String }) {}
  interface Tree {
    readonly name: string
    readonly trees?: ReadonlyArray<Tree> | undefined
  }
  const Tree: Schema.Schema<Tree> = Schema.Struct({
    name: Schema.String,
    trees: Schema.optional(Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree)))
  }).annotations({ identifier: "Tree" })
  const objects = {
    "a class": (text: string) => ask(Named, text),
    "a union": (text: string) => ask(Schema.Union(Named, Schema.Null, Schema.Struct({ name: Schema.Number })), text),
    "a named schema": (text: string) => ask(Tree, text)
  }
  for (const [what, asked] of Object.entries(objects)) {
    it.effect(`of ${what} that is an object is no list of the prose around it`, () =>
      Effect.gen(function*() {
        const { value: given } = yield* asked("As said [1], it is: {\"name\": \"Paris\"} [2]")
        assert.deepStrictEqual({ ...(given as object) }, { name: "Paris" })
      }))
  }

  it("is one of those that a JSON Schema lists", () => {
    const answer = {
      finishReason: "stop",
      text: "As said [1], it is: {\"a\": 1}",
      reasoning: "",
      toolCalls: []
    } as const
    const value = { _tag: "Value", value: { a: 1 }, extracted: true } as const
    const schemas = [
      { enum: ["a", { a: 1 }] },
      { const: { a: 1 } },
      { oneOf: [{ const: { a: 1 } }, { $ref: "#" }] }
    ]
    for (const schema of schemas) assert.deepStrictEqual(valueIn(answer, schema), value)
    const either = valueIn(answer, { enum: [[1], { a: 1 }] })
    assert.deepStrictEqual(either, { _tag: "None", detail: "it has more than one value" })
  })

  it.effect("that has a key __proto__ is OutputInvalid, and becomes nobody's prototype", () =>
    Effect.gen(function*() {
      const people = Schema.Record({ key: Schema.String, value: Schema.Unknown })
      const error = yield* failing(people, "{\"__proto__\":{\"admin\":true}}")
      assert.strictEqual(error.detail, "it has a key `__proto__`")
    }))

  it.effect("that stands twice is OutputInvalid", () =>
    Effect.gen(function*() {
      const error = yield* failing(City, `${paris} or ${paris}`)
      assert.strictEqual(error.detail, "it has more than one value")
      assert.strictEqual(error.finishReason, "stop")
      assert.strictEqual(error.text, `${paris} or ${paris}`)
    }))

  it.effect("that was cut is OutputInvalid, which says so", () =>
    Effect.gen(function*() {
      const error = yield* failing(City, "{\"name\":\"Pa", "length")
      assert.strictEqual(error.finishReason, "length")
      assert.strictEqual(error.detail, "it was cut, since the most tokens were reached")
      const fenced = yield* failing(City, `${paris} {"name":`, "length")
      assert.strictEqual(fenced.finishReason, "length")
    }))

  it.effect("is never what stands inside of one that is not closed", () =>
    Effect.gen(function*() {
      const error = yield* failing(City, `{"city": ${paris}`)
      assert.strictEqual(error.detail, "it was cut, or never closes a bracket")
    }))

  it.effect("of another kind is not taken", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* failing(City, `So: [${paris}]`)).detail, "it has no JSON object")
      assert.strictEqual((yield* failing(Schema.Array(City), `So: ${paris}`)).detail, "it has no JSON list")
      assert.strictEqual((yield* failing(City, "Paris.")).detail, "it has no JSON object")
    }))

  it.effect("that does not decode says where and what was expected, and neither what stands there nor Schema's inside", () =>
    Effect.gen(function*() {
      const Deep = Schema.Struct({ cities: Schema.Array(City), n: Schema.NumberFromString })
      const error = yield* failing(Deep, "{\"cities\":[{\"name\":\"Paris\",\"people\":\"secret\"},7],\"n\":\"secret\"}")
      assert.strictEqual(
        error.detail,
        "`cities[0].people`: expected number; `cities[1]`: expected an object; `n`: expected a number"
      )
      assert.notInclude(error.hint, "secret")
      assert.strictEqual((yield* failing(City, "{}")).detail, "`name`: is missing")
    }))

  it.effect("that does not decode quotes nothing that the model wrote: no text that is no JSON, and no key", () =>
    Effect.gen(function*() {
      const Inner = Schema.Struct({
        inner: Schema.parseJson(Schema.Struct({ n: Schema.Number })),
        by: Schema.Record({ key: Schema.String, value: City })
      })
      for (
        const inner of ["secret words", "{\"a\": secret words", "{\"secret\"", "[1] secret", "{\"s\": \"secret\n\"}"]
      ) {
        const error = yield* failing(Inner, JSON.stringify({ inner, by: {} }))
        assert.match(error.detail, /^`inner`: expected (a valid )?JSON( string)?$/)
      }
      const by = { "a secret": { name: "a" }, "another secret": { name: 1 }, "one more secret": {} }
      const error = yield* failing(Inner, JSON.stringify({ inner: "{\"n\":1}", by }))
      assert.strictEqual(error.detail, "`by.*.name`: expected string, or is missing")
    }))

  it.effect("a megabyte of brackets takes no time", () =>
    Effect.gen(function*() {
      const error = yield* failing(City, "{\"a\":[".repeat(100_000) + "[{".repeat(100_000))
      assert.strictEqual(error._tag, "OutputInvalid")
    }))
})

describe("null", () => {
  it.effect("for an optional field is dropped", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* ask(City, "{\"name\":\"Paris\",\"people\":null}")).value, { name: "Paris" })
      const list = yield* ask(Schema.Array(City), "[{\"name\":\"a\",\"people\":null},{\"name\":\"b\",\"people\":1}]")
      assert.deepStrictEqual(list.value, [{ name: "a" }, { name: "b", people: 1 }])
    }))

  it.effect("for thousands of optional fields is dropped, wherever they stand", () =>
    Effect.gen(function*() {
      const Deep = Schema.Struct({ cities: Schema.Array(City), more: Schema.optional(City) })
      const cities = Array.from({ length: 3000 }, (_, i) => ({ name: `${i}`, people: i % 2 === 0 ? null : i }))
      const { value: given } = yield* ask(Deep, JSON.stringify({ cities, more: { name: "a", people: null } }))
      assert.deepStrictEqual(given.more, { name: "a" })
      assert.deepStrictEqual(given.cities.slice(0, 2), [{ name: "0" }, { name: "1", people: 1 }])
      assert.lengthOf(given.cities.filter((city) => "people" in city), 1500)
    }))

  it.effect("for more fields than anybody would mend stays, and the first is told", () =>
    Effect.gen(function*() {
      const cities = Array.from({ length: 10_001 }, () => ({ name: "a", people: null }))
      const error = yield* Effect.flip(Effect.asVoid(ask(Schema.Array(City), JSON.stringify(cities))))
      assert(error._tag === "OutputInvalid")
      assert.match(error.detail, /^`\[0\]\.people`: expected number[^;]*$/)
    }))

  it.effect("stays where the value decodes with it", () =>
    Effect.gen(function*() {
      const Nullable = Schema.Struct({
        a: Schema.optional(Schema.NullOr(Schema.String)),
        b: Schema.optional(Schema.Null)
      })
      assert.deepStrictEqual((yield* ask(Nullable, "{\"a\":null,\"b\":null}")).value, { a: null, b: null })
      const Both = Schema.Struct({ a: Schema.NullOr(Schema.String), b: Schema.optional(Schema.String) })
      assert.deepStrictEqual((yield* ask(Both, "{\"a\":null,\"b\":null}")).value, { a: null })
    }))

  it.effect("for a field that is needed is OutputInvalid, as it was said", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* failing(City, "{\"name\":null}")).detail, "`name`: expected string")
    }))
})

describe("the text of a list or an object", () => {
  const Cities = Schema.Struct({ cities: Schema.Array(City), note: Schema.String })

  it.effect("is read as one where one is wanted, and stays a text where a text is", () =>
    Effect.gen(function*() {
      const said = { cities: `[${paris}]`, note: "[1]" }
      assert.deepStrictEqual((yield* ask(Cities, JSON.stringify(said))).value, { cities: [value], note: "[1]" })
    }))

  it.effect("that holds another one is OutputInvalid, as it was said", () =>
    Effect.gen(function*() {
      const error = yield* failing(Cities, JSON.stringify({ cities: "[1]", note: "" }))
      assert.strictEqual(error.detail, "`cities`: expected a list")
    }))
})

describe("an answer that has reasoning and no text", () => {
  const thought = (reply: object, api: "ollama" | "openai-completions" = "ollama") =>
    Effect.provide(
      Effect.either(ChatCompletions.createObject({ prompt: "Hi", schema: City })),
      mocked(api, { replies: [{ text: "", ...reply }] })
    )

  for (const api of ["ollama", "openai-completions"] as const) {
    it.effect(`${api}: is the value where that is the whole reasoning, and the result says so`, () =>
      Effect.gen(function*() {
        const { extracted, value: given } = Either.getOrThrow(yield* thought({ reasoning: `\n${paris}\n` }, api))
        assert.deepStrictEqual([given, extracted], [value, true])
      }))
  }

  it.effect("is OutputInvalid otherwise, which says so", () =>
    Effect.gen(function*() {
      const toolCalls = [{ name: "f", arguments: {} }]
      for (
        const reply of [
          { reasoning: "{\"town\":1}" },
          { reasoning: `I say ${paris}` },
          { reasoning: paris, toolCalls }
        ]
      ) {
        const error = Option.getOrThrow(Either.getLeft(yield* thought(reply)))
        assert.deepInclude({ ...error }, { _tag: "OutputInvalid", detail: "it has reasoning and no text" })
      }
      const cut = Option.getOrThrow(Either.getLeft(yield* thought({ reasoning: paris, finishReason: "length" })))
      assert.deepInclude({ ...cut }, { detail: "it was cut, since the most tokens were reached" })
      const empty = Option.getOrThrow(Either.getLeft(yield* thought({ reasoning: " " })))
      assert.deepInclude({ ...empty }, { detail: "it has no text" })
    }))
})
