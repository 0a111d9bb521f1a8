/**
 * The way into decoding: `make` for a stream, `whole` for a whole answer, and `about` for what a finished one says about
 * itself. Bytes become lines, lines events, events parts.
 */
import type { ChatRequest, FinishEvent, Ignored, Usage } from "../../Chat.js"
import type { AssistantPart, PartialAnswer } from "../../Message.js"
import type { Cost } from "../../Model.js"
import type { Selection } from "../catalog/selection.js"
import { isRecord, parse } from "../json.js"
import type { Asked } from "../request/metadata.js"
import { errorOf, malformed, readEvent, type Wire } from "../wire/wire.js"
import { LineBuffer, notUtf8 } from "./bytes.js"
import { FastPath } from "./fastPath.js"
import * as Framing from "./framing.js"
import * as Machine from "./machine.js"
import type { ContentEvent, DecodeFailure, Decoder, Finish, Whole } from "./types.js"
import { described } from "./unreadable.js"

export interface DecoderOptions {
  readonly wire: Wire
  /** Makes the id of a call that came without one, from the number of calls before it. */
  readonly makeId: (index: number) => string
  /** Whose the answer is, for what it wants back; without it nothing of that is kept. */
  readonly source?: Asked | undefined
  /** The names of the tools that were offered. */
  readonly tools?: ReadonlyArray<string> | undefined
  /** Whether a call that cannot be read is given all the same, without arguments, with its raw text. */
  readonly malformedCalls?: "fail" | "return" | undefined
  /** Most bytes of one event (default 64 MiB). */
  readonly maxEventBytes?: number | undefined
  /** Most characters of a whole answer, all its deltas and calls together (default 64 Mi). */
  readonly maxAnswerChars?: number | undefined
  /** Most characters that `partial` keeps (default: all). */
  readonly keepChars?: number | undefined
  /**
   * How many events of nothing but text are read in full before one is learned from (default 4): learning costs as much as
   * that, and pays only in longer answers. Tests learn at once.
   */
  readonly learnAfter?: number | undefined
  /** Only tests switch the fast path off, to hold it to the full parser. */
  readonly fastPath?: boolean | undefined
}

const defaultMaxBytes = 64 * 1024 * 1024

// =============================================================================
// streams: the state of a run lives here and nowhere else; one network chunk gives one array
// =============================================================================

/** What was announced as an error is one, whatever its form. */
const announced = (value: unknown): DecodeFailure =>
  (isRecord(value) ? errorOf(value) : undefined) ?? { _tag: "InBandError", error: value }

const none: ReadonlyArray<ContentEvent> = []

/** Whole messages at an end that are compared with all that was said: to do that takes as long as the answer. */
const maxCompared = 8

const ended: DecodeFailure = { _tag: "Ended" }

const initialOf = ({ malformedCalls, source, tools = [] }: DecoderOptions): Machine.State => ({
  ...Machine.initial,
  source,
  calls: { ...Machine.initial.calls, tools, returns: malformedCalls === "return" }
})

class StreamDecoder implements Decoder {
  failure: DecodeFailure | undefined
  /** `[DONE]`: whatever follows, in the same chunk or later, is ignored. */
  isDone = false
  private state: Machine.State
  private framed: Framing.State = Framing.initial
  /** The next line begins an event, so the fast path may look. */
  private isBetween = true
  private readonly wire: Wire
  private readonly framing: Framing.Framing
  private readonly collector: Machine.Collector
  private readonly lines: LineBuffer
  private readonly fast: FastPath | undefined
  private readonly maxEvent: number
  private readonly maxAnswer: number
  private readonly frameList: Array<Framing.Frame> = []
  private callChars = 0
  /** An event that could not be read behind a finish: of no matter, unless the answer goes on. */
  private unread: DecodeFailure | undefined
  private compared = 0
  /** How many of the events of this chunk the collector has. */
  private collected = 0

  constructor(private readonly options: DecoderOptions) {
    this.wire = options.wire
    this.state = initialOf(options)
    this.framing = this.wire.framing
    this.maxEvent = options.maxEventBytes ?? defaultMaxBytes
    this.maxAnswer = options.maxAnswerChars ?? defaultMaxBytes
    this.collector = new Machine.Collector(options.keepChars)
    this.lines = new LineBuffer(this.framing.cr, this.maxEvent)
    this.fast = options.fastPath === false ? undefined : new FastPath(this.wire, options.learnAfter ?? 4)
  }

  get isFinished(): boolean {
    return this.state.finish !== undefined
  }

  push(chunk: Uint8Array): ReadonlyArray<ContentEvent> {
    if (this.failure !== undefined || this.isDone) return none
    const text = this.lines.push(chunk)
    if (text === "" && this.lines.failure === undefined) return none
    const out = Machine.list()
    this.text(text, out)
    if (this.lines.failure !== undefined && !this.isDone) this.failure ??= malformed(this.lines.failure)
    return this.collect(out)
  }

  end(): { readonly events: ReadonlyArray<ContentEvent>; readonly finish: Finish | undefined } {
    if (this.failure !== undefined) return { events: none, finish: undefined }
    const out = Machine.list()
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
    const frames: Array<Framing.Frame> = []
    this.framed = this.framing.end(this.framed, rest.text, frames, this.maxEvent)
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
      if (fast !== undefined && this.isBetween && this.unread === undefined) {
        const end = fast.match(text, at)
        if (end >= 0) {
          this.state = Machine.text(this.state, fast.kind, fast.delta, out)
          at = end
          continue
        }
      }
      let end = text.indexOf("\n", at)
      if (end < 0) end = text.length
      this.framed = this.framing.step(this.framed, text.slice(at, end), frames, this.maxEvent)
      this.isBetween = Framing.isBetween(this.framed)
      at = end + 1
      if (frames.length > 0) {
        this.frames(frames, out)
        frames.length = 0
      }
    }
  }

  private frames(frames: ReadonlyArray<Framing.Frame>, out: Array<ContentEvent>) {
    for (const frame of frames) {
      if (this.failure !== undefined || this.isDone) return
      if (frame._tag === "Json") this.json(frame.value, frame.text, frame.error, out)
      else if (frame._tag === "Done") this.isDone = true
      else if (frame._tag === "Bad" || !this.isFinished) this.failure = malformed(frame.detail)
      else this.unread ??= malformed(frame.detail)
    }
  }

  private json(value: unknown, text: string, error: boolean, out: Array<ContentEvent>) {
    const read = error ? announced(value) : readEvent(this.wire, value, text)
    if (read._tag !== "Event") {
      this.failure = read
      return
    }
    const event = read.isMessage === true && read.finish !== undefined
      ? Machine.unsaid(this.state, read, this.soFar(out))
      : read
    if (this.unread !== undefined && (event.content !== "" || event.reasoning !== "" || event.calls.length > 0)) {
      this.failure = this.unread
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

  private soFar(out: ReadonlyArray<ContentEvent>): ReadonlyArray<AssistantPart> | undefined {
    if (this.collector.isTruncated || this.compared++ >= maxCompared) return undefined
    this.collector.add(out, this.collected)
    this.collected = out.length
    return this.collector.isTruncated ? undefined : this.collector.parts()
  }

  private collect(out: Array<ContentEvent>): ReadonlyArray<ContentEvent> {
    this.collector.add(out, this.collected)
    this.collected = 0
    if (this.collector.size > this.maxAnswer) this.failure ??= this.tooLarge()
    return out
  }

  private tooLarge(): DecodeFailure {
    return malformed(`the answer is larger than ${this.maxAnswer} characters`)
  }
}

export const make = (options: DecoderOptions): Decoder => new StreamDecoder(options)

// =============================================================================
// whole answers (`stream: false`): one JSON document, read as one event
// =============================================================================

const result = (
  events: ReadonlyArray<ContentEvent>,
  finish: Finish | undefined,
  failure: DecodeFailure | undefined
): Whole => {
  const collector = new Machine.Collector()
  collector.add(events)
  return { parts: collector.parts(), events, finish, failure }
}

const notDone: DecodeFailure = { _tag: "NotDone" }

const failed = (failure: DecodeFailure): Whole => result([], undefined, failure)

/** A server, or a proxy in front of it, may stream although nobody asked. */
const looksStreamed = (text: string): boolean => {
  if (/^\s*(?:data|event|id|retry)?:/.test(text)) return true
  const start = text.trimStart()
  const end = start.indexOf("\n")
  return end > 0 && isRecord(parse(start.slice(0, end))?.value)
}

const streamed = (text: string, options: DecoderOptions): Whole => {
  const decoder = make(options)
  const first = decoder.push(new TextEncoder().encode(text))
  const last = decoder.end()
  return result([...first, ...last.events], last.finish, decoder.failure)
}

export const whole = (body: string, options: DecoderOptions): Whole => {
  const { wire } = options
  const text = body.charCodeAt(0) === 0xfeff ? body.slice(1) : body
  const parsed = parse(text)
  if (parsed === undefined) {
    return looksStreamed(text)
      ? streamed(text, options)
      : failed(
        malformed(text.trim() === "" ? "the answer is empty" : `the answer is not JSON: ${described(text, true)}`)
      )
  }
  if (!isRecord(parsed.value)) return failed(malformed("the answer is not an object"))
  const event = readEvent(wire, parsed.value, text, true)
  if (event._tag !== "Event") return failed(event)
  if (!wire.isAnswer(parsed.value)) return failed(malformed("the answer has no message"))
  const out: Array<ContentEvent> = []
  const state = Machine.step(initialOf(options), event, options.makeId, out)
  if (state._tag !== "State") return result(out, undefined, state)
  const end = Machine.end(state, out) ?? notDone
  return "_tag" in end ? result(out, undefined, end) : result(out, end, undefined)
}

// =============================================================================
// what a finished answer says about itself
// =============================================================================

/** All that a finish event says and that one attempt knows. */
export type About = Omit<FinishEvent, "type" | "attempts">

/** What was asked for, as it was sent. */
export interface Question {
  readonly request: ChatRequest
  readonly ignored: ReadonlyArray<Ignored>
  /** The context size (tokens) that the model is known to have now. */
  readonly numCtx: number | undefined
}

// A prompt of so many characters has more tokens than this, whatever the language: only then is a cut worth saying.
const charactersPerToken = 6

const characters = (request: ChatRequest): number => {
  let sum = 0
  for (const message of request.messages) {
    if (typeof message.content === "string") sum += message.content.length
    else {
      for (const part of message.content) {
        if (part.type === "text" || part.type === "reasoning") sum += part.text.length
        else if (part.type === "tool-call") sum += part.argumentsText.length
      }
    }
  }
  return sum
}

// Cached tokens have a price of their own; what was not counted costs nothing that is known.
const priceOf = ({ cachedInputTokens = 0, inputTokens = 0, outputTokens = 0 }: Usage, cost: Cost): number => {
  const cached = Math.min(cachedInputTokens, inputTokens)
  return ((inputTokens - cached) * cost.input + cached * cost.cacheRead + outputTokens * cost.output) / 1_000_000
}

// Servers cut a prompt silently: it fills the context, and is much longer.
const isCut = (usage: Usage, { numCtx, request }: Question): boolean =>
  usage.inputTokens !== undefined
  && numCtx !== undefined
  && usage.inputTokens <= numCtx
  && characters(request) / charactersPerToken > numCtx

const usageOf = (usage: Usage, cost: Cost, question: Question): Usage => {
  const price = priceOf(usage, cost)
  const cut = isCut(usage, question)
  return price === 0 && !cut ? usage : {
    ...usage,
    ...(price === 0 ? undefined : { cost: price }),
    ...(cut ? { promptTruncated: true } : undefined)
  }
}

/** What the answer of this selection says about itself, now that it is finished. */
export const about = (finish: Finish, { model, ref, selectedBy }: Selection, question: Question): About => ({
  finishReason: finish.finishReason,
  ...(finish.rawFinishReason === undefined ? undefined : { rawFinishReason: finish.rawFinishReason }),
  ...(finish.usage === undefined ? undefined : { usage: usageOf(finish.usage, model.cost, question) }),
  ...(finish.timings === undefined ? undefined : { timings: finish.timings }),
  ...(finish.model === undefined ? undefined : { model: finish.model }),
  ...(finish.responseId === undefined ? undefined : { responseId: finish.responseId }),
  ref,
  selectedBy,
  ignored: finish.ignored === undefined ? question.ignored : [...question.ignored, ...finish.ignored]
})
