/** Transports alone: bytes are received and counted, nothing is decoded. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import { Agent } from "undici"
import { pullOf } from "../../dist/internal/direct.js"
import * as NodeTransport from "../../dist/node.js"

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

const httpClient = (layer, direct) => {
  const runtime = ManagedRuntime.make(layer)
  const post = (root, stream) =>
    Effect.flatMap(HttpClient.HttpClient, (client) =>
      client.execute(
        HttpClientRequest.post(`${root}/v1/chat/completions`).pipe(
          HttpClientRequest.bodyText(body(stream), "application/json")
        )
      ))
  const pull = (response, onRead) =>
    Effect.async((resume) => {
      const source = pullOf(response)
      const next = () =>
        source.read((error, pieces) => {
          if (error !== undefined) return resume(Effect.fail(error))
          if (pieces === undefined) return resume(Effect.void)
          for (const piece of pieces) onRead(piece.length)
          next()
        })
      next()
    })
  return {
    stream: (root, onRead) =>
      runtime.runPromise(
        Effect.flatMap(post(root, true), (response) =>
          direct ? pull(response, onRead) : Stream.runForEachChunk(response.stream, (chunk) =>
            Effect.sync(() => {
              for (const bytes of Chunk.toReadonlyArray(chunk)) {
                onRead(bytes.length)
              }
            })))
      ),
    complete: (root) =>
      runtime.runPromise(
        Effect.flatMap(post(root, false), (response) => direct ? pull(response, () => {}) : response.arrayBuffer)
      )
  }
}

export const make = (variant) => {
  switch (variant) {
    case "fetch":
      return bareFetch()
    case "dispatch":
      return bareDispatch()
    case "FetchHttpClient":
      return httpClient(FetchHttpClient.layer, false)
    case "FetchHttpClient-pull":
      return httpClient(FetchHttpClient.layer, true)
    case "layerUndici":
      return httpClient(NodeHttpClient.layerUndici, false)
    case "node":
      return httpClient(NodeTransport.layer, false)
    case "node-pull":
      return httpClient(NodeTransport.layer, true)
  }
}
