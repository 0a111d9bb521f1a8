import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { MockOllama } from "effect-ollama/testing"
import { layerServer, MockServer } from "effect-ollama/testing/node"

/** An error as its client gave it, without what differs from run to run. */
const shape = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const { cause, code, errno, name, syscall } = error as Error & Record<string, unknown>
  return { name, message: error.message.replace(/:\d+$/, ":PORT"), code, errno, syscall, cause: shape(cause) }
}

const failureOf = (url: string) =>
  HttpClientRequest.post(`${url}/api/chat`).pipe(
    HttpClientRequest.bodyUnsafeJson({ model: "m", messages: [{ role: "user", content: "Hi" }] }),
    HttpClient.execute,
    Effect.flatMap((response) => response.text),
    Effect.flip,
    Effect.map((error) => ({ tag: error._tag, reason: error.reason, cause: shape(error.cause) }))
  )

const clients = {
  fetch: FetchHttpClient.layer,
  undici: NodeHttpClient.layerUndici,
  http: NodeHttpClient.layer
} as const

/** Node 20's fetch may never settle after a reset that comes early. */
const faults = (runtime: keyof typeof clients): ReadonlyArray<MockOllama.Fault> => [
  { type: "refused" },
  ...(runtime === "fetch" ? [] : [{ type: "reset" } as const]),
  { type: "close" },
  { type: "reset", after: 1 },
  { type: "close", after: 1 },
  { type: "close", after: 1, unit: "bytes" }
]

describe("the errors of the mock in memory are those of a real client", () => {
  for (const runtime of ["fetch", "undici", "http"] as const) {
    for (const fault of faults(runtime)) {
      it.live(`${runtime}: ${JSON.stringify(fault)}`, () =>
        Effect.gen(function*() {
          const description: MockOllama.Description = { models: ["m"], replies: [{ text: "a b", fault }] }
          const real = yield* Effect.gen(function*() {
            const { stop, url } = yield* MockServer
            if (fault.type === "refused") yield* stop
            return yield* failureOf(url)
          }).pipe(Effect.provide(layerServer(description)), Effect.provide(clients[runtime]))
          const mocked = (fault: MockOllama.Fault) =>
            Effect.provide(
              failureOf("http://127.0.0.1:11434"),
              MockOllama.layerHttpClient({ ...description, replies: [{ text: "a b", fault }] }, { runtime })
            )
          const ours = yield* mocked(fault)
          // on a busy machine the kernel may have told of the reset before the read, which then meets the end
          const same = JSON.stringify(ours) === JSON.stringify(real)
          assert.deepStrictEqual(!same && "after" in fault ? yield* mocked({ ...fault, type: "close" }) : ours, real)
        }))
    }
  }
})
