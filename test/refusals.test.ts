import { assert, describe, it } from "@effect/vitest"
import { OllamaError } from "effect-ollama"
import * as FastCheck from "effect/FastCheck"
import { mayFallBack } from "../src/core/failure/fallback.js"
import { settingOf, unlessConfigured } from "../src/core/failure/mistake.js"
import { asEndpointError, classifyAnswer, classifyText } from "../src/core/failure/refusal.js"
import { hosted, local, ollama, type Refusal } from "./refusals.fixtures.js"

const url = "http://gpu-box/v1/chat/completions"

const textOf = (body: unknown): string => typeof body === "string" ? body : JSON.stringify(body)

const answer = (status: number, body: unknown) => classifyAnswer({ url, status, body: textOf(body) }, { now: 0 })

const classify = ({ body, status }: Refusal) => status === 200 ? classifyText(body, { url }) : answer(status, body)

// What hints never show: JSON, and what a user or a model wrote.
const unreadable = /["']\s*:\s*["'{[]|\{\s*["']|what (a user|the model) wrote|of the model"|the model's words/

for (
  const [from, refusals] of Object.entries({ "Ollama": ollama, "servers of one's own": local, "hosted APIs": hosted })
) {
  describe(`what ${from} say`, () => {
    for (const refusal of refusals) {
      const { body, reason, says, status, stops, tag, tokens } = refusal
      it(`${refusal.from}, ${status}: ${textOf(body).slice(0, 80)}`, () => {
        const error = classify(refusal)
        assert.strictEqual(error._tag, tag, error.hint)
        assert.strictEqual("reason" in error ? error.reason : undefined, reason)
        if (error._tag === "ContextOverflow") {
          assert.deepStrictEqual(
            [error.promptTokens, error.contextSize],
            tokens === undefined ? [undefined, undefined] : [...tokens]
          )
        }
        assert.strictEqual(mayFallBack(error, true), stops !== true)
        if (says !== undefined) assert.include(error.hint, says)
        assert.notMatch(error.hint, unreadable)
        if (error._tag === "RequestRejected") assert.notMatch(error.hint, /identical retry|try again/i)
      })
    }
  })
}

describe("a refusal that is not understood", () => {
  const bodies = {
    empty: "",
    HTML: "<html><head><title>No</title></head><body>no</body></html>",
    text: "no, thank you",
    JSON: JSON.stringify({ error: "no, thank you" }),
    "JSON of another shape": JSON.stringify({ a: [{ b: "c" }] }),
    "cut JSON": "{\"error\":{\"message\":\"no, thank you\",\"x"
  }
  for (const [name, body] of Object.entries(bodies)) {
    it(`falls back with every status from 400 to 499, with a body that is ${name}`, () => {
      for (let status = 400; status < 500; status++) {
        const error = answer(status, body)
        assert.isTrue(mayFallBack(error, true), `${status} ${error._tag}`)
        assert.notStrictEqual(error._tag, "InvalidRequest")
        assert.notInclude(error.hint, "{")
        if (name === "cut JSON" && status !== 403) {
          assert.include(error.hint, status === 404 ? "gpu-box" : "no, thank you")
        }
      }
    })
  }

  it("is RequestRejected with its status, code and words, also of an endpoint without a model", () => {
    const error = answer(422, { error: { message: "no", code: "because" } })
    assert(error._tag === "RequestRejected")
    assert.deepInclude({ ...error }, { status: 422, code: "because", detail: "no" })
    assert.deepStrictEqual(asEndpointError(error), error)
    assert.strictEqual(asEndpointError(answer(400, { error: "model is required" }))._tag, "RequestRejected")
  })

  it.prop(
    "is told in a short sentence, whatever the body, and falls back but for the caller's mistakes",
    [
      FastCheck.integer({ min: 400, max: 599 }),
      FastCheck.oneof(
        FastCheck.string(),
        FastCheck.json(),
        FastCheck.json().map((error) => JSON.stringify({ error })),
        FastCheck.json().map((inner) => JSON.stringify({ error: { message: `told: ${inner} at all` } })),
        FastCheck.jsonValue().map((value) => JSON.stringify({ detail: [value], errors: value, base_resp: value }))
      )
    ],
    ([status, body]) => {
      const error = answer(status, body)
      return (error.detail ?? "").length <= 300 && mayFallBack(error, true) === (error._tag !== "InvalidRequest")
    }
  )

  it("is read to its end, however large and hostile", () => {
    // So long that what takes time with the square of its length never comes to its end: nothing is measured.
    const parts = [
      "{\"error\":\"",
      "[{\"",
      "\n",
      " ",
      "<title",
      "<script>",
      "map[message:",
      "raw='",
      ", input_value=",
      "model ",
      "=",
      "\\"
    ]
    const began = performance.now()
    for (const part of parts) {
      for (
        const body of [
          part.repeat(70_000),
          JSON.stringify({ error: part.repeat(70_000) }),
          `{"message":"${part.repeat(7000)}`
        ]
      ) {
        assert.isAtMost((answer(400, body).detail ?? "").length, 300)
      }
    }
    assert.isBelow(performance.now() - began, 5000)
  })
})

describe("a caller's mistake", () => {
  const mistake = (text: string) => classifyText(text, { url, status: 400 })

  it("names the setting that it is about, if it is about one", () => {
    const settings = ollama.filter((refusal) => refusal.stops).map((refusal) => {
      const error = classify(refusal)
      return error._tag === "InvalidRequest" ? settingOf(error.detail) : error._tag
    })
    assert.deepStrictEqual([...new Set(settings)], ["num_ctx", "format", undefined, "model", "think", "keep_alive"])
  })

  it("is a refusal of this model when the configuration made it", () => {
    const error = mistake("option \"num_ctx\" must be of type integer")
    const rejected = unlessConfigured(error, () => false)
    assert(rejected._tag === "RequestRejected")
    assert.deepInclude({ ...rejected }, { url, status: 400, detail: "option \"num_ctx\" must be of type integer" })
    assert.isTrue(mayFallBack(rejected, true))
    assert.strictEqual(unlessConfigured(error, (setting) => setting === "num_ctx"), error)
  })

  it("is always the caller's when it names no setting, and other errors stay what they are", () => {
    const images = mistake("illegal base64 data at input byte 4")
    assert.strictEqual(unlessConfigured(images, () => false), images)
    const seen = new OllamaError.InvalidRequest({ detail: "model is required", path: "model" })
    assert.strictEqual(unlessConfigured(seen, () => false), seen)
    const busy = answer(503, "")
    assert.strictEqual(unlessConfigured(busy, () => false), busy)
  })

  it("is none with a status that Ollama does not say it with, or not at the beginning", () => {
    for (const status of [401, 403, 404, 409, 422, 429]) {
      assert.notStrictEqual(answer(status, { error: "model is required" })._tag, "InvalidRequest")
    }
    assert.strictEqual(answer(400, { error: "Error: model is required" })._tag, "RequestRejected")
    assert.strictEqual(answer(500, { error: "model is required" })._tag, "InvalidRequest")
  })
})
