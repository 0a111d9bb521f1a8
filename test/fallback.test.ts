import { assert, describe, it } from "@effect/vitest"
import { OllamaError } from "effect-ollama"
import { combine, mayFallBack, mayProbe, mayRetry, origin } from "../src/core/failure/fallback.js"

const at = (host: string) => `http://${host}/v1/chat/completions`
const said = (status: number) => ({ url: at("gpu"), status, detail: "no" })

const timeout = (host: string, phase: OllamaError.RequestTimeout["phase"] = "first-byte") =>
  new OllamaError.RequestTimeout({ url: at(host), phase, attempts: 1 })
const refused = (host: string) => new OllamaError.ConnectionRefused({ url: at(host), attempts: 3 })
const failed = (host: string) => new OllamaError.ConnectionFailed({ url: at(host), reason: "reset", attempts: 3 })
const invalid = (path: string) =>
  new OllamaError.ConfigInvalid({ problems: [{ path, expected: "a URL", actual: "a number" }] })
const unset = (path: string) => new OllamaError.MissingEnvironmentVariable({ variable: "K", path })

const combined = (first: OllamaError.AttemptError, ...more: ReadonlyArray<OllamaError.AttemptError>) =>
  combine([{ ref: "ollama/0", error: first }, ...more.map((error, index) => ({ ref: `ollama/${index + 1}`, error }))])

describe("combine", () => {
  const ones: ReadonlyArray<readonly [what: string, OllamaError.AttemptError, OllamaError.AttemptError]> = [
    ["timeouts of one host", timeout("gpu"), timeout("GPU", "idle")],
    ["refused connections of one host", refused("gpu"), refused("gpu")],
    ["broken connections of one host", failed("gpu"), failed("gpu")],
    [
      "a provider that is not enabled",
      new OllamaError.NotEnabled({ provider: "a" }),
      new OllamaError.NotEnabled({ provider: "a" })
    ],
    [
      "a provider that cannot be used",
      new OllamaError.ProviderUnavailable({ provider: "a", reason: "no-credential" }),
      new OllamaError.ProviderUnavailable({ provider: "a", reason: "no-credential" })
    ],
    [
      "a provider without models",
      new OllamaError.NoModelsConfigured({ provider: "a", url: at("gpu") }),
      new OllamaError.NoModelsConfigured({ provider: "a", url: at("gpu") })
    ],
    [
      "a provider without models that have tools",
      new OllamaError.NoToolModels({ provider: "a", url: at("gpu"), models: [] }),
      new OllamaError.NoToolModels({ provider: "a", url: at("gpu"), models: [] })
    ],
    ["a variable that is not set", unset("models.providers.a.apiKey"), unset("models.providers.a.apiKey")],
    ["a wrong entry", invalid("models.providers.a"), invalid("models.providers.a")]
  ]
  for (const [what, first, second] of ones) {
    it(`${what}: the error itself`, () => assert.strictEqual(combined(first, second, second), first))
  }

  const several: ReadonlyArray<readonly [what: string, OllamaError.AttemptError, OllamaError.AttemptError]> = [
    ["timeouts of two hosts", timeout("gpu"), timeout("gpu2")],
    ["timeouts of two ports", timeout("gpu:1"), timeout("gpu:2")],
    ["a timeout and a refused connection of one host", timeout("gpu"), refused("gpu")],
    ["refused connections of two hosts", refused("gpu"), refused("gpu2")],
    ["two providers", new OllamaError.NotEnabled({ provider: "a" }), new OllamaError.NotEnabled({ provider: "b" })],
    ["two variables", unset("models.providers.a.apiKey"), unset("models.providers.b.apiKey")],
    ["two wrong entries", invalid("models.providers.a"), invalid("models.providers.b")],
    ["answers of one host", new OllamaError.ServerError(said(500)), new OllamaError.ServerError(said(500))],
    ["refusals of one host", new OllamaError.RequestRejected(said(400)), new OllamaError.RequestRejected(said(400))]
  ]
  for (const [what, first, second] of several) {
    it(`${what}: all of them`, () => {
      const error = combined(first, second)
      assert(error._tag === "AllModelsFailed")
      assert.deepStrictEqual(error.attempts.map((attempt) => attempt.error), [first, second])
    })
  }

  it("one candidate: its error", () => {
    const error = new OllamaError.ServerError(said(500))
    assert.strictEqual(combined(error), error)
  })

  it("knows a host by its scheme, name and port", () => {
    assert.strictEqual(origin("HTTP://Gpu:1/v1?x#y"), "http://gpu:1")
    assert.strictEqual(origin("no URL"), "no URL")
  })
})

describe("mayFallBack", () => {
  const errors: ReadonlyArray<OllamaError.AttemptError> = [
    new OllamaError.UnknownModel({ ref: "a/b", known: [] }),
    new OllamaError.InvalidModelRef({ ref: "", reason: "no-provider" }),
    new OllamaError.NoToolModels({ provider: "a", url: at("gpu"), models: [] }),
    new OllamaError.NoModelsConfigured({ provider: "a", url: at("gpu") })
  ]

  it("stops at a model that the caller named and nobody has, and at no other's", () => {
    for (const error of errors) {
      assert.isFalse(mayFallBack(error, true), error._tag)
      assert.isTrue(mayFallBack(error, false), error._tag)
    }
  })

  it("stops at a wrong request, whoever named the model, and at no refusal", () => {
    for (const named of [true, false]) {
      assert.isFalse(mayFallBack(new OllamaError.InvalidRequest({ detail: "no", path: "messages" }), named))
      for (
        const error of [
          new OllamaError.RequestRejected(said(400)),
          new OllamaError.ContextOverflow(said(400)),
          new OllamaError.ToolsNotSupported({}),
          new OllamaError.ModelNotFound(said(404)),
          new OllamaError.Unauthorized(said(401)),
          new OllamaError.NotEnabled({ provider: "a" })
        ]
      ) assert.isTrue(mayFallBack(error, named), error._tag)
    }
  })
})

describe("mayRetry", () => {
  const limited = (more: object, status = 429) =>
    new OllamaError.RateLimited({ ...said(status), reason: "rate", ...more })

  it("is for what may be over in a moment", () => {
    assert.isTrue(mayRetry(refused("gpu")))
    assert.isTrue(mayRetry(failed("gpu")))
    assert.isTrue(mayRetry(new OllamaError.ServerBusy(said(503))))
    assert.isTrue(mayRetry(limited({})))
    assert.isTrue(mayRetry(limited({ retryAfter: 30_000 })))
  })

  it("is not for what has generated something", () => {
    const partial = { parts: [{ type: "text", text: "Hello" }] } as const
    assert.isFalse(mayRetry(new OllamaError.ServerBusy({ ...said(503), partial })))
    assert.isFalse(mayRetry(limited({ partial })))
  })

  it("is not for what takes longer, or stays as it is", () => {
    assert.isFalse(mayRetry(limited({ retryAfter: 30_001 })))
    assert.isFalse(mayRetry(limited({ reason: "quota" })))
    assert.isFalse(mayRetry(limited({}, 413)))
    assert.isFalse(mayRetry(new OllamaError.ServerBusy({ ...said(503), retryAfter: 30_001 })))
    assert.isFalse(mayRetry(new OllamaError.ServerError(said(500))))
    assert.isFalse(mayRetry(new OllamaError.RequestRejected(said(400))))
    assert.isFalse(mayRetry(timeout("gpu")))
    for (const reason of ["dns", "unreachable", "tls", "protocol", "other"] as const) {
      assert.isFalse(mayRetry(new OllamaError.ConnectionFailed({ url: at("gpu"), reason, attempts: 1 })))
    }
  })
})

describe("mayProbe", () => {
  const cause = (message: string) => ({ name: "TypeError", message })

  it("is for a server that may be starting, also where a browser says nothing", () => {
    for (const error of [refused("gpu"), failed("gpu"), timeout("gpu")]) assert.isTrue(mayProbe(error))
    const silent = new OllamaError.ConnectionFailed({
      url: at("gpu"),
      reason: "other",
      attempts: 1,
      cause: cause("Failed to fetch")
    })
    assert.isTrue(mayProbe(silent))
  })

  it("is not for what was told, nor for an answer", () => {
    for (const reason of ["dns", "unreachable", "tls", "protocol", "other"] as const) {
      const error = new OllamaError.ConnectionFailed({ url: at("gpu"), reason, attempts: 1, cause: cause("no") })
      assert.isFalse(mayProbe(error), reason)
    }
    assert.isFalse(mayProbe(new OllamaError.ServerBusy(said(503))))
  })
})
