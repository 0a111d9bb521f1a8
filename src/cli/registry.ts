/**
 * What a server fetches and removes: `/api/pull` and `/api/delete`. A small interface of the command's own, until the
 * client of the library has both.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { classifyAnswer, classifyText } from "../core/failure/refusal.js"
import { classifyTransport } from "../core/failure/transport.js"
import { isRecord, numberOf, own, stringOf } from "../core/json.js"
import { IncompleteResponse, MalformedResponse, type ModelEndpointError, type TransportError } from "../OllamaError.js"
import type { Endpoint } from "../Provider.js"
import { makeRequest, secretsOf } from "../transport/transport.js"

/** A step of a pull. Of a layer it says how much of it is there, in bytes. */
export interface PullEvent {
  readonly status: string
  readonly digest?: string | undefined
  readonly total?: number | undefined
  readonly completed?: number | undefined
}

export type RegistryError = TransportError | ModelEndpointError | MalformedResponse | IncompleteResponse

const send = (endpoint: Endpoint, method: "DELETE" | "POST", path: string, model: string, body: object) => {
  const url = `${endpoint.root}${path}`
  const outgoing = { endpoint, method, url, body: JSON.stringify(body), purpose: "completion", model } as const
  const request = makeRequest(outgoing)
  const secrets = secretsOf(outgoing)
  const lost = (phase: "head" | "body") => (error: unknown): TransportError =>
    classifyTransport(error, { url, phase, attempts: 1, limit: Infinity, secrets })
  const text = (response: HttpClientResponse.HttpClientResponse) => Effect.mapError(response.text, lost("body"))
  const opened = Effect.gen(function*() {
    const response = yield* Effect.mapError(HttpClient.execute(request), lost("head"))
    if (response.status >= 200 && response.status < 300) return response
    const answer = { url, status: response.status, body: yield* text(response), location: response.headers["location"] }
    return yield* Effect.fail(classifyAnswer(answer, { now: yield* Clock.currentTimeMillis, model, secrets }))
  })
  return { lost, opened, secrets, text, url }
}

/** Fetches a model. Ends when it is all there. */
export const pull = (
  endpoint: Endpoint,
  model: string
): Stream.Stream<PullEvent, RegistryError, HttpClient.HttpClient> => {
  const { lost, opened, secrets, url } = send(endpoint, "POST", "/api/pull", model, { model })
  const read = (line: string): Effect.Effect<PullEvent, RegistryError> => {
    const json = parse(line)
    if (!isRecord(json)) return Effect.fail(new MalformedResponse({ url, detail: "a line is no JSON object" }))
    const error = own(json, "error")
    if (error !== undefined && error !== null) return Effect.fail(classifyText(error, { url, model, secrets }))
    return Effect.succeed({
      status: stringOf(json, "status") ?? "",
      digest: stringOf(json, "digest"),
      total: numberOf(json, "total"),
      completed: numberOf(json, "completed")
    })
  }
  let done = false
  return Stream.unwrapScoped(
    Effect.map(opened, (response) =>
      Stream.mapError(response.stream, lost("body")).pipe(
        Stream.decodeText(),
        Stream.splitLines,
        Stream.filter((line) => line.trim() !== ""),
        Stream.mapEffect(read),
        Stream.tap(({ status }) => Effect.sync(() => done ||= status === "success")),
        Stream.concat(
          Stream.suspend(() => done ? Stream.empty : Stream.fail(new IncompleteResponse({ url, reason: "ended" })))
        )
      ))
  )
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Removes a model from the server's disk. */
export const remove = (endpoint: Endpoint, model: string) => {
  const { opened, text } = send(endpoint, "DELETE", "/api/delete", model, { model })
  return Effect.asVoid(Effect.flatMap(opened, text))
}
