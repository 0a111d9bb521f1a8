/** Questions to an Ollama server that have one whole answer: what each asks, and what is made of its answer. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as answers from "../core/catalog/answers.js"
import type { InstalledModel, LoadedModel, ShownModel } from "../core/catalog/answers.js"
import type { Asked, Batch, Embedder } from "../core/embedding/embedding.js"
import * as Vectors from "../core/embedding/vectors.js"
import { type AnswerContext, plainError } from "../core/failure/answer.js"
import { asEndpointError, classifyText } from "../core/failure/refusal.js"
import { isTransportError } from "../core/failure/transport.js"
import { type JsonRecord, own, parse } from "../core/json.js"
import type { Endpoint } from "../core/provider.js"
import { written } from "../core/request/plain.js"
import {
  type Generated,
  generated,
  type Page,
  readPage,
  readSearch,
  type SearchResult,
  webPath
} from "../core/server/answers.js"
import * as requests from "../core/server/requests.js"
import type { Body, GenerateOptions } from "../core/server/requests.js"
import { innerError } from "../core/wire/wire.js"
import {
  type DiscoveryError,
  type IncompleteResponse,
  type InvalidRequest,
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

// Where no model is asked for, an error about one cannot be meant.
const asDiscoveryError = (error: ModelError): DiscoveryError =>
  isTransportError(error) || error._tag === "MalformedResponse" ? error : asEndpointError(error)

/** Makes something of an answer. A text is what is wrong with it. */
type Read<A, E = ModelError> = (text: string, context: () => AnswerContext) => Either.Either<A, E | string>

/** Asks, and reads what it is answered with. */
const send = <A, E>(
  { attempts = 1, client, endpoint, limit, maxBytes, onHead }: Asking,
  [method, path]: readonly ["GET" | "POST" | "DELETE", string],
  purpose: Transport.Outgoing["purpose"],
  model: string | undefined,
  body: string | undefined,
  read: Read<A, E>,
  rest?: Transport.Rest
): Effect.Effect<A, ModelError | E> =>
  Effect.suspend(() => {
    const url = path.startsWith("/") ? `${endpoint.root}${path}` : path
    const outgoing = { endpoint, method, url, body, purpose, model, attempts, limit, maxBytes, onHead } as const
    const context = () => ({ url, model, partial: undefined, secrets: Transport.secretsOf(outgoing) })
    return Effect.flatMap(
      Transport.ask(client, outgoing, rest),
      (answer) =>
        Either.mapLeft(read(answer, context), (error) =>
          typeof error === "string" ? new MalformedResponse({ url, detail: error }) : error)
    )
  })

/** The error inside a success. */
const failureIn = (json: unknown, context: () => AnswerContext): ModelEndpointError | undefined => {
  const error = innerError(own(json, "error"))
  return error === undefined ? undefined : classifyText(error.error, context())
}

/** An object, which may be an error inside a success. */
const object = <A>(read: (json: JsonRecord) => Either.Either<A, string>): Read<A> => (text, context) =>
  Either.flatMap(answers.readObject(text), (json): Either.Either<A, ModelError | string> => {
    const error = failureIn(json, context)
    return error === undefined ? read(json) : Either.left(error)
  })

const get = <A>(
  asking: Asking,
  path: string,
  read: (json: JsonRecord) => Either.Either<A, string>
): Effect.Effect<A, DiscoveryError> =>
  Effect.mapError(send(asking, ["GET", path], "discovery", undefined, undefined, object(read)), asDiscoveryError)

const post = <A, E>(
  asking: Asking,
  path: string,
  purpose: Transport.Outgoing["purpose"],
  body: Body,
  read: Read<A, E>
): Effect.Effect<A, ModelError | E> =>
  Effect.flatMap(written(body), (text) => send(asking, ["POST", path], purpose, body.model, text, read))

/** `GET /api/version` */
export const version = (asking: Asking): Effect.Effect<string, DiscoveryError> =>
  get(asking, "/api/version", answers.readVersion)

/** `GET /api/tags`, of at most so many models. */
export const tags = (asking: Asking, most: number): Effect.Effect<ReadonlyArray<InstalledModel>, DiscoveryError> =>
  get(asking, "/api/tags", (json) => answers.readTags(json, most))

/** `GET /api/ps`, of at most so many models. */
export const ps = (asking: Asking, most: number): Effect.Effect<ReadonlyArray<LoadedModel>, DiscoveryError> =>
  get(asking, "/api/ps", (json) => answers.readPs(json, most))

/** `POST /api/show` */
export const show = (asking: Asking, model: string): Effect.Effect<ShownModel, ModelError> =>
  post(asking, "/api/show", "discovery", { model }, object((json) => Either.right(answers.readShow(json))))

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
    (text, context) =>
      Either.mapBoth(generated(text, asking.maxBytes), {
        onLeft: ({ failure }) => {
          const error = plainError(failure, context())
          return error._tag === "IncompleteResponse" ? "the answer does not say that it is done" : error
        },
        onRight: () => undefined
      })
  )

// These say nothing when all went well, or anything but an error, which may stand in a line; a page is of another server.
const silent: Read<void> = (text, context) => {
  if (/^\s*</.test(text)) return Either.left("the answer is not JSON")
  for (const line of [text, ...text.split("\n")]) {
    const error = failureIn(parse(line)?.value, context)
    if (error !== undefined) return Either.left(error)
  }
  return Either.right(undefined)
}

/** `POST /api/copy` */
export const copy = (asking: Asking, source: string, destination: string): Effect.Effect<void, ModelError> =>
  Effect.flatMap(
    written({ source, destination }),
    (body) => send(asking, ["POST", "/api/copy"], "completion", source, body, silent)
  )

/** `DELETE /api/delete` */
export const remove = (asking: Asking, model: string): Effect.Effect<void, ModelError> =>
  Effect.flatMap(
    written({ model }),
    (body) => send(asking, ["DELETE", "/api/delete"], "completion", model, body, silent)
  )

/** `POST /api/generate`, whole. */
export const generate = (
  asking: Asking,
  options: GenerateOptions
): Effect.Effect<Generated, ModelError | IncompleteResponse> =>
  Effect.flatMap(
    requests.generate(options, false),
    (body) =>
      post(asking, "/api/generate", "completion", body, (text, context) =>
        Either.mapLeft(generated(text, asking.maxBytes), ({ failure, partial }) =>
          plainError(failure, { ...context(), partial })))
  )

const web = <A>(
  asking: Asking,
  name: "web_search" | "web_fetch",
  body: JsonRecord,
  read: (json: JsonRecord) => Either.Either<A, string>
): Effect.Effect<A, DiscoveryError | InvalidRequest> => {
  const path = webPath(asking.endpoint.root, name)
  return Effect.flatMap(
    written(body),
    (text) =>
      Effect.mapError(send(asking, ["POST", path], "completion", undefined, text, object(read)), asDiscoveryError)
  )
}

/** Searches the web. */
export const webSearch = (
  asking: Asking,
  query: string,
  maxResults: number | undefined
): Effect.Effect<ReadonlyArray<SearchResult>, DiscoveryError | InvalidRequest> =>
  web(
    asking,
    "web_search",
    { query, ...(maxResults === undefined ? undefined : { max_results: maxResults }) },
    readSearch
  )

/** Fetches a page of the web. */
export const webFetch = (asking: Asking, url: string): Effect.Effect<Page, DiscoveryError | InvalidRequest> =>
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
  Effect.flatMap(written(embedder.body(model, texts, asked)), (body) => {
    let taken: Vectors.Taken | undefined
    return send(
      asking,
      ["POST", embedder.url(asking.endpoint)],
      "completion",
      model,
      body,
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
