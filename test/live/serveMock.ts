/** Serves the mock of the live tests until it is stopped: `npx tsx test/live/serveMock.ts`. */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { makeServer } from "effect-ollama/testing/node"
import { description } from "../support/liveMock.js"

NodeRuntime.runMain(
  Effect.scoped(
    Effect.flatMap(
      makeServer(description),
      ({ server }) => Effect.zipRight(Console.log(`OLLAMA_HOST=${server.url}`), Effect.never)
    )
  )
)
