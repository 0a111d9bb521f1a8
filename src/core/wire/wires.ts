/** The wire of each API. */
import type { Api } from "../../Model.js"
import { completions } from "./completions.js"
import { ollama } from "./ollama.js"
import type { Wire } from "./wire.js"

export type Wires<A extends string> = { readonly [K in A]: Wire }

export const wires: Wires<Api> = { "openai-completions": completions, ollama }
