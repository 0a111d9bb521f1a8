/** A third wire, made up: all that is particular to an API is in one value of the record of wires. */
import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck as FC } from "effect"
import type { ChatCompletions } from "effect-ollama"
import { type Framing, ndjson } from "../src/core/decode/framing.js"
import { root } from "../src/core/decode/jsonText.js"
import type { WireCall } from "../src/core/decode/types.js"
import { isRecord } from "../src/core/json.js"
import * as Params from "../src/core/request/params.js"
import { malformed, putParams, textOr, type Wire } from "../src/core/wire/wire.js"
import { type Wires, wires } from "../src/core/wire/wires.js"
import type { Api } from "../src/Model.js"
import { bytes, cut, decode, replay, same, textOf, whole } from "./decode/support.js"
import { tryEncode } from "./encode/support.js"

/** Lines behind a `> `, so that not even the framing is one of the library's. */
const quoted = (line: string) => line.startsWith("> ") ? line.slice(2) : line
const framing: Framing = {
  cr: false,
  before: "> ",
  after: "\n",
  step: (state, line, out, max) => ndjson.step(state, quoted(line), out, max),
  end: (state, rest, out, max) => ndjson.end(state, quoted(rest), out, max)
}

const fields = {
  temperature: "warmth",
  topP: undefined,
  topK: undefined,
  minP: undefined,
  maxTokens: "at_most",
  seed: "dice",
  stop: undefined,
  frequencyPenalty: undefined,
  presencePenalty: undefined,
  repeatPenalty: undefined,
  think: undefined,
  numCtx: "room",
  keepAlive: undefined
} satisfies Params.Fields

const callOf = (value: unknown, whole: boolean): WireCall => {
  const call = isRecord(value) ? value : {}
  return { id: textOr(call["id"]), name: textOr(call["f"]), index: undefined, text: textOr(call["args"]), whole }
}

let reads = 0

/** `{"at":"…","say":"…"}`, `{"at":"…","muse":"…"}`, `{"call":{…}}`, `{"over":"…","spent":[…]}`; a whole answer has all. */
const parrot: Wire = {
  url: ({ root }) => `${root}/squawk`,
  keepsPath: false,
  ollama: false,
  body: ({ format, model, params, request, stream, tools }) => {
    const body = new Map<string, unknown>([
      ["bird", model],
      ["heard", request.messages.map(({ content, role }) => [role, content])],
      ["slowly", stream]
    ])
    const ignored = [...putParams(body, params, (name, value) => {
      const field = Params.isKnown(name) ? fields[name] : name
      if (field === undefined) return "parrots do not know it"
      body.set(field, value)
      return undefined
    })]
    if (tools.length > 0) body.set("tricks", tools.map(({ name }) => name))
    if (format !== undefined) ignored.push({ setting: "format", reason: "parrots have no form" })
    const numCtx = params.get("numCtx")
    return { body, ignored, ...(typeof numCtx === "number" ? { numCtx } : undefined) }
  },
  framing,
  read: (value) => {
    reads++
    const { call, calls, muse, over, say, spent } = value
    if (say !== undefined && typeof say !== "string") return malformed("what it says is no text")
    const whole = Array.isArray(calls) ? calls.map((one) => callOf(one, true)) : []
    return {
      _tag: "Event",
      reasoning: textOr(muse),
      content: textOr(say),
      calls: call === undefined ? whole : [callOf(call, false)],
      finish: over === undefined
        ? undefined
        : { reason: over === "tired" ? "length" : "stop", word: String(over), failed: false },
      done: over !== undefined,
      usage: typeof spent === "number" ? { outputTokens: spent } : undefined,
      timings: undefined,
      model: textOr(value["bird"])
    }
  },
  isAnswer: (value) => "over" in value,
  place: { message: root, keys: { text: ["say"], reasoning: ["muse"] }, stamp: "at" }
}

const three: Wires<Api | "parrot"> = { ...wires, parrot }

const line = (value: object) => `> ${JSON.stringify(value)}\n`
const say = (text: string, at = 0) => line({ at: `${at}`, say: text })
const muse = (text: string, at = 0) => line({ at: `${at}`, muse: text })
const over = line({ over: "done", spent: 7, bird: "polly" })

describe("a third wire", () => {
  const encoded = (options: ChatCompletions.CompletionOptions) =>
    Either.getOrThrowWith(tryEncode(options, { wire: three.parrot, stream: true }), (error) => error)

  it("writes the body that it says, at its own address, with what it cannot carry", () => {
    const { body, ignored, numCtx } = encoded({
      prompt: "Hi",
      temperature: 0.5,
      topP: 0.9,
      numCtx: 4096,
      format: "json",
      tools: [{ name: "wave" }],
      toolChoice: "required",
      params: { feathers: { colour: "red" }, logprobs: true }
    })
    assert.deepStrictEqual(JSON.parse(body), {
      bird: "m",
      heard: [["user", "Hi"]],
      slowly: true,
      warmth: 0.5,
      room: 4096,
      feathers: { colour: "red" },
      tricks: ["wave"]
    })
    assert.sameMembers(ignored.map(({ setting }) => setting), ["toolChoice", "topP", "logprobs", "format"])
    assert.strictEqual(numCtx, 4096)
    assert.strictEqual(three.parrot.url({ root: "http://h", completionsUrl: "http://h/v1" }), "http://h/squawk")
  })

  it("is read from a stream, whatever its split", () => {
    const input = bytes(
      muse("hm") + say("A 🦜") + say("\n said") + line({ call: { id: "x", f: "wave", args: "{\"n\":" } }) +
        line({ call: { id: "x", args: "1}" } }) + over
    )
    const known = decode(three.parrot, [input])
    assert.deepStrictEqual(known.parts, [
      { type: "reasoning", text: "hm" },
      { type: "text", text: "A 🦜\n said" },
      { type: "tool-call", id: "x", name: "wave", arguments: { n: 1 }, argumentsText: "{\"n\":1}" }
    ])
    assert.deepStrictEqual(known.finish, {
      finishReason: "tool-calls",
      rawFinishReason: "done",
      usage: { outputTokens: 7 },
      model: "polly"
    })
    same(replay(known.events, true), known.parts)
    for (let at = 0; at <= input.length; at++) {
      same(decode(three.parrot, [input.subarray(0, at), input.subarray(at)]), known, `at ${at}`)
    }
    for (const size of [1, 2, 7]) same(decode(three.parrot, cut(input, size)), known, `in ${size}`)
  })

  it("is read as a whole answer, and as a stream that nobody asked for", () => {
    const answer = { bird: "polly", muse: "hm", say: "Ahoy", calls: [{ id: "x", f: "wave" }], over: "tired", spent: 7 }
    const { finish, parts } = whole(three.parrot, JSON.stringify(answer))
    assert.deepStrictEqual(parts.map(({ type }) => type), ["reasoning", "text", "tool-call"])
    assert.deepStrictEqual(finish, {
      finishReason: "length",
      rawFinishReason: "tired",
      usage: { outputTokens: 7 },
      model: "polly"
    })
    assert.strictEqual(textOf(whole(three.parrot, (say("Ah") + say("oy") + over).replaceAll("> ", "")).parts), "Ahoy")
    assert.deepStrictEqual(whole(three.parrot, "{\"say\":\"Ahoy\"}").failure, malformed("the answer has no message"))
    assert.deepStrictEqual(whole(three.parrot, "{\"say\":5}").failure, malformed("what it says is no text"))
    assert.deepStrictEqual(whole(three.parrot, "{\"error\":\"x\"}").failure, { _tag: "InBandError", error: "x" })
  })

  it("has the fast path, which reads most of a stream and gives what the full parser gives", () => {
    const input = bytes(
      Array.from({ length: 100 }, (_, i) => (i % 10 < 3 ? muse : say)(`\\ "${i}"`, i)).join("") + over
    )
    const readsOf = (fastPath: boolean) => {
      reads = 0
      const result = decode(three.parrot, [input], { fastPath })
      return { result, reads }
    }
    const slow = readsOf(false)
    const fast = readsOf(true)
    same(fast.result, slow.result)
    assert.strictEqual(slow.reads, 101)
    // the first of each kind, and the end
    assert.strictEqual(fast.reads, 3)
  })

  it("keeps to it for any text and any split", () => {
    const said = FC.array(FC.tuple(FC.boolean(), FC.string({ unit: "grapheme", minLength: 1 })), { maxLength: 20 })
    FC.assert(
      FC.property(said, FC.integer({ min: 1, max: 40 }), (pieces, size) => {
        const input = bytes(pieces.map(([is, text], i) => (is ? say : muse)(text, i)).join("") + over)
        const result = decode(three.parrot, cut(input, size))
        same(result, decode(three.parrot, [input], { fastPath: false }))
        assert.strictEqual(textOf(result.parts), pieces.flatMap(([is, text]) => is ? [text] : []).join(""))
      }),
      { numRuns: 200 }
    )
  })
})
