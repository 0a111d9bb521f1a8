import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as FastCheck from "effect/FastCheck"
import { contextWindowOf, definitionOf, entriesOf, numCtxOf, readShow, tagOf } from "../src/core/catalog/show.js"

const context = (info: object) => contextWindowOf(info)

describe("the context window", () => {
  it("is the one of the architecture", () => {
    assert.strictEqual(
      context({ "general.architecture": "llama", "llama.context_length": 8192, "a.context_length": 1 }),
      8192
    )
  })

  it("is another one that is not a tower's", () => {
    assert.strictEqual(
      context({
        "general.architecture": "gemma3",
        "gemma3.vision.context_length": 1,
        "clip.context_length": 2,
        "gemma3.audio.context_length": 3,
        "gemma3.text.context_length": 131072
      }),
      131072
    )
    assert.strictEqual(context({ "llama.context_length": 4096 }), 4096)
    assert.strictEqual(context({ "general.architecture": "x", "x.context_length": null, "y.context_length": 7 }), 7)
    assert.isUndefined(context({ "general.architecture": "x", "x.vision.context_length": 5 }))
  })

  it("is floored, may be text of digits, and is positive", () => {
    const said = (value: unknown) => context({ "general.architecture": "x", "x.context_length": value })
    assert.strictEqual(said(4096.9), 4096)
    assert.strictEqual(said("32768"), 32768)
    for (const value of [0, -1, 0.5, "-5", "many", "1e4", true, [1], {}, "9".repeat(400)]) {
      assert.isUndefined(said(value))
    }
  })

  it("is 8192 when nobody said it, and then not known", () => {
    const definition = definitionOf({ name: "m", digest: undefined }, {
      capabilities: ["tools"],
      contextWindow: undefined,
      numCtx: undefined
    })
    assert.deepStrictEqual([definition.contextWindow, definition.maxTokens], [8192, 81920])
    assert.notInclude(definition.known, "contextWindow")
  })
})

describe("num_ctx", () => {
  it("is read from any line, also in Go's notation", () => {
    assert.strictEqual(
      numCtxOf("stop                           \"<|im_end|>\"\nnum_ctx                        1.048576e+06"),
      1048576
    )
    assert.strictEqual(numCtxOf("num_ctx 4096\r\nseed 1"), 4096)
    assert.isUndefined(numCtxOf("stop \"num_ctx 5\""))
    assert.isUndefined(numCtxOf("num_ctx many"))
    assert.isUndefined(numCtxOf(undefined))
  })

  it("is not reported when it is the context window", () => {
    const definition = definitionOf({ name: "m", digest: "d" }, {
      capabilities: ["tools"],
      contextWindow: 4096,
      numCtx: 4096
    })
    assert.notProperty(definition, "numCtx")
  })
})

describe("answers", () => {
  it.prop("are read whatever they are", [FastCheck.oneof(FastCheck.string(), FastCheck.json())], ([text]) => {
    const entries = entriesOf(text, 10)
    return Either.isEither(readShow(text)) &&
      (Either.isLeft(entries) || entries.right.every((one) => tagOf(one) !== null))
  })

  it.prop("of show are never taken for more than they say", [
    FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue())
  ], ([value]) => {
    const shown = Either.getOrThrow(readShow(JSON.stringify(value)))
    return shown.capabilities === undefined || Array.isArray(value["capabilities"])
  })

  it("of tags may lack everything but a name", () => {
    assert.deepStrictEqual(tagOf({ model: " x " }), { name: "x", digest: undefined, modifiedAt: 0 })
    for (const value of [null, 3, "x", [], {}, { name: 5 }, { name: " " }]) assert.isUndefined(tagOf(value))
  })

  it("do not reach a prototype", () => {
    const shown = Either.getOrThrow(readShow("{\"__proto__\":{\"capabilities\":[\"tools\"]}}"))
    assert.isUndefined(shown.capabilities)
  })
})
