import { ModelRef, type OllamaError } from "effect-ollama"
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
})
