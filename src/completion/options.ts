/** What a caller asks for. */
import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import type { Params, ToolChoice } from "../Chat.js"
import type { Repair } from "../core/repair/repair.js"
import type { JsonObject, Message } from "../Message.js"

/**
 * A tool that a model may call. Its parameters are a `Schema` of a struct, or a JSON Schema of an object.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tool {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters?: Schema.Schema.Any | JsonObject | undefined
}

/**
 * What to complete, and how.
 *
 * @since 0.1.0
 * @category models
 * @example
 * import type { ChatCompletions } from "effect-ollama"
 *
 * export const options: ChatCompletions.CompletionOptions = {
 *   prompt: [
 *     { role: "system", content: "Answer in one sentence." },
 *     { role: "user", content: "Why is the sky blue?" }
 *   ],
 *   temperature: 0
 * }
 */
export interface CompletionOptions extends Params {
  /** The conversation, or just what the user says. */
  readonly prompt: string | ReadonlyArray<Message>
  /** The model to ask first: a ref, an alias, or a name that only one provider has. Default: the configured primary. */
  readonly model?: string | undefined
  /** What to ask when that fails; `[]` for nothing. Default: the configured fallbacks. */
  readonly fallbacks?: ReadonlyArray<string> | undefined
  /**
   * A ref of one of these to ask before the others, e.g. the `ref` of the answer before: its server still has the
   * conversation in its cache. Any other changes nothing.
   */
  readonly askFirst?: string | undefined
  /** Whether to ask for a stream on the wire, for this call. Default: what is configured for the model. */
  readonly streaming?: boolean | undefined
  /** What the model may call. The calls are in the answer; `ToolLoop.run` also runs them. */
  readonly tools?: ReadonlyArray<Tool> | undefined
  /** Default: `auto`. */
  readonly toolChoice?: ToolChoice | undefined
  /** The form of the answer: any JSON object, or a `Schema` or JSON Schema that it follows. */
  readonly format?: "json" | Schema.Schema.Any | JsonObject | undefined
  /** Anything else, by its name on the wire: the native `options`, or fields of the `/v1` body. */
  readonly params?: JsonObject | undefined
  /** Repairs of what the server passes on as text, in order. Default: none. */
  readonly repairs?: ReadonlyArray<Repair> | undefined
  /**
   * What becomes of a call whose arguments cannot be read. `"fail"` (default): `MalformedToolCall`, and the next model is
   * asked. `"return"`: a call without arguments, with its raw text as `malformed`.
   */
  readonly malformedCalls?: "fail" | "return" | undefined
  /** Longest wait for the first byte. Default: the provider's `timeoutSeconds`, else 10 minutes. */
  readonly firstByteTimeout?: Duration.DurationInput | undefined
  /** Longest wait between two pieces of the answer. Default: the provider's `timeoutSeconds`, else 5 minutes. */
  readonly idleTimeout?: Duration.DurationInput | undefined
}
