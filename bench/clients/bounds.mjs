/**
 * What bounds this library from below: the work of Effect and of its HttpClient alone, with nothing checked, no limits and
 * no errors. `stream` is plain fetch with its deltas as events of a Stream; `http` is a HttpClient over fetch, and nothing else;
 * `empty` is a plain fetch beside a Stream that is empty.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import { make as makeRaw } from "./raw-fetch.mjs"

const messages = [{ role: "user", content: "Hi" }]
const headers = { "content-type": "application/json" }

const deltas = () => {
  const decoder = new TextDecoder()
  let rest = ""
  return (bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
    rest = lines.pop()
    const found = []
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue
      const content = JSON.parse(line.slice(6)).choices[0]?.delta.content
      if (content) found.push({ type: "text-delta", id: "text-0", delta: content })
    }
    return found
  }
}

const stream = {
  stream: (root, onDelta) => {
    const decode = deltas()
    let reader
    const next = Effect.async((resume) => {
      const read = () =>
        reader.read().then(({ done, value }) => resume(Effect.succeed(done ? undefined : decode(value))))
      if (reader !== undefined) return void read()
      fetch(`${root}/v1/chat/completions`, {
        method: "POST",
        headers,
        body: JSON.stringify({ model: "bench", messages, stream: true, stream_options: { include_usage: true } })
      }).then((response) => {
        reader = response.body.getReader()
        return read()
      })
    })
    const loop = Channel.flatMap(
      Channel.fromEffect(next),
      (found) =>
        found === undefined ? Channel.void : Channel.flatMap(Channel.write(Chunk.unsafeFromArray(found)), () => loop)
    )
    return Effect.runPromise(
      Stream.runForEach(Stream.fromChannel(loop), (event) => Effect.sync(() => onDelta(event.delta)))
    )
  }
}

const http = () => {
  const runtime = ManagedRuntime.make(FetchHttpClient.layer)
  return {
    complete: (root) =>
      runtime.runPromise(
        Effect.flatMap(HttpClient.HttpClient, (client) =>
          Effect.flatMap(
            HttpClient.withTracerDisabledWhen(client, () => true).execute(
              HttpClientRequest.post(`${root}/v1/chat/completions`).pipe(
                HttpClientRequest.bodyText(
                  JSON.stringify({ model: "bench", messages, stream: false }),
                  "application/json"
                )
              )
            ),
            (response) => Effect.map(response.text, (text) => JSON.parse(text).choices[0].message.content)
          ))
      )
  }
}

const empty = {
  stream: async (root, onDelta) => {
    await Effect.runPromise(Stream.runForEach(Stream.empty, () => Effect.void))
    await makeRaw().stream(root, onDelta)
  }
}

export const make = (variant) => variant === "stream" ? stream : variant === "empty" ? empty : http()
