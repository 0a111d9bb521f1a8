/** What takes a server long, and is told on the way. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type GenerateEvent, Generating } from "../core/server/answers.js"
import * as Progress from "../core/server/progress.js"
import * as requests from "../core/server/requests.js"
import { type Blob, upload } from "./blobs.js"
import { lines, type StreamError, type Streaming } from "./lines.js"

const told = (most: number) => new Progress.Told(most)

/**
 * How a model is pulled or pushed.
 *
 * @since 0.1.0
 * @category models
 */
export interface PullOptions {
  /** Whether the registry may be one without TLS, or with a certificate that nobody knows. Default: no. */
  readonly insecure?: boolean | undefined
}

const transfer = (
  streaming: Streaming,
  path: string,
  model: string,
  { insecure }: PullOptions
): Stream.Stream<Progress.Progress, StreamError> =>
  lines(streaming, path, { model, ...(insecure === undefined ? undefined : { insecure }), stream: true }, told)

/** `POST /api/pull` */
export const pull = (streaming: Streaming, model: string, options: PullOptions = {}) =>
  transfer(streaming, "/api/pull", model, options)

/** `POST /api/push` */
export const push = (streaming: Streaming, model: string, options: PullOptions = {}) =>
  transfer(streaming, "/api/push", model, options)

/**
 * What a model is made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateOptions<out E = never, out R = never> extends requests.ModelParts {
  /** The files of the model, by their names, e.g. `{ "model.gguf": { content } }`. */
  readonly files?: { readonly [file: string]: Blob<E, R> } | undefined
  /** The files of LoRA adapters, by their names. */
  readonly adapters?: { readonly [file: string]: Blob<E, R> } | undefined
}

const uploaded = <E, R>(
  streaming: Streaming,
  field: string,
  blobs: { readonly [file: string]: Blob<E, R> } = {}
): Effect.Effect<requests.Digests, StreamError | E, R> =>
  Effect.map(
    Effect.forEach(
      Object.keys(blobs),
      (file) => Effect.map(upload(streaming, blobs[file]!, `${field}.${file}`), ({ digest }) => [file, digest] as const)
    ),
    (digests) => Object.fromEntries(digests)
  )

/** `POST /api/create`, after all files are there. */
export const create = <E, R>(
  streaming: Streaming,
  { adapters, files, ...parts }: CreateOptions<E, R>
): Stream.Stream<Progress.Progress, StreamError | E, R> =>
  Stream.unwrap(
    Effect.map(
      Effect.all([uploaded(streaming, "files", files), uploaded(streaming, "adapters", adapters)]),
      ([files, adapters]) => lines(streaming, "/api/create", requests.create(parts, files, adapters), told)
    )
  )

/** `POST /api/generate`, streamed. */
export const generateStream = (
  streaming: Streaming,
  options: requests.GenerateOptions
): Stream.Stream<GenerateEvent, StreamError> =>
  Stream.unwrap(
    Effect.map(requests.generate(options, true), (body) =>
      lines(streaming, "/api/generate", body, (most) => new Generating(most)))
  )
