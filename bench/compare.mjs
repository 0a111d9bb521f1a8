/**
 * What a run with `--against` says, as one table for docs/performance.md: `node bench/compare.mjs [results.json]`. Each
 * cell is the median of the ratios to plain fetch, with the smallest and the largest; bold where the median is worse than
 * the worst round of before.
 */
import { readFileSync } from "node:fs"
import { argv } from "node:process"

const { results } = JSON.parse(readFileSync(argv[2] ?? new URL("results.json", import.meta.url), "utf8"))

const number = (value) => value >= 100 ? value.toFixed(0) : value.toFixed(2)
const cell = (value) =>
  value?.ratio === undefined
    ? ""
    : `${number(value.ratio)} (${number(value.min)}-${number(value.max)})`

const lines = results.flatMap(({ name, rows }) => {
  const row = (client) => rows.find((row) => row.client === client)
  const ours = rows.filter(({ client }) => row(`${client} (before)`) !== undefined)
  return ours.flatMap(({ client, ...metrics }) =>
    Object.entries(metrics).map(([metric, now]) => {
      const before = row(`${client} (before)`)[metric]
      const peer = row("openai") ?? row("ollama")
      const text = cell(now)
      return [
        `\`${name}\`, ${metric} (${now.unit})`,
        `\`${client}\``,
        cell(before),
        now.ratio > before.max ? `**${text}**` : text,
        cell(peer?.[metric])
      ]
    })
  )
}).filter(([, , before]) => before !== "")

const header = ["measure", "client", "before", "now", "openai or ollama"]
const table = [header, header.map(() => "---"), ...lines]
console.log(table.map((cells) => `| ${cells.join(" | ")} |`).join("\n"))
