import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import { parse } from "../../src/core/config/dotenv.js"
import { env, home, load, ok } from "./fixtures.js"

const parsed = (text: string) => Object.fromEntries(parse(text))

describe("a .env file", () => {
  const cases: ReadonlyArray<readonly [what: string, text: string, variables: Record<string, string>]> = [
    ["names and values, blanks around them", "A=1\n  B = two words  \nexport C=3", { A: "1", B: "two words", C: "3" }],
    ["comments", "# A=1\nA=2 # two\nB='#' # hash\nC=\"#\"\nD=a#b", { A: "2", B: "#", C: "#", D: "a" }],
    ["quotes", "A='one \"1\"'\nB=\"it's\"\nC=`both ' and \"`\nD=\"\"", {
      A: "one \"1\"",
      B: "it's",
      C: "both ' and \"",
      D: ""
    }],
    ["values of several lines", "A=\"1\n2\"\nB='3\r\n4'\nC=5", { A: "1\n2", B: "3\r\n4", C: "5" }],
    ["line breaks that are written out, in double quotes only", "A=\"1\\n2\"\nB='1\\n2'\nC=1\\n2", {
      A: "1\n2",
      B: "1\\n2",
      C: "1\\n2"
    }],
    ["quotes that are not closed", "A=\"1\nB='2\nC=3", { A: "\"1", B: "'2", C: "3" }],
    ["no expansion", "A=$B\nB=${A}", { A: "$B", B: "${A}" }],
    ["the last of a name", "A=1\nA=2", { A: "2" }],
    ["colons, Windows and a byte order mark", "\ufeffA: 1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["what is no assignment", "A\n=1\n{\"B\": 1}\nA B=1\nC=1", { C: "1" }],
    ["blank values", "A=\nB=1", { A: "", B: "1" }]
  ]
  for (const [what, text, variables] of cases) {
    it(what, () => assert.deepStrictEqual(parsed(text), variables))
  }

  it.prop("is total", [FastCheck.oneof(
    FastCheck.string({ unit: "grapheme" }),
    FastCheck.array(FastCheck.constantFrom("A", "=", "\"", "'", "`", "\n", "\\", "#", " ", "export ", ":", "\r")).map((
      all
    ) => all.join(""))
  )], ([text]) => {
    for (const [name, value] of parse(text)) {
      assert.match(name, /^[\w.-]+$/)
      assert.isString(value)
    }
  })

  // So long that what takes time with the square of its length never comes to its end: nothing is measured.
  it("may be long, with quotes that are never closed", () => {
    assert.isAtMost(parse("A=\"\\\"".repeat(200_000)).size, 1)
    assert.isAtMost(parse("A='\n".repeat(200_000)).size, 1)
    assert.strictEqual(parse("\n".repeat(1_000_000)).size, 0)
  })
})

describe("the .env of the state directory", () => {
  const key = Effect.map((config: Effect.Effect.Success<ReturnType<typeof load>>) => {
    const { result } = config.providers[0]!
    return result._tag === "Left" ? result.left._tag : ok(result).key?.source
  })

  it.effect("opts in, and fills what is unset or blank", () =>
    Effect.gen(function*() {
      const files = { [`${home}/.env`]: "OLLAMA_API_KEY=from-file\nURL=http://h:1" }
      assert.strictEqual(yield* key(load(files)), "env OLLAMA_API_KEY")
      const config = {
        ...files,
        [`${home}/openclaw.json`]: "{ models: { providers: { ollama: { baseUrl: '${URL}', models: [{ id: 'm' }] } } } }"
      }
      const url = (variables: Record<string, string>) =>
        Effect.map(load(config, variables), ({ providers }) => ok(providers[0]!.result).root)
      assert.strictEqual(yield* url({}), "http://h:1")
      assert.strictEqual(yield* url({ URL: " " }), "http://h:1")
      assert.strictEqual(yield* url({ URL: "http://env:2" }), "http://env:2")
    }))

  it.effect("comes before the env block", () =>
    Effect.gen(function*() {
      const config = yield* load({
        [`${home}/.env`]: "H=file",
        [`${home}/openclaw.json`]:
          "{ env: { H: 'block', X: '${H}' }, models: { providers: { ollama: { baseUrl: 'http://${H}-${X}:1', models: [{ id: 'm' }] } } } }"
      }, env)
      assert.strictEqual(ok(config.providers[0]!.result).root, "http://file-file:1")
    }))

  it.effect("is the one of OPENCLAW_STATE_DIR, and moves no file of OpenClaw", () =>
    Effect.gen(function*() {
      const files = {
        "/s/.env": "OLLAMA_API_KEY=k\nOPENCLAW_CONFIG_PATH=/gone\nOPENCLAW_AGENT_DIR=/gone",
        "/s/openclaw.json": "{ env: { vars: { A: '${OPENCLAW_AGENT_DIR}' } } }"
      }
      const config = yield* load(files, { OPENCLAW_STATE_DIR: "/s" })
      assert.strictEqual(config.source.configPath, "/s/openclaw.json")
      assert.isTrue(config.providers[0]!.configured)
      assert.deepStrictEqual(config.diagnostics.map(({ path }) => path), ["env.vars.A"])
    }))

  it.effect("missing is none, and what cannot be read is a warning", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* load({})).diagnostics, [])
      for (const file of ["FIFO", "Directory", "x".repeat(2 ** 21 + 1), new Uint8Array([0xff])] as const) {
        const config = yield* load({ [`${home}/.env`]: file }, env)
        assert.deepStrictEqual(config.diagnostics.map(({ level, path }) => [level, path]), [[
          "warning",
          `${home}/.env`
        ]])
      }
    }))
})
