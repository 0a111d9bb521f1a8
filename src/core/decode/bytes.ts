/** The bytes of an answer: put together, given out in portions, and cut at line ends into text. */

/** The pieces as one: what is read together is decoded together. */
export const join = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (pieces.length === 1) return pieces[0]!
  let size = 0
  for (const piece of pieces) size += piece.length
  const bytes = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

const nothing = new Uint8Array(0)

// =============================================================================
// portions
// =============================================================================

/** Bytes that are decoded at once. */
const portion = 16 * 1024

/**
 * What was read and is not decoded yet, given out a portion at a time: however much a read brings (half a megabyte), only
 * the text and the events of a portion are there at once.
 */
export class Portions {
  private pieces: ReadonlyArray<Uint8Array> = []
  private at = 0
  private offset = 0
  /** Small pieces are put together here, again and again: a decoder keeps none of it. */
  private room = nothing

  get isEmpty(): boolean {
    return this.at >= this.pieces.length
  }

  /** Takes what was read next; to be called once all before it was given out. */
  add(pieces: ReadonlyArray<Uint8Array>) {
    this.pieces = pieces
    this.at = 0
    this.offset = 0
  }

  /** The next portion, valid until the next call. */
  next(): Uint8Array {
    const first = this.offset === 0 ? this.pieces[this.at]! : this.pieces[this.at]!.subarray(this.offset)
    if (first.length > portion) {
      this.offset += portion
      return first.subarray(0, portion)
    }
    this.at++
    this.offset = 0
    let end = this.at
    let size = first.length
    while (end < this.pieces.length && size + this.pieces[end]!.length <= portion) size += this.pieces[end++]!.length
    if (end === this.at) return first
    const room = this.roomFor(size)
    room.set(first)
    for (let to = first.length; this.at < end; this.at++) {
      const piece = this.pieces[this.at]!
      room.set(piece, to)
      to += piece.length
    }
    return room.subarray(0, size)
  }

  private roomFor(size: number): Uint8Array {
    if (this.room.length < size) this.room = new Uint8Array(Math.min(portion, 2 * size))
    return this.room
  }
}

// =============================================================================
// lines
// =============================================================================

const LF = 10
const CR = 13
const BOM = 0xfeff

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const notUtf8 = "the answer is not valid UTF-8"

/** The detail of an event over the bound. */
export const overBound = (max: number): string => `an event is larger than ${max} bytes`

/** More room than this is given back once its line is read. */
const maxSpare = 65_536

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * Cuts at line ends. One never lies inside a character, so each piece is decoded on its own and what follows the last line
 * end waits as bytes: that is quicker than a streaming decoder, and exact.
 */
export class LineBuffer {
  /** Why nothing more is read. The text before that was given out. */
  failure: string | undefined
  /** What follows the last line end, in its first `size` bytes: one buffer, however small the pieces are. */
  private rest = nothing
  private size = 0
  private started = false
  /** The text so far ended in a CR: an LF at the start of the next chunk belongs to it. */
  private afterCr = false

  /** `cr`: a CR ends a line too (server-sent events); the text given out then has LF only. */
  constructor(private readonly cr: boolean, private readonly max: number) {}

  /** The complete lines, each with its line end; `""` when there is none yet. */
  push(input: Uint8Array): string {
    let chunk = input
    if (this.afterCr && chunk.length > 0) {
      this.afterCr = false
      if (chunk[0] === LF) chunk = chunk.subarray(1)
    }
    let cut = chunk.lastIndexOf(LF) + 1
    if (this.cr && cut < chunk.length && chunk.indexOf(CR, cut) >= 0) cut = chunk.lastIndexOf(CR) + 1
    if (cut === 0) {
      this.keep(chunk)
      return ""
    }
    let bytes = cut === chunk.length ? chunk : chunk.subarray(0, cut)
    if (this.size > 0) {
      this.append(bytes)
      bytes = this.rest.subarray(0, this.size)
    }
    const text = this.text(bytes)
    this.clear()
    if (cut < chunk.length) {
      this.afterCr = false
      if (this.failure === undefined) this.keep(chunk.subarray(cut))
    }
    return text
  }

  /** What follows the last line end, and whether it was cut inside a character. */
  end(): { readonly text: string; readonly cut: boolean } {
    const bytes = this.rest.subarray(0, this.size)
    this.rest = nothing
    this.size = 0
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    try {
      const text = this.begin(decoder.decode(bytes, { stream: true }))
      try {
        decoder.decode()
        return { text, cut: false }
      } catch {
        return { text, cut: true }
      }
    } catch {
      this.failure = notUtf8
      return { text: "", cut: false }
    }
  }

  private keep(bytes: Uint8Array) {
    if (bytes.length === 0) return
    if (this.size + bytes.length > this.max) {
      this.failure = overBound(this.max)
      this.rest = nothing
      this.size = 0
    } else this.append(bytes)
  }

  /** A copy, so that a transport may use its buffer again. */
  private append(bytes: Uint8Array) {
    const size = this.size + bytes.length
    if (size > this.rest.length) {
      const larger = new Uint8Array(Math.max(size, Math.min(2 * this.rest.length, this.max), 256))
      larger.set(this.rest.subarray(0, this.size))
      this.rest = larger
    }
    this.rest.set(bytes, this.size)
    this.size = size
  }

  private clear() {
    this.size = 0
    if (this.rest.length > maxSpare) this.rest = nothing
  }

  private text(bytes: Uint8Array): string {
    let text = bytes.length > this.max ? undefined : decode(bytes)
    if (text === undefined) text = this.lineByLine(bytes)
    if (text === "") return text
    text = this.begin(text)
    if (this.cr && text.includes("\r")) {
      this.afterCr = text.charCodeAt(text.length - 1) === CR
      return text.replace(/\r\n?/g, "\n")
    }
    return text
  }

  private begin(text: string): string {
    if (this.started || text === "") return text
    this.started = true
    return text.charCodeAt(0) === BOM ? text.slice(1) : text
  }

  /** The lines before the one that is too long or not UTF-8 still count. */
  private lineByLine(bytes: Uint8Array): string {
    let text = ""
    let from = 0
    while (from < bytes.length) {
      let to = bytes.indexOf(LF, from)
      if (this.cr) {
        const cr = (to < 0 ? bytes : bytes.subarray(0, to)).indexOf(CR, from)
        if (cr >= 0) to = cr
      }
      if (to < 0) to = bytes.length - 1
      const line = to - from > this.max ? undefined : decode(bytes.subarray(from, to + 1))
      if (line === undefined) {
        this.failure = to - from > this.max ? overBound(this.max) : notUtf8
        return text
      }
      text += line
      from = to + 1
    }
    return text
  }
}
