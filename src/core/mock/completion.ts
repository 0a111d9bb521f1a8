/** The answer of a completion on either API, whole or streamed, in the bytes of a generation. */
import type { Api } from "../../Model.js"
import type { Generation } from "./generation.js"
import { goJson, RawJson } from "./goJson.js"
import { failure, ginJson, ndjson, type Plan, raw, streamed, whole } from "./plan.js"
import type { Fault, Part, Reply, ToolCall, Usage } from "./script.js"

export interface CompletionRequest {
  readonly api: Api
  /** As the request spelled it. */
  readonly model: string
  readonly stream: boolean
  readonly includeUsage: boolean
  readonly ownTemplate: boolean
  /** The ordinal of the request, from which ids are made. */
  readonly ordinal: number
  /** ms since the epoch. */
  readonly now: number
}

// =============================================================================
// a reply as events
// =============================================================================

/** As the words of a model's vocabulary: blanks stand before a word, or alone at the end. */
const pieces = (text: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  text === undefined || text === ""
    ? []
    : typeof text === "string"
    ? text.match(/\s*\S+|\s+/g) ?? []
    : text.filter((piece) => piece !== "")

interface Call {
  readonly id: string
  readonly index: number
  readonly name: string
  /** JSON text, or what was written in its place. */
  readonly arguments: string
}

interface Event {
  readonly reasoning: string
  readonly text: string
  readonly calls: ReadonlyArray<Call>
  readonly raw?: string | undefined
}

interface Generated {
  readonly events: ReadonlyArray<Event>
  readonly last: Event | undefined
  readonly finish: string | null
  readonly usage: Usage | null
}

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

/** Looks random, is not. */
const callId = (seed: number, length: number) => {
  let state = (seed + 1) * 2_654_435_761 >>> 0
  let id = ""
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    id += alphabet[(state >>> 8) % alphabet.length]
  }
  return id
}

const eventsOf = (reply: Reply): ReadonlyArray<Part> => {
  if (reply.parts !== undefined) return reply.parts
  const parts: Array<Part> = []
  for (const reasoning of pieces(reply.reasoning)) parts.push({ reasoning })
  for (const text of pieces(reply.text)) parts.push({ text })
  // one call per event, as the server finds them one after the other
  for (const call of reply.toolCalls ?? []) parts.push({ toolCalls: [call] })
  return parts
}

/** Servers that do not know thinking give the tags as they are. */
const rawThinking = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  const out: Array<Part> = []
  let thinking = false
  for (const part of parts) {
    if (part.reasoning !== undefined && part.reasoning !== "") {
      if (!thinking) out.push({ text: "<think>" }, { text: "\n" })
      thinking = true
      out.push({ text: part.reasoning })
    }
    if (part.text === undefined && part.toolCalls === undefined && part.raw === undefined) continue
    if (thinking) out.push({ text: "</think>" }, { text: "\n\n" })
    thinking = false
    out.push({ text: part.text, toolCalls: part.toolCalls, raw: part.raw })
  }
  return thinking ? [...out, { text: "</think>" }] : out
}

const generatedOf = (reply: Reply, request: CompletionRequest, generation: Generation): Generated => {
  let parts = eventsOf(reply)
  const outputs = parts.length + 1
  let last = reply.last
  const calls = (part: Part) => part.toolCalls !== undefined && part.toolCalls.length > 0
  if (!generation.thinks) parts = rawThinking(parts)
  if (generation.callsOnly && parts.some(calls)) parts = parts.filter((part) => calls(part) || part.raw !== undefined)
  if (request.ownTemplate && last === undefined && parts.some(calls)) {
    last = { toolCalls: parts.flatMap((part) => part.toolCalls ?? []) }
    parts = parts.map((part) => ({ ...part, toolCalls: undefined })).filter((part) =>
      part.text ?? part.reasoning ?? part.raw
    )
  }
  let index = 0
  const call = (toolCall: ToolCall): Call => ({
    id: toolCall.id ?? (request.ownTemplate
      ? callId(request.ordinal * 64 + index, 32)
      : `call_${callId(request.ordinal * 64 + index, 8)}`),
    index: index++,
    name: toolCall.name,
    arguments: typeof toolCall.arguments === "string" ? toolCall.arguments : goJson(toolCall.arguments ?? {})
  })
  const event = (part: Part): Event => ({
    reasoning: part.reasoning ?? "",
    text: part.text ?? "",
    calls: (part.toolCalls ?? []).map(call),
    raw: part.raw
  })
  return {
    events: parts.map(event),
    last: last === undefined ? undefined : event(last),
    finish: reply.finishReason === undefined ? "stop" : reply.finishReason,
    usage: reply.usage === undefined ? { inputTokens: 12, outputTokens: outputs } : reply.usage
  }
}

const joined = (answer: Generated): Event => {
  const events = answer.last === undefined ? answer.events : [...answer.events, answer.last]
  return {
    reasoning: events.map((event) => event.reasoning).join(""),
    text: events.map((event) => event.text).join(""),
    calls: events.flatMap((event) => event.calls)
  }
}

// =============================================================================
// Ollama's own API
// =============================================================================

/** RFC 3339 with nanoseconds, as Go prints it: without zeros at the end. */
export const timestamp = (ms: number, nanos: number): string =>
  `${new Date(ms).toISOString().slice(0, -1)}${String(nanos).padStart(6, "0")}`.replace(/\.?0+$/, "") + "Z"

const optional = <A>(value: A, keep: boolean) => keep ? value : undefined

/** `index` is told from 0.17 on; before, only when it is not 0, and never in a whole answer. */
const ollamaCall = (call: Call, generation: Generation, wholeAnswer: boolean) => ({
  id: optional(call.id, generation.callIds),
  function: {
    index: generation.callIds ? call.index : wholeAnswer || call.index === 0 ? undefined : call.index,
    name: call.name,
    arguments: new RawJson(call.arguments === "" ? "{}" : call.arguments)
  }
})

const ollamaObject = (
  request: CompletionRequest,
  generation: Generation,
  event: Event,
  nanos: number,
  end: Generated | undefined,
  wholeAnswer = false
) => {
  const done = end !== undefined && end.finish !== null
  const reason = done ? end.finish : undefined
  const counts = done && end.usage !== null ? end.usage : undefined
  return {
    model: request.model,
    created_at: timestamp(request.now, nanos),
    message: {
      role: "assistant",
      content: event.text,
      thinking: optional(event.reasoning, event.reasoning !== ""),
      tool_calls: optional(event.calls.map((call) => ollamaCall(call, generation, wholeAnswer)), event.calls.length > 0)
    },
    ...(generation.doneReasonFirst ? { done_reason: reason, done } : { done, done_reason: reason }),
    ...(done && {
      total_duration: 5_000_000,
      load_duration: 2_000_000,
      prompt_eval_count: counts?.inputTokens || undefined,
      prompt_eval_duration: 1_000_000,
      eval_count: counts?.outputTokens || undefined,
      eval_duration: optional(1_000_000, generation.emptyDuration || (counts?.outputTokens ?? 0) > 1)
    })
  }
}

const nothing: Event = { reasoning: "", text: "", calls: [] }

const ollamaStream = (request: CompletionRequest, generation: Generation, answer: Generated): ReadonlyArray<string> => {
  const lines = answer.events.map((event, index) =>
    event.raw !== undefined ? event.raw : goJson(ollamaObject(request, generation, event, index + 1, undefined))
  )
  const last = answer.last
  if (last?.raw !== undefined) lines.push(last.raw)
  else if (answer.finish !== null) {
    lines.push(goJson(ollamaObject(request, generation, last ?? nothing, lines.length + 1, answer)))
  } else if (last !== undefined) {
    lines.push(goJson(ollamaObject(request, generation, last, lines.length + 1, undefined)))
  }
  return lines.map((line) => `${line}\n`)
}

// =============================================================================
// the /v1 API
// =============================================================================

const completionsCall = (call: Call, index: number) => ({
  id: call.id,
  index,
  type: "function",
  function: { name: call.name, arguments: call.arguments }
})

const completionsFinish = (finish: string | null, called: boolean, generation: Generation) =>
  called && finish !== null && (finish === "stop" || !generation.openAiShape) ? "tool_calls" : finish

const completionsUsage = (usage: Usage | null) => {
  const { inputTokens, outputTokens } = usage ?? { inputTokens: 0, outputTokens: 0 }
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens }
}

const completionsEnvelope = (request: CompletionRequest, object: string, model = request.model) => ({
  id: `chatcmpl-${(request.ordinal * 37 + 101) % 999}`,
  object,
  created: Math.floor(request.now / 1000),
  model,
  system_fingerprint: "fp_ollama"
})

const completionsWhole = (request: CompletionRequest, generation: Generation, answer: Generated) => {
  const all = joined(answer)
  return {
    ...completionsEnvelope(request, "chat.completion"),
    choices: [{
      index: 0,
      message: {
        role: "assistant",
        content: all.text,
        reasoning: optional(all.reasoning, all.reasoning !== ""),
        tool_calls: optional(
          all.calls.map((call) => completionsCall(call, generation.callIds ? call.index : 0)),
          all.calls.length > 0
        )
      },
      finish_reason: completionsFinish(answer.finish, all.calls.length > 0, generation)
    }],
    usage: completionsUsage(answer.finish === null ? null : answer.usage)
  }
}

/** One element per network chunk; each holds one event, or more. */
const completionsStream = (
  request: CompletionRequest,
  generation: Generation,
  answer: Generated,
  lost: boolean
): ReadonlyArray<string> => {
  const envelope = completionsEnvelope(request, "chat.completion.chunk")
  const data = (value: unknown) => `data: ${goJson(value)}\n\n`
  let started = false
  const chunk = (delta: Record<string, unknown>, finish: string | null, model = request.model) => {
    const role = generation.openAiShape && started ? {} : { role: "assistant" }
    started = true
    return data({ ...envelope, model, choices: [{ index: 0, delta: { ...role, ...delta }, finish_reason: finish }] })
  }
  const delta = (event: Event, finish: string | null) => {
    if (event.raw !== undefined) return `data: ${event.raw}\n\n`
    const reasoning = optional(event.reasoning, event.reasoning !== "")
    const calls = optional(event.calls.map((call) => completionsCall(call, call.index)), event.calls.length > 0)
    if (!generation.splitsDeltas || reasoning === undefined || (event.text === "" && calls === undefined)) {
      return chunk({ content: event.text, reasoning, tool_calls: calls }, finish)
    }
    const first = chunk({ content: optional("", !generation.openAiShape), reasoning }, null)
    return first + chunk({ content: event.text, tool_calls: calls }, finish)
  }
  const chunks = answer.events.map((event) => delta(event, null))
  const called = [...answer.events, ...(answer.last === undefined ? [] : [answer.last])].some((event) =>
    event.calls.length > 0
  )
  if (lost) return [...chunks, chunk({ content: "" }, null, "")]
  if (answer.finish === null) return answer.last === undefined ? chunks : [...chunks, delta(answer.last, null)]
  const finish = completionsFinish(answer.finish, called, generation)
  let end = ""
  if (!generation.openAiShape) end = delta(answer.last ?? nothing, finish)
  else {
    if (answer.last !== undefined || !started) end = delta(answer.last ?? nothing, null)
    end += data({ ...envelope, choices: [{ index: 0, delta: {}, finish_reason: finish }] })
  }
  if (request.includeUsage) end += data({ ...envelope, choices: [], usage: completionsUsage(answer.usage) })
  return [...chunks, `${end}data: [DONE]\n\n`]
}

// =============================================================================
// both
// =============================================================================

const crashed = "an error was encountered while running the model: unexpected EOF"

/** The plan of an answer. The faults of sending are applied to it afterwards. */
export const completion = (
  reply: Reply,
  faults: ReadonlyArray<Fault>,
  request: CompletionRequest,
  generation: Generation
): Plan => {
  const delays = typeof reply.delayMs === "number" ? { head: 0, chunk: reply.delayMs } : reply.delayMs
  const delay = { head: delays?.head ?? 0, chunk: delays?.chunk ?? 0 }
  if (reply.raw !== undefined) {
    const plan = raw(reply.raw, delay.head)
    return { ...plan, chunks: plan.chunks.map((c, index) => ({ ...c, delay: index === 0 ? 0 : delay.chunk })) }
  }
  let answer = generatedOf(reply, request, generation)
  const error = faults.find((fault) => fault.type === "error")
  const end = faults.find((fault) => fault.type === "end")
  const after = (error ?? end)?.after
  if (error !== undefined && (after === undefined || after <= 0 || !request.stream)) {
    return failure(generation, request.api, 500, error.message ?? crashed, {
      chunked: request.stream,
      delay: delay.head
    })
  }
  if (error !== undefined || end !== undefined) {
    const events = after === undefined ? answer.events : answer.events.slice(0, after)
    answer = { ...answer, events, last: undefined, finish: null }
  }
  if (request.stream) {
    if (request.api === "openai-completions") {
      return streamed("text/event-stream", completionsStream(request, generation, answer, error !== undefined), delay)
    }
    const lines = ollamaStream(request, generation, answer)
    const line = error === undefined ? [] : [`${goJson({ error: error.message ?? crashed })}\n`]
    return streamed(ndjson, [...lines, ...line], delay)
  }
  // nothing is sent before the generation is over
  const wait = { delay: delay.head + delay.chunk * answer.events.length }
  return request.api === "openai-completions"
    ? whole(200, "application/json", `${goJson(completionsWhole(request, generation, answer))}\n`, wait)
    : whole(200, ginJson, goJson(ollamaObject(request, generation, joined(answer), 1, answer, true)), wait)
}

/** The answer to a request without messages. */
export const loaded = (request: CompletionRequest, generation: Generation, reason: "load" | "unload"): Plan => {
  const { created_at, message, model } = ollamaObject(request, generation, nothing, 1, undefined)
  const end = generation.doneReasonFirst ? { done_reason: reason, done: true } : { done: true, done_reason: reason }
  return whole(200, ginJson, goJson({ model, created_at, message, ...end }))
}
