/** Whether a stream is asked for on the wire, and who says so. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { ChatCompletions, Models, type Ollama } from "effect-ollama"
import { MockOllama } from "effect-ollama/testing"

const streamed = Effect.map(
  MockOllama.requests,
  (all) => all.filter(({ path }) => /chat/.test(path)).map(({ json }) => (json as { readonly stream?: boolean }).stream)
)

// The model is discovered: nobody knows its name beforehand.
const discovered = (options: Ollama.Options & { readonly config?: object } = {}) =>
  MockOllama.layer({ models: ["m"], replies: ["Hello"] }, {
    ...options,
    config: { models: { providers: { ollama: { apiKey: "k" } } }, ...options.config }
  })

const all = { agents: { defaults: { models: { "ollama/*": { streaming: true } } } } }

const create = ChatCompletions.create({ prompt: "Hi" })

describe("what goes over the wire for a discovered model", () => {
  const both = (options: ChatCompletions.CompletionOptions) =>
    Effect.zipRight(ChatCompletions.create(options), Stream.runDrain(ChatCompletions.stream(options)))

  const cases: ReadonlyArray<
    readonly [name: string, options: Parameters<typeof discovered>[0], call: boolean | undefined, wanted: boolean]
  > = [
    ["is no stream by default", {}, undefined, false],
    ["is one by \"ollama/*\"", { config: all }, undefined, true],
    ["is one by the option of the Layer", { streaming: true }, undefined, true],
    ["is one by the call", {}, true, true],
    ["is none by the call, whatever is configured", { config: all, streaming: true }, false, false]
  ]
  for (const [name, options, streaming, wanted] of cases) {
    it.effect(name, () =>
      Effect.gen(function*() {
        yield* both({ prompt: "Hi", streaming })
        assert.deepStrictEqual(yield* streamed, [wanted, wanted])
      }).pipe(Effect.provide(discovered(options))))
  }

  it.effect("is a stream of a hand-made catalog that says so", () =>
    Effect.gen(function*() {
      yield* create
      assert.deepStrictEqual(yield* streamed, [true])
    }).pipe(Effect.provide(
      ChatCompletions.layer.pipe(
        Layer.provide(Models.layerStatic({ baseUrl: "http://gpu-box:11434", models: ["m"], streaming: true })),
        Layer.provideMerge(MockOllama.layerHttpClient({ models: ["m"], replies: ["Hello"] }))
      )
    )))
})

describe("the call's streaming", () => {
  it.effect("says nothing of a configured value that cannot be taken", () =>
    Effect.gen(function*() {
      const { ignored } = yield* create
      assert.deepStrictEqual(ignored.map(({ setting }) => setting), ["streaming"])
      assert.deepStrictEqual((yield* ChatCompletions.create({ prompt: "Hi", streaming: true })).ignored, [])
    }).pipe(Effect.provide(discovered({
      config: { models: { providers: { ollama: { apiKey: "k", params: { streaming: "yes" } } } } }
    }))))

  it.effect("is refused when it is none", () =>
    Effect.gen(function*() {
      const wrong: ChatCompletions.CompletionOptions = JSON.parse("{\"prompt\":\"Hi\",\"streaming\":\"yes\"}")
      const error = yield* Effect.flip(ChatCompletions.create(wrong))
      assert.deepInclude({ ...error }, { _tag: "InvalidRequest", path: "streaming" })
    }).pipe(Effect.provide(discovered())))
})
