/** The table of what works where, between two marks of README.md. */
import { readFileSync, writeFileSync } from "node:fs"
import type { Report } from "./program/checks.js"
import type { Runtime } from "./runtimes.js"

export interface Row extends Pick<Runtime, "name" | "client"> {
  readonly outcomes: Report["outcomes"]
}

/** The columns: their titles, and the checks that they are about. */
const columns: Readonly<Record<string, ReadonlyArray<string>>> = {
  discovery: ["discovery"],
  whole: ["whole"],
  streamed: ["streamed"],
  tools: ["tools"],
  stop: ["stop, waiting", "stop, streaming"],
  refused: ["refused", "asked again"],
  reset: ["reset"],
  cut: ["cut"],
  stall: ["stall"],
  DNS: ["dns"],
  TLS: ["tls", "certificate"],
  "not HTTP": ["not HTTP"]
}

const cell = (outcomes: Report["outcomes"], checks: ReadonlyArray<string>): string => {
  const amiss = [...new Set(checks.map((check) => outcomes[check] ?? "not run"))].filter((outcome) => outcome !== "ok")
  return amiss.length === 0 ? "✓" : amiss.map((outcome) => outcome.replace(/^ConnectionFailed /, "")).join("; ")
}

const line = (cells: ReadonlyArray<string>): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`

const row = ({ client, name, outcomes }: Row): ReadonlyArray<string> => [
  name,
  client === "fetch" ? client : `\`${client}\``,
  ...Object.values(columns).map((checks) => cell(outcomes, checks))
]

const titles = ["", "client", ...Object.keys(columns)]

/** The table in Markdown. */
export const table = (rows: ReadonlyArray<Row>): string =>
  [line(titles), line(titles.map(() => "---")), ...rows.map((one) => line(row(one)))].join("\n")

/** The cells that are not those of a table that is there: `stall: ✓, now: RequestTimeout idle`. */
export const differences = (one: Row, table: string, except: ReadonlySet<string>): ReadonlyArray<string> => {
  const cells = row(one)
  const known = table.split("\n").map((text) => text.slice(2, -2).split(" | ")).find(([name, client]) =>
    name === cells[0] && client === cells[1]
  )
  if (known === undefined) return ["it is not in the table"]
  return titles.flatMap((title, index) =>
    known[index] === cells[index] || except.has(title) ? [] : [`${title}: ${known[index]}, now: ${cells[index]}`]
  )
}

const readme = new URL("../../README.md", import.meta.url)
const [begin, end] = ["<!-- runtimes: made by npm run test:runtimes -->", "<!-- runtimes end -->"]

/** README.md, around the table that is in it. */
const parts = (): readonly [before: string, table: string, after: string] => {
  const text = readFileSync(readme, "utf8")
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  if (from < begin.length || to < from) throw new Error(`README.md has no place for the table: ${begin} … ${end}`)
  return [text.slice(0, from), text.slice(from, to).trim(), text.slice(to)]
}

export const read = (): string => parts()[1]

export const write = (table: string): void => {
  const [before, , after] = parts()
  writeFileSync(readme, `${before}\n\n${table}\n\n${after}`)
}
