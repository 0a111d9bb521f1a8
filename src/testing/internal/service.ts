import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { Server } from "../../core/mock/server.js"
import type { Description, Service } from "../Script.js"

/** What a description's function throws, an assertion perhaps, is seen where the test is run, with its stack. */
export const makeDescribed = (description: Description, most = Infinity): Server =>
  new Server(description, (error) => Effect.runSync(Console.error("mock: the description threw:", error)), most)

export const makeService = (server: Server, url: string): Service => ({
  url,
  requests: Effect.sync(() => server.requests.map((record) => ({ ...record }))),
  reset: Effect.sync(() => server.reset()),
  setModels: (models) => Effect.sync(() => server.setModels(models)),
  setReplies: (replies) => Effect.sync(() => server.setReplies(replies)),
  push: (...replies) => Effect.sync(() => server.push(replies)),
  setRules: (rules) => Effect.sync(() => server.setRules(rules))
})
