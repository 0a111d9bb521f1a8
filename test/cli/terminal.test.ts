/** The command on a terminal: what is shown there, and what keys do. */
import type * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type { MockOllama } from "effect-ollama/testing"
import { widthOf } from "../../src/cli/text.js"
import { hasTerminal, home, inside, live, onTerminal, serve } from "./support.js"

const models: MockOllama.Description["models"] = [
  { name: "gpt-oss:20b", capabilities: ["completion", "tools", "thinking"], contextLength: 131_072 }
]

const test = (
  name: string,
  run: () => Effect.Effect<unknown, unknown, NodeContext.NodeContext | Scope.Scope>
) => {
  if (hasTerminal) live(name, run)
  else it.skip(name, () => {})
}

const plain = (screen: string) => screen.replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, "").replace(/\r/g, "")

interface Body {
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content: string }>
}

describe.sequential("on a terminal", () => {
  test("tables have colours and fit, narrow ones row by row, and NO_COLOR has none", () =>
    Effect.gen(function*() {
      const { env } = yield* serve({ models })
      const me = yield* home()
      const words = ["models", "list"]
      const wide = yield* inside(me, words, { columns: 120, env })
      const narrow = yield* Effect.flatMap(
        onTerminal(me, words, { columns: 60, env: { ...env, NO_COLOR: "1" } }),
        ({ wait }) => wait
      )
      assert.match(wide.stdout, /\u001b\[2mREF/)
      assert.match(plain(wide.stdout), /ollama\/gpt-oss:20b +gpt-oss:20b +131,072/)
      assert.match(narrow.screen.replace(/\r/g, ""), /^ollama\/gpt-oss:20b\n {2}context 131,072 · max tokens /)
      for (const line of plain(narrow.screen).split("\n")) assert.isAtMost(line.length, 60)
      assert.notMatch(narrow.screen, /\u001b/)
      assert.deepStrictEqual([wide.code, narrow.code], [0, 0])
    }))

  live("every command fits, and has colours", () =>
    Effect.gen(function*() {
      const { env } = yield* serve({ models: [...models, { name: "gemma3:4b", capabilities: ["completion"] }] })
      const config = { models: { providers: { ollama: { apiKey: "ollama-local", timeoutSeconds: "soon" } } } }
      const [me, wrong] = [yield* home(), yield* home(config)]
      const key = "models.providers.ollama.apiKey"
      const commands: ReadonlyArray<readonly [home: string, words: string, code: number, shows: RegExp]> = [
        [me, "models list --all", 0, /\u001b\[1mollama\/gpt-oss:20b\u001b\[22m\n {2}\u001b\[2mcontext/],
        [me, "models show gpt-oss:20b", 0, /\u001b\[2mcapabilities {2}\u001b\[22mcompletion, tools/],
        [me, "status --probe", 0, /\u001b\[32m✓\u001b\[39m Answer/],
        [wrong, "doctor", 1, /\u001b\[31m✗\u001b\[39m Configuration[\s\S]*has 1 error/],
        [me, "load gpt-oss:20b", 0, /\u001b\[32m✓\u001b\[39m loaded/],
        [me, "ps", 0, /\u001b\[2mNAME/],
        [me, "unload gpt-oss:20b", 0, /\u001b\[32m✓\u001b\[39m unloaded/],
        [me, "rm gemma3:4b nope", 1, /\u001b\[31merror:\u001b\[39m .*nope/],
        [me, `config set ${key} ollama-local`, 0, /\u001b\[32m✓\u001b\[39m .*apiKey/],
        [me, `config get ${key}`, 0, /^ollama-local\n/],
        [me, `config unset ${key}`, 0, /is gone/],
        [
          wrong,
          "config validate",
          1,
          /timeoutSeconds[\s\S]*openclaw\.json:\d+:\d+[\s\S]*"timeoutSeconds": "\*{4}"[\s\S]*\^/
        ],
        [me, "config validat", 2, /Did\s+you\s+mean\s+"validate"\?/]
      ]
      for (const [home, words, code, shows] of commands) {
        const ran = yield* inside(home, words.split(" "), { env, columns: 60 })
        const screen = ran.stdout + ran.stderr
        assert.match(screen, shows, words)
        assert.strictEqual(ran.code, code, words)
        // a path is not broken: it would not be one
        for (const line of screen.split("\n").filter((line) => !line.includes("/"))) {
          assert.isAtMost(widthOf(line), 60, line)
        }
      }
    }))

  live("an excerpt of the configuration is cut, and its mark stands where it is wrong", () =>
    Effect.gen(function*() {
      const text = "{ models: { providers: { ollama: { baseUrl: \"localhost:11434\", apiKey: \"abcdefg\", "
        + "models: [ { id: \"m\", contextWindow: \"many\" , maxTokens: -4}, ] } } } }"
      const [wrong, broken] = [yield* home(text), yield* home(text.replace(" , max", "  max"))]
      const marked = (screen: string) => {
        const lines = plain(screen).split("\n")
        return lines.flatMap((line, i) => /^ *\^$/.test(line) ? [lines[i - 1]!.slice(line.length - 1)] : [])
      }
      for (const columns of [60, 80]) {
        const said = yield* inside(wrong, ["config", "validate"], { columns })
        const found = marked(said.stderr)
        assert.strictEqual(found.length, 3)
        for (const begin of [/^"\*{15}"/, /^"\*{4}"/, /^-4\}/]) assert.isTrue(found.some((text) => begin.test(text)))
        const unread = yield* inside(broken, ["config", "validate"], { columns })
        assert.match(marked(unread.stderr).join(), /^\*{9}: -4/)
        const checked = yield* inside(broken, ["status"], { columns })
        assert.match(marked(checked.stdout).join(), /^\*{9}: -4/)
        for (const line of plain(said.stderr + unread.stderr + checked.stdout).split("\n")) {
          // a path is not broken
          if (!line.includes("/")) assert.isAtMost(widthOf(line), columns, line)
        }
      }
    }))

  test("a pull is a bar with speed and time, and one line at the end", () =>
    Effect.gen(function*() {
      const { env, mock } = yield* serve({ models })
      const layer = (completed: number) =>
        `{"status":"pulling aaaaaaaaaaaa","digest":"sha256:a","total":1000000,"completed":${completed}}\n`
      yield* mock.setRules([{
        path: "/api/pull",
        raw: {
          chunks: [
            "{\"status\":\"pulling manifest\"}\n",
            ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => layer(n * 100_000)),
            "{\"status\":\"success\"}\n"
          ]
        },
        fault: { type: "drip", delayMs: 1 }
      }])
      const { screen, code } = yield* Effect.flatMap(
        onTerminal(yield* home(), ["pull", "mistral"], { env, columns: 80 }),
        ({ wait }) => wait
      )
      assert.match(plain(screen), /mistral +\d+% █+.*░* .* of 1\.0 MB/)
      assert.match(plain(screen), /KB\/s +.*left/)
      // the bar is gone when all is done
      assert.match(screen, /\r\u001b\[K(?:\u001b\[\d+m)*✓/)
      assert.strictEqual(code, 0)
    }))

  test("an answer comes word by word, thoughts are dim, and Ctrl-C closes the connection", () =>
    Effect.gen(function*() {
      const { env, server } = yield* serve({
        models,
        replies: [{ reasoning: "Thinking.", text: ["One ", "two ", "three."], fault: { type: "stall", after: 4 } }]
      })
      const chat = yield* onTerminal(yield* home(), ["chat", "Count to three"], { env })
      yield* chat.until(/\u001b\[2mThinking\.\u001b\[22m/)
      yield* chat.until(/One two/)
      yield* chat.type("\u0003")
      assert.strictEqual((yield* server.nextAborted).path, "/v1/chat/completions")
      const { code, screen } = yield* chat.wait
      assert.strictEqual(code, 130)
      assert.notInclude(screen, "error")
    }))

  test("a conversation: stopped and gone on with, several lines, commands, and left", () =>
    Effect.gen(function*() {
      const { env, mock, server } = yield* serve({
        models,
        replies: [
          { text: ["First ", "words ", "and more"], fault: { type: "stall", after: 2 } },
          { text: "Second answer." },
          { text: "Third answer." }
        ]
      })
      const me = yield* home()
      const chat = yield* onTerminal(me, ["chat"], { env })
      yield* chat.until(/ollama\/gpt-oss:20b .*Ctrl-D/)
      yield* chat.until(/>>> /)
      yield* chat.type("Say something\r")
      yield* chat.until(/First words/)
      yield* chat.type("\u0003")
      yield* server.nextAborted
      yield* chat.until(/\(stopped\)/)
      yield* chat.until(/>>> /)
      yield* chat.type("\"\"\"one\rtwo\"\"\"\r")
      yield* chat.until(/Second answer\./)
      yield* chat.until(/>>> /)
      const last = () => Effect.map(mock.requests, (requests) => (requests[requests.length - 1]!.json as Body).messages)
      assert.deepStrictEqual(yield* last(), [
        { role: "user", content: "Say something" },
        { role: "assistant", content: "First words " },
        { role: "user", content: "one\ntwo" }
      ] as never)
      yield* chat.type("/set system Be brief.\r")
      yield* chat.until(/Set\./)
      yield* chat.type("/cleer\r")
      yield* chat.until(/Did you mean \/clear\?/)
      yield* chat.type("/clear\r")
      yield* chat.until(/forgotten/)
      // the line before, by the arrow
      yield* chat.until(/>>> /)
      yield* chat.type("\u001b[A\u001b[A\u001b[A\u001b[A\u001b[A\u001b[A\r")
      yield* chat.until(/Third answer\./)
      assert.deepStrictEqual(yield* last(), [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Say something" }
      ] as never)
      yield* chat.until(/>>> /)
      yield* chat.type("/save talk\r")
      yield* chat.until(/Saved/)
      yield* chat.until(/>>> /)
      // Ctrl-C at a line with text gives it up; twice at an empty one leaves
      yield* chat.type("half a line\u0003")
      yield* chat.until(/>>> /)
      yield* chat.type("\u0003")
      const { code } = yield* chat.wait
      assert.strictEqual(code, 0)

      const again = yield* onTerminal(me, ["chat"], { env })
      yield* again.until(/>>> /)
      yield* again.type("/load talk\r")
      yield* again.until(/talk: 2 messages/)
      yield* again.until(/>>> /)
      yield* again.type("\u0004")
      assert.strictEqual((yield* again.wait).code, 0)
    }))
})
