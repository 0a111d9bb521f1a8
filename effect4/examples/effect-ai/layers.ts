/** Which model answers: those of an Ollama, the configured one first. */
import { NodeServices } from "@effect/platform-node"
import { Config, Effect, ExecutionPlan, Layer, Schedule } from "effect"
import { Ollama, OllamaHost } from "effect-ollama"
import { OllamaLanguageModel } from "effect-ollama/ai"
import * as OllamaNode from "effect-ollama/node"

const hostOf = Config.String("OLLAMA_HOST").pipe(Config.withDefault(""), Config.map(OllamaHost.parse))

/** The models of an Ollama, found at `OLLAMA_HOST`, with what the program's `openclaw.json` says about them. */
const OllamaLive = Layer.unwrap(
  Effect.gen(function*() {
    return Ollama.layerWith({ discover: true, baseUrl: yield* hostOf })
  })
).pipe(Layer.provide([NodeServices.layer, OllamaNode.layer]))

/** The configured primary model and its fallbacks, else the first model that is found. */
export const ModelLive = Layer.provide(OllamaLanguageModel.layer(), OllamaLive)

/** One local model, twice; another one when it does not answer. A model of another provider is named in the same way. */
export const LocalFirst = ExecutionPlan.make(
  {
    provide: OllamaLanguageModel.model(undefined, { fallbacks: [] }),
    attempts: 2,
    schedule: Schedule.exponential("100 millis")
  },
  { provide: OllamaLanguageModel.model("ollama/b") }
)
