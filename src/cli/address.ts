/** An address that was typed. Loaded only where there is one. */
import * as Either from "effect/Either"
import { normalize } from "../core/baseUrl.js"
import * as OllamaHost from "../OllamaHost.js"

/** What is wrong with it, as a sentence; nothing where it can be used. */
export const mistakeIn = (written: string): string | undefined => {
  // the forms of OLLAMA_HOST have no user: what stands before an @ would be taken for the host
  const url = written.includes("@") ? written : OllamaHost.parse(written)
  return Either.match(normalize(url, { provider: "ollama", api: "ollama" }), {
    onLeft: ({ actual, expected }) => `--base-url is ${expected}, not ${actual}.`,
    onRight: () => undefined
  })
}
