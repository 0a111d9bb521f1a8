import * as Effect from "effect/Effect"
import type { Server } from "../../core/mock/server.js"
import type { Service } from "../Script.js"

export const makeService = (server: Server, url: string): Service => ({
  url,
  requests: Effect.sync(() => server.requests.map((record) => ({ ...record }))),
  reset: Effect.sync(() => server.reset()),
  setModels: (models) => Effect.sync(() => server.setModels(models)),
  setReplies: (replies) => Effect.sync(() => server.setReplies(replies)),
  push: (...replies) => Effect.sync(() => server.push(replies)),
  setRules: (rules) => Effect.sync(() => server.setRules(rules))
})
