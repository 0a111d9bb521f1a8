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
