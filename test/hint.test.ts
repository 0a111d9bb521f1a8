import { assert, describe, it } from "@effect/vitest"
import { OllamaError } from "effect-ollama"

const native = "http://gpu-box/api/chat"
const local = "http://127.0.0.1:11434/v1/chat/completions"
const hosted = "https://api.example.com/openai/v1/chat/completions"
const routed = "https://example.com/api/v1/chat/completions"

describe("hints of what a server answered", () => {
  const missing = (url: string, detail: string, model?: string) =>
    new OllamaError.ModelNotFound({ url, status: 404, detail, model }).hint

  it("tell to pull a model that an Ollama does not have", () => {
    for (const url of [native, local]) {
      assert.match(missing(url, "model 'm' not found", "m"), /Check the name, or pull it with `ollama pull m`\.$/)
      assert.match(missing(url, "model not found"), /Check the name, or pull it\.$/)
    }
    assert.match(missing(hosted, "model 'm' not found, try pulling it first", "m"), /, or pull it with/)
  })

  it("do not tell so of a server that may be another, without saying for whom it is", () => {
    for (const url of [hosted, routed]) {
      assert.match(
        missing(url, "The model `m` does not exist", "m"),
        /does not have the model m \(404: .*\)\. Check the name, or if it is an Ollama, pull it with `ollama pull m`\.$/
      )
    }
  })

  it("keep what only an Ollama has for an Ollama", () => {
    const facts = { status: 401, detail: "no" }
    for (const [url, condition] of [[native, ""], [local, ""], [hosted, "if it is an Ollama, "]] as const) {
      const unauthorized = new OllamaError.Unauthorized({ ...facts, url }).hint
      const busy = new OllamaError.ServerBusy({ ...facts, url }).hint
      assert.include(unauthorized, `Check the key, or ${condition}sign in with \`ollama signin\`.`)
      assert.include(busy, `, or ${condition}raise OLLAMA_MAX_QUEUE.`)
    }
  })
})
