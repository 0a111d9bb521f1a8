/**
 * Runs the benchmarks: `npm run bench -- [--quick] [--only name,...] [--clients name,...] [--rounds n] [--json file]`.
 * A round runs each client once, in a fresh process, one after the other; what is reported is the median over the
 * rounds of the ratio to plain fetch in the same round, with the smallest and the largest.
 */
import { execFile, spawn } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { cpus, release, totalmem } from "node:os"
import { dirname, join } from "node:path"
import { argv, execPath, exit, stderr, version } from "node:process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { benchmarks } from "./benchmarks.mjs"

const here = dirname(fileURLToPath(import.meta.url))
const { values: flags } = parseArgs({
  args: argv.slice(2),
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    clients: { type: "string" },
    rounds: { type: "string" },
    json: { type: "string" }
  }
})

if (!existsSync(join(here, "../dist/index.js"))) {
  stderr.write("bench: there is no dist; run `npm run build` first\n")
  exit(1)
}
const peers = existsSync(join(here, "node_modules"))
if (!peers) stderr.write("bench: other clients are left out; `npm ci --prefix bench` installs them\n")

const server = spawn(execPath, [join(here, "server.mjs")], { stdio: ["ignore", "pipe", "inherit"] })
const port = await new Promise((resolve) => server.stdout.once("data", (line) => resolve(Number(line))))
const root = `http://127.0.0.1:${port}`

const runClient = (client, benchmark, options) =>
  new Promise((resolve) => {
    const args = [...benchmark.node ?? [], join(here, "client.mjs"), client, benchmark.measurement]
    execFile(
      execPath,
      [...args, JSON.stringify({ ...options, root })],
      { timeout: 300_000, maxBuffer: 2 ** 24 },
      (error, out, err) => {
        if (error === null) return resolve(JSON.parse(out))
        stderr.write(
          `bench: ${client} failed in ${benchmark.name}: ${err.trim().split("\n").slice(0, 8).join("\n  ")}\n`
        )
        resolve(undefined)
      }
    )
  })

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
const number = (value) =>
  value === undefined || Number.isNaN(value) ? "" : value >= 100 ? value.toFixed(0) : value.toPrecision(3)

const needsPeers = (client) => /^(ollama|openai)$/.test(client)
const chosen = (list, name) => list === undefined || list.split(",").some((part) => name.startsWith(part))

const results = []
for (const benchmark of benchmarks) {
  if (flags.only === undefined ? benchmark.optional : !chosen(flags.only, benchmark.name)) continue
  const options = { ...benchmark.options, ...flags.quick ? benchmark.quick : {} }
  const rounds = Number(flags.rounds ?? (flags.quick ? 1 : benchmark.rounds ?? 5))
  const clients = benchmark.clients.filter((client) =>
    (peers || !needsPeers(client))
    && (client === benchmark.baseline || chosen(flags.clients, client))
  )
  const samples = new Map(clients.map((client) => [client, []]))
  for (let round = 0; round < rounds; round++) {
    // Every other round goes backwards, so that no client always has the same neighbour.
    for (const client of round % 2 === 0 ? clients : clients.toReversed()) {
      const slow = benchmark.slow?.[client]
      samples.get(client).push(
        await runClient(client, benchmark, slow === undefined ? options : { ...options, ...slow })
      )
    }
  }
  const rows = clients.map((client) => {
    const row = { client }
    for (const [metric, unit] of Object.entries(benchmark.metrics)) {
      const own = samples.get(client)
      const base = samples.get(benchmark.baseline)
      const values = own.flatMap((sample) => sample?.[metric] ?? [])
      const ratios = own.flatMap((sample, i) => {
        const ratio = sample?.[metric] / base[i]?.[metric]
        return Number.isFinite(ratio) ? [ratio] : []
      })
      row[metric] = values.length === 0 ? { unit } : {
        unit,
        median: median(values),
        ...(ratios.length === 0 ? {} : { ratio: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) })
      }
    }
    return row
  })
  results.push({ name: benchmark.name, title: benchmark.title, baseline: benchmark.baseline, options, rounds, rows })
  print(results.at(-1))
}
server.kill()

function print({ baseline, rounds, rows, title }) {
  const metrics = Object.keys(rows[0]).filter((key) => key !== "client")
  const header = ["client", ...metrics.flatMap((metric) => [`${metric} (${rows[0][metric].unit})`, "ratio", "spread"])]
  const lines = rows.map((row) => [
    row.client,
    ...metrics.flatMap((metric) => {
      const { max, median, min, ratio } = row[metric]
      const compared = ratio !== undefined && row.client !== baseline
      return [number(median), compared ? number(ratio) : "", compared ? `${number(min)}-${number(max)}` : ""]
    })
  ])
  const widths = header.map((cell, i) => Math.max(cell.length, ...lines.map((line) => line[i].length)))
  const row = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`
  console.log(`\n### ${title}\n\nRatios to \`${baseline}\`, ${rounds} rounds.\n`)
  console.log(row(header))
  console.log(row(widths.map((width) => "-".repeat(width))))
  for (const line of lines) console.log(row(line))
}

const packageVersion = (name) => {
  for (const dir of [join(here, "node_modules"), join(here, "../node_modules")]) {
    const file = join(dir, name, "package.json")
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")).version
  }
}
const machine = {
  date: new Date().toISOString().slice(0, 10),
  node: version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
  kernel: release(),
  packages: Object.fromEntries(
    ["effect", "@effect/platform", "undici", "ollama", "openai", "@effect/ai-openai"].map((name) => [
      name,
      packageVersion(name)
    ])
  )
}
console.log(`\n${JSON.stringify(machine)}`)
const file = flags.json ?? join(here, "results.json")
writeFileSync(file, `${JSON.stringify({ machine, results }, null, 2)}\n`)
