import { assert, describe, it } from "@effect/vitest"
import { make } from "../../src/core/decode/decoder.js"
import {
  brief,
  bytes,
  calls,
  completions,
  decode,
  delta,
  event,
  makeId,
  ollama,
  stop,
  textOf,
  whole
} from "./support.js"

const open = (id: string, index: number, name = "f", args = "\"\"") =>
  `{"id":"${id}","index":${index},"type":"function","function":{"name":"${name}","arguments":${args}}}`
const more = (index: number, args: string) => `{"index":${index},"function":{"arguments":${JSON.stringify(args)}}}`

describe("calls in fragments", () => {
  it("are put together by index, interleaved, in the order in which they began", () => {
    const result = decode(completions, [
      calls(open("a", 0)),
      calls(open("b", 1)),
      calls(more(1, "{\"y\":")),
      calls(`${more(0, "{\"x\"")},${more(1, "2}")}`),
      calls(more(0, ":1}")),
      stop
    ])
    assert.deepStrictEqual(brief(result), ["a f {\"x\":1}", "b f {\"y\":2}"])
  })

  it("are given out when complete, at the latest at the finish", () => {
    const decoder = make({ wire: completions, makeId })
    assert.strictEqual(decoder.push(bytes(calls(open("a", 0)))).length, 0)
    assert.strictEqual(decoder.push(bytes(calls(more(0, "{}")))).length, 1)
    assert.strictEqual(decoder.push(bytes(calls(open("b", 1)))).length, 0)
    assert.deepStrictEqual(decoder.push(bytes(stop)), [
      { type: "tool-call", id: "b", name: "f", arguments: {}, argumentsText: "{}" }
    ])
  })

  it("a repeated id extends incomplete arguments, and is a second call after complete ones", () => {
    assert.deepStrictEqual(
      brief(decode(completions, [calls(open("a", 0, "f", "\"{\"")), calls(open("a", 0, "", "\"}\"")), stop])),
      ["a f {}"]
    )
    assert.deepStrictEqual(
      brief(decode(completions, [calls(open("a", 0, "f", "\"{}\"")), calls(open("a", 0, "f", "\"{}\"")), stop])),
      [
        "a f {}",
        "a f {}"
      ]
    )
  })

  it("a repeated id is a second call also while the first, complete, waits for one before it", () => {
    const result = decode(completions, [
      calls(open("a", 0)),
      calls(open("b", 1, "f", "\"{}\"")),
      calls(open("b", 2, "f", "\"{}\"")),
      calls(more(0, "{}")),
      stop
    ])
    assert.deepStrictEqual(brief(result), ["a f {}", "b f {}", "b f {}"])
  })

  it("a name without an id begins a call; empty and null ids and names count as missing", () => {
    const nameless = (args: string) =>
      `{"id":null,"index":0,"function":{"name":"","arguments":${JSON.stringify(args)}}}`
    const named = "{\"index\":0,\"function\":{\"name\":\"g\",\"arguments\":\"\"}}"
    const result = decode(completions, [
      calls(named),
      calls(nameless("{\"a\"")),
      calls(nameless(":1}")),
      calls(nameless("")),
      calls(named),
      stop
    ])
    assert.deepStrictEqual(brief(result), ["made-0 g {\"a\":1}", "made-1 g {}"])
  })

  it("a name without an id that is said again with every piece goes on with the call, until that is complete", () => {
    const named = (index: number, args: string, name = "f") =>
      calls(`{"index":${index},"function":{"name":"${name}","arguments":${JSON.stringify(args)}}}`)
    const pieces = ["{\"", "x", "\":1}"]
    assert.deepStrictEqual(brief(decode(completions, [...pieces.map((args) => named(0, args)), stop])), [
      "made-0 f {\"x\":1}"
    ])
    assert.deepStrictEqual(brief(decode(completions, [calls(open("a", 0)), named(0, "{\"x\":1}"), stop])), [
      "a f {\"x\":1}"
    ])
    assert.deepStrictEqual(
      brief(decode(completions, [...pieces, ...pieces].map((args) => named(0, args)).concat(stop))),
      ["made-0 f {\"x\":1}", "made-1 f {\"x\":1}"]
    )
    // another name, or another place, is another call
    for (const other of [named(0, "{}", "g"), named(1, "{}")]) {
      const result = decode(completions, [named(0, ""), other, stop])
      assert.lengthOf(brief(result), 2)
    }
  })

  it("a name without an id that says nothing more is another call, and so is each one of an event", () => {
    const named = (args: string) => `{"index":0,"function":{"name":"f","arguments":${JSON.stringify(args)}}}`
    for (
      const said of [
        [calls(`${named("")},${named("")}`)],
        [calls(named("")), calls(named(""))],
        [calls(`${named("")},${named("{}")}`)]
      ]
    ) {
      assert.deepStrictEqual(brief(decode(completions, [...said, stop])), ["made-0 f {}", "made-1 f {}"])
    }
    const opened = calls(`${named("")},${named("{")}`)
    assert.deepStrictEqual(brief(decode(completions, [opened, calls(named("}")), stop])), [
      "made-0 f {}",
      "made-1 f {}"
    ])
  })

  it("an id may stand with the name", () => {
    const piece = (args: string) => calls(`{"index":0,"function":{"id":"a","name":"f","arguments":"${args}"}}`)
    assert.deepStrictEqual(brief(decode(completions, [piece("{"), piece("}"), stop])), ["a f {}"])
  })

  it("a name in two pieces is put together where that makes the name of a tool", () => {
    const name = (said: string, id = "") => calls(`{"id":"${id}","index":0,"function":{"name":"${said}"}}`)
    const inPieces = (...tools: ReadonlyArray<string>) =>
      brief(decode(completions, [name("sea", "a"), name("r"), name("ch"), calls(more(0, "{}")), stop], { tools }))
    assert.deepStrictEqual(inPieces("search"), ["a search {}"])
    assert.lengthOf(inPieces("sea", "search"), 3)
    assert.lengthOf(inPieces("other"), 3)
    assert.deepStrictEqual(
      brief(decode(completions, [name("sea", "a"), name("rch", "a"), stop], { tools: ["search"] })),
      ["a search {}"]
    )
  })

  it("nothing more under the id of a complete call is none, with its name and its index or without a name", () => {
    const full = "\"{\\\"x\\\":1}\""
    for (
      const echo of [
        open("a", 0),
        open("a", 0, "f", "null"),
        open("a", 0, ""),
        "{\"index\":0,\"id\":\"a\",\"function\":null}"
      ]
    ) {
      const result = decode(completions, [calls(open("a", 0, "f", full)), calls(echo), stop])
      assert.deepStrictEqual([brief(result), result.failure], [["a f {\"x\":1}"], undefined], echo)
      // also while it waits for one before it
      const waiting = decode(completions, [calls(open("b", 1)), calls(open("a", 0, "f", full)), calls(echo), stop])
      assert.deepStrictEqual(brief(waiting), ["b f {}", "a f {\"x\":1}"], echo)
    }
    // another place is another call
    assert.lengthOf(brief(decode(completions, [calls(open("a", 0, "f", full)), calls(open("a", 1)), stop])), 2)
  })

  it("that are broken at the finish, or continue a complete call, are malformed", () => {
    const cutOff = decode(completions, [calls(open("a", 0, "f", "\"{\\\"x\"")), delta("", "\"length\"")])
    assert.deepStrictEqual(cutOff.failure, { _tag: "MalformedToolCall", id: "a", name: "f", raw: "{\"x" })
    const full = "{\\\"x\\\":1}"
    const trailing = decode(completions, [calls(open("a", 0, "f", `"${full}"`)), calls(more(0, "{}")), stop])
    assert.deepStrictEqual(trailing.failure, { _tag: "MalformedToolCall", id: "a", name: "f", raw: "{\"x\":1}{}" })
    assert.deepStrictEqual(decode(completions, [calls(open("a", 0, "f", "\"{\""))]).failure, { _tag: "Ended" })
  })

  it("that continue a call which came whole are malformed, and name that one", () => {
    const whole = event(`{"choices":[{"message":{"tool_calls":[${open("a", 0, "f", "{}")}]}}]}`)
    assert.deepStrictEqual(
      decode(completions, [calls(open("b", 1, "g", "\"{}\"")), whole, calls(more(0, "x"))]).failure,
      {
        _tag: "MalformedToolCall",
        id: "a",
        name: "f",
        raw: "{}x"
      }
    )
  })
})

describe("the call of before tool_calls", () => {
  const call = "\"function_call\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}"

  it("is a call, in pieces and whole, on both APIs", () => {
    const piece = (fields: object) => delta(`"function_call":${JSON.stringify(fields)}`)
    const end = delta("\"function_call\":null", "\"function_call\"")
    for (const name of [{}, { name: "f" }, { name: "" }]) {
      const result = decode(completions, [
        piece({ name: "f", arguments: "" }),
        piece({ ...name, arguments: "{\"x\"" }),
        piece({ ...name, arguments: ":1}" }),
        end
      ])
      assert.deepStrictEqual(brief(result), ["made-0 f {\"x\":1}"])
      assert.strictEqual(result.finish?.finishReason, "tool-calls")
    }
    const message = `"message":{"content":null,${call},"tool_calls":[]}`
    assert.lengthOf(whole(completions, `{"choices":[{${message},"finish_reason":"function_call"}]}`).parts, 1)
    assert.lengthOf(whole(ollama, `{${message},"done":true}`).parts, 1)
  })

  it("has arguments that are an object digit by digit", () => {
    const said = "\"function_call\":{\"name\":\"f\",\"arguments\":{\"n\":12345678901234567890}}"
    const text = "f {\"n\":12345678901234567890}"
    assert.deepStrictEqual(brief(decode(completions, [delta(said), stop])), [`made-0 ${text}`])
    const answer = whole(completions, `{"choices":[{"message":{${said}},"finish_reason":"stop"}]}`)
    assert.deepStrictEqual(brief(answer), [`made-0 ${text}`])
    assert.deepStrictEqual(brief(decode(ollama, [`{"message":{${said}},"done":true}\n`])), [`made-0 ${text}`])
  })

  it("says nothing behind tool_calls, in one piece or in several", () => {
    const piece = (fields: object) => delta(`"function_call":${JSON.stringify(fields)}`)
    const listed = calls(open("a", 0, "f", "\"{\\\"x\\\":1}\""))
    for (const again of [delta(call), piece({ name: "f", arguments: "" }) + piece({ arguments: "{\"x\":1}" })]) {
      const result = decode(completions, [listed, again, stop])
      assert.deepStrictEqual([brief(result), result.failure], [["a f {\"x\":1}"], undefined])
    }
  })

  it("says nothing beside tool_calls, and when it is empty", () => {
    assert.deepStrictEqual(brief(decode(completions, [calls(`${open("a", 0)}],${call},"more":[`), stop])), ["a f {}"])
    const empty = "\"content\":\"a\",\"function_call\":{\"name\":\"\",\"arguments\":\"\"}"
    assert.strictEqual(textOf(decode(completions, [delta(empty), stop]).parts), "a")
    assert.isUndefined(whole(completions, `{"choices":[{"message":{${empty}},"finish_reason":"stop"}]}`).failure)
  })
})

describe("arguments", () => {
  it("an empty object that opens a call stands for those that follow, and for none when none do", () => {
    const opened = calls(open("a", 0, "f", "\"{}\""))
    assert.deepStrictEqual(
      brief(decode(completions, [opened, calls(more(0, "{\"x\":")), calls(more(0, "1}")), stop])),
      ["a f {\"x\":1}"]
    )
    assert.deepStrictEqual(brief(decode(completions, [opened, stop])), ["a f {}"])
  })

  it("that were encoded twice are read", () => {
    const twice = JSON.stringify(JSON.stringify(JSON.stringify({ x: 1 })))
    assert.deepStrictEqual(brief(decode(completions, [calls(open("a", 0, "f", twice)), stop])), ["a f {\"x\":1}"])
  })
})

describe("whole answers", () => {
  it("that say themselves that they are not done are none", () => {
    const said = whole(ollama, "{\"message\":{\"content\":\"a\"},\"done\":false}")
    assert.deepStrictEqual(said.failure, { _tag: "NotDone" })
    assert.deepStrictEqual(said.parts, [{ type: "text", text: "a" }])
    const completion = "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":null}]}"
    assert.deepStrictEqual(whole(completions, completion).failure, { _tag: "NotDone" })
  })

  it("that were streamed all the same are read", () => {
    assert.strictEqual(
      whole(ollama, "{\"message\":{\"content\":\"a\"}}\n{\"done\":true}\n").finish?.finishReason,
      "stop"
    )
    for (const before of ["", ": OPENROUTER PROCESSING\n\n", "id: 1\n", "retry: 3000\n\n"]) {
      assert.strictEqual(textOf(whole(completions, before + delta("\"content\":\"a\"") + stop).parts), "a", before)
    }
  })

  it("that are anything else are malformed", () => {
    for (
      const body of [
        "",
        " ",
        "<html>",
        "[]",
        "null",
        "{}",
        "{\"message\":{\"content\":\"a\"}",
        "{\"message\":{\"content\":5},\"done\":true}"
      ]
    ) {
      assert.strictEqual(whole(ollama, body).failure?._tag, "Malformed", body)
      assert.strictEqual(whole(completions, body).failure?._tag, "Malformed", body)
    }
  })
})
