/** What the core of `@effect/ai` asks a provider for, as a request of this library. */
import * as Either from "effect/Either"
import type { Ignored, ToolChoice } from "../../Chat.js"
import type {
  AssistantPart,
  ImagePart,
  JsonObject,
  Message,
  Metadata,
  TextPart,
  ToolCall,
  ToolMessage
} from "../../Message.js"
import { toolCallsOf } from "../../Message.js"
import type { InvalidRequest } from "../../OllamaError.js"
import { isPlain, nearest, own, stringOf, write } from "../json.js"
import { invalid } from "../request/plain.js"
import { failureText, resultText } from "../request/toolResult.js"
import type * as Encoded from "./encoded.js"

type Result<A> = Either.Either<A, InvalidRequest>

/** What is asked for. */
export interface Asked {
  readonly prompt: ReadonlyArray<Encoded.Message>
  readonly tools: ReadonlyArray<Encoded.Tool>
  readonly toolChoice: Encoded.ToolChoice
  /** Whether the answer is to be an object of a schema. */
  readonly isObject: boolean
}

/** What is sent. */
export interface Request {
  readonly prompt: ReadonlyArray<Message>
  readonly tools: ReadonlyArray<Encoded.Tool>
  readonly toolChoice: ToolChoice
  /** What messages say about how to answer. */
  readonly options: JsonObject
  readonly ignored: ReadonlyArray<Ignored>
}

export const make = ({ isObject, prompt, toolChoice, tools }: Asked): Result<Request> => {
  const ignored: Array<Ignored> = []
  const chosen = choose(tools, toolChoice, isObject, ignored)
  if (Either.isLeft(chosen)) return Either.left(chosen.left)
  return Either.map(
    messages(prompt, ignored),
    (messages) => ({ ...chosen.right, prompt: messages, options: optionsOf(prompt), ignored })
  )
}

// =============================================================================
// tools
// =============================================================================

const noTools = { tools: [], toolChoice: "none" } as const

const choose = (
  all: ReadonlyArray<Encoded.Tool>,
  choice: Encoded.ToolChoice,
  isObject: boolean,
  ignored: Array<Ignored>
): Result<Pick<Request, "tools" | "toolChoice">> => {
  const names = typeof choice !== "object" ? undefined : "oneOf" in choice ? choice.oneOf : [choice.tool]
  const tools = names === undefined ? all : all.filter((tool) => names.includes(tool.name))
  const wanted: ToolChoice = typeof choice !== "object" ? choice : "tool" in choice ? choice : choice.mode ?? "auto"
  // The core leaves them in.
  if (wanted === "none") return Either.right(noTools)
  if (isObject) return withoutTools(tools.length, wanted, ignored)
  const hosted = tools.find((tool) => tool.isProviderDefined)
  if (hosted !== undefined) {
    return invalid("tools", `${hosted.name} is a tool that a hosted provider runs itself; an Ollama has none of those`)
  }
  return Either.right({ tools, toolChoice: wanted })
}

// A format forces the object, and calls are made in no other form than text: one answer cannot be both.
const withoutTools = (
  count: number,
  wanted: ToolChoice,
  ignored: Array<Ignored>
): Result<Pick<Request, "tools" | "toolChoice">> => {
  if (wanted !== "auto") {
    return invalid(
      "toolChoice",
      "an answer that must be an object cannot be a tool call: run the tools in a call before it"
    )
  }
  if (count > 0) {
    ignored.push({
      setting: "tools",
      reason: "An answer that must be an object cannot call tools: run them in a call before it"
    })
  }
  return Either.right(noTools)
}

// =============================================================================
// options
// =============================================================================

const ollamaOf = (given: { readonly options?: Encoded.ProviderOptions | undefined }): JsonObject => {
  const options = own(given.options, "ollama")
  return isPlain(options) ? options : {}
}

const settings = ["think", "numCtx", "keepAlive"]

/** Those of system messages hold for the conversation, those of the last user message for the answer to it. */
const optionsOf = (prompt: ReadonlyArray<Encoded.Message>): JsonObject => {
  const last = prompt.findLast((message) => message.role === "user")
  const out: { [name: string]: unknown } = {}
  for (const message of prompt) {
    if (message.role !== "system" && message !== last) continue
    const options = ollamaOf(message)
    for (const name of settings) {
      const value = own(options, name)
      if (value !== undefined) out[name] = value
    }
  }
  return out
}

// =============================================================================
// messages
// =============================================================================

const messages = (prompt: ReadonlyArray<Encoded.Message>, ignored: Array<Ignored>): Result<ReadonlyArray<Message>> => {
  const out: Array<Message> = []
  for (const [i, message] of prompt.entries()) {
    const path = `prompt[${i}]`
    switch (message.role) {
      case "system":
        out.push({ role: "system", content: message.content })
        break
      case "user": {
        const content = userContent(message.content, path)
        if (Either.isLeft(content)) return Either.left(content.left)
        out.push({ role: "user", content: content.right })
        break
      }
      case "assistant":
        out.push(...assistant(message.content, path, ignored))
        break
      case "tool":
        out.push(...message.content.map(result))
        break
      default:
        return invalid(`${path}.role`, "expected \"system\", \"user\", \"assistant\" or \"tool\"")
    }
  }
  return Either.right(answered(out))
}

const userContent = (
  content: string | ReadonlyArray<Encoded.TextGiven | Encoded.FileGiven>,
  path: string
): Result<string | ReadonlyArray<TextPart | ImagePart>> => {
  if (typeof content === "string") return Either.right(content)
  const only = content[0]
  if (only?.type === "text" && content.length === 1) return Either.right(only.text)
  return Either.all(
    content.map((part, i) =>
      part.type === "file" ? picture(part, `${path}.content[${i}]`) : Either.right({ type: part.type, text: part.text })
    )
  )
}

// What it is is seen in its bytes, and refused where a picture is no picture; here only what says itself that it is none.
const picture = ({ data, mediaType }: Encoded.FileGiven, path: string): Result<ImagePart> => {
  if (!/^image\//i.test(mediaType)) return invalid(`${path}.mediaType`, "of files, only pictures can be sent")
  if (data instanceof Uint8Array) return Either.right({ type: "image", image: data })
  const text = typeof data === "string" ? data : data.href
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return Either.right({ type: "image", image: text })
  const declared = /^image\/\*$/.test(mediaType) ? "" : mediaType
  return Either.right({ type: "image", image: `data:${declared};base64,${text}` })
}

// A history may come from anywhere.
const metadataOf = (given: Encoded.AssistantGiven): { readonly metadata?: Metadata } => {
  const metadata = own(ollamaOf(given), "metadata")
  if (!isPlain(metadata)) return {}
  const [provider, origin, api] = ["provider", "origin", "api"].map((key) => stringOf(metadata, key))
  const value = own(metadata, "value")
  return provider === undefined || origin === undefined || api === undefined || !isPlain(value)
    ? {}
    : { metadata: { provider, origin, api, value } }
}

// Text that does not say the same as the parameters is older than they are.
const exactText = (given: Encoded.CallGiven): string | undefined => {
  const text = stringOf(ollamaOf(given), "argumentsText")
  if (text === undefined) return undefined
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(given.params) ? text : undefined
  } catch {
    return undefined
  }
}

// A history has what handlers were given, which a schema may have made something else of than JSON.
const argumentsOf = (params: unknown): unknown => {
  if (params === undefined || params === null) return {}
  if (Either.isRight(write(params, ""))) return params
  try {
    return JSON.parse(JSON.stringify(params, nearest))
  } catch {
    return params
  }
}

const call = (given: Encoded.CallGiven): ToolCall => ({
  type: "tool-call",
  id: given.id,
  name: given.name,
  // Checked where every request is.
  arguments: argumentsOf(given.params) as JsonObject,
  argumentsText: exactText(given) ?? "",
  ...metadataOf(given)
})

const result = ({ id, isFailure, name, result }: Encoded.ResultGiven): ToolMessage => ({
  role: "tool",
  toolCallId: id,
  toolName: name,
  content: isFailure ? failureText(result) : resultText(result),
  ...(isFailure ? { isError: true } : undefined)
})

/** Tools that a hosted provider ran itself have their results inside of the answer; here they follow it. */
const assistant = (
  content: string | ReadonlyArray<Encoded.AssistantGiven>,
  path: string,
  ignored: Array<Ignored>
): ReadonlyArray<Message> => {
  if (typeof content === "string") return [{ role: "assistant", content }]
  const parts: Array<AssistantPart> = []
  const results: Array<ToolMessage> = []
  for (const [i, part] of content.entries()) {
    switch (part.type) {
      case "text":
        parts.push({ type: "text", text: part.text, ...metadataOf(part) })
        break
      case "reasoning":
        parts.push({ type: "reasoning", text: part.text, ...metadataOf(part) })
        break
      case "tool-call":
        parts.push(call(part))
        break
      case "tool-result":
        results.push(result(part))
        break
      case "file":
        ignored.push({ setting: `${path}.content[${i}]`, reason: "No model can be shown a file of an earlier answer" })
    }
  }
  return [{ role: "assistant", content: parts }, ...results]
}

const unanswered = ({ id, name }: ToolCall): ToolMessage => ({
  role: "tool",
  toolCallId: id,
  toolName: name,
  content: failureText("the tool failed, and there is no result"),
  isError: true
})

/**
 * With a result for every call: a handler that failed has left none, and servers of others refuse such a conversation for
 * ever. A result belongs to the answer before it, for servers use the same ids again.
 */
const answered = (history: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const out: Array<Message> = []
  for (let i = 0; i < history.length; i++) {
    const message = history[i] as Message
    out.push(message)
    if (message.role !== "assistant" || typeof message.content === "string") continue
    const open = new Map(toolCallsOf(message.content).map((call) => [call.id, call]))
    // some tell of each call in a message of its own, and then of the results
    let isSame = true
    for (let j = i + 1; j < history.length && open.size > 0; j++) {
      const later = history[j] as Message
      if (later.role !== "assistant") isSame = false
      else if (!isSame) break
      if (later.role === "tool") open.delete(later.toolCallId)
    }
    while (history[i + 1]?.role === "tool") out.push(history[++i] as Message)
    out.push(...[...open.values()].map(unanswered))
  }
  return out
}
