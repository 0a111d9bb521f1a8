import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as fc, JSONSchema, Schema } from "effect"
import { builtInDefinitions, only3Sync } from "../support/line.js"
import { output, toolParameters } from "../support/request.js"
import { failure, invalidAt, type Json } from "./support.js"

const parameters = (schema: unknown): Json => Either.getOrThrowWith(toolParameters(schema, "p"), (error) => error)
const refusal = (schema: unknown): string =>
  Either.match(toolParameters(schema, "p"), {
    onLeft: (error) => error.detail,
    onRight: (json) => JSON.stringify(json)
  })

class Point extends Schema.Class<Point>("Point")({ x: Schema.Int, at: Schema.Date }) {}

interface Tree {
  readonly value: number
  readonly children: ReadonlyArray<Tree>
}
const Tree: Schema.Schema<Tree> = Schema.Struct({
  value: Schema.Number,
  children: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree))
}).annotations({ identifier: "Tree" })

describe("parameters of tools from Schemas", () => {
  const properties = (fields: Schema.Struct.Fields) => parameters(Schema.Struct(fields)).properties

  it("hold no reference, whatever the Schema", () => {
    const schema = Schema.Struct({
      point: Point,
      points: Schema.NonEmptyArray(Schema.Array(Point)),
      id: Schema.Int.pipe(Schema.positive()),
      name: Schema.NonEmptyString.annotations({ description: "the name" }),
      maybe: Schema.optional(Schema.NullOr(Schema.Int)),
      byName: Schema.Record({ key: Schema.String, value: Schema.NonEmptyString }),
      pair: Schema.Tuple(Schema.Int, Schema.NonEmptyString),
      pattern: Schema.String.pipe(Schema.pattern(/a/), Schema.pattern(/b/)),
      odd: Schema.Struct({ a: Schema.Int }).annotations({ identifier: "A/b~<c> %2F" })
    })
    assert.include(JSON.stringify(JSONSchema.make(schema)), "$ref")
    assert.notMatch(JSON.stringify(parameters(schema)), /\$ref|\$defs|allOf|\$schema|\$id/)
  })
  it("say what an Int, a NonEmptyString, a class are", () => {
    const sent = properties({ a: Schema.Int, b: Schema.NonEmptyString, c: Point })
    assert.strictEqual(sent.a.type, "integer")
    assert.strictEqual(sent.b.type, "string")
    assert.strictEqual(sent.b.minLength, 1)
    assert.strictEqual(sent.c.type, "object")
    assert.strictEqual(sent.c.properties.x.type, "integer")
    assert.strictEqual(sent.c.properties.at.type, "string")
    assert.deepStrictEqual(sent.c.required, ["x", "at"])
  })
  it("a class itself is an object", () => {
    const sent = parameters(Point)
    assert.strictEqual(sent.type, "object")
    assert.hasAllKeys(sent.properties, ["x", "at"])
  })
  it("keep descriptions beside a reference", () => {
    const described = Schema.propertySignature(Schema.Int).annotations({ description: "how many" })
    const { n } = properties({ n: described })
    assert.strictEqual(n.description, "how many")
    assert.strictEqual(n.type, "integer")
    assert.strictEqual(properties({ n: Schema.Int.pipe(Schema.positive()) }).n.exclusiveMinimum, 0)
  })
  it("optional properties are not required", () => {
    const sent = parameters(Schema.Struct({ a: Schema.String, b: Schema.optional(Schema.Int) }))
    assert.deepStrictEqual(sent.required, ["a"])
    assert.strictEqual(sent.properties.b.type, "integer")
  })
  it("literals, unions, arrays and records keep their form", () => {
    const sent = properties({
      unit: Schema.Literal("c", "f"),
      either: Schema.Union(Schema.Int, Schema.String),
      nested: Schema.Array(Schema.Array(Schema.Int)),
      record: Schema.Record({ key: Schema.String, value: Schema.Int })
    })
    assert.deepStrictEqual(sent.unit.enum, ["c", "f"])
    assert.deepStrictEqual(sent.either.anyOf.map((one: Json) => one.type), ["integer", "string"])
    assert.strictEqual(sent.nested.items.items.type, "integer")
    assert.strictEqual(sent.record.additionalProperties.type, "integer")
  })
  it("none, and an empty struct, are an object without properties", () => {
    assert.deepStrictEqual(parameters(undefined), { type: "object", properties: {} })
    assert.deepStrictEqual(parameters(Schema.Struct({})), { type: "object", properties: {} })
  })
  only3Sync("JSON Schema is no annotation there")(
    "a Schema that is written down as JSON Schema has the definitions that are written with it",
    () => {
      const written = Schema.Struct({ n: Schema.Int }).annotations({
        jsonSchema: { type: "object", properties: { n: { $ref: "#/$defs/N" } }, $defs: { N: { type: "integer" } } }
      })
      assert.deepStrictEqual(
        toolParameters(written, "p"),
        Either.right({
          type: "object",
          properties: { n: { type: "integer" } }
        })
      )
    }
  )

  it("a recursive Schema is refused with its path", () => {
    assert.deepStrictEqual(
      failure({ prompt: "Hi", tools: [{ name: "f" }, { name: "t", parameters: Tree }] }),
      invalidAt("tools[1].parameters")
    )
    assert.include(refusal(Tree), "recursive")
  })
  only3Sync("every Schema has one")("a Schema without JSON Schema is refused, saying where", () => {
    assert.include(refusal(Schema.Struct({ big: Schema.BigIntFromSelf })), "big")
    assert.deepStrictEqual(failure({ prompt: "Hi", format: Schema.SymbolFromSelf }), invalidAt("format"))
  })
  it("what is no object is refused", () => {
    for (
      const schema of [
        Schema.String,
        Schema.Array(Schema.Int),
        Schema.Union(Schema.Struct({ a: Schema.Int }), Schema.Struct({ b: Schema.Int }))
      ]
    ) assert.include(refusal(schema), "expected a schema of one object")
    assert.strictEqual(parameters(Schema.NullOr(Schema.Struct({ a: Schema.Int }))).type, "object")
  })
})

describe("parameters of tools from JSON Schemas", () => {
  it("what needs no change stays as it is", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string", enum: ["x"], minLength: 1, default: "x", format: "uri" } },
      required: ["a"],
      additionalProperties: false
    }
    assert.deepStrictEqual(parameters(schema), schema)
  })
  it("properties named like keywords are properties", () => {
    const schema = JSON.parse(
      "{\"type\":\"object\",\"properties\":{\"$ref\":{\"type\":\"string\"},\"allOf\":{\"type\":\"string\"},\"__proto__\":{\"type\":\"string\"},\"$defs\":{\"type\":\"string\"}}}"
    )
    assert.deepStrictEqual(parameters(schema), schema)
  })
  it("values are not schemas", () => {
    const a = { enum: [{ $ref: "#/x" }], default: { allOf: [1] }, examples: [{ $id: 1 }] }
    assert.deepStrictEqual(parameters({ type: "object", properties: { a } }).properties.a, a)
  })
  it("definitions are inlined, also when they use each other twice", () => {
    const sent = parameters({
      $ref: "#/definitions/A",
      definitions: {
        A: { type: "object", properties: { l: { $ref: "#/definitions/B%20b" }, r: { $ref: "#/definitions/B%20b" } } },
        "B b": { type: "string", description: "inner" }
      }
    })
    assert.deepStrictEqual(sent.properties, {
      l: { type: "string", description: "inner" },
      r: { type: "string", description: "inner" }
    })
    assert.notProperty(sent, "definitions")
  })
  it("allOf is merged: both hold", () => {
    const sent = parameters({
      type: "object",
      properties: { a: { type: "number", minimum: 1, description: "outer" } },
      required: ["a"],
      allOf: [
        {
          properties: { a: { type: "integer", minimum: 3, description: "inner" }, b: { enum: [1, 2] } },
          required: ["b", "a"]
        },
        { properties: { b: { enum: [2, 3] } } }
      ]
    })
    assert.deepStrictEqual(sent, {
      type: "object",
      properties: { a: { type: "integer", minimum: 3, description: "outer" }, b: { enum: [2] } },
      required: ["a", "b"]
    })
  })
  it("references are followed beside an anyOf, and where what is left over is described", () => {
    const { a } = parameters({
      properties: {
        a: { anyOf: [{ minLength: 1 }], oneOf: [{ $ref: "#/$defs/N" }], unevaluatedProperties: { $ref: "#/$defs/N" } }
      },
      $defs: { N: { type: "number" } }
    }).properties
    assert.deepStrictEqual(a, {
      anyOf: [{ minLength: 1 }],
      oneOf: [{ type: "number" }],
      unevaluatedProperties: { type: "number" }
    })
  })

  it("oneOf and const become what Ollama reads", () => {
    const { a } = parameters({ properties: { a: { oneOf: [{ const: "x" }, { type: "null" }] } } }).properties
    assert.deepStrictEqual(a, { anyOf: [{ const: "x", enum: ["x"] }, { type: "null" }] })
  })
  it("boolean properties become schemas", () => {
    assert.deepStrictEqual(parameters({ properties: { a: true } }).properties, { a: {} })
  })
  it("recursion, references that lead nowhere or out, and growth without end are refused", () => {
    assert.include(refusal({ properties: { a: { $ref: "#" } } }), "recursive")
    assert.include(refusal({ $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } }), "recursive")
    assert.include(refusal({ properties: { a: { $ref: "#/$defs/B" } } }), "leads nowhere")
    assert.include(refusal({ properties: { a: { $ref: "#/toString" } } }), "leads nowhere")
    assert.include(refusal({ properties: { a: { $ref: "http://h/a.json" } } }), "leads out")
    const $defs: Record<string, unknown> = { d0: { type: "string" } }
    for (let i = 1; i < 60; i++) {
      $defs[`d${i}`] = { properties: { a: { $ref: `#/$defs/d${i - 1}` }, b: { $ref: `#/$defs/d${i - 1}` } } }
    }
    assert.include(refusal({ properties: { a: { $ref: "#/$defs/d59" } }, $defs }), "too large")
  })
  it("a cycle of objects is refused", () => {
    const cyclic: Record<string, unknown> = { type: "object" }
    cyclic["properties"] = { cyclic }
    assert.include(refusal(cyclic), "cyclic")
  })
})

describe("output schemas", () => {
  const sent = (schema: unknown): Json => Either.getOrThrowWith(output(schema, "format"), (error) => error)

  it("are sent whole", () => {
    const schema = {
      type: "object",
      properties: { a: { allOf: [{ $ref: "#/$defs/A" }] } },
      $defs: { A: { minimum: 1 } }
    }
    assert.deepStrictEqual(sent(schema), schema)
  })
  it("never have a mere reference as their root", () => {
    const json = sent(Point)
    assert.notProperty(json, "$ref")
    assert.strictEqual(json.type, "object")
    assert.sameMembers(Object.keys(json.$defs ?? {}), builtInDefinitions)
  })
  it("may be recursive", () => {
    const json = sent(Tree)
    assert.strictEqual(json.type, "object")
    assert.strictEqual(json.properties.children.items.$ref, "#/$defs/Tree")
    assert.strictEqual(json.$defs.Tree.type, "object")
  })
  it("whose root only refers to itself are refused", () => {
    assert.isTrue(Either.isLeft(output({ $ref: "#" }, "format")))
    assert.isTrue(Either.isLeft(output({ $ref: "#/a", a: { $ref: "#/b" }, b: { $ref: "#/a" } }, "format")))
  })
})

it.prop("inlining leaves no reference and loses no property", [
  fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 })
], ([names]) => {
  const $defs = Object.fromEntries(names.map((name) => [name, { type: "string", title: name }]))
  const ref = (name: string) => `#/$defs/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
  const properties = Object.fromEntries(names.map((name) => [name, { $ref: ref(name) }]))
  const sent = parameters({ type: "object", properties, $defs })
  assert.deepStrictEqual(sent, { type: "object", properties: $defs })
})
