/** A mock that answers the live tests as a good model would. */
import type { MockOllama } from "effect-ollama/testing"

interface Body {
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content?: string }>
  readonly think?: unknown
  readonly reasoning_effort?: unknown
  readonly format?: unknown
  readonly response_format?: unknown
}

const numbers = Array.from({ length: 400 }, (_, i) => `${i + 1}\n`)

export const reply = (request: MockOllama.RecordedRequest): MockOllama.Reply => {
  const body = request.json as Body
  const { content = "", role } = body.messages.at(-1)!
  if (role === "tool") return { text: "It is 21 degrees in Paris." }
  if (body.format !== undefined || body.response_format !== undefined) {
    return { text: "{\"country\":\"France\",\"capital\":\"Paris\"}" }
  }
  if (content.length > 10_000) {
    return { fault: { type: "status", status: 400, error: "the input length exceeds the context length" } }
  }
  if (/weather/.test(content)) return { toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }] }
  if (content.startsWith("Count")) return { text: numbers, delayMs: { chunk: 5 } }
  if (/17/.test(content)) return { reasoning: "17 and 25 are 42.", text: "42" }
  return { text: "Red, yellow and blue." }
}

export const description: MockOllama.Description = {
  models: [
    { name: "good:1b", capabilities: ["completion", "tools", "thinking"], contextLength: 40_960 },
    { name: "plain:1b", capabilities: ["completion", "tools"] },
    { name: "embed", capabilities: ["embedding"] }
  ],
  replies: reply
}
