/** Transports alone: bytes are received and counted, nothing is decoded. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import { Agent } from "undici"

const body = (stream) => JSON.stringify({ model: "bench", messages: [{ role: "user", content: "Hi" }], stream })

const bareFetch = () => {
  const post = (root, stream) =>
    fetch(`${root}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body(stream)
    })
  return {
    stream: async (root, onRead) => {
      for await (const bytes of (await post(root, true)).body) onRead(bytes.length)
    },
    complete: async (root) => (await (await post(root, false)).arrayBuffer()).byteLength
  }
}

const bareDispatch = () => {
  const agent = new Agent()
  const run = (root, stream, onRead) =>
    new Promise((resolve, reject) => {
      const url = new URL(root)
      let n = 0
      agent.dispatch({
        origin: url.origin,
        path: `${url.pathname}/v1/chat/completions`,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: body(stream)
      }, {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(_, chunk) {
          n += chunk.length
          onRead?.(chunk.length)
        },
        onResponseEnd: () => resolve(n),
        onResponseError: (_, error) => reject(error)
      })
    })
  return { stream: (root, onRead) => run(root, true, onRead), complete: (root) => run(root, false) }
}

const post = (root, stream) =>
  HttpClientRequest.post(`${root}/v1/chat/completions`).pipe(
    HttpClientRequest.bodyText(body(stream), "application/json")
  )

const httpClient = (layer) => {
  const runtime = ManagedRuntime.make(layer)
  const execute = (root, stream) =>
    Effect.flatMap(HttpClient.HttpClient, (client) => client.execute(post(root, stream)))
  return {
    stream: (root, onRead) =>
      runtime.runPromise(
        Effect.flatMap(execute(root, true), (response) =>
          Stream.runForEachChunk(response.stream, (chunk) =>
            Effect.sync(() => {
              for (const bytes of Chunk.toReadonlyArray(chunk)) {
                onRead(bytes.length)
              }
            })))
      ),
    complete: (root) => runtime.runPromise(Effect.flatMap(execute(root, false), (response) => response.arrayBuffer))
  }
}

/** As the library drives its own transport. */
const direct = async (layer) => {
  const client = await ManagedRuntime.make(layer).runPromise(HttpClient.HttpClient)
  // of src/transport/direct.ts, which the package does not export
  const { send } = globalValue(Symbol.for("effect-ollama/direct/clients"), () => new WeakMap()).get(client)
  const run = (root, stream, onRead) =>
    new Promise((resolve, reject) => {
      send(post(root, stream), (exit) => {
        if (exit._tag === "Failure") return reject(new Error(String(exit.cause)))
        const { pull } = exit.value
        const next = () =>
          pull.read((error, pieces) => {
            if (error !== undefined) return reject(error)
            if (pieces === undefined) return resolve()
            for (const piece of pieces) onRead(piece.length)
            next()
          })
        next()
      })
    })
  return { stream: (root, onRead) => run(root, true, onRead), complete: (root) => run(root, false, () => {}) }
}

export const make = async (variant, dist) => {
  switch (variant) {
    case "fetch":
      return bareFetch()
    case "dispatch":
      return bareDispatch()
    case "FetchHttpClient":
      return httpClient(FetchHttpClient.layer)
    case "layerUndici":
      return httpClient(NodeHttpClient.layerUndici)
    case "node":
      return httpClient((await import(`${dist}node.js`)).layer)
    case "node-direct":
      return direct((await import(`${dist}node.js`)).layer)
  }
}
