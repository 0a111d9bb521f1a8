import { type AiError, type EmbeddingModel, LanguageModel, type Model, type Response, Tool, Toolkit } from "@effect/ai"
import type { ChatCompletions, OllamaError } from "effect-ollama"
import { OllamaEmbeddingModel, OllamaLanguageModel } from "effect-ollama/ai"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "tstyche"

const answer = LanguageModel.generateText({ prompt: "Hi" })

describe("OllamaLanguageModel", () => {
  it("is a Layer of the house's LanguageModel that needs completions and cannot fail", () => {
    expect(OllamaLanguageModel.layer()).type.toBe<
      Layer.Layer<LanguageModel.LanguageModel, never, ChatCompletions.ChatCompletions>
    >()
    expect(OllamaLanguageModel.model("ollama/m")).type.toBe<
      Model.Model<"ollama", LanguageModel.LanguageModel, ChatCompletions.ChatCompletions>
    >()
  })

  it("takes the options of completions, but for those that the house has itself", () => {
    expect(OllamaLanguageModel.model).type.toBeCallableWith("m", {
      think: "high",
      numCtx: 8192,
      params: { min_p: 0.1 }
    })
    expect(OllamaLanguageModel.model).type.not.toBeCallableWith("m", { prompt: "Hi" })
    expect(OllamaLanguageModel.model).type.not.toBeCallableWith("m", { model: "other" })
    expect(OllamaLanguageModel.withConfigOverride).type.toBeCallableWith({ model: "other" })
  })

  it("leaves the types of what it is put around as they are", () => {
    expect(OllamaLanguageModel.withConfigOverride(answer, { temperature: 0 })).type.toBe<typeof answer>()
    expect(answer.pipe(OllamaLanguageModel.withConfigOverride({ temperature: 0 }))).type.toBe<typeof answer>()
  })

  it("gives back errors that can be caught by their tags", () => {
    const typed = Effect.mapError(answer, (error) => OllamaLanguageModel.errorOf(error) ?? error)
    expect<Effect.Effect.Error<typeof typed>>().type.toBe<
      OllamaError.CompletionError | OllamaError.OutputInvalid | AiError.AiError
    >()
    Effect.catchTag(typed, "ModelNotFound", (error) => {
      expect(error).type.toBe<OllamaError.ModelNotFound>()
      return Effect.succeed("")
    })
  })

  it("types what stands beside parts and messages", () => {
    expect<NonNullable<Response.FinishPart["metadata"]["ollama"]>["ref"]>().type.toBe<string>()
    expect(LanguageModel.generateText).type.toBeCallableWith({
      prompt: [{ role: "user" as const, content: "Hi", options: { ollama: { think: "high" as const } } }]
    })
    expect(LanguageModel.generateText).type.not.toBeCallableWith({
      prompt: [{ role: "user" as const, content: "Hi", options: { ollama: { think: "hardest" as const } } }]
    })
  })

  it("keeps what handlers need and fail with", () => {
    const kit = Toolkit.make(Tool.make("t", { failure: Schema.String }))
    const called = LanguageModel.generateText({ prompt: "Hi", toolkit: kit })
    expect<Effect.Effect.Error<typeof called>>().type.toBe<string | AiError.AiError>()
  })
})

describe("OllamaEmbeddingModel", () => {
  it("needs a model, and a window where it gathers", () => {
    expect(OllamaEmbeddingModel.model).type.toBeCallableWith("m", { mode: "batched", dimensions: 256 })
    expect(OllamaEmbeddingModel.model).type.toBeCallableWith("m", { mode: "data-loader", window: "50 millis" })
    expect(OllamaEmbeddingModel.model).type.not.toBeCallableWith("m", { mode: "data-loader" })
    expect<Layer.Layer.Success<ReturnType<typeof OllamaEmbeddingModel.model>>>().type.toBeAssignableFrom<
      EmbeddingModel.EmbeddingModel
    >()
  })
})
