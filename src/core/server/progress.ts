/** The progress of a pull, a push or a create, folded from the lines in which a server tells it. */
import type { PlainFailure } from "../decode/types.js"
import { type JsonRecord, numberOf, own, stringOf } from "../json.js"
import { innerError, malformed } from "../wire/wire.js"
import { type Decoding, JsonLines } from "./lines.js"

/**
 * One file of a model on its way.
 *
 * @since 0.1.0
 * @category models
 */
export interface Layer {
  /** `sha256:` and 64 hex digits. */
  readonly digest: string
  /** In bytes. */
  readonly total: number
  /** In bytes, never more than `total`. */
  readonly completed: number
  /**
   * The bytes that were there when the layer was first told of: of an interrupted pull, or all of a layer that was there
   * already. A server says it a moment after it began, so it may be a few bytes more, and all of a very small layer.
   */
  readonly resumed: number
}

/**
 * How far a pull, a push or a create is. Servers leave out what they have nothing to say about: a small layer may never be
 * told of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  /** The server's own words, e.g. `pulling manifest`; `success` at the end. */
  readonly status: string
  /** The layer that this is about. */
  readonly digest?: string | undefined
  /** All layers that were told of so far, in that order. */
  readonly layers: ReadonlyArray<Layer>
  /** The bytes of all these layers. It grows while further layers are told of. */
  readonly total: number
  /** The bytes of all these layers that have arrived. */
  readonly completed: number
  /** The bytes of all these layers that need not be sent again. See {@link Layer}. */
  readonly resumed: number
  /** Whether all has arrived and the digests are being compared, or were. */
  readonly verified: boolean
  /** Whether it is finished: the last progress of a stream, and only that. */
  readonly done: boolean
}

export const initial: Progress = {
  status: "",
  layers: [],
  total: 0,
  completed: 0,
  resumed: 0,
  verified: false,
  done: false
}

/** No model has so many; a server may say so. */
const maxLayers = 4096

const bytes = (line: JsonRecord, key: string): number => Math.max(0, numberOf(line, key) ?? 0)

const sum = (layers: ReadonlyArray<Layer>, of: (layer: Layer) => number): number => {
  let sum = 0
  for (const layer of layers) sum += of(layer)
  return sum
}

const withLayers = (progress: Progress, layers: ReadonlyArray<Layer>): Progress => ({
  ...progress,
  layers,
  total: sum(layers, ({ total }) => total),
  completed: sum(layers, ({ completed }) => completed),
  resumed: sum(layers, ({ resumed }) => resumed)
})

const withLayer = (progress: Progress, digest: string, line: JsonRecord): Progress => {
  const at = progress.layers.findIndex((layer) => layer.digest === digest)
  if (at < 0 && progress.layers.length >= maxLayers) return progress
  const before = progress.layers[at]
  const total = Math.max(before?.total ?? 0, bytes(line, "total"))
  const completed = Math.min(total, bytes(line, "completed"))
  const layer: Layer = { digest, total, completed, resumed: before?.resumed ?? completed }
  const layers = [...progress.layers]
  layers[at < 0 ? layers.length : at] = layer
  return withLayers(progress, layers)
}

// `completed` seldom reaches `total` before the server goes on.
const complete = (progress: Progress): Progress =>
  withLayers(progress, progress.layers.map((layer) => ({ ...layer, completed: layer.total })))

/** What the next line says; `undefined` when it says nothing new, as servers do many times a second. */
export const step = (before: Progress, line: JsonRecord): Progress | undefined => {
  const { digest: _, ...rest } = before
  const status = stringOf(line, "status") ?? ""
  const digest = stringOf(line, "digest")
  if (digest !== undefined) {
    const next = withLayer({ ...rest, status, digest }, digest, line)
    const isSame = status === before.status && digest === before.digest && next.total === before.total
      && next.completed === before.completed && next.layers.length === before.layers.length
    return isSame ? undefined : next
  }
  if (status === before.status && before.digest === undefined) return undefined
  const next = { ...rest, status }
  if (status === "success") return { ...complete(next), verified: true, done: true }
  return status.startsWith("verifying") ? { ...complete(next), verified: true } : next
}

/** The progress that an answer tells, until it says that it is done. */
export class Told implements Decoding<Progress> {
  failure: PlainFailure | undefined
  private progress = initial
  private readonly lines: JsonLines

  constructor(maxLine: number) {
    this.lines = new JsonLines(maxLine)
  }

  get isFinished(): boolean {
    return this.progress.done
  }

  push(chunk: Uint8Array): ReadonlyArray<Progress> {
    return this.isFinished ? [] : this.fold(this.lines.push(chunk))
  }

  end(): ReadonlyArray<Progress> {
    const told = this.isFinished ? [] : this.fold(this.lines.end())
    if (!this.isFinished) this.failure ??= { _tag: "Ended" }
    return told
  }

  private fold(lines: ReadonlyArray<JsonRecord>): ReadonlyArray<Progress> {
    const told: Array<Progress> = []
    for (const line of lines) {
      const error = innerError(own(line, "error"))
      if (error !== undefined) {
        this.failure = { _tag: "InBandError", ...error }
        return told
      }
      const next = step(this.progress, line)
      if (next === undefined) continue
      told.push(this.progress = next)
      if (next.done) return told
    }
    if (this.lines.failure !== undefined) this.failure = malformed(this.lines.failure)
    return told
  }
}
