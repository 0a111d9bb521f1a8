/**
 * One request and its answer on undici's `dispatch`: holds what has arrived until it is read, and stops the socket
 * when that is too much. It does not know the response object, so that an answer that nobody reads can be collected.
 */
import type { Dispatcher } from "undici"

/** Bytes that may wait for a reader before the socket is stopped: as much as one read of a socket brings. */
const highWaterMark = 64 * 1024

/** The same while a reader is waiting, who gets them as soon as undici has gone through what it read. */
const highWaterMarkWaiting = 512 * 1024

export interface Failure {
  readonly cause: unknown
}

export interface Head {
  readonly status: number
  readonly headers: Record<string, string | Array<string> | undefined>
}

type Reader = (failure: Failure | undefined, pieces: ReadonlyArray<Uint8Array> | undefined) => void

export class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined
  private pieces: Array<Uint8Array> = []
  private size = 0
  private ended = false
  private cancelled = false
  private failure: Failure | undefined
  private reader: Reader | undefined
  private flushing = false

  constructor(private onHead: ((failure: Failure | undefined, head: Head | undefined) => void) | undefined) {}

  // ---------------------------------------------------------------------------
  // for the reader
  // ---------------------------------------------------------------------------

  read(reader: Reader): void {
    if (this.pieces.length > 0) {
      const pieces = this.take()
      return reader(undefined, pieces)
    }
    if (this.failure !== undefined) return reader(this.failure, undefined)
    if (this.ended) return reader(undefined, undefined)
    if (this.cancelled) return reader({ cause: new Error("the response was cancelled") }, undefined)
    if (this.reader !== undefined) return reader({ cause: new Error("the body is being read already") }, undefined)
    this.reader = reader
  }

  atEnd(): boolean {
    return this.ended && this.pieces.length === 0
  }

  /** Closes the connection, unless the answer is complete. A property, so that a listener holds nothing but this. */
  readonly cancel = (): void => {
    this.reader = undefined
    this.onHead = undefined
    if (this.cancelled || this.ended || this.failure !== undefined) return
    this.cancelled = true
    this.pieces = []
    // Without a controller it still waits for a connection, and is aborted when it gets one.
    this.controller?.abort(new Error("cancelled"))
  }

  private take(): ReadonlyArray<Uint8Array> {
    const pieces = this.pieces
    this.pieces = []
    this.size = 0
    if (this.controller !== undefined && this.controller.paused) this.controller.resume()
    return pieces
  }

  // undici calls back once per HTTP chunk, many times for one read of the socket: they go to the reader together.
  private readonly flush = (): void => {
    this.flushing = false
    const reader = this.reader
    if (reader === undefined) return
    this.reader = undefined
    this.read(reader)
  }

  private scheduleFlush(): void {
    if (this.reader === undefined || this.flushing) return
    this.flushing = true
    queueMicrotask(this.flush)
  }

  // ---------------------------------------------------------------------------
  // for undici
  // ---------------------------------------------------------------------------

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.cancelled) controller.abort(new Error("cancelled"))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | Array<string> | undefined>
  ): void {
    if (status < 200) return
    const onHead = this.onHead
    this.onHead = undefined
    onHead?.(undefined, { status, headers })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.cancelled) return
    this.pieces.push(chunk)
    this.size += chunk.length
    if (this.reader !== undefined) {
      this.scheduleFlush()
      if (this.size > highWaterMarkWaiting) controller.pause()
    } else if (this.size > highWaterMark) {
      controller.pause()
    }
  }

  onResponseEnd(): void {
    this.ended = true
    this.controller = undefined
    this.scheduleFlush()
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, cause: unknown): void {
    this.controller = undefined
    if (this.cancelled) return
    this.failure = { cause }
    const onHead = this.onHead
    this.onHead = undefined
    if (onHead !== undefined) return onHead(this.failure, undefined)
    this.scheduleFlush()
  }
}
