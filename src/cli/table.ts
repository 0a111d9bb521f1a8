/**
 * Rows of cells: as a table where it is wide enough for one, else row by row. No cell is lost on a narrow screen.
 */
import type { Output } from "./screen.js"
import { padEnd, padStart, widthOf, wrap } from "./text.js"

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly right?: boolean | undefined
  /** What other cells of the row say already: where that is all that the cell says, it may be left out. */
  readonly isSaid?: ((row: Row) => string) | undefined
}

const gap = "  "

export const table = <Row>(all: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>, output: Output): string => {
  const fewer = all.filter(({ cell, isSaid }) => isSaid === undefined || rows.some((row) => cell(row) !== isSaid(row)))
  return inColumns(all, rows, output) ?? inColumns(fewer, rows, output)
    ?? rows.map((row) => stacked(all, row, output)).join("\n")
}

const inColumns = <Row>(
  columns: ReadonlyArray<Column<Row>>,
  rows: ReadonlyArray<Row>,
  output: Output
): string | undefined => {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)))
  const widths = columns.map(({ title }, i) =>
    cells.reduce((most, row) => Math.max(most, widthOf(row[i]!)), widthOf(title))
  )
  const total = widths.reduce((sum, width) => sum + width + gap.length, -gap.length)
  if (total > output.columns()) return undefined
  const pad = (text: string, i: number) =>
    columns[i]!.right === true ? padStart(text, widths[i]!) : padEnd(text, widths[i]!)
  const line = (texts: ReadonlyArray<string>) => texts.map(pad).join(gap).trimEnd()
  return [output.inks.dim(line(columns.map(({ title }) => title.toUpperCase()))), ...cells.map(line)].join("\n")
}

// The first cell, and below it the others, each with its title.
const stacked = <Row>(columns: ReadonlyArray<Column<Row>>, row: Row, { columns: width, inks }: Output): string => {
  const [first, ...rest] = columns
  const lines: Array<string> = []
  let line = ""
  for (const { cell, isSaid, title } of rest) {
    const text = cell(row)
    if (text === "" || text === "-" || text === isSaid?.(row)) continue
    const piece = `${inks.dim(title)} ${text}`
    if (line !== "" && 2 + widthOf(line) + 3 + widthOf(piece) > width()) {
      lines.push(line)
      line = ""
    }
    line += line === "" ? piece : ` · ${piece}`
  }
  return [inks.bold(first!.cell(row)), ...(line === "" ? lines : [...lines, line]).map((text) => `  ${text}`)].join(
    "\n"
  )
}

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
