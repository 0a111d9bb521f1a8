import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Portions } from "../src/core/decode/bytes.js"

const portion = 16 * 1024

const cycle = 251
const numbered = Uint8Array.from({ length: 3 * portion + cycle }, (_, at) => at % cycle)

/** Reads of pieces of these sizes, their bytes numbered throughout. */
const reads = (sizes: ReadonlyArray<ReadonlyArray<number>>) => {
  let next = 0
  return sizes.map((read) =>
    read.map((size) => {
      const at = next % cycle
      next += size
      return numbered.subarray(at, at + size)
    })
  )
}

const all = (portions: Portions, pieces: ReadonlyArray<Uint8Array>) => {
  portions.add(pieces)
  const out: Array<Uint8Array> = []
  while (!portions.isEmpty) out.push(portions.next().slice())
  return out
}

const size = FastCheck.oneof(
  FastCheck.integer({ min: 1, max: 300 }),
  FastCheck.constantFrom(portion - 1, portion, portion + 1, 3 * portion)
)

describe("portions", () => {
  it("give the bytes of each read in order, none of them larger than it may be", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.array(FastCheck.array(size, { minLength: 1, maxLength: 40 }), { maxLength: 4 }), (
        sizes
      ) => {
        const portions = new Portions()
        for (const pieces of reads(sizes)) {
          const given = all(portions, pieces)
          assert.isTrue(given.every(({ length }) => length > 0 && length <= portion))
          assert.strictEqual(Buffer.concat(given).compare(Buffer.concat(pieces)), 0)
        }
      }),
      { numRuns: 200 }
    )
  })

  it("are as few as can be for small pieces", () => {
    const [pieces] = reads([Array.from({ length: 300 }, () => 200)])
    assert.strictEqual(all(new Portions(), pieces!).length, Math.ceil(300 / Math.floor(portion / 200)))
  })

  it("copy nothing that comes in one piece", () => {
    const portions = new Portions()
    const piece = new Uint8Array(100)
    portions.add([piece])
    assert.strictEqual(portions.next(), piece)
    assert.isTrue(portions.isEmpty)
  })
})
