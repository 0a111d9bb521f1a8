/**
 * The decoder of one answer: bytes to lines, lines to frames, frames to events, events to parts. The state of a run lives
 * here and nowhere else; one network chunk gives one array.
 */
import type { PartialAnswer } from "../../Message.js"
import * as Completions from "../wire/completions.js"
import * as Native from "../wire/ollama.js"
import { errorOf, malformed } from "../wire/read.js"
import { Collector } from "./collect.js"
import { FastPath } from "./fastPath.js"
import type { Frame } from "./frames.js"
import { isObject } from "./jsonText.js"
import { LineBuffer, notUtf8 } from "./lines.js"
import * as Machine from "./machine.js"
import * as Ndjson from "./ndjson.js"
import * as Parts from "./parts.js"
import * as Sse from "./sse.js"
import {
  type ContentEvent,
  type DecodeFailure,
  type Decoder,
  type DecoderOptions,
  defaultMaxBytes,
  type Finish
} from "./types.js"

/** What was announced as an error is one, whatever its form. */
const announced = (value: unknown): DecodeFailure =>
  (isObject(value) ? errorOf(value) : undefined) ?? { _tag: "InBandError", error: value }

interface Framing {
  /** Whether it is between two events, so that the fast path may look. */
  readonly isBetween: boolean
  readonly line: (line: string, out: Array<Frame>) => void
  readonly end: (rest: string, out: Array<Frame>) => void
}

class NdjsonFraming implements Framing {
  private state = Ndjson.initial
  constructor(private readonly max: number) {}
  get isBetween() {
    return this.state.document === undefined
  }
  line(line: string, out: Array<Frame>) {
    this.state = Ndjson.step(this.state, line, out, this.max)
  }
  end(rest: string, out: Array<Frame>) {
    this.state = Ndjson.end(this.state, rest, out, this.max)
  }
}

class SseFraming implements Framing {
  private state = Sse.initial
  constructor(private readonly max: number) {}
  get isBetween() {
    return this.state.data === undefined && this.state.event === "" && this.state.document.document === undefined
  }
  line(line: string, out: Array<Frame>) {
    this.state = Sse.step(this.state, line, out, this.max)
  }
  end(rest: string, out: Array<Frame>) {
    this.state = Sse.end(this.state, rest, out, this.max)
  }
}

const none: ReadonlyArray<ContentEvent> = []

const ended: DecodeFailure = { _tag: "Ended" }

class StreamDecoder implements Decoder {
  failure: DecodeFailure | undefined
  /** `[DONE]`: whatever follows, in the same chunk or later, is ignored. */
  isDone = false
  private state: Machine.State = Machine.initial
  private readonly collector: Collector
  private readonly lines: LineBuffer
  private readonly framing: Framing
  private readonly fast: FastPath | undefined
  private readonly read: typeof Native.read
  private readonly maxAnswer: number
  private readonly frameList: Array<Frame> = []
  private callChars = 0

  constructor(private readonly options: DecoderOptions) {
    const max = options.maxEventBytes ?? defaultMaxBytes
    const isNative = options.api === "ollama"
    this.collector = new Collector(options.keepChars)
    this.maxAnswer = options.maxAnswerChars ?? defaultMaxBytes
    this.lines = new LineBuffer(!isNative, max)
    this.framing = isNative ? new NdjsonFraming(max) : new SseFraming(max)
    this.fast = options.fastPath === false ? undefined : new FastPath(options.api, options.learnAfter ?? 4)
    this.read = isNative ? Native.read : Completions.read
  }

  get isFinished(): boolean {
    return this.state.finish !== undefined
  }

  push(chunk: Uint8Array): ReadonlyArray<ContentEvent> {
    if (this.failure !== undefined || this.isDone) return none
    const text = this.lines.push(chunk)
    if (text === "" && this.lines.failure === undefined) return none
    const out = Parts.list()
    this.text(text, out)
    if (this.lines.failure !== undefined && !this.isDone) this.failure ??= malformed(this.lines.failure)
    return this.collect(out)
  }

  end(): { readonly events: ReadonlyArray<ContentEvent>; readonly finish: Finish | undefined } {
    if (this.failure !== undefined) return { events: none, finish: undefined }
    const out = Parts.list()
    if (!this.isDone) this.rest(out)
    const end = this.failure ?? Machine.end(this.state, out) ?? ended
    if ("_tag" in end) this.failure = end
    const events = this.collect(out)
    return { events, finish: this.failure !== undefined || "_tag" in end ? undefined : end }
  }

  partial(): PartialAnswer {
    return this.collector.partial()
  }

  /** What follows the last line end. */
  private rest(out: Array<ContentEvent>) {
    const rest = this.lines.end()
    const frames: Array<Frame> = []
    this.framing.end(rest.text, frames)
    if (this.lines.failure !== undefined) this.failure = malformed(this.lines.failure)
    // a cut character is the end of a cut line; after a complete one it is no UTF-8
    else if (rest.cut && frames.length > 0) this.failure = malformed(notUtf8)
    this.frames(frames, out)
  }

  private text(text: string, out: Array<ContentEvent>) {
    const fast = this.fast
    const frames = this.frameList
    let at = 0
    while (at < text.length && this.failure === undefined && !this.isDone) {
      if (fast !== undefined && this.framing.isBetween) {
        const end = fast.match(text, at)
        if (end >= 0) {
          this.state = Machine.text(this.state, fast.kind, fast.delta, out)
          at = end
          continue
        }
      }
      let end = text.indexOf("\n", at)
      if (end < 0) end = text.length
      this.framing.line(text.slice(at, end), frames)
      at = end + 1
      if (frames.length > 0) {
        this.frames(frames, out)
        frames.length = 0
      }
    }
  }

  private frames(frames: ReadonlyArray<Frame>, out: Array<ContentEvent>) {
    for (const frame of frames) {
      if (this.failure !== undefined || this.isDone) return
      if (frame._tag === "Json") this.json(frame.value, frame.text, frame.error, out)
      else if (frame._tag === "Done") this.isDone = true
      else this.failure = malformed(frame.detail)
    }
  }

  private json(value: unknown, text: string, error: boolean, out: Array<ContentEvent>) {
    const event = error ? announced(value) : this.read(value, text)
    if (event._tag !== "Event") {
      this.failure = event
      return
    }
    if (event.calls.length > 0) {
      this.callChars += text.length
      if (this.callChars > this.maxAnswer) {
        this.failure = this.tooLarge()
        return
      }
    }
    const next = Machine.step(this.state, event, this.options.makeId, out)
    if (next._tag === "State") this.state = next
    else this.failure = next
    this.fast?.learn(event, text)
  }

  private collect(out: Array<ContentEvent>): ReadonlyArray<ContentEvent> {
    this.collector.add(out)
    if (this.collector.size > this.maxAnswer) this.failure ??= this.tooLarge()
    return out
  }

  private tooLarge(): DecodeFailure {
    return malformed(`the answer is larger than ${this.maxAnswer} characters`)
  }
}

export const make = (options: DecoderOptions): Decoder => new StreamDecoder(options)
