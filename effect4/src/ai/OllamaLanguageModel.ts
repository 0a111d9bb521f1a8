// @partial
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"
import type { Jsonly } from "../core/ai/json.js"

// None for a tool that takes none.
const parametersOf = ({ parametersSchema }: Tool.Any): Schema.Top | undefined =>
  parametersSchema === Tool.EmptyParams ? undefined : parametersSchema

const toolOf = (tool: Tool.Any): Encoded.Tool => ({
  name: tool.name,
  description: Tool.getDescription(tool),
  parameters: Tool.isDynamic(tool) ? Tool.getJsonSchema(tool) : parametersOf(tool),
  isProviderDefined: Tool.isProviderDefined(tool)
})

// The object as it was sent, found in whatever the model put around it. Its schema is decoded by the core, which takes text.
// (`Top` only hides what it encodes.)
const objectSchema = (schema: Schema.Top): Schema.Codec<unknown> => Schema.toEncoded(schema) as Schema.Codec<unknown>

// As JSON: what is `undefined` in them is not there.
const encoded = (parts: ReadonlyArray<Encoded.WholePart>): Array<Response.PartEncoded> =>
  parts as ReadonlyArray<unknown> as Array<Response.PartEncoded>

// Whether somebody allowed a call is settled before a model is asked again.
const messagesOf = (prompt: Prompt.Prompt): ReadonlyArray<Encoded.Message> =>
  prompt.content.map((message) =>
    message.role === "tool"
      ? { ...message, content: message.content.filter((part) => part.type === "tool-result") }
      : message
  ) as ReadonlyArray<Encoded.Message> // of assistants, the core reads the parts that it knows
