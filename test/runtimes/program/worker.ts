/** The program in a worker: it is sent where the servers are, and answers with its report. */
import { FetchHttpClient } from "@effect/platform"
import { Effect } from "effect"
import { report, type Servers } from "./checks.js"

export default {
  fetch: (request: Request): Promise<Response> =>
    Effect.promise(() => request.json() as Promise<Servers>).pipe(
      Effect.flatMap(report),
      Effect.map((report) => Response.json(report)),
      Effect.provide(FetchHttpClient.layer),
      Effect.runPromise
    )
}
