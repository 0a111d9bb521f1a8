/**
 * SHA-256 of bytes that come in pieces, on every runtime: WebCrypto takes them only all at once, and models are larger than
 * that; what takes pieces is each runtime's own (`node:crypto`, `DigestStream` of Workers), and browsers have none. It is
 * some 20 times slower than `node:crypto` (50 MiB/s beside 1000), so `Blob.digest` is there for who can compute it otherwise.
 */

const primes = (count: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}

const fraction = (root: number): number => (root - Math.floor(root)) * 2 ** 32 | 0

const constants = /* @__PURE__ */ Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)))

const rotate = (x: number, by: number): number => x >>> by | x << (32 - by)

const blockSize = 64

export class Sha256 {
  private readonly state = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)))
  private readonly words = new Int32Array(64)
  private readonly block = new Uint8Array(blockSize)
  /** Bytes that wait in `block`. */
  private waiting = 0
  private size = 0

  add(bytes: Uint8Array): this {
    this.size += bytes.length
    let at = 0
    if (this.waiting > 0) {
      at = Math.min(blockSize - this.waiting, bytes.length)
      this.block.set(bytes.subarray(0, at), this.waiting)
      this.waiting += at
      if (this.waiting < blockSize) return this
      this.compress(this.block, 0)
    }
    for (; at + blockSize <= bytes.length; at += blockSize) this.compress(bytes, at)
    this.block.set(bytes.subarray(at))
    this.waiting = bytes.length - at
    return this
  }

  /** 64 hex digits; nothing is added after that. */
  hex(): string {
    const { size } = this
    const padding = new Uint8Array((this.waiting < 56 ? 64 : 128) - this.waiting)
    padding[0] = 0x80
    const view = new DataView(padding.buffer)
    view.setUint32(padding.length - 8, Math.floor(size / 2 ** 29))
    view.setUint32(padding.length - 4, size * 8 % 2 ** 32)
    this.add(padding)
    return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
  }

  private compress(bytes: Uint8Array, at: number): void {
    const { state, words } = this
    for (let i = 0; i < 16; i++) {
      const from = at + 4 * i
      words[i] = bytes[from]! << 24 | bytes[from + 1]! << 16 | bytes[from + 2]! << 8 | bytes[from + 3]!
    }
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15]!
      const y = words[i - 2]!
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ x >>> 3
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ y >>> 10
      words[i] = words[i - 16]! + s0 + words[i - 7]! + s1 | 0
    }
    let a = state[0]!
    let b = state[1]!
    let c = state[2]!
    let d = state[3]!
    let e = state[4]!
    let f = state[5]!
    let g = state[6]!
    let h = state[7]!
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const t1 = h + s1 + (e & f ^ ~e & g) + constants[i]! + words[i]! | 0
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const t2 = s0 + (a & b ^ a & c ^ b & c) | 0
      h = g
      g = f
      f = e
      e = d + t1 | 0
      d = c
      c = b
      b = a
      a = t1 + t2 | 0
    }
    state[0] = state[0]! + a | 0
    state[1] = state[1]! + b | 0
    state[2] = state[2]! + c | 0
    state[3] = state[3]! + d | 0
    state[4] = state[4]! + e | 0
    state[5] = state[5]! + f | 0
    state[6] = state[6]! + g | 0
    state[7] = state[7]! + h | 0
  }
}
