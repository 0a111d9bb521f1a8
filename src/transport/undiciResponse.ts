/** The `HttpClientResponse` of the Node transport. */
import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { BodyPull } from "./exchange.js"
import type { Exchange, Head } from "./undiciExchange.js"
import { undone } from "./undiciInflate.js"

type Pieces = ReadonlyArray<Uint8Array>

export class UndiciResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse, BodyPull {
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId

  private cachedHeaders: Headers.Headers | undefined
  private cachedCookies: Cookies.Cookies | undefined
  private cachedBytes: Effect.Effect<Uint8Array, HttpClientError.ResponseError> | undefined
  private claimed = false
  /** The body, when it came compressed. */
  private undone: BodyPull | undefined

  constructor(
    readonly request: HttpClientRequest.HttpClientRequest,
    private readonly head: Head,
    private readonly exchange: Exchange
  ) {
    super()
  }

  get status(): number {
    return this.head.status
  }

  get headers(): Headers.Headers {
    return this.cachedHeaders ??= Headers.fromInput(this.head.headers)
  }

  get cookies(): Cookies.Cookies {
    return this.cachedCookies ??= Cookies.fromSetCookie(this.head.headers["set-cookie"] ?? [])
  }

  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }

  // ---------------------------------------------------------------------------
  // body
  // ---------------------------------------------------------------------------

  read(resume: (error: HttpClientError.ResponseError | undefined, pieces: Pieces | undefined) => void): void {
    if (!this.claimed) this.undone = undone(this.raw, this.head.headers["content-encoding"])
    this.claimed = true
    if (this.undone !== undefined) {
      return this.undone.read((cause, pieces) => resume(cause === undefined ? undefined : this.error(cause), pieces))
    }
    this.exchange.read((failure, pieces) =>
      failure === undefined ? resume(undefined, pieces) : resume(this.error(failure.cause), undefined)
    )
  }

  /** The body as it came. */
  private get raw(): BodyPull {
    const { exchange } = this
    return {
      read: (resume) =>
        exchange.read((failure, pieces) => resume(failure && (failure.cause ?? new Error("unknown")), pieces)),
      cancel: () => exchange.cancel()
    }
  }

  atEnd(): boolean {
    return this.undone === undefined && this.exchange.atEnd()
  }

  cancel(): void {
    if (this.undone === undefined) this.exchange.cancel()
    else this.undone.cancel()
  }

  get stream(): Stream.Stream<Uint8Array, HttpClientError.ResponseError> {
    const next = Effect.async<Pieces | undefined, HttpClientError.ResponseError>((resume) => {
      this.read((error, pieces) => resume(error === undefined ? Effect.succeed(pieces) : Effect.fail(error)))
    })
    const loop: Channel.Channel<Chunk.Chunk<Uint8Array>, unknown, HttpClientError.ResponseError> = Channel.flatMap(
      Channel.fromEffect(next),
      (pieces) =>
        pieces === undefined
          ? Channel.void
          : Channel.flatMap(Channel.write(Chunk.unsafeFromArray(pieces)), () => loop)
    )
    return Stream.fromChannel(
      Channel.ensuring(
        Channel.suspend(() => this.claimed ? Channel.fail(this.error(alreadyRead())) : loop),
        Effect.sync(() => this.cancel())
      )
    )
  }

  private get bytes(): Effect.Effect<Uint8Array, HttpClientError.ResponseError> {
    return this.cachedBytes ??= Effect.runSync(Effect.cached(
      Effect.async<Uint8Array, HttpClientError.ResponseError>((resume) => {
        if (this.claimed) return resume(Effect.fail(this.error(alreadyRead())))
        const all: Array<Uint8Array> = []
        const next = (): void =>
          this.read((error, pieces) => {
            if (error !== undefined) return resume(Effect.fail(error))
            if (pieces === undefined) return resume(Effect.succeed(all.length === 1 ? all[0]! : Buffer.concat(all)))
            for (const piece of pieces) all.push(piece)
            next()
          })
        next()
        return Effect.sync(() => this.cancel())
      })
    ))
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.ResponseError> {
    return Effect.map(this.bytes, (bytes) => new Uint8Array(bytes).buffer)
  }

  get text(): Effect.Effect<string, HttpClientError.ResponseError> {
    return Effect.map(this.bytes, (bytes) => new TextDecoder().decode(bytes))
  }

  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return Effect.tryMap(this.text, {
      try: (text) => text === "" ? null : JSON.parse(text) as unknown,
      catch: (cause) => this.error(cause)
    })
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.ResponseError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return Effect.flatMap(this.arrayBuffer, (body) =>
      Effect.tryPromise({
        try: () => new Response(body, { headers: { "content-type": this.headers["content-type"] ?? "" } }).formData(),
        catch: (cause) => this.error(cause)
      }))
  }

  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }

  private error(cause: unknown): HttpClientError.ResponseError {
    return new HttpClientError.ResponseError({ request: this.request, response: this, reason: "Decode", cause })
  }
}

const alreadyRead = () => new TypeError("the body was read already")
