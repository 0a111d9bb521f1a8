import { assert, describe, it } from "@effect/vitest"
import { Duration, Either, FastCheck as fc } from "effect"
import { type ChatCompletions, Repair } from "effect-ollama"
import { write } from "../../src/core/json.js"
import { dataUrl } from "../../src/core/request/image.js"
import { normalize } from "../support/request.js"
import { apis, call, failure, invalidAt, png, pngBase64, tryEncode } from "./support.js"

describe("normalize", () => {
  const at = (path: string | undefined, options: unknown) => assert.deepStrictEqual(failure(options), invalidAt(path))

  it("refuses an empty prompt", () => {
    at("prompt", { prompt: "" })
    at("prompt", { prompt: [] })
    at("prompt", {})
    at(undefined, null)
  })
  it("refuses messages that are none, with their path", () => {
    at("prompt[0]", { prompt: ["Hi"] })
    at("prompt[0].role", { prompt: [{ role: "function", content: "" }] })
    at("prompt[1].content", { prompt: [{ role: "user", content: "Hi" }, { role: "user", content: [] }] })
    at("prompt[0].content", { prompt: [{ role: "assistant", content: null }] })
    at("prompt[0].content", { prompt: [{ role: "system" }] })
    at("prompt[0].content", { prompt: [{ role: "tool", toolCallId: "1", toolName: "f" }] })
    at("prompt[0].isError", { prompt: [{ role: "tool", toolCallId: "1", toolName: "f", content: "", isError: 1 }] })
    at("prompt[0].toolName", { prompt: [{ role: "tool", toolCallId: "1", content: "" }] })
    at("prompt[0].content[0].type", { prompt: [{ role: "user", content: [{ type: "audio" }] }] })
    at("prompt[0].content[0].arguments", {
      prompt: [{ role: "assistant", content: [{ ...call("f", ""), arguments: [1] }] }]
    })
  })
  it("refuses tools that are none, with their path", () => {
    at("tools", { prompt: "Hi", tools: {} })
    at("tools[0].name", { prompt: "Hi", tools: [{ name: "" }] })
    at("tools[1].name", { prompt: "Hi", tools: [{ name: "f" }, { name: "f" }] })
    at("tools[0].description", { prompt: "Hi", tools: [{ name: "f", description: 1 }] })
    at("tools[0].parameters", { prompt: "Hi", tools: [{ name: "f", parameters: { type: "string" } }] })
  })
  it("refuses a tool choice that nothing can meet", () => {
    at("toolChoice", { prompt: "Hi", tools: [{ name: "f" }], toolChoice: { tool: "g" } })
    at("toolChoice", { prompt: "Hi", tools: [{ name: "f" }], toolChoice: "any" })
    at("toolChoice", { prompt: "Hi", toolChoice: "required" })
  })
  it("refuses other formats than the known ones", () => {
    at("format", { prompt: "Hi", format: "yaml" })
    at("format", { prompt: "Hi", format: 1 })
  })
  it("refuses what nobody can ask, repair or wait by, with its path", () => {
    for (const model of [5, null, ["m"]]) at("model", { prompt: "Hi", model })
    for (const fallbacks of [5, null, "m"]) at("fallbacks", { prompt: "Hi", fallbacks })
    at("fallbacks[1]", { prompt: "Hi", fallbacks: ["m", 5] })
    for (const repairs of [5, null, {}]) at("repairs", { prompt: "Hi", repairs })
    for (const repair of [5, null, {}, { begin: 1 }]) at("repairs[0]", { prompt: "Hi", repairs: [repair] })
    for (const name of ["firstByteTimeout", "idleTimeout"]) {
      for (const limit of ["abc", {}, Number.NaN, true, null, [1]]) at(name, { prompt: "Hi", [name]: limit })
    }
  })
  it("accepts every form of model, fallbacks, repairs and limits", () => {
    const limits: ReadonlyArray<Duration.DurationInput | undefined> = [5, "2 seconds", Duration.infinity, 10n, [1, 2]]
    for (const limit of [...limits, Duration.seconds(1), undefined]) {
      const result = normalize({
        prompt: "Hi",
        model: "m",
        fallbacks: [],
        repairs: [Repair.thinkTags],
        firstByteTimeout: limit,
        idleTimeout: limit
      })
      assert.isTrue(Either.isRight(result), String(limit))
    }
  })
  it("keeps what was given from later changes", () => {
    const parameters = { type: "object", properties: { a: { type: "string" } } }
    const request = Either.getOrThrow(normalize({ prompt: "Hi", tools: [{ name: "f", parameters }] }))
    parameters.properties.a.type = "number"
    assert.deepStrictEqual(request.tools[0]!.parameters["properties"], { a: { type: "string" } })
  })
  it("gives plain data", () => {
    assert.deepStrictEqual(
      Either.getOrThrow(normalize({ prompt: "Hi", tools: [{ name: "f" }], topP: 1, params: { seed: 1, stop: "x" } })),
      {
        messages: [{ role: "user", content: "Hi" }],
        tools: [{ name: "f", parameters: { type: "object", properties: {} } }],
        toolChoice: "auto",
        params: { seed: 1, stop: ["x"], topP: 1 }
      }
    )
  })
})

describe("pictures", () => {
  const url = (image: unknown) => Either.getOrUndefined(dataUrl(image, "image"))

  it("bytes are told apart by how they begin", () => {
    assert.strictEqual(url(png), `data:image/png;base64,${pngBase64}`)
    assert.strictEqual(url(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])), "data:image/jpeg;base64,/9j/4A==")
    assert.isTrue(url(new TextEncoder().encode("RIFF\0\0\0\0WEBPVP8 "))?.startsWith("data:image/webp;base64,UklGR"))
    assert.strictEqual(url(Buffer.from(png)), `data:image/png;base64,${pngBase64}`)
  })
  it("data URLs are brought to one spelling", () => {
    const expected = `data:image/png;base64,${pngBase64}`
    for (
      const image of [
        expected,
        `data:image/PNG;charset=x;base64,${pngBase64}`,
        `data:;base64,${pngBase64}`,
        `data:image/png;base64,iVBORw0K\n  GgoBAgM`
      ]
    ) assert.strictEqual(url(image), expected)
    assert.strictEqual(url("data:image/jpg;base64,_9j_4A"), "data:image/jpeg;base64,/9j/4A==")
  })
  it("everything else is refused", () => {
    for (
      const image of [
        "http://127.0.0.1/a.png",
        "https://127.0.0.1/a.png",
        pngBase64,
        "data:image/gif;base64,R0lGODlh",
        "data:image/svg+xml;base64,AAAA",
        "data:;base64,R0lGODlh",
        "data:image/png,abc",
        "data:image/png;base64,",
        "data:image/png;base64,A",
        "data:image/png;base64,A*AA",
        "data:image/png;base64,A=AA",
        "",
        new TextEncoder().encode("GIF89a"),
        new Uint8Array(),
        [0xff, 0xd8, 0xff],
        undefined
      ]
    ) assert.isUndefined(url(image), String(image))
    assert.deepStrictEqual(
      failure({ prompt: [{ role: "user", content: [{ type: "image", image: "http://h/a.png" }] }] }),
      invalidAt("prompt[0].content[0].image")
    )
  })
  it.prop("base64 is the standard's", [fc.uint8Array({ maxLength: 40 })], ([tail]) => {
    const bytes = new Uint8Array([...png, ...tail])
    assert.strictEqual(url(bytes), `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`)
  })
  it("bytes of megabytes are no trouble", () => {
    const big = new Uint8Array(4_000_000)
    big.set(png)
    const once = url(big)
    assert.strictEqual(url(once), once)
  })
})

describe("totality", () => {
  const names =
    "prompt role content type text image tools name parameters toolChoice tool format params options temperature stop think keepAlive " +
    "arguments argumentsText id $ref $defs properties allOf anyOf items enum const __proto__ toJSON reasoning"
  const key = fc.constantFrom(...names.split(" "))
  const leaf = fc.oneof(
    fc.constantFrom<unknown>("user", "assistant", "tool", "system", "text", "image", "tool-call", "object", "#", "#/a"),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true, withNullPrototype: true }),
    fc.constant(() => {
      throw new Error("boom")
    })
  )
  const anything = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 5 })
    )
  })).value

  it.prop("anything is a body or a typed error, never a throw", [
    fc.dictionary(key, anything, { maxKeys: 6 }),
    fc.array(fc.dictionary(key, anything, { maxKeys: 3 }), { maxLength: 2 }),
    fc.constantFrom(...apis)
  ], ([options, params, api]) => {
    for (const given of [options, { prompt: "Hi", ...options }, { ...options, prompt: "Hi" }]) {
      const result = tryEncode(given as unknown as ChatCompletions.CompletionOptions, { api, params })
      if (Either.isRight(result)) assert.isObject(JSON.parse(result.right.body))
      else assert.match(result.left._tag, /^(InvalidRequest|(Images|Tools|Thinking)NotSupported)$/)
    }
  }, { fastCheck: { numRuns: 200 } })

  it("values may be nested 500 deep, and no deeper", () => {
    const nested = (depth: number): unknown => depth === 0 ? 1 : [nested(depth - 1)]
    assert.isTrue(Either.isRight(write(nested(500), "")))
    assert.isTrue(Either.isLeft(write(nested(501), "")))
  })

  it("getters and proxies that throw are a typed error", () => {
    const thrower = {
      get prompt(): string {
        throw new Error("boom")
      }
    }
    assert.strictEqual(failure(thrower)._tag, "InvalidRequest")
    const proxy = new Proxy({}, {
      ownKeys: () => {
        throw new Error("boom")
      }
    })
    assert.strictEqual(failure({ prompt: "Hi", params: { proxy } })._tag, "InvalidRequest")
    assert.strictEqual(failure({ prompt: "Hi", params: proxy })._tag, "InvalidRequest")
  })
  it("a small object that becomes an endless text is refused", () => {
    let bomb: unknown = "x"
    for (let i = 0; i < 60; i++) bomb = [bomb, bomb]
    assert.deepStrictEqual(failure({ prompt: "Hi", params: { bomb } })._tag, "InvalidRequest")
  })
})
