/**
 * How a failure is told: one paragraph that says what happened and what to do, and with `--verbose` what it came from.
 */
import { own } from "../core/json.js"
import type { Failure } from "./command.js"
import type { Inks } from "./screen.js"
import { harmless } from "./text.js"

// What the library says to programmers, as it is said to who types commands.
const advice: ReadonlyArray<readonly [RegExp, string]> = [
  [/use Ollama\.layerWith\(\{ discover: true \}\)/g, "say where it is with --base-url"],
  [/`ollama pull /g, "`effect-ollama pull "],
  // what was typed with --base-url is checked before
  [/(?<![\w.\]])(?:options\.)?baseUrl(?=: expected)/g, "OLLAMA_HOST"],
  [/, or raise discovery\.\w+/g, ""],
  [
    /Create it, or unset the variable that names it \(OPENCLAW_CONFIG_PATH\)/g,
    "Check --config and OPENCLAW_CONFIG_PATH"
  ]
]

/** The sentences of a failure. */
export const sentence = (failure: Failure): string =>
  harmless(advice.reduce((text, [pattern, instead]) => text.replace(pattern, instead), failure.message)).trim()

/** What a failure came from, from the outside in: tags, and the causes that are kept as plain data. */
const chain = (failure: unknown, depth = 0): ReadonlyArray<string> => {
  if (depth > 8) return []
  const tag = own(failure, "_tag") ?? own(failure, "name")
  const attempts = own(failure, "attempts")
  const cause = own(failure, "cause")
  const message = own(failure, "message")
  const code = own(failure, "code")
  const detail = own(failure, "detail")
  const said = [
    ...(typeof code === "string" ? [code] : []),
    ...(depth > 0 && typeof message === "string" && message !== "" ? [message] : []),
    ...(typeof detail === "string" && detail !== "" ? [`"${detail}"`] : []),
    ...["url", "status", "reason", "phase", "limit"].flatMap((name) => {
      const value = own(failure, name)
      return typeof value === "string" || typeof value === "number" ? [`${name}=${value}`] : []
    })
  ]
  const line = `${depth === 0 ? "" : "  ".repeat(depth) + "from "}${typeof tag === "string" ? tag : "a cause"}${
    said.length === 0 ? "" : `: ${said.join(", ")}`
  }`
  const tried = Array.isArray(attempts)
    ? attempts.flatMap((attempt) => {
      const [first = "", ...rest] = chain(own(attempt, "error"), depth + 1)
      return [`${"  ".repeat(depth + 1)}${String(own(attempt, "ref"))} ${first.trim()}`, ...rest]
    })
    : []
  return [line, ...tried, ...(cause === undefined ? [] : chain(cause, depth + 1))]
}

/** A failure as it is shown. */
export const describe = (failure: Failure, inks: Inks, verbose: boolean): string => {
  const text = sentence(failure)
  const [first = "", ...rest] = text.split("\n")
  const told = [`${inks.red("error:")} ${first}`, ...rest].join("\n")
  return verbose ? `${told}\n${inks.dim(harmless(chain(failure).join("\n")))}` : told
}
