/** Files that are sent to a server, named by the digest of their bytes. */
import type * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as requests from "../core/server/requests.js"
import { Sha256 } from "../core/server/sha256.js"
import { RequestTimeout } from "../OllamaError.js"
import * as Transport from "../transport/transport.js"
import type { Streaming } from "./lines.js"
import type { ModelError } from "./questions.js"

/**
 * A file, as its bytes come.
 *
 * @since 0.1.0
 * @category models
 */
export interface Blob<out E = never, out R = never> {
  readonly content: Stream.Stream<Uint8Array, E, R>
  /**
   * `sha256:` and 64 hex digits. Without it, the content is read once more before, to compute it: give it where it is known
   * and the file is large.
   */
  readonly digest?: string | undefined
}

/** The digest of the bytes of a stream, as servers write it. */
export const digest = <E, R>(content: Stream.Stream<Uint8Array, E, R>): Effect.Effect<string, E, R> =>
  Effect.suspend(() =>
    Effect.map(
      Stream.runFold(content, new Sha256(), (hash, bytes) => hash.add(bytes)),
      (hash) => `sha256:${hash.hex()}`
    )
  )

const outgoingOf = ({ endpoint, limits }: Streaming, digest: string) => ({
  endpoint,
  url: `${endpoint.root}/api/blobs/${digest}`,
  purpose: "completion",
  attempts: 1,
  maxBytes: limits.maxBytes
} as const)

/** `HEAD /api/blobs/:digest` */
export const has = (streaming: Streaming, digest: string): Effect.Effect<boolean, ModelError> =>
  Effect.flatMap(requests.digest(digest, "digest"), () =>
    Effect.catchIf(
      Effect.as(
        Transport.ask(streaming.client, {
          ...outgoingOf(streaming, digest),
          method: "HEAD",
          limit: streaming.limits.idle
        }),
        true
      ),
      (error) => "status" in error && error.status === 404,
      () => Effect.succeed(false)
    ))

/**
 * A content as the connection takes it, which says since when (ms of the clock) that takes no more, and why it ended early.
 * Transports may stop asking for more of a body and never close it, or ask on though nobody sends it any more: so the
 * content is opened by who sends, and closed with that.
 */
class Sending<E> {
  since: number | undefined
  failure: Option.Option<E> = Option.none()
  private isOver = false
  private readonly over = Deferred.unsafeMake<never, Error>(FiberId.none)
  private readonly turn = Effect.unsafeMakeSemaphore(1)
  private runs = 0
  private closing: Effect.Effect<void> = Effect.void

  /** Nothing is pulled after this, nor still being pulled. */
  readonly close = Effect.suspend(() => {
    this.isOver = true
    const ended = this.turn.withPermits(1)(Effect.suspend(() => this.closing))
    return Effect.zipRight(Deferred.fail(this.over, new Error("the request is over")), ended)
  })

  /** The content from its beginning, for each time that a host's middleware sends it; the time before takes no more. */
  whole(content: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E | Error> {
    const closed = Effect.suspend(() => this.closing)
    const opened = Effect.flatMap(Effect.zipRight(closed, Scope.make()), (scope) => {
      const run = ++this.runs
      this.closing = Scope.close(scope, Exit.void)
      this.failure = Option.none()
      return Effect.map(
        Effect.provideService(Stream.toPull(content), Scope.Scope, scope),
        (pull) => this.body(pull, run)
      )
    })
    return Stream.unwrap(this.turn.withPermits(1)(Effect.uninterruptible(opened)))
  }

  private body(
    pull: Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<E>>,
    run: number
  ): Stream.Stream<Uint8Array, E | Error> {
    const next = Effect.suspend((): Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<E | Error>> => {
      if (this.isOver) return Effect.mapError(Deferred.await(this.over), Option.some)
      if (this.runs !== run) return Effect.fail(Option.some(new Error("it is sent once more")))
      this.since = undefined
      return Effect.tapBoth(pull, {
        onFailure: (error) => {
          this.failure = error
          return this.mark
        },
        onSuccess: () => this.mark
      })
    })
    return Stream.interruptWhenDeferred(Stream.repeatEffectChunkOption(this.turn.withPermits(1)(next)), this.over)
  }

  readonly mark = Effect.map(Clock.currentTimeMillis, (now) => {
    this.since = now
  })

  /** Never succeeds; fails once the connection has taken nothing for so long (ms). */
  stalled(url: string, limit: number): Effect.Effect<never, RequestTimeout> {
    const wait: Effect.Effect<never, RequestTimeout> = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const left = this.since === undefined ? limit : this.since + limit - now
      return left > 0
        ? Effect.zipRight(Effect.sleep(left), wait)
        : Effect.fail(new RequestTimeout({ url, phase: "idle", limit, attempts: 1 }))
    })
    return Effect.zipRight(this.mark, wait)
  }
}

const send = <E, R>(
  streaming: Streaming,
  content: Stream.Stream<Uint8Array, E, R>,
  digest: string
): Effect.Effect<void, ModelError | E, R> =>
  Effect.flatMap(Effect.context<R>(), (context) => {
    const sending = new Sending<E>()
    const outgoing = outgoingOf(streaming, digest)
    const asked = Transport.ask(streaming.client, {
      ...outgoing,
      method: "POST",
      body: sending.whole(Stream.provideContext(content, context)),
      limit: Infinity
    })
    // What the content failed with comes back as an error of the transport.
    const told = Effect.catchAll(
      asked,
      (error): Effect.Effect<never, ModelError | E> => Effect.fail(Option.getOrElse(sending.failure, () => error))
    )
    const { idle } = streaming.limits
    return Effect.raceFirst(told, sending.stalled(outgoing.url, idle)).pipe(
      Effect.asVoid,
      Effect.ensuring(sending.close)
    )
  })

/**
 * A file that a server has now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ensured {
  readonly digest: string
  /** Whether it was sent; a server that has it already is not sent it again. */
  readonly uploaded: boolean
}

/** `POST /api/blobs/:digest`, unless the server has it. `path`: where the file stands in what the caller wrote. */
export const upload = <E, R>(
  streaming: Streaming,
  { content, digest: given }: Blob<E, R>,
  path = "digest"
): Effect.Effect<Ensured, ModelError | E, R> =>
  Effect.flatMap(
    Effect.suspend((): Effect.Effect<string, ModelError | E, R> =>
      given === undefined ? digest(content) : requests.digest(given, path)
    ),
    (digest) =>
      Effect.flatMap(has(streaming, digest), (present): Effect.Effect<Ensured, ModelError | E, R> =>
        present
          ? Effect.succeed({ digest, uploaded: false })
          : Effect.as(send(streaming, content, digest), { digest, uploaded: true }))
  )
