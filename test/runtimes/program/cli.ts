/** The program on Node, Bun and Deno: prints its report as JSON. */
import { FetchHttpClient } from "@effect/platform"
import { Effect } from "effect"
import * as NodeTransport from "effect-ollama/node"
import process from "node:process"
import { report, type Servers } from "./checks.js"

const [transport, servers] = process.argv.slice(2)

// A Layer that dies when it is closed is told too. What a check left open does not keep the process: it has failed.
const printed = report(JSON.parse(servers!) as Servers).pipe(
  Effect.provide(transport === "node" ? NodeTransport.layer : FetchHttpClient.layer),
  Effect.flatMap((report) =>
    Effect.sync(() => process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0)))
  )
)

void Effect.runPromise(printed)
