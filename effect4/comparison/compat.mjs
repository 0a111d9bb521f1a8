/** One case on `@effect/ai-openai-compat`: `node compat.mjs <case> <url>` prints what came of it, as JSON. */
import * as OpenAiClient from "@effect/ai-openai-compat/OpenAiClient"
import * as OpenAiLanguageModel from "@effect/ai-openai-compat/OpenAiLanguageModel"
import { Effect, Layer, Redacted, Schema, Stream } from "effect"
import { LanguageModel, Tool, Toolkit } from "effect/unstable/ai"
import { FetchHttpClient } from "effect/unstable/http"
import { cases } from "./cases.mjs"

const [, , name, url] = process.argv
const layer = OpenAiLanguageModel.layer({ model: "m", config: { num_ctx: 16384, keep_alive: "5m" } }).pipe(
  Layer.provide(OpenAiClient.layer({ apiUrl: `${url}/v1`, apiKey: Redacted.make("ollama") })),
  Layer.provide(FetchHttpClient.layer)
)
const requests = async () => (await fetch(`${url}/requests`)).json()
const outcome = await cases[name].run({ Effect, Layer, LanguageModel, Schema, Stream, Tool, Toolkit }, layer, requests)
process.stdout.write(JSON.stringify(outcome))
process.exit(0)
