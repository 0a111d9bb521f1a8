/** The program in a browser: the page calls it. */
import { FetchHttpClient } from "@effect/platform"
import { Effect } from "effect"
import { report, type Servers } from "./checks.js"

Object.assign(globalThis, {
  report: (servers: Servers) => Effect.runPromise(Effect.provide(report(servers), FetchHttpClient.layer))
})
