import { assert, describe, it } from "@effect/vitest"
import { Models, OllamaError } from "effect-ollama"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as f from "./fixtures.js"

const failure = (models: Models.Service, model?: string) => Effect.flip(models.select(model))

const unknown = (models: Models.Service, model?: string) =>
  Effect.map(failure(models, model), (error) => {
    assert.instanceOf(error, OllamaError.UnknownModel)
    return error
  })

const refOf = (models: Models.Service, model?: string) => Effect.map(models.select(model), (selection) => selection.ref)

const ollama = f.config([f.ok(f.discovered())])
const withGroq = f.config([f.ok(f.discovered()), f.ok(f.configured("groq", "llama", "openai/gpt-oss"))])

describe("Models.select by ref", () => {
  it.effect("finds the model, however spaces, the provider's case and :latest are written", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("gpt-oss:20b", "llama3.3:latest", "hf.co/u/M-GGUF:Q4_K_M"))
      const models = yield* f.models(ollama, service)
      assert.strictEqual(yield* refOf(models, " Ollama / gpt-oss:20b "), "ollama/gpt-oss:20b")
      assert.strictEqual(yield* refOf(models, "ollama/llama3.3"), "ollama/llama3.3:latest")
      assert.strictEqual(yield* refOf(models, "ollama/llama3.3:latest"), "ollama/llama3.3:latest")
      assert.strictEqual(yield* refOf(models, "ollama/hf.co/u/M-GGUF:Q4_K_M"), "ollama/hf.co/u/M-GGUF:Q4_K_M")
      assert.strictEqual(state.calls, 1)
    }))

  it.effect("prefers the exact name to the same one with :latest", () =>
    Effect.gen(function*() {
      const models = yield* f.models(ollama, f.discovery(f.catalog("x:latest", "x")).service)
      assert.strictEqual(yield* refOf(models, "ollama/x"), "ollama/x")
      assert.strictEqual(yield* refOf(models, "ollama/x:latest"), "ollama/x:latest")
    }))

  it.effect("refuses a ref with an empty side, without any request", () =>
    Effect.gen(function*() {
      const models = yield* f.models(ollama)
      for (
        const [ref, reason] of [["ollama/", "empty-model"], ["/x", "empty-provider"], [" ", "empty-model"]] as const
      ) {
        const error = yield* failure(models, ref)
        assert.instanceOf(error, OllamaError.InvalidModelRef)
        assert.strictEqual(error.reason, reason)
      }
    }))

  it.effect("fails with the status of a provider that cannot be asked", () =>
    Effect.gen(function*() {
      const models = yield* f.models(f.config([f.notEnabled, f.noKey("groq")]))
      assert.strictEqual((yield* failure(models, "ollama/x"))._tag, "NotEnabled")
      assert.strictEqual((yield* failure(models, "groq/x"))._tag, "ProviderUnavailable")
    }))

  it.effect("of a configured provider asks nobody, also when the model is missing", () =>
    Effect.gen(function*() {
      const models = yield* f.models(withGroq)
      assert.strictEqual(yield* refOf(models, "groq/openai/gpt-oss"), "groq/openai/gpt-oss")
      const error = yield* unknown(models, "groq/nope")
      assert.deepStrictEqual(error.known, ["groq/llama", "groq/openai/gpt-oss"])
      assert.notInclude(error.hint, "ollama pull")
    }))

  it.effect("is not stopped by the failure of another provider", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.refused)
      const models = yield* f.models(withGroq, service)
      assert.strictEqual(yield* refOf(models, "groq/llama"), "groq/llama")
      assert.strictEqual(state.calls, 0)
      f.assertSame(yield* failure(models, "ollama/a"), f.refused)
    }))
})

describe("Models.select of a missing model", () => {
  it.effect("asks once more before it says so, and finds what was pulled meanwhile", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      state.answer = f.catalog("mistral:latest", "a")
      assert.strictEqual(yield* refOf(models, "ollama/mistral"), "ollama/mistral:latest")
      assert.strictEqual(state.calls, 2)
    }))

  it.effect("asks again at most every 2 s", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      yield* unknown(models, "ollama/nope")
      yield* unknown(models, "ollama/nope")
      yield* TestClock.adjust("1999 millis")
      yield* unknown(models, "ollama/other")
      assert.strictEqual(state.calls, 2)
      yield* TestClock.adjust("1 millis")
      yield* unknown(models, "ollama/nope")
      assert.strictEqual(state.calls, 3)
    }))

  it.effect("does not ask twice when it had to ask anyway", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* unknown(models, "ollama/nope")
      assert.strictEqual(state.calls, 1)
    }))

  it.effect("takes the interval from the options", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service, { refreshInterval: "10 seconds" })
      yield* unknown(models, "ollama/nope")
      yield* TestClock.adjust("9 seconds")
      yield* unknown(models, "ollama/nope")
      assert.strictEqual(state.calls, 1)
      yield* TestClock.adjust("1 seconds")
      yield* unknown(models, "ollama/nope")
      assert.strictEqual(state.calls, 2)
    }))

  it.effect("does not claim that it is missing when the server no longer answers", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      state.answer = f.refused
      f.assertSame(yield* failure(models, "ollama/nope"), f.refused)
    }))

  it.effect("asks once more after it joined a discovery that had begun before", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const reader = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      const selecting = yield* Effect.fork(refOf(models, "ollama/pulled"))
      yield* f.settle
      yield* Deferred.succeed(asked[0]!, f.catalog("a"))
      yield* Fiber.join(reader)
      yield* f.settle
      assert.strictEqual(asked.length, 2)
      yield* Deferred.succeed(asked[1]!, f.catalog("a", "pulled"))
      assert.strictEqual(yield* Fiber.join(selecting), "ollama/pulled")
    }))

  it.effect("does not take the answer to a question that was asked before the call", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const reader = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* Deferred.succeed(asked[0]!, f.catalog("a"))
      yield* Fiber.join(reader)
      const refreshing = yield* Effect.fork(models.refresh("ollama"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      const selecting = yield* Effect.fork(refOf(models, "ollama/pulled"))
      yield* f.settle
      yield* Deferred.succeed(asked[1]!, f.catalog("a"))
      yield* Fiber.join(refreshing)
      yield* f.settle
      assert.strictEqual(asked.length, 3)
      yield* Deferred.succeed(asked[2]!, f.catalog("a", "pulled"))
      assert.strictEqual(yield* Fiber.join(selecting), "ollama/pulled")
    }))

  it.effect("asks again at most every 2 s also when asking fails, and fails alike meanwhile", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      state.answer = f.refused
      yield* TestClock.adjust("1 seconds")
      f.assertSame(yield* failure(models, "ollama/nope"), f.refused)
      yield* TestClock.adjust("1999 millis")
      f.assertSame(yield* failure(models, "ollama/nope"), f.refused)
      assert.strictEqual(state.calls, 2)
      yield* TestClock.adjust("1 millis")
      state.answer = f.catalog("a")
      yield* unknown(models, "ollama/nope")
      assert.strictEqual(state.calls, 3)
    }))

  it.effect("forgets a failure when the server answers again", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(ollama, service)
      yield* models.catalog("ollama")
      state.answer = f.refused
      f.assertSame(yield* failure(models, "ollama/x"), f.refused)
      state.answer = f.catalog("a")
      yield* models.refresh("ollama")
      yield* unknown(models, "ollama/x")
      assert.strictEqual(state.calls, 3)
    }))

  it.effect("waits for the asking that another began, whatever that one was after", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const reader = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* Deferred.succeed(asked[0]!, f.catalog("a"))
      yield* Fiber.join(reader)
      const one = yield* Effect.fork(refOf(models, "ollama/b"))
      yield* f.settle
      yield* TestClock.adjust("1 seconds")
      const two = yield* Effect.fork(refOf(models, "ollama/c"))
      yield* f.settle
      yield* Deferred.succeed(asked[1]!, f.catalog("a", "b", "c"))
      assert.strictEqual(yield* Fiber.join(one), "ollama/b")
      assert.strictEqual(yield* Fiber.join(two), "ollama/c")
      assert.strictEqual(asked.length, 2)
    }))

  it.effect("asks again when the one who asked was interrupted", () =>
    Effect.gen(function*() {
      const { asked, service } = f.heldDiscovery()
      const models = yield* f.models(ollama, service)
      const reader = yield* Effect.fork(models.catalog("ollama"))
      yield* f.settle
      yield* Deferred.succeed(asked[0]!, f.catalog("a"))
      yield* Fiber.join(reader)
      const one = yield* Effect.fork(refOf(models, "ollama/b"))
      yield* f.settle
      yield* Fiber.interrupt(one)
      const two = yield* Effect.fork(refOf(models, "ollama/b"))
      yield* f.settle
      assert.strictEqual(asked.length, 3)
      yield* Deferred.succeed(asked[2]!, f.catalog("b"))
      assert.strictEqual(yield* Fiber.join(two), "ollama/b")
    }))

  it.effect("names the refs that exist and how to pull it", () =>
    Effect.gen(function*() {
      const models = yield* f.models(ollama, f.discovery(f.catalog("a", "b:8b")).service)
      const error = yield* unknown(models, "ollama/mistral")
      assert.strictEqual(error.ref, "ollama/mistral")
      assert.deepStrictEqual(error.known, ["ollama/a", "ollama/b:8b"])
      assert.isUndefined(error.leftOut)
      assert.isUndefined(error.suggestion)
      assert.include(error.hint, "ollama pull mistral")
    }))

  it.effect("says whether models are discovered, and so how to get it", () =>
    Effect.gen(function*() {
      const discovering = yield* f.models(withGroq, f.discovery(f.catalog("a")).service)
      const listing = yield* f.models(f.config([f.ok(f.configured("ollama", "a"))]))
      for (const name of ["ollama/x", "x"]) {
        assert.isTrue((yield* unknown(discovering, name)).discovered)
        const error = yield* unknown(listing, name)
        assert.isFalse(error.discovered)
        assert.include(error.hint, "List it under models.providers.ollama.models.")
      }
      assert.isFalse((yield* unknown(discovering, "groq/x")).discovered)
      assert.include((yield* unknown(discovering, "openai/gpt-4")).hint, "There is no provider openai:")
    }))

  it.effect("says why when the model was seen and left out", () =>
    Effect.gen(function*() {
      const excluded = [{ name: "gemma:latest", reason: "no-tools" as const }]
      const models = yield* f.models(ollama, f.discovery({ ...f.catalog("a"), excluded }).service)
      const error = yield* unknown(models, "ollama/gemma")
      assert.deepStrictEqual(error.leftOut, excluded[0])
      assert.include(error.hint.toLowerCase(), "define it explicitly")
    }))

  it.effect("suggests the same model with its tag or in its case", () =>
    Effect.gen(function*() {
      const models = yield* f.models(ollama, f.discovery(f.catalog("gpt-oss:20b", "Qwen3:8b")).service)
      assert.strictEqual((yield* unknown(models, "ollama/gpt-oss")).suggestion, "ollama/gpt-oss:20b")
      assert.strictEqual((yield* unknown(models, "ollama/qwen3:8b")).suggestion, "ollama/Qwen3:8b")
      const alike = yield* f.models(ollama, f.discovery(f.catalog("gpt-oss:120b", "GPT-OSS:20b")).service)
      assert.strictEqual((yield* unknown(alike, "ollama/gpt-oss:20b")).suggestion, "ollama/GPT-OSS:20b")
      const { hint } = yield* unknown(models, "ollama/gpt-oss")
      assert.include(hint, "Did you mean ollama/gpt-oss:20b? Pull it with `ollama pull gpt-oss`")
    }))

  it.effect("does not list more than a thousand refs", () =>
    Effect.gen(function*() {
      const many = Array.from({ length: 3000 }, (_, i) => `m${i}`)
      const models = yield* f.models(ollama, f.discovery(f.catalog(...many)).service)
      assert.strictEqual((yield* unknown(models, "ollama/nope")).known.length, 1000)
    }))

  it.effect("from an empty catalog is NoToolModels, named or not, with all that was left out", () =>
    Effect.gen(function*() {
      const excluded = [{ name: "nomic-embed-text", reason: "no-tools" as const }]
      const models = yield* f.models(ollama, f.discovery({ ...f.catalog(), excluded }).service)
      for (const model of [undefined, "ollama/gpt-oss:20b", "nomic-embed-text"]) {
        const error = yield* failure(models, model)
        assert.instanceOf(error, OllamaError.NoToolModels)
        assert.deepStrictEqual(error.models, excluded)
        assert.include(error.hint, "ollama pull gpt-oss:20b")
      }
    }))

  it.effect("sees the first model that is pulled after an empty catalog", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog())
      const models = yield* f.models(ollama, service)
      yield* failure(models)
      state.answer = f.catalog("a")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* refOf(models), "ollama/a")
    }))
})

describe("Models.select while the server does not say what it has", () => {
  const stale = Effect.gen(function*() {
    const { service, state } = f.discovery(f.catalog("a"))
    const models = yield* f.models(withGroq, service)
    yield* models.catalog("ollama")
    yield* TestClock.adjust("1 hour")
    return { models, state }
  })

  it.effect("uses a ref that the last good catalog knows", () =>
    Effect.gen(function*() {
      const { models, state } = yield* stale
      for (
        const error of [
          f.refused,
          new OllamaError.ConnectionFailed({ url: f.root, reason: "reset", attempts: 1 }),
          new OllamaError.RequestTimeout({ url: f.root, phase: "first-byte", attempts: 1 })
        ]
      ) {
        state.answer = error
        assert.strictEqual(yield* refOf(models, "ollama/a:latest"), "ollama/a")
        assert.strictEqual(yield* refOf(models, "a"), "ollama/a")
      }
    }))

  it.effect("waits for it at most every 2 s", () =>
    Effect.gen(function*() {
      const { models, state } = yield* stale
      state.answer = f.refused
      const calls: Array<number> = []
      for (const wait of [0, 0, 1999, 1, 0]) {
        yield* TestClock.adjust(wait)
        assert.strictEqual(yield* refOf(models, "ollama/a"), "ollama/a")
        calls.push(state.calls)
      }
      assert.deepStrictEqual(calls, [2, 2, 2, 3, 3])
    }))

  it.effect("asks again at once when it is told that the models have changed", () =>
    Effect.gen(function*() {
      const { models, state } = yield* stale
      state.answer = f.refused
      yield* refOf(models, "ollama/a")
      yield* models.invalidate("ollama")
      state.answer = f.catalog("b")
      assert.strictEqual((yield* failure(models, "ollama/a"))._tag, "UnknownModel")
    }))

  it.effect("fails for any other ref, and when none is named", () =>
    Effect.gen(function*() {
      const { models, state } = yield* stale
      state.answer = f.refused
      f.assertSame(yield* failure(models, "ollama/b"), f.refused)
      f.assertSame(yield* failure(models), f.refused)
    }))

  it.effect("fails when the server answers and refuses", () =>
    Effect.gen(function*() {
      const { models, state } = yield* stale
      state.answer = new OllamaError.Unauthorized({ url: f.root, status: 401, detail: "" })
      f.assertSame(yield* failure(models, "ollama/a"), state.answer)
    }))
})

describe("Models.select by name", () => {
  it.effect("takes the only enabled provider that has it", () =>
    Effect.gen(function*() {
      const models = yield* f.models(withGroq, f.discovery(f.catalog("gpt-oss:20b", "hf.co/u/m")).service)
      assert.strictEqual(yield* refOf(models, " gpt-oss:20b "), "ollama/gpt-oss:20b")
      assert.strictEqual(yield* refOf(models, "hf.co/u/m:latest"), "ollama/hf.co/u/m")
      assert.strictEqual(yield* refOf(models, "llama"), "groq/llama")
      assert.strictEqual(yield* refOf(models, "openai/gpt-oss"), "groq/openai/gpt-oss")
    }))

  it.effect("passes over providers that fail or are not enabled", () =>
    Effect.gen(function*() {
      const resolved = f.config([f.ok(f.discovered()), f.noKey("openrouter"), f.ok(f.configured("groq", "llama"))])
      const models = yield* f.models(resolved, f.discovery(f.refused).service)
      assert.strictEqual(yield* refOf(models, "llama"), "groq/llama")
    }))

  it.effect("of two providers is nobody's: the error says so, with the refs to choose from", () =>
    Effect.gen(function*() {
      const models = yield* f.models(withGroq, f.discovery(f.catalog("llama:latest")).service)
      const error = yield* unknown(models, "llama")
      assert.strictEqual(error.suggestion, "ollama/llama:latest")
      assert.deepStrictEqual(error.several, ["ollama/llama:latest", "groq/llama"])
      assert.isUndefined(error.discovered)
      assert.strictEqual(
        error.hint,
        "More than one provider has the model llama. Write which one is meant: ollama/llama:latest, groq/llama."
      )
      assert.isUndefined((yield* unknown(models, "mistral")).several)
    }))

  it.effect("of nobody is UnknownModel, which suggests the full ref", () =>
    Effect.gen(function*() {
      const models = yield* f.models(withGroq, f.discovery(f.catalog("gpt-oss:20b")).service)
      const error = yield* unknown(models, "hf.co/u/m")
      assert.strictEqual(error.suggestion, "ollama/hf.co/u/m")
      assert.deepStrictEqual(error.known, ["ollama/gpt-oss:20b", "groq/llama", "groq/openai/gpt-oss"])
      assert.include(error.hint, "Write ollama/hf.co/u/m. Pull it with `ollama pull hf.co/u/m`")
      assert.strictEqual((yield* unknown(models, "mistral")).suggestion, "ollama/mistral")
    }))

  it.effect("suggests what was meant by a slip in the provider or a missing tag", () =>
    Effect.gen(function*() {
      const models = yield* f.models(withGroq, f.discovery(f.catalog("gpt-oss:20b", "hf.co/u/m:Q4_K_M")).service)
      assert.strictEqual((yield* unknown(models, "olama/gpt-oss:20b")).suggestion, "ollama/gpt-oss:20b")
      assert.strictEqual((yield* unknown(models, "gpt-oss")).suggestion, "ollama/gpt-oss:20b")
      assert.strictEqual((yield* unknown(models, "hf.co/u/m")).suggestion, "ollama/hf.co/u/m:Q4_K_M")
      assert.strictEqual((yield* unknown(models, "LLAMA")).suggestion, "groq/llama")
    }))

  it.effect("says why when the model was seen and left out", () =>
    Effect.gen(function*() {
      const excluded = [{ name: "gemma", reason: "no-tools" as const }]
      const models = yield* f.models(withGroq, f.discovery({ ...f.catalog("a"), excluded }).service)
      assert.deepStrictEqual((yield* unknown(models, "gemma:latest")).leftOut, excluded[0])
    }))

  it.effect("asks once more only when no list has it", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.catalog("a"))
      const models = yield* f.models(withGroq, service)
      yield* models.catalog("ollama")
      assert.strictEqual(yield* refOf(models, "llama"), "groq/llama")
      assert.strictEqual(state.calls, 1)
      state.answer = f.catalog("a", "b")
      assert.strictEqual(yield* refOf(models, "b"), "ollama/b")
      assert.strictEqual(state.calls, 2)
    }))

  it.effect("says which providers did not answer, when no other has it", () =>
    Effect.gen(function*() {
      const down = yield* f.models(withGroq, f.discovery(f.refused).service)
      assert.deepStrictEqual((yield* unknown(down, "gpt-oss:20b")).unanswered, ["ollama"])
      assert.strictEqual(yield* refOf(down, "llama"), "groq/llama")
    }))

  it.effect("fails as the provider did when none could say", () =>
    Effect.gen(function*() {
      const down = yield* f.models(ollama, f.discovery(f.refused).service)
      f.assertSame(yield* failure(down, "gpt-oss:20b"), f.refused)
      const off = yield* f.models(f.config([f.notEnabled]))
      assert.strictEqual((yield* failure(off, "gpt-oss:20b"))._tag, "NotEnabled")
    }))
})

describe("Models.select by alias", () => {
  const aliased = f.config([f.ok(f.discovered()), f.ok(f.configured("groq", "llama"))], {
    models: [
      { ref: "ollama/other", streaming: true },
      { ref: "ollama/gpt-oss:20b", alias: " Fast " },
      { ref: "groq/llama", alias: "team/big" },
      { ref: "fast", alias: "faster" }
    ]
  })

  it.effect("trims it and ignores its case", () =>
    Effect.gen(function*() {
      const models = yield* f.models(aliased, f.discovery(f.catalog("gpt-oss:20b", "fast")).service)
      assert.strictEqual(yield* refOf(models, "fast"), "ollama/gpt-oss:20b")
      assert.strictEqual(yield* refOf(models, "  FAST"), "ollama/gpt-oss:20b")
      assert.strictEqual(yield* refOf(models, "Team/Big"), "groq/llama")
    }))

  it.effect("comes after a known provider", () =>
    Effect.gen(function*() {
      const resolved = f.config([f.ok(f.configured("ollama", "a", "b"))], {
        models: [{ ref: "ollama/a", alias: "ollama/b" }]
      })
      const models = yield* f.models(resolved)
      assert.strictEqual(yield* refOf(models, "ollama/b"), "ollama/b")
    }))

  it.effect("stands for a ref, not for another alias", () =>
    Effect.gen(function*() {
      const models = yield* f.models(aliased, f.discovery(f.catalog("gpt-oss:20b", "fast")).service)
      assert.strictEqual(yield* refOf(models, "faster"), "ollama/fast")
    }))
})

describe("Models.select without a name", () => {
  it.effect("takes the primary", () =>
    Effect.gen(function*() {
      const models = yield* f.models({ ...ollama, primary: "ollama/b" }, f.discovery(f.catalog("a", "b")).service)
      const selection = yield* models.select()
      assert.strictEqual(selection.ref, "ollama/b")
      assert.strictEqual(selection.selectedBy, "primary")
    }))

  it.effect("takes the first of ollama's catalog when there is no primary", () =>
    Effect.gen(function*() {
      const models = yield* f.models(withGroq, f.discovery(f.catalog("b", "a")).service)
      const selection = yield* models.select()
      assert.strictEqual(selection.ref, "ollama/b")
      assert.strictEqual(selection.selectedBy, "first-available")
    }))

  it.effect("never goes to another provider because ollama is down, empty or badly configured", () =>
    Effect.gen(function*() {
      const down = yield* f.models(withGroq, f.discovery(f.refused).service)
      f.assertSame(yield* failure(down), f.refused)
      const empty = yield* f.models(withGroq, f.discovery(f.catalog()).service)
      assert.strictEqual((yield* failure(empty))._tag, "NoToolModels")
      const broken = yield* f.models(f.config([f.noKey("ollama"), f.ok(f.configured("groq", "llama"))]))
      assert.strictEqual((yield* failure(broken))._tag, "ProviderUnavailable")
    }))

  it.effect("takes the first of the other providers when ollama is not enabled", () =>
    Effect.gen(function*() {
      const resolved = f.config([f.notEnabled, f.ok(f.configured("groq", "x", "y")), f.ok(f.configured("gpu", "z"))])
      const models = yield* f.models(resolved)
      const selection = yield* models.select()
      assert.strictEqual(selection.ref, "groq/x")
      assert.strictEqual(selection.selectedBy, "first-available")
    }))

  it.effect("is NotEnabled when nothing is enabled", () =>
    Effect.gen(function*() {
      const models = yield* f.models(f.config([f.notEnabled]))
      assert.strictEqual((yield* failure(models))._tag, "NotEnabled")
    }))
})
