/** `status` against each broken set-up of the provider document's troubleshooting section: the cause, and the fix. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { OllamaError, Provider } from "effect-ollama"
import type { MockOllama } from "effect-ollama/testing"
import type { Check } from "../../src/cli/status/checks.js"
import * as checks from "../../src/cli/status/checks.js"
import { ok, status as providerStatus } from "../config/fixtures.js"
import { refusedUrl } from "../support/refused.js"
import { execute, home, inside, live, serve } from "./support.js"

interface Report {
  readonly ok: boolean
  readonly checks: ReadonlyArray<Check>
}

/** What a status says of a set-up: the whole of it, and the checks by their names. */
const status = (
  setUp: {
    readonly mock?: MockOllama.Description | undefined
    readonly config?: string | object | undefined
    readonly env?: Readonly<Record<string, string>> | undefined
    readonly args?: ReadonlyArray<string> | undefined
  }
) =>
  Effect.gen(function*() {
    const { env: usual } = yield* serve(setUp.mock ?? { models: ["gpt-oss:20b"] })
    const me = yield* home(setUp.config)
    const env = { ...usual, ...setUp.env }
    const { code, stdout } = yield* inside(me, ["status", "--json", ...setUp.args ?? []], { env })
    const report = JSON.parse(stdout) as Report
    const by = Object.fromEntries(report.checks.map((check) => [check.name, check])) as Record<Check["name"], Check>
    assert.strictEqual(code, report.ok ? 0 : 1)
    return { ...report, by, failed: report.checks.filter(({ state }) => state === "failed").map(({ name }) => name) }
  })

const names = ["config", "credential", "provider", "server", "models", "tools", "refs", "streaming"]

describe("status", () => {
  live("passes where all is well", () =>
    Effect.gen(function*() {
      const found = yield* status({})
      assert.deepStrictEqual(found.checks.map(({ name }) => name), names as never)
      assert.isTrue(found.ok)
      assert.strictEqual(found.by.credential.found, "from env OLLAMA_API_KEY")
      assert.match(found.by.provider.found, /^implicit: /)
    }))

  live("Ollama is not detected: no credential", () =>
    Effect.gen(function*() {
      const { by, failed } = yield* status({ env: { OLLAMA_API_KEY: "" } })
      assert.deepStrictEqual(failed, ["credential"])
      assert.include(by.credential.found, "no OLLAMA_API_KEY")
      assert.include(by.credential.fix?.[0], "export OLLAMA_API_KEY=ollama-local")
    }))

  live("Ollama is not detected: an explicit entry stands in the way", () =>
    Effect.gen(function*() {
      const config = { models: { providers: { ollama: { baseUrl: "http://127.0.0.1:9/v1", apiKey: "ollama-local" } } } }
      const { by, failed } = yield* status({ config, env: { OLLAMA_HOST: "" } })
      assert.include(failed, "provider")
      assert.match(by.provider.found, /^explicit, and empty/)
      assert.include(by.provider.fix?.[0], "config unset models.providers.ollama.baseUrl")
    }))

  live("the connection is refused", () =>
    Effect.gen(function*() {
      const { by, failed } = yield* status({ env: { OLLAMA_HOST: refusedUrl } })
      assert.deepStrictEqual(failed, ["server"])
      assert.match(by.server.found, /^nothing listens on 127\.0\.0\.1:\d+/)
      assert.deepStrictEqual(by.server.fix, ["ollama serve", "check the port: ps aux | grep ollama"])
      assert.deepStrictEqual([by.models.state, by.tools.state], ["skipped", "skipped"])
    }))

  live("no models are installed", () =>
    Effect.gen(function*() {
      const { by, failed } = yield* status({ mock: { models: [] } })
      assert.include(failed, "models")
      assert.strictEqual(by.models.fix?.[0], "effect-ollama pull gpt-oss:20b")
    }))

  live("no model has tools", () =>
    Effect.gen(function*() {
      const { by, failed } = yield* status({ mock: { models: [{ name: "gemma3:4b", capabilities: ["completion"] }] } })
      assert.include(failed, "tools")
      assert.include(by.tools.found, "none of 1 model has tools")
      assert.deepStrictEqual(by.tools.details, ["gemma3:4b: no-tools"])
      assert.include(by.tools.fix?.join(), "define a model explicitly")
    }))

  live(
    "replies are garbled: streaming is on for an Ollama that mixes reasoning and text",
    () =>
      Effect.gen(function*() {
        const config = { agents: { defaults: { models: { "ollama/gpt-oss:20b": { streaming: true } } } } }
        const old = yield* status({ config, mock: { version: "0.17.7", models: ["gpt-oss:20b"] } })
        assert.deepStrictEqual(old.failed, ["streaming"])
        assert.include(
          old.by.streaming.fix?.[0],
          "config unset 'agents.defaults.models[\"ollama/gpt-oss:20b\"].streaming'"
        )
        const now = yield* status({ config })
        assert.isTrue(now.ok)
        assert.include(now.by.streaming.found, "no risk with this server")
      })
  )

  live("the file is broken, and the server is asked all the same", () =>
    Effect.gen(function*() {
      const { by, failed } = yield* status({ config: "{\n  agents: { defaults: }\n}" })
      assert.deepStrictEqual(failed, ["config"])
      assert.match(by.config.found, /openclaw\.json:2:23 is not valid JSON5: unexpected "\}"/)
      assert.include(by.config.fix?.[0], "line 2, column 23")
      assert.strictEqual(by.server.state, "ok")
    }))

  live("a value of the file is wrong", () =>
    Effect.gen(function*() {
      const config = { models: { providers: { ollama: { apiKey: "k", timeoutSeconds: "soon" } } } }
      const { by, failed } = yield* status({ config })
      assert.deepStrictEqual(failed, ["config"])
      assert.match(by.config.found, /openclaw\.json has 1 error$/)
      assert.match(by.config.details?.join() ?? "", /timeoutSeconds: expected a positive number of seconds/)
      assert.include(by.config.fix?.[0], "config validate")
    }))

  live("the primary is not there, and its fallback is", () =>
    Effect.gen(function*() {
      const model = { primary: "ollama/qwen3:8b", fallbacks: ["ollama/gpt-oss:20b"] }
      const { by, failed } = yield* status({ config: { agents: { defaults: { model } } } })
      assert.deepStrictEqual(failed, ["refs"])
      assert.include(by.refs.found, "primary ollama/qwen3:8b is not there")
      assert.strictEqual(by.refs.fix?.[0], "effect-ollama pull qwen3:8b")
    }))

  live(
    "the primary has no key to be asked with: that is the cause, and nothing is to be pulled",
    () =>
      Effect.gen(function*() {
        const env = { OLLAMA_API_KEY: "", OLLAMA_HOST: "" }
        const agents = { defaults: { model: "ollama/gpt-oss:20b" } }
        const off = yield* status({ config: { agents }, env: { ...env, OLLAMA_HOST: refusedUrl } })
        assert.include(off.by.refs.found, "primary ollama/gpt-oss:20b cannot be used")
        const ollama = { baseUrl: "http://127.0.0.1:9", models: [{ id: "gpt-oss:20b" }] }
        const listed = yield* status({ config: { agents, models: { providers: { ollama } } }, env })
        assert.deepStrictEqual(listed.failed, ["credential", "refs"])
        assert.strictEqual(listed.by.server.found, "nothing is asked of a provider that cannot be used")
        for (const { by } of [off, listed]) {
          assert.deepStrictEqual(by.refs.fix, ["choose another: effect-ollama models list"])
          assert.include(by.refs.details?.join(), "OLLAMA_API_KEY")
        }
      })
  )

  live("the primary is there and has no tools: nothing is to be pulled", () =>
    Effect.gen(function*() {
      const { server } = yield* serve({ models: [{ name: "gemma:2b", capabilities: ["completion"] }] })
      const { by } = yield* status({
        config: { agents: { defaults: { model: "ollama/gemma:2b" } } },
        env: { OLLAMA_HOST: server.url }
      })
      assert.include(by.refs.found, "primary ollama/gemma:2b cannot be used")
      assert.deepStrictEqual(by.refs.fix, ["choose another: effect-ollama models list"])
    }))

  live("a configured model is not installed", () =>
    Effect.gen(function*() {
      const { server } = yield* serve({ models: ["gpt-oss:20b"] })
      const ollama = { baseUrl: server.url, models: [{ id: "gpt-oss:20b" }, { id: "mistral" }] }
      const { by, failed } = yield* status({ config: { models: { providers: { ollama } } }, env: { OLLAMA_HOST: "" } })
      assert.deepStrictEqual(failed, ["tools"])
      assert.deepStrictEqual(by.tools.fix, ["effect-ollama pull mistral"])
    }))

  live("what answers is no Ollama", () =>
    Effect.gen(function*() {
      const { by, failed } = yield* status({ mock: { rules: [{ raw: { chunks: ["<html>nginx</html>"] } }] } })
      assert.include(failed, "server")
      assert.include(by.server.found, "is not an Ollama")
    }))

  live("with --probe a model has to answer", () =>
    Effect.gen(function*() {
      const answers = yield* status({ args: ["--probe"] })
      assert.isTrue(answers.ok)
      assert.match(answers.by.probe.found, /^ollama\/gpt-oss:20b answered in /)
      const fails = yield* status({
        args: ["--probe"],
        mock: { models: ["gpt-oss:20b"], replies: [{ fault: { type: "status", status: 500, error: "out of memory" } }] }
      })
      assert.deepStrictEqual(fails.failed, ["probe"])
      assert.include(fails.by.probe.found, "out of memory")
    }))

  live("is a list that a person reads, also as doctor, with the exit code", () =>
    Effect.gen(function*() {
      const env = { OLLAMA_API_KEY: "ollama-local", OLLAMA_HOST: refusedUrl }
      const { code, stderr, stdout } = yield* execute(yield* home(), ["doctor"], { env })
      assert.deepStrictEqual([code, stderr], [1, ""])
      assert.match(stdout, /^✓ Configuration +no file at /)
      assert.match(stdout, /\n✗ Server +nothing listens on .*\n +→ ollama serve\n/)
      assert.match(stdout, /\n– Models +not asked: the server does not answer\n/)
    }))
})

describe("a credential that is missing", () => {
  it("is told with the auth profiles that cannot be used", () => {
    const profiles = { profiles: { work: { type: "token", provider: "ollama", token: "t", expires: 1 } } }
    const check = checks.credential(providerStatus({}, {}, { profiles, now: 2 }))
    assert.strictEqual(
      check.found,
      "none: no OLLAMA_API_KEY, no usable auth profile (\"work\" is skipped: it has expired) and no apiKey, so nothing "
        + "enables Ollama"
    )
  })
})

describe("what a server that does not answer means", () => {
  const provider = ok(Provider.make())
  const url = "http://127.0.0.1:11434/api/version"
  const server = (error: OllamaError.DiscoveryError) => checks.server(provider, Either.left(error))

  it("is told by what happened", () => {
    const timeout = server(new OllamaError.RequestTimeout({ url, phase: "first-byte", limit: 5000, attempts: 1 }))
    assert.include(timeout.found, "does not answer in time")
    const dns = server(new OllamaError.ConnectionFailed({ url, reason: "dns", attempts: 1 }))
    assert.include(dns.found, "was not found")
    const path = server(new OllamaError.EndpointNotFound({ url, status: 404, detail: "404 page not found" }))
    assert.include(path.found, "is not an Ollama")
    for (const check of [timeout, dns, path]) assert.isAbove(check.fix?.length ?? 0, 0)
  })

  it("has no version that means nothing", () => {
    assert.include(checks.server(provider, Either.right("0.0.0")).found, "a version of its own")
    assert.strictEqual(checks.streaming([{ ref: "ollama/x", isNative: false }], "0.0.0").state, "ok")
    assert.strictEqual(checks.streaming([{ ref: "ollama/x", isNative: false }], "0.17.7").state, "failed")
    assert.strictEqual(checks.streaming([{ ref: "ollama/x", isNative: true }], "0.17.7").state, "ok")
  })
})
