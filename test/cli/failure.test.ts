import { assert, describe, it } from "@effect/vitest"
import { OllamaError } from "effect-ollama"
import { sentence } from "../../src/cli/failure.js"

const url = "http://127.0.0.1:11434/api/tags"

describe("a failure", () => {
  it("is told to who types commands, and not to who writes programs", () => {
    const notEnabled = sentence(new OllamaError.NotEnabled({ provider: "ollama" }))
    assert.match(notEnabled, /, or say where it is with --base-url\.$/)
    const empty = sentence(new OllamaError.NoModelsConfigured({ provider: "ollama", url: "http://h:1" }))
    assert.include(empty, "say where it is with --base-url")
    const missing = sentence(new OllamaError.ConfigUnreadable({ path: "/a.json", reason: "not-found" }))
    assert.strictEqual(missing, "/a.json does not exist. Check --config and OPENCLAW_CONFIG_PATH.")
    const slow = sentence(new OllamaError.RequestTimeout({ url, phase: "first-byte", limit: 5000, attempts: 1 }))
    assert.match(slow, /Check that it is an Ollama and not overloaded\.$/)
    const unknown = sentence(new OllamaError.ModelNotFound({ url, status: 404, detail: "", model: "mistral" }))
    assert.include(unknown, "`effect-ollama pull mistral`")
  })

  it("cannot move the cursor of a terminal", () => {
    assert.strictEqual(sentence({ _tag: "Failed", message: "a\u001b[2Jb\n" }), "a\ufffd[2Jb")
  })
})
