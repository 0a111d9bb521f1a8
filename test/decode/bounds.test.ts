import { assert, describe, it } from "@effect/vitest"
import { make } from "../../src/core/decode/decoder.js"
import type { Api } from "../../src/Model.js"
import { bytes, calls, cut, decode, makeId, ollama, stop, textOf, whole } from "./support.js"

const line = (content: string, rest = "") => `{"message":{"content":${JSON.stringify(content)}}${rest}}\n`
const done = line("", ",\"done\":true")
const join = (...parts: ReadonlyArray<string | ReadonlyArray<number>>): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? [...bytes(part)] : [...part]))

describe("bounds", () => {
  // So many that what takes time with the square of their number never comes to its end: nothing is measured.
  it("any number of calls, one after the other, is read", () => {
    const all = Array.from(
      { length: 40_000 },
      (_, i) => calls(`{"index":${i},"id":"c${i}","function":{"name":"f","arguments":"{\\"a\\":1}"}}`)
    )
    assert.lengthOf(decode("openai-completions", [all.join("") + stop]).parts, all.length)
  })

  it("an event over the bound is malformed, whatever the split; one at the bound is read", () => {
    const max = 100
    const fits = line("x".repeat(max - line("").length + 1))
    assert.strictEqual(fits.length - 1, max)
    const over = line("x".repeat(max - line("").length + 2))
    for (const size of [1, 7, 99, 10_000]) {
      const ok = decode("ollama", cut(bytes(fits + done), size), { maxEventBytes: max })
      assert.isUndefined(ok.failure)
      const bad = decode("ollama", cut(bytes(fits + over + done), size), { maxEventBytes: max })
      assert.strictEqual(bad.failure?._tag, "Malformed")
      assert.strictEqual(textOf(bad.parts).length, textOf(ok.parts).length)
    }
    assert.strictEqual(decode("ollama", [over.slice(0, -1)], { maxEventBytes: max }).failure?._tag, "Malformed")
  })

  it("an event of many data lines, and a document of many lines, are bounded", () => {
    const data = `${"data: {\n".repeat(50)}\n`
    assert.strictEqual(decode("openai-completions", [data], { maxEventBytes: 100 }).failure?._tag, "Malformed")
    const document = `{\n${"\"a\":\n".repeat(50)}`
    for (const api of ["ollama", "openai-completions"] as const) {
      const { failure } = decode(api, [document], { maxEventBytes: 100 })
      assert.deepStrictEqual(failure, { _tag: "Malformed", detail: "an event is larger than 100 bytes" })
    }
  })

  it("each further line of an event counts for 16 bytes more", () => {
    const tooLarge = { _tag: "Malformed", detail: "an event is larger than 100 bytes" } as const
    const stop = "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"
    const data = (first: string) => `data: ${first}\n${"data:\n".repeat(6)}\n`
    const document = (first: string) => `${first}\n${"\n".repeat(5)}}\n`
    const failure = (api: "ollama" | "openai-completions", text: string) =>
      decode(api, [text, api === "ollama" ? done : stop], { maxEventBytes: 100 }).failure
    assert.isUndefined(failure("openai-completions", data("{}  ")))
    assert.deepStrictEqual(failure("openai-completions", data("{}   ")), tooLarge)
    for (const api of ["ollama", "openai-completions"] as const) {
      assert.isUndefined(failure(api, document("{  ")))
      assert.deepStrictEqual(failure(api, document("{   ")), tooLarge)
    }
  })

  it("an answer over its bound is malformed, of text or of call fragments", () => {
    const many = Array.from({ length: 50 }, () => line("0123456789"))
    assert.strictEqual(decode("ollama", many, { maxAnswerChars: 300 }).failure?._tag, "Malformed")
    const fragment =
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"x\",\"function\":{\"arguments\":\"{\"}}]}}]}\n\n"
    const { failure } = decode("openai-completions", [fragment.repeat(50)], { maxAnswerChars: 300 })
    assert.strictEqual(failure?._tag, "Malformed")
  })

  it("an answer at its bound is read, one character more is not", () => {
    const said = (text: string) => decode("ollama", [line(text) + done], { maxAnswerChars: 164 }).failure
    // a part counts for 64 more
    assert.isUndefined(said("x".repeat(100)))
    assert.deepStrictEqual(said("x".repeat(101)), {
      _tag: "Malformed",
      detail: "the answer is larger than 164 characters"
    })
  })

  it("the calls of an answer are bounded by the text of their events", () => {
    const event = "{\"message\":{\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]}}"
    const read = (maxAnswerChars: number) => decode("ollama", [`${event}\n${done}`], { maxAnswerChars }).failure?._tag
    assert.isUndefined(read(event.length))
    assert.strictEqual(read(event.length - 1), "Malformed")
  })

  it("64 MiB without a line end are too much where nothing else is said", () => {
    const decoder = make({ wire: ollama, makeId })
    const chunk = new Uint8Array(4 * 1024 * 1024).fill(32)
    for (let i = 0; i < 16; i++) decoder.push(chunk)
    assert.isUndefined(decoder.failure)
    decoder.push(chunk.subarray(0, 1))
    assert.deepStrictEqual(decoder.failure, { _tag: "Malformed", detail: "an event is larger than 67108864 bytes" })
  })

  it("1000 calls may be unfinished at the same time, and no more", () => {
    const open = (_: unknown, i: number) =>
      `data: {"choices":[{"delta":{"tool_calls":[{"id":"${i}","index":${i},"function":{"name":"f"}}]}}]}\n\n`
    const stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    const most = decode("openai-completions", [...Array.from({ length: 1000 }, open), stop])
    assert.isUndefined(most.failure)
    assert.lengthOf(most.parts, 1000)
    assert.deepStrictEqual(decode("openai-completions", [...Array.from({ length: 1001 }, open), stop]).failure, {
      _tag: "Malformed",
      detail: "more than 1000 unfinished tool calls"
    })
  })

  it("arguments may be nested 1000 deep, and no deeper", () => {
    const failure = (depth: number) => {
      const args = `{"":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`
      const call = `{"message":{"tool_calls":[{"id":"x","function":{"name":"f","arguments":${args}}}]}}\n`
      return decode("ollama", [call + done]).failure?._tag
    }
    assert.isUndefined(failure(1000))
    assert.strictEqual(failure(1001), "MalformedToolCall")
  })

  it("arguments nested too deep are malformed, not a crash", () => {
    const deep = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`
    const call = `{"message":{"tool_calls":[{"id":"x","function":{"name":"f","arguments":${deep}}}]}}\n`
    assert.strictEqual(decode("ollama", [call, done]).failure?._tag, "MalformedToolCall")
  })

  it("nothing is read after a failure", () => {
    const decoder = make({ wire: ollama, makeId })
    assert.strictEqual(decoder.push(bytes(line("a") + "garbage\n" + line("b"))).length, 2)
    assert.strictEqual(decoder.failure?._tag, "Malformed")
    assert.strictEqual(decoder.push(bytes(line("c"))).length, 0)
    assert.deepStrictEqual(decoder.end(), { events: [], finish: undefined })
  })

  it("a million deltas leave one flat text", () => {
    const decoder = make({ wire: ollama, makeId })
    const chunk = bytes(line("abcd").repeat(1000))
    for (let i = 0; i < 1000; i++) decoder.push(chunk)
    assert.strictEqual(textOf(decoder.partial().parts), "abcd".repeat(1_000_000))
  })
})

describe("what is kept of an answer", () => {
  const partial = (keepChars: number, ...input: ReadonlyArray<string>) => {
    const decoder = make({ wire: ollama, makeId, keepChars })
    for (const chunk of input) decoder.push(bytes(chunk))
    return decoder.partial()
  }
  const thought = (text: string) => `{"message":{"thinking":"${text}"}}\n`
  const call = "{\"message\":{\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]}}\n"
  const made = { type: "tool-call", id: "x", name: "f", arguments: { a: 1 }, argumentsText: "{\"a\":1}" } as const

  it("is all of it up to the bound, without a mark", () => {
    assert.deepStrictEqual(partial(64 + 5, line("abc"), line("de")), { parts: [{ type: "text", text: "abcde" }] })
    assert.deepStrictEqual(partial(64 + 5, thought("abcde")), { parts: [{ type: "reasoning", text: "abcde" }] })
    assert.deepStrictEqual(partial(64 + 7, call), { parts: [made] })
    assert.deepStrictEqual(partial(2 * 64 + 5 + 7, line("abcde"), call), {
      parts: [{ type: "text", text: "abcde" }, made]
    })
  })

  it("ends before the delta or the call that is over the bound, and says so", () => {
    assert.deepStrictEqual(partial(64 + 4, line("abc"), line("de"), line("f")), {
      parts: [{ type: "text", text: "abc" }],
      truncated: true
    })
    assert.deepStrictEqual(partial(64 + 4, thought("abc"), thought("de")), {
      parts: [{ type: "reasoning", text: "abc" }],
      truncated: true
    })
    assert.deepStrictEqual(partial(64 + 6, call), { parts: [], truncated: true })
    assert.deepStrictEqual(partial(2 * 64 + 5 + 6, line("abcde"), call), {
      parts: [{ type: "text", text: "abcde" }],
      truncated: true
    })
  })
})

describe("memory", () => {
  it("a line that comes byte by byte takes little more than its bytes", () => {
    const decoder = make({ wire: ollama, makeId })
    const one = bytes("x")
    decoder.push(bytes("{\"message\":{\"content\":\""))
    const before = process.memoryUsage()
    for (let i = 0; i < 1_000_000; i++) decoder.push(one)
    const after = process.memoryUsage()
    assert.isBelow(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers, 32 * 1024 * 1024)
    decoder.push(bytes("\"}}\n"))
    assert.strictEqual(textOf(decoder.partial().parts).length, 1_000_000)
  })
})

describe("UTF-8", () => {
  const invalid: ReadonlyArray<readonly [string, ReadonlyArray<number>]> = [
    ["a lone continuation byte", [0x80]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a cut character before a quote", [0xf0, 0x9f, 0x99]]
  ]
  for (const [name, wrong] of invalid) {
    it(`${name} fails, whatever the split, and what came before stays`, () => {
      const input = join(line("a"), "{\"message\":{\"content\":\"", wrong, "\"}}\n", done)
      for (const size of [1, 2, 3, 30, 1000]) {
        const { failure, parts } = decode("ollama", cut(input, size))
        assert.deepStrictEqual(failure, { _tag: "Malformed", detail: "the answer is not valid UTF-8" })
        assert.strictEqual(textOf(parts), "a")
      }
    })
  }

  it("is checked behind the last line too", () => {
    assert.strictEqual(decode("ollama", [done, join([0xff])]).failure?._tag, "Malformed")
    assert.strictEqual(decode("ollama", [join(done.trimEnd(), [0xe2])]).failure?._tag, "Malformed")
  })
})

describe("garbage", () => {
  const detail = (api: Api, body: string) => {
    const { failure } = decode(api, [body])
    return failure?._tag === "Malformed" ? failure.detail : undefined
  }

  it("is told by its length and how it begins, never by what it says: that may be a model's words", () => {
    assert.strictEqual(
      detail("ollama", "Alice lives in Paris\n"),
      "a line is not JSON: 20 characters, the first a letter"
    )
    assert.strictEqual(detail("ollama", "é\n"), "a line is not JSON: 1 character, the first a character beyond ASCII")
    assert.strictEqual(
      detail("openai-completions", "data: Alice lives in Paris\n\n"),
      "an event is not JSON: 20 characters, the first a letter"
    )
    assert.strictEqual(
      detail("openai-completions", "1 Alice\nlives\n"),
      "not a stream of events: 7 characters, the first a digit"
    )
    const said = "Alice lives in Paris"
    for (const body of [said, `"${said}`, `["${said}" 1]`, `{"a":"${said}"}}`, `{"${said}`, `<p>${said}</p>`]) {
      for (const text of [`${body}\n`, `data: ${body}\n\n`, `event: x\n${body}\n\n`, `{}\n<html>${body}\n`]) {
        for (const api of ["ollama", "openai-completions"] as const) {
          assert.notInclude(detail(api, text) ?? "", "Alice", text)
          const { failure } = whole(api, text)
          assert.notInclude(failure?._tag === "Malformed" ? failure.detail : "", "Alice", text)
        }
      }
    }
  })

  it("is named when a server or a proxy wrote it: a page by its title, a status by its words", () => {
    const page = "<!DOCTYPE html>\n<html><head><title>502 Bad\n Gateway</title></head></html>"
    assert.strictEqual(detail("openai-completions", page), "not a stream of events: a page of HTML")
    assert.strictEqual(
      detail("ollama", page.replaceAll("\n", "")),
      "a line is not JSON: a page of HTML, \"502 Bad Gateway\""
    )
    assert.strictEqual(
      detail("ollama", `<html><title>${"x".repeat(90)}`),
      `a line is not JSON: a page of HTML, "${"x".repeat(80)}…"`
    )
    assert.strictEqual(detail("ollama", "404 page not found"), "a line is not JSON: \"404 page not found\"")
    assert.deepStrictEqual(whole("ollama", page).failure, {
      _tag: "Malformed",
      detail: "the answer is not JSON: a page of HTML, \"502 Bad Gateway\""
    })
  })

  it("in a stream is malformed", () => {
    for (
      const body of [
        "<html>\n<body>502</body>\n</html>\n",
        "<html>502</html>",
        "404 page not found",
        "[]\n",
        "null\n",
        "5\n",
        "{\"a\":}\n"
      ]
    ) {
      assert.strictEqual(decode("ollama", [body]).failure?._tag, "Malformed", body)
      const sse = decode("openai-completions", [body])
      assert.strictEqual(sse.failure?._tag, "Malformed", body)
      assert.strictEqual(
        decode("openai-completions", [`data: ${body.trim().replaceAll("\n", " ")}\n\n`]).failure?._tag,
        "Malformed",
        body
      )
    }
  })

  it("of the wrong types is malformed or not said", () => {
    for (
      const message of [
        "5",
        "{\"content\":5}",
        "{\"content\":{}}",
        "{\"tool_calls\":{}}",
        "{\"tool_calls\":[5]}",
        "{\"tool_calls\":[{}]}"
      ]
    ) {
      assert.include(
        ["Malformed", "MalformedToolCall"],
        decode("ollama", [`{"message":${message}}\n`]).failure?._tag,
        message
      )
    }
    const odd =
      "{\"model\":5,\"message\":{\"content\":\"a\",\"thinking\":{}},\"done\":true,\"done_reason\":7,\"eval_count\":\"9\",\"prompt_eval_count\":-1}"
    assert.deepStrictEqual(decode("ollama", [odd]).finish, { finishReason: "stop", rawFinishReason: "stop" })
  })

  it("inside a broken first line does not swallow the stream", () => {
    const decoder = make({ wire: ollama, makeId })
    decoder.push(bytes("{\"message\":{\"content\":\"a\"}\n" + line("b")))
    assert.strictEqual(decoder.failure?._tag, "Malformed")
  })
})
