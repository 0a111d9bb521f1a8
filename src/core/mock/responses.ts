/** `/v1/responses`: the items and events that a server makes of a chat. */
import { isRecord, type JsonRecord, stringOf } from "../json.js"
import { bindResponse } from "./checks.js"
import type { CompletionRequest } from "./completion.js"
import { type ChatLine, derive } from "./derived.js"
import type { Generation } from "./generation.js"
import { goJson } from "./goJson.js"
import { bindFailure, type Plan } from "./plan.js"

// =============================================================================
// what is refused
// =============================================================================

const itemTypes = new Set(["message", "function_call", "function_call_output", "reasoning"])
const contentTypes = new Set(["input_text", "input_image", "output_text", "input_file"])

const contentMistake = (content: unknown): string | undefined => {
  for (const part of Array.isArray(content) ? content.filter(isRecord) : []) {
    const type = stringOf(part, "type") ?? ""
    if (!contentTypes.has(type)) return `unknown content type: ${type}`
    if (type === "input_file") return "file inputs are not currently supported"
  }
  return undefined
}

const inputMistake = (input: unknown): string | undefined => {
  if (input === undefined || typeof input === "string") return undefined
  if (!Array.isArray(input)) return "input must be a string or array"
  for (const [index, item] of input.entries()) {
    const { content, role, type } = isRecord(item) ? item : {} as JsonRecord
    const kind = type ?? (typeof role === "string" ? "message" : "")
    if (kind === "") return `input[${index}]: input item missing required 'type' field`
    if (!itemTypes.has(String(kind))) return `input[${index}]: unknown input item type: ${JSON.stringify(kind)}`
    const mistake = contentMistake(content)
    if (mistake !== undefined) return mistake.startsWith("unknown") ? `input[${index}]: ${mistake}` : mistake
  }
  return undefined
}

export const bindResponses = (json: JsonRecord, generation: Generation): Plan | undefined => {
  const mistake = inputMistake(json["input"])
  return mistake === undefined ? bindResponse(json, generation) : bindFailure("openai-completions", mistake)
}

/** Nothing to answer: the model is only loaded. */
export const saysNothing = ({ input, instructions }: JsonRecord): boolean =>
  (typeof input === "string" ? input === "" : !Array.isArray(input) || input.length === 0) &&
  (instructions === undefined || instructions === "")

// =============================================================================
// what is answered
// =============================================================================

const textPart = (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] })

const message = (id: string, status: string, content: ReadonlyArray<object>) => ({
  id,
  type: "message",
  status,
  role: "assistant",
  content
})

const reasoned = (id: string, text: string) => ({
  id,
  type: "reasoning",
  summary: [{ type: "summary_text", text }],
  encrypted_content: text
})

const called = (id: string, { arguments: args, id: call_id, name }: ChatLine["calls"][number], status: string) => ({
  id,
  type: "function_call",
  status,
  call_id,
  name,
  arguments: args
})

const usageOf = ({ inputTokens, outputTokens }: ChatLine) => ({
  input_tokens: inputTokens,
  output_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 }
})

interface State {
  readonly status: "in_progress" | "completed"
  readonly output: ReadonlyArray<object>
  readonly usage: object | null
}

/** The whole response, with what was asked for said again. It is `completed` also where it was cut. */
const responseOf = (id: string, json: JsonRecord, request: CompletionRequest, { output, status, usage }: State) => {
  const created = Math.floor(request.now / 1000)
  const reasoning = isRecord(json["reasoning"]) ? json["reasoning"] : {}
  const { effort = null, summary = null } = reasoning
  return {
    id,
    object: "response",
    created_at: created,
    completed_at: status === "completed" ? created : null,
    status,
    incomplete_details: null,
    model: request.model,
    previous_response_id: null,
    instructions: json["instructions"] || null,
    output,
    error: null,
    tools: json["tools"] ?? [],
    tool_choice: "auto",
    truncation: json["truncation"] ?? "disabled",
    parallel_tool_calls: true,
    text: { format: isRecord(json["text"]) && json["text"]["format"] ? json["text"]["format"] : { type: "text" } },
    top_p: json["top_p"] ?? 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    temperature: json["temperature"] ?? 1,
    reasoning: effort === null && summary === null ? null : { effort, summary },
    usage,
    max_output_tokens: json["max_output_tokens"] ?? null,
    max_tool_calls: null,
    store: false,
    background: json["background"] ?? false,
    service_tier: "default",
    metadata: {},
    safety_identifier: null,
    prompt_cache_key: null
  }
}

/** Events are maps in Go, whose keys come out sorted. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : isRecord(value)
    ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
    : value

/** Follows a chat line by line and says what each of them adds. */
class Events {
  private number = 0
  private index = 0
  private text = ""
  private started = false
  private reasoning = ""
  private reasons: "not yet" | "now" | "over" = "not yet"
  private calls: Array<object> = []

  constructor(
    private readonly ordinal: number,
    private readonly respond: (state: State) => object
  ) {}

  private event(type: string, data: object): string {
    return `event: ${type}\ndata: ${goJson(sorted({ ...data, type, sequence_number: this.number++ }))}\n\n`
  }

  private get messageId() {
    return `msg_${this.ordinal}`
  }

  private get reasoningId() {
    return `rs_${this.ordinal}`
  }

  private added(item: object, output_index = this.index) {
    return this.event("response.output_item.added", { output_index, item })
  }

  private done(item: object, output_index = this.index) {
    return this.event("response.output_item.done", { output_index, item })
  }

  private begin(): string {
    if (this.number > 0) return ""
    const response = this.respond({ status: "in_progress", output: [], usage: null })
    return this.event("response.created", { response }) + this.event("response.in_progress", { response })
  }

  private reason(delta: string): string {
    if (delta === "") return ""
    const begins = this.reasons === "not yet"
      ? this.added({ id: this.reasoningId, type: "reasoning", summary: [] })
      : ""
    if (begins !== "") this.reasons = "now"
    this.reasoning += delta
    const where = { item_id: this.reasoningId, output_index: this.index, summary_index: 0 }
    return begins + this.event("response.reasoning_summary_text.delta", { ...where, delta })
  }

  private endReasoning(): string {
    if (this.reasons !== "now") return ""
    this.reasons = "over"
    const where = { item_id: this.reasoningId, output_index: this.index, summary_index: 0 }
    const events = this.event("response.reasoning_summary_text.done", { ...where, text: this.reasoning }) +
      this.done(reasoned(this.reasoningId, this.reasoning))
    this.index++
    return events
  }

  private call(call: ChatLine["calls"][number], at: number): string {
    const id = `fc_${this.ordinal}_${this.calls.length}`
    const where = { item_id: id, output_index: this.index + at }
    const item = called(id, call, "completed")
    this.calls.push(item)
    return this.added({ ...item, status: "in_progress", arguments: "" }, where.output_index) +
      this.event("response.function_call_arguments.delta", { ...where, delta: call.arguments }) +
      this.event("response.function_call_arguments.done", { ...where, arguments: call.arguments }) +
      this.done(item, where.output_index)
  }

  private get where() {
    return { item_id: this.messageId, output_index: this.index, content_index: 0 }
  }

  private say(delta: string): string {
    if (delta === "") return ""
    const before = this.endReasoning()
    const begins = this.started
      ? ""
      : this.added(message(this.messageId, "in_progress", [])) +
        this.event("response.content_part.added", { ...this.where, part: textPart("") })
    this.started = true
    this.text += delta
    return before + begins + this.event("response.output_text.delta", { ...this.where, delta, logprobs: [] })
  }

  private complete(line: ChatLine): string {
    const spoke = this.started && this.calls.length === 0
    const item = message(this.messageId, "completed", [textPart(this.text)])
    const before = this.endReasoning()
    const ends = spoke
      ? this.event("response.output_text.done", { ...this.where, text: this.text, logprobs: [] }) +
        this.event("response.content_part.done", { ...this.where, part: textPart(this.text) }) +
        this.done(item)
      : ""
    const output = [
      ...(this.reasons === "over" ? [reasoned(this.reasoningId, this.reasoning)] : []),
      ...(spoke ? [item] : this.calls)
    ]
    const response = this.respond({ status: "completed", output, usage: usageOf(line) })
    return before + ends + this.event("response.completed", { response })
  }

  readonly of = (line: ChatLine): string => {
    const begins = this.begin() + this.reason(line.reasoning)
    const calls = line.calls.length > 0
      ? this.endReasoning() + line.calls.map((call, i) => this.call(call, i)).join("")
      : ""
    // after a call all text is lost
    const text = this.calls.length === 0 ? this.say(line.text) : ""
    return begins + calls + text + (line.done ? this.complete(line) : "")
  }
}

const wholeOf = (id: string, ordinal: number, line: ChatLine): ReadonlyArray<object> => [
  ...(line.reasoning === "" ? [] : [reasoned(`rs_${id}`, line.reasoning)]),
  ...(line.calls.length > 0
    ? line.calls.map((call, index) => called(`fc_${id}_${index}`, call, "completed"))
    : [message(`msg_${ordinal}`, "completed", [textPart(line.text)])])
]

/** The answer of a chat in the form of `/v1/responses`. */
export const response = (
  plan: Plan,
  json: JsonRecord,
  request: CompletionRequest,
  generation: Generation
): Plan => {
  const ordinal = (request.ordinal * 7919 + 101) % 999_999
  const id = `resp_${ordinal}`
  const respond = (state: State) => responseOf(id, json, request, state)
  if (request.stream) return derive(plan, request, generation, new Events(ordinal, respond).of)
  return derive(plan, request, generation, (line) => {
    const output = wholeOf(id, ordinal, line)
    return `${goJson(respond({ status: "completed", output, usage: usageOf(line) }))}\n`
  })
}
