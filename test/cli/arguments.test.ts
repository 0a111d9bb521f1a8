import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { execFileSync } from "node:child_process"
import { read } from "../../src/cli/arguments.js"
import type { Described } from "../../src/cli/command.js"
import { program } from "../../src/cli/commands.js"
import { completions, help, usage } from "../../src/cli/help.js"
import { widthOf } from "../../src/cli/text.js"
import { failed, ok } from "../config/fixtures.js"
import { output } from "./output.js"

const line = (...words: ReadonlyArray<string>) => ok(read(program, words))
/** The command and the words in order. */
const ordered = (...words: ReadonlyArray<string>) => {
  const { path, words: rest } = line(...words)
  return [...path.slice(1).map(({ name }) => name), ...rest]
}
const mistake = (...words: ReadonlyArray<string>) => failed(read(program, words)).message

describe("a command line", () => {
  it("may have the program's options anywhere and a command's behind it, with or without an equals sign", () => {
    const words = ["models", "show", "--json", "--", "ollama/x"]
    assert.deepStrictEqual(ordered("models", "show", "ollama/x", "--json"), words)
    assert.deepStrictEqual(ordered("models", "--verbose", "show", "--json", "ollama/x"), words)
    assert.deepStrictEqual(ordered("load", "x", "--keep-alive=5m"), ordered("load", "--keep-alive", "5m", "x"))
    assert.include(mistake("--json", "models", "list"), "It belongs to \"models list\", behind it.")
    const { globals } = line("--config", "c.json", "ps", "--base-url=http://h", "--no-color", "--verbose")
    assert.deepStrictEqual(globals, { config: "c.json", baseUrl: "http://h", verbose: true, noColor: true })
  })

  it("may have anything behind two dashes, and negative numbers", () => {
    assert.deepStrictEqual(ordered("chat", "--", "models", "--json"), ["chat", "--", "models", "--json"])
    assert.deepStrictEqual(ordered("config", "set", "a.b", "-1"), ["config", "set", "--", "a.b", "-1"])
    assert.deepStrictEqual(ordered("config", "set", "a.b", "-"), ["config", "set", "--", "a.b", "-"])
  })

  it("knows how hard to think by an equals sign", () => {
    assert.deepStrictEqual(ordered("chat", "--think=high", "m", "q"), [
      "chat",
      "--think-level",
      "high",
      "--",
      "m",
      "q"
    ])
    assert.deepStrictEqual(ordered("chat", "--think", "m", "q"), ["chat", "--think", "--", "m", "q"])
    assert.include(mistake("chat", "--think=hihg"), "Did you mean \"high\"?")
    // as ollama has it
    assert.deepStrictEqual(ordered("run", "m", "--think=false"), ["chat", "--no-think", "--", "m"])
    assert.deepStrictEqual(ordered("run", "m", "--think=true", "--keep-alive", "5m"), [
      "chat",
      "--think",
      "--keep-alive",
      "5m",
      "--",
      "m"
    ])
  })

  it("says what was probably meant", () => {
    assert.include(mistake("modles"), "There is no command \"modles\". Did you mean \"models\"?")
    assert.include(mistake("models", "lsit"), "Did you mean \"list\"?")
    assert.include(mistake("list"), "Did you mean \"models list\"?")
    assert.include(mistake("doctr"), "Did you mean \"doctor\"?")
    assert.include(mistake("run", "m", "--hidethinking"), "Did you mean --hide-thinking?")
    assert.include(mistake("models", "list", "--jsn"), "Did you mean --json?")
    assert.include(mistake("ps", "--base-ulr", "x"), "Did you mean --base-url?")
    assert.include(mistake("--all", "models", "list"), "It belongs to \"models list\"")
    assert.notInclude(mistake("frobnicate"), "Did you mean")
  })

  it("says what is missing, and what is too much", () => {
    assert.include(mistake("models"), "\"list\", \"show\"")
    assert.include(mistake("models", "show"), "<ref> is missing")
    assert.include(mistake("config", "set", "a"), "<value> is missing")
    assert.include(mistake("unload", "a", "b"), "\"b\" is one argument too many")
    assert.include(mistake("load", "x", "--keep-alive"), "--keep-alive needs a value")
    assert.include(mistake("models", "list", "--json=yes"), "takes no value")
    assert.include(mistake("mock", "--imitate", "1.0"), "is one of 0.6.3")
  })

  it("has numbers that are whole and within their range", () => {
    for (const port of ["99999", "-1", "1.5", "1e3", "many", ""]) {
      assert.strictEqual(mistake("mock", `--port=${port}`), `--port is a whole number from 0 to 65535, not "${port}".`)
    }
    for (const size of ["-5", "0", "99999999999999999999"]) {
      assert.include(
        mistake("load", "m", "--num-ctx", size),
        `--num-ctx is a whole number from 1 to 2147483647, not "${size}".`
      )
    }
    assert.deepStrictEqual(ordered("mock", "--port", "65535"), ["mock", "--port", "65535", "--"])
    assert.deepStrictEqual(ordered("load", "m", "--num-ctx=1"), ["load", "--num-ctx", "1", "--", "m"])
  })

  it("shows help where it is asked for, or nothing is said", () => {
    assert.strictEqual(line().show, "help")
    assert.strictEqual(line("chat", "-h").show, "help")
    assert.deepStrictEqual(line("config", "set", "--help").path.map(({ name }) => name), [
      "effect-ollama",
      "config",
      "set"
    ])
    assert.strictEqual(line("--version").show, "version")
    assert.strictEqual(line("doctor").path.at(-1)?.name, "status")
  })
})

const paths = (command: Described, before: ReadonlyArray<Described> = []): ReadonlyArray<ReadonlyArray<Described>> => [
  [...before, command],
  ...command.children.flatMap((child) => paths(child, [...before, command]))
]

describe("help", () => {
  it("has a summary, the usage, every option and an example, for every command", () => {
    for (const path of paths(program)) {
      const command = path.at(-1)!
      const text = help(path, "1.0.0", output(80))
      assert.include(text, usage(path))
      for (const { name } of command.flags) assert.include(text, `--${name}`)
      for (const { name } of command.children.filter(({ children }) => children.length === 0)) {
        assert.include(text, name)
      }
      assert.isAbove(command.examples.length, 0, command.name)
      // each example is a line that can be typed
      for (const { line } of command.examples) {
        const words = /.*\beffect-ollama(?:-mock)? (.*?)(?: \||$)/.exec(line)?.[1]?.replace(/\)"$/, "") ?? ""
        const typed = [...words.matchAll(/"((?:\\"|[^"])*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!)
        const all = line.includes("effect-ollama-mock") ? ["mock", ...typed] : typed
        assert.isTrue(Either.isRight(read(program, all)), line)
      }
    }
  })

  it("fits the terminal", () => {
    for (const columns of [60, 80, 120]) {
      for (const path of paths(program)) {
        for (const text of help(path, "1.0.0", output(columns)).split("\n")) {
          // examples are copied: they are not broken
          if (!/^ {2}(\S.*)?(effect-ollama|EDITOR)/.test(text)) assert.isAtMost(widthOf(text), columns, text)
        }
      }
    }
  })
})

describe("completions", () => {
  it("of bash complete commands and options", () => {
    const script = completions(program, "bash")
    const complete = (...words: ReadonlyArray<string>) =>
      execFileSync("bash", [
        "-c",
        `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_effect_ollama; echo "\${COMPREPLY[@]}"`
      ], { encoding: "utf8" }).trim().split(" ")
    assert.deepStrictEqual(complete("effect-ollama", "mo"), ["models", "mock"])
    assert.deepStrictEqual(complete("effect-ollama", "models", "s"), ["show"])
    assert.include(complete("effect-ollama", "models", "list", "--"), "--all")
    assert.deepStrictEqual(complete("effect-ollama", "chat", "--think-level", "h"), ["high"])
    assert.deepStrictEqual(complete("effect-ollama", "--completions", "z"), ["zsh"])
  })

  it("are there for zsh and fish", () => {
    assert.include(completions(program, "zsh"), "bashcompinit")
    const fish = completions(program, "fish")
    for (const { name } of program.children) assert.include(fish, `-a '${name}'`)
    assert.include(fish, "-l keep-alive -r")
  })
})
