// Makes the captures of the command that docs/cli.md and README.md show: each command is run on a terminal (util-linux's
// `script`) against the mock, and the bytes that the terminal got are drawn as SVG, light and dark.
//
//   npm run captures
import { spawn } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bundleCli } from "./bundleCli.mjs"
import { repo } from "./lib/repo.mjs"
import { play, toSvg } from "./lib/screen.mjs"

const folder = join(repo, "docs", "captures")
// a short and neutral home: it is seen
const home = "/tmp/me"
const bin = join(repo, ".cache", "captures")
const port = 11434

rmSync(folder, { recursive: true, force: true })
rmSync(home, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
mkdirSync(join(home, ".openclaw"), { recursive: true })
mkdirSync(bin, { recursive: true })
await bundleCli(bin)

const environment = {
  PATH: `${bin}:${process.env.PATH}`,
  HOME: home,
  OLLAMA_API_KEY: "ollama-local",
  SHELL: "/bin/sh",
  TERM: "xterm-256color"
}

writeFileSync(join(bin, "effect-ollama"), `#!/bin/sh\nexec '${process.execPath}' '${join(bin, "cli.cjs")}' "$@"\n`, {
  mode: 0o755
})

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

// =============================================================================
// the mock
// =============================================================================

const layer = (completed) =>
  `{"status":"pulling b112e727c6f1","digest":"sha256:b112e727c6f1","total":13780162412,"completed":${completed}}\n`

writeFileSync(
  join(home, "mock.json5"),
  JSON.stringify({
    models: [
      {
        name: "gpt-oss:20b",
        capabilities: ["completion", "tools", "thinking"],
        contextLength: 131072,
        size: 13780173839,
        family: "gptoss",
        parameterSize: "20.9B",
        quantization: "MXFP4",
        loaded: true,
        effectiveContext: 8192
      },
      { name: "qwen2.5-coder:32b", contextLength: 32768, size: 19851349856, family: "qwen2", parameterSize: "32.8B" },
      {
        name: "qwen2.5vl:7b",
        capabilities: ["completion", "tools", "vision"],
        contextLength: 128000,
        size: 5969245856
      },
      { name: "gemma3:4b", capabilities: ["completion", "vision"], size: 3338801804 },
      { name: "nomic-embed-text", capabilities: ["embedding"], contextLength: 2048, size: 274302450 }
    ],
    replies: [{
      reasoning: "The user asks why the sky is blue. One sentence will do.",
      text: "Air scatters short wavelengths more than long ones, so blue light reaches us from all over the sky.",
      delayMs: { chunk: 15 }
    }],
    rules: [{
      path: "/api/pull",
      raw: {
        chunks: [
          "{\"status\":\"pulling manifest\"}\n",
          ...Array.from({ length: 60 }, (_, i) => layer(Math.round(13780162412 * (i + 1) / 60))),
          "{\"status\":\"verifying sha256 digest\"}\n",
          "{\"status\":\"success\"}\n"
        ]
      },
      fault: { type: "drip", delayMs: 1 }
    }]
  })
)

const serve = async () => {
  const mock = spawn("effect-ollama", ["mock", "--port", String(port), "--script", join(home, "mock.json5")], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"]
  })
  await new Promise((resolve) => mock.stdout.once("data", resolve))
  return mock
}

// =============================================================================
// a terminal
// =============================================================================

/** Runs a line of a shell on a terminal, types into it, and gives back all bytes. */
const record = async (line, columns, { env = {}, keys = [], until } = {}) => {
  const child = spawn("script", ["-qfec", `stty rows 40 cols ${columns}; ${line}`, "/dev/null"], {
    env: { ...environment, ...env }
  })
  let bytes = ""
  child.stdout.setEncoding("utf8").on("data", (piece) => bytes += piece)
  const ended = new Promise((resolve) => child.once("close", resolve))
  let from = 0
  for (const [pattern, text] of keys) {
    for (let i = 0; i < 500 && !pattern.test(bytes.slice(from)); i++) await sleep(20)
    await sleep(100)
    from = bytes.length
    child.stdin.write(text)
  }
  if (until === undefined) {
    await ended
    return bytes
  }
  for (let i = 0; i < 6000 && !until.test(bytes); i++) await sleep(10)
  const seen = bytes
  child.stdin.write("\u0003")
  await ended
  return seen
}

const capture = async (name, lines, columns, options = {}) => {
  let bytes = ""
  for (const line of [lines].flat()) {
    bytes += `\u001b[1m$ ${line}\u001b[22m\r\n${await record(line, columns, options)}`
  }
  const screen = play(bytes, columns)
  const file = (theme) => join(folder, `${name}-${columns}-${theme}.svg`)
  for (const theme of ["light", "dark"]) {
    writeFileSync(file(theme), toSvg(screen, columns, theme, `$ ${[lines].flat().join("; ")}`))
  }
  console.log(`${name} (${columns}): ${screen.length} lines`)
}

const widths = [60, 80, 120]
const config = (text) => writeFileSync(join(home, ".openclaw", "openclaw.json"), text)

// =============================================================================
// the captures
// =============================================================================

// each command at each width
const all = async (name, lines, options) => {
  for (const columns of widths) await capture(name, lines, columns, options)
}

let mock = await serve()
const stop = async () => {
  mock.kill("SIGTERM")
  await new Promise((resolve) => mock.once("close", resolve))
}

await all("models-list", "effect-ollama models list --all")
await all("models-show", "effect-ollama models show gpt-oss:20b")
await all("status", "effect-ollama status --probe")
await all("chat", "effect-ollama chat \"Why is the sky blue?\"")
await all("conversation", "effect-ollama chat", {
  keys: [
    [/>>> /, "Why is the sky blue?\r"],
    [/all over[\s\S]*sky\.[\s\S]*>>> /, "/show info\r"],
    [/capabilities[\s\S]*>>> /, "/bye\r"]
  ]
})
await all("pull", "effect-ollama pull gpt-oss:20b", { until: /6\d%[\s\S]*left/ })
for (const columns of widths) {
  await capture("server", [
    "effect-ollama load gpt-oss:20b --keep-alive 1h",
    "effect-ollama ps",
    "effect-ollama unload gpt-oss:20b",
    "effect-ollama rm gemma3:4b nope"
  ], columns)
  await stop()
  mock = await serve()
}
await all("mistakes", ["effect-ollama modles list", "effect-ollama models list --jsno"])
await all("help", "effect-ollama models list --help")
for (const columns of widths) {
  config("{\n  // my settings\n  agents: {\n    defaults: { model: \"ollama/gpt-oss:20b\" }, // the one\n  },\n}\n")
  await capture("config", [
    "effect-ollama config set models.providers.ollama.apiKey ollama-local",
    "effect-ollama config set models.providers.ollama.timeoutSeconds soon",
    "effect-ollama config get models.providers",
    "effect-ollama config unset agents",
    "cat \"$(effect-ollama config path)\""
  ], columns)
}
config(
  "{\n  models: {\n    providers: {\n      ollama: { apiKey: \"ollama-local\", timeoutSeconds: \"soon\" },\n    },\n  },\n}\n"
)
await all("config-validate", "effect-ollama config validate")
config("{\n  agents: { defaults: { model: \"ollama/gpt-oss:20b\" } }\n  models: {},\n}\n")
await all("config-broken", "effect-ollama config validate")
config("{}\n")
await stop()
await all("doctor", "effect-ollama doctor", { env: { OLLAMA_API_KEY: "" } })
await all("mock", "effect-ollama mock --port 11434 --model gpt-oss:20b --log", { until: /stops it/ })

rmSync(home, { recursive: true, force: true })
rmSync(bin, { recursive: true, force: true })
