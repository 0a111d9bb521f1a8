import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** The configurations of the provider document, as they stand in docs. */
export const documentExamples: ReadonlyArray<string> = Array.from(
  readFileSync(fileURLToPath(new URL("../../docs/ollama-provider.md", import.meta.url)), "utf8").matchAll(
    /```json5\n([\s\S]*?)```/g
  ),
  ([, text]) => text!
)
