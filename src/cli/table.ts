/**
 * Rows of cells: as a table where it is wide enough for one, else row by row. No cell is lost on a narrow screen.
 */
import type { Inks, Output } from "./screen.js"
import { padEnd, padStart, widthOf, wrap } from "./text.js"

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly right?: boolean | undefined
  readonly ink?: ((inks: Inks, cell: string, row: Row) => string) | undefined
}

const gap = "  "

export const table = <Row>(columns: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>, output: Output): string => {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)))
  const widths = columns.map(({ title }, i) => Math.max(widthOf(title), ...cells.map((row) => widthOf(row[i]!))))
  const total = widths.reduce((sum, width) => sum + width + gap.length, -gap.length)
  const paint = (i: number, text: string, row: Row): string => columns[i]!.ink?.(output.inks, text, row) ?? text
  if (total > output.columns()) return stacked(columns, rows, cells, output)
  const pad = (text: string, i: number) =>
    columns[i]!.right === true ? padStart(text, widths[i]!) : padEnd(text, widths[i]!)
  const head = columns.map(({ title }, i) => pad(title.toUpperCase(), i)).join(gap)
  const body = cells.map((row, at) => row.map((cell, i) => paint(i, pad(cell, i), rows[at]!)).join(gap))
  return [output.inks.dim(head.trimEnd()), ...body.map((line) => line.trimEnd())].join("\n")
}

const stacked = <Row>(
  columns: ReadonlyArray<Column<Row>>,
  rows: ReadonlyArray<Row>,
  cells: ReadonlyArray<ReadonlyArray<string>>,
  output: Output
): string =>
  cells.map((row, at) => {
    const rest = row.flatMap((cell, i) => {
      const { ink, title } = columns[i]!
      if (i === 0 || cell === "" || cell === "-") return []
      return [
        `${output.inks.dim(title.toLowerCase())}\u00a0${ink?.(output.inks, cell, rows[at]!) ?? cell}`.replace(
          / /g,
          "\u00a0"
        )
      ]
    })
    const details = wrap(`  ${rest.join(" · ")}`, output.columns()).replace(/\u00a0/g, " ")
    return `${output.inks.bold(row[0]!)}${rest.length === 0 ? "" : `\n${details}`}`
  }).join("\n")

/** Names and what they are, one a line; on a narrow screen the one below the other. */
export const pairs = (entries: ReadonlyArray<readonly [name: string, value: string]>, output: Output): string => {
  const widest = Math.max(...entries.map(([name]) => widthOf(name))) + gap.length
  const columns = output.columns()
  const below = widest > columns / 2
  const indent = below ? 4 : widest
  return entries.map(([name, value]) => {
    const lead = below ? name : padEnd(name, indent)
    const lines = wrap(value, columns - indent).split("\n").map((line) => " ".repeat(indent) + line)
    return below
      ? [output.inks.dim(lead), ...lines].join("\n")
      : output.inks.dim(lead) + lines.join("\n").slice(indent)
  }).join("\n")
}
