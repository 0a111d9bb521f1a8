/** Answers that are told line by line. */
import type { PartialAnswer } from "../../Message.js"
import { LineBuffer, notUtf8 } from "../decode/bytes.js"
import * as Framing from "../decode/framing.js"
import type { PlainFailure } from "../decode/types.js"
import { isRecord, type JsonRecord } from "../json.js"

/** Decodes one answer, a network chunk at a time. */
export interface Decoding<A> {
  /** What a chunk amounts to. What came before a failure is given, then `failure` is set. */
  readonly push: (chunk: Uint8Array) => ReadonlyArray<A>
  /** The input is over, or nobody waits for its end any more: what was left. */
  readonly end: () => ReadonlyArray<A>
  readonly failure: PlainFailure | undefined
  /** Nothing more has to follow. */
  readonly isFinished: boolean
  /** What has arrived of an answer that is worth something in part. */
  readonly partial?: () => PartialAnswer | undefined
}

/** The JSON objects of an NDJSON answer, cut from its bytes. */
export class JsonLines {
  /** Why nothing more is read; what came before that was given out. */
  failure: string | undefined
  private framed: Framing.State = Framing.initial
  private readonly buffer: LineBuffer

  constructor(private readonly maxLine: number) {
    this.buffer = new LineBuffer(Framing.ndjson.cr, maxLine)
  }

  push(chunk: Uint8Array): ReadonlyArray<JsonRecord> {
    if (this.failure !== undefined) return []
    const frames: Array<Framing.Frame> = []
    const text = this.buffer.push(chunk)
    let at = 0
    while (at < text.length) {
      const end = text.indexOf("\n", at)
      this.framed = Framing.ndjson.step(this.framed, text.slice(at, end), frames, this.maxLine)
      at = end + 1
    }
    return this.objects(frames)
  }

  /** What follows the last line end: that line may lack it. */
  end(): ReadonlyArray<JsonRecord> {
    if (this.failure !== undefined) return []
    const rest = this.buffer.end()
    const frames: Array<Framing.Frame> = []
    this.framed = Framing.ndjson.end(this.framed, rest.text, frames, this.maxLine)
    if (rest.cut && frames.length > 0) {
      this.failure = notUtf8
      return []
    }
    return this.objects(frames)
  }

  private objects(frames: ReadonlyArray<Framing.Frame>): ReadonlyArray<JsonRecord> {
    const objects: Array<JsonRecord> = []
    for (const frame of frames) {
      if (frame._tag === "Json" && isRecord(frame.value)) objects.push(frame.value)
      else {
        this.failure = frame._tag === "Bad" ? frame.detail : "a line is not an object"
        return objects
      }
    }
    this.failure = this.buffer.failure
    return objects
  }
}
