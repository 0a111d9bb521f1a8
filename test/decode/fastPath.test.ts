import { assert, describe, it } from "@effect/vitest"
import type { Wire } from "../../src/core/wire/wire.js"
import type { Api } from "../../src/Model.js"
import { decode, ollama } from "./support.js"

const chunk = (choice: string, rest = "") => `data: {"id":"c","model":"m","choices":[{${choice}}]${rest}}\n\n`
const line = (message: string, rest = "") => `{"created_at":"t","model":"m","message":{${message}}${rest}}\n`

/** Each like event three times, so that it is learned from the first. */
const same = (api: Api, ...events: ReadonlyArray<string>) => {
  const input = events.flatMap((event) => ["1", "2", "3"].map((n) => event.replaceAll("$", n)))
  const slow = decode(api, [input.join("")], { fastPath: false })
  for (const chunks of [input, [input.join("")]]) assert.deepStrictEqual(decode(api, chunks), slow, events.join(""))
  return slow
}

describe("the fast path", () => {
  it("leaves events that say more than text to the full parser", () => {
    same("openai-completions", chunk("\"delta\":{\"content\":\"a$\"},\"finish_reason\":\"stop\""))
    same("openai-completions", chunk("\"delta\":{\"content\":\"a$\"}", ",\"usage\":{\"prompt_tokens\":1}"))
    same("openai-completions", chunk("\"delta\":{\"content\":\"a$\",\"reasoning\":\"b\"}"))
    same(
      "openai-completions",
      chunk("\"delta\":{\"content\":\"a$\",\"tool_calls\":[{\"id\":\"x$\",\"function\":{\"name\":\"f\"}}]}")
    )
    same("ollama", line("\"content\":\"a$\"", ",\"done_reason\":\"stop\""))
    same("ollama", line("\"content\":\"a$\"", ",\"done\":true"))
    same("ollama", line("\"content\":\"a$\"", ",\"eval_duration\":5"))
    same("ollama", line("\"content\":\"a$\",\"thinking\":\"b\""))
  })

  it("finds the place of the text that counts among equal and empty keys", () => {
    same("ollama", line("\"content\":\"a$\",\"content\":\"b\""))
    same("ollama", line("\"content\":\"a\",\"content\":\"b$\""))
    same("ollama", line("\"content\":\"a\",\"c\\u006fntent\":\"b$\""))
    same("openai-completions", chunk("\"delta\":{\"reasoning\":\"\",\"reasoning_content\":\"a$\"}"))
    same("openai-completions", chunk("\"delta\":{\"reasoning\":\"a$\",\"reasoning_content\":\"a\"}"))
    same(
      "openai-completions",
      chunk("\"index\":1,\"delta\":{\"content\":\"a$\"}},{\"index\":0,\"delta\":{\"content\":\"b$\"}")
    )
  })

  it("follows changes between kinds, and text that looks like JSON", () => {
    const text = line("\"content\":\"a$\"")
    const thinking = line("\"content\":\"\",\"thinking\":\"a$\"")
    const { parts } = same(
      "ollama",
      text,
      thinking,
      text,
      line("\"content\":\"\\\"},\\\"done\\\":true}\\n$\""),
      thinking
    )
    assert.deepStrictEqual(parts.map((part) => part.type), ["text", "reasoning", "text", "reasoning"])
    assert.strictEqual(
      parts[2]?.type === "text" ? parts[2].text : "",
      "a1a2a3\"},\"done\":true}\n1\"},\"done\":true}\n2\"},\"done\":true}\n3"
    )
  })

  it("leaves what changes and changes back to the full parser", () => {
    const used = (n: number) => chunk("\"delta\":{\"content\":\"a\"}", `,"usage":{"prompt_tokens":${n}}`)
    const stop = chunk("\"delta\":{},\"finish_reason\":\"stop\"")
    assert.strictEqual(decode("openai-completions", [used(1), used(2), used(1), stop]).finish?.usage?.inputTokens, 1)
    const timed = (n: number) => line("\"content\":\"a\"", `,"eval_duration":${n}000000`)
    const end = line("\"content\":\"\"", ",\"done\":true")
    assert.strictEqual(decode("ollama", [timed(1), timed(2), timed(1), end]).finish?.timings?.eval, 1)
  })

  it("takes no stamp behind the text for the text", () => {
    same("ollama", `{"message":{"content":"a"},"created_at":"$"}\n`)
  })

  it("learns after four events, and gives up on a server that never writes the same", () => {
    const counted = (event: (i: number) => string) => {
      let learned = 0
      let read = 0
      const wire: Wire = {
        ...ollama,
        read: (value, text) => {
          read++
          return ollama.read(value, text)
        },
        place: {
          ...ollama.place,
          message: (json) => {
            learned++
            return ollama.place.message(json)
          }
        }
      }
      decode(wire, Array.from({ length: 100 }, (_, i) => event(i)), { learnAfter: undefined })
      return { learned, read }
    }
    const same = line("\"content\":\"a\"")
    const another = (i: number) => line("\"content\":\"a\"", `,"n":${i}`)
    assert.deepStrictEqual(counted(() => same), { learned: 1, read: 5 })
    assert.deepStrictEqual(counted(another), { learned: 8, read: 100 })
    // each that was learned was worth it: it is read in full only once
    assert.deepStrictEqual(counted((i) => another(i >> 1)), { learned: 48, read: 52 })
  })

  it("does not look inside an event that has begun", () => {
    const text = chunk("\"delta\":{\"content\":\"a$\"}")
    assert.strictEqual(same("openai-completions", text, `event: error\n${text}`).failure?._tag, "InBandError")
    assert.strictEqual(same("openai-completions", text, `data: x\n${text}`).failure?._tag, "Malformed")
  })

  it("leaves empty, broken and unusual text to the full parser", () => {
    for (const odd of ["", "\\x", "\\u12", "\u0001", "\\ud800", "long enough to be copied, with \\n and 한국어"]) {
      same("ollama", line("\"content\":\"a$\""), line(`"content":"${odd}"`), line("\"content\":\"b$\""))
      same("openai-completions", chunk("\"delta\":{\"content\":\"a$\"}"), chunk(`"delta":{"content":"${odd}"}`))
    }
  })
})
