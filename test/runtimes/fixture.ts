/** `test/fixtures/transport-errors.json`: the errors that the runtimes' clients gave, to which the classifier is held. */
import { writeFileSync } from "node:fs"
import type { Report } from "./program/checks.js"
import type { Runtime } from "./runtimes.js"

interface Seen extends Pick<Runtime, "name" | "client" | "id">, Pick<Report, "shapes"> {}

interface Expected {
  readonly tag: string
  readonly reason?: string
}

const expected: Readonly<Record<string, Expected>> = {
  refused: { tag: "ConnectionRefused" },
  dns: { tag: "ConnectionFailed", reason: "dns" },
  tls: { tag: "ConnectionFailed", reason: "tls" },
  certificate: { tag: "ConnectionFailed", reason: "tls" },
  "not HTTP": { tag: "ConnectionFailed", reason: "protocol" },
  reset: { tag: "ConnectionFailed", reason: "reset" },
  closed: { tag: "ConnectionFailed", reason: "reset" },
  "cut by a reset": { tag: "ConnectionFailed", reason: "reset" },
  "cut by a close": { tag: "ConnectionFailed", reason: "reset" }
}

/** They say the same of everything. */
const tellsNothing = new Set(["chromium", "workerd"])

const faults = Object.keys(expected)

/** One row for all that say the same. */
const rows = (all: ReadonlyArray<Seen>): ReadonlyArray<object> => {
  const found = new Map<string, { readonly fault: string; readonly from: Array<string> }>()
  for (const { client, id, name, shapes } of all) {
    for (const { error, fault, phase } of shapes) {
      const row = {
        fault,
        phase,
        error,
        expected: tellsNothing.has(id) ? { tag: "ConnectionFailed", reason: "other" } : expected[fault]
      }
      const key = JSON.stringify(row)
      const known = found.get(key) ?? { from: [], ...row }
      known.from.push(`${name}, ${client}`)
      found.set(key, known)
    }
  }
  return [...found.values()].sort((a, b) => faults.indexOf(a.fault) - faults.indexOf(b.fault))
}

export const write = (all: ReadonlyArray<Seen>): void =>
  writeFileSync(
    new URL("../fixtures/transport-errors.json", import.meta.url),
    `[\n${rows(all).map((row) => JSON.stringify(row)).join(",\n")}\n]\n`
  )
