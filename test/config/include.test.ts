import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { env, type Files, home, load, ok } from "./fixtures.js"

const withConfig = (config: string, files: Files = {}) =>
  load({
    [`${home}/openclaw.json`]: config,
    ...Object.fromEntries(
      Object.entries(files).map(([name, file]) => [name.startsWith("/") ? name : `${home}/${name}`, file])
    )
  }, env)

const failure = (config: string, files: Files = {}) =>
  Effect.flip(withConfig(config, files)).pipe(
    Effect.map((error) => error._tag === "ConfigIncludeError" ? error : Effect.runSync(Effect.die(error)))
  )

describe("$include", () => {
  it.effect("puts a file in, at the top and in sections that are read", () =>
    Effect.gen(function*() {
      const config = yield* withConfig(
        "{ $include: './top.json5', models: { providers: { $include: 'p/all.json5' } } }",
        {
          "top.json5": "{ agents: { defaults: { model: 'ollama/a' } } }",
          "p/all.json5": "{ ollama: { $include: 'one.json5' } }",
          "p/one.json5": "{ apiKey: 'k', api: 'ollama' }"
        }
      )
      assert.strictEqual(config.primary, "ollama/a")
      assert.strictEqual(ok(config.providers[0]!.result).api, "ollama")
    }))

  it.effect("a list: arrays concatenate, objects merge deeply, later wins, siblings win over all", () =>
    Effect.gen(function*() {
      const config = yield* withConfig(
        `{ models: { providers: { ollama: { $include: ["a.json5", "b.json5"], params: { c: 3 } } } } }`,
        {
          "a.json5": "{ models: [{ id: 'a' }], params: { a: 1, b: 1, c: 1 } }",
          "b.json5": "{ models: [{ id: 'b' }], params: { b: 2, c: 2 } }"
        }
      )
      const ollama = ok(config.providers[0]!.result)
      assert.deepStrictEqual(ollama.models.map((model) => model.definition.id), ["a", "b"])
      assert.deepStrictEqual(ollama.params, { a: 1, b: 2, c: 3 })
    }))

  it.effect("a list may be included as such", () =>
    Effect.gen(function*() {
      const config = yield* withConfig("{ models: { providers: { ollama: { models: { $include: 'm.json5' } } } } }", {
        "m.json5": "[{ id: 'a' }]"
      })
      assert.strictEqual(ok(config.providers[0]!.result).models.length, 1)
    }))

  it.effect("is not followed in sections that are not read", () =>
    Effect.gen(function*() {
      const config = yield* withConfig(
        "{ channels: { $include: 'gone.json5' }, agents: { list: { $include: 'gone' } } }"
      )
      assert.isTrue(config.source.configFound)
    }))

  it.effect("problems point into the included file", () =>
    Effect.gen(function*() {
      const config = yield* withConfig("{ models: { $include: 'm.json5' } }", {
        "m.json5": "{ providers: {\n  ollama: { authHeader: 1 } } }"
      })
      const [said] = config.diagnostics
      assert.deepStrictEqual([said?.path, said?.file, said?.line, said?.column], [
        "models.providers.ollama.authHeader",
        `${home}/m.json5`,
        2,
        25
      ])
      const error = yield* Effect.flip(withConfig("{ $include: 'm.json5' }", { "m.json5": "{\n models: 5 }" }))
      assert.include(error.message, `${home}/m.json5:2:10: models: expected an object, found a number`)
    }))

  it.effect("a syntax error names the included file", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(withConfig("{ $include: 'm.json5' }", { "m.json5": "{" }))
      assert.strictEqual(error._tag === "ConfigSyntaxError" && error.path, `${home}/m.json5`)
    }))

  it.effect("of a file that is missing or no file says so", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* failure("{ $include: 'gone' }")).reason, "unreadable")
      assert.strictEqual((yield* failure("{ $include: 'pipe' }", { pipe: "FIFO" })).reason, "unreadable")
    }))

  it.effect("that cannot be followed says where it stands", () =>
    Effect.gen(function*() {
      const gone = yield* failure("{ $include: 'm.json5' }", { "m.json5": "{\n  models: { $include: ['gone'] } }" })
      assert.deepStrictEqual([gone.file, gone.line, gone.column], [`${home}/m.json5`, 2, 23])
      assert.include(gone.message, `${home}/m.json5:2:23: $include of ${home}/gone cannot be read`)
      for (const include of ["'../out'", "5"]) {
        const { column, file, line } = yield* failure(`{\n models: { $include: ${include} } }`)
        assert.deepStrictEqual([file, line, column], [`${home}/openclaw.json`, 2, 22])
      }
    }))

  it.effect("may leave the directory for those of OPENCLAW_INCLUDE_ROOTS, and for no other", () =>
    Effect.gen(function*() {
      const files = (include: string): Files => ({
        [`${home}/openclaw.json`]: `{ $include: "${include}" }`,
        "/shared/m.json5": "{ agents: { defaults: { model: 'a/b' } } }",
        "/home/me/x/m.json5": "{ $include: '/shared/m.json5' }",
        "/shared/out.json5": { link: "/secret/m.json5" },
        "/secret/m.json5": "{}"
      })
      const roots = { OPENCLAW_INCLUDE_ROOTS: " ~/x : : /shared/ " }
      for (const include of ["/shared/m.json5", "../x/m.json5"]) {
        assert.strictEqual((yield* load(files(include), roots)).primary, "a/b")
      }
      for (
        const [include, variables] of [["/shared/out.json5", roots], ["/secret/m.json5", roots], [
          "/shared/m.json5",
          {}
        ]] as const
      ) {
        const error = yield* Effect.flip(load(files(include), variables))
        assert.strictEqual(error._tag === "ConfigIncludeError" && error.reason, "outside")
        assert.include(error.message, "or name its directory in OPENCLAW_INCLUDE_ROOTS")
      }
    }))

  it.effect("that goes round in a circle names the files", () =>
    Effect.gen(function*() {
      const error = yield* failure("{ $include: 'a' }", { a: "{ $include: 'b' }", b: "{ $include: './a' }" })
      assert.strictEqual(error.reason, "cycle")
      assert.deepStrictEqual(error.files, [`${home}/a`, `${home}/b`, `${home}/a`])
      assert.strictEqual((yield* failure("{ $include: 'openclaw.json' }")).reason, "cycle")
    }))

  it.effect("that leaves the directory is refused, by name or by link", () =>
    Effect.gen(function*() {
      const files = { "/etc/x": "{}", link: { link: "/etc/x" }, "/home/me/.openclaw2/y": "{}" }
      for (const path of ["/etc/x", "../../../etc/x", "link", "../.openclaw2/y", "~/x"]) {
        const { reason } = yield* failure(`{ $include: '${path}' }`, files)
        assert.strictEqual(reason, path.startsWith("~") ? "unreadable" : "outside", path)
      }
    }))

  it.effect("may be ten levels deep, and no deeper", () =>
    Effect.gen(function*() {
      const chain = (depth: number) =>
        Object.fromEntries(
          Array.from({ length: depth }, (_, i) => [`f${i + 1}`, i + 1 < depth ? `{ $include: 'f${i + 2}' }` : "{}"])
        )
      assert.isTrue((yield* withConfig("{ $include: 'f1' }", chain(10))).source.configFound)
      assert.strictEqual((yield* failure("{ $include: 'f1' }", chain(11))).reason, "too-deep")
    }))

  it.effect("may be a hundred files, and no more", () =>
    Effect.gen(function*() {
      const list = (n: number) => `{ $include: [${Array.from({ length: n }, () => "'a'").join()}] }`
      assert.isTrue((yield* withConfig(list(100), { a: "{}" })).source.configFound)
      assert.strictEqual((yield* failure(list(101), { a: "{}" })).reason, "too-many")
    }))

  it.effect("may be 8 MiB in all", () =>
    Effect.gen(function*() {
      const a = `{ /*${" ".repeat(2 * 1024 * 1024 - 100)}*/ }`
      assert.isTrue((yield* withConfig("{ $include: ['a', 'a', 'a'] }", { a })).source.configFound)
      assert.strictEqual((yield* failure("{ $include: ['a', 'a', 'a', 'a', 'a'] }", { a })).reason, "too-large")
    }))

  it.effect("of something else than paths is invalid", () =>
    Effect.gen(function*() {
      for (const value of ["5", "{}", "[5]", "''", "null", "[['a']]", "'a\\0b'"]) {
        assert.strictEqual((yield* failure(`{ models: { $include: ${value} } }`)).reason, "invalid", value)
      }
      assert.strictEqual(
        (yield* failure("{ models: { $include: 'a', mode: 'merge' } }", { a: "[]" })).reason,
        "invalid"
      )
    }))

  it.effect("a configuration that is a link may include from either directory", () =>
    Effect.gen(function*() {
      const config = yield* load({
        [`${home}/openclaw.json`]: { link: "/dot/openclaw.json" },
        "/dot/openclaw.json": "{ $include: 'b.json5' }",
        [`${home}/b.json5`]: { link: "/dot/b.json5" },
        "/dot/b.json5": "{ agents: { defaults: { model: 'a/b' } } }"
      })
      assert.strictEqual(config.primary, "a/b")
    }))
})
