import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as FastCheck from "effect/FastCheck"
import {
  contextWindowOf,
  numCtxOf,
  readObject,
  readPs,
  readShow,
  readTags,
  readVersion
} from "../src/core/catalog/answers.js"
import { definitionOf } from "../src/core/catalog/definition.js"
import { listed } from "../src/core/catalog/discovered.js"

const context = (info: object) => contextWindowOf(info)

describe("the context window", () => {
  it("that only the list has counts, and that of the model itself before it", () => {
    const listed = { name: "m", details: { context_length: 32768 } }
    const [model] = Either.getOrThrow(readTags({ models: [listed] }, 10))
    const definition = definitionOf(model!, {})
    assert.strictEqual(definition.contextWindow, 32768)
    assert.include(definition.known, "contextWindow")
    assert.strictEqual(definitionOf(model!, { contextWindow: 4096 }).contextWindow, 4096)
    const broken = { name: "m", details: { context_length: "many" } }
    const [other] = Either.getOrThrow(readTags({ models: [broken] }, 10))
    assert.notInclude(definitionOf(other!, {}).known, "contextWindow")
  })

  it("is the one of the architecture", () => {
    assert.strictEqual(
      context({ "a.context_length": 1, "general.architecture": "llama", "llama.context_length": 8192 }),
      8192
    )
    assert.isUndefined(context({ "a.context_length": 1, "general.architecture": "x", "x.context_length": 0 }))
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
    assert.strictEqual(said(1), 1)
    for (const value of [0, -1, 1e308, 0.5, "-5", "many", "1e4", true, [1], {}, "9".repeat(400)]) {
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
    assert.deepStrictEqual(definition.known, ["name", "reasoning", "tools", "input"])
    for (const absent of ["numCtx", "digest"]) assert.notProperty(definition, absent)
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

  it("is not reported when nobody said it, nor what else nobody said", () => {
    const definition = definitionOf({ name: "m" }, { contextWindow: 4096 })
    for (const absent of ["numCtx", "digest", "capabilities", "tools"]) assert.notProperty(definition, absent)
    assert.deepStrictEqual([definition.reasoning, definition.input], [false, ["text"]])
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

describe("the list", () => {
  const days = FastCheck.constantFrom(
    "2026-11-22T18:00:00.5Z",
    "2026-11-22T18:00:00Z",
    "2026-11-21T00:00:00Z",
    undefined
  )
  const models = FastCheck.uniqueArray(
    FastCheck.record({ name: FastCheck.constantFrom("a", "b", "b:8b", "c", "C", "d", "z"), modifiedAt: days }),
    { selector: (model) => model.name }
  )

  it.prop("is in one order, whatever the server's", [
    models.chain((all) =>
      FastCheck.tuple(FastCheck.constant(all), FastCheck.shuffledSubarray(all, { minLength: all.length }))
    )
  ], ([[all, shuffled]]) => {
    const { duplicates, models } = listed(shuffled)
    assert.deepStrictEqual(models, listed(all).models)
    assert.deepStrictEqual(duplicates, [])
    const seconds = (model: { readonly modifiedAt?: string | undefined }) => model.modifiedAt?.slice(0, 19) ?? ""
    models.slice(1).forEach((model, i) => {
      const before = models[i]!
      assert.isTrue(
        seconds(before) > seconds(model) || (seconds(before) === seconds(model) && before.name < model.name)
      )
    })
    return true
  })
})

describe("answers", () => {
  const shown = (text: string) => Either.map(readObject(text), readShow)
  const tags = (...models: ReadonlyArray<unknown>) => Either.getOrThrow(readTags({ models }, 10))

  it.prop("are read whatever they are", [FastCheck.oneof(FastCheck.string(), FastCheck.json())], ([text]) => {
    const names = Either.flatMap(readObject(text), (json) => Either.all([readTags(json, 10), readPs(json, 10)])).pipe(
      Either.map((lists) => lists.flat().map((model) => model.name)),
      Either.getOrElse((): ReadonlyArray<string> => [])
    )
    return Either.isEither(shown(text)) && Either.isEither(Either.flatMap(readObject(text), readVersion)) &&
      !names.includes("")
  })

  it.prop("of show are never taken for more than they say", [
    FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue())
  ], ([value]) => {
    const { capabilities } = Either.getOrThrow(shown(JSON.stringify(value)))
    return capabilities === undefined || Array.isArray(value["capabilities"])
  })

  it("of tags may lack everything but a name", () => {
    const [only, ...more] = tags({ model: " x " })
    assert.deepStrictEqual(more, [])
    assert.deepStrictEqual([only!.name, only!.digest, only!.modifiedAt], ["x", undefined, undefined])
    assert.deepStrictEqual(tags(null, 3, "x", [], {}, { name: 5 }, { name: " " }), [])
    assert.isUndefined(tags({ name: "x", digest: "" })[0]!.digest)
  })

  it("of tags and ps list nothing, or at most so many, or are none", () => {
    for (const readList of [readTags, readPs]) {
      const read = (text: string, most: number) =>
        Either.flatMap(readObject(text), (json): Either.Either<ReadonlyArray<unknown>, string> => readList(json, most))
      assert.deepStrictEqual(read("{\"models\":null}", 1), Either.right([]))
      assert.isTrue(Either.isRight(read("{\"models\":[{}]}", 1)))
      assert.deepStrictEqual(read("{\"models\":[{},{}]}", 1), Either.left("the answer lists more than 1 models"))
      assert.deepStrictEqual(read("{}", 1), Either.left("the answer has no list of models"))
    }
  })

  it("do not reach a prototype", () => {
    const { capabilities } = Either.getOrThrow(shown("{\"__proto__\":{\"capabilities\":[\"tools\"]}}"))
    assert.isUndefined(capabilities)
  })
})
