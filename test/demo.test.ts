/** The demo, on machines of every kind. */
import { FileSystem } from "@effect/platform"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"
import { programOf } from "./support/program.js"
import { refusedUrl } from "./support/refused.js"

const start = programOf("examples/demo.ts")

/** Runs the demo in an empty home, with an `openclaw.json` when there is one. */
const demo = Effect.fn(function*(
  options: { readonly host: string; readonly config?: unknown; readonly args?: ReadonlyArray<string> }
) {
  const { args = [] } = options
  const files = yield* FileSystem.FileSystem
  const home = yield* files.makeTempDirectoryScoped()
  const env = { HOME: home, USERPROFILE: home, OLLAMA_HOST: options.host }
  if (options.config === undefined) return yield* start(args, env)
  const path = `${home}/openclaw.json`
  yield* files.writeFileString(
    path,
    typeof options.config === "string" ? options.config : JSON.stringify(options.config)
  )
  return yield* start(args, { ...env, OPENCLAW_CONFIG_PATH: path })
})

const hosted = {
  id: "good-1",
  name: "good-1",
  reasoning: false,
  input: ["text"],
  cost: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
  contextWindow: 100_000,
  maxTokens: 1000
}

const configOf = (primary: string, hostedUrl: string) => ({
  models: {
    providers: {
      hosted: { baseUrl: hostedUrl, apiKey: "sk-paid", api: "openai-completions", models: [hosted] },
      ollama: { baseUrl: hostedUrl, apiKey: "sk-mine", models: [hosted] }
    }
  },
  agents: { defaults: { model: { primary, fallbacks: ["hosted/good-1"] } } }
})

const real: MockOllama.Description = {
  version: "0.24.0",
  models: ["first:1b", "other:1b", { name: "no-tools:1b", capabilities: ["completion"] }],
  replies: (request) => ({ text: `I am ${(request.json as { readonly model: string }).model}.` })
}

const live = (name: string, test: () => Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>) =>
  it.scopedLive(name, () => Effect.provide(test(), NodeFileSystem.layer), 30_000)

// Few, because each loads everything in a process of its own.
describe("the demo", () => {
  live(
    "starts its own mock where no Ollama answers, and sends nothing to the hosted model that is configured",
    () =>
      Effect.gen(function*() {
        const { mock } = yield* makeServer(real)
        const config = configOf("hosted/good-1", mock.url)
        const { code, stderr, stdout } = yield* demo({ host: refusedUrl, config })
        assert.strictEqual(stderr, "")
        assert.match(stdout, /^No Ollama at \S+ \(ConnectionRefused\): this demo uses its own mock, started at http:/)
        assert.match(stdout, /primary +hosted\/good-1/)
        assert.match(stdout, /ollama\/gpt-oss:20b +yes +yes +text +131,072/)
        assert.match(stdout, /ollama\/gemma3:4b +no-tools/)
        assert.match(stdout, /Selected +ollama\/gpt-oss:20b \(first-available\)\n.*\nAnswer +Air scatters/)
        assert.match(stdout, /Usage +\d+ tokens in, \d+ out, \d+ ms/)
        assert.deepStrictEqual(yield* mock.requests, [])
        assert.strictEqual(code, 0)
      })
  )

  live(
    "asks the Ollama that answers, another model where the configured one is not installed, for a stream by --stream",
    () =>
      Effect.gen(function*() {
        const { mock, server } = yield* makeServer(real)
        const config = configOf("ollama/qwen3:8b", server.url)
        const host = server.url.replace("http://", "")
        const { code, stdout } = yield* demo({ host, config, args: ["--stream"] })
        assert.include(stdout, `The Ollama 0.24.0 at ${server.url} answers.`)
        assert.notInclude(stdout, "mock")
        assert.match(
          stdout,
          /\nAnswer +I am first:1b\.\nTried +ollama\/qwen3:8b: .*\nSelected +ollama\/first:1b \(fallback\)\n/
        )
        const streams = (yield* mock.requests).filter(({ path }) => /chat/.test(path)).map(({ json }) =>
          (json as { readonly stream?: unknown }).stream
        )
        assert.deepStrictEqual(streams.at(-1), true)
        assert.strictEqual(code, 0)
      })
  )

  live("shows what was left out where no model has tools, and what to do", () =>
    Effect.gen(function*() {
      const { server } = yield* makeServer({ models: [{ name: "no-tools:1b", capabilities: ["completion"] }] })
      const { code, stderr, stdout } = yield* demo({ host: server.url })
      assert.match(stdout, /openclaw\.json \(not there: all defaults\)/)
      assert.match(stdout, /ollama\/no-tools:1b +no-tools/)
      assert.match(stderr, /NoToolModels: .*ollama pull/)
      assert.strictEqual(code, 1)
    }))

  live("says what is wrong with the configuration", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* demo({ host: refusedUrl, config: "{ agents: " })
      assert.match(stderr, /ConfigSyntaxError: .*openclaw\.json/)
      assert.strictEqual(code, 1)
    }))
})
