/**
 * Keys and headers: what may be sent at all. Nothing here ever quotes a value.
 */
import * as Redacted from "effect/Redacted"
import type { ProviderHeaders } from "../provider.js"
import { kindOf } from "./plain.js"

/** A trimmed key, `undefined` when it is blank, or what is wrong with it. */
export const readKey = (value: string): Redacted.Redacted | undefined | { readonly problem: string } => {
  const text = value.trim()
  if (text === "") return undefined
  return /^[\x21-\x7e]+$/.test(text)
    ? Redacted.make(text)
    : { problem: "a secret with blanks, control or non-ASCII characters" }
}

export const keyExpected = "a key of visible ASCII characters"

export const isProblem = (
  value: Redacted.Redacted | undefined | { readonly problem: string }
): value is { readonly problem: string } => value !== undefined && !Redacted.isRedacted(value)

const refused = new Set(["host", "content-length", "transfer-encoding", "connection"])

export interface HeaderProblem {
  readonly name: string
  readonly expected: string
  readonly actual: string
}

/**
 * Headers with lower-cased names, so that those of a model replace those of its provider however they are written.
 */
export const readHeaders = (
  headers: Iterable<readonly [name: string, value: unknown]>,
  report: (problem: HeaderProblem) => void
): ProviderHeaders => {
  const out = new Map<string, Redacted.Redacted>()
  for (const [written, value] of headers) {
    const name = written.toLowerCase()
    const problem = (expected: string, actual: string) => report({ name: written, expected, actual })
    if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) || name === "__proto__") {
      problem("a header name", "a name with other characters")
    } else if (refused.has(name)) problem("a header that may be set", `"${written}", which the HTTP client sets itself`)
    else if (typeof value !== "string") problem("a string", kindOf(value))
    else if (!/^[\x20-\x7e\t]*$/.test(value)) problem("visible ASCII", "a value with other characters")
    else out.set(name, Redacted.make(value.trim()))
  }
  return Object.fromEntries(out)
}
