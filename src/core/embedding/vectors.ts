/**
 * Takes the vectors out of the bytes of an answer: neither their text nor a value of JSON for each number is made, which is
 * most of what an answer of a megabyte costs: 100 vectors of 768 numbers (0.96 MB) take 2.2 ms here, and 5.3 ms by decoding
 * the text and `JSON.parse` (Node 20, least of many). What is not written as servers write it is left to `JSON.parse`.
 */
import * as Either from "effect/Either"

/** How a vector is kept. */
export type Form = "float32" | "numbers"

/** A vector in either form. */
export type Vector = Float32Array | ReadonlyArray<number>

/** The bytes without the vectors: where one stood, its place in the list stands. */
export interface Taken {
  readonly rest: Uint8Array
  readonly vectors: ReadonlyArray<Vector>
}

/** Vectors in the form that is wanted, or why they have none in it. */
export const formed = (vectors: ReadonlyArray<Vector>, form: Form): Either.Either<ReadonlyArray<Vector>, string> => {
  if (form === "numbers") return Either.right(vectors)
  const all = vectors.map((vector) => vector instanceof Float32Array ? vector : new Float32Array(vector))
  return all.every(isFinite) ? Either.right(all) : Either.left("a number of a vector is too large for 32 bits")
}

// A loop: `every` calls for each number.
const isFinite = (numbers: Float32Array): boolean => {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false
  return true
}

/** The vectors of an answer, or `undefined` when they are not all plain lists of numbers of one length. */
export const take = (bytes: Uint8Array, form: Form): Taken | undefined => new Reader(bytes, form).all()

const bytesOf = (text: string): ReadonlyArray<number> => Array.from(text, (character) => character.charCodeAt(0))

// What stands within a string of JSON has a backslash before its quotes, so this is always a key.
const key = /* @__PURE__ */ bytesOf("\"embedding")

// As many as four digits three times and nine in the rest.
const powers = /* @__PURE__ */ Float64Array.from({ length: 22 }, (_, exponent) => 10 ** exponent)

const isSpace = (code: number): boolean => code <= 32 && (code === 32 || code === 10 || code === 13 || code === 9)

// `Array.from` asks an iterator.
const listOf = (numbers: Float64Array): ReadonlyArray<number> => {
  const list: Array<number> = new Array(numbers.length)
  for (let i = 0; i < list.length; i++) list[i] = numbers[i]!
  return list
}

class Reader {
  private at = 0
  private length: number | undefined
  private scratch: Float32Array | Float64Array
  private readonly vectors: Array<Vector> = []
  private readonly rest: Array<number> = []

  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array, private readonly form: Form) {
    let end = bytes.length
    while (isSpace(bytes[end - 1]!)) end--
    this.bytes = bytes.subarray(0, end)
    this.scratch = this.roomFor(1024)
  }

  all(): Taken | undefined {
    const { bytes, rest, vectors } = this
    // So no number is at the end, where there is no byte to end it.
    if (bytes[bytes.length - 1] !== closeBrace) return undefined
    while (this.at < bytes.length) {
      if (!this.isAtList()) {
        rest.push(bytes[this.at++]!)
        // Not worth it where most of an answer is something else.
        if (rest.length > most) return undefined
        continue
      }
      if (bytes[this.at] === openBracket) {
        const first = vectors.length
        if (!this.lists()) return undefined
        this.say(`[${vectors.slice(first).map((_, index) => first + index).join()}]`)
      } else {
        this.say(`${vectors.length}`)
        if (!this.list()) return undefined
      }
    }
    return vectors.length === 0 ? undefined : { rest: Uint8Array.from(rest), vectors }
  }

  private say(text: string): void {
    for (const code of bytesOf(text)) this.rest.push(code)
  }

  // Whether a list of this key begins here; then its key is copied, and what follows is behind its bracket.
  private isAtList(): boolean {
    const { bytes } = this
    let at = this.at
    for (const code of key) if (bytes[at++] !== code) return false
    if (bytes[at] === smallS) at++
    if (bytes[at++] !== quote) return false
    while (isSpace(bytes[at]!)) at++
    if (bytes[at++] !== colon) return false
    while (isSpace(bytes[at]!)) at++
    if (bytes[at] !== openBracket) return false
    for (; this.at < at; this.at++) this.rest.push(bytes[this.at]!)
    this.at++
    this.skipSpace()
    return true
  }

  // From the first of the lists to behind the bracket of all.
  private lists(): boolean {
    const { bytes } = this
    for (;;) {
      if (bytes[this.at++] !== openBracket || !this.list()) return false
      this.skipSpace()
      const next = bytes[this.at++]
      if (next === closeBracket) return true
      if (next !== comma) return false
      this.skipSpace()
    }
  }

  // From behind the bracket of a list of numbers to behind its end. One loop over its bytes: a call for each number would
  // take as long as the number, and so would a branch that goes either way.
  private list(): boolean {
    const { bytes } = this
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const lastFour = bytes.length - 4
    let { at, scratch } = this
    for (let count = 0;;) {
      while (isSpace(bytes[at]!)) at++
      const start = at
      const isNegative = bytes[at] === minus ? 1 : 0
      at += isNegative
      const firstDigit = at
      // What is no digit is larger than nine as a number without a sign.
      let digit = bytes[at]! - zero
      let value = 0
      if (digit === 0) digit = bytes[++at]! - zero
      else {
        while (digit >>> 0 <= 9) {
          value = value * 10 + digit
          digit = bytes[++at]! - zero
        }
        if (at === firstDigit) return false
      }
      let decimals = 0
      if (digit === point - zero) {
        const from = ++at
        // Four digits at once, at most three times: their high halves are 3 and stay so when 6 is added; then tens and ones
        // are put together in each half of the word, and these as hundreds and ones.
        for (const last = Math.min(from + 8, lastFour); at <= last; at += 4) {
          const four = view.getUint32(at, true)
          if (((four & 0xf0f0f0f0) | (((four + 0x06060606) & 0xf0f0f0f0) >>> 4)) !== 0x33333333) break
          const pairs = Math.imul(four & 0x0f0f0f0f, 0xa01) >>> 8
          value = value * 10_000 + (Math.imul(pairs & 0x00ff00ff, 0x640001) >>> 16)
        }
        let rest = 0
        const fromRest = at
        digit = bytes[at]! - zero
        while (digit >>> 0 <= 9) {
          rest = Math.imul(rest, 10) + digit | 0
          digit = bytes[++at]! - zero
        }
        decimals = at - from
        if (decimals === 0) return false
        const digits = at - fromRest
        value = digits > 9 ? Infinity : value * powers[digits]! + rest
      }
      let code = digit + zero
      let isExact = value <= Number.MAX_SAFE_INTEGER
      if (code === bigE || code === smallE) {
        code = bytes[++at]!
        if (code === minus || code === plus) code = bytes[++at]!
        const from = at
        while (code >= zero && code <= nine) code = bytes[++at]!
        if (at === from) return false
        isExact = false
      }
      if (isExact) {
        // Two exact numbers, so one rounding, as it should be.
        value /= powers[decimals]!
        value = isNegative === 1 ? -value : value
      } else {
        if (at - start > longest) return false
        value = Number(String.fromCharCode(...bytes.subarray(start, at)))
        if (!Number.isFinite(value)) return false
      }
      if (count === scratch.length) scratch = this.larger()
      scratch[count++] = value
      while (isSpace(code)) code = bytes[++at]!
      at++
      if (code === comma) continue
      this.at = at
      return code === closeBracket && this.keep(scratch.subarray(0, count))
    }
  }

  private roomFor(count: number): typeof this.scratch {
    return this.form === "float32" ? new Float32Array(count) : new Float64Array(count)
  }

  private larger(): typeof this.scratch {
    const before = this.scratch
    this.scratch = this.roomFor(before.length * 2)
    this.scratch.set(before)
    return this.scratch
  }

  private keep(numbers: typeof this.scratch): boolean {
    this.length ??= numbers.length
    this.vectors.push(numbers instanceof Float32Array ? numbers.slice() : listOf(numbers))
    return numbers.length === this.length
  }

  private skipSpace(): void {
    while (isSpace(this.bytes[this.at]!)) this.at++
  }
}

// Bytes of an answer that are no vector, and those of a number.
const most = 1024 * 1024
const longest = 1000

const openBracket = 91
const closeBracket = 93
const closeBrace = 125
const comma = 44
const colon = 58
const quote = 34
const smallS = 115
const minus = 45
const plus = 43
const point = 46
const zero = 48
const nine = 57
const bigE = 69
const smallE = 101
