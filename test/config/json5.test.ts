import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import { parse, prepare } from "../../src/core/config/json5.js"
import * as lex from "../../src/core/config/lex.js"
import { formatPath, locate, toValue } from "../../src/core/config/tree.js"
import { failed, ok } from "./fixtures.js"

const value = (text: string) => toValue(ok(parse(text, "f")))

const syntax = (text: string) => {
  const error = failed(parse(text, "f"))
  if (error._tag !== "ConfigSyntaxError") throw error
  return error
}

describe("JSON5", () => {
  it("has comments, trailing commas, single quotes, bare keys, hex and a byte order mark", () => {
    const text =
      "\uFEFF// c\n{ a: 'x', /* d */ \"b\": [1, 0x1F, .5, 5., -.5, +1, 1e3,], true: null, NaN: 1, é: \"\\u00e9\\x41\\\n\" }"
    assert.deepStrictEqual(value(text), { a: "x", b: [1, 31, .5, 5, -.5, 1, 1000], true: null, NaN: 1, é: "éA" })
  })

  it("keeps `__proto__` an ordinary key", () => {
    const parsed = value("{ __proto__: { a: 1 } }")
    assert.deepStrictEqual(Object.keys(parsed as object), ["__proto__"])
    assert.strictEqual(Object.getPrototypeOf(parsed), Object.prototype)
  })
})

describe("products", () => {
  it("may stand where a number stands", () => {
    const text = "{ a: 8192 * 10, b: [2*3, 0x10 * -2 * .5 /* half */], c: 1.1 * 3 // end\n}"
    assert.deepStrictEqual(value(text), { a: 81920, b: [6, -16], c: 1.1 * 3 })
  })

  it("are nothing else: no other expression, no key, no text or comment", () => {
    for (
      const text of [
        "{a: 1 + 2}",
        "{a: 2 ** 3}",
        "{a: 2 * b}",
        "{a: 2 *}",
        "{a: * 2}",
        "{2 * 3: 1}",
        "{a: (2 * 3)}",
        "{a: 2 * '3'}",
        "{a: 8192 / 2}"
      ]
    ) syntax(text)
    assert.deepStrictEqual(value("{a: '2 * 3', /* 2 * 3 */ b: 1 // 4 * 5\n}"), { a: "2 * 3", b: 1 })
  })

  it.prop(
    "leave every position as it was",
    [
      FastCheck.array(
        FastCheck.tuple(FastCheck.nat(), FastCheck.nat(99), FastCheck.constantFrom(" ", "", "\n", " /* * */ ")),
        {
          minLength: 1,
          maxLength: 5
        }
      )
    ],
    ([factors]) => {
      const product = factors.map(([n, m, space]) => `${n}${space}*${space}${m}`)
      const text = `{ a: [ ${product.join(", ")} ], b: 'x' }`
      const prepared = prepare(text, lex.tokens(text))
      assert.strictEqual(prepared.text.length, text.length)
      const tree = ok(parse(text, "f"))
      assert.deepStrictEqual(toValue(tree), { a: factors.map(([n, m]) => n * m), b: "x" })
      const b = tree.kind === "object" ? tree.members.get("b")! : tree
      assert.strictEqual(text.slice(b.place.start, b.place.end), "'x'")
      const a = tree.kind === "object" ? tree.members.get("a")! : tree
      if (a.kind === "array") {
        assert.deepStrictEqual(a.items.map(({ place }) => text.slice(place.start, place.end)), product)
      }
    }
  )

  it.prop("never change what is JSON", [FastCheck.json()], ([text]) => {
    assert.deepStrictEqual(JSON.stringify(value(text)), JSON.stringify(JSON.parse(text)))
  })
})

describe("syntax errors", () => {
  it("have line, column, and an excerpt with a mark", () => {
    const error = syntax("{\n  a: 1,\r\n  models: {, }\n}")
    assert.deepStrictEqual([error.line, error.column], [3, 12])
    assert.strictEqual(error.detail, "unexpected \",\"")
    assert.strictEqual(error.excerpt, "  models: {, }\n           ^")
  })

  it("say that a file is empty", () => {
    for (const text of ["", "  \n", "\uFEFF"]) assert.strictEqual(syntax(text).detail, "the file is empty")
    assert.strictEqual(syntax("// x\n").detail, "the file is empty but for comments")
  })

  it("point at what is not closed", () => {
    const error = syntax("{\n a: 'hush\n}")
    assert.deepStrictEqual([error.line, error.column, error.detail], [2, 5, "a string that is not closed"])
    assert.strictEqual(syntax("{ a: 1 /* x").detail, "a comment that is not closed")
    assert.strictEqual(syntax("{ a: 1").detail, "unexpected end of the file")
  })

  it("say that a file is cut short, and where it ends", () => {
    const cut: ReadonlyArray<readonly [text: string, line: number, column: number]> = [
      ["{", 1, 2],
      ["{a", 1, 3],
      ["{a:", 1, 4],
      ["{a:[", 1, 5],
      ["{a:{", 1, 5],
      ["{a:{b:'x'},", 1, 12],
      ["{a:1,\n//c\n", 3, 1],
      ["{'a'", 1, 5],
      ["[1", 1, 3]
    ]
    for (const [text, line, column] of cut) {
      const error = syntax(text)
      assert.deepStrictEqual(
        [error.detail, error.line, error.column],
        ["unexpected end of the file", line, column],
        text
      )
    }
    // what is wrong before the end is said, also at the last token
    for (
      const [text, detail] of [
        ["{a:,", "unexpected \",\""],
        ["{a:[}", "unexpected \"}\""],
        ["{a:1 b", "unexpected word (strings need quotes)"],
        ["[1 2", "unexpected number"]
      ] as const
    ) assert.strictEqual(syntax(text).detail, detail)
  })

  it("say what dots in the place of something stand for, at the first of them", () => {
    for (
      const [text, excerpt] of [
        ["{ a: { ... } }", "{ a: { ... } }\n       ^"],
        ["{ a: ... }", "{ a: ... }\n     ^"],
        ["[1, ...]", "[1, ...]\n    ^"],
        ["{ a: 1, …\n}", "{ a: 1, …\n        ^"],
        ["{ a: 'hush', ....", "{ a: '****', ....\n             ^"]
      ] as const
    ) {
      const error = syntax(text)
      assert.include(error.detail, "`...` stands for something that was left out", text)
      assert.strictEqual(error.excerpt, excerpt)
    }
    assert.include(syntax("{ a: ...hush }").excerpt, "{ a: ******* }")
  })

  it("end where a text ends with a backslash that the parser takes for one in a string", () => {
    for (const text of [".'  'a{\\", "{a:.\"\"/-ea-]/e\n[\\"]) assert.isAbove(syntax(text).detail.length, 0)
  })

  it("hide the content of strings, comments and words without quotes", () => {
    for (
      const text of [
        "{ apiKey: 'hush', x: }",
        "{ apiKey: \"hush\" hush }",
        "{ apiKey: hush-hush }",
        "{ apiKey: sk-hush/hush+1 }",
        "{ apiKey: 'hush }",
        "{ apiKey: 'it's hush', b: 1 }",
        "{ a: 1, /* hush */ // hush",
        "{ a: , // apiKey: 'hush'",
        "{ apiKey: 'hush\\u12 hush' }",
        "{ a: { 'k': 'hush': } }",
        "['hush', hush]]",
        "hush",
        "{ \"apiKey\" \"hush\" }"
      ]
    ) {
      const error = syntax(text)
      assert.notInclude(`${error.message}${JSON.stringify(error)}`, "hush", text)
    }
    assert.include(syntax("{ \"apiKey\": 'hush', b: }").excerpt, "\"apiKey\": '****', b: }")
  })

  it("nesting is counted on the text, before anything is parsed", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
    assert.isTrue(Either.isRight(parse(nested(100), "f")))
    for (const text of [nested(101), "{a:".repeat(100_000), "[".repeat(1_000_000)]) {
      assert.strictEqual(failed(parse(text, "f"))._tag, "ConfigInvalid")
    }
    assert.deepStrictEqual(value(`{ a: '${"[".repeat(200)}' }`), { a: "[".repeat(200) })
  })

  it.prop("are the only failure of any text", [
    FastCheck.string({ unit: FastCheck.constantFrom(..."{}[]:,*'\"\\/ \n-.0x1eaN") })
  ], (
    [text]
  ) => {
    const parsed = parse(text, "f")
    if (Either.isLeft(parsed)) assert.isAbove(parsed.left.message.length, 0)
  })
})

describe("positions", () => {
  it("are known for every value, and of a missing one its parent's", () => {
    const text = "\uFEFF{\n  a: [1,\r\n    { b: 'x' }],\n}"
    const at = locate(ok(parse(text, "f")))
    assert.deepStrictEqual(at([]), { file: "f", line: 1, column: 1 })
    assert.deepStrictEqual(at(["a", 1, "b"]), { file: "f", line: 3, column: 10 })
    assert.deepStrictEqual(at(["a", 1, "missing", 5]), { file: "f", line: 3, column: 5 })
  })

  it("paths quote what is no word", () => {
    assert.strictEqual(formatPath(["a", 0, "b-c", "d/e", "$x"]), "a[0].b-c[\"d/e\"].$x")
  })
})
