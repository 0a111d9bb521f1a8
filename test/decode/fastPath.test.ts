import { assert, describe, it } from "@effect/vitest"
import type { Api } from "../../src/Model.js"
import { decode } from "./support.js"

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
