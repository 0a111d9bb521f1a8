/**
 * Runs the conformance checks against the Ollama at `OLLAMA_HOST`: `npm run test:live -- --model ollama/gpt-oss:20b`.
 * Without a server it says so and succeeds.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Config, Effect } from "effect"
import { OllamaHost } from "effect-ollama"
import * as NodeTransport from "effect-ollama/node"
import { main } from "./program.js"

NodeRuntime.runMain(
  Config.string("OLLAMA_HOST").pipe(
    Config.withDefault(""),
    Effect.flatMap((host) => main(OllamaHost.parse(host), process.argv.slice(2))),
    Effect.tap((code) => Effect.sync(() => process.exitCode = code)),
    Effect.provide(NodeTransport.layer)
  )
)
