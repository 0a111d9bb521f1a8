import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { asEndpointError, classifyAnswer, classifyText, retryAfterMillis } from "../src/core/failure/refusal.js"
import { expectedErrors, load, versions } from "./support/recordings.js"

const url = "http://127.0.0.1:11434/api/chat"
const now = Date.UTC(2026, 10, 22, 12, 0, 0)

const answer = (status: number, body: unknown, more: { location?: string; retryAfter?: string } = {}) =>
  classifyAnswer({ url, status, body: typeof body === "string" ? body : JSON.stringify(body), ...more }, { now })

const nested = (message: object) => ({ error: JSON.stringify({ error: message }) })

describe("classifyAnswer", () => {
  for (const version of versions) {
    it(`gives every failure recorded from ${version} its tag`, () => {
      const expected = expectedErrors[version]
      let seen = 0
      for (const { name, response } of load(version)) {
        const tag = expected[name]
        if (tag === undefined || tag === "IncompleteResponse") continue
        seen++
        const last = response.text.trimEnd().split("\n").at(-1)!
        const error = response.status === 200
          ? classifyText(JSON.parse(last).error, { url })
          : classifyAnswer({ url, status: response.status, body: response.text }, { now })
        assert.strictEqual(error._tag, tag, `${name}: ${response.status} ${response.text}`)
      }
      assert.isAbove(seen, 25)
    })
  }

  it("takes no answered request for a failure of a missing model because of its path", () => {
    assert.strictEqual(answer(404, "404 page not found")._tag, "EndpointNotFound")
    assert.strictEqual(answer(405, "405 method not allowed")._tag, "EndpointNotFound")
    assert.strictEqual(answer(404, { detail: "Not Found" })._tag, "EndpointNotFound")
    assert.strictEqual(answer(404, "")._tag, "EndpointNotFound")
  })

  it("reads the three spellings of a missing model, and keeps the name", () => {
    for (
      const text of [
        "model 'x' not found",
        "model \"x\" not found, try pulling it first",
        "model \"x\" not found"
      ]
    ) {
      const error = answer(404, { error: text })
      assert(error._tag === "ModelNotFound")
      assert.strictEqual(error.model, "x")
    }
  })

  it("prefers the name that was asked for", () => {
    const error = classifyAnswer({ url, status: 404, body: "{\"error\":\"model 'x:latest' not found\"}" }, {
      now,
      model: "x"
    })
    assert(error._tag === "ModelNotFound")
    assert.strictEqual(error.model, "x")
  })

  it("lifts the numbers of a context overflow out of JSON in a string", () => {
    const error = answer(
      400,
      nested({
        code: 400,
        message: "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
        type: "exceed_context_size_error",
        n_prompt_tokens: 5000,
        n_ctx: 4096
      })
    )
    assert(error._tag === "ContextOverflow")
    assert.deepStrictEqual([error.promptTokens, error.contextSize], [5000, 4096])
    assert.isTrue(error.detail.startsWith("request (5000 tokens)"))
  })

  it("lifts them out of a text that is no JSON any more, too", () => {
    const inner = JSON.stringify({
      error: { message: "exceeds the available context size", n_prompt_tokens: 9, n_ctx: 8 }
    })
    const error = answer(400, { error: `${inner}\nout of memory` })
    assert(error._tag === "ContextOverflow")
    assert.deepStrictEqual([error.promptTokens, error.contextSize], [9, 8])
  })

  it("reads the error of a struct, a string and an object alike", () => {
    for (
      const body of [
        { StatusCode: 429, Status: "429 Too Many Requests", error: "you have reached your session usage limit" },
        { error: "you have reached your session usage limit" },
        { error: { message: "you have reached your session usage limit", type: "x", code: null } }
      ]
    ) {
      const error = answer(429, body)
      assert(error._tag === "RateLimited")
      assert.strictEqual(error.reason, "quota")
      assert.strictEqual(error.detail, "you have reached your session usage limit")
    }
  })

  it("tells a rate limit from a used-up quota", () => {
    const error = answer(429, { error: "too many requests" })
    assert(error._tag === "RateLimited")
    assert.strictEqual(error.reason, "rate")
  })

  it("reads Retry-After as seconds and as a date", () => {
    const seconds = answer(429, "", { retryAfter: "7" })
    const date = answer(503, "", { retryAfter: new Date(now + 3000).toUTCString() })
    assert(seconds._tag === "RateLimited" && date._tag === "ServerBusy")
    assert.strictEqual(seconds.retryAfter, 7000)
    assert.strictEqual(date.retryAfter, 3000)
    assert.isUndefined(retryAfterMillis("soon", now))
    assert.isUndefined(retryAfterMillis("-1", now))
    assert.strictEqual(retryAfterMillis("Thu, 01 Jan 1970 00:00:00 GMT", now), 0)
  })

  it("reads a Retry-After of any number of digits as a long time", () => {
    for (const digits of [13, 20, 400, 8000]) {
      const wait = retryAfterMillis("9".repeat(digits), now)
      assert.isTrue(Number.isFinite(wait) && wait! > 1e15, `${digits}`)
    }
    assert.strictEqual(retryAfterMillis("1.5000000000", now), 1500)
  })

  it("keeps the sign-in URL", () => {
    const error = answer(401, { error: "unauthorized", signin_url: "https://ollama.com/connect?name=h&key=k" })
    assert(error._tag === "Unauthorized")
    assert.strictEqual(error.signinUrl, "https://ollama.com/connect?name=h&key=k")
  })

  it("names the reason of a 403", () => {
    const reason = (body: unknown) => {
      const error = answer(403, body)
      assert(error._tag === "Forbidden")
      return error.reason
    }
    assert.strictEqual(reason(""), "host-or-origin")
    assert.strictEqual(reason({ error: "ollama cloud is disabled: remote model is unavailable" }), "cloud-disabled")
    assert.strictEqual(reason({ error: "no" }), "other")
  })

  it("takes a redirect for a wrong base URL, also one that a browser hides", () => {
    const error = answer(307, "", { location: "https://elsewhere/api/chat" })
    assert(error._tag === "EndpointNotFound")
    assert.strictEqual(error.location, "https://elsewhere/api/chat")
    assert.strictEqual(answer(0, "")._tag, "EndpointNotFound")
  })

  it("takes texts that look alike for what they are", () => {
    assert.strictEqual(answer(400, { error: "unexpected EOF" })._tag, "InvalidRequest")
    assert.strictEqual(
      answer(500, { error: "an error was encountered while running the model: unexpected EOF" })._tag,
      "ServerError"
    )
    assert.strictEqual(
      answer(500, { error: "error reading llama-server response: read: connection reset by peer" })._tag,
      "ServerError"
    )
    assert.strictEqual(
      answer(400, { error: "image URLs are not currently supported, please use base64" })._tag,
      "InvalidRequest"
    )
  })

  it("takes a model of another kind for no wrong request, so that another model may answer", () => {
    const error = answer(400, { error: "\"all-minilm\" does not support chat" })
    assert.strictEqual(error._tag, "RequestRejected")
    assert.include(error.hint, "name one that is")
    assert.notMatch(error.hint, /retry/)
  })

  it("sees that a model cannot see", () => {
    assert.strictEqual(answer(400, { error: "this model does not support images" })._tag, "ImagesNotSupported")
    assert.strictEqual(
      answer(500, { error: "image input is not supported - hint: provide the mmproj" })._tag,
      "ImagesNotSupported"
    )
  })

  it("makes one line of a page, and cuts it short", () => {
    const error = answer(502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>")
    assert(error._tag === "ServerError")
    assert.strictEqual(error.detail, "502 Bad Gateway")
    const long = answer(500, { error: "x".repeat(100_000) })
    assert(long._tag === "ServerError")
    assert.isAtMost(long.detail.length, 300)
  })

  it.prop(
    "answers anything with an error whose detail is short",
    [
      FastCheck.integer({ min: 0, max: 999 }),
      FastCheck.oneof(FastCheck.string(), FastCheck.json(), FastCheck.json().map((error) => JSON.stringify({ error })))
    ],
    ([status, body]) => {
      const error = classifyAnswer({ url, status, body }, { now })
      return typeof error._tag === "string" && (error.detail ?? "").length <= 300 && error.message.length > 0
    }
  )
})

describe("classifyText", () => {
  it("is a ServerError when the text says nothing known, with what had arrived", () => {
    const partial = { parts: [{ type: "text" as const, text: "Hel" }] }
    const error = classifyText("an error was encountered while running the model: unexpected EOF", { url, partial })
    assert(error._tag === "ServerError")
    assert.strictEqual(error.status, 200)
    assert.deepStrictEqual(error.partial, partial)
  })

  it("takes the status that an error carries for the answer's", () => {
    const error = classifyText({ StatusCode: 429, Status: "429 Too Many Requests", error: "limit" }, { url })
    assert.strictEqual(error._tag, "RateLimited")
  })

  it("knows the text of the errors that a status tells otherwise", () => {
    const tag = (error: unknown) => classifyText(error, { url })._tag
    assert.strictEqual(tag("unauthorized"), "Unauthorized")
    assert.strictEqual(tag("server busy, please try again.  maximum pending requests exceeded"), "ServerBusy")
    assert.strictEqual(tag("you have reached your session usage limit"), "RateLimited")
    assert.strictEqual(tag("pull model manifest: file does not exist"), "ModelNotFound")
    assert.strictEqual(tag({ message: "model 'x' not found" }), "ModelNotFound")
  })

  it.prop("takes any value", [FastCheck.anything()], ([value]) => classifyText(value, { url })._tag.length > 0)
})

describe("asEndpointError", () => {
  it("has no errors about models", () => {
    assert.strictEqual(asEndpointError(answer(404, { error: "model 'x' not found" }))._tag, "EndpointNotFound")
    assert.strictEqual(asEndpointError(answer(400, { error: "bad" }))._tag, "RequestRejected")
    assert.strictEqual(asEndpointError(answer(500, { error: "m does not support tools" }))._tag, "ServerError")
    assert.strictEqual(asEndpointError(answer(503, ""))._tag, "ServerBusy")
  })
})
