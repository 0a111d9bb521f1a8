/** What other servers say in an answer: nothing that a person could read is dropped, and a failure is never a success. */
import { assert, describe, it } from "@effect/vitest"
import { about } from "../../src/core/decode/decoder.js"
import { decodeError } from "../../src/core/failure/answer.js"
import { brief, calls, decode, delta, event, reasoningOf, stop, textOf, whole } from "./support.js"

const choice = (message: string, finish = "\"stop\"", more = "") =>
  `{"id":"c","model":"m","choices":[{"index":0,"message":${message},"finish_reason":${finish}${more}}]}`

describe("an answer without a message", () => {
  for (
    const body of [
      "{\"model\":\"m\",\"done\":true,\"done_reason\":\"stop\"}",
      "{\"model\":\"m\",\"message\":null,\"done\":true,\"done_reason\":\"stop\"}"
    ]
  ) {
    it(`ollama: ${body} is malformed`, () => {
      const { failure, finish } = whole("ollama", body)
      assert.deepStrictEqual(failure, { _tag: "Malformed", detail: "the answer has no message" })
      assert.isUndefined(finish)
    })
  }

  for (
    const body of [
      "{\"id\":\"c\"}",
      "{\"choices\":null}",
      "{\"choices\":[]}",
      "{\"choices\":[null]}",
      choice("null"),
      "{\"choices\":[{\"finish_reason\":\"stop\"}]}"
    ]
  ) {
    it(`/v1: ${body} is malformed`, () => {
      const { failure, finish } = whole("openai-completions", body)
      assert.deepStrictEqual(failure, { _tag: "Malformed", detail: "the answer has no message" })
      assert.isUndefined(finish)
    })
  }

  it("is not one whose message says nothing", () => {
    assert.isUndefined(whole("openai-completions", choice("{\"content\":null}")).failure)
    assert.isUndefined(whole("ollama", "{\"message\":{\"content\":\"\"},\"done\":true}").failure)
  })
})

describe("a failure in an answer", () => {
  const error = "{\"code\":502,\"message\":\"upstream broke\"}"

  it("beside a choice is that error, with what was said", () => {
    const body = choice("{\"content\":\"Half\"}", "\"error\"", `,"error":${error}`)
    const { failure, parts } = whole("openai-completions", body)
    assert.deepStrictEqual(failure, { _tag: "InBandError", error: { code: 502, message: "upstream broke" } })
    assert.strictEqual(textOf(parts), "Half")
  })

  it("that is empty is none", () => {
    const { failure, parts } = whole(
      "openai-completions",
      choice("{\"content\":\"Hi\"}", "\"stop\"", ",\"error\":\"\"")
    )
    assert.deepStrictEqual([failure, textOf(parts)], [undefined, "Hi"])
  })

  it("in a field of its own, as servers of llama.cpp had it, is that error, wherever it stands", () => {
    const overflow = "error: {\"code\":400,\"message\":\"the request exceeds the available context size\"}\n\n"
    for (const before of ["", delta("\"content\":\"Hi\""), delta("\"content\":\"Hi\"", "\"stop\"")]) {
      for (const after of ["", "data: [DONE]\n\n"]) {
        const { failure } = decode("openai-completions", [before + overflow + after])
        assert.deepStrictEqual(failure, {
          _tag: "InBandError",
          error: { code: 400, message: "the request exceeds the available context size" }
        })
      }
    }
  })

  it("inside of a message of Ollama's own API is that error, with what was said", () => {
    const { failure, parts } = whole(
      "ollama",
      "{\"message\":{\"content\":\"Hi\",\"error\":\"it broke\"},\"done\":true}"
    )
    assert.strictEqual(failure?._tag, "InBandError")
    assert.strictEqual(textOf(parts), "Hi")
  })

  it("beside a choice of a stream is that error, with what was said", () => {
    const { failure, parts } = decode("openai-completions", [
      delta("\"content\":\"Half\""),
      event(`{"choices":[{"index":0,"delta":{"content":" of"},"finish_reason":"error","error":${error}}]}`)
    ])
    assert.strictEqual(failure?._tag, "InBandError")
    assert.strictEqual(textOf(parts), "Half of")
  })

  const context = { url: "http://h", model: "m", partial: { parts: [] }, secrets: [] }

  for (
    const word of [
      "error",
      "network_error",
      "insufficient_system_resource",
      "abort",
      "aborted",
      "timeout",
      "cancelled"
    ]
  ) {
    it(`the finish ${word} is IncompleteResponse with that word and what was said`, () => {
      const one = whole("openai-completions", choice("{\"content\":\"Half\"}", `"${word}"`))
      const streamed = decode("openai-completions", [delta("\"content\":\"Half\""), delta("", `"${word}"`)])
      const native = whole("ollama", `{"message":{"content":"Half"},"done":true,"done_reason":"${word}"}`)
      for (const { failure, finish, parts } of [one, streamed, native]) {
        assert.isUndefined(finish)
        assert.strictEqual(textOf(parts), "Half")
        assert.deepInclude({ ...decodeError(failure!, { ...context, partial: { parts } }) }, {
          _tag: "IncompleteResponse",
          reason: "failed",
          finish: word,
          partial: { parts }
        })
      }
    })
  }
})

describe("an answer with a message and a delta", () => {
  const both = choice("{\"content\":\"Paris.\"}", "\"stop\"", ",\"delta\":{\"role\":\"assistant\",\"content\":\"\"}")

  it("says what the message says, when it is whole", () =>
    assert.strictEqual(textOf(whole("openai-completions", both).parts), "Paris."))

  it("says what the delta says, in a stream", () => {
    const one = both.replace("\"content\":\"\"", "\"content\":\" is.\"").replace("Paris.", "Paris is.")
    const { parts } = decode("openai-completions", [delta("\"content\":\"Paris\""), event(one)])
    assert.strictEqual(textOf(parts), "Paris is.")
  })
})

describe("a stream that ends with the whole message", () => {
  const call = "{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}"
  const message = `{"content":"Hello","reasoning_content":"Hm.","tool_calls":[${call}]}`
  const last = event(`${choice(message, "\"tool_calls\"").slice(0, -1)},"usage":{"prompt_tokens":9}}`)
  const ofPieces = (...pieces: ReadonlyArray<string>) => decode("openai-completions", [...pieces, last])
  const thought = delta("\"reasoning_content\":\"Hm.\"")
  const text = delta("\"content\":\"Hel\"") + delta("\"content\":\"lo\"")

  it("has all of it once, with the finish and the usage", () => {
    for (const pieces of [[thought, text, calls(call)], [thought, text, calls(call), delta("", "\"tool_calls\"")]]) {
      const result = ofPieces(...pieces)
      assert.deepStrictEqual([reasoningOf(result.parts), textOf(result.parts)], ["Hm.", "Hello"])
      assert.deepStrictEqual(brief(result), ["a f {}"])
      assert.deepInclude(result.finish, { finishReason: "tool-calls", usage: { inputTokens: 9 } })
    }
  })

  it("has from it what did not come in pieces", () => {
    for (const pieces of [[], [text], [thought], [thought, text], [calls(call)]]) {
      const result = ofPieces(...pieces)
      assert.deepStrictEqual([reasoningOf(result.parts), textOf(result.parts)], ["Hm.", "Hello"])
      assert.deepStrictEqual(brief(result), ["a f {}"])
    }
  })

  it("has from it the rest of what came in pieces, and what did not come in them", () => {
    const end = (message: object) => event(choice(JSON.stringify(message), "\"stop\""))
    const textWith = (before: string, content: string) =>
      textOf(decode("openai-completions", [delta(`"content":"${before}"`), end({ content })]).parts)
    assert.strictEqual(textWith("Hello ", "world"), "Hello world")
    assert.strictEqual(textWith("Hello ", "Hello world"), "Hello world")
    assert.strictEqual(textWith("Hello world", "Hello world"), "Hello world")
    assert.strictEqual(textWith(" Hello world ", "Hello world"), " Hello world ")
    // also in one chunk, and of a part that began in another one
    const pieces = [
      delta("\"reasoning\":\"a\""),
      delta("\"reasoning\":\"b\"") + end({ reasoning: "abc", content: "d" })
    ]
    for (const chunks of [pieces, [pieces.join("")]]) {
      const { parts } = decode("openai-completions", chunks)
      assert.deepStrictEqual([reasoningOf(parts), textOf(parts)], ["abc", "d"])
    }
  })

  it("has from it the calls that did not come in pieces, known by their ids, or by names and arguments", () => {
    const f = (id: string, args = "{}") => ({ id, index: 0, function: { name: "f", arguments: args } })
    const ofCalls = (before: ReadonlyArray<object>, said: ReadonlyArray<object>) =>
      brief(decode("openai-completions", [
        ...before.map((one) => calls(JSON.stringify(one))),
        event(choice(JSON.stringify({ tool_calls: said }), "\"tool_calls\""))
      ]))
    assert.deepStrictEqual(ofCalls([f("a")], [f("a"), f("b")]), ["a f {}", "b f {}"])
    assert.deepStrictEqual(ofCalls([f("", "{\"x\":1}")], [f("b", "{ \"x\": 1 }"), f("c", "{\"x\":2}")]), [
      "made-0 f {\"x\":1}",
      "c f {\"x\":2}"
    ])
    // one that is still open, and has no arguments
    assert.deepStrictEqual(ofCalls([f("", "")], [f(""), f("")]), ["made-0 f {}", "made-1 f {}"])
  })

  it("is taken for the same where what was said is no longer known", () => {
    const { events } = decode("openai-completions", [text, last], { keepChars: 3 })
    assert.deepStrictEqual(events.flatMap((one) => one.type === "text-delta" ? [one.delta] : []), ["Hel", "lo"])
  })

  it("may be one of messages, each with a piece", () => {
    const piece = (content: string, finish: string) => event(choice(`{"content":"${content}"}`, finish))
    const { parts } = decode("openai-completions", [piece("Hel", "null"), piece("lo", "\"stop\"")])
    assert.strictEqual(textOf(parts), "Hello")
  })
})

describe("the finish", () => {
  const finishOf = (word: string) => whole("openai-completions", choice("{\"content\":\"Hi\"}", `"${word}"`)).finish

  it("keeps the server's own word beside the reason", () => {
    for (
      const [word, reason] of [
        ["stop", "stop"],
        ["length", "length"],
        ["model_context_window_exceeded", "length"],
        ["content_filter", "content-filter"],
        ["eos", "other"],
        ["SAFETY", "other"]
      ] as const
    ) assert.deepInclude(finishOf(word), { finishReason: reason, rawFinishReason: word })
    const native = whole("ollama", "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"load\"}")
    assert.deepInclude(native.finish, { finishReason: "other", rawFinishReason: "load" })
  })

  it("tool_calls without a call is stop", () => {
    assert.deepInclude(finishOf("tool_calls"), { finishReason: "stop", rawFinishReason: "tool_calls" })
    const streamed = decode("openai-completions", [delta("\"content\":\"Hi\""), delta("", "\"tool_calls\"")])
    assert.deepInclude(streamed.finish, { finishReason: "stop", rawFinishReason: "tool_calls" })
  })

  it("a word of a megabyte is cut", () => {
    assert.strictEqual(finishOf("x".repeat(1_000_000))?.rawFinishReason?.length, 100)
  })
})

describe("a refusal", () => {
  it("is text, and the finish says that it is filtered", () => {
    const { finish, parts } = whole("openai-completions", choice("{\"content\":null,\"refusal\":\"I cannot.\"}"))
    assert.deepStrictEqual(parts, [{ type: "text", text: "I cannot." }])
    assert.strictEqual(finish?.finishReason, "content-filter")
  })

  it("is the same in a stream", () => {
    const { finish, parts } = decode("openai-completions", [
      delta("\"refusal\":\"I \""),
      delta("\"refusal\":\"cannot.\""),
      stop
    ])
    assert.deepStrictEqual(parts, [{ type: "text", text: "I cannot." }])
    assert.strictEqual(finish?.finishReason, "content-filter")
  })

  it("is the same in parts of the content, and on Ollama's own API", () => {
    for (
      const [api, body] of [
        ["openai-completions", choice("{\"content\":[{\"type\":\"refusal\",\"refusal\":\"I cannot.\"}]}")],
        ["ollama", "{\"message\":{\"content\":\"\",\"refusal\":\"I cannot.\"},\"done\":true,\"done_reason\":\"stop\"}"]
      ] as const
    ) {
      const { finish, parts } = whole(api, body)
      assert.deepStrictEqual(parts, [{ type: "text", text: "I cannot." }])
      assert.strictEqual(finish?.finishReason, "content-filter")
    }
  })

  it("that is null says nothing", () => {
    const { finish } = whole("openai-completions", choice("{\"content\":\"Hi\",\"refusal\":null}"))
    assert.strictEqual(finish?.finishReason, "stop")
  })
})

describe("reasoning", () => {
  const said = {
    reasoning: "\"reasoning\":\"Hm.\"",
    reasoning_content: "\"reasoning_content\":\"Hm.\"",
    thinking: "\"thinking\":\"Hm.\"",
    reasoning_text: "\"reasoning_text\":\"Hm.\"",
    "reasoning_details of text": "\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"Hm.\"}]",
    "reasoning_details of a summary": "\"reasoning_details\":[{\"type\":\"reasoning.summary\",\"summary\":\"Hm.\"}]"
  }
  for (const [name, json] of Object.entries(said)) {
    it(`is read from ${name}, whole and streamed`, () => {
      const one = whole("openai-completions", choice(`{"content":"Hi",${json}}`))
      const streamed = decode("openai-completions", [delta(json), delta("\"content\":\"Hi\""), stop])
      for (const { parts } of [one, streamed]) {
        assert.strictEqual(reasoningOf(parts), "Hm.")
        assert.strictEqual(textOf(parts), "Hi")
      }
    })
  }

  it("is read from parts of the content that are thoughts, before the text", () => {
    const thinking = "{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"Hm.\"}]}"
    const text = "{\"type\":\"text\",\"text\":\"Hi\"}"
    const one = whole("openai-completions", choice(`{"content":[${thinking},${text}]}`))
    const streamed = decode("openai-completions", [
      delta(`"content":[${thinking}]`),
      delta("\"content\":\"Hi\""),
      stop
    ])
    for (const { parts } of [one, streamed]) {
      assert.deepStrictEqual(parts.map((part) => part.type === "tool-call" ? "" : [part.type, part.text]), [
        ["reasoning", "Hm."],
        ["text", "Hi"]
      ])
    }
  })

  it("is read from Ollama's own API under every name too", () => {
    for (const json of Object.values(said)) {
      const { parts } = whole("ollama", `{"message":{"content":"Hi",${json}},"done":true}`)
      assert.deepStrictEqual([reasoningOf(parts), textOf(parts)], ["Hm.", "Hi"], json)
    }
  })

  it("is read from a list of texts, and from a thought that has its text as `text`", () => {
    for (
      const json of [
        "\"content\":\"Hi\",\"reasoning_content\":[{\"type\":\"text\",\"text\":\"Hm.\"}]",
        "\"content\":[{\"type\":\"thinking\",\"text\":\"Hm.\"},{\"type\":\"text\",\"text\":\"Hi\"}]"
      ]
    ) {
      const { parts } = whole("openai-completions", choice(`{${json}}`))
      assert.deepStrictEqual([reasoningOf(parts), textOf(parts)], ["Hm.", "Hi"], json)
    }
  })

  it("under several names is said once: the first that says something", () => {
    const { parts } = whole(
      "openai-completions",
      choice("{\"content\":\"Hi\",\"reasoning\":\"\",\"reasoning_content\":\"One.\",\"thinking\":\"Two.\"}")
    )
    assert.strictEqual(reasoningOf(parts), "One.")
  })
})

describe("cost", () => {
  const costOf = (usage: object) => {
    const cost = { input: 10, output: 20, cacheRead: 1, cacheWrite: 0 }
    // Only what `about` looks at.
    const selection = { ref: "p/m", selectedBy: "primary", model: { cost } } as Parameters<typeof about>[1]
    const request = { messages: [], tools: [], toolChoice: "auto" as const, params: {} }
    return about({ finishReason: "stop", usage }, selection, { request, ignored: [], numCtx: undefined }).usage?.cost
  }

  it("of cached tokens is that of reading the cache", () => {
    assert.strictEqual(costOf({ inputTokens: 1_000_000, cachedInputTokens: 1_000_000 }), 1)
    assert.strictEqual(costOf({ inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 100_000 }), 8.4)
  })

  it("never counts more cached tokens than there are", () => {
    assert.strictEqual(costOf({ inputTokens: 1_000_000, cachedInputTokens: 9_000_000 }), 1)
  })

  it("is there when only one count is known", () => {
    assert.strictEqual(costOf({ inputTokens: 1_000_000 }), 10)
    assert.strictEqual(costOf({ outputTokens: 1_000_000 }), 20)
    assert.isUndefined(costOf({}))
  })
})
