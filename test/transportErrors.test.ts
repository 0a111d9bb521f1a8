/**
 * The classifier, held to the errors that the clients of all runtimes really gave: `test/fixtures/transport-errors.json`,
 * which `npm run test:runtimes` writes.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { classifyTransport } from "../src/core/failure/transport.js"

interface Row {
  /** The runtimes and the clients that gave it. */
  readonly from: ReadonlyArray<string>
  readonly fault: string
  readonly phase: "head" | "body"
  readonly error: unknown
  readonly expected: { readonly tag: string; readonly reason?: string }
}

const rows = JSON.parse(readFileSync(new URL("fixtures/transport-errors.json", import.meta.url), "utf8")) as Array<Row>

const url = "http://127.0.0.1:11434/api/chat"

describe("the errors that were seen", () => {
  for (const { error, expected, fault, from, phase } of rows) {
    it(`${fault}: ${from.join("; ")}`, () => {
      const failure = classifyTransport(error, { url, phase, attempts: 1 })
      const reason = failure._tag === "ConnectionFailed" ? { reason: failure.reason } : {}
      assert.deepStrictEqual({ tag: failure._tag, ...reason }, expected)
    })
  }
})
