import { assert, describe, it } from "@effect/vitest"
import { make } from "../../src/core/decode/decoder.js"
import { bytes, cut, decode, makeId, ollama, textOf } from "./support.js"

const line = (content: string, rest = "") => `{"message":{"content":${JSON.stringify(content)}}${rest}}\n`
const done = line("", ",\"done\":true")
const join = (...parts: ReadonlyArray<string | ReadonlyArray<number>>): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? [...bytes(part)] : [...part]))

describe("bounds", () => {
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

  it("an answer over its bound is malformed, of text or of call fragments", () => {
    const many = Array.from({ length: 50 }, () => line("0123456789"))
    assert.strictEqual(decode("ollama", many, { maxAnswerChars: 300 }).failure?._tag, "Malformed")
    const fragment =
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"x\",\"function\":{\"arguments\":\"{\"}}]}}]}\n\n"
    const { failure } = decode("openai-completions", [fragment.repeat(50)], { maxAnswerChars: 300 })
    assert.strictEqual(failure?._tag, "Malformed")
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
    assert.deepStrictEqual(decode("ollama", [odd]).finish, { finishReason: "stop" })
  })

  it("inside a broken first line does not swallow the stream", () => {
    const decoder = make({ wire: ollama, makeId })
    decoder.push(bytes("{\"message\":{\"content\":\"a\"}\n" + line("b")))
    assert.strictEqual(decoder.failure?._tag, "Malformed")
  })
})
