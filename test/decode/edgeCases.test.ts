import { assert, describe, it } from "@effect/vitest"
import { make } from "../../src/core/decode/decoder.js"
import {
  brief,
  bytes,
  calls,
  callsOf,
  completions,
  cut,
  decode,
  delta,
  event,
  makeId,
  ollama,
  reasoningOf,
  stop,
  textOf,
  whole
} from "./support.js"

const line = (message: string, rest = ",\"done\":false") =>
  `{"model":"m","created_at":"t","message":${message}${rest}}\n`
const text = (content: string) => line(`{"role":"assistant","content":${JSON.stringify(content)}}`)
const done = line("{\"role\":\"assistant\",\"content\":\"\"}", ",\"done\":true,\"done_reason\":\"stop\"")

describe("edge cases of the wire", () => {
  it("edge case 1: thinking, content and calls in one line come in that order", () => {
    const result = decode(ollama, [
      line(
        "{\"content\":\"Hi\",\"thinking\":\"ok\",\"tool_calls\":[{\"function\":{\"index\":0,\"name\":\"f\",\"arguments\":{}}}]}"
      ),
      done
    ])
    assert.deepStrictEqual(result.events.map((one) => one.type), [
      "reasoning-start",
      "reasoning-delta",
      "reasoning-end",
      "text-start",
      "text-delta",
      "text-end",
      "tool-call"
    ])
  })

  it("edge case 2: a mixed delta gives reasoning before content", () => {
    const { parts } = decode(completions, [
      delta("\"role\":\"assistant\",\"content\":\"Hi\",\"reasoning\":\"ok\""),
      stop
    ])
    assert.deepStrictEqual(parts, [{ type: "reasoning", text: "ok" }, { type: "text", text: "Hi" }])
  })

  it("edge case 3: content in the done line counts", () => {
    const result = decode(ollama, [
      "{\"message\":{\"content\":\"{\\\"a\\\":1}\"},\"done\":true,\"done_reason\":\"stop\",\"eval_count\":7}"
    ])
    assert.strictEqual(textOf(result.parts), "{\"a\":1}")
    assert.deepStrictEqual(result.finish, { finishReason: "stop", rawFinishReason: "stop", usage: { outputTokens: 7 } })
  })

  it("edge case 4: calls in the done line finish with tool-calls, also when they came earlier; length stays", () => {
    const call = "\"tool_calls\":[{\"id\":\"x\",\"function\":{\"index\":0,\"name\":\"f\",\"arguments\":{\"a\":1}}}]"
    const inDone = (reason: string) => line(`{"content":"",${call}}`, `,"done":true,"done_reason":"${reason}"`)
    assert.strictEqual(decode(ollama, [inDone("stop")]).finish?.finishReason, "tool-calls")
    assert.strictEqual(decode(ollama, [inDone("length")]).finish?.finishReason, "length")
    assert.strictEqual(
      decode(ollama, [line(`{"content":"",${call}}`), text("x"), done]).finish?.finishReason,
      "tool-calls"
    )
  })

  it("edge case 5: an error line after content fails and keeps the text", () => {
    const result = decode(ollama, [text("Hel"), "{\"error\":\"unexpected EOF\"}\n", text("never")])
    assert.deepStrictEqual(result.failure, { _tag: "InBandError", error: "unexpected EOF" })
    assert.deepStrictEqual(result.parts, [{ type: "text", text: "Hel" }])
    assert.strictEqual(result.events.length, 2)
  })

  it("edge case 5: an error fails as the first line, after the finish, and under an odd key", () => {
    for (const before of ["", done]) {
      assert.strictEqual(decode(ollama, [before, "{\"error\":\"x\"}"]).failure?._tag, "InBandError")
    }
    assert.deepStrictEqual(decode(ollama, ["{\"error parsing tool call\": \"raw='{'\"}\n"]).failure, {
      _tag: "InBandError",
      error: "error parsing tool call: raw='{'"
    })
    assert.deepStrictEqual(decode(completions, [stop, "event: error\n", event("{\"code\":1}")]).failure, {
      _tag: "InBandError",
      error: { code: 1 }
    })
  })

  it("a stream of nothing, or of less than a field, is one that ended; anything else is no stream", () => {
    for (const text of ["", "id: 1\n\nretry: 5\n\n", ": ping\n\n", "d", "data", "event", "retr"]) {
      assert.deepStrictEqual(decode(completions, [text]).failure, { _tag: "Ended" }, text)
    }
    for (const text of ["x", "d\n"]) {
      assert.strictEqual(decode(completions, [text]).failure?._tag, "Malformed", text)
    }
  })

  it("of several finishes the first counts, and a usage that says nothing is none", () => {
    const twice = decode(completions, [delta("", "\"length\""), stop])
    assert.strictEqual(twice.finish?.finishReason, "length")
    const empty = event("{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{}}")
    assert.deepStrictEqual(decode(completions, [empty]).finish, { finishReason: "stop", rawFinishReason: "stop" })
  })

  it("a byte order mark before a whole answer is dropped", () => {
    assert.strictEqual(textOf(whole(ollama, "\ufeff{\"message\":{\"content\":\"a\"},\"done\":true}").parts), "a")
  })

  it("an event without data says nothing about the next one", () => {
    const result = decode(completions, ["event: error\n\n", delta("\"content\":\"a\""), stop])
    assert.isUndefined(result.failure)
    assert.strictEqual(textOf(result.parts), "a")
  })

  it("what follows done: true counts the same in its chunk and in a later one", () => {
    const outcome = (after: string) => {
      const results = [[text("a") + done + after], [text("a") + done, after], cut(bytes(text("a") + done + after), 7)]
        .map((chunks) => decode(ollama, chunks))
      for (const result of results) assert.deepStrictEqual(result, results[0])
      return results[0]
    }
    assert.deepStrictEqual(outcome("{\"error\":\"late\"}\n")?.failure, { _tag: "InBandError", error: "late" })
    assert.strictEqual(outcome("xyz\n")?.failure?._tag, "Malformed")
    // an answer that is over takes no more content
    const call = "{\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]}"
    for (const more of [text("b"), text("b") + text("c"), line("{\"thinking\":\"b\"}"), line(call), done]) {
      assert.deepStrictEqual(outcome(more)?.parts, [{ type: "text", text: "a" }])
      assert.deepStrictEqual(outcome(more)?.finish, { finishReason: "stop", rawFinishReason: "stop", model: "m" })
    }
    assert.deepStrictEqual(outcome(line("{}", ",\"done\":true,\"eval_count\":2"))?.finish?.usage, { outputTokens: 2 })
  })

  it("nothing that follows [DONE] counts, in its chunk or in a later one", () => {
    const over = delta("\"content\":\"a\"") + stop + "data: [DONE]\n\n"
    for (
      const after of [
        event("{\"error\":\"late\"}"),
        "{\"error\":\"late\"}",
        delta("\"content\":\"b\""),
        event("xyz"),
        "\ufffd".repeat(100)
      ]
    ) {
      for (const chunks of [[over + after], [over, after], cut(bytes(over + after), 7)]) {
        const result = decode(completions, chunks, { maxEventBytes: 150 })
        assert.isUndefined(result.failure)
        assert.deepStrictEqual(result.parts, [{ type: "text", text: "a" }])
        assert.strictEqual(result.finish?.finishReason, "stop")
      }
    }
    // a decoder that is fed on takes nothing either
    const decoder = make({ wire: completions, makeId })
    decoder.push(bytes(over))
    assert.isTrue(decoder.isDone)
    assert.deepStrictEqual(decoder.push(bytes(delta("\"content\":\"b\""))), [])
    assert.strictEqual(decoder.end().finish?.finishReason, "stop")
  })

  it("events that only a line end parts are events, each as soon as the next begins", () => {
    const lineOf = (said: string) => said.replace(/\n$/, "")
    const input = lineOf(delta("\"content\":\"a\"")) + lineOf(delta("\"content\":\"b\"")) + lineOf(stop)
    for (const end of ["", "\n", "data: [DONE]\n\n", "data: [DO"]) {
      for (const size of [1, 1000]) {
        const result = decode(completions, cut(bytes(input + end), size))
        assert.isUndefined(result.failure, end)
        assert.deepStrictEqual([textOf(result.parts), result.finish?.finishReason], ["ab", "stop"])
      }
    }
    const decoder = make({ wire: completions, makeId })
    decoder.push(bytes(lineOf(delta("\"content\":\"a\""))))
    assert.strictEqual(decoder.push(bytes(lineOf(delta("\"content\":\"b\"")))).length, 2)
    // what is cut at the end is no event, and the whole no success
    const ended = decode(completions, [lineOf(delta("\"content\":\"a\"")), "data: {\"choi"])
    assert.deepStrictEqual([ended.failure, textOf(ended.parts)], [{ _tag: "Ended" }, "a"])
  })

  it("the type of an event is its own, not that of the next one without a blank line between", () => {
    const line = delta("\"content\":\"a\"").trimEnd() + "\n"
    const error = "{\"error\":{\"message\":\"boom\"}}"
    for (const next of [`event: error\n${event(error)}`, `event: error\ndata: ${error}`, `${error}\n`, error]) {
      for (const size of [1, 1000]) {
        const result = decode(completions, cut(bytes(line + next), size))
        assert.deepStrictEqual(result.failure, { _tag: "InBandError", error: { message: "boom" } }, next)
        assert.strictEqual(textOf(result.parts), "a", next)
      }
    }
    // the fields of one event may stand in any order
    assert.deepStrictEqual(decode(completions, [stop, "data: {\"code\":1}\nevent: error\n\n"]).failure, {
      _tag: "InBandError",
      error: { code: 1 }
    })
  })

  it("an error behind an event that was cut off is the error", () => {
    for (const end of ["\n\n", ""]) {
      const said = "data: {\"choices\":[{\"delta\":{\"content\":\"b\ndata: {\"error\":{\"message\":\"no\"}}"
      const result = decode(completions, [delta("\"content\":\"a\""), said + end])
      assert.deepStrictEqual(result.failure, { _tag: "InBandError", error: { message: "no" } })
      assert.strictEqual(textOf(result.parts), "a")
    }
  })

  it("comments sent as data, and text under a type of the server's own, are no matter", () => {
    const content = delta("\"content\":\"a\"")
    for (const said of ["data: : OPENROUTER PROCESSING\n\n", "event: ping\ndata: ping\n\n", "event: ping\ndata:\n\n"]) {
      const result = decode(completions, [said, content, said, stop, said])
      assert.deepStrictEqual([result.failure, textOf(result.parts)], [undefined, "a"], said)
    }
    for (const said of ["data: ping\n\n", "event: message\ndata: ping\n\n", "event: x\ndata: {\"choices\"\n\n"]) {
      assert.strictEqual(decode(completions, [said, content, stop]).failure?._tag, "Malformed", said)
    }
  })

  it("an error sent as text is one, before the finish and after it", () => {
    const failure = { _tag: "InBandError", error: "CUDA out of memory" } as const
    for (const said of ["error: CUDA out of memory", "[ERROR] CUDA out of memory", "Error:CUDA out of memory"]) {
      for (const before of ["", delta("\"content\":\"a\""), stop]) {
        assert.deepStrictEqual(decode(completions, [before, event(said)]).failure, failure, said)
      }
    }
  })

  it("no text that follows the finish matters, and an end mark may be written in other ways", () => {
    for (const end of ["data: bye\n\n", "event: end\ndata: bye\n\n", "data: {\"us\n\n", "data: \"[DONE]\"\n\n"]) {
      assert.strictEqual(decode(completions, [stop, end, end]).finish?.finishReason, "stop", end)
    }
    for (const end of ["[done]", "\"[DONE]\""]) {
      const decoder = make({ wire: completions, makeId })
      decoder.push(bytes(stop + event(end)))
      assert.isTrue(decoder.isDone, end)
    }
  })

  it("text that follows the finish is missed when the answer goes on, as where a finish is beside every piece", () => {
    const piece = (inner: string) => delta(inner, "\"stop\"")
    const lost = "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}\n\n"
    const call = "\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"f\"}}]"
    for (const more of ["\"content\":\"c\"", "\"reasoning\":\"c\"", call]) {
      const result = decode(completions, [delta("\"content\":\"a\""), piece("\"content\":\"a\""), lost, piece(more)])
      assert.strictEqual(result.failure?._tag, "Malformed", more)
      assert.strictEqual(textOf(result.parts), "aa")
    }
    const between = [delta("\"content\":\"a\""), piece("\"content\":\"a\""), lost, delta("\"content\":\"c\"")]
    assert.strictEqual(decode(completions, between).failure?._tag, "Malformed")
    assert.isUndefined(decode(completions, [piece("\"content\":\"a\""), lost, stop]).failure)
  })

  it("edge case 6: an end without done is no success", () => {
    const result = decode(ollama, [text("a"), text("b")])
    assert.deepStrictEqual(result.failure, { _tag: "Ended" })
    assert.strictEqual(textOf(result.parts), "ab")
    assert.deepStrictEqual(decode(ollama, []).failure, { _tag: "Ended" })
    // the same when the end cuts a line, or a character
    const whole = bytes(text("한"))
    for (let at = 0; at < whole.length - 2; at++) {
      assert.deepStrictEqual(decode(ollama, [text("a"), whole.subarray(0, at)]).failure, { _tag: "Ended" }, `at ${at}`)
    }
  })

  it("edge case 7: done_reason without done is a finish, and neither is the end", () => {
    for (const rest of [",\"done_reason\":\"stop\"", ",\"done_reason\":\"stop\",\"done\":true", ",\"done\":true"]) {
      const decoder = make({ wire: ollama, makeId })
      decoder.push(bytes(`{"message":{"content":"a"}${rest},"eval_count":3}\n`))
      assert.isTrue(decoder.isFinished)
      assert.isFalse(decoder.isDone)
      assert.deepStrictEqual(decoder.end().finish, {
        finishReason: "stop",
        rawFinishReason: "stop",
        usage: { outputTokens: 3 }
      })
    }
  })

  it("edge case 8: a /v1 stream that lost its error is no success", () => {
    const lost = event(
      "{\"id\":\"c\",\"model\":\"\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":null}]}"
    )
    assert.deepStrictEqual(decode(completions, [delta("\"content\":\"a\""), lost]).failure, { _tag: "Ended" })
    assert.deepStrictEqual(decode(completions, [lost, "data: [DONE]\n\n"]).failure, { _tag: "Ended" })
  })

  it("edge case 9: a finish without [DONE] is a success, also when the rest is cut", () => {
    assert.strictEqual(decode(completions, [delta("\"content\":\"a\""), stop]).finish?.finishReason, "stop")
    for (const rest of ["d", "data: {\"usage\":{\"prom", "data: [DO"]) {
      assert.strictEqual(
        decode(completions, [delta("\"content\":\"a\""), stop, rest]).finish?.finishReason,
        "stop",
        rest
      )
    }
  })

  it("edge case 12: an error of either form is one on /v1, and null is none", () => {
    const given = { message: "model 'x' not found", type: "not_found_error", param: null, code: null }
    assert.deepStrictEqual(decode(completions, [event(JSON.stringify({ error: given }))]).failure, {
      _tag: "InBandError",
      error: given
    })
    assert.deepStrictEqual(whole(completions, "{\"error\":\"unauthorized\",\"signin_url\":\"u\"}").failure, {
      _tag: "InBandError",
      error: "unauthorized"
    })
    // a raw document behind events
    assert.strictEqual(decode(completions, [stop, "{\"StatusCode\":429,\"error\":\"x\"}"]).failure?._tag, "InBandError")
    assert.isUndefined(decode(completions, [event("{\"error\":null,\"choices\":[]}"), stop]).failure)
  })

  it("edge case 19: lines may be cut anywhere, joined, blank, and end in CR LF or nothing", () => {
    const input = `\ufeff\r\n${text("🙂한")}\r\n\n${text("b")}${done}`.replaceAll("}\n", "}\r\n").trimEnd()
    for (const size of [1, 2, 3, 5, 1000]) {
      const result = decode(ollama, cut(bytes(input), size))
      assert.strictEqual(textOf(result.parts), "🙂한b")
      assert.strictEqual(result.finish?.finishReason, "stop")
    }
    const sse = `\ufeff${delta("\"content\":\"🙂\"")}: ping\n\n${stop}`
    for (const eol of ["\n", "\r\n", "\r"]) {
      for (const size of [1, 2, 3, 5, 1000]) {
        const result = decode(completions, cut(bytes(sse.replaceAll("\n", eol)), size))
        assert.strictEqual(textOf(result.parts), "🙂")
        assert.strictEqual(result.finish?.finishReason, "stop")
      }
    }
  })

  it("edge case 20: escapes are undone, on the fast path too", () => {
    const escaped = (content: string) =>
      `{"model":"m","created_at":"t","message":{"content":"${content}"},"done":false}\n`
    const result = decode(ollama, [
      escaped("a"),
      escaped("\\u003cb\\u003e \\u0026 \\u2028"),
      escaped("\\ud83d\\ude42\ufffd\\n"),
      done
    ])
    assert.strictEqual(textOf(result.parts), "a<b> & \u2028🙂\ufffd\n")
  })

  it("edge case 21: a line of a megabyte is read, in any chunks", () => {
    const big = JSON.stringify({ text: "x\"한".repeat(200_000) })
    const input = bytes(
      line(`{"content":"","tool_calls":[{"id":"x","function":{"name":"f","arguments":${big}}}]}`) + done
    )
    assert.isAbove(input.length, 1_000_000)
    for (const size of [1000, 65_536, input.length]) {
      const [call] = callsOf(decode(ollama, cut(input, size)).parts)
      assert.strictEqual(call?.argumentsText, big)
    }
  })

  it("edge case 26: parallel calls all with index 0 are told apart by id", () => {
    const one = (id: string) => `{"id":"${id}","index":0,"type":"function","function":{"name":"f","arguments":"{}"}}`
    for (const input of [[calls(`${one("a")},${one("b")}`)], [calls(one("a")), calls(one("b"))]]) {
      assert.deepStrictEqual(brief(decode(completions, [...input, stop])), ["a f {}", "b f {}"])
    }
  })

  it("edge case 27: missing ids are made, repeated ones kept, none lost", () => {
    const one = (id: string) => `{${id}"function":{"name":"f","arguments":{}}}`
    const of = (...ids: ReadonlyArray<string>) =>
      brief(decode(ollama, [line(`{"tool_calls":[${ids.map(one).join(",")}]}`), done]))
    assert.deepStrictEqual(of("", ""), ["made-0 f {}", "made-1 f {}"])
    assert.deepStrictEqual(of("\"id\":\"x\",", "\"id\":\"x\",", "\"id\":\"\","), ["x f {}", "x f {}", "made-2 f {}"])
  })

  it("edge case 28: arguments may be an object, a string, nothing, or null", () => {
    const of = (args: string) =>
      callsOf(decode(ollama, [line(`{"tool_calls":[{"id":"x","function":{"name":"f"${args}}}]}`), done]).parts)[0]
    for (
      const none of ["", ",\"arguments\":null", ",\"arguments\":\"\"", ",\"arguments\":\"null\"", ",\"arguments\":{}"]
    ) {
      assert.deepStrictEqual(of(none), { type: "tool-call", id: "x", name: "f", arguments: {}, argumentsText: "{}" })
    }
    assert.deepStrictEqual(of(",\"arguments\":\"{\\\"a\\\":1}\"")?.arguments, { a: 1 })
    const exact = of(",\"arguments\":{ \"n\": 12345678901234567890, \"d\": [1.0, {\"m\": -9007199254740993}] }")
    assert.strictEqual(
      exact?.argumentsText,
      "{ \"n\": 12345678901234567890, \"d\": [1.0, {\"m\": -9007199254740993}] }"
    )
    // of equal keys the last counts
    assert.strictEqual(of(",\"arguments\":{\"a\":1},\"arguments\":{\"b\":2}")?.argumentsText, "{\"b\":2}")
    const proto = of(",\"arguments\":{\"__proto__\":{\"polluted\":true}}")
    assert.isTrue(Object.hasOwn(proto?.arguments ?? {}, "__proto__"))
    assert.isUndefined((proto?.arguments as { readonly polluted?: unknown } | undefined)?.polluted)
  })

  it("edge case 28: arguments that are no object are malformed, with their raw text", () => {
    for (const raw of ["[1]", "5", "\"x\"", "true", "{\"a\":"]) {
      const failure = { _tag: "MalformedToolCall", id: "x", name: "f", raw } as const
      const text = `{"id":"x","index":0,"function":{"name":"f","arguments":${JSON.stringify(raw)}}}`
      assert.deepStrictEqual(decode(completions, [calls(text), stop]).failure, failure, raw)
      assert.deepStrictEqual(decode(ollama, [line(`{"tool_calls":[${text}]}`), done]).failure, failure, raw)
      if (raw.startsWith("{") || raw.startsWith("\"")) continue
      const bare = `{"id":"x","function":{"name":"f","arguments":${raw}}}`
      assert.deepStrictEqual(decode(ollama, [line(`{"tool_calls":[${bare}]}`), done]).failure, failure, raw)
    }
  })

  it("edge case 29: an empty answer is a finish with no parts", () => {
    const result = decode(ollama, [
      line("{\"content\":\"\"}", ",\"done\":true,\"done_reason\":\"stop\",\"eval_count\":57")
    ])
    assert.deepStrictEqual(result.parts, [])
    assert.strictEqual(result.finish?.finishReason, "stop")
  })

  it("edge case 30: an answer of thinking alone is one", () => {
    const result = decode(ollama, [
      line("{\"content\":\"\",\"thinking\":\"hm\"}"),
      line("{}", ",\"done\":true,\"done_reason\":\"length\"")
    ])
    assert.strictEqual(reasoningOf(result.parts), "hm")
    assert.strictEqual(result.finish?.finishReason, "length")
  })

  it("edge case 31: missing counters are absent, durations are ms", () => {
    assert.deepStrictEqual(decode(ollama, [done]).finish, { finishReason: "stop", rawFinishReason: "stop", model: "m" })
    const counted = line(
      "{}",
      ",\"done\":true,\"total_duration\":4496429,\"load_duration\":0,\"prompt_eval_count\":26,\"eval_count\":2,\"eval_duration\":null"
    )
    assert.deepStrictEqual(decode(ollama, [counted]).finish, {
      finishReason: "stop",
      rawFinishReason: "stop",
      usage: { inputTokens: 26, outputTokens: 2, totalTokens: 28 },
      timings: { total: 4.496429, load: 0 },
      model: "m"
    })
  })

  it("edge case 32: a single document where a stream was expected is read, also over several lines", () => {
    const load = {
      model: "m",
      created_at: "t",
      message: { role: "assistant", content: "" },
      done: true,
      done_reason: "load"
    }
    for (const indent of [undefined, 2]) {
      for (const size of [1, 1000]) {
        const result = decode(ollama, cut(bytes(JSON.stringify(load, undefined, indent)), size))
        assert.deepStrictEqual(result.finish, { finishReason: "other", rawFinishReason: "load", model: "m" })
        const answer = { choices: [{ message: { content: "a" }, finish_reason: "stop" }] }
        assert.strictEqual(
          textOf(decode(completions, cut(bytes(JSON.stringify(answer, undefined, indent)), size)).parts),
          "a"
        )
      }
    }
  })

  it("a call that goes on after the finish is judged at the end, and never lost", () => {
    const part = (text: string) =>
      calls(`{"id":"x","index":0,"function":{"name":"f","arguments":${JSON.stringify(text)}}}`)
    assert.deepStrictEqual(decode(completions, [stop, part("{\"a\":")]).failure, {
      _tag: "MalformedToolCall",
      id: "x",
      name: "f",
      raw: "{\"a\":"
    })
    const whole = decode(completions, [stop, part("")])
    assert.deepStrictEqual(brief(whole), ["x f {}"])
    assert.strictEqual(whole.finish?.finishReason, "tool-calls")
    const events =
      decode(completions, [delta("\"content\":\"a\"", "\"stop\""), part(""), delta("\"content\":\"b\"")]).events
    assert.strictEqual(events.at(-1)?.type, "tool-call")
  })

  it("edge case 33: zeros beside content are no usage, zeros with or after the finish are", () => {
    const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    const beside = (choice: string) => event(`{"choices":[${choice}],"usage":${JSON.stringify(zero)}}`)
    const content = beside("{\"delta\":{\"content\":\"a\"}}")
    assert.isUndefined(decode(completions, [content, stop]).finish?.usage)
    const none = { inputTokens: 0, outputTokens: 0, totalTokens: 0 }
    assert.deepStrictEqual(decode(completions, [content, stop, beside("")]).finish?.usage, none)
    assert.deepStrictEqual(
      decode(completions, [beside("{\"delta\":{},\"finish_reason\":\"stop\"}")]).finish?.usage,
      none
    )
  })

  it("edge case 33: a usage chunk without choices counts, zeros beside other chunks do not", () => {
    const usage = (n: number) =>
      event(`{"choices":[],"usage":{"prompt_tokens":${n},"completion_tokens":${n},"total_tokens":${2 * n}}}`)
    const expected = { inputTokens: 3, outputTokens: 3, totalTokens: 6 }
    assert.deepStrictEqual(decode(completions, [usage(0), stop, usage(3), "data: [DONE]\n\n"]).finish?.usage, expected)
    assert.deepStrictEqual(decode(completions, [usage(3), stop, usage(0)]).finish?.usage, expected)
  })
})
