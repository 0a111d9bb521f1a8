import { OllamaError } from "effect-ollama"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "tstyche"

declare const completion: Effect.Effect<string, OllamaError.CompletionError>

describe("OllamaError", () => {
  it("is told apart by its tag, with the fields of that tag", () => {
    Effect.catchTag(completion, "ConnectionRefused", (error) => {
      expect(error).type.toBe<OllamaError.ConnectionRefused>()
      expect(error.url).type.toBe<string>()
      expect(error.hint).type.toBe<string>()
      return Effect.succeed("")
    })
  })

  it("leaves the channel once it is caught", () => {
    const caught = Effect.catchTag(completion, "ModelNotFound", () => Effect.succeed(""))
    expect<Effect.Effect.Error<typeof caught>>().type.not.toBeAssignableFrom<OllamaError.ModelNotFound>()
    expect<Effect.Effect.Error<typeof caught>>().type.toBeAssignableFrom<OllamaError.ConnectionRefused>()
  })

  it("refuses a tag that the operation cannot produce", () => {
    const handler = () => Effect.succeed("")
    expect(Effect.catchTag).type.toBeCallableWith(completion, "ServerBusy", handler)
    expect(Effect.catchTag).type.not.toBeCallableWith(completion, "ConfigSyntaxError", handler)
  })

  it("groups nest: a transport error is an attempt's, a completion's and the library's error", () => {
    expect<OllamaError.AttemptError>().type.toBeAssignableFrom<OllamaError.TransportError>()
    expect<OllamaError.CompletionError>().type.toBeAssignableFrom<OllamaError.AttemptError>()
    expect<OllamaError.OllamaError>().type.toBeAssignableFrom<OllamaError.CompletionError>()
    expect<OllamaError.CompletionError>().type.not.toBeAssignableFrom<OllamaError.ConfigSyntaxError>()
  })

  it("is constructed from its fields, without `_tag`", () => {
    expect(OllamaError.InvalidModelRef).type.toBeConstructableWith({ ref: "x", reason: "no-provider" as const })
    expect(OllamaError.InvalidModelRef).type.not.toBeConstructableWith({ ref: "x", reason: "other" })
    expect(OllamaError.InvalidModelRef).type.not.toBeConstructableWith({ reason: "no-provider" as const })
  })

  it("is a schema of itself", () => {
    expect<Schema.Schema.Type<typeof OllamaError.ServerBusy>>().type.toBe<OllamaError.ServerBusy>()
  })

  it("has unions that are schemas of themselves, which need nothing", () => {
    expect<typeof OllamaError.CompletionError.Type>().type.toBe<OllamaError.CompletionError>()
    expect<typeof OllamaError.DiscoveryError.Type>().type.toBe<OllamaError.DiscoveryError>()
    expect<typeof OllamaError.ConfigurationError.Type>().type.toBe<OllamaError.ConfigurationError>()
    expect<Schema.Schema.Context<typeof OllamaError.OllamaError>>().type.toBe<never>()
  })

  it("is told apart by its category", () => {
    const config = Effect.catchIf(
      completion,
      (error): error is Extract<OllamaError.CompletionError, { readonly category: "config" }> =>
        error.category === "config",
      (error) => {
        expect(error._tag).type.not.toBeAssignableFrom<"ConnectionRefused">()
        expect(error._tag).type.toBeAssignableFrom<"NotEnabled" | "Unauthorized">()
        return Effect.succeed("")
      }
    )
    expect<Effect.Effect.Error<typeof config>>().type.toBeAssignableFrom<OllamaError.ConnectionRefused>()
    expect<OllamaError.CompletionError["category"]>().type.toBe<OllamaError.Category>()
    expect<OllamaError.CompletionError["isRetryable"]>().type.toBe<boolean>()
  })

  it("becomes a PublicError, whatever it is", () => {
    const shown = Effect.mapError(completion, OllamaError.toPublic)
    expect<Effect.Effect.Error<typeof shown>>().type.toBe<OllamaError.PublicError>()
    expect<OllamaError.PublicError["tag"]>().type.toBe<OllamaError.OllamaError["_tag"]>()
    expect(OllamaError.toPublic).type.not.toBeCallableWith(new Error("no"))
  })
})
