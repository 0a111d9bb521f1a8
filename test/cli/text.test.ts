import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as input from "../../src/cli/chat/input.js"
import { Wrapping } from "../../src/cli/chat/wrapping.js"
import * as progress from "../../src/cli/progress.js"
import { inks } from "../../src/cli/screen.js"
import { table } from "../../src/cli/table.js"
import { around, bytes, cut, duration, harmless, partOfSentence, widthOf, wrap } from "../../src/cli/text.js"
import type { JsonRecord } from "../../src/core/json.js"
import * as server from "../../src/core/server/progress.js"
import { output } from "./output.js"

describe("text", () => {
  it("is as wide as a terminal shows it", () => {
    assert.strictEqual(widthOf("abc"), 3)
    assert.strictEqual(widthOf("올라마"), 6)
    assert.strictEqual(widthOf("e\u0301👍"), 3)
    assert.strictEqual(widthOf(inks(true).red("abc")), 3)
    assert.strictEqual(cut("올라마 모델", 6), "올라…")
  })

  it("of others moves no cursor", () => {
    assert.strictEqual(harmless("a\u001b[2Jb\u0007\r\nc\u202ed\u009be"), "a\ufffd[2Jb\ufffd\nc\ufffdd\ufffde")
  })

  it("is a part of a sentence without its capital and its full stop", () => {
    assert.strictEqual(partOfSentence("The model, e.g. gpt-oss:20b."), "the model, e.g. gpt-oss:20b")
  })

  it.prop("is wrapped without loss, within its columns", [
    FastCheck.lorem({ maxCount: 40 }),
    FastCheck.integer({ min: 20, max: 60 })
  ], ([text, columns]) => {
    const wrapped = wrap(text, columns)
    assert.strictEqual(wrapped.replace(/\s+/g, " "), text.replace(/\s+/g, " "))
    for (const line of wrapped.split("\n")) assert.isAtMost(widthOf(line), columns)
  })

  it("with a mark below is cut around the mark, and is not wrapped", () => {
    const line = "one two three four five"
    const at = (word: string) => `${" ".repeat(line.indexOf(word))}^`
    assert.strictEqual(around(line, at("three"), 23), `${line}\n${at("three")}`)
    assert.strictEqual(around(line, at("one"), 12), "one two thr…\n^")
    assert.strictEqual(around(line, at("three"), 12), "… two three…\n      ^")
    assert.strictEqual(around(line, at("five"), 12), "…e four five\n        ^")
    assert.strictEqual(around(line, `${" ".repeat(line.length)}^`, 12), "… four five\n           ^")
    assert.strictEqual(around("올라마 모델 설정", "      ^", 8), "…마 모…\n   ^")
    const text = `It is wrong here.\n${line}\n${at("four")}\nMend it.`
    assert.strictEqual(wrap(text, 12), "It is wrong\nhere.\n…hree four …\n      ^\nMend it.")
  })

  it.prop("with a mark keeps it below the same character, within its columns", [
    FastCheck.integer({ min: 0, max: 80 }),
    FastCheck.integer({ min: 8, max: 100 })
  ], ([place, columns]) => {
    const line = Array.from({ length: 80 }, (_, i) => String.fromCharCode(0x100 + i)).join("")
    const [cutLine = "", mark = ""] = around(line, `${" ".repeat(place)}^`, columns).split("\n")
    assert.isAtMost(Math.max(widthOf(cutLine), mark.length), columns)
    assert.strictEqual(cutLine[mark.length - 1], line[place])
  })

  it("of sizes and times is short", () => {
    assert.deepStrictEqual([0, 999, 1500, 13_780_173_839].map(bytes), ["0 B", "999 B", "1.5 KB", "13.8 GB"])
    assert.deepStrictEqual(
      [5, 1234, 61_000, 3_700_000, 300_000_000].map(duration),
      ["5 ms", "1.2 s", "1 min 1 s", "1 h 1 min", "3 days"]
    )
  })
})

describe("a table", () => {
  const columns = [
    { title: "ref", cell: (row: { readonly ref: string; readonly n: number }) => row.ref },
    { title: "tokens", cell: (row: { readonly ref: string; readonly n: number }) => String(row.n), right: true }
  ]
  const rows = [{ ref: "ollama/gpt-oss:20b", n: 5 }, { ref: "올라마", n: 131_072 }]

  it("has columns where it fits", () => {
    assert.strictEqual(
      table(columns, rows, output(80)),
      "REF                 TOKENS\nollama/gpt-oss:20b       5\n올라마              131072"
    )
  })

  it("loses nothing where it does not", () => {
    assert.strictEqual(table(columns, rows, output(24)), "ollama/gpt-oss:20b\n  tokens 5\n올라마\n  tokens 131072")
  })
})

describe("the progress of a pull", () => {
  const layer = (digest: string, total: number, completed?: number) => ({
    status: `pulling ${digest}`,
    digest,
    total,
    completed
  })
  /** All that a screen shows after these lines of a server, one each `every` ms. */
  const all = (lines: ReadonlyArray<JsonRecord>, every: number) => {
    const states = [progress.empty]
    let told = server.initial
    lines.forEach((line, i) => {
      told = server.step(told, line) ?? told
      states.push(progress.step(states.at(-1)!, told, i * every))
    })
    return states
  }
  const after = (lines: ReadonlyArray<JsonRecord>) => all(lines, 1000).at(-1)!

  it("is of all layers, with speed and time", () => {
    const state = after([
      { status: "pulling manifest" },
      layer("aaaaaaaaaaaa", 1_000_000, 0),
      layer("aaaaaaaaaaaa", 1_000_000, 100_000),
      layer("aaaaaaaaaaaa", 1_000_000, 300_000)
    ])
    assert.strictEqual(progress.speedOf(state), 150_000)
    const line = progress.line(state, "m", output(80))
    assert.match(line, /^m +30% .*300 KB of 1\.0 MB {2}150 KB\/s {2}4\.7 s left$/)
    for (const columns of [24, 40, 60, 80, 120]) {
      assert.isAtMost(widthOf(progress.line(state, "a/very:long-name", output(columns))), columns)
    }
  })

  it("does not count what was there already as fast", () => {
    const state = after([
      layer("aaaaaaaaaaaa", 5_000_000, 5_000_000),
      layer("bbbbbbbbbbbb", 1000, 0),
      layer("bbbbbbbbbbbb", 1000, 500)
    ])
    assert.strictEqual(progress.speedOf(state), 500)
  })

  it("does not believe what cannot be", () => {
    const state = after([layer("aaaaaaaaaaaa", -5, 3), layer("bbbbbbbbbbbb", 10, 50), layer("bbbbbbbbbbbb", 10, -1)])
    assert.match(progress.line(state, "m", output(80)), /0 B of 10 B/)
  })

  it("is told in few lines where lines stay", () => {
    const events = [
      { status: "pulling manifest" },
      ...Array.from({ length: 1000 }, (_, i) => layer("aaaaaaaaaaaa", 1000, i)),
      { status: "verifying sha256 digest" },
      { status: "success" }
    ]
    const states = all(events, 1)
    const lines = states.slice(1).flatMap((state, i) => progress.milestone(states[i]!, state) ?? [])
    assert.lengthOf(lines, 12)
  })
})

describe("what is typed into a conversation", () => {
  it("is a prompt, a command, or the beginning of several lines", () => {
    assert.deepStrictEqual(input.read("Hello"), { type: "prompt", text: "Hello" })
    assert.deepStrictEqual(input.read("  "), { type: "nothing" })
    assert.deepStrictEqual(input.read("/set parameter temperature 0.5"), {
      type: "command",
      name: "set",
      rest: "parameter temperature 0.5"
    })
    assert.deepStrictEqual(input.read("/?"), { type: "command", name: "?", rest: "" })
    assert.strictEqual(input.read("/home/me/a.png what is it?").type, "prompt")
    const open = input.read("\"\"\"one")
    assert.strictEqual(open.type, "open")
    assert.deepStrictEqual(input.read("two\"\"\"", open.type === "open" ? open.text : ""), {
      type: "prompt",
      text: "one\ntwo"
    })
    assert.deepStrictEqual(input.read("/set system \"\"\"a\"\"\""), { type: "command", name: "set", rest: "system a" })
    assert.strictEqual(input.read("say \"\"\" aloud").type, "prompt")
  })

  it("may name pictures", () => {
    const paths = (text: string) => input.pictures(text).map(({ path }) => path)
    assert.deepStrictEqual(paths("What is ./a.png and '/b c.JPG'?"), ["./a.png", "/b c.JPG"])
    assert.deepStrictEqual(paths("see /a\\ b.webp."), ["/a b.webp"])
    assert.deepStrictEqual(paths("a.png is no path, nor http.png/x"), [])
  })
})

describe("wrapping while words come", () => {
  const wrapped = (pieces: ReadonlyArray<string>, columns: number) => {
    const wrapping = new Wrapping(() => columns)
    return pieces.map((piece) => wrapping.push(piece)).join("") + wrapping.flush()
  }

  it.prop(
    "is the same however the words are cut, and loses nothing",
    [FastCheck.lorem({ maxCount: 30 }), FastCheck.array(FastCheck.integer({ min: 1, max: 6 }), { minLength: 1 })],
    ([text, sizes]) => {
      const pieces: Array<string> = []
      for (let i = 0, n = 0; i < text.length; n++) {
        const size = sizes[n % sizes.length]!
        pieces.push(text.slice(i, i + size))
        i += size
      }
      const whole = wrapped([text], 30)
      assert.strictEqual(wrapped(pieces, 30), whole)
      assert.strictEqual(whole.replace(/\s+/g, " "), text.replace(/\s+/g, " "))
      for (const line of whole.split("\n")) assert.isAtMost(line.length, 30)
    }
  )

  it("leaves code and long words as they are", () => {
    const code = "```js\nconst  x = 1\n```\n"
    assert.strictEqual(wrapped([code], 80), code)
    assert.strictEqual(wrapped(["x".repeat(50)], 20), "x".repeat(50))
  })
})
