/** How a mock Ollama is described: the models it has, what it answers, and what goes wrong. */
import type { JsonObject } from "../../Message.js"

/**
 * The generation of Ollama whose bytes are imitated. They differ in the shape of chunks and tool calls, in what `show`
 * tells, and in the words and status of errors.
 *
 * @since 0.1.0
 * @category models
 */
export type Version = "0.6.3" | "0.17.7" | "0.24.0" | "0.33.0"

/**
 * An installed model.
 *
 * @since 0.1.0
 * @category models
 */
export interface Model {
  /** With or without a tag; without one it is `:latest`. */
  readonly name: string
  /**
   * `["completion", "tools"]` by default. `null`: `show` says nothing about them and nothing is refused. The server of
   * 0.6.3 never tells them, but refuses by them all the same.
   */
  readonly capabilities?: ReadonlyArray<string> | null | undefined
  /** What the model was trained for, in tokens; 32768 by default. */
  readonly contextLength?: number | undefined
  /**
   * The context (tokens) that it runs with, in `/api/ps`. By default what was asked for, else the Modelfile's `num_ctx`, else
   * 4096; at most `contextLength`.
   */
  readonly effectiveContext?: number | undefined
  /** 4096 by default; but without it vectors have 4 numbers, unless a request says how many. */
  readonly embeddingLength?: number | undefined
  /** 64 hex digits; made by default from what `show` tells of the model, its name included, so that it changes with it. */
  readonly digest?: string | undefined
  /** RFC 3339. By default the models follow each other, the first one newest. */
  readonly modifiedAt?: string | undefined
  /** Bytes. */
  readonly size?: number | undefined
  /** Also the prefix of the keys in `model_info`; `llama` by default. */
  readonly family?: string | undefined
  readonly parameterSize?: string | undefined
  readonly quantization?: string | undefined
  /** The Modelfile's parameters, e.g. `{ num_ctx: 16384, stop: ["<|im_end|>"] }`, or the text itself. */
  readonly parameters?: Readonly<Record<string, string | number | ReadonlyArray<string | number>>> | string | undefined
  readonly template?: string | undefined
  readonly system?: string | undefined
  readonly license?: string | undefined
  /**
   * Whether the model comes with its own chat template: then `tags` knows only `completion`, ids of tool calls have 32
   * characters, and the calls arrive together with the finish.
   */
  readonly ownTemplate?: boolean | undefined
  /** Whether it is loaded from the start (`/api/ps`). */
  readonly loaded?: boolean | undefined
  /** Laid over the keys of `model_info`; `undefined` takes a key away. */
  readonly modelInfo?: Readonly<Record<string, unknown>> | undefined
  /** Laid over the top-level keys of the answer of `/api/show`; `undefined` takes a key away. */
  readonly show?: Readonly<Record<string, unknown>> | undefined
}

/**
 * A call that a model makes. `arguments` as text goes out exactly as it is written, broken JSON included.
 *
 * @since 0.1.0
 * @category models
 */
export interface ToolCall {
  readonly name: string
  readonly arguments?: JsonObject | string | undefined
  readonly id?: string | undefined
}

/**
 * What arrives in one event of a stream. All of it at once is the mixed delta on which clients have garbled messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part {
  readonly reasoning?: string | undefined
  readonly text?: string | undefined
  readonly toolCalls?: ReadonlyArray<ToolCall> | undefined
  /** The event verbatim: a line of Ollama's own API, or what follows `data: ` on `/v1`. Nothing else of this part is used then. */
  readonly raw?: string | undefined
}

/**
 * What goes wrong. Those with `after` begin before the response head when it is absent; `after: 0` is right after the
 * head. A whole answer has one event.
 *
 * @since 0.1.0
 * @category models
 */
export type Fault =
  /** Nothing listens. On a real socket the connection is reset; stop the server for a real refusal. */
  | { readonly type: "refused" }
  /** The name does not resolve. In memory only. */
  | { readonly type: "dns" }
  /** The transport's own limit for the head has passed, as undici's after 300 s. In memory only. */
  | { readonly type: "headers-timeout" }
  /** The connection is reset, closed as if all were said, or says nothing any more. */
  | {
    readonly type: "reset" | "close" | "stall"
    readonly after?: number | undefined
    /** What `after` counts; `events` by default. */
    readonly unit?: "events" | "bytes" | undefined
  }
  /** An answer of that status, in the API's shape of errors when `error` is given, else with `body` as it is. */
  | {
    readonly type: "status"
    readonly status: number
    readonly error?: string | undefined
    readonly body?: string | undefined
    readonly headers?: Readonly<Record<string, string>> | undefined
  }
  /** 503, as of a server with a full queue. */
  | { readonly type: "busy" }
  /** 404, in the generation's words. */
  | { readonly type: "missing-model" }
  /** 307 by default; `location` as given. */
  | { readonly type: "redirect"; readonly location: string; readonly status?: number | undefined }
  /** 200 with something that is not JSON: an HTML page by default. */
  | { readonly type: "not-json"; readonly body?: string | undefined; readonly contentType?: string | undefined }
  /** The runner fails: a 500 before any output, an error line in a stream of Ollama's own API, the lost error of `/v1`. */
  | { readonly type: "error"; readonly message?: string | undefined; readonly after?: number | undefined }
  /** A clean end that never says that the answer is finished. */
  | { readonly type: "end"; readonly after?: number | undefined }
  /** An event (or the whole answer) that is cut in the middle of its JSON; the stream goes on after it. */
  | { readonly type: "broken-json"; readonly after?: number | undefined }
  /** Bytes that are not UTF-8 inside an event (or the whole answer). */
  | { readonly type: "invalid-utf8"; readonly after?: number | undefined }
  /** One byte at a time, with that many ms between them. */
  | { readonly type: "drip"; readonly delayMs: number }
  /** The body cut into network chunks of that many bytes; the last size repeats. */
  | { readonly type: "split"; readonly sizes: number | ReadonlyArray<number> }

/**
 * The tokens that a reply tells.
 *
 * @since 0.1.0
 * @category models
 */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
}

/**
 * One answer of a model, on either API, streamed or whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reply {
  /** Cut into words as a model's tokens would be; a list is taken as the pieces. */
  readonly text?: string | ReadonlyArray<string> | undefined
  readonly reasoning?: string | ReadonlyArray<string> | undefined
  readonly toolCalls?: ReadonlyArray<ToolCall> | undefined
  /** The events one by one, in place of `reasoning`, `text` and `toolCalls`. */
  readonly parts?: ReadonlyArray<Part> | undefined
  /** What comes together with the finish. */
  readonly last?: Part | undefined
  /** Ollama's word; `stop` by default. `null`: the answer ends without having finished. */
  readonly finishReason?: string | null | undefined
  /** Counted from the pieces by default; `null`: none is told. */
  readonly usage?: Usage | null | undefined
  /** Before the head, and between the chunks, in ms. A whole answer waits for all of it before its head. */
  readonly delayMs?: number | { readonly head?: number | undefined; readonly chunk?: number | undefined } | undefined
  /** Only for this model, or only for such requests. */
  readonly when?: string | ((request: RecordedRequest) => boolean) | undefined
  readonly fault?: Fault | ReadonlyArray<Fault> | undefined
  /** The whole response as given; nothing else of this reply is used but `delayMs` and `fault`. */
  readonly raw?: RawResponse | undefined
}

/**
 * A response as it is: one network chunk per element of `chunks`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RawResponse {
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly chunks: ReadonlyArray<string | Uint8Array>
}

/**
 * Something that goes wrong (or slowly) at any endpoint, before the server looks at the request.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rule {
  /** e.g. `/api/show`; any path by default. */
  readonly path?: string | undefined
  /** Only requests that name this model. */
  readonly model?: string | undefined
  readonly when?: ((request: RecordedRequest) => boolean) | undefined
  /** How many requests it meets; all by default. */
  readonly times?: number | undefined
  readonly delayMs?: number | undefined
  readonly fault?: Fault | ReadonlyArray<Fault> | undefined
  readonly raw?: RawResponse | undefined
}

/**
 * Replies in order, or one made from each request.
 *
 * @since 0.1.0
 * @category models
 */
export type Replies = ReadonlyArray<Reply | string> | ((request: RecordedRequest) => Reply | string)

/**
 * Where a mock pulls from and pushes to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Registry {
  /** The models that can be pulled; all by default. */
  readonly models?: ReadonlyArray<string> | undefined
  /** The layers of each, in bytes; one of 1000 by default. */
  readonly layers?: ReadonlyArray<number> | undefined
  /** Between two lines of progress, in ms. */
  readonly delayMs?: number | undefined
}

/**
 * A mock Ollama.
 *
 * @since 0.1.0
 * @category models
 */
export interface Description {
  /** The newest by default. */
  readonly version?: Version | undefined
  readonly models?: ReadonlyArray<Model | string> | undefined
  /** Used in order; "Hello." by default, as long as none is added. */
  readonly replies?: Replies | undefined
  /** When all are used: the last one again (the default), or a 500 that says so. */
  readonly exhausted?: "repeat" | "fail" | undefined
  readonly rules?: ReadonlyArray<Rule> | undefined
  readonly registry?: Registry | undefined
  /** Digests (`sha256:…`) of the files that are there from the start. */
  readonly blobs?: ReadonlyArray<string> | undefined
  /** A path that stands before all others, as behind a reverse proxy, e.g. `/ollama`. */
  readonly prefix?: string | undefined
  /**
   * The pages that are let in besides those of this machine and of apps, as in `OLLAMA_ORIGINS`: `https://chat.example`,
   * `https://*.example`, `*`.
   */
  readonly origins?: ReadonlyArray<string> | undefined
}

/**
 * A request that the mock has seen.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordedRequest {
  readonly method: string
  readonly url: string
  /** Without query and without the description's `prefix`. */
  readonly path: string
  /** Names in lower case, values as sent (keys too: this is for tests). */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The body as JSON, `undefined` when it is none. */
  readonly json: unknown
  /** The model that it names. */
  readonly model: string | undefined
  /** When it came, in ms by the clock in use. */
  readonly at: number
  /** Whether the client left (interruption, timeout, an early end of reading) before the answer was all sent. */
  readonly aborted: boolean
  /** Whether the answer was all sent. */
  readonly complete: boolean
}
