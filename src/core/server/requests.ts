/** What is sent to the endpoints that change a server, and to `/api/generate`: checked, and made plain. */
import * as Either from "effect/Either"
import type { Think } from "../../Chat.js"
import type { JsonObject } from "../../Message.js"
import type { InvalidRequest } from "../../OllamaError.js"
import { compact } from "../json.js"
import { bareBase64, dataUrl } from "../request/image.js"
import { invalid } from "../request/plain.js"

/**
 * A prompt for `/api/generate`, which has no roles, no tools and no fallbacks.
 *
 * @since 0.1.0
 * @category models
 */
export interface GenerateOptions {
  readonly model: string
  /** Default: empty. */
  readonly prompt?: string | undefined
  /** What follows the text that is wanted, for models that fill in the middle. */
  readonly suffix?: string | undefined
  /** In place of the model's own. */
  readonly system?: string | undefined
  /** In place of the model's own. */
  readonly template?: string | undefined
  /** Whether the prompt is given to the model as it is, without a template. */
  readonly raw?: boolean | undefined
  /** The bytes, or data URLs, of JPEG, PNG or WebP pictures. */
  readonly images?: ReadonlyArray<Uint8Array | string> | undefined
  /** The form of the answer: any JSON, or what follows a JSON Schema. */
  readonly format?: "json" | JsonObject | undefined
  readonly think?: Think | undefined
  /** How long the model stays loaded: seconds, or a Go duration such as `"5m"`; negative is for ever. */
  readonly keepAlive?: number | string | undefined
  /** Ollama's own, by their names there, e.g. `{ num_predict: 100, temperature: 0 }`. */
  readonly options?: JsonObject | undefined
}

export interface Body {
  readonly model: string
  readonly [name: string]: unknown
}

const all = <A>(items: Iterable<Either.Either<A, InvalidRequest>>): Either.Either<ReadonlyArray<A>, InvalidRequest> =>
  Either.all([...items])

export const generate = (
  { images = [], keepAlive, prompt = "", ...given }: GenerateOptions,
  stream: boolean
): Either.Either<Body, InvalidRequest> =>
  Either.map(
    all(images.map((image, index) => Either.map(dataUrl(image, `images[${index}]`), bareBase64))),
    (base64): Body => {
      const { format, model, options, raw, suffix, system, template, think } = given
      const body = { suffix, system, template, raw, format, think, keep_alive: keepAlive, options }
      return { model, prompt, stream, ...compact(body), ...(base64.length === 0 ? undefined : { images: base64 }) }
    }
  )

/**
 * What a model is made of, apart from files.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModelParts {
  /** The name of the new model. */
  readonly model: string
  /** The model that it is made from. */
  readonly from?: string | undefined
  readonly system?: string | undefined
  readonly template?: string | undefined
  readonly license?: string | ReadonlyArray<string> | undefined
  /** The Modelfile's parameters, by their names there, e.g. `{ num_ctx: 16384, stop: ["<|im_end|>"] }`. */
  readonly parameters?: JsonObject | undefined
  /** What every conversation begins with. */
  readonly messages?:
    | ReadonlyArray<{ readonly role: "system" | "user" | "assistant"; readonly content: string }>
    | undefined
  /** e.g. `q4_K_M`. */
  readonly quantize?: string | undefined
}

export interface Digests {
  readonly [file: string]: string
}

export const create = (parts: ModelParts, files: Digests, adapters: Digests): Body => {
  const { from, license, messages, model, parameters, quantize, system, template } = parts
  const some = (digests: Digests) => Object.keys(digests).length === 0 ? undefined : digests
  const said = { from, system, template, license, parameters, messages, quantize }
  return { model, ...compact({ ...said, files: some(files), adapters: some(adapters) }), stream: true }
}

/** A digest as servers write it. */
export const digest = (text: string, path: string): Either.Either<string, InvalidRequest> =>
  /^sha256:[0-9a-f]{64}$/.test(text)
    ? Either.right(text)
    : invalid(path, "expected sha256: and 64 hex digits in lower case")
