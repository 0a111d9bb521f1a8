import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { ContentEvent } from "../../src/Chat.js"
import { make } from "../../src/core/decode/decoder.js"
import type { Run } from "../../src/core/repair/repair.js"
import { repaired, repairWhole, textCalls, thinkTags } from "../../src/core/repair/repairs.js"
import { makeId, ollama, replay } from "./support.js"

type Said = readonly ["text" | "reasoning" | "call", string]

const eventsOf = (said: ReadonlyArray<Said>): ReadonlyArray<ContentEvent> =>
  said.map(([type, text]): ContentEvent =>
    type === "call"
      ? { type: "tool-call", id: text, name: "f", arguments: {}, argumentsText: "{}" }
      : { type: `${type}-delta`, id: "x", delta: text }
  )

const run = (repair: Run, said: ReadonlyArray<Said>, complete = true): ReadonlyArray<Said> => {
  const events = [...eventsOf(said).flatMap((event) => repair.push([event])), ...repair.end(complete)]
  return replay(events, complete).map((part): Said =>
    part.type === "tool-call" ? ["call", `${part.name}${part.argumentsText}`] : [part.type, part.text]
  )
}

const text = (...pieces: ReadonlyArray<string>): ReadonlyArray<Said> => pieces.map((piece): Said => ["text", piece])

/** The same text cut at any places gives the same parts. */
const anyCut = (makeRepair: () => Run, whole: string, expected: ReadonlyArray<Said>) => {
  assert.deepStrictEqual(run(makeRepair(), text(whole)), expected)
  assert.deepStrictEqual(run(makeRepair(), text(...whole)), expected)
  for (let at = 1; at < whole.length; at++) {
    assert.deepStrictEqual(run(makeRepair(), text(whole.slice(0, at), whole.slice(at))), expected, `at ${at}`)
  }
}

describe("thinkTags", () => {
  it("edge case 34: makes reasoning of a tagged block, however it is cut", () => {
    anyCut(thinkTags, "<think>\nhmm\n</think>\n\nHi", [["reasoning", "hmm\n"], ["text", "Hi"]])
    assert.deepStrictEqual(run(thinkTags(), text("<th", "ink>", "a", "</th", "ink>", "b")), [
      ["reasoning", "a"],
      ["text", "b"]
    ])
  })

  it("drops blanks before the first block", () => {
    anyCut(thinkTags, "\n <think>a</think> b", [["reasoning", "a"], ["text", "b"]])
  })

  it("reads a block after text, and several blocks", () => {
    anyCut(thinkTags, "x <think>a</think> y<think>b</think>", [
      ["text", "x "],
      ["reasoning", "a"],
      ["text", "y"],
      ["reasoning", "b"]
    ])
  })

  it("edge case 34: drops a lone closing tag that begins the text, and leaves one that follows text", () => {
    anyCut(thinkTags, "\n</think>\n\nHi", [["text", "Hi"]])
    anyCut(thinkTags, "Hi </think> you", [["text", "Hi </think> you"]])
  })

  it("takes a block that never closes as reasoning, and keeps what only looked like a tag", () => {
    anyCut(thinkTags, "<think>a</thin", [["reasoning", "a</thin"]])
    anyCut(thinkTags, "1 <thin", [["text", "1 <thin"]])
    anyCut(thinkTags, "  <b>", [["text", "  <b>"]])
    anyCut(thinkTags, " \n", [["text", " \n"]])
  })

  it("begins inside on demand", () => {
    anyCut(() => thinkTags({ inside: true }), "\nhmm</think>\nHi", [["reasoning", "hmm"], ["text", "Hi"]])
  })

  it("is not inside any more once the server tells reasoning apart by itself", () => {
    const inside = () => thinkTags({ inside: true })
    assert.deepStrictEqual(run(inside(), [["reasoning", "r"], ["text", " Hi"]]), [["reasoning", "r"], ["text", " Hi"]])
    assert.deepStrictEqual(run(inside(), [["text", "a"], ["reasoning", "r"], ["text", "<think>b</think>Hi"]]), [
      ["reasoning", "arb"],
      ["text", "Hi"]
    ])
  })

  it("keeps the server's own reasoning and calls in their places", () => {
    assert.deepStrictEqual(
      run(thinkTags(), [["reasoning", "r"], ["text", "<t"], ["call", "1"], ["text", "</think>b"]]),
      [
        ["reasoning", "r"],
        ["text", "<t"],
        ["call", "f{}"],
        ["text", "</think>b"]
      ]
    )
  })

  it("reads many blanks, one by one, after a tag as quickly as elsewhere", () => {
    const repair = thinkTags()
    const blank = eventsOf(text(" "))
    repair.push(eventsOf(text("</think> ")))
    let said = 0
    for (let i = 0; i < 300_000; i++) said += repair.push(blank).length
    assert.strictEqual(said, 0)
    assert.deepStrictEqual(run(repair, text("a")), [["text", "a"]])
  })

  it("loses nothing of text without tags, however it is cut", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(
          FastCheck.stringOf(FastCheck.constantFrom("<", "/", "t", "h", "i", "n", " ", "x")).filter((s) => s !== "")
        ),
        (pieces) => {
          const whole = pieces.join("")
          FastCheck.pre(!/<\/?think>/.test(whole))
          assert.deepStrictEqual(run(thinkTags(), text(...pieces)), whole === "" ? [] : [["text", whole]])
        }
      ),
      { numRuns: 500 }
    )
  })
})

const offered = () => textCalls({ tools: ["f", "get_weather"], makeId })

describe("textCalls", () => {
  it("edge case 34: makes calls of text in each known form, however it is cut", () => {
    const call: ReadonlyArray<Said> = [["call", "f{\"n\":12345678901234567890}"]]
    for (
      const form of [
        "{\"name\":\"f\",\"parameters\":{\"n\":12345678901234567890}}",
        " {\"name\": \"f\", \"arguments\": {\"n\":12345678901234567890}}\n",
        "<tool_call>\n{\"name\":\"f\",\"arguments\":{\"n\":12345678901234567890}}\n</tool_call>",
        "```json\n{\"name\":\"f\",\"parameters\":{\"n\":12345678901234567890}}\n```",
        "```\n{\"arguments\":{\"n\":12345678901234567890},\"name\":\"f\"}\n```"
      ]
    ) anyCut(offered, form, call)
    anyCut(
      offered,
      "<tool_call>{\"name\":\"f\",\"arguments\":{\"s\":\"</tool_call>\"}}</tool_call>\n<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>",
      [["call", "f{\"s\":\"</tool_call>\"}"], ["call", "f{}"]]
    )
  })

  it("gives any other text unchanged", () => {
    for (
      const other of [
        "Hello",
        "{\"name\":\"not_offered\",\"parameters\":{}}",
        "{\"name\":\"f\",\"parameters\":[]}",
        "{\"name\":\"f\"}",
        "{\"name\":\"f\",\"parameters\":{},\"more\":1}",
        "{\"answer\":42}",
        "{\"name\":\"f\",\"parameters\":{}} and more",
        "{\"name\":\"f\",\"parameters\":{}",
        "so: {\"name\":\"f\",\"parameters\":{}}",
        "<tool_call>{\"name\":\"f\",\"arguments\":{}}",
        "<tool_call>nothing</tool_call>",
        "```python\nprint()\n```",
        "```",
        "```json\n{\"a\":1}\n```",
        "  "
      ]
    ) anyCut(offered, other, [["text", other]])
  })

  it("gives text at once when it can be no call", () => {
    const repair = offered()
    assert.strictEqual(repair.push(eventsOf(text("{\"name"))).length, 0)
    // the start of the part, and what was held back as one
    assert.strictEqual(repair.push(eventsOf(text("s\":"))).length, 2)
    assert.strictEqual(repair.push(eventsOf(text(" more"))).length, 1)
  })

  it("keeps no delta of what it holds back", () => {
    const repair = offered()
    repair.push(eventsOf(text("{\"name\":")))
    for (let i = 0; i < 100_000; i++) repair.push(eventsOf(text(`n${i}`)))
    assert.deepStrictEqual(repair.end(false).map((event) => event.type), ["text-start", "text-delta"])
  })

  it("says tool-calls where the server said stop, and only then", () => {
    const repair = offered()
    run(repair, text("{\"name\":\"f\",\"parameters\":{}}"))
    assert.strictEqual(repair.finish({ finishReason: "stop" }).finishReason, "tool-calls")
    assert.strictEqual(repair.finish({ finishReason: "length" }).finishReason, "length")
    assert.strictEqual(offered().finish({ finishReason: "stop" }).finishReason, "stop")
  })

  it("leaves text beside a real call, and of an unfinished answer, as text", () => {
    const call = "{\"name\":\"f\",\"parameters\":{}}"
    assert.deepStrictEqual(run(offered(), [["text", call], ["call", "1"]]), [["text", call], ["call", "f{}"]])
    assert.deepStrictEqual(run(offered(), text(call), false), [["text", call]])
  })
})

describe("what a server wants back with a text", () => {
  const source = { provider: "p", origin: "http://p", api: "openai-completions" }
  const metadata = { ...source, value: { signature: "s" } }
  const ofText = (...pieces: ReadonlyArray<string>): ReadonlyArray<ContentEvent> => [
    { type: "text-start", id: "x" },
    ...eventsOf(text(...pieces)),
    { type: "text-end", id: "x", metadata }
  ]
  const parts = (repair: Run, events: ReadonlyArray<ContentEvent>) =>
    repairWhole(events, { finishReason: "stop" }, [repair]).parts

  it("stays with it, also when it was held back", () => {
    for (const repair of [() => thinkTags(), offered]) {
      for (const one of ["Hi", "{\"name\": 1", "a <thi", " "]) {
        const [said] = parts(repair(), [...ofText(one), ...eventsOf([["call", "1"]])])
        assert.deepStrictEqual(said, { type: "text", text: one, metadata })
      }
    }
  })

  it("goes with the part that is open where the text ends", () => {
    assert.deepStrictEqual(parts(thinkTags(), ofText("<think>a</think>Hi", " <t")), [
      { type: "reasoning", text: "a" },
      { type: "text", text: "Hi <t", metadata }
    ])
    assert.deepStrictEqual(parts(thinkTags(), ofText("<think>a")), [{ type: "reasoning", text: "a", metadata }])
  })

  it("stands beside what other reasoning came with", () => {
    const field = { ...source, value: { field: "reasoning_content" } }
    const events: ReadonlyArray<ContentEvent> = [
      ...eventsOf([["reasoning", "r"]]),
      { type: "reasoning-end", id: "y", metadata: field },
      ...ofText("<think>a")
    ]
    assert.deepStrictEqual(parts(thinkTags(), events), [
      { type: "reasoning", text: "ra", metadata: { ...source, value: { ...field.value, ...metadata.value } } }
    ])
  })

  it("goes with the call that the text is", () => {
    const call = "<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>"
    const [first, second] = parts(offered(), ofText(call, call))
    assert.deepStrictEqual(first?.metadata, metadata)
    assert.isUndefined(second?.metadata)
  })
})

describe("repaired", () => {
  const line = (content: string, rest = ",\"done\":false") =>
    `{"message":{"content":${JSON.stringify(content)}}${rest}}\n`
  const utf8 = new TextEncoder()
  const made = () => repaired(make({ wire: ollama, makeId }), [thinkTags(), offered()])

  it("passes a stream through all repairs", () => {
    const decoder = made()
    const input = line("<think>a</think>") + line("{\"name\":\"f\",\"parameters\":{}}") + line("", ",\"done\":true")
    const events = [...decoder.push(utf8.encode(input)), ...(decoder.isFinished ? [] : ["not finished"])]
    const last = decoder.end()
    assert.strictEqual(last.finish?.finishReason, "tool-calls")
    assert.deepStrictEqual(
      replay([...events, ...last.events] as ReadonlyArray<ContentEvent>, true),
      decoder.partial().parts
    )
    assert.deepStrictEqual(decoder.partial().parts.map((part) => part.type), ["reasoning", "tool-call"])
  })

  it("shows text that is held back among what has arrived, also after a failure", () => {
    const decoder = made()
    decoder.push(utf8.encode(line("{\"name\"")))
    assert.deepStrictEqual(decoder.partial().parts, [{ type: "text", text: "{\"name\"" }])
    decoder.push(utf8.encode("{\"error\":\"x\"}\n"))
    assert.deepStrictEqual(decoder.partial().parts, [{ type: "text", text: "{\"name\"" }])
    assert.deepStrictEqual(decoder.failure, { _tag: "InBandError", error: "x" })
  })

  it("shows what is held back as what it is, in its place", () => {
    const partial = (...said: ReadonlyArray<string>) => {
      const decoder = made()
      for (const one of said) decoder.push(utf8.encode(line(one)))
      return decoder.partial().parts
    }
    assert.deepStrictEqual(partial("<think>a</thi"), [{ type: "reasoning", text: "a</thi" }])
    assert.deepStrictEqual(partial("<think>", " \n</th"), [{ type: "reasoning", text: "</th" }])
    assert.deepStrictEqual(partial("b <thi"), [{ type: "text", text: "b <thi" }])
    assert.deepStrictEqual(partial(" ", "{\"name", "\"<thi"), [{ type: "text", text: " {\"name\"<thi" }])
    assert.deepStrictEqual(partial("{\"name", "\"<think>", "</t"), [
      { type: "text", text: "{\"name\"" },
      { type: "reasoning", text: "</t" }
    ])
    assert.deepStrictEqual(partial("<think>a</think>\n", " "), [{ type: "reasoning", text: "a" }])
  })

  it("gives a whole answer the same", () => {
    const { finish, parts } = repairWhole(eventsOf(text("<think>a</think>b")), { finishReason: "stop" }, [
      thinkTags()
    ])
    assert.deepStrictEqual(parts, [{ type: "reasoning", text: "a" }, { type: "text", text: "b" }])
    assert.deepStrictEqual(finish, { finishReason: "stop" })
  })
})
