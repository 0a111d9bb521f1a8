/** A description that somebody wrote as data, in a file: all of it but functions and bytes. */
import type * as Either from "effect/Either"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { JsonObject } from "../../Message.js"
import type { Description, Fault, Model, Part, Registry, ToolCall } from "../Script.js"

// one by one: who takes the module apart gives all of it to a bundle
const Boolean = Schema.Boolean
const Literal = Schema.Literal
const Null = Schema.Null
const Number = Schema.Number
const String = Schema.String

const optional = Schema.optional
const Text = optional(String)
const Count = optional(Number)
const texts = Schema.Array(String)
const record = Schema.Record({ key: String, value: Schema.Unknown })
const headers = Schema.Record({ key: String, value: String })

const model: Schema.Schema<Model> = Schema.Struct({
  name: String,
  capabilities: optional(Schema.Union(texts, Null)),
  contextLength: Count,
  effectiveContext: Count,
  embeddingLength: Count,
  digest: Text,
  modifiedAt: Text,
  size: Count,
  family: Text,
  parameterSize: Text,
  quantization: Text,
  parameters: optional(Schema.Union(
    Schema.Record({ key: String, value: Schema.Union(String, Number, Schema.Array(Schema.Union(String, Number))) }),
    String
  )),
  template: Text,
  system: Text,
  license: Text,
  ownTemplate: optional(Boolean),
  loaded: optional(Boolean),
  modelInfo: optional(record),
  show: optional(record)
})

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const toolCall: Schema.Schema<ToolCall> = Schema.Struct({
  name: String,
  arguments: optional(Schema.Union(Schema.declare(isObject, { identifier: "object" }), String)),
  id: Text
})

const part: Schema.Schema<Part> = Schema.Struct({
  reasoning: Text,
  text: Text,
  toolCalls: optional(Schema.Array(toolCall)),
  raw: Text
})

const after = { after: Count }

const fault: Schema.Schema<Fault> = Schema.Union(
  ...(["refused", "dns", "headers-timeout", "busy", "missing-model"] as const).map((type) =>
    Schema.Struct({ type: Literal(type) })
  ),
  ...(["reset", "close", "stall"] as const).map((type) =>
    Schema.Struct({ type: Literal(type), ...after, unit: optional(Literal("events", "bytes")) })
  ),
  Schema.Struct({ type: Literal("status"), status: Number, error: Text, body: Text, headers: optional(headers) }),
  Schema.Struct({ type: Literal("redirect"), location: String, status: Count }),
  Schema.Struct({ type: Literal("not-json"), body: Text, contentType: Text }),
  Schema.Struct({ type: Literal("error"), message: Text, ...after }),
  ...(["end", "broken-json", "invalid-utf8"] as const).map((type) => Schema.Struct({ type: Literal(type), ...after })),
  Schema.Struct({ type: Literal("drip"), delayMs: Number }),
  Schema.Struct({ type: Literal("split"), sizes: Schema.Union(Number, Schema.Array(Number)) })
)

const raw = Schema.Struct({ status: Count, headers: optional(headers), chunks: texts })

const happens = { fault: optional(Schema.Union(fault, Schema.Array(fault))), raw: optional(raw) }

const reply = Schema.Struct({
  text: optional(Schema.Union(String, texts)),
  reasoning: optional(Schema.Union(String, texts)),
  toolCalls: optional(Schema.Array(toolCall)),
  parts: optional(Schema.Array(part)),
  last: optional(part),
  finishReason: optional(Schema.NullOr(String)),
  usage: optional(Schema.NullOr(Schema.Struct({ inputTokens: Number, outputTokens: Number }))),
  delayMs: optional(Schema.Union(Number, Schema.Struct({ head: Count, chunk: Count }))),
  when: Text,
  ...happens
})

const rule = Schema.Struct({
  path: Text,
  model: Text,
  times: Count,
  delayMs: Count,
  ...happens
})

const registry: Schema.Schema<Registry> = Schema.Struct({
  models: optional(texts),
  layers: optional(Schema.Array(Number)),
  delayMs: Count
})

const description = Schema.Struct({
  version: optional(Literal("0.6.3", "0.17.7", "0.24.0", "0.33.0")),
  models: optional(Schema.Array(Schema.Union(String, model))),
  replies: optional(Schema.Array(Schema.Union(String, reply))),
  exhausted: optional(Literal("repeat", "fail")),
  rules: optional(Schema.Array(rule)),
  registry: optional(registry),
  blobs: optional(texts),
  prefix: Text,
  origins: optional(texts)
})

export const decode: (value: unknown) => Either.Either<Description, ParseResult.ParseError> = Schema
  .decodeUnknownEither(description, { onExcessProperty: "error", errors: "all" })
