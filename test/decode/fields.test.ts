import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { readEvent } from "../../src/core/wire/wire.js"
import { wires } from "../../src/core/wire/wires.js"
import { decode } from "./support.js"

// The table "What is read of an answer" of docs/completions.md, held against what is read.

const docs = readFileSync(new URL("../../docs/completions.md", import.meta.url), "utf8")
const table = docs.slice(docs.indexOf("### What is read of an answer"), docs.indexOf("### Metadata"))
const rows = table.split("\n").filter((line) => line.startsWith("| ") && !/^\| (field|---)/.test(line))
const namesIn = (text: string): ReadonlyArray<string> => Array.from(text.matchAll(/`([\w.]+)`/g), ([, name]) => name!)
const told = new Set(rows.flatMap((row) => namesIn(row)).flatMap((name) => name.split(".")))

/** A value that says which of its fields are read, at any depth. */
const watched = (value: unknown, read: Set<string>): unknown =>
  typeof value !== "object" || value === null ? value : new Proxy(value, {
    get: (target, key) => {
      if (typeof key === "string" && !Array.isArray(target)) read.add(key)
      const found: unknown = Reflect.get(target, key)
      return typeof found === "function" ? found : watched(found, read)
    }
  })

const call = { id: "1", index: 0, type: "function", function: { name: "f", arguments: "{}" }, extra_content: { a: 1 } }

const said = {
  role: "assistant",
  content: [{ type: "text", text: "a" }, { type: "thinking", thinking: [{ type: "text", text: "b" }] }],
  tool_calls: [call],
  reasoning_details: [{ type: "reasoning.text", text: "c" }, { type: "reasoning.summary", summary: "d" }],
  signature: "e"
}

const answers = {
  "openai-completions": {
    id: "1",
    model: "m",
    choices: [{ index: 0, message: said, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 1,
      completion_tokens: 1,
      total_tokens: 2,
      prompt_tokens_details: { cached_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 1 }
    }
  },
  "ollama": { model: "m", message: { ...said, content: "a" }, done: true, done_reason: "stop", eval_count: 1 }
} as const

describe("docs/completions.md", () => {
  // Where something stands, no thing that is said.
  const places = new Set(["choices", "delta", "message", "response", "index", "type", "toJSON", "raw", "id", "object"])

  for (const api of ["openai-completions", "ollama"] as const) {
    it(`lists every field that is read of an answer, ${api}`, () => {
      const read = new Set<string>()
      for (const given of [answers[api], { error: { message: "no" } }]) {
        readEvent(wires[api], watched(given, read), JSON.stringify(given))
      }
      assert.isAbove(read.size, 15)
      assert.deepStrictEqual([...read].filter((name) => !told.has(name) && !places.has(name)), [])
    })
  }

  it("is right about every field that holds text: it is text, or reasoning, wherever it comes", () => {
    const texts = namesIn(rows.filter((row) => /\| text/.test(row)).map((row) => row.split("|")[1]).join())
      .filter((name, at, all) => name !== "text" && all.indexOf(name) === at)
    const thoughts = namesIn(rows.find((row) => /\| reasoning/.test(row))!.split("|")[1]!)
      .filter((name) => !/^(text|summary|content|thinking|reasoning_details)$/.test(name)).concat("thinking")
    assert.deepStrictEqual([texts, thoughts], [
      ["content", "refusal"],
      ["reasoning", "reasoning_content", "reasoning_text", "thinking"]
    ])
    for (const name of [...texts, ...thoughts]) {
      const chunk = (delta: object, finish: string | null = null) =>
        `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
      const { parts } = decode("openai-completions", [chunk({ [name]: "said" }), chunk({}, "stop")])
      assert.deepStrictEqual(
        parts.map((part) => ("text" in part ? [part.type, part.text] : [part.type])),
        [[texts.includes(name) ? "text" : "reasoning", "said"]],
        name
      )
    }
  })
})
