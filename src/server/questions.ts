/** Questions to an Ollama server that have one whole answer: what each asks, and what is made of its answer. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as answers from "../core/catalog/answers.js"
import type { InstalledModel, LoadedModel, ShownModel } from "../core/catalog/answers.js"
import type { Asked, Batch, Embedder } from "../core/embedding/embedding.js"
import * as Vectors from "../core/embedding/vectors.js"
import { asEndpointError, classifyText } from "../core/failure/refusal.js"
import { isTransportError } from "../core/failure/transport.js"
import { type JsonRecord, own } from "../core/json.js"
import type { Endpoint } from "../core/provider.js"
import {
  type Generated,
  generateStep,
  nothing,
  type Page,
  readPage,
  readSearch,
  type SearchResult,
  webPath
} from "../core/server/answers.js"
import * as requests from "../core/server/requests.js"
import type { Body, GenerateOptions } from "../core/server/requests.js"
import {
  type DiscoveryError,
  IncompleteResponse,
  MalformedResponse,
  type ModelEndpointError,
  type TransportError
} from "../OllamaError.js"
import * as Transport from "../transport/transport.js"

/**
 * How asking about one model can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type ModelError = TransportError | ModelEndpointError | MalformedResponse

/** Who is asked, and what bounds the answer. */
export interface Asking {
  readonly client: HttpClient.HttpClient
  readonly endpoint: Endpoint
  /** Longest time for all of it, in ms. */
  readonly limit: number
  /** The largest answer, in bytes. */
  readonly maxBytes: number
  /** Which attempt this is. Default: the first. */
  readonly attempts?: number | undefined
  /** Called when the answer begins. */
  readonly onHead?: (() => void) | undefined
}

const malformed = (url: string) => (detail: string) => new MalformedResponse({ url, detail })

// Where no model is asked for, an error about one cannot be meant.
const asDiscoveryError = (error: ModelError): DiscoveryError =>
  isTransportError(error) || error._tag === "MalformedResponse" ? error : asEndpointError(error)

const get = <A>(
  { attempts = 1, client, endpoint, limit, maxBytes, onHead }: Asking,
  path: string,
  read: (text: string) => Either.Either<A, string>
): Effect.Effect<A, DiscoveryError> =>
  Effect.suspend(() => {
    const url = `${endpoint.root}${path}`
    const outgoing = { endpoint, method: "GET", url, purpose: "discovery", attempts, limit, maxBytes, onHead } as const
    return Effect.flatMap(
      Effect.mapError(Transport.ask(client, outgoing), asDiscoveryError),
      (text) => Either.mapLeft(read(text), malformed(url))
    )
  })

/** Sends JSON about a model, and reads what it is answered with. */
const send = <A>(
  { attempts = 1, client, endpoint, limit, maxBytes, onHead }: Asking,
  [method, path]: readonly ["POST" | "DELETE", string],
  purpose: Transport.Outgoing["purpose"],
  model: string | undefined,
  body: JsonRecord,
  read: (text: string, fail: (error: unknown) => ModelError) => Either.Either<A, ModelError | string>,
  rest?: Transport.Rest
): Effect.Effect<A, ModelError> =>
  Effect.suspend(() => {
    const url = path.startsWith("/") ? `${endpoint.root}${path}` : path
    const text = JSON.stringify(body)
    const outgoing = { endpoint, method, url, body: text, purpose, model, attempts, limit, maxBytes, onHead } as const
    const fail = (error: unknown) => classifyText(error, { url, model, secrets: Transport.secretsOf(outgoing) })
    return Effect.flatMap(
      Transport.ask(client, outgoing, rest),
      (answer) =>
        Either.mapLeft(read(answer, fail), (error) => typeof error === "string" ? malformed(url)(error) : error)
    )
  })

/** An object, which may be an error inside a success. */
const object =
  <A>(read: (json: JsonRecord) => Either.Either<A, string>) =>
  (text: string, fail: (error: unknown) => ModelError): Either.Either<A, ModelError | string> =>
    Either.flatMap(answers.readObject(text), (json): Either.Either<A, ModelError | string> => {
      const error = own(json, "error")
      return error === undefined || error === null ? read(json) : Either.left(fail(error))
    })

const post = <A>(
  asking: Asking,
  path: string,
  purpose: Transport.Outgoing["purpose"],
  body: Body,
  read: (json: JsonRecord) => Either.Either<A, string>
): Effect.Effect<A, ModelError> => send(asking, ["POST", path], purpose, body.model, body, object(read))

/** `GET /api/version` */
export const version = (asking: Asking): Effect.Effect<string, DiscoveryError> =>
  get(asking, "/api/version", answers.readVersion)

/** `GET /api/tags`, of at most so many models. */
export const tags = (asking: Asking, most: number): Effect.Effect<ReadonlyArray<InstalledModel>, DiscoveryError> =>
  get(asking, "/api/tags", (text) => answers.readTags(text, most))

/** `GET /api/ps`, of at most so many models. */
export const ps = (asking: Asking, most: number): Effect.Effect<ReadonlyArray<LoadedModel>, DiscoveryError> =>
  get(asking, "/api/ps", (text) => answers.readPs(text, most))

/** `POST /api/show` */
export const show = (asking: Asking, model: string): Effect.Effect<ShownModel, ModelError> =>
  post(asking, "/api/show", "discovery", { model }, (json) => Either.right(answers.readShow(json)))

/** `POST /api/chat` without messages, which loads a model, or takes it out of memory. */
export const load = (
  asking: Asking,
  model: string,
  options: { readonly keep_alive?: number | string; readonly options?: { readonly num_ctx: number } }
): Effect.Effect<void, ModelError> =>
  post(
    asking,
    "/api/chat",
    "completion",
    { model, messages: [], stream: false, ...options },
    (json) =>
      own(json, "done") === true ? Either.right(undefined) : Either.left("the answer does not say that it is done")
  )

// These say nothing when all went well.
const silent = () => Either.right(undefined)

/** `POST /api/copy` */
export const copy = (asking: Asking, source: string, destination: string): Effect.Effect<void, ModelError> =>
  send(asking, ["POST", "/api/copy"], "completion", source, { source, destination }, silent)

/** `DELETE /api/delete` */
export const remove = (asking: Asking, model: string): Effect.Effect<void, ModelError> =>
  send(asking, ["DELETE", "/api/delete"], "completion", model, { model }, silent)

/** `POST /api/generate`, whole. `most`: the most characters of the answer. */
export const generate = (
  asking: Asking,
  options: GenerateOptions,
  most: number
): Effect.Effect<Generated, ModelError | IncompleteResponse> =>
  Effect.flatMap(requests.generate(options, false), (body) =>
    Effect.flatMap(
      post(asking, "/api/generate", "completion", body, (json) => generateStep(nothing, json, most)),
      ({ events }): Either.Either<Generated, IncompleteResponse> => {
        const last = events.at(-1)
        if (last?.type !== "finish") {
          const url = `${asking.endpoint.root}/api/generate`
          return Either.left(new IncompleteResponse({ url, reason: "not-done" }))
        }
        const { type: _, ...generated } = last
        return Either.right(generated)
      }
    ))

const web = <A>(
  asking: Asking,
  name: "web_search" | "web_fetch",
  body: JsonRecord,
  read: (json: JsonRecord) => Either.Either<A, string>
): Effect.Effect<A, DiscoveryError> => {
  const path = webPath(asking.endpoint.root, name)
  return Effect.mapError(send(asking, ["POST", path], "completion", undefined, body, object(read)), asDiscoveryError)
}

/** Searches the web. */
export const webSearch = (
  asking: Asking,
  query: string,
  maxResults: number | undefined
): Effect.Effect<ReadonlyArray<SearchResult>, DiscoveryError> =>
  web(
    asking,
    "web_search",
    { query, ...(maxResults === undefined ? undefined : { max_results: maxResults }) },
    readSearch
  )

/** Fetches a page of the web. */
export const webFetch = (asking: Asking, url: string): Effect.Effect<Page, DiscoveryError> =>
  web(asking, "web_fetch", { url }, readPage)

/** The vectors of a batch of texts. */
export const embed = (
  asking: Asking,
  embedder: Embedder,
  model: string,
  texts: ReadonlyArray<string>,
  asked: Asked,
  form: Vectors.Form
): Effect.Effect<Batch, ModelError> =>
  Effect.suspend(() => {
    let taken: Vectors.Taken | undefined
    return send(
      asking,
      ["POST", embedder.url(asking.endpoint)],
      "completion",
      model,
      embedder.body(model, texts, asked),
      object((json) =>
        Either.flatMap(embedder.read(json, texts.length, taken?.vectors), (batch) =>
          Either.map(Vectors.formed(batch.vectors, form), (vectors) => ({ ...batch, vectors })))
      ),
      (bytes) => {
        taken = Vectors.take(bytes, form)
        return taken?.rest ?? bytes
      }
    )
  })
