/**
 * Runs one of the programs: `npx tsx examples/effect-ai/main.ts chat | tools | object | story`. It asks the Ollama at
 * `OLLAMA_HOST`; with `NODE_ENV=production`, OpenAI with the key in `OPENAI_API_KEY`.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { OllamaLanguageModel } from "effect-ollama/ai"
import { ModelLive } from "./layers.js"
import { chat, object, story, tools } from "./programs.js"

const programs = new Map([
  ["chat", Effect.asVoid(chat)],
  ["tools", Effect.asVoid(tools)],
  ["object", Effect.asVoid(object)],
  ["story", Effect.asVoid(story)]
])

const named = (name = "") => programs.get(name) ?? Console.error("Which one? chat, tools, object or story")

named(process.argv[2]).pipe(
  Effect.provide(ModelLive),
  Effect.tapError((error) => Console.error(OllamaLanguageModel.errorOf(error)?.hint ?? error)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
