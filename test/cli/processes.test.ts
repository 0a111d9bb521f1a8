/** Each command as a process whose outputs are pipes, against the mock server on a socket. */
import { FileSystem } from "@effect/platform"
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { OpenClawConfigFile } from "effect-ollama"
import type { MockOllama } from "effect-ollama/testing"
import { execFile } from "node:child_process"
import { parse } from "../../src/core/config/json5.js"
import { toValue } from "../../src/core/config/tree.js"
import { ok } from "../config/fixtures.js"
import { bin, execute, home, inside, live, piped, serve } from "./support.js"

const usual: MockOllama.Description = {
  models: [
    {
      name: "gpt-oss:20b",
      capabilities: ["completion", "tools", "thinking"],
      contextLength: 131_072,
      size: 13_780_173_839
    },
    { name: "llama3.3", contextLength: 131_072 },
    { name: "gemma3:4b", capabilities: ["completion", "vision"] }
  ],
  replies: [{ reasoning: "One sentence.", text: "Rayleigh scattering." }]
}

describe.sequential("in a pipe", () => {
  live("models list and show", () =>
    Effect.gen(function*() {
      const { env } = yield* serve(usual)
      const me = yield* home()
      const [list, all, json, show, unknown] = yield* Effect.all([
        execute(me, ["models", "list"], { env }),
        inside(me, ["models", "list", "--all"], { env }),
        inside(me, ["models", "list", "--json", "--all"], { env }),
        execute(me, ["models", "show", "gpt-oss:20b", "--json"], { env }),
        inside(me, ["models", "show", "gpt-oss:20"], { env })
      ], { concurrency: 3 })
      assert.match(list.stdout, /^REF +NAME +CONTEXT +MAX TOKENS +INPUT +REASONING +STREAMING +CONFIGURED +REACHABLE\n/)
      assert.match(list.stdout, /\nollama\/gpt-oss:20b +gpt-oss:20b +131,072 +1,310,720 +text +yes +no +yes +yes\n/)
      assert.include(list.stderr, "1 left out; --all shows why")
      assert.match(all.stdout, /\nollama\/gemma3:4b +no tools\n$/)
      const listed = JSON.parse(json.stdout) as {
        models: ReadonlyArray<{ ref: string }>
        leftOut: ReadonlyArray<unknown>
      }
      assert.deepStrictEqual(listed.models.map(({ ref }) => ref), ["ollama/gpt-oss:20b", "ollama/llama3.3:latest"])
      assert.deepStrictEqual(listed.leftOut, [{ ref: "ollama/gemma3:4b", reason: "no-tools" }])
      assert.deepInclude(JSON.parse(show.stdout), { ref: "ollama/gpt-oss:20b", loaded: null, size: 13_780_173_839 })
      assert.match(unknown.stderr, /^error: No provider has the model .*Did you mean ollama\/gpt-oss:20b\?/)
      assert.deepStrictEqual([list, all, json, show, unknown].map(({ code }) => code), [0, 0, 0, 0, 1])
      // nothing but text in a pipe
      assert.notMatch(list.stdout + list.stderr + unknown.stderr, /\u001b/)
    }))

  live("models list says of configured models that are left out how to mend them", () =>
    Effect.gen(function*() {
      const me = yield* home({ models: { providers: { ollama: { apiKey: "k", models: ["gpt-oss:20b"] } } } })
      const { stderr, stdout } = yield* inside(me, ["models", "list", "--all"], {})
      assert.match(stdout, /\nollama\/gpt-oss:20b +it has no id \(write \{ id: "…" \}\)\n$/)
      assert.strictEqual(
        stderr,
        "None of the 1 models can be used. Mend them in the configuration: effect-ollama config validate\n"
      )
    }))

  live("ps, load, unload, rm", () =>
    Effect.gen(function*() {
      const { env, mock } = yield* serve(usual)
      const me = yield* home()
      const none = yield* inside(me, ["ps"], { env })
      assert.deepStrictEqual(none, { code: 0, stdout: "", stderr: "No model is loaded.\n" })
      const load = yield* execute(me, ["load", "ollama/gpt-oss:20b", "--keep-alive", "1h30m", "--num-ctx", "8192"], {
        env
      })
      assert.match(load.stderr, /^✓ loaded gpt-oss:20b/)
      const body = (yield* mock.requests).find(({ path }) => path === "/api/chat")?.json
      assert.deepInclude(body, { model: "gpt-oss:20b", keep_alive: "1h30m", options: { num_ctx: 8192 } })
      const ps = yield* execute(me, ["ps"], { env })
      assert.match(
        ps.stdout,
        /^NAME +SIZE +PROCESSOR +CONTEXT +STAYS\ngpt-oss:20b +13\.8 GB +100% CPU +8,192 +for 1 h (?:29|30) min/
      )
      const [unload, rm] = yield* Effect.all([
        execute(me, ["unload", "gpt-oss:20b"], { env }),
        execute(me, ["rm", "llama3.3", "nope", "gemma3:4b"], { env })
      ], { concurrency: 2 })
      assert.strictEqual(unload.stderr, "✓ unloaded gpt-oss:20b\n")
      // one that is not there does not keep the others
      assert.match(rm.stderr, /^✓ removed llama3\.3\n✓ removed gemma3:4b\nerror: .*nope/)
      assert.deepStrictEqual([load.code, ps.code, unload.code, rm.code], [0, 0, 0, 1])
    }))

  live("rm removes what it can, and says of each that is left why", () =>
    Effect.gen(function*() {
      const { env } = yield* serve(usual)
      const me = yield* home({ models: { providers: { groq: { baseUrl: "groq:1", models: [{ id: "x" }] } } } })
      const rm = yield* inside(me, ["rm", "nope", "groq/x", "gemma3:4b"], { env })
      assert.match(rm.stderr, /^✓ removed gemma3:4b\nerror: .*nope[^\n]*\nerror: .*groq/)
      assert.strictEqual(rm.code, 1)
    }))

  live("pull, and the catalog is asked for anew", () =>
    Effect.gen(function*() {
      const { env, mock } = yield* serve(usual)
      const me = yield* home()
      const pull = yield* execute(me, ["pull", "mistral"], { env })
      assert.match(
        pull.stderr,
        /^mistral: pulling manifest\nmistral: 60% of 1\.0 KB\n[\s\S]*mistral: success\n✓ pulled mistral \(/
      )
      assert.deepStrictEqual([pull.code, pull.stdout], [0, ""])
      const paths = (yield* mock.requests).map(({ path }) => path)
      assert.strictEqual(paths[0], "/api/pull")
      assert.include(paths.slice(1), "/api/tags")
      const begun = "{\"status\":\"pulling manifest\"}\n"
      const failing = "{\"error\":\"pull model manifest: file does not exist\"}\n"
      yield* mock.setRules([{ path: "/api/pull", raw: { chunks: [begun, failing] } }])
      const missing = yield* inside(me, ["pull", "mistrall"], { env })
      assert.include(missing.stderr, "There is no model mistrall to pull.")
      yield* mock.setRules([{ path: "/api/pull", raw: { chunks: [begun] } }])
      const cut = yield* inside(me, ["pull", "mistral"], { env })
      assert.match(cut.stderr, /error: .*ended/)
      assert.deepStrictEqual([missing.code, cut.code], [1, 1])
    }))

  live("chat: only the answer on standard output", () =>
    Effect.gen(function*() {
      const { env, mock } = yield* serve(usual)
      const me = yield* home()
      const chat = yield* execute(me, ["chat", "Why is the sky blue?"], { env })
      assert.deepStrictEqual([chat.code, chat.stdout, chat.stderr], [0, "Rayleigh scattering.\n", "One sentence.\n\n"])
      const request = (yield* mock.requests).at(-1)
      assert.deepInclude(request?.json, { stream: true, model: "gpt-oss:20b" })
      // a file that is piped in comes after the question, or is it
      yield* inside(me, ["chat", "--model", "llama3.3", "--no-think", "Shorten:"], { env, stdin: "a long text" })
      assert.deepInclude((yield* mock.requests).at(-1)?.json, {
        model: "llama3.3:latest",
        messages: [{ role: "user", content: "Shorten:\n\na long text" }]
      })
      yield* mock.setReplies([{ text: "{\"a\":1}" }, { text: "no JSON" }])
      const files = yield* FileSystem.FileSystem
      yield* files.writeFileString(
        `${me}/schema.json`,
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"}}}"
      )
      const object = yield* inside(me, ["chat", "--schema", `${me}/schema.json`, "--verbose"], { env, stdin: "Count" })
      assert.deepStrictEqual([object.code, object.stdout], [0, "{\"a\":1}\n"])
      assert.match(object.stderr, /^ollama\/gpt-oss:20b · \d+ tokens? in · \d+ tokens? out · /)
      const text = yield* inside(me, ["chat", "--format", "json"], { env, stdin: "Count" })
      assert.deepStrictEqual([text.code, text.stdout], [1, "no JSON\n"])
      assert.include(text.stderr, "The answer is no JSON")
      const nothing = yield* inside(me, ["chat"], { env })
      assert.strictEqual(nothing.code, 2)
    }))

  live("chat: pictures by their paths, and what is not sent is said", () =>
    Effect.gen(function*() {
      const { env, mock } = yield* serve({
        models: [{ name: "llava", capabilities: ["completion", "tools", "vision"] }],
        replies: ["A pixel."]
      })
      const me = yield* home({ models: { providers: { ollama: { apiKey: "k", api: "ollama" } } } })
      const files = yield* FileSystem.FileSystem
      const png = Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "base64"
      )
      yield* files.writeFile(`${me}/a b.png`, png)
      const sent = Effect.map(mock.requests, (requests) =>
        (requests[requests.length - 1]!.json as { messages: unknown }).messages)
      yield* inside(me, ["chat", "-m", "llava", "What is this?", "--image", `${me}/a b.png`], { env })
      const message = [{ role: "user", content: "What is this?", images: [png.toString("base64")] }]
      assert.deepStrictEqual(yield* sent, message)
      yield* inside(me, ["chat", "-m", "llava", `What is this? '${me}/a b.png'`], { env })
      assert.deepStrictEqual(yield* sent, message)
      // a path that leads nowhere is only text
      yield* inside(me, ["chat", "-m", "llava", "What is /gone.png?"], { env })
      assert.deepStrictEqual(yield* sent, [{ role: "user", content: "What is /gone.png?" }])
      const gone = yield* inside(me, ["chat", "-m", "llava", "What?", "--image", "/gone.png"], { env })
      assert.deepStrictEqual([gone.code, gone.stderr], [1, "error: There is no picture /gone.png.\n"])
    }))

  live("config", () =>
    Effect.gen(function*() {
      const me = yield* home("{\n  // mine\n  channels: { bot: { token: \"real-secret\" } },\n}\n")
      const file = `${me}/.openclaw/openclaw.json`
      const key = "models.providers.hosted.apiKey"
      const other = `${me}/other.json5`
      const elsewhere = yield* inside(me, ["--config", other, "config", "set", "env.vars.A", "1"])
      assert.strictEqual(elsewhere.stderr, `✓ env.vars.A is set in ${other}, which is new\n`)
      const set = yield* inside(me, ["config", "set", key, "-"], { stdin: "sk-typed-by-nobody\n" })
      assert.deepStrictEqual([set.code, set.stdout, set.stderr], [0, "", `✓ ${key} is set in ${file}\n`])
      const [masked, revealed, all, path, validate, unset, absent, beside] = yield* Effect.all([
        inside(me, ["config", "get", key]),
        inside(me, ["config", "get", key, "--reveal"]),
        inside(me, ["config", "get"]),
        execute(me, ["config", "path"]),
        execute(me, ["config", "validate", "--json"]),
        execute(me, ["config", "unset", "env.vars.NONE"]),
        inside(me, ["config", "get", "agents.defaults.model"]),
        inside(me, ["config", "set", "models.providers.hosted.apikey", "x"])
      ], { concurrency: 3 })
      assert.deepStrictEqual([beside.code, beside.stderr], [
        1,
        "error: models.providers.hosted.apikey: expected a known key, found \"apikey\" (did you mean \"apiKey\"?). Nothing was written.\n"
      ])
      const large = yield* inside(me, ["config", "set", "channels.a", "-"], { stdin: "a".repeat(2 ** 21) })
      assert.match(
        large.stderr,
        /openclaw\.json: expected at most 2097152 bytes, found \d+ bytes\. Nothing was written\.\n$/
      )
      assert.strictEqual(masked.stdout, "********\n")
      assert.strictEqual(revealed.stdout, "sk-typed-by-nobody\n")
      assert.notInclude(all.stdout, "real-secret")
      assert.strictEqual(path.stdout, `${file}\n`)
      assert.deepInclude(JSON.parse(validate.stdout), { valid: true, file })
      assert.strictEqual(unset.stderr, "env.vars.NONE was not set.\n")
      assert.deepStrictEqual([absent.code, absent.stdout], [1, ""])
      const files = yield* FileSystem.FileSystem
      assert.strictEqual(
        yield* files.readFileString(file),
        "{\n  // mine\n  channels: { bot: { token: \"real-secret\" } },\n  models: {\n    providers: {\n      hosted: {\n"
          + "        apiKey: \"sk-typed-by-nobody\",\n      },\n    },\n  },\n}\n"
      )
    }))

  live("config get shows what is written, also what JSON has no form for", () =>
    Effect.gen(function*() {
      const me = yield* home()
      const get = (...words: ReadonlyArray<string>) =>
        Effect.map(inside(me, ["config", "get", ...words]), ({ stdout }) => stdout)
      yield* inside(me, ["config", "set", "gateway.limit", "Infinity"])
      yield* inside(me, ["config", "set", "gateway.rest", "[-Infinity, NaN, -0, 1e3, null, {}, \"a\"]"])
      assert.strictEqual(yield* get("gateway.limit"), "Infinity\n")
      assert.strictEqual(yield* get("gateway.rest[1]"), "NaN\n")
      assert.strictEqual(
        yield* get("gateway"),
        "{\n  \"limit\": Infinity,\n  \"rest\": [\n    -Infinity,\n    NaN,\n    -0,\n    1000,\n    null,\n    {},\n    \"a\"\n  ]\n}\n"
      )
      assert.strictEqual(yield* get("gateway.limit", "--json"), "null\n")
    }))

  live("mistakes are 2, failures 1, and each is said in a paragraph with what to do", () =>
    Effect.gen(function*() {
      const me = yield* home("{\n  agents: { defaults: { model: \"ollama/x\" } }\n  models: {}\n}\n")
      const [command, option, path, broken, refused] = yield* Effect.all([
        execute(me, ["modles", "list"]),
        inside(me, ["models", "list", "--jsno"]),
        inside(me, ["config", "set", "a..b", "1"]),
        inside(me, ["models", "list"]),
        inside(yield* home(), ["ps", "--base-url", "http://127.0.0.1:9", "--verbose"])
      ], { concurrency: 3 })
      assert.match(
        command.stderr,
        /^error: There is no command "modles"\. Did you mean "models"\?\nusage: effect-ollama/
      )
      assert.include(option.stderr, "Did you mean --json?")
      assert.include(path.stderr, "That is no path.")
      assert.match(broken.stderr, /openclaw\.json:3:3 is not valid JSON5: .*\n {2}\*{6}: \{\}\n {2}\^/)
      assert.match(
        refused.stderr,
        /^error: Nothing listens on 127\.0\.0\.1:9\. .*\nConnectionRefused: .*\n {2}from .*ECONNREFUSED/
      )
      assert.deepStrictEqual([command, option, path, broken, refused].map(({ code }) => code), [2, 2, 2, 1, 1])
      for (const { stderr } of [command, option, path, broken, refused]) assert.notMatch(stderr, /^\s+at /m)
    }))

  live("a wrong value of an option is 2, in the words of the command line", () =>
    Effect.gen(function*() {
      const me = yield* home()
      const usage = (command: string) =>
        `\nusage: effect-ollama ${command} [options]\nhelp:  effect-ollama ${command} --help\n`
      const wrong: ReadonlyArray<readonly [words: ReadonlyArray<string>, message: string]> = [
        [["mock", "--port", "99999"], "--port is a whole number from 0 to 65535, not \"99999\"."],
        [["ps", "--base-url", "ftp://x"], "--base-url is an http or https URL, not a URL with the scheme \"ftp\"."],
        [
          ["--base-url=http://me:pass@h", "ps"],
          "--base-url is an http or https URL, not a URL with credentials inside: use apiKey or headers."
        ]
      ]
      for (const [words, message] of wrong) {
        const ran = yield* inside(me, words)
        const stderr = `error: ${message}${usage(words.includes("ps") ? "ps" : "mock")}`
        assert.deepStrictEqual(ran, { code: 2, stdout: "", stderr })
      }
      for (const variables of [{}, { OLLAMA_API_KEY: "ollama-local" }]) {
        const host = yield* inside(me, ["ps"], { env: { OLLAMA_HOST: "ftp://x", ...variables } })
        assert.match(host.stderr, /^error: The configuration is invalid\. OLLAMA_HOST: expected an http or https URL/)
        assert.strictEqual(host.code, 1)
      }
    }))

  live("mock, also as effect-ollama-mock", () =>
    Effect.gen(function*() {
      const me = yield* home()
      const files = yield* FileSystem.FileSystem
      yield* files.writeFileString(`${me}/mock.json5`, "{ version: '0.24.0', models: ['a:1b'], replies: ['Hello.'] }")
      const mock = yield* piped(me, ["--script", `${me}/mock.json5`, "--log"], { program: "cli-mock.cjs" })
      yield* mock.until(/^http:\/\/127\.0\.0\.1:\d+\n/)
      const url = mock.out.stdout.trim()
      const chat = yield* inside(me, ["chat", "Hi", "--base-url", url])
      assert.deepStrictEqual([chat.code, chat.stdout], [0, "Hello.\n"])
      yield* mock.until(/POST \/v1\/chat\/completions a:1b/)
      const taken = yield* inside(me, ["mock", "--port", new URL(url).port])
      assert.deepStrictEqual([taken.code, taken.stderr], [
        1,
        `error: Port ${new URL(url).port} is taken. Choose another with --port, or leave it out.\n`
      ])
      yield* mock.kill("SIGTERM")
      assert.strictEqual((yield* mock.wait).code, 143)
      yield* files.writeFileString(`${me}/mock.json5`, "{ modles: [] }")
      assert.include((yield* inside(me, ["mock", "--script", `${me}/mock.json5`])).stderr, "modles: is unexpected")
    }))

  live("an end of the reader is no failure", () =>
    Effect.gen(function*() {
      const path = `${yield* bin}/cli.cjs`
      const me = yield* home({ channels: { list: Array.from({ length: 50_000 }, (_, i) => i) } })
      const ran = yield* Effect.async<string>((resume) => {
        execFile(
          "bash",
          ["-c", `set -o pipefail; '${process.execPath}' '${path}' config get | head -1; echo "\${PIPESTATUS[0]}"`],
          { env: { PATH: process.env["PATH"], HOME: me }, maxBuffer: 1e8 },
          (_, stdout, stderr) => resume(Effect.succeed(stdout + stderr))
        )
      })
      assert.match(ran, /^\{\n0\n$/)
    }))
})

describe("a stop", () => {
  live("of a pull closes its connection", () =>
    Effect.gen(function*() {
      const { env, mock, server } = yield* serve(usual)
      yield* mock.setRules([{
        path: "/api/pull",
        raw: { chunks: ["{\"status\":\"pulling manifest\"}\n", "{\"status\":\"success\"}\n"] },
        fault: { type: "stall", after: 1 }
      }])
      const pull = yield* piped(yield* home(), ["pull", "mistral"], { env })
      yield* pull.until(/pulling manifest/)
      yield* pull.kill("SIGINT")
      assert.deepStrictEqual(yield* pull.wait, {
        code: 130,
        stdout: "",
        stderr: "mistral: pulling manifest\nStopped. The same command goes on from here.\n"
      })
      assert.strictEqual((yield* server.nextAborted).path, "/api/pull")
    }))
})

describe("many writers", () => {
  // as processes, and the rest of 200 in this process through the same module, all at the same time
  const writers = Number(process.env["CLI_WRITERS"] ?? 10)

  live("200 of them lose nothing and break nothing", () =>
    Effect.gen(function*() {
      const me = yield* home("{\n  // kept\n}\n")
      const path = `${me}/.openclaw/openclaw.json`
      const processes = Array.from({ length: writers }, (_, i) =>
        execute(me, ["config", "set", `env.vars.P${i}`, `p${i}`]))
      const fibers = Array.from({ length: Math.max(0, 200 - writers) }, (_, i) =>
        OpenClawConfigFile.set(`env.vars.F${i}`, `f${i}`, { path }))
      const [ran] = yield* Effect.all([
        Effect.all(processes, { concurrency: "unbounded" }),
        Effect.all(fibers, { concurrency: "unbounded" })
      ], { concurrency: 2 })
      for (const { code, stderr, stdout } of ran) {
        assert.deepStrictEqual([code, stdout], [0, ""])
        assert.match(stderr, /^✓ env\.vars\.P\d+ is set in /)
      }
      const files = yield* FileSystem.FileSystem
      const text = yield* files.readFileString(path)
      const { env } = toValue(ok(parse(text, path))) as { env: { vars: Record<string, string> } }
      assert.strictEqual(Object.keys(env.vars).length, Math.max(200, writers))
      for (const [name, value] of Object.entries(env.vars)) {
        assert.strictEqual(value, name.toLowerCase())
      }
      assert.include(text, "// kept")
      assert.deepStrictEqual(yield* files.readDirectory(`${me}/.openclaw`), ["openclaw.json"])
    }))

  live(
    "killed while they write leave the old file or the new one, and the next one goes on",
    () =>
      Effect.gen(function*() {
        const files = yield* FileSystem.FileSystem
        const old = "{\n  // kept\n  env: { vars: { Z: \"0\" } },\n}\n"
        const written = old.replace("\"0\"", "\"0\", A: \"1\"")
        const tools = yield* files.makeTempDirectoryScoped()
        // ends the process as kill -9 does: in the middle of a write, before the new file is the file, before the lock goes
        yield* files.writeFileString(
          `${tools}/die.cjs`,
          `const fs = require("node:fs")
const die = () => process.kill(process.pid, "SIGKILL")
const at = process.env.DIE_AT
const real = fs[at]
fs[at] = (...args) => {
  if (at !== "write") die()
  if (Buffer.from(args[1]).includes("env")) {
    fs.writeSync(args[0], args[1], 0, args[1].length >> 1)
    die()
  }
  return real(...args)
}
`
        )
        const one = (at: string, expected: string) =>
          Effect.gen(function*() {
            const me = yield* home(old)
            const folder = `${me}/.openclaw`
            const path = `${folder}/openclaw.json`
            const env = { NODE_OPTIONS: `--require ${tools}/die.cjs`, DIE_AT: at }
            const { code } = yield* execute(me, ["config", "set", "env.vars.A", "1"], { env })
            assert.strictEqual(code, -1)
            assert.strictEqual(yield* files.readFileString(path), expected, at)
            // what it left is cleared away; the lock is made old, so that nobody waits for that here
            const long = Date.now() / 1000 - 60
            yield* files.utimes(`${path}.lock`, long, long)
            yield* OpenClawConfigFile.set("env.vars.B", "2", { path })
            assert.include(yield* files.readFileString(path), "B: \"2\"")
            assert.deepStrictEqual(yield* files.readDirectory(folder), ["openclaw.json"])
          }).pipe(Effect.scoped)
        yield* Effect.all([one("write", old), one("rename", old), one("rm", written)], { concurrency: 2 })
      })
  )
})
