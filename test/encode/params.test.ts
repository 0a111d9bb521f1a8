import { assert, describe, it } from "@effect/vitest"
import { apis, completions, encoded, failure, invalidAt, ollama, plainModel, unknownModel } from "./support.js"

const settings = (result: { readonly ignored: ReadonlyArray<{ readonly setting: string }> }) =>
  result.ignored.map(({ setting }) => setting)

describe("names and places", () => {
  const all = {
    temperature: 0.5,
    topP: 0.9,
    topK: 40,
    minP: 0.1,
    maxTokens: 100,
    seed: -1,
    stop: "x",
    frequencyPenalty: 0.1,
    presencePenalty: 0.2,
    repeatPenalty: 1.1,
    numCtx: 4096,
    keepAlive: "5m"
  }
  it("ollama: options, and keep_alive beside them", () => {
    const { keep_alive, options } = ollama(all)
    assert.strictEqual(keep_alive, "5m")
    assert.deepStrictEqual(options, {
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.1,
      num_predict: 100,
      seed: -1,
      stop: ["x"],
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      repeat_penalty: 1.1,
      num_ctx: 4096
    })
  })
  it("ollama: the answer says which context size was asked for", () => {
    assert.strictEqual(encoded({ prompt: "Hi", numCtx: 4096 }, { api: "ollama" }).numCtx, 4096)
    assert.isUndefined(encoded({ prompt: "Hi" }, { api: "ollama" }).numCtx)
    assert.isUndefined(encoded({ prompt: "Hi", numCtx: 4096 }).numCtx)
  })
  it("/v1: fields of the body, and what it cannot carry is reported", () => {
    const result = encoded({ prompt: "Hi", ...all })
    assert.deepStrictEqual(JSON.parse(result.body), {
      model: "m",
      messages: [{ role: "user", content: "Hi" }],
      stream: false,
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 100,
      seed: -1,
      stop: ["x"],
      frequency_penalty: 0.1,
      presence_penalty: 0.2
    })
    assert.sameMembers(settings(result), ["topK", "minP", "repeatPenalty", "numCtx", "keepAlive"])
    for (const { reason } of result.ignored) assert.include(reason, "/v1")
  })
  it("/v1: the field of maxTokens is the model's", () => {
    const body = completions({ maxTokens: 5 }, { maxTokensField: "max_completion_tokens" })
    assert.strictEqual(body.max_completion_tokens, 5)
    assert.notProperty(body, "max_tokens")
  })
  it("every spelling means the same", () => {
    const spellings = [
      { top_p: 0.5, max_tokens: 9, keep_alive: -1, num_ctx: 10, reasoning_effort: "low" },
      { topP: 0.5, num_predict: 9, keepAlive: "-1", numCtx: 10, think: "low" },
      { top_p: 0.5, max_completion_tokens: 9, keep_alive: -1, options: { num_ctx: 10 }, reasoning: { effort: "low" } }
    ]
    for (const params of spellings) {
      const body = ollama({ params })
      assert.deepStrictEqual(body.options, { top_p: 0.5, num_predict: 9, num_ctx: 10 })
      assert.strictEqual(body.keep_alive, -1)
      assert.strictEqual(body.think, "low")
    }
  })
  it("unknown names: `options` of Ollama's own API, but its own fields at the top; the /v1 body", () => {
    const params = { num_gpu: 1, truncate: false, shift: false, mine: { a: [null] } }
    const body = ollama({ params })
    assert.deepStrictEqual(body.options, { num_gpu: 1, mine: { a: [null] } })
    assert.deepInclude(body, { truncate: false, shift: false })

    const result = encoded({ prompt: "Hi", params })
    assert.deepInclude(JSON.parse(result.body), { num_gpu: 1, mine: { a: [null] } })
    assert.sameMembers(settings(result), ["truncate", "shift"])
  })
  for (const api of apis) {
    it(`${api}: what no answer could hold is not asked for, and is reported`, () => {
      const result = encoded({ prompt: "Hi", params: { logprobs: true, top_logprobs: 2 } }, { api })
      assert.notInclude(result.body, "logprobs")
      assert.deepStrictEqual(settings(result), ["logprobs", "top_logprobs"])
      assert.isTrue(result.ignored.every(({ reason }) => reason !== ""))
    })
  }
  it("a format among the params is the form of the answer, in the API's own words", () => {
    const format = { type: "object", properties: { a: { type: "string" } } }
    assert.strictEqual(ollama({ params: { format: "json" } }).format, "json")
    assert.deepStrictEqual(ollama({}, { params: [{ options: { format } }] }).format, format)
    assert.notProperty(ollama({ params: { format } }), "options")
    assert.deepStrictEqual(completions({ params: { format: "json" } }).response_format, { type: "json_object" })
    assert.deepStrictEqual(completions({ params: { format } }).response_format.json_schema.schema, format)
    assert.notProperty(completions({ params: { format } }), "format")
  })
  it("the request's own format wins over the params', and /v1's own name over the other", () => {
    const format = { type: "object" }
    assert.deepStrictEqual(ollama({ format, params: { format: "json" } }).format, format)
    const own = { format, params: { format: "json", response_format: { type: "text" } } }
    assert.deepStrictEqual(completions(own).response_format.json_schema.schema, format)
    const { response_format } = completions({ params: { response_format: { type: "text" } } }, {
      params: [{ format: "json" }]
    })
    assert.deepStrictEqual(response_format, { type: "text" })
  })
  it("ollama: `options` of the extra body are beside the others, and below those of their own set and of stronger ones", () => {
    const extra_body = JSON.parse("{\"options\":{\"seed\":1,\"top_k\":1,\"num_ctx\":4096,\"__proto__\":{\"x\":1}}}")
    const { body, numCtx } = encoded({ prompt: "Hi", seed: 2 }, {
      api: "ollama",
      params: [{ top_k: 3, temperature: 0.5, contextTokens: 10 }, { extra_body }]
    })
    assert.include(body, "\"__proto__\":{\"x\":1}")
    assert.deepInclude(JSON.parse(body).options, { temperature: 0.5, top_k: 1, num_ctx: 4096, seed: 2 })
    assert.strictEqual(numCtx, 4096)
    assert.deepStrictEqual(ollama({}, { params: [{ top_k: 3, extra_body }] }).options.top_k, 3)
    assert.deepStrictEqual(ollama({ params: { extra_body: { options: { a: 1 } } } }).options, { a: 1 })
    assert.strictEqual(ollama({ params: { extra_body: { options: "x" } } }).options, "x")
  })
  it("an empty list of stops is none", () => {
    assert.notProperty(ollama({ stop: [] }, { params: [{ stop: "x" }] }), "options")
    assert.notProperty(completions({ stop: [] }, { params: [{ stop: "x" }] }), "stop")
  })
  it("`__proto__` is a name like any other", () => {
    const params = JSON.parse("{\"__proto__\":{\"temperature\":1}}")
    const text = encoded({ prompt: "Hi", params }, { api: "ollama" }).body
    assert.include(text, "\"options\":{\"__proto__\":{\"temperature\":1}}")
  })
})

describe("which setting wins", () => {
  it("the call over the ref over the model over the provider, in any spelling", () => {
    const params = [
      { temperature: 1, top_p: 0.1, num_predict: 1, seed: 1 },
      { topP: 0.2, maxTokens: 2, seed: 2 },
      { max_tokens: 3, seed: 3 }
    ]
    const body = completions({ params: { seed: 4 } }, { params })
    assert.deepInclude(body, { temperature: 1, top_p: 0.2, max_tokens: 3, seed: 4 })
    assert.strictEqual(completions({ seed: 5, params: { seed: 4 } }, { params }).seed, 5)
  })
  it("null takes a setting away, undefined does not", () => {
    const params = [{ temperature: 1, seed: 1, mine: 1 }]
    const body = completions({ temperature: undefined, params: { seed: null, mine: null } }, { params })
    assert.strictEqual(body.temperature, 1)
    assert.notProperty(body, "seed")
    assert.notProperty(body, "mine")
  })
})

describe("wrong params", () => {
  const at = (path: string, params: object) =>
    assert.deepStrictEqual(failure({ prompt: "Hi", params }), invalidAt(path), JSON.stringify(Object.keys(params)))

  it("what the request says otherwise is refused, from the call and from the configuration", () => {
    for (const name of ["model", "messages", "stream", "tools"]) {
      at(`params.${name}`, { [name]: "x" })
      assert.deepStrictEqual(
        failure({ prompt: "Hi" }, { params: [{ [name]: true }] }),
        invalidAt(`params.${name}`)
      )
    }
  })
  it("wrong types are refused with their path", () => {
    at("params.temperature", { temperature: "0.5" })
    at("params.temperature", { temperature: Number.NaN })
    at("params.num_ctx", { num_ctx: 0 })
    at("params.num_ctx", { num_ctx: 1.5 })
    at("params.seed", { seed: 2 ** 60 })
    at("params.max_tokens", { max_tokens: 1.5 })
    at("params.stop", { stop: ["a", 1] })
    at("params.keep_alive", { keep_alive: "soon" })
    at("params.keep_alive", { keep_alive: "5" + "0".repeat(400) })
    at("params.format", { format: "yaml" })
    at("params.options.format", { options: { format: [] } })
    at("params.think", { think: "true" })
    at("params.reasoning_effort", { reasoning_effort: "enormous" })
    at("params.options.top_k", { options: { top_k: "x" } })
    at("params.options", { options: { options: {} } })
    assert.deepStrictEqual(failure({ prompt: "Hi", temperature: Infinity }), invalidAt("temperature"))
    assert.deepStrictEqual(failure({ prompt: "Hi", params: 1 }), invalidAt("params"))
  })
  it("Go durations and seconds are both kept as they are", () => {
    for (const keepAlive of ["5m", "1h30m", "-1s", "1.5h", "0", 0, -1, 300]) {
      const sent = ollama({ keepAlive }).keep_alive
      assert.strictEqual(sent, keepAlive === "0" ? 0 : keepAlive)
    }
  })
  it("what is not JSON is refused with its path", () => {
    const cyclic: Record<string, unknown> = {}
    cyclic["self"] = cyclic
    at("params.a.b[1]", { a: { b: [1, 10n] } })
    at("params.f", { f: () => 1 })
    at("params.m", { m: new Map() })
    at("params.n", { n: Number.POSITIVE_INFINITY })
    const { _tag, path } = failure({ prompt: "Hi", params: { cyclic } })
    assert.strictEqual(_tag, "InvalidRequest")
    assert.isTrue(path!.startsWith("params.cyclic.self"))
    assert.isBelow(path!.length, 200)
  })
})

describe("thinking", () => {
  it("ollama: as it is asked for, with OpenAI's levels mapped", () => {
    for (const think of [true, false, "low", "max"] as const) assert.strictEqual(ollama({ think }).think, think)
    assert.strictEqual(ollama({ params: { reasoning_effort: "none" } }).think, false)
    assert.strictEqual(ollama({ params: { reasoning_effort: "minimal" } }).think, "low")
    assert.strictEqual(ollama({ params: { reasoning_effort: "xhigh" } }).think, "high")
    assert.notProperty(ollama({}), "think")
  })
  it("/v1: a level is the effort, off is none, on is the default", () => {
    assert.strictEqual(completions({ think: "high" }).reasoning_effort, "high")
    assert.strictEqual(completions({ think: false }).reasoning_effort, "none")
    assert.notProperty(completions({ think: true }), "reasoning_effort")
    assert.notProperty(completions({ think: true }), "think")
  })
  it("a call that wants thinking of a model that cannot is refused", () => {
    for (const think of [true, "low"] as const) {
      assert.strictEqual(failure({ prompt: "Hi", think }, { model: plainModel })._tag, "ThinkingNotSupported")
      assert.strictEqual(
        failure({ prompt: "Hi", think }, { model: plainModel, api: "ollama" })._tag,
        "ThinkingNotSupported"
      )
    }
  })
  it("a configured level for a model that cannot think is not sent and reported", () => {
    for (const api of ["ollama", "openai-completions"] as const) {
      const result = encoded({ prompt: "Hi" }, { api, model: plainModel, params: [{ think: "high" }] })
      assert.deepStrictEqual(settings(result), ["think"])
      assert.notInclude(result.body, "high")
    }
  })
  it("off is said to an Ollama whatever is known of the model: many think unless told", () => {
    assert.strictEqual(completions({ think: false }, { model: plainModel }).reasoning_effort, "none")
    assert.strictEqual(ollama({ think: false }, { model: plainModel }).think, false)
  })
  it("off is said to other servers only of a model that can think", () => {
    for (const model of [plainModel, unknownModel]) {
      const result = encoded({ prompt: "Hi", think: false }, { model, ollama: false })
      assert.notProperty(JSON.parse(result.body), "reasoning_effort")
      assert.deepStrictEqual(settings(result), ["think"])
    }
    const thinker = { ...unknownModel, reasoning: true }
    assert.strictEqual(completions({ think: false }, { model: thinker, ollama: false }).reasoning_effort, "none")
  })
  it("only what is known is refused", () => {
    const model = { ...unknownModel, tools: false }
    const image = "data:image/png;base64,iVBORw0KGgo="
    const prompt = [{ role: "user" as const, content: [{ type: "image" as const, image }] }]
    assert.strictEqual(ollama({ prompt, think: true, tools: [{ name: "f" }] }, { model }).think, true)
    assert.strictEqual(failure({ prompt }, { model: plainModel })._tag, "ImagesNotSupported")
    assert.strictEqual(
      failure({ prompt: "Hi", tools: [{ name: "f" }] }, { model: plainModel })._tag,
      "ToolsNotSupported"
    )
    assert.notProperty(completions({ tools: [{ name: "f" }], toolChoice: "none" }, { model: plainModel }), "tools")
  })
})
