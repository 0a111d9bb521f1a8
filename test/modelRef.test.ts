import { assert, describe, it } from "@effect/vitest"
import { ModelRef } from "effect-ollama"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"

const parsed = (text: string) => Either.getOrThrow(ModelRef.parse(text))
const reason = (text: string) =>
  Either.match(ModelRef.parse(text), { onLeft: (error) => error.reason, onRight: () => "a ref" as const })

// texts that hold what refs are made of more often than chance does
const texts = FastCheck.oneof(
  FastCheck.string(),
  FastCheck.fullUnicodeString(),
  FastCheck.array(
    FastCheck.constantFrom("ollama", "OLLAMA", "/", " ", ":", ":latest", "hf.co", "İ", "Σ", "\u00a0", "x")
  )
    .map((parts) => parts.join(""))
)

describe("ModelRef", () => {
  it("splits at the first slash", () => {
    assert.deepStrictEqual(parsed("ollama/gpt-oss:20b"), { provider: "ollama", model: "gpt-oss:20b" })
  })

  it("keeps slashes and colons in the model", () => {
    assert.deepStrictEqual(parsed("ollama/hf.co/u/M-GGUF:Q4_K_M"), {
      provider: "ollama",
      model: "hf.co/u/M-GGUF:Q4_K_M"
    })
  })

  it("trims both sides and lower-cases only the provider", () => {
    assert.deepStrictEqual(parsed("  OLLama / Qwen3:8B\n"), { provider: "ollama", model: "Qwen3:8B" })
  })

  it("says which side is empty", () => {
    assert.strictEqual(reason("gpt-oss:20b"), "no-provider")
    assert.strictEqual(reason(""), "no-provider")
    assert.strictEqual(reason(" /x"), "empty-provider")
    assert.strictEqual(reason("/"), "empty-provider")
    assert.strictEqual(reason("ollama/ "), "empty-model")
  })

  it("makes a ref as parse does", () => {
    assert.deepStrictEqual(ModelRef.make(" Ollama ", " x "), parsed(" Ollama / x "))
  })

  it("takes x and x:latest for the same model", () => {
    assert.isTrue(ModelRef.equals(parsed("ollama/llama3.3"), parsed("Ollama/llama3.3:latest")))
    assert.isTrue(ModelRef.equals(parsed("ollama/hf.co/u/m:latest"), parsed("ollama/hf.co/u/m")))
  })

  it("tells other tags, other cases and other providers apart", () => {
    assert.isFalse(ModelRef.equals(parsed("ollama/x:8b"), parsed("ollama/x")))
    assert.isFalse(ModelRef.equals(parsed("ollama/X"), parsed("ollama/x")))
    assert.isFalse(ModelRef.equals(parsed("ollama/x"), parsed("gpu/x")))
  })

  it("compares with the ref last, too", () => {
    assert.isTrue(ModelRef.equals(parsed("ollama/x:latest"))(parsed("ollama/x")))
    assert.isFalse(ModelRef.equals(parsed("gpu/x"))(parsed("ollama/x")))
  })

  it("does not take a whole name for a tag", () => {
    assert.strictEqual(ModelRef.normalizeModel(":latest"), ":latest")
    assert.strictEqual(ModelRef.normalizeModel("latest"), "latest")
  })

  it.prop("a ref that is printed and parsed is the same ref", [texts], ([text]) => {
    const ref = ModelRef.parse(text)
    if (Either.isLeft(ref)) return true
    assert.deepStrictEqual(parsed(ModelRef.format(ref.right)), ref.right)
    return true
  })

  it.prop("any text is a ref with two sides or an error that keeps the text", [texts], ([text]) => {
    const ref = ModelRef.parse(text)
    return Either.isRight(ref)
      ? ref.right.provider.trim() !== "" && ref.right.model.trim() !== ""
      : ref.left.ref === text
  })

  it.prop("normalizing a name twice changes nothing but a second tag", [texts], ([text]) => {
    const once = ModelRef.normalizeModel(text)
    return text === once || text === `${once}:latest`
  })
})
