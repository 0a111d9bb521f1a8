/**
 * The wire APIs that may stand in a configuration.
 */
import type { Api } from "../../Model.js"

export const spokenApis = ["openai-completions", "ollama"] as const satisfies ReadonlyArray<Api>

/** What OpenClaw has and this library does not speak. */
export const foreignApis = [
  "openai-responses",
  "openai-chatgpt-responses",
  "azure-openai-responses",
  "anthropic-messages",
  "google-generative-ai",
  "google-vertex",
  "github-copilot",
  "bedrock-converse-stream",
  "pi-messages"
] as const

export type AnyApi = Api | (typeof foreignApis)[number]
