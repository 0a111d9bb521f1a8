/** The small questions to an Ollama server: what each asks, and what is made of its answer. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as answers from "../core/catalog/answers.js"
import type { InstalledModel, LoadedModel, ShownModel } from "../core/catalog/answers.js"
import { asEndpointError, classifyText } from "../core/failure/refusal.js"
import { isTransportError } from "../core/failure/transportError.js"
import { type JsonRecord, own } from "../core/json.js"
import type { Endpoint } from "../core/provider.js"
import { type DiscoveryError, MalformedResponse, type ModelEndpointError, type TransportError } from "../OllamaError.js"
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
    const outgoing = { endpoint, method: "GET", url, purpose: "discovery", attempts, limit, maxBytes } as const
    return Effect.flatMap(
      Effect.mapError(Transport.ask(client, outgoing, onHead), asDiscoveryError),
      (text) => Either.mapLeft(read(text), malformed(url))
    )
  })

const post = <A>(
  { attempts = 1, client, endpoint, limit, maxBytes, onHead }: Asking,
  path: string,
  purpose: Transport.Outgoing["purpose"],
  body: { readonly model: string; readonly [name: string]: unknown },
  read: (json: JsonRecord) => Either.Either<A, string>
): Effect.Effect<A, ModelError> =>
  Effect.suspend(() => {
    const { model } = body
    const url = `${endpoint.root}${path}`
    const outgoing = {
      endpoint,
      method: "POST",
      url,
      body: JSON.stringify(body),
      purpose,
      model,
      attempts,
      limit,
      maxBytes
    } as const
    return Effect.flatMap(Transport.ask(client, outgoing, onHead), (text): Either.Either<A, ModelError> => {
      const json = Either.mapLeft(answers.readObject(text), malformed(url))
      if (Either.isLeft(json)) return Either.left(json.left)
      const error = own(json.right, "error")
      return error === undefined || error === null
        ? Either.mapLeft(read(json.right), malformed(url))
        : Either.left(classifyText(error, { url, model, secrets: Transport.secretsOf(outgoing) }))
    })
  })

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
