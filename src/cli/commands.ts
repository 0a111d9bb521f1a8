/**
 * All commands: what they are called, what they take, and what is said about them.
 */
import {
  argument,
  choice,
  command,
  type Described,
  flag,
  group,
  integer,
  manyArguments,
  optionalArgument,
  text,
  texts
} from "./command.js"

// The commands are called as they are exported there.
const modules = {
  chat: () => import("./commands/chat.js"),
  config: () => import("./commands/config.js"),
  mock: () => import("./commands/mock.js"),
  models: () => import("./commands/models.js"),
  pull: () => import("./commands/pull.js"),
  server: () => import("./commands/server.js"),
  status: () => import("./commands/status.js")
}

const ofServer = argument("model", "The model, with or without `ollama/` in front")
const at = argument("path", "Where it stands, e.g. models.providers.ollama.baseUrl")

const list = command(
  {
    name: "list",
    aliases: ["ls"],
    summary: "The models that can be used, of all providers",
    details:
      "Discovered models are those that have tools; --all also shows the others, each with the reason why it was left out.",
    examples: [
      { line: "effect-ollama models list", about: "What can be used" },
      { line: "effect-ollama models list --all", about: "Why a model is not in the list" },
      { line: "effect-ollama models list --json | jq -r '.models[].ref'", about: "Only the refs" }
    ]
  },
  { json: flag("json", "JSON in the place of a table"), all: flag("all", "Also what was left out, and why") },
  modules.models
)

const show = command(
  {
    name: "show",
    summary: "All that is known about a model, and from where",
    examples: [
      { line: "effect-ollama models show ollama/gpt-oss:20b", about: "One model" },
      { line: "effect-ollama models show ollama/gpt-oss:20b --json", about: "For a script" }
    ]
  },
  {
    json: flag("json", "JSON"),
    ref: argument("ref", "The model: provider/model, an alias, or a name that only one provider has")
  },
  modules.models
)

const ps = command(
  {
    name: "ps",
    summary: "The models that are in memory",
    examples: [{ line: "effect-ollama ps", about: "What is loaded, where, and for how long" }]
  },
  { json: flag("json", "JSON in the place of a table") },
  modules.server
)

const rm = command(
  {
    name: "rm",
    summary: "Remove models from a server",
    examples: [{ line: "effect-ollama rm mistral llama3.3", about: "Two of them" }]
  },
  { models: manyArguments("model", "The models, with or without `ollama/` in front", 1) },
  modules.server
)

const load = command(
  {
    name: "load",
    summary: "Load a model ahead, so that the first answer need not wait for it",
    examples: [
      { line: "effect-ollama load gpt-oss:20b", about: "Until Ollama unloads it, usually after 5 minutes" },
      {
        line: "effect-ollama load gpt-oss:20b --keep-alive 1h --num-ctx 32768",
        about: "Longer, and with a larger context"
      }
    ]
  },
  {
    keepAlive: text("keep-alive", "duration", "How long it stays: 30m, 2h, or -1 for ever"),
    numCtx: integer(
      "num-ctx",
      "tokens",
      [1, 2 ** 31 - 1],
      "The size of its context; requests with another one load it again"
    ),
    model: ofServer
  },
  modules.server
)

const unload = command(
  {
    name: "unload",
    aliases: ["stop"],
    summary: "Take a model out of memory (also: stop)",
    examples: [{ line: "effect-ollama unload gpt-oss:20b", about: "At once" }]
  },
  { model: ofServer },
  modules.server
)

const pull = command(
  {
    name: "pull",
    summary: "Fetch a model",
    details: "A pull that was stopped goes on where it was when it is begun again.",
    examples: [
      { line: "effect-ollama pull gpt-oss:20b", about: "A model with tools" },
      { line: "effect-ollama pull hf.co/user/model-GGUF:Q4_K_M", about: "From Hugging Face" }
    ]
  },
  { model: ofServer },
  modules.pull
)

const get = command(
  {
    name: "get",
    summary: "Show a value as it is written, or all of the file",
    details: "Secrets are masked unless --reveal is given.",
    examples: [
      { line: "effect-ollama config get agents.defaults.model.primary", about: "One value" },
      { line: "effect-ollama config get models.providers.ollama --json", about: "Everything about a provider" },
      {
        line: "effect-ollama config get 'agents.defaults.models[\"ollama/gpt-oss:20b\"].streaming'",
        about: "Odd keys stand in quotes"
      }
    ]
  },
  {
    json: flag("json", "JSON, also of a text"),
    reveal: flag("reveal", "Show secrets"),
    path: optionalArgument("path", "Where it stands, e.g. models.providers.ollama.baseUrl")
  },
  modules.config
)

const set = command(
  {
    name: "set",
    summary: "Write a value into the file",
    details:
      "The value is JSON5 where it is JSON5 and no text belongs there, else text. Comments, order and formatting of the file "
      + "stay. A secret is better read from standard input (-): what is typed stays in the shell's history.",
    examples: [
      { line: "effect-ollama config set models.providers.ollama.apiKey ollama-local", about: "Enable Ollama" },
      {
        line: "effect-ollama config set agents.defaults.model.primary ollama/gpt-oss:20b",
        about: "The model to ask first"
      },
      {
        line: "effect-ollama config set agents.defaults.model.fallbacks '[\"ollama/llama3.3\"]'",
        about: "A list, as JSON5"
      },
      { line: "pass show groq | effect-ollama config set models.providers.groq.apiKey -", about: "A secret" }
    ]
  },
  {
    path: at,
    value: argument("value", "The value, or - to read it from standard input")
  },
  modules.config
)

const unset = command(
  {
    name: "unset",
    summary: "Take a value out of the file",
    examples: [
      {
        line: "effect-ollama config unset 'agents.defaults.models[\"ollama/gpt-oss:20b\"].streaming'",
        about: "Back to the default"
      },
      { line: "effect-ollama config unset models.providers.ollama.baseUrl", about: "Discover the local Ollama again" }
    ]
  },
  { path: at },
  modules.config
)

const where = command(
  {
    name: "path",
    summary: "Where the file is, or would be",
    examples: [{ line: "$EDITOR \"$(effect-ollama config path)\"", about: "Edit it" }]
  },
  {},
  modules.config
)

const validate = command(
  {
    name: "validate",
    summary: "Read the file as a program would, and say everything that is wrong",
    details: "Exit code 0 when there is no error; warnings are shown and are none.",
    examples: [
      { line: "effect-ollama config validate", about: "The file that is used" },
      { line: "effect-ollama config validate --config ./openclaw.json --json", about: "Another one, for a script" }
    ]
  },
  { json: flag("json", "JSON") },
  modules.config
)

const mock = command(
  {
    name: "mock",
    summary: "Serve a mock Ollama, with the bytes of a real one, for tests",
    details:
      "It answers as the test kit does (effect-ollama/testing): described by options, or by a JSON5 file with `models`, "
      + "`replies`, `rules` and `version`. Its URL goes to standard output. The same as `effect-ollama-mock`.",
    examples: [
      { line: "effect-ollama mock --port 11434", about: "In the place of an Ollama" },
      {
        line: "effect-ollama mock --model gpt-oss:20b --reply \"Rayleigh scattering.\"",
        about: "One model, one answer"
      },
      {
        line: "npx -p effect-ollama effect-ollama-mock --script mock.json5 --log",
        about: "As a script says, with every request"
      }
    ]
  },
  {
    port: integer("port", "number", [0, 65_535], "Where to listen; default: a free port"),
    imitate: choice(
      "imitate",
      ["0.6.3", "0.17.7", "0.24.0", "0.33.0"],
      "The generation of Ollama to imitate; default: 0.33.0"
    ),
    models: texts("model", "name", "An installed model; may be given several times"),
    replies: texts("reply", "text", "What to answer, one after the other; the last one repeats"),
    script: text("script", "file", "A JSON5 file that describes all of it"),
    log: flag("log", "Show every request")
  },
  modules.mock
)

const status = command(
  {
    name: "status",
    aliases: ["doctor"],
    summary: "Check everything that can be wrong, and say how to mend it (also: doctor)",
    details:
      "In order: the configuration, the credential, where models come from, the server, its models, their tools, the "
      + "models that are configured, and streaming. Exit code 0 when every check passes.",
    examples: [
      { line: "effect-ollama status", about: "What is wrong?" },
      { line: "effect-ollama status --probe", about: "Does a model really answer? (one token; may load the model)" },
      { line: "effect-ollama doctor --json | jq '.checks[] | select(.state == \"failed\")'", about: "For a script" }
    ]
  },
  { json: flag("json", "JSON"), probe: flag("probe", "Also ask for one token") },
  modules.status
)

const chat = command(
  {
    name: "chat",
    aliases: ["run"],
    summary: "Ask a model, or talk with it (also: run)",
    details:
      "The question comes from the arguments, from standard input, or from both: then the input stands behind it. Without "
      + "either it is a conversation, with the habits of `ollama run`. Only the answer goes to standard output. A first "
      + "argument without blanks is the model; --model makes all arguments the question.",
    examples: [
      { line: "effect-ollama chat", about: "Talk with the configured model" },
      { line: "effect-ollama chat ollama/gpt-oss:20b \"Why is the sky blue?\"", about: "Ask one" },
      { line: "git diff | effect-ollama chat \"Write a commit message\"", about: "Ask about a text" },
      { line: "effect-ollama chat llava \"What is this?\" --image photo.jpg", about: "Ask about a picture" },
      {
        line: "effect-ollama chat \"List three colours\" --schema colours.json | jq",
        about: "An answer that follows a JSON Schema"
      }
    ]
  },
  {
    model: text("model", "ref", "The model: provider/model, an alias, or a name that only one provider has", {
      alias: "m"
    }),
    system: text("system", "text", "What the model is to be"),
    image: texts("image", "file", "A picture to ask about; may be given several times"),
    think: flag("think", "Think before answering (--think=low, medium, high or max for how hard)"),
    thinkLevel: choice("think-level", ["low", "medium", "high", "max"], "How hard to think"),
    noThink: flag("no-think", "Do not think"),
    hideThinking: flag("hide-thinking", "Do not show what it thinks"),
    noWrap: flag("no-word-wrap", "Do not break the lines of the answer between words"),
    keepAlive: text("keep-alive", "duration", "How long the model stays in memory: 30m, 2h, or -1 for ever"),
    format: choice("format", ["json"], "The answer is a JSON object"),
    schema: text("schema", "file", "The answer follows this JSON Schema"),
    ref: optionalArgument("ref", "The model to ask; default: the configured one"),
    words: manyArguments("question", "The question", 0)
  },
  modules.chat
)

const models = group({
  name: "models",
  summary: "List and show models",
  examples: [
    { line: "effect-ollama models list", about: "What can be used" },
    { line: "effect-ollama models show ollama/gpt-oss:20b", about: "All that is known about one" }
  ]
}, [list, show])

const config = group(
  {
    name: "config",
    summary: "Read and edit openclaw.json, with comments and formatting kept",
    examples: [
      { line: "effect-ollama config set models.providers.ollama.apiKey ollama-local", about: "Enable Ollama" },
      { line: "effect-ollama config get models.providers", about: "What is written, with secrets masked" },
      { line: "effect-ollama config validate", about: "Is all well with it?" }
    ]
  },
  [get, set, unset, where, validate]
)

export const program: Described = group(
  {
    name: "effect-ollama",
    summary: "The local models of OpenClaw and Ollama: list, diagnose, chat, pull, configure.",
    examples: [
      { line: "effect-ollama status", about: "Is everything well, and what to do about what is not?" },
      { line: "effect-ollama models list", about: "Which models can be used?" },
      { line: "effect-ollama chat", about: "Talk with the configured model" },
      { line: "git diff | effect-ollama chat \"Write a commit message\"", about: "Ask about a text" },
      {
        line: "effect-ollama config set models.providers.ollama.apiKey ollama-local",
        about: "Enable Ollama in openclaw.json"
      }
    ]
  },
  [models, status, chat, pull, ps, rm, load, unload, config, mock]
)
