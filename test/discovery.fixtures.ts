import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Effect, Layer, Redacted } from "effect"
import type { Provider } from "effect-ollama"

/** A request as it went over the wire. */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Answer = Response | { readonly fail: unknown } | { readonly never: true } | {
  readonly after: number
  readonly answer: Answer
}

const bodyOf = (request: HttpClientRequest.HttpClientRequest): string =>
  request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""

const respond = (
  request: HttpClientRequest.HttpClientRequest,
  answer: Answer
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  if (answer instanceof Response) return Effect.succeed(HttpClientResponse.fromWeb(request, answer))
  if ("after" in answer) return Effect.delay(Effect.suspend(() => respond(request, answer.answer)), answer.after)
  if ("fail" in answer) {
    return Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause: answer.fail }))
  }
  return Effect.never
}

/** An HttpClient that answers from a function and remembers what it was sent. */
export const stub = (answer: (sent: Sent) => Answer) => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request, url) => {
    const one: Sent = {
      method: request.method,
      url: url.toString(),
      headers: { ...request.headers },
      body: bodyOf(request)
    }
    sent.push(one)
    return respond(request, answer(one))
  })
  return { sent, client, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

export const refused: Answer = {
  fail: Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:11434"), {
    code: "ECONNREFUSED",
    address: "127.0.0.1",
    port: 11434
  })
}

export const reset: Answer = {
  fail: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" })
}

export const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json; charset=utf-8" } })

export const provider = (more: Partial<Provider.Provider> = {}): Provider.Provider => ({
  id: "ollama",
  source: "discovered",
  api: "openai-completions",
  root: "http://127.0.0.1:11434",
  completionsUrl: "http://127.0.0.1:11434/v1",
  authHeader: true,
  headers: {},
  params: {},
  models: [],
  keepWithoutTools: false,
  ...more
})

export const key = (value: string, explicit: boolean) => ({
  value: Redacted.make(value),
  source: explicit ? "config" : "env OLLAMA_API_KEY",
  explicit
})

/** A model of a small server: the answer of show, its digest, and when it was changed. */
export interface Installed {
  readonly digest?: string
  readonly modifiedAt?: string
  readonly show?: unknown
  readonly answer?: (sent: Sent) => Answer
}

export const shown = (capabilities: ReadonlyArray<string> | undefined, more: object = {}) => ({
  modelfile: "",
  details: {},
  model_info: { "general.architecture": "llama", "llama.context_length": 32768 },
  ...(capabilities === undefined ? {} : { capabilities }),
  ...more
})

/** Answers `/api/tags` and `/api/show` for these models. */
export const server = (models: () => Readonly<Record<string, Installed>>) => (sent: Sent): Answer => {
  if (sent.url.endsWith("/api/tags")) {
    return json({
      models: Object.entries(models()).map(([name, model]) => ({
        name,
        model: name,
        modified_at: model.modifiedAt ?? "2026-11-22T18:00:00Z",
        digest: model.digest ?? `digest of ${name}`,
        details: { families: null }
      }))
    })
  }
  const name = (JSON.parse(sent.body) as { readonly model: string }).model
  const model = models()[name]
  if (model === undefined) return json({ error: `model '${name}' not found` }, 404)
  return model.answer?.(sent) ?? json(model.show ?? shown(["completion", "tools"]))
}
