/**
 * Checks what a caller asks for and turns it into plain data, the same for every API: messages with pictures as data URLs,
 * tools and output with JSON Schemas, params under their canonical names.
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { ChatRequest, ToolChoice, ToolDefinition } from "../../Chat.js"
import type { AssistantPart, ImagePart, JsonObject, Message, TextPart } from "../../Message.js"
import type { InvalidRequest } from "../../OllamaError.js"
import { isObjectText, isPlain, isRecord, own } from "../json.js"
import * as Image from "./image.js"
import * as JsonSchema from "./jsonSchema.js"
import * as Metadata from "./metadata.js"
import * as Params from "./params.js"
import { invalid, plain } from "./plain.js"

type Result<A> = Either.Either<A, InvalidRequest>

/**
 * The request that options ask for, or what is wrong with them whatever the model. Total: options come from JavaScript
 * too, so nothing about their form is taken for granted.
 */
export const normalize = (options: unknown, toJsonSchema: JsonSchema.ToJsonSchema): Result<ChatRequest> => {
  try {
    return isPlain(options) ? request(options, toJsonSchema) : invalid("", "expected an object of options")
  } catch {
    // A getter or proxy of the caller's threw.
    return invalid("", "the options cannot be read")
  }
}

const request = (
  options: { readonly [key: string]: unknown },
  toJsonSchema: JsonSchema.ToJsonSchema
): Result<ChatRequest> => {
  const routed = routing(options)
  if (Either.isLeft(routed)) return Either.left(routed.left)
  const messages = prompt(options["prompt"])
  if (Either.isLeft(messages)) return Either.left(messages.left)
  const tools = toolsOf(options["tools"], toJsonSchema)
  if (Either.isLeft(tools)) return Either.left(tools.left)
  const toolChoice = choice(options["toolChoice"], tools.right)
  if (Either.isLeft(toolChoice)) return Either.left(toolChoice.left)
  const format = formatOf(options["format"], toJsonSchema)
  if (Either.isLeft(format)) return Either.left(format.left)
  const params = paramsOf(options)
  if (Either.isLeft(params)) return Either.left(params.left)
  return Either.right({
    messages: messages.right,
    tools: tools.right,
    toolChoice: toolChoice.right,
    ...(format.right === undefined ? undefined : { format: format.right }),
    params: params.right
  })
}

const noParams: Result<JsonObject> = Either.right({})

/** What the caller sets: options of their own, over those under `params`. */
const paramsOf = (options: { readonly [key: string]: unknown }): Result<JsonObject> => {
  const others = options["params"]
  const passed = others === undefined ? noParams : Params.canonical(others, "params")
  if (Either.isLeft(passed)) return Either.left(passed.left)
  const own = typedParams(options)
  if (own === undefined) return passed
  return Either.map(Params.canonical(own, ""), (typed) => ({ ...passed.right, ...typed }))
}

/** The params that have an option of their own. */
const typedParams = (options: { readonly [key: string]: unknown }): JsonObject | undefined => {
  let typed: { [key: string]: unknown } | undefined
  for (const name of Params.names) {
    const value = options[name]
    if (value !== undefined) (typed ??= {})[name] = value
  }
  return typed
}

/** What says who is asked and how long, which is no part of the request: that nobody has to doubt it later. */
const routing = (
  { askFirst, fallbacks, firstByteTimeout, idleTimeout, malformedCalls, model, repairs, streaming }: {
    readonly [key: string]: unknown
  }
): Result<unknown> => {
  const checked: ReadonlyArray<Result<unknown>> = [
    model === undefined ? Either.void : text(model, "model"),
    fallbacks === undefined ? Either.void : listOf(fallbacks, "fallbacks", "a list of texts", text),
    askFirst === undefined ? Either.void : text(askFirst, "askFirst"),
    streaming === undefined || typeof streaming === "boolean"
      ? Either.void
      : invalid("streaming", "expected true or false"),
    repairs === undefined ? Either.void : listOf(repairs, "repairs", "a list of repairs", repair),
    malformedCalls === undefined || malformedCalls === "fail" || malformedCalls === "return"
      ? Either.void
      : invalid("malformedCalls", "expected \"fail\" or \"return\""),
    duration(firstByteTimeout, "firstByteTimeout"),
    duration(idleTimeout, "idleTimeout")
  ]
  return checked.find(Either.isLeft) ?? Either.void
}

const listOf = <A>(
  value: unknown,
  path: string,
  expected: string,
  each: (value: unknown, path: string) => Result<A>
): Result<ReadonlyArray<A>> => Array.isArray(value) ? all(value, path, each) : invalid(path, `expected ${expected}`)

const repair = (value: unknown, path: string): Result<void> =>
  typeof value === "object" && value !== null && typeof (value as { readonly begin?: unknown }).begin === "function"
    ? Either.void
    : invalid(path, "expected a Repair")

// Not a number would mean no time at all.
const duration = (value: unknown, path: string): Result<void> =>
  value === undefined || (!Number.isNaN(value) && Option.isSome(Duration.decodeUnknown(value)))
    ? Either.void
    : invalid(path, "expected a duration")

/**
 * The messages with which a loop of tools begins, each of which is checked in its first turn, or what is wrong with what the
 * loop itself reads of its options.
 */
export const opening = (options: unknown): Result<ReadonlyArray<Message>> => {
  if (!isPlain(options)) return invalid("", "expected an object of options")
  const { maxTurns, prompt, tools } = options
  const checked: ReadonlyArray<Result<unknown>> = [
    listOf(tools, "tools", "a list of tools", handled),
    // Nothing is ever as much as what is no number.
    maxTurns === undefined || (typeof maxTurns === "number" && !Number.isNaN(maxTurns))
      ? Either.void
      : invalid("maxTurns", "expected a number")
  ]
  const wrong = checked.find(Either.isLeft)
  return wrong === undefined ? given(prompt) as Result<ReadonlyArray<Message>> : Either.left(wrong.left)
}

const handled = (tool: unknown, path: string): Result<void> =>
  isPlain(tool) && typeof tool["run"] === "function" ? Either.void : invalid(path, "expected a tool that can be run")

/** Each item of a list by `each`, or the first failure. */
const all = <A>(
  list: ReadonlyArray<unknown>,
  path: string,
  each: (value: unknown, path: string) => Result<A>
): Result<ReadonlyArray<A>> => {
  const out: Array<A> = []
  for (let i = 0; i < list.length; i++) {
    const result = each(list[i], `${path}[${i}]`)
    if (Either.isLeft(result)) return Either.left(result.left)
    out.push(result.right)
  }
  return Either.right(out)
}

// =============================================================================
// messages
// =============================================================================

/** The messages of a prompt, whatever they are. */
const given = (value: unknown): Result<ReadonlyArray<unknown>> => {
  if (typeof value === "string") {
    return value === "" ? invalid("prompt", "it is empty") : Either.right([{ role: "user", content: value }])
  }
  if (!Array.isArray(value)) return invalid("prompt", "expected a text or a list of messages")
  return value.length === 0 ? invalid("prompt", "it has no messages") : Either.right(value)
}

const prompt = (value: unknown): Result<ReadonlyArray<Message>> =>
  Either.flatMap(given(value), (messages) => all(messages, "prompt", message))

const message = (value: unknown, path: string): Result<Message> => {
  if (!isPlain(value)) return invalid(path, "expected a message")
  const content = value["content"]
  const at = `${path}.content`
  const role = value["role"]
  switch (role) {
    case "system":
      return Either.map(text(content, at), (content) => ({ role, content }))
    case "user":
      if (typeof content === "string") return Either.right({ role, content })
      if (!Array.isArray(content)) return invalid(at, "expected a text or a list of parts")
      // `/v1` servers drop a message without parts.
      if (content.length === 0) return invalid(at, "it has no parts")
      return Either.map(all(content, at, userPart), (content) => ({ role, content }))
    case "assistant":
      if (typeof content === "string") return Either.right({ role, content })
      if (!Array.isArray(content)) return invalid(at, "expected a text or a list of parts")
      return Either.map(all(content, at, assistantPart), (content) => ({ role, content }))
    case "tool":
      return Either.gen(function*() {
        const toolCallId = yield* text(value["toolCallId"], `${path}.toolCallId`)
        const toolName = yield* nonEmpty(value["toolName"], `${path}.toolName`)
        const isError = value["isError"]
        if (isError !== undefined && typeof isError !== "boolean") {
          return yield* invalid(`${path}.isError`, "expected true or false")
        }
        const result = { role, toolCallId, toolName, content: yield* text(content, at) }
        return isError === undefined ? result : { ...result, isError }
      })
    default:
      return invalid(`${path}.role`, "expected \"system\", \"user\", \"assistant\" or \"tool\"")
  }
}

const text = (value: unknown, path: string): Result<string> =>
  typeof value === "string" ? Either.right(value) : invalid(path, "expected a text")

const nonEmpty = (value: unknown, path: string): Result<string> =>
  typeof value === "string" && value !== "" ? Either.right(value) : invalid(path, "expected a text, not empty")

const userPart = (value: unknown, path: string): Result<TextPart | ImagePart> => {
  if (!isPlain(value)) return invalid(path, "expected a part")
  const type = value["type"]
  switch (type) {
    case "text":
      return Either.map(text(value["text"], `${path}.text`), (text) => ({ type, text }))
    case "image":
      return Either.map(Image.dataUrl(value["image"], `${path}.image`), (image) => ({ type, image }))
    default:
      return invalid(`${path}.type`, "expected \"text\" or \"image\"")
  }
}

const assistantPart = (value: unknown, path: string): Result<AssistantPart> => {
  if (!isPlain(value)) return invalid(path, "expected a part")
  const type = value["type"]
  switch (type) {
    case "text":
    case "reasoning":
      return Either.map(text(value["text"], `${path}.text`), (text) => ({ type, text, ...metadataOf(value) }))
    case "tool-call":
      return Either.gen(function*() {
        const id = yield* text(value["id"], `${path}.id`)
        const name = yield* nonEmpty(value["name"], `${path}.name`)
        return { type, id, name, ...(yield* callArguments(value, path)), ...metadataOf(value) }
      })
    default:
      return invalid(`${path}.type`, "expected \"text\", \"reasoning\" or \"tool-call\"")
  }
}

const metadataOf = (part: { readonly [key: string]: unknown }) => {
  const metadata = Metadata.read(part["metadata"])
  return metadata === undefined ? undefined : { metadata }
}

/**
 * The exact text is what counts; without one, or when it is no object (a server refuses a conversation with a broken
 * call for ever), the plain value is.
 */
const callArguments = (
  call: { readonly [key: string]: unknown },
  path: string
): Result<{ readonly arguments: JsonObject; readonly argumentsText: string }> => {
  const exact = call["argumentsText"]
  const json = plain(call["arguments"] ?? {}, `${path}.arguments`)
  if (typeof exact === "string" && isObjectText(exact)) {
    const value = Either.isRight(json) && isRecord(json.right) ? json.right : JSON.parse(exact) as JsonObject
    return Either.right({ arguments: value, argumentsText: exact })
  }
  return Either.flatMap(json, (value) =>
    isRecord(value)
      ? Either.right({ arguments: value, argumentsText: JSON.stringify(value) })
      : invalid(`${path}.arguments`, "expected an object"))
}

// =============================================================================
// tools, output
// =============================================================================

const toolsOf = (
  value: unknown,
  toJsonSchema: JsonSchema.ToJsonSchema
): Result<ReadonlyArray<ToolDefinition>> => {
  if (value === undefined || value === null) return Either.right([])
  if (!Array.isArray(value)) return invalid("tools", "expected a list of tools")
  const seen = new Set<string>()
  return all(value, "tools", (tool, path) =>
    Either.flatMap(toolOf(tool, path, toJsonSchema), (definition) => {
      if (seen.has(definition.name)) return invalid(`${path}.name`, `there are two tools named ${definition.name}`)
      seen.add(definition.name)
      return Either.right(definition)
    }))
}

const toolOf = (value: unknown, path: string, toJsonSchema: JsonSchema.ToJsonSchema): Result<ToolDefinition> => {
  if (!isPlain(value)) return invalid(path, "expected a tool")
  return Either.gen(function*() {
    const name = yield* nonEmpty(value["name"], `${path}.name`)
    // A model may call blanks, which then stand in the history.
    if (name.trim() === "") return yield* invalid(`${path}.name`, "expected a text, not empty")
    const given = value["description"]
    const description = given === undefined ? undefined : yield* text(given, `${path}.description`)
    const parameters = yield* JsonSchema.toolParameters(value["parameters"], `${path}.parameters`, toJsonSchema)
    return description === undefined ? { name, parameters } : { name, description, parameters }
  })
}

const choice = (value: unknown, tools: ReadonlyArray<ToolDefinition>): Result<ToolChoice> => {
  switch (value) {
    case undefined:
    case null:
      return Either.right("auto")
    case "auto":
    case "none":
      return Either.right(value)
    case "required":
      return tools.length > 0 ? Either.right(value) : invalid("toolChoice", "there are no tools to choose from")
  }
  const tool = isPlain(value) ? own(value, "tool") : undefined
  if (typeof tool !== "string") {
    return invalid("toolChoice", "expected \"auto\", \"none\", \"required\" or { tool: name }")
  }
  return tools.some(({ name }) => name === tool)
    ? Either.right({ tool })
    : invalid("toolChoice", `there is no tool named ${tool}`)
}

const formatOf = (
  value: unknown,
  toJsonSchema: JsonSchema.ToJsonSchema
): Result<"json" | JsonObject | undefined> => {
  if (value === undefined || value === null) return Either.right(undefined)
  if (value === "json") return Either.right(value)
  if (typeof value === "string") return invalid("format", "expected \"json\", a Schema or a JSON Schema")
  return JsonSchema.output(value, "format", toJsonSchema)
}
