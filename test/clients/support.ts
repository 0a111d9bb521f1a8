/** What the tests of all clients share: a mock on a socket, and promises that fail as they are wanted to. */
import { Effect } from "effect"
import type { MockOllama } from "effect-ollama/testing"
import { makeServer } from "effect-ollama/testing/node"

export const models: ReadonlyArray<MockOllama.Model> = [
  { name: "chat", capabilities: ["completion", "tools", "thinking", "insert"] },
  { name: "plain", capabilities: ["completion"] },
  { name: "vectors", capabilities: ["embedding"] }
]

/** A mock that gives these replies. */
export const serving = (...replies: ReadonlyArray<MockOllama.Reply | string>) =>
  Effect.map(makeServer({ models, replies, exhausted: "fail" }), ({ mock, server }) => ({ ...server, mock }))

/** What a promise is rejected with. */
export const rejection = (run: () => Promise<unknown>): Effect.Effect<any> =>
  // any: each client has errors of its own
  Effect.promise(() =>
    run().then(
      () => {
        throw new Error("it was fulfilled")
      },
      (error: unknown) => error
    )
  )

/** All that comes of an async iterable. */
export const collect = async <A>(iterable: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  for await (const one of iterable) all.push(one)
  return all
}

/** The first that comes of an async iterable, which goes on. */
export const first = async <A>(iterable: AsyncIterable<A>): Promise<A> => {
  const { value } = await iterable[Symbol.asyncIterator]().next()
  return value as A
}

export const call: MockOllama.Reply = { toolCalls: [{ name: "get_weather", arguments: { city: "Paris" } }] }

/** As JSON Schema, for the clients that take it. */
export const city = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"]
}
