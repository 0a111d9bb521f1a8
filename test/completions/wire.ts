/** Events as they stand on the wire, written down by hand. */
import type { Model } from "effect-ollama"

interface Wire {
  readonly contentType: string
  readonly text: (text: string) => string
  readonly call: (call: { readonly id?: string; readonly name: string; readonly arguments: string }) => string
  /** The finish, without usage. */
  readonly finish: string
  /** The usage that comes after it; native servers give it with the finish. */
  readonly usage: string
  /** An event of that JSON. */
  readonly raw: (json: string) => string
  /** `[DONE]`; native streams have no such thing. */
  readonly done: string
  /** A whole answer. */
  readonly whole: (text: string) => string
}

const chunk = (delta: string, finish = "null") =>
  `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]}`

const data = (json: string) => `data: ${json}\n\n`

const line = (content: string, more = "", done = "\"done\":false") =>
  `{"model":"m","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":${
    JSON.stringify(content)
  }${more}},${done}}\n`

export const wire: Readonly<Record<Model.Api, Wire>> = {
  "openai-completions": {
    contentType: "text/event-stream",
    text: (text) => data(chunk(JSON.stringify({ content: text }))),
    call: ({ arguments: text, id, name }) =>
      data(chunk(JSON.stringify({ tool_calls: [{ id, index: 0, function: { name, arguments: text } }] }))),
    finish: data(chunk("{}", "\"stop\"")),
    usage: data("{\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}"),
    raw: data,
    done: "data: [DONE]\n\n",
    whole: (text) =>
      `{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":${
        JSON.stringify(text)
      }},"finish_reason":"stop"}]}\n`
  },
  ollama: {
    contentType: "application/x-ndjson",
    text: (text) => line(text),
    call: ({ arguments: text, id, name }) =>
      line(
        "",
        `,"tool_calls":[{${
          id === undefined ? "" : `"id":${JSON.stringify(id)},`
        }"function":{"name":"${name}","arguments":${text}}}]`
      ),
    // the finish of MLX runners: the line that says `done` is still to come
    finish: line("", "", "\"done_reason\":\"stop\""),
    usage: line("", "", "\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":3,\"eval_count\":4"),
    raw: (json) => `${json}\n`,
    done: "",
    whole: (text) => line(text, "", "\"done\":true,\"done_reason\":\"stop\"")
  }
}
