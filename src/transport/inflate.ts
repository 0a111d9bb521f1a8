/**
 * A body that came compressed although nobody asked for it. On a client that leaves it so, gzip and deflate are known by
 * their first bytes, with which no text begins: nothing is undone twice (fetch undoes it, and keeps the header).
 */
import type { BodyPull } from "./exchange.js"

type Format = "gzip" | "deflate"

/** How a body that begins with these bytes is compressed. */
export const formatOf = (bytes: Uint8Array): Format | undefined => {
  const [first, second] = bytes
  if (first === 0x1f && second === 0x8b) return "gzip"
  // the header of zlib is a multiple of 31; its first byte is an "x"
  return first === 0x78 && second !== undefined && (first * 256 + second) % 31 === 0 ? "deflate" : undefined
}

/** What undoes a compression: bytes in, bytes out. */
export interface Inflation {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/** What undoes one of these, where the runtime has it. */
export const inflationOf = (format: Format): Inflation | undefined =>
  typeof DecompressionStream === "undefined"
    ? undefined
    : new DecompressionStream(format) as Inflation // its types want bytes on a buffer that nobody shares

/** The body with its compression undone; `begun` is what was read of it already. */
export const inflated = (pull: BodyPull, inflation: Inflation, begun?: Uint8Array): BodyPull => {
  const writer = inflation.writable.getWriter()
  const reader = inflation.readable.getReader()
  const ignore = () => {}
  let cancelled = false
  // What was undone is read before more is asked for, so that nothing is read ahead of the consumer.
  const feed = (pieces: ReadonlyArray<Uint8Array>): void => {
    Promise.all(pieces.map((piece) => writer.write(piece))).then(more, ignore)
  }
  const more = (): void => {
    if (cancelled) return
    pull.read((cause, pieces) => {
      if (cause !== undefined) writer.abort(cause).catch(ignore)
      else if (pieces === undefined) writer.close().catch(ignore)
      else feed(pieces)
    })
  }
  writer.closed.catch(ignore)
  if (begun === undefined) more()
  else feed([begun])
  return {
    read(resume) {
      reader.read().then(
        ({ done, value }) => cancelled ? undefined : resume(undefined, done ? undefined : [value]),
        (error) => cancelled ? undefined : resume(error, undefined)
      )
    },
    cancel() {
      cancelled = true
      pull.cancel()
      reader.cancel().catch(ignore)
    }
  }
}
