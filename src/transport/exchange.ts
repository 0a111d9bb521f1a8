/** What passes through this room: what is sent, under which limits, and what arrives. */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Exit from "effect/Exit"
import type * as Stream from "effect/Stream"
import type { Endpoint } from "../core/provider.js"

/**
 * Makes an effect interruptible again, if the caller of the region was; from `Effect.uninterruptibleMask`. Who opens a
 * connection does so where nothing interrupts, and only waits through this: between an answer that arrived and who closes
 * it there is then no moment at which it could be lost. Everything that takes a `Restore` is to be called in such a region.
 */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** How long and how much. Times in ms, `Infinity` for none. */
export interface Limits {
  /** Longest wait for the head, and from the request to the first byte of the body. */
  readonly firstByte: number
  /** Longest wait between two pieces of the body, counted only while a read is waiting. */
  readonly idle: number
  /** Longest time for all of it; running into it is told as an idle timeout. */
  readonly total: number
  /** The largest whole body, in bytes. */
  readonly maxBytes: number
}

/** A request, before it is one of HttpClient. */
export interface Outgoing {
  /** Whose key and headers it carries. */
  readonly endpoint: Pick<Endpoint, "key" | "headers" | "authHeader">
  readonly method: HttpClientRequest.HttpClientRequest["method"]
  /** Without secrets: errors tell it. */
  readonly url: string
  /** JSON text, or bytes that are sent as they come. */
  readonly body?: string | Stream.Stream<Uint8Array, unknown> | undefined
  /** A discovery on loopback sends no key but one that was configured for the provider. */
  readonly purpose: "discovery" | "completion"
  /** The model that is asked for. */
  readonly model?: string | undefined
  /** Which attempt this is. */
  readonly attempts: number
  readonly limits: Limits
  /** Whether all of the answer is wanted: then nobody is woken for its head alone. */
  readonly whole?: boolean | undefined
  /** Called when the head is there. */
  readonly onHead?: (() => void) | undefined
}

/** Reads a body. */
export interface BodyPull {
  /**
   * Calls back once with the next pieces (all that is there), or with `undefined` at the end, or with an error;
   * synchronously when something is there already. At most one read at a time.
   */
  read(resume: (error: unknown, pieces: ReadonlyArray<Uint8Array> | undefined) => void): void
  /** Whether all of the body was read, when that is known without a further read. */
  atEnd?(): boolean
  /** Closes the connection, unless the body came to its end. A read that waits is not called back. */
  cancel(): void
}

/** A response whose body has not been read yet. */
export interface Arrived {
  readonly response: HttpClientResponse.HttpClientResponse
  /** How its body is read without a Stream, when that can be. */
  readonly pull: BodyPull | undefined
  /** Closes the connection of a response that is not read. */
  readonly close: Effect.Effect<void>
  /** Middleware of the host made an error of it, and may have read it for that. */
  readonly seen?: boolean
  /** Its error, for what is a success by its status. */
  readonly unwanted?: unknown
  /** All of its body, when that was wanted and came without anybody waiting for the head. */
  readonly body?: Either.Either<Uint8Array, ReadError> | undefined
}

/** A read ran into a limit: of `ms`, in this phase. */
interface ReadTimeout {
  readonly _tag: "ReadTimeout"
  readonly phase: "first-byte" | "idle"
  readonly ms: number
}

/** The transport failed: its own error, not classified yet. */
interface ReadFailure {
  readonly _tag: "ReadFailure"
  readonly error: unknown
}

export type ReadError = ReadTimeout | ReadFailure

/**
 * Sends a request, and calls back once: with the response as soon as its head is there, or with what went wrong. What is
 * returned closes the connection, unless the response is complete; after that nothing is called back.
 */
export type Send = (
  request: HttpClientRequest.HttpClientRequest,
  onHead: (exit: Exit.Exit<Arrived, unknown>) => void
) => () => void

/** A success whose body has not been read yet, and all that reading it depends on. */
export interface Reply extends Arrived {
  readonly outgoing: Outgoing
  /** When it was asked for, in ms of the clock. */
  readonly start: number
  /** Texts that no error may show, the longest first. */
  readonly secrets: () => ReadonlyArray<string>
}
