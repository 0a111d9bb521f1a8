/**
 * A fake Ollama in a process of its own, on a bare socket and with bytes made beforehand, so that it costs as little as
 * can be beside the clients that are measured. The first part of the path says how to answer:
 *
 *   /each/N    N deltas, one HTTP chunk per event (as Ollama sends them)
 *   /joined/N  N deltas, 64 events per HTTP chunk (as a proxy in between sends them)
 *   /paced/N   N deltas, 1 ms apart, each with the time at which it was sent
 *   /held/N    64 deltas, all but the first of them only once N such streams are open
 *   /loop/N    a call of a tool in N - 1 answers, then words, by how many results the conversation has
 *   /vectors/N 100 vectors of N numbers
 *   /models/N  N installed models, 25 KB of answer per show
 *   /stat      bytes that the connection of the last stream has taken
 *
 * and the rest is a path of Ollama: /v1/chat/completions, /v1/responses, /api/chat, /api/embed, /api/tags, /api/show.
 */
import { createServer } from "node:net"
import { argv, hrtime, stdout } from "node:process"

const words = " the quick brown fox jumps over a lazy dog, while it rains in Spain; and then?".match(/ \S+/g)
const eventsPerBlock = 256

const id =
  "\"id\":\"chatcmpl-949\",\"object\":\"chat.completion.chunk\",\"created\":1795371389,\"model\":\"bench:latest\","
  + "\"system_fingerprint\":\"fp_ollama\""
const v1Delta = (text) =>
  `data: {${id},"choices":[{"index":0,"delta":{"role":"assistant","content":${
    JSON.stringify(text)
  }},"finish_reason":null}]}\n\n`
const nativeDelta = (text) =>
  `{"model":"bench:latest","created_at":"2026-11-22T18:16:29.619146781Z","message":{"role":"assistant","content":${
    JSON.stringify(text)
  }},"done":false}\n`
const responsesDelta = (text) =>
  `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_949","output_index":0,"content_index":0,"delta":${
    JSON.stringify(text)
  },"logprobs":[]}\n\n`

const response = (status, output, usage) => ({
  id: "resp_949",
  object: "response",
  created_at: 1795371389,
  status,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  model: "bench:latest",
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
  usage,
  metadata: {}
})
const item = (status, content) => ({ id: "msg_949", type: "message", status, role: "assistant", content })
const part = (text) => ({ type: "output_text", text, annotations: [], logprobs: [] })
const event = (type, fields) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 0, ...fields })}\n\n`
const responsesUsage = {
  input_tokens: 12,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 18,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 30
}
const answer = "Hello there! I am a scripted model, and every word of this answer was written in advance."

const dialects = {
  "/v1/chat/completions": {
    type: "text/event-stream",
    delta: v1Delta,
    start: "",
    end: `data: {${id},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]}\n\n`
      + `data: {${id},"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":18,"total_tokens":30}}\n\ndata: [DONE]\n\n`,
    whole: {
      id: "chatcmpl-426",
      object: "chat.completion",
      created: 1795371389,
      model: "bench:latest",
      system_fingerprint: "fp_ollama",
      choices: [{ index: 0, message: { role: "assistant", content: answer }, finish_reason: "stop" }],
      usage: { prompt_tokens: 12, completion_tokens: 18, total_tokens: 30 }
    }
  },
  "/api/chat": {
    type: "application/x-ndjson",
    delta: nativeDelta,
    start: "",
    end:
      "{\"model\":\"bench:latest\",\"created_at\":\"2026-11-22T18:16:29.7Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
      + "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":9,\"load_duration\":1,\"prompt_eval_count\":12,"
      + "\"prompt_eval_duration\":1,\"eval_count\":18,\"eval_duration\":7}\n",
    whole: {
      model: "bench:latest",
      created_at: "2026-11-22T18:16:29.612133319Z",
      message: { role: "assistant", content: answer },
      done: true,
      done_reason: "stop",
      total_duration: 5161531,
      load_duration: 1,
      prompt_eval_count: 12,
      prompt_eval_duration: 1,
      eval_count: 18,
      eval_duration: 7
    }
  },
  "/v1/responses": {
    type: "text/event-stream",
    delta: responsesDelta,
    start: event("response.created", { response: response("in_progress", [], null) })
      + event("response.output_item.added", { output_index: 0, item: item("in_progress", []) })
      + event("response.content_part.added", { item_id: "msg_949", output_index: 0, content_index: 0, part: part("") }),
    end: event("response.output_item.done", { output_index: 0, item: item("completed", [part(answer)]) })
      + event("response.completed", {
        response: response("completed", [item("completed", [part(answer)])], responsesUsage)
      }),
    whole: response("completed", [item("completed", [part(answer)])], responsesUsage)
  }
}

const heldDeltas = 64
const httpChunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const block = (delta, perChunk, events = eventsPerBlock) => {
  let out = ""
  for (let at = 0; at < events; at += perChunk) {
    let text = ""
    for (let i = at; i < at + perChunk; i++) text += delta(words[i % words.length])
    out += httpChunk(text)
  }
  return Buffer.from(out)
}
for (const dialect of Object.values(dialects)) {
  dialect.each = block(dialect.delta, 1)
  dialect.joined = block(dialect.delta, 64)
  dialect.held = block(dialect.delta, 1, heldDeltas - 1)
  dialect.head = Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: ${dialect.type}\r\nTransfer-Encoding: chunked\r\n\r\n`
      + (dialect.start === "" ? "" : httpChunk(dialect.start))
  )
  dialect.tail = Buffer.from(`${httpChunk(dialect.end)}0\r\n\r\n`)
}

const json = (value) => {
  const body = typeof value === "string" ? value : JSON.stringify(value)
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}
for (const dialect of Object.values(dialects)) dialect.wholeBytes = json(dialect.whole)

const show = json(
  `{"license":${JSON.stringify("Permission is hereby granted. ".repeat(400))},"modelfile":${
    JSON.stringify("# Modelfile generated by \"ollama show\"\nFROM bench:latest\n".repeat(60))
  },"template":${
    JSON.stringify("{{ if .System }}<|start|>{{ .System }}<|end|>{{ end }}\n".repeat(140))
  },"details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"parameter_size":"8.0B","quantization_level":"Q4_K_M"},"model_info":{"general.architecture":"llama","general.parameter_count":8030261248,"llama.attention.head_count":32,"llama.context_length":131072,"llama.embedding_length":4096,"tokenizer.ggml.merges":null,"tokenizer.ggml.tokens":null},"capabilities":["completion","tools"],"modified_at":"2026-11-22T18:16:29.094363111Z"}`
)

const tagsCache = new Map()
const tags = (n) => {
  let bytes = tagsCache.get(n)
  if (bytes === undefined) {
    const models = Array.from({ length: n }, (_, i) => ({
      name: `bench-${i}:latest`,
      model: `bench-${i}:latest`,
      modified_at: "2026-11-22T18:16:29.094363111Z",
      size: 4920753328,
      digest: i.toString(16).padStart(64, "0"),
      details: {
        parent_model: "",
        format: "gguf",
        family: "llama",
        families: ["llama"],
        parameter_size: "8.0B",
        quantization_level: "Q4_K_M"
      }
    }))
    tagsCache.set(n, bytes = json({ models }))
  }
  return bytes
}

let lastStream
let requests = 0

/** Whole blocks, then what is left one by one: each write waits for the one before, so that a slow client slows us. */
const stream = (socket, dialect, mode, n) => {
  lastStream = socket
  socket.cork()
  socket.write(dialect.head)
  let left = n
  const bytes = dialect[mode]
  const next = () => {
    if (socket.destroyed) return
    if (left >= eventsPerBlock) {
      left -= eventsPerBlock
      if (socket.write(bytes)) next()
      else socket.once("drain", next)
      return
    }
    let rest = ""
    for (let i = 0; i < left; i++) {
      const text = dialect.delta(words[i % words.length])
      rest += mode === "each" ? httpChunk(text) : text
    }
    socket.write(rest === "" || mode === "each" ? rest : httpChunk(rest))
    socket.write(dialect.tail)
    socket.uncork()
  }
  next()
  socket.uncork()
}

const paced = (socket, dialect, n) => {
  socket.write(dialect.head)
  let left = n
  const timer = setInterval(() => {
    if (socket.destroyed) return clearInterval(timer)
    if (left-- > 0) return socket.write(httpChunk(dialect.delta(` ${hrtime.bigint()}`)))
    clearInterval(timer)
    socket.write(dialect.tail)
  }, 1)
}

// As Go writes numbers of 32 bits.
const vectorsCache = new Map()
const vectors = (dimensions) => {
  let bytes = vectorsCache.get(dimensions)
  if (bytes === undefined) {
    let state = 1
    const number = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Number(((state / 2 ** 32 - 0.5) / 10).toPrecision(8))
    }
    const embeddings = Array.from({ length: 100 }, () => Array.from({ length: dimensions }, number))
    vectorsCache.set(
      dimensions,
      bytes = json({ model: "bench:latest", embeddings, total_duration: 9, load_duration: 1, prompt_eval_count: 700 })
    )
  }
  return bytes
}

const callLine =
  "{\"model\":\"bench:latest\",\"created_at\":\"2026-11-22T18:16:29.619146781Z\",\"message\":{\"role\":\"assistant\",\"content\":"
  + "\"\",\"tool_calls\":[{\"id\":\"call_949\",\"function\":{\"index\":0,\"name\":\"look_up\",\"arguments\":{\"word\":\"sky\"}}}]},"
  + "\"done\":false}\n"

/** An answer of a conversation of `n` answers. */
const turn = (socket, dialect, n, body) => {
  const results = body.split("\"role\":\"tool\"").length - 1
  socket.cork()
  socket.write(dialect.head)
  if (results < n - 1) socket.write(httpChunk(callLine))
  else for (const word of words) socket.write(httpChunk(dialect.delta(word)))
  socket.write(dialect.tail)
  socket.uncork()
}

const waiting = new Map()

const hold = (socket, dialect, n) => {
  socket.write(dialect.head)
  socket.write(httpChunk(dialect.delta(words[0])))
  waiting.set(socket, dialect)
  if (waiting.size < n) return
  for (const [socket, dialect] of waiting) {
    socket.cork()
    socket.write(dialect.held)
    socket.write(dialect.tail)
    socket.uncork()
  }
  waiting.clear()
}

const respond = (socket, target, body) => {
  requests++
  const [, mode, count, path] = /^\/([a-z]+)(?:\/(\d+))?(\/.*)?$/.exec(target) ?? []
  const n = Number(count)
  if (mode === "stat") {
    return socket.write(json({ taken: (lastStream?.bytesWritten ?? 0) - (lastStream?.writableLength ?? 0), requests }))
  }
  if (path === "/api/tags") return socket.write(tags(n))
  if (path === "/api/show") return socket.write(show)
  if (path === "/api/version") return socket.write(json({ version: "0.24.0" }))
  if (path === "/api/embed") return socket.write(vectors(n))
  const dialect = dialects[path]
  if (dialect === undefined) return socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
  const wantsStream = path === "/api/chat" ? !body.includes("\"stream\":false") : body.includes("\"stream\":true")
  if (!wantsStream) return socket.write(dialect.wholeBytes)
  if (mode === "loop") return turn(socket, dialect, n, body)
  if (mode === "paced") return paced(socket, dialect, n)
  if (mode === "held") return hold(socket, dialect, n)
  stream(socket, dialect, mode, n)
}

const server = createServer({ noDelay: true }, (socket) => {
  let buffer = ""
  socket.on("error", () => {})
  socket.on("close", () => waiting.delete(socket))
  socket.setEncoding("latin1")
  socket.on("data", (text) => {
    buffer += text
    for (;;) {
      const end = buffer.indexOf("\r\n\r\n")
      if (end < 0) return
      const head = buffer.slice(0, end)
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
      if (buffer.length < end + 4 + length) return
      const body = buffer.slice(end + 4, end + 4 + length)
      buffer = buffer.slice(end + 4 + length)
      respond(socket, head.slice(head.indexOf(" ") + 1, head.indexOf(" HTTP/")), body)
    }
  })
})
// Thousands of connections come at once.
server.listen(
  { port: Number(argv[2] ?? 0), host: "127.0.0.1", backlog: 4096 },
  () => stdout.write(`${server.address().port}\n`)
)
