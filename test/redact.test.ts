import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { beginning, cut, mask, redact, redactCut } from "../src/core/failure/redact.js"

describe("redact", () => {
  it("masks the longest secret first, since one may be a part of another", () => {
    for (const secrets of [["team", "team-secret", "secret"], ["team-secret", "secret", "team"]]) {
      assert.strictEqual(redact("of team-secret and team", secrets), "of *** and ***")
    }
  })

  it("masks every time that one occurs, and none so short that it would mask words", () => {
    assert.strictEqual(redact("keys: key1 key1key1", ["key1", "key"]), "keys: *** ******")
  })
})

describe("redactCut", () => {
  it("masks the half of a secret that a cut left", () => {
    assert.strictEqual(redactCut("the key is sk-12345…", ["sk-123456789"]), "the key is ***…")
    assert.strictEqual(redactCut("the key is sk-12345", ["sk-123456789"]), "the key is sk-12345")
    assert.strictEqual(redactCut("the key is sk-…", ["sk-123456789"]), "the key is sk-…")
  })
})

describe("cut", () => {
  it("keeps what is short enough, and no half of a character", () => {
    assert.strictEqual(cut("12345", 5), "12345")
    assert.strictEqual(cut("123456", 5), "1234…")
    assert.strictEqual(cut("123👍56", 5), "123…")
    assert.strictEqual(cut("12👍56", 5), "12👍…")
  })
})

describe("mask", () => {
  it("hides credentials of URLs, tokens and values of headers", () => {
    assert.strictEqual(mask("at http://me:pass@host/ now"), "at http://***@host/ now")
    assert.strictEqual(mask("authorization: Bearer abc, Basic xyz"), "authorization: Bearer *** Basic ***")
    assert.strictEqual(mask("\"abc\" is no header value"), "\"***\" is no header value")
  })

  it("is one line, of 200 characters or as many as are wanted", () => {
    assert.strictEqual(mask(" a\n\t b "), "a b")
    assert.strictEqual(mask("x".repeat(300)), `${"x".repeat(199)}…`)
    assert.strictEqual(mask("x".repeat(80), [], 80), "x".repeat(80))
    assert.strictEqual(mask("x".repeat(81), [], 80), `${"x".repeat(79)}…`)
  })

  it("hides a secret that stands where a long message is cut", () => {
    const secret = "sk-123456789"
    for (let blanks = 4080; blanks < 4100; blanks++) {
      assert.notInclude(mask(`a${" ".repeat(blanks)}${secret}`, [secret]), "sk-1", `${blanks}`)
    }
  })

  it.prop(
    "shows nothing of a secret, wherever it stands",
    [
      FastCheck.string(),
      FastCheck.string(),
      FastCheck.stringMatching(/^[a-z0-9]{8,20}$/),
      FastCheck.integer({ min: 1, max: 60 })
    ],
    ([before, after, secret, most]) => {
      // what stands beside it may be like its beginning
      FastCheck.pre(!`${before}${after}`.includes(secret.slice(0, 4)))
      return !mask(`${before}${secret}${after}`, [secret], most).includes(secret)
        && !beginning(`${before}${secret}${after}`, [secret], most).includes(secret.slice(0, 4))
    }
  )
})
