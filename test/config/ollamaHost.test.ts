import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { OllamaHost, Provider } from "effect-ollama"
import { ok } from "./fixtures.js"

const vectors: ReadonlyArray<readonly [value: string | undefined, url: string]> = [
  [undefined, "http://127.0.0.1:11434"],
  ["", "http://127.0.0.1:11434"],
  ["   ", "http://127.0.0.1:11434"],
  ["1.2.3.4", "http://1.2.3.4:11434"],
  [":1234", "http://127.0.0.1:1234"],
  ["example.com", "http://example.com:11434"],
  ["example.com:1234", "http://example.com:1234"],
  [":0", "http://127.0.0.1:0"],
  [":66000", "http://127.0.0.1:11434"],
  [":-1", "http://127.0.0.1:11434"],
  ["ollama.com", "https://ollama.com:443"],
  ["[::1]:1337", "http://[::1]:1337"],
  ["::1", "http://[::1]:11434"],
  ["[::1]", "http://[::1]:11434"],
  ["\"1.2.3.4\"", "http://1.2.3.4:11434"],
  ["'1.2.3.4'", "http://1.2.3.4:11434"],
  [" 1.2.3.4 ", "http://1.2.3.4:11434"],
  [" \" 1.2.3.4 \" ", "http://1.2.3.4:11434"],
  ["http://1.2.3.4", "http://1.2.3.4:80"],
  ["http://1.2.3.4:66000", "http://1.2.3.4:80"],
  ["https://1.2.3.4", "https://1.2.3.4:443"],
  ["https://1.2.3.4:4321", "https://1.2.3.4:4321"],
  ["https://example.com/ollama", "https://example.com:443/ollama"],
  ["http://host/", "http://host:80"],
  ["host:11434/v1", "http://host:11434"],
  ["http://host:11434/v1/", "http://host:11434"],
  ["http://host:11434/api", "http://host:11434"],
  ["0.0.0.0", "http://127.0.0.1:11434"],
  ["0.0.0.0:8080", "http://127.0.0.1:8080"],
  ["[::]:8080", "http://[::1]:8080"],
  ["[::]", "http://[::1]:11434"],
  ["::", "http://[::1]:11434"],
  ["ftp://host", "ftp://host:11434"]
]

describe("OLLAMA_HOST", () => {
  for (const [value, url] of vectors) {
    it(`${JSON.stringify(value) ?? "unset"} is ${url}`, () => assert.strictEqual(OllamaHost.parse(value), url))
  }

  it.prop(
    "any text gives a text, and never credentials that a provider would accept",
    [FastCheck.string()],
    ([value]) => {
      const url = OllamaHost.parse(value)
      const made = Provider.make({ baseUrl: url })
      if (made._tag === "Left") return
      const { password, username } = new URL(made.right.root)
      assert.strictEqual(username + password, "")
    }
  )

  it("what it gives is a base URL", () => {
    assert.strictEqual(ok(Provider.make({ baseUrl: OllamaHost.parse("http://1.2.3.4") })).root, "http://1.2.3.4")
  })
})
