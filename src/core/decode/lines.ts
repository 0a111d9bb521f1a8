/**
 * Bytes to text, cut at line ends. A line end never lies inside a character, so each piece is decoded on its own and
 * what follows the last line end waits as bytes: that is quicker than a streaming decoder, and exact.
 */
import { overBound } from "./frames.js"

const LF = 10
const CR = 13
const BOM = 0xfeff

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const notUtf8 = "the answer is not valid UTF-8"

/** More room than this is given back once its line is read. */
const maxSpare = 65_536

const nothing = new Uint8Array(0)

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

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
