import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as edit from "../../src/core/config/edit.js"
import { parse } from "../../src/core/config/json5.js"
import * as lex from "../../src/core/config/lex.js"
import { parsePath } from "../../src/core/config/path.js"
import { type KeyPath, toValue } from "../../src/core/config/tree.js"
import { find, read, type Written } from "../../src/core/config/written.js"
import { documentExamples } from "./documentExamples.js"
import { failed, ok } from "./fixtures.js"

const value = (text: string) => toValue(ok(parse(text, "f")))
const set = (text: string, path: string, to: unknown) => ok(edit.set(text, ok(parsePath(path)), to))
const unset = (text: string, path: string) => edit.unset(text, ok(parsePath(path)))

const sample = `{
  // who is asked
  models: {
    providers: {
      ollama: {
        baseUrl: "http://x", // where
        maxTokens: 8192 * 10
        // nothing more
      }
    }
  }
}
`

describe("setting a value", () => {
  it("exchanges it and nothing else", () => {
    assert.strictEqual(
      set(sample, "models.providers.ollama.baseUrl", "http://y"),
      sample.replace("http://x", "http://y")
    )
    assert.strictEqual(set(sample, "models.providers.ollama.maxTokens", 5), sample.replace("8192 * 10", "5"))
  })

  it("stands behind the last member and its comment, with the comma that is missing", () => {
    assert.strictEqual(
      set(sample, "models.providers.ollama.apiKey", "k"),
      sample.replace("8192 * 10", "8192 * 10,\n        apiKey: \"k\"")
    )
    assert.strictEqual(
      set("{\n  a: 1 // one\n  // end\n}", "b", 2),
      "{\n  a: 1, // one\n  b: 2\n  // end\n}"
    )
  })

  it("makes the objects and lists that are missing on the way", () => {
    assert.strictEqual(
      set("{}\n", "a.b[0].c", true),
      "{\n  \"a\": {\n    \"b\": [\n      {\n        \"c\": true\n      }\n    ]\n  }\n}\n"
    )
    assert.deepStrictEqual(value(set(sample, "agents.defaults.model.primary", "ollama/x")), {
      ...(value(sample) as object),
      agents: { defaults: { model: { primary: "ollama/x" } } }
    })
  })

  it("is written as the file is: line breaks, indentation, quotes, commas", () => {
    assert.strictEqual(
      set("{\r\n\t'a': [1, 2],\r\n\t'b': 'it',\r\n}", "c", { x: "it's \"q\"", y: [] }),
      "{\r\n\t'a': [1, 2],\r\n\t'b': 'it',\r\n\t'c': {\r\n\t\t'x': 'it\\'s \"q\"',\r\n\t\t'y': [],\r\n\t},\r\n}"
    )
    assert.strictEqual(set("{ a: 1 }", "b.c", [1, { d: 2 }]), "{ a: 1, b: { c: [1, { d: 2 }] } }")
    assert.strictEqual(set("{ a: 1, }", "b", 2), "{ a: 1, b: 2, }")
    assert.strictEqual(set("{ a: {} }", "a.b", 2), "{ a: { b: 2 } }")
    assert.strictEqual(set("{\n a: [],\n}", "a[0]", 2), "{\n a: [\n  2,\n ],\n}")
    assert.strictEqual(set("{\n a: [1],\n}", "a[1]", 2), "{\n a: [1, 2],\n}")
  })

  it("keeps the comments of an empty object", () => {
    assert.strictEqual(set("{ // note\n}", "a", 1), "{ // note\n  \"a\": 1\n}")
    assert.strictEqual(set("{ b: { /* note */ } }", "b.a", 1), "{ b: { /* note */ a: 1 } }")
  })

  it("writes the last of a key that is written twice, the one that counts", () => {
    assert.strictEqual(set("{ a: 1, a: 2 }", "a", 3), "{ a: 1, a: 3 }")
    assert.strictEqual(set("{ a: 1, \"\\u0061\": 2 }", "a", 3), "{ a: 1, \"\\u0061\": 3 }")
  })

  it("never puts a value through another one, and leaves no hole in a list", () => {
    const refused = (text: string, path: string) => failed(edit.set(text, ok(parsePath(path)), 1)).expected
    assert.include(refused("{ a: 'text' }", "a.b"), "an object")
    assert.include(refused("{ a: [1] }", "a[2]"), "at most 1")
    assert.include(refused("{ a: [1] }", "a.b"), "at most 1")
    assert.include(refused("{}", "a[1]"), "the index 0")
    assert.strictEqual(set("{ a: [1] }", "a.1", 2), "{ a: [1, 2] }")
  })

  it("beside a model that stands alone makes it the primary first", () => {
    const alone = "{ agents: { defaults: { model: 'ollama/\\x61' /* mine */ } } }"
    const at = "agents.defaults.model"
    assert.strictEqual(
      set(alone, `${at}.fallbacks`, ["b/c"]),
      "{ agents: { defaults: { model: { primary: 'ollama/a', fallbacks: ['b/c'] } /* mine */ } } }"
    )
    assert.deepStrictEqual(value(set(alone, `${at}.fallbacks[0]`, "b/c")), {
      agents: { defaults: { model: { primary: "ollama/a", fallbacks: ["b/c"] } } }
    })
    assert.deepStrictEqual(value(set(alone, `${at}.primary`, "b/c")), {
      agents: { defaults: { model: { primary: "b/c" } } }
    })
    assert.strictEqual(set(alone, `${at}.primary`, "ollama/a"), alone)
    assert.strictEqual(unset(alone, `${at}.primary`), "{ agents: { defaults: { /* mine */ } } }")
    for (const path of [`${at}.primary`, `${at}.fallbacks`]) {
      assert.include(
        failed(edit.set("{ agents: { defaults: { model: 5 } } }", ok(parsePath(path)), "x")).expected,
        "an object"
      )
    }
  })

  it("writes keys and texts that need it in quotes", () => {
    for (const key of ["ollama/x:1.5", "true", "a b", "", "é", "__proto__", "it's", "\u2028"]) {
      const text = ok(edit.set("{ a: 1 }", [key], `${key}'"\\\n\u2028\ud800`))
      assert.deepStrictEqual(
        Object.getOwnPropertyDescriptor(value(text), key)?.value,
        `${key}'"\\\n\u2028\ud800`
      )
    }
  })
})

describe("taking a value out", () => {
  it("takes its line and leaves the comment beside it", () => {
    assert.strictEqual(unset(sample, "models.providers.ollama.baseUrl"), sample.replace("baseUrl: \"http://x\", ", ""))
    assert.strictEqual(
      unset(sample, "models.providers.ollama.maxTokens"),
      sample.replace(",", "").replace("        maxTokens: 8192 * 10\n", "")
    )
  })

  it("takes the comma that is one too many", () => {
    assert.strictEqual(unset("{ a: 1, b: 2 }", "b"), "{ a: 1 }")
    assert.strictEqual(unset("{ a: 1, b: 2 }", "a"), "{ b: 2 }")
    assert.strictEqual(unset("{ a: 1, b: 2, }", "b"), "{ a: 1, }")
    assert.strictEqual(unset("{\n  a: [1, 2, 3]\n}", "a[1]"), "{\n  a: [1, 3]\n}")
    assert.strictEqual(unset("{\n  a: 1\n}\n", "a"), "{}\n")
  })

  it("leaves the comments inside a member", () => {
    const text = unset("{\n a /*1*/ : // 2\n /*3*/ 5 /*4*/ , // 5\n b: 2}", "a")
    for (const comment of ["/*1*/", "// 2", "/*3*/", "/*4*/", "// 5"]) assert.include(text, comment)
    assert.deepStrictEqual(value(text), { b: 2 })
  })

  it("takes out a key as often as it is written", () => {
    assert.deepStrictEqual(value(unset("{\n  a: 1, a: 2, b: 3\n}", "a")), { b: 3 })
  })

  it("does nothing where nothing is", () => {
    for (const path of ["x", "models.x.y", "models.providers[3]", "models.providers.ollama.baseUrl.x"]) {
      assert.strictEqual(unset(sample, path), sample)
    }
  })
})

// =============================================================================
// properties
// =============================================================================

const key = FastCheck.oneof(
  FastCheck.constantFrom("models", "a", "b", "c_1", "true", "ollama/x:1.5", "it's", "", "é", "$", "__proto__"),
  FastCheck.string({ maxLength: 4 })
)
const scalar = FastCheck.oneof(
  FastCheck.string({ maxLength: 8 }),
  FastCheck.constantFrom("//", "/* no comment */", "}", "'\"", "\u2028"),
  FastCheck.integer(),
  FastCheck.double({ noNaN: true, noDefaultInfinity: true }),
  FastCheck.boolean(),
  FastCheck.constant(null)
)
const { tree: anyValue } = FastCheck.letrec<{ tree: unknown }>((tie) => ({
  tree: FastCheck.oneof(
    { depthSize: "small" },
    scalar,
    FastCheck.array(tie("tree"), { maxLength: 3 }),
    FastCheck.array(FastCheck.tuple(key, tie("tree")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries))
  )
}))
const anyObject = FastCheck.array(FastCheck.tuple(key, anyValue), { maxLength: 4 }).map((entries) =>
  Object.fromEntries(entries)
)

/** Numbers without end from a few. */
const draws = (seeds: ReadonlyArray<number>) => {
  let i = 0
  return (below: number): number =>
    Math.floor(((seeds[i++ % seeds.length]! * 0x9e3779b1 + i * 0x85ebca6b) >>> 8) % below)
}

/** A value as somebody with little sense of order might have written it. Each comment is another. */
const scribble = (root: unknown, draw: (below: number) => number): string => {
  let comments = 0
  const newline = draw(4) === 0 ? "\r\n" : "\n"
  const gap = (): string => {
    switch (draw(9)) {
      case 0:
        return ` /* c${comments++}c */ `
      case 1:
        return `// c${comments++}c${newline}`
      case 2:
        return newline
      case 3:
        return `${newline}\t`
      case 4:
        return `/* c${comments++}${newline}c */`
      case 5:
        return ""
      default:
        return " "
    }
  }
  const text = (value: string): string => {
    const json = JSON.stringify(value).replace(/[\u2028\u2029]/g, "\\u2028")
    return draw(3) === 0 ? `'${json.slice(1, -1).replace(/\\"/g, "\"").replace(/'/g, "\\'")}'` : json
  }
  const write = (value: unknown): string => {
    if (typeof value === "string") return text(value.replace(/\u2029/g, "\u2028"))
    if (typeof value === "number" && draw(3) === 0) return `1${gap()}*${gap()}${Object.is(value, -0) ? "-0" : value}`
    if (Object.is(value, -0)) return "-0"
    if (typeof value !== "object" || value === null) return String(value)
    const list = Array.isArray(value)
    const members = list
      ? value.map((item) => gap() + write(item) + gap())
      : Object.entries(value).map(([key, member]) => {
        const name = /^[a-z_$][\w$]*$/i.test(key) && draw(2) === 0 ? key : text(key)
        return gap() + name + gap() + ":" + gap() + write(member) + gap()
      })
    const end = members.length > 0 && draw(3) === 0 ? `,${gap()}` : members.length === 0 ? gap() : ""
    return (list ? "[" : "{") + members.join(",") + end + (list ? "]" : "}")
  }
  return gap() + write(root) + gap()
}

const commentsOf = (text: string) => lex.tokens(text).filter((token) => token.kind === "comment")

interface Spot {
  readonly container: Written
  readonly value: Written | undefined
}

/** Where a path leads in a text: to a value, or to the container that would have it. */
const spotOf = (text: string, path: KeyPath): Spot => {
  let container = read(text).root
  for (const key of path.slice(0, -1)) {
    const next = find(container, key)?.value
    if (next === undefined) return { container, value: undefined }
    container = next
  }
  return { container, value: find(container, path.at(-1)!)?.value }
}

const pick = (value: unknown, draw: (below: number) => number): Array<string | number> => {
  const path: Array<string | number> = []
  let here: unknown = value
  while (typeof here === "object" && here !== null) {
    const keys: ReadonlyArray<string | number> = Array.isArray(here) ? here.map((_, i) => i) : Object.keys(here)
    const fresh = keys.length === 0 || draw(5) === 0
    const next = fresh ? (Array.isArray(here) ? here.length : `new${draw(3)}`) : keys[draw(keys.length)]!
    path.push(next)
    here = Object.hasOwn(here, next) ? Reflect.get(here, next) : undefined
    if (draw(3) === 0) break
  }
  if (draw(6) === 0 && here === undefined) path.push("deep", 0)
  return path
}

/** The same edit of a plain value. */
const model = (root: unknown, path: KeyPath, to: { readonly value: unknown } | undefined): unknown => {
  const [first, ...rest] = path
  if (first === undefined) return to?.value
  if (root === undefined) {
    if (to === undefined) return undefined
    const inner = model(undefined, rest, to)
    return typeof first === "number" ? [inner] : Object.fromEntries([[first, inner]])
  }
  if (Array.isArray(root)) {
    const items = [...root]
    if (rest.length === 0 && to === undefined) items.splice(first as number, 1)
    else if (to !== undefined || (first as number) < items.length) {
      items[first as number] = model(items[first as number], rest, to)
    }
    return items
  }
  const entries = new Map(Object.entries(root as object))
  if (rest.length === 0 && to === undefined) entries.delete(String(first))
  else if (to !== undefined || entries.has(String(first))) {
    entries.set(String(first), model(entries.get(String(first)), rest, to))
  }
  return Object.fromEntries(entries)
}

/** Edits a text, and holds the result against what an edit may do. */
const step = (text: string, now: unknown, path: KeyPath, to: { readonly value: unknown } | undefined): string => {
  const spot = spotOf(text, path)
  const after = to === undefined ? edit.unset(text, path) : ok(edit.set(text, path, to.value))
  assert.deepStrictEqual(value(after), model(now, path, to))
  // every comment outside the edited value stays, in its order
  const kept = commentsOf(text)
    .filter((c) => spot.value === undefined || c.end <= spot.value.start || c.start >= spot.value.end)
    .map((c) => text.slice(c.start, c.end))
  const there = commentsOf(after).map((c) => after.slice(c.start, c.end))
  let at = 0
  for (const comment of kept) {
    at = there.indexOf(comment, at) + 1
    assert.isAbove(at, 0, `lost: ${comment}`)
  }
  // and all of the text outside the container, or outside the value where one takes the place of another
  const [start, end] = spot.value !== undefined && to !== undefined
    ? [spot.value.start, spot.value.end]
    : [spot.container.start, spot.container.end]
  assert.strictEqual(after.slice(0, start), text.slice(0, start))
  assert.isTrue(after.endsWith(text.slice(end)))
  return after
}

const sequence = (text: string, draw: (below: number) => number, values: ReadonlyArray<unknown>): void => {
  let now = value(text)
  let here = text
  for (const to of values) {
    const path = pick(now, draw)
    if (path.length === 0) continue
    const given = draw(3) === 0 ? undefined : { value: to }
    here = step(here, now, path, given)
    now = value(here)
  }
}

const seeds = FastCheck.array(FastCheck.nat(), { minLength: 8, maxLength: 24 })
const values = FastCheck.array(anyValue, { minLength: 1, maxLength: 12 })

describe("any sequence of edits", () => {
  it.prop(
    "of the document's examples keeps every comment and gives back what was set",
    [FastCheck.constantFrom(...documentExamples), seeds, values],
    ([text, numbers, values]) => sequence(text, draws(numbers), values)
  )

  it.prop(
    "of 100 configurations in any order of characters keeps every comment and gives back what was set",
    [anyObject, seeds, values],
    ([config, numbers, values]) => {
      const draw = draws(numbers)
      const text = scribble(config, draw)
      assert.isTrue(Either.isRight(parse(text, "f")), text)
      sequence(text, draw, values)
    }
  )
})
