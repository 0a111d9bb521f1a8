/**
 * `@effect/ai-openai` pointed at an Ollama: a fake of its `/v1/responses` and `/v1/embeddings`, which answers with the
 * events that real servers send.
 */
import { OpenAiClient, OpenAiEmbeddingModel, OpenAiLanguageModel } from "@effect/ai-openai"
import { HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { Effect, Layer, Redacted } from "effect"

export interface Reply {
  readonly text?: string | ReadonlyArray<string>
  readonly reasoning?: ReadonlyArray<string>
  readonly calls?: ReadonlyArray<{ readonly name: string; readonly arguments: string }>
  /** The connection closes before the end is told. */
  readonly cut?: boolean
  /** The connection breaks before the end is told. */
  readonly reset?: boolean
  /** Says nothing more after its first events. */
  readonly stall?: boolean
  readonly status?: { readonly status: number; readonly message: string }
  readonly refused?: boolean
}

export interface Seen {
  readonly path: string
  readonly body: { readonly [key: string]: unknown }
}

const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 13
}

const response = (status: string, output: ReadonlyArray<unknown>) => ({
  id: "resp_1",
  object: "response",
  created_at: 1795371389,
  status,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  model: "m",
  output,
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: false,
  temperature: 1,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  truncation: "disabled",
  usage: status === "completed" ? usage : null,
  metadata: {}
})

const pieces = (text: Reply["text"]): ReadonlyArray<string> => typeof text === "string" ? [text] : text ?? []

const textPart = (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] })

/** The items of an answer: Ollama gives the calls or the text, never both. */
const itemsOf = (reply: Reply) => [
  ...(reply.reasoning === undefined ? [] : [{
    id: "rs_1",
    type: "reasoning",
    summary: [{ type: "summary_text", text: reply.reasoning.join("") }],
    encrypted_content: reply.reasoning.join("")
  }]),
  ...(reply.calls ?? []).map((call, i) => ({
    id: `fc_${i}`,
    type: "function_call",
    status: "completed",
    call_id: `call_${i}`,
    ...call
  })),
  ...(reply.calls === undefined
    ? [{
      id: "msg_1",
      type: "message",
      status: "completed",
      role: "assistant",
      content: [textPart(pieces(reply.text).join(""))]
    }]
    : [])
]

const eventsOf = (reply: Reply): ReadonlyArray<string> => {
  const out: Array<string> = []
  const push = (type: string, fields: object) =>
    out.push(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: out.length, ...fields })}\n\n`)
  push("response.created", { response: response("in_progress", []) })
  push("response.in_progress", { response: response("in_progress", []) })
  for (const [output_index, item] of itemsOf(reply).entries()) {
    const at = { output_index, item_id: item.id }
    if (item.type === "reasoning") {
      push("response.output_item.added", { output_index, item: { ...item, summary: [] } })
      for (const delta of reply.reasoning!) {
        push("response.reasoning_summary_text.delta", { ...at, summary_index: 0, delta })
      }
    } else if (item.type === "function_call") {
      const { arguments: text } = item as unknown as { arguments: string }
      push("response.output_item.added", { output_index, item: { ...item, status: "in_progress", arguments: "" } })
      push("response.function_call_arguments.delta", { ...at, delta: text })
      push("response.function_call_arguments.done", { ...at, arguments: text })
    } else {
      push("response.output_item.added", { output_index, item: { ...item, status: "in_progress", content: [] } })
      push("response.content_part.added", { ...at, content_index: 0, part: textPart("") })
      for (const delta of pieces(reply.text)) {
        push("response.output_text.delta", { ...at, content_index: 0, delta, logprobs: [] })
      }
      if (reply.cut === true || reply.reset === true || reply.stall === true) return out
    }
    push("response.output_item.done", { output_index, item })
  }
  push("response.completed", { response: response("completed", itemsOf(reply)) })
  return out
}

const json = (value: unknown, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } })

const streamed = (reply: Reply) =>
  new Response(
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const event of eventsOf(reply)) controller.enqueue(new TextEncoder().encode(event))
        if (reply.reset !== true && reply.stall !== true) controller.close()
      },
      // Not at once: what is queued would be lost with it.
      pull(controller) {
        if (reply.reset === true) controller.error(new TypeError("terminated"))
      }
    }),
    { headers: { "content-type": "text/event-stream" } }
  )

const answer = (body: Seen["body"], reply: Reply): Response => {
  if (reply.status !== undefined) {
    const { message, status } = reply.status
    return json({ error: { message, type: "api_error", param: null, code: null } }, status)
  }
  return body["stream"] === true ? streamed(reply) : json(response("completed", itemsOf(reply)))
}

const embeddings = (input: unknown) => ({
  object: "list",
  model: "embed",
  data: (input as ReadonlyArray<string>).map((text, index) => ({
    object: "embedding",
    index,
    embedding: [text.length]
  })),
  usage: { prompt_tokens: 1, total_tokens: 1 }
})

/** The client of OpenAI's provider; the replies are used in order, the last one again. */
export const openAiClient = (replies: ReadonlyArray<Reply>, seen: Array<Seen> = []) => {
  let next = 0
  const client = HttpClient.make((request, url) => {
    const body = JSON.parse(
      new TextDecoder().decode((request.body as unknown as { readonly body: Uint8Array }).body)
    ) as Seen["body"]
    seen.push({ path: url.pathname, body })
    if (url.pathname === "/v1/embeddings") {
      return Effect.succeed(HttpClientResponse.fromWeb(request, json(embeddings(body["input"]))))
    }
    const reply = replies[Math.min(next++, replies.length - 1)]!
    return reply.refused === true
      ? Effect.fail(
        new HttpClientError.RequestError({ request, reason: "Transport", cause: new TypeError("fetch failed") })
      )
      : Effect.succeed(HttpClientResponse.fromWeb(request, answer(body, reply)))
  })
  return OpenAiClient.layer({ apiUrl: "http://127.0.0.1:11434/v1", apiKey: Redacted.make("ollama") }).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
  )
}

/** Language and embedding model of OpenAI's provider. */
export const openAi = (
  replies: ReadonlyArray<Reply>,
  seen: Array<Seen> = [],
  config: Parameters<typeof OpenAiLanguageModel.layer>[0]["config"] = {}
) =>
  Layer.merge(
    OpenAiLanguageModel.layer({ model: "m", config }),
    OpenAiEmbeddingModel.layerBatched({ model: "embed" })
  ).pipe(Layer.provide(openAiClient(replies, seen)))
