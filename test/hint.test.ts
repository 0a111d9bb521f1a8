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

describe("hints of a server that does not answer", () => {
  const timeout = (url: string, phase: "connect" | "first-byte" | "idle") =>
    new OllamaError.RequestTimeout({ url, phase, limit: 5000, attempts: 4 }).hint

  it("do not speak of loading a model where none is loaded", () => {
    for (const path of ["tags", "show", "version", "ps"]) {
      for (const phase of ["first-byte", "idle"] as const) {
        const hint = timeout(`http://h/api/${path}`, phase)
        assert.include(hint, "Check that it is an Ollama and not overloaded")
        assert.notMatch(hint, /loaded:|load it|timeoutSeconds/)
      }
      assert.include(timeout(`http://h/api/${path}`, "connect"), "No connection to h within 5 s")
    }
    assert.include(timeout("http://h/api/tags", "first-byte"), "did not answer within 5 s (4 attempts)")
    assert.include(timeout("http://h/api/tags", "idle"), "or raise discovery.tagsTimeout.")
    assert.include(timeout("http://h/api/show", "first-byte"), "or raise discovery.showTimeout.")
    assert.notInclude(timeout("http://h/api/version", "first-byte"), "raise")
    assert.include(timeout(native, "first-byte"), "raise timeoutSeconds, or load it ahead")
    assert.include(timeout(native, "idle"), "Raise timeoutSeconds")
  })

  it("tell to start Ollama only where it is one for certain", () => {
    for (const [url, certain] of [[native, true], [local, true], [hosted, false], [routed, false]] as const) {
      const refused = new OllamaError.ConnectionRefused({ url, attempts: 1 }).hint
      const reset = new OllamaError.ConnectionFailed({ url, reason: "reset", attempts: 1 }).hint
      assert.strictEqual(refused.includes("Start Ollama with `ollama serve`"), certain)
      assert.strictEqual(refused.includes("an Ollama is started with `ollama serve`"), !certain)
      assert.strictEqual(reset.includes("Ollama is still running (`ollama serve`)"), certain)
      assert.strictEqual(reset.includes("the server is still running"), !certain)
      assert.strictEqual(timeout(url, "connect").includes("that Ollama is running"), certain)
    }
  })
})

describe("hints of a model that nobody has", () => {
  const unknown = (ref: string, more: { readonly suggestion?: string; readonly discovered?: boolean } = {}) =>
    new OllamaError.UnknownModel({ ref, known: ["ollama/a", "groq/b"], ...more }).hint

  it("tell to pull it where models are discovered", () => {
    assert.include(unknown("ollama/x", { discovered: true }), "Pull it with `ollama pull x`, or define it explicitly.")
    assert.include(unknown("x", { suggestion: "ollama/x", discovered: true }), "Pull it with `ollama pull x`")
  })

  it("tell to list it where models are configured, where pulling alone never helps", () => {
    for (
      const hint of [
        unknown("ollama/x", { discovered: false }),
        unknown("x", { suggestion: "ollama/x", discovered: false }),
        unknown("ollama/a:8b", { suggestion: "ollama/a", discovered: false })
      ]
    ) {
      assert.include(hint, "List it under models.providers.ollama.models.")
      assert.notInclude(hint, "ollama pull")
    }
    assert.include(unknown("groq/x", { discovered: false }), "List it under models.providers.groq.models.")
  })

  it("tell that there is no such provider, unless it is a host", () => {
    const hint = unknown("openai/gpt-4", { suggestion: "ollama/openai/gpt-4", discovered: true })
    assert.include(
      hint,
      "There is no provider openai: define it under models.providers.openai, or write ollama/openai/gpt-4 if"
    )
    assert.notInclude(hint, "ollama pull")
    assert.include(
      unknown("hf.co/u/m", { suggestion: "ollama/hf.co/u/m", discovered: true }),
      "Write ollama/hf.co/u/m. Pull it with `ollama pull hf.co/u/m`"
    )
    assert.include(unknown("olama/a", { suggestion: "ollama/a", discovered: true }), "Did you mean ollama/a?")
  })
})

describe("the hint of a baseUrl without models", () => {
  it("says that discovery needs a key", () =>
    assert.match(
      new OllamaError.NoModelsConfigured({ provider: "ollama", url: "http://h" }).hint,
      /remove that `baseUrl`.* set OLLAMA_API_KEY/
    ))
})

describe("hints of a refusal", () => {
  const rejected = (status: number, detail: string, code?: string) =>
    new OllamaError.RequestRejected({ url: hosted, status, detail, ...(code === undefined ? {} : { code }) }).hint

  it("show status, code and sentence once, and never tell to repeat it", () => {
    assert.strictEqual(
      rejected(422, "Extra inputs are not permitted.", "extra"),
      "api.example.com does not take this request (422, extra: Extra inputs are not permitted). Change what it names, or use another model."
    )
    assert.include(rejected(400, "extra", "extra"), "(400: extra)")
    assert.include(rejected(400, ""), "does not take this request (400). ")
    for (const status of [400, 407, 413, 422]) assert.notMatch(rejected(status, "no"), /retry|again/)
  })

  it("tell what to do where that is known", () => {
    assert.include(rejected(400, "\"m\" does not support chat"), "It is no chat model: name one that is.")
    assert.include(rejected(400, "System message must be at the beginning."), "send one system message, first")
    assert.include(rejected(413, "Request Entity Too Large"), "shorten it, or send smaller pictures")
    assert.include(rejected(407, ""), "A proxy on the way wants credentials")
  })

  it("tell not to repeat a failure of the server that stays as it is", () => {
    const failed = (detail: string) => new OllamaError.ServerError({ url: native, status: 500, detail }).hint
    for (const detail of ["out of memory", "Your plan requires more memory credits"]) {
      assert.include(failed(detail), "an identical retry often succeeds")
    }
    for (
      const detail of [
        "Jinja Exception: no",
        "template: :7:7: executing",
        "\"m\" does not support generate",
        "model requires more system memory (8.0 GiB) than is available (4.0 GiB)"
      ]
    ) {
      assert.notInclude(failed(detail), "retry", detail)
    }
  })

  it("name another model for one that is gone", () => {
    const unsaid = new OllamaError.ModelNotFound({ url: native, status: 410, detail: "model 'm' not found" })
    assert.include(unsaid.hint, "gpu-box no longer has the model (410: model 'm' not found)")
    const gone = new OllamaError.ModelNotFound({
      url: native,
      status: 410,
      detail: "model 'm' was retired",
      model: "m"
    })
    assert.strictEqual(
      gone.hint,
      "gpu-box no longer has the model m (410: model 'm' was retired). Name another model."
    )
  })

  it("pull a model only where an Ollama refused, or nobody was asked", () => {
    const facts = { status: 400, detail: "m does not support tools", model: "m" }
    assert.include(new OllamaError.ToolsNotSupported({ ...facts, url: native }).hint, "ollama pull")
    assert.include(new OllamaError.ToolsNotSupported({ model: "m" }).hint, "ollama pull")
    const other = new OllamaError.ToolsNotSupported({ ...facts, url: hosted }).hint
    assert.strictEqual(other, "m does not support tools (400: m does not support tools). Choose one that does.")
    assert.notInclude(new OllamaError.ImagesNotSupported({ ...facts, url: hosted }).hint, "ollama")
    assert.include(new OllamaError.ContextOverflow({ ...facts, url: hosted }).hint, "if it is an Ollama, raise num_ctx")
  })

  it("tell a used-up quota, too many requests and one that is too large apart", () => {
    const limited = (reason: "rate" | "quota", status: number, retryAfter?: number) =>
      new OllamaError.RateLimited({
        url: hosted,
        status,
        detail: "no",
        reason,
        ...(retryAfter === undefined ? {} : { retryAfter })
      }).hint
    assert.include(limited("quota", 429), "The quota or balance at api.example.com is used up: no.")
    assert.include(limited("rate", 429, 7000), "Too many requests to api.example.com: no. Try again in 7 s.")
    assert.notInclude(limited("rate", 413), "again")
  })
})

describe("the hint of a malformed call", () => {
  it("shows nothing that a model wrote, but a name that is one", () => {
    const hint = (name: string) =>
      new OllamaError.MalformedToolCall({ url: native, id: "1", name, raw: "{\"secret\": " }).hint
    assert.notInclude(hint("weather"), "secret")
    assert.include(hint("weather"), "The model called weather with arguments")
    assert.include(hint("the weather in Seoul"), "The model called a tool with arguments")
  })
})
