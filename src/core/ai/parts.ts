/**
 * The parts of an answer, in the order in which the core of `@effect/ai` needs them: the calls together, for it runs those
 * of one chunk at the same time; the finish in a chunk after them, for it puts their results behind their own chunk.
 */
import type { ChatResponse, FinishEvent, Ignored, StreamEvent } from "../../Chat.js"
import type { JsonObject, Metadata, ToolCall } from "../../Message.js"
import { stringOf } from "../json.js"
import type * as Encoded from "./encoded.js"

// =============================================================================
// the end
// =============================================================================

const count = (tokens: number | undefined): number | undefined =>
  tokens !== undefined && Number.isSafeInteger(tokens) && tokens >= 0 ? tokens : undefined

const usageOf = (usage: FinishEvent["usage"]): Encoded.Usage => {
  const inputTokens = count(usage?.inputTokens)
  const outputTokens = count(usage?.outputTokens)
  const both = inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens
  const reasoningTokens = count(usage?.reasoningTokens)
  const cachedInputTokens = count(usage?.cachedInputTokens)
  return {
    inputTokens,
    outputTokens,
    totalTokens: count(usage?.totalTokens) ?? both,
    ...(reasoningTokens === undefined ? undefined : { reasoningTokens }),
    ...(cachedInputTokens === undefined ? undefined : { cachedInputTokens })
  }
}

type About = Omit<FinishEvent, "type">

const about = (finish: About, ignored: ReadonlyArray<Ignored>, extracted: boolean): Encoded.FinishExtra => {
  const { attempts, ref, selectedBy, timings, usage } = finish
  const doneReason = stringOf(finish, "doneReason")
  return {
    ref,
    selectedBy,
    ...(doneReason === undefined ? undefined : { doneReason }),
    ...(timings === undefined ? undefined : { timings }),
    ...(usage?.cost === undefined ? undefined : { cost: usage.cost }),
    ...(usage?.promptTruncated === undefined ? undefined : { promptTruncated: usage.promptTruncated }),
    ...(extracted ? { extracted } : undefined),
    ignored: [...ignored, ...finish.ignored],
    attempts: attempts.map(({ error, ref }) => ({ ref, error: error._tag, message: error.message }))
  }
}

const nameOf = (ref: string): string => ref.slice(ref.indexOf("/") + 1)

const endOf = (
  finish: About,
  ignored: ReadonlyArray<Ignored>,
  extracted = false
): readonly [Encoded.ResponsePart, Encoded.FinishPart] => [
  { type: "response-metadata", modelId: finish.model ?? nameOf(finish.ref) },
  {
    type: "finish",
    reason: finish.finishReason,
    usage: usageOf(finish.usage),
    metadata: { ollama: about(finish, ignored, extracted) }
  }
]

// =============================================================================
// calls
// =============================================================================

type Extended<Part> = Omit<Part, "metadata"> & { readonly metadata?: { readonly ollama: Encoded.PartExtra } }

/** Metadata under this library's name, where the core has place for that of every provider. */
const extended = <Part extends { readonly metadata?: Metadata | undefined }>({ metadata, ...part }: Part) =>
  (metadata === undefined ? part : { ...part, metadata: { ollama: { metadata } } }) as Extended<Part> // it is `part` but for that

// The core decodes arguments by assigning their keys, and this one would be an object's prototype.
const hasForbiddenKey = ({ arguments: value, argumentsText }: ToolCall): boolean => {
  if (!/__proto__|\\u/.test(argumentsText)) return false
  const left: Array<unknown> = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== "object" || next === null) continue
    if (Object.hasOwn(next, "__proto__")) return true
    left.push(...Object.values(next))
  }
  return false
}

/** The tools that were offered, each with what mends the parameters that the core would refuse. */
export type Offered = ReadonlyMap<string, (params: JsonObject) => JsonObject>

/** What the core could not take, so that nothing of the answer is run: a sentence, or `undefined` when it can. */
const problemOf = (call: ToolCall, offered: Offered): string | undefined => {
  if (!offered.has(call.name)) {
    return `The model called a tool that it was not given${
      offered.size === 0 ? "" : `: it has ${[...offered.keys()].join(", ")}`
    }.`
  }
  return hasForbiddenKey(call) ? `The arguments for ${call.name} have a key that no object may have.` : undefined
}

// Large numbers lose digits as JavaScript's own.
const isExact = (call: ToolCall): boolean =>
  !/\d{16}/.test(call.argumentsText) || JSON.stringify(call.arguments) === call.argumentsText

const callPart = (call: ToolCall, offered: Offered): Encoded.CallPart => {
  const { metadata } = call
  const exact = isExact(call)
  const part = {
    type: call.type,
    id: call.id,
    name: call.name,
    params: offered.get(call.name)?.(call.arguments) ?? call.arguments
  }
  return metadata === undefined && exact ? part : {
    ...part,
    metadata: {
      ollama: {
        ...(metadata === undefined ? undefined : { metadata }),
        ...(exact ? undefined : { argumentsText: call.argumentsText })
      }
    }
  }
}

// =============================================================================
// whole
// =============================================================================

/** The object of an answer, as the text that the core decodes. */
export interface Found {
  readonly text: string
  /** Whether it was taken out of other text. */
  readonly extracted: boolean
}

/** The parts of a whole answer, with the object that was found in the place of its text, or what is wrong with it. */
export const ofAnswer = (
  response: ChatResponse,
  offered: Offered,
  ignored: ReadonlyArray<Ignored>,
  found?: Found
): ReadonlyArray<Encoded.WholePart> | string => {
  const [said, finish] = endOf(response, ignored, found?.extracted === true)
  const parts: Array<Encoded.WholePart> = [said]
  for (const part of response.parts) {
    if (part.type === "tool-call") {
      const problem = problemOf(part, offered)
      if (problem !== undefined) return problem
      parts.push(callPart(part, offered))
    } else if (found === undefined || part.type === "reasoning") parts.push(extended(part))
  }
  if (found !== undefined) parts.push({ type: "text", text: found.text })
  parts.push(finish)
  return parts
}

// =============================================================================
// streamed
// =============================================================================

const hasMetadata = (event: StreamEvent): boolean => "metadata" in event && event.metadata !== undefined

/** The parts of one streamed answer. Made anew for every run. */
export class Streamed {
  /** Once the answer is finished. */
  finish: FinishEvent | undefined
  /** What is wrong with the answer, once something is: what comes then is nothing. */
  problem: string | undefined
  private open: (StreamEvent & { readonly type: "text-start" | "reasoning-start" }) | undefined
  private readonly calls: Array<Encoded.CallPart> = []

  constructor(
    private readonly offered: Offered,
    private readonly ignored: ReadonlyArray<Ignored>
  ) {}

  /** What can be told of these events now: the very list, mostly. */
  push(events: ReadonlyArray<StreamEvent>): ReadonlyArray<Encoded.StreamPart> {
    for (let i = 0; i < events.length; i++) {
      const event = events[i] as StreamEvent
      if (event.type === "tool-call" || event.type === "finish" || hasMetadata(event)) return this.rest(events, i)
      this.follow(event)
    }
    return events as ReadonlyArray<Encoded.BorderPart | Encoded.DeltaPart>
  }

  /** What comes after the content of a finished answer, each as a chunk of its own. */
  end(finish: FinishEvent): ReadonlyArray<ReadonlyArray<Encoded.StreamPart>> {
    const end = endOf(finish, this.ignored)
    return this.calls.length === 0 ? [end] : [this.calls, end]
  }

  /** What closes the part that is open: without it, `Chat` forgets what the user has seen. */
  close(): ReadonlyArray<Encoded.StreamPart> {
    if (this.open === undefined) return []
    const { id, type } = this.open
    this.open = undefined
    return [{ type: type === "text-start" ? "text-end" : "reasoning-end", id }]
  }

  private rest(events: ReadonlyArray<StreamEvent>, from: number): ReadonlyArray<Encoded.StreamPart> {
    const parts = events.slice(0, from) as Array<Encoded.StreamPart>
    for (const event of events.slice(from)) {
      if (event.type === "finish") this.finish = event
      else if (event.type === "tool-call") {
        this.problem = problemOf(event, this.offered)
        if (this.problem !== undefined) break
        const { argumentsText, id, name } = event
        parts.push(
          { type: "tool-params-start", id, name },
          { type: "tool-params-delta", id, delta: argumentsText },
          { type: "tool-params-end", id }
        )
        this.calls.push(callPart(event, this.offered))
      } else {
        this.follow(event)
        parts.push("delta" in event ? event : extended(event))
      }
    }
    return parts
  }

  private follow(event: StreamEvent) {
    switch (event.type) {
      case "text-start":
      case "reasoning-start":
        this.open = event as Streamed["open"]
        break
      case "text-end":
      case "reasoning-end":
        this.open = undefined
    }
  }
}
