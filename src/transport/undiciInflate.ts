/** The compressions that an answer names, undone by Node. One that is not what its header says is an error. */
import { Duplex } from "node:stream"
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib"
import type { BodyPull } from "./exchange.js"
import { inflated, type Inflation } from "./inflate.js"

const known: ReadonlyMap<string, () => Duplex> = new Map<string, () => Duplex>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress]
])

/**
 * The body with all of them undone; `undefined` when there is nothing to undo, or something that is not known. A body
 * without a byte (of a HEAD, a 204, some proxy) is no compressed one, whatever its header says.
 */
export const undone = (pull: BodyPull, encodings: string | ReadonlyArray<string> | undefined): BodyPull | undefined => {
  if (encodings === undefined) return undefined
  const names = String(encodings).toLowerCase().split(",").map((name) => name.trim()).filter((name) =>
    name !== "" && name !== "identity"
  )
  // More than a few of them is no answer, but an attack.
  if (names.length === 0 || names.length > 3 || !names.every((name) => known.has(name))) return undefined
  const begin = (begun: Uint8Array): BodyPull =>
    names.reduceRight((body, name, index) => {
      const inflation = Duplex.toWeb(known.get(name)!()) as Inflation
      return inflated(body, inflation, index === names.length - 1 ? begun : undefined)
    }, pull)
  let body: BodyPull | undefined
  return {
    read(resume) {
      if (body !== undefined) return body.read(resume)
      pull.read((cause, pieces) => {
        if (pieces === undefined) return resume(cause, undefined)
        body = begin(Buffer.concat(pieces))
        body.read(resume)
      })
    },
    cancel: () => (body ?? pull).cancel()
  }
}
