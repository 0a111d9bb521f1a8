import { assert, describe, it } from "@effect/vitest"
import { Models, OpenClawConfig } from "effect-ollama"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as f from "./fixtures.js"

const groq = f.ok(f.configured("groq", "llama"))

const planned = (
  fields: Partial<OpenClawConfig.ResolvedConfig>,
  options?: Parameters<Models.Service["candidates"]>[0],
  providers = [f.ok(f.discovered()), groq]
) =>
  Effect.map(
    f.models(f.config(providers, fields)),
    (models) => models.candidates(options).map((candidate) => `${candidate.selectedBy} ${candidate.ref}`)
  )

describe("Models.candidates", () => {
  it.effect("are the primary, then the fallbacks in order", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* planned({ primary: "ollama/a", fallbacks: ["ollama/c", "groq/llama", "ollama/b"] }),
        ["primary ollama/a", "fallback ollama/c", "fallback groq/llama", "fallback ollama/b"]
      )
    }))

  it.effect("are the first available, then the fallbacks, when there is no primary", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* planned({ fallbacks: ["groq/llama"] }),
        ["first-available ollama/*", "fallback groq/llama"]
      )
      assert.deepStrictEqual(
        yield* planned({ fallbacks: ["groq/llama:latest"] }, {}, [f.notEnabled, groq]),
        ["first-available groq/llama"]
      )
    }))

  it.effect("hold each model once, however it is written", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* planned({
          primary: "ollama/a",
          fallbacks: ["Ollama/a:latest", "fast", "ollama/b", " FAST ", "ollama/b"],
          models: [{ ref: "ollama/b:latest", alias: "fast" }]
        }),
        ["primary ollama/a", "fallback ollama/b:latest"]
      )
    }))

  it.effect("know a bare name for the ref that it must be when there is one provider", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* planned({ primary: "ollama/a", fallbacks: ["a", "b"] }, {}, [f.ok(f.discovered()), f.noKey("groq")]),
        ["primary ollama/a", "fallback b"]
      )
    }))

  it.effect("begin with the one to ask first, when it is one of them", () =>
    Effect.gen(function*() {
      const fields = { primary: "ollama/a", fallbacks: ["groq/llama", "ollama/b"] }
      assert.deepStrictEqual(
        yield* planned(fields, { askFirst: "ollama/b:latest" }),
        ["fallback ollama/b", "primary ollama/a", "fallback groq/llama"]
      )
      assert.deepStrictEqual(
        yield* planned(fields, { askFirst: "ollama/other" }),
        ["primary ollama/a", "fallback groq/llama", "fallback ollama/b"]
      )
      assert.deepStrictEqual(
        yield* planned({ fallbacks: ["groq/llama"] }, { askFirst: "ollama/first" }),
        ["first-available ollama/first", "fallback groq/llama"]
      )
      assert.deepStrictEqual(
        yield* planned({ primary: "ollama/a", fallbacks: ["llama"] }, { askFirst: "groq/llama" }),
        ["fallback llama", "primary ollama/a"]
      )
      assert.deepStrictEqual(
        yield* planned({}, { askFirst: "groq/other" }),
        ["first-available ollama/*"]
      )
    }))

  it.effect("begin with the one to ask first while it is there, else with the first that is available", () =>
    Effect.gen(function*() {
      const models = yield* f.models(f.config([f.ok(f.discovered())]), f.discovery(f.catalog("a", "b")).service)
      const [wanted, ...more] = models.candidates({ askFirst: "ollama/b" })
      assert.deepStrictEqual(more, [])
      assert.strictEqual((yield* wanted!.select).ref, "ollama/b")
      for (const askFirst of ["ollama/gone", "ollama/a"]) {
        assert.strictEqual((yield* models.candidates({ askFirst })[0]!.select).ref, "ollama/a")
      }
    }))

  it.effect("are not changed by one to ask first that was never the first of its provider", () =>
    Effect.gen(function*() {
      const one = f.discovered()
      const same = f.provider("gpu", { root: one.root, models: [{ definition: f.definition("x") }] })
      assert.deepStrictEqual(
        yield* planned({}, { askFirst: "gpu/x" }, [f.ok(one), f.ok(same)]),
        ["first-available ollama/*"]
      )
      assert.deepStrictEqual(
        yield* planned({}, { askFirst: "ollama/b" }, [f.ok(f.configured("ollama", "a", "b"))]),
        ["first-available ollama/a"]
      )
    }))

  it.effect("begin with the model that the caller names", () =>
    Effect.gen(function*() {
      const fields = { primary: "ollama/a", fallbacks: ["ollama/b"] }
      assert.deepStrictEqual(
        yield* planned(fields, { model: "ollama/c" }),
        ["caller ollama/c", "primary ollama/a", "fallback ollama/b"]
      )
      assert.deepStrictEqual(yield* planned(fields, { model: "ollama/b" }), ["caller ollama/b", "primary ollama/a"])
      assert.deepStrictEqual(
        yield* planned({ fallbacks: ["ollama/b"] }, { model: "ollama/c" }),
        ["caller ollama/c", "fallback ollama/b"]
      )
    }))

  it.effect("end with the caller's own fallbacks, of which there may be none", () =>
    Effect.gen(function*() {
      const fields = { primary: "ollama/a", fallbacks: ["ollama/b"] }
      assert.deepStrictEqual(yield* planned(fields, { model: "ollama/c", fallbacks: [] }), ["caller ollama/c"])
      assert.deepStrictEqual(yield* planned(fields, { fallbacks: [] }), ["primary ollama/a"])
      assert.deepStrictEqual(
        yield* planned(fields, { fallbacks: ["groq/llama"] }),
        ["primary ollama/a", "fallback groq/llama"]
      )
      assert.deepStrictEqual(
        yield* planned(fields, { model: "ollama/c", fallbacks: ["groq/llama"] }),
        ["caller ollama/c", "fallback groq/llama"]
      )
    }))

  it.effect("keep an invalid entry, which fails in its turn", () =>
    Effect.gen(function*() {
      const models = yield* f.models(
        f.config([f.ok(f.configured("ollama", "a"))], { primary: "/a", fallbacks: ["ollama/a"] })
      )
      const [invalid, valid] = models.candidates()
      assert.strictEqual(invalid!.ref, "/a")
      assert.strictEqual((yield* Effect.flip(invalid!.select))._tag, "InvalidModelRef")
      assert.strictEqual((yield* valid!.select).selectedBy, "fallback")
    }))

  it.effect("each ask only their own provider, and only when they are selected", () =>
    Effect.gen(function*() {
      const { service, state } = f.discovery(f.refused)
      const models = yield* f.models(
        f.config([f.ok(f.discovered()), groq], { primary: "ollama/a", fallbacks: ["groq/llama"] }),
        service
      )
      const [local, hosted] = models.candidates()
      assert.strictEqual((yield* hosted!.select).ref, "groq/llama")
      assert.strictEqual(state.calls, 0)
      f.assertSame(yield* Effect.flip(local!.select), f.refused)
      assert.strictEqual(state.calls, 1)
    }))

  it.effect("say where their provider is, when that is known", () =>
    Effect.gen(function*() {
      const models = yield* f.models(
        f.config([f.ok(f.discovered()), groq], { primary: "ollama/a", fallbacks: ["groq/llama", "llama", "/"] })
      )
      assert.deepStrictEqual(
        models.candidates().map((candidate) => candidate.url),
        [f.root, "http://groq.test", undefined, undefined]
      )
    }))

  const names = FastCheck.constantFrom(
    "ollama/a",
    "Ollama/a:latest",
    "a",
    "fast",
    "FAST ",
    "groq/llama",
    "/",
    "",
    "x/y",
    "b"
  )

  it.effect.prop(
    "hold no model twice, lose none, and keep the order, whatever is configured and asked for",
    {
      fallbacks: FastCheck.array(names, { maxLength: 6 }),
      own: FastCheck.option(FastCheck.array(names, { maxLength: 4 }), { nil: undefined }),
      primary: FastCheck.option(names, { nil: undefined }),
      model: FastCheck.option(names, { nil: undefined })
    },
    ({ fallbacks, model, own, primary }) =>
      Effect.gen(function*() {
        const models = yield* f.models(f.config([f.ok(f.configured("ollama", "a", "b")), groq], {
          primary,
          fallbacks,
          models: [{ ref: "ollama/a", alias: "fast" }]
        }))
        const key = (ref: string) => ref.toLowerCase().trim().replace(/:latest$/, "").replace(/^fast$/, "ollama/a")
        const keys = models.candidates({ model, fallbacks: own }).map((candidate) => key(candidate.ref))
        const asked = [model, own === undefined || model === undefined ? primary : undefined, ...(own ?? fallbacks)]
          .filter((ref) => ref !== undefined)
          .map(key)
        if (model === undefined && primary === undefined) asked.unshift("ollama/a")
        assert.deepStrictEqual(keys, [...new Set(asked)])
      })
  )
})
