/**
 * Draws the results of a run as an SVG: `node bench/chart.mjs [results.json] [out.svg]`, or `--chart out.svg` of run.mjs. Each
 * line is a measure, each dot a client: its cost (CPU, or time to the first delta) as a multiple of the plain loop, the
 * median over the rounds, with the smallest and the largest as a thin line. The scale is logarithmic.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { argv } from "node:process"
import { fileURLToPath } from "node:url"

const measures = [
  ["each", "cpu", "a delta of a stream", "one per HTTP chunk"],
  ["joined", "cpu", "a delta of a stream", "64 per HTTP chunk"],
  ["concurrent", "cpu", "a delta of 64 streams", "at the same time"],
  ["paced", "cpu", "a delta at a model's pace", "1 ms apart"],
  ["whole", "cpu", "a whole completion", "on /v1"],
  ["native-whole", "cpu", "a whole completion", "on /api/chat"],
  ["first", "first", "the first delta", "time until it is there"],
  ["discovery-500", "cpu", "discovery", "of 500 models"],
  ["embed", "cpu", "1,000 embeddings", "in batches of 100"]
]

const clients = [
  { name: "effect-ollama/node", colour: "#0b7a4b", of: ["effect-ollama:node", "effect-ollama:node-native"] },
  {
    name: "effect-ollama on fetch",
    colour: "#5bbf8f",
    of: ["effect-ollama:fetch", "effect-ollama:fetch-native"]
  },
  { name: "ollama", colour: "#3b6fd4", of: ["ollama"] },
  { name: "openai", colour: "#d98324", of: ["openai"] },
  { name: "@effect/ai-openai", colour: "#b3476b", of: ["effect-ai-openai"] }
]

const left = 224
const right = 40
const width = 880
const top = 96
const row = 44

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

export const chart = (all) => {
  const found = measures.flatMap(([name, metric, title, detail]) => {
    const rows = all.find((result) => result.name === name)?.rows
    const dots = clients.flatMap(({ colour, name, of }) => {
      const value = rows?.find(({ client }) => of.includes(client))?.[metric]
      return value?.ratio === undefined ? [] : [{ colour, name, ...value }]
    })
    return dots.length === 0 ? [] : [{ title, detail, dots }]
  })
  const values = found.flatMap(({ dots }) => dots.flatMap(({ max, min }) => [min, max]))
  const least = Math.min(0.25, ...values)
  const largest = Math.max(4, ...values)
  const from = Math.log(least / 1.15)
  const x = (value) => left + (Math.log(value) - from) / (Math.log(largest * 1.15) - from) * (width - left - right)
  const bottom = top + found.length * row
  const height = bottom + 56
  const out = []
  const text = (at, y, said, more = "") =>
    out.push(`<text x="${at.toFixed(1)}" y="${y}" ${more}>${escape(said)}</text>`)
  const line = (x1, y1, x2, y2, more) =>
    out.push(`<line x1="${x1.toFixed(1)}" y1="${y1}" x2="${x2.toFixed(1)}" y2="${y2}" ${more}/>`)

  // what is cheaper than the plain loop
  out.push(
    `<rect x="${left}" y="${top}" width="${(x(1) - left).toFixed(1)}" height="${bottom - top}" fill="#e9f5ee"/>`
  )
  for (const tick of [0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 200]) {
    if (tick < least / 1.15 || tick > largest * 1.15) continue
    const isLoop = tick === 1
    line(x(tick), top, x(tick), bottom, isLoop ? "stroke=\"#1f2328\" stroke-width=\"1.5\"" : "stroke=\"#e3e6ea\"")
    text(x(tick), bottom + 18, `${tick}×`, "text-anchor=\"middle\" class=\"small\"")
  }
  text(x(1) - 6, bottom + 40, "← less than plain fetch", "text-anchor=\"end\" class=\"small\"")
  text(x(1) + 6, bottom + 40, "more →", "class=\"small\"")
  found.forEach(({ detail, dots, title }, index) => {
    const y = top + index * row
    if (index > 0) line(16, y, width - 16, y, "stroke=\"#eef0f2\"")
    text(left - 14, y + 19, title, "text-anchor=\"end\" class=\"title\"")
    text(left - 14, y + 34, detail, "text-anchor=\"end\" class=\"small\"")
    // The dots of a line stand below each other by a little, so that none hides another.
    dots.forEach(({ colour, max, min, name, ratio }, order) => {
      const at = y + row / 2 + (order - (dots.length - 1) / 2) * 6
      line(x(min), at, x(max), at, `stroke="${colour}" stroke-opacity="0.4" stroke-width="2"`)
      out.push(
        `<circle cx="${x(ratio).toFixed(1)}" cy="${at}" r="5" fill="${colour}" stroke="#fff" stroke-width="1">`
          + `<title>${escape(`${name}: ${ratio.toFixed(2)}`)}</title></circle>`
      )
    })
  })
  let at = 24
  for (const { colour, name } of clients) {
    out.push(`<circle cx="${at}" cy="68" r="5" fill="${colour}"/>`)
    text(at + 11, 72, name, "class=\"legend\"")
    at += 38 + name.length * 7
  }
  const style =
    "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2328}.small{font-size:11px;fill:#656d76}"
    + ".title{font-weight:600}.legend{font-size:12px}.head{font-size:17px;font-weight:600}"
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" `
    + `aria-label="What clients cost as multiples of a plain fetch loop">\n<style>${style}</style>\n`
    + `<rect width="${width}" height="${height}" rx="10" fill="#fff" stroke="#d0d7de"/>\n`
    + `<text x="24" y="34" class="head">What it costs, as a multiple of a plain fetch loop</text>\n`
    + `<text x="24" y="52" class="small">CPU for each, on Node; median of the rounds, with the smallest and the largest. Logarithmic.</text>\n`
    + `${out.join("\n")}\n</svg>\n`
}

/** All measures of a file: those that were taken later, or on another machine, after the others. */
export const resultsOf = ({ later = [], results }) => [...results, ...later.flatMap(({ results }) => results)]

if (argv[1] === fileURLToPath(import.meta.url)) {
  const file = argv[2] ?? new URL("results.json", import.meta.url)
  const out = argv[3] ?? new URL("../docs/performance.svg", import.meta.url)
  writeFileSync(out, chart(resultsOf(JSON.parse(readFileSync(file, "utf8")))))
}
