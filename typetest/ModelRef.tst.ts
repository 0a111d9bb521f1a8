import { Model, ModelRef, type OllamaError } from "effect-ollama"
import type * as Either from "effect/Either"
import { describe, expect, it } from "tstyche"

describe("ModelRef", () => {
  it("is made of a provider and a model", () => {
    expect(ModelRef.make("ollama", "gpt-oss:20b")).type.toBe<ModelRef.ModelRef>()
    expect(ModelRef.make).type.not.toBeCallableWith("ollama/gpt-oss:20b")
  })

  it("cannot be changed", () => {
    const ref = ModelRef.make("ollama", "gpt-oss:20b")
    expect(ref).type.toBe<{ readonly provider: string; readonly model: string }>()
  })

  it("parses with no other failure than InvalidModelRef", () => {
    expect(ModelRef.parse("ollama/gpt-oss:20b")).type.toBe<
      Either.Either<ModelRef.ModelRef, OllamaError.InvalidModelRef>
    >()
  })

  it("compares with the ref first, or last", () => {
    const ref = ModelRef.make("ollama", "m")
    expect(ModelRef.equals(ref, ref)).type.toBe<boolean>()
    expect(ModelRef.equals(ref)).type.toBe<(self: ModelRef.ModelRef) => boolean>()
    expect(ModelRef.equals).type.not.toBeCallableWith("ollama/m", ref)
  })
})

describe("Model", () => {
  it("lacks, with the model first, or last", () => {
    const model = {} as Model.ModelDefinition
    expect(Model.lacks(model, "tools")).type.toBe<boolean>()
    expect(Model.lacks("tools")).type.toBe<(self: Model.ModelDefinition) => boolean>()
    expect(Model.lacks).type.not.toBeCallableWith(model, "vision")
  })
})
