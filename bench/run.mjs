/**
 * Runs the benchmarks: `npm run bench -- [--quick] [--only name,...] [--clients name,...] [--rounds n] [--json file]
 * [--chart svg] [--against dir]`. A round runs each client once, in a fresh process, one after the other; what is reported is the median
 * over the rounds of the ratio to plain fetch in the same round, with the smallest and the largest.
 *
 * `--against` names another checkout of this library that is built and has the same `node_modules` (linked): each client
 * that uses this library then runs with both builds in each round, `(before)` being the other one.
 */
import { execFile, spawn } from "node:child_process"
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs"
import { cpus, release, totalmem } from "node:os"
import { dirname, join, resolve } from "node:path"
import { argv, execPath, exit, report, stderr, version } from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { benchmarks } from "./benchmarks.mjs"
import { chart } from "./chart.mjs"

const here = dirname(fileURLToPath(import.meta.url))
const { values: flags } = parseArgs({
  args: argv.slice(2),
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    clients: { type: "string" },
    rounds: { type: "string" },
    json: { type: "string" },
    chart: { type: "string" },
    against: { type: "string" }
  }
})

const fail = (why) => {
  stderr.write(`bench: ${why}\n`)
  exit(1)
}
const checkout = join(here, "..")
const against = flags.against === undefined ? undefined : resolve(flags.against)
for (const dir of [checkout, ...against === undefined ? [] : [against]]) {
  if (!existsSync(join(dir, "dist/index.js"))) fail(`there is no dist in ${dir}; run \`npm run build\` there first`)
}
const effectOf = (dir) => existsSync(join(dir, "node_modules/effect")) && realpathSync(join(dir, "node_modules/effect"))
if (against !== undefined && effectOf(against) !== effectOf(checkout)) {
  fail(`link ${join(against, "node_modules")} to the one of this checkout: both builds must run on one Effect`)
}
// The library for Effect 4 beside that for Effect 3, where it is built.
const isEffect4Built = existsSync(join(checkout, "effect4/build/dist/index.js"))
if (!isEffect4Built) stderr.write("bench: there are no rows for Effect 4; `cd effect4 && npm run build` builds it\n")
const withEffect4 = ({ clients }) =>
  !isEffect4Built ? clients : clients.flatMap((client) => [
    client,
    ...(/^effect-ollama:(fetch|node)(-native)?(-chunk)?$/.test(client)
      ? [client.replace("effect-ollama", "effect-ollama-2")]
      : []),
    ...(/^import:(core|node)$/.test(client) ? [client.replace("import", "import-2")] : [])
  ])
const peers = existsSync(join(here, "node_modules"))
if (!peers) stderr.write("bench: other clients are left out; `npm ci --prefix bench` installs them\n")

const server = spawn(execPath, [join(here, "server.mjs")], { stdio: ["ignore", "pipe", "inherit"] })
const port = await new Promise((resolve) => server.stdout.once("data", (line) => resolve(Number(line))))
const root = `http://127.0.0.1:${port}`

// A client of this library runs with both builds, where the other one has what it needs.
const before = " (before)"
const isOurs = (client) => /^(effect-ollama(?!-2)|import:(core|node)|transport:node)/.test(client)
const hasNeeded = (client) => !client.startsWith("effect-ollama-ai") || existsSync(join(against, "dist/ai"))
const builds = (client) =>
  against !== undefined && isOurs(client) && hasNeeded(client) ? [client, `${client}${before}`] : [client]

const runClient = (client, benchmark, options) =>
  new Promise((resolve) => {
    const [name] = client.split(before)
    const args = [...benchmark.node ?? [], join(here, "client.mjs"), name, benchmark.measurement]
    const dist = pathToFileURL(join(client === name ? checkout : against, "dist/")).href
    execFile(
      execPath,
      [...args, JSON.stringify({ ...options, root, dist })],
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
/** The ratio of two clients, of each round in which both have a value. */
const ratios = (own, other, metric) => {
  const values = own.flatMap((sample, i) => {
    const ratio = sample?.[metric] / other[i]?.[metric]
    return Number.isFinite(ratio) ? [ratio] : []
  })
  return values.length === 0
    ? undefined
    : { ratio: median(values), min: Math.min(...values), max: Math.max(...values) }
}
const number = (value) =>
  value === undefined || Number.isNaN(value) ? "" : value >= 100 ? value.toFixed(0) : value.toPrecision(3)

const needsPeers = (client) => /^(ollama|openai)$/.test(client)
const chosen = (list, name) => list === undefined || list.split(",").some((part) => name.startsWith(part))

// The server and a client have a process each.
const mostFiles = Number(report.getReport().userLimits?.open_files?.hard)

const results = []
for (const benchmark of benchmarks) {
  if (flags.only === undefined ? benchmark.optional : !chosen(flags.only, benchmark.name)) continue
  if (benchmark.files > mostFiles) {
    stderr.write(`bench: ${benchmark.name} is left out; it opens ${benchmark.files} files (\`ulimit -Hn\`)\n`)
    continue
  }
  const options = { ...benchmark.options, ...flags.quick ? benchmark.quick : {} }
  const rounds = Number(flags.rounds ?? (flags.quick ? 1 : benchmark.rounds ?? 5))
  const clients = withEffect4(benchmark).filter((client) =>
    (peers || !needsPeers(client))
    && (client === benchmark.baseline || chosen(flags.clients, client))
  ).flatMap(builds)
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
      const values = own.flatMap((sample) => sample?.[metric] ?? [])
      const other = samples.get(`${client}${before}`)
      row[metric] = values.length === 0 ? { unit } : {
        unit,
        median: median(values),
        ...ratios(own, samples.get(benchmark.baseline), metric),
        ...(other === undefined ? undefined : { toBefore: ratios(own, other, metric) })
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
  const spread = (compared) =>
    compared === undefined ? ["", ""] : [number(compared.ratio), `${number(compared.min)}-${number(compared.max)}`]
  const header = [
    "client",
    ...metrics.flatMap((metric) => [
      `${metric} (${rows[0][metric].unit})`,
      "ratio",
      "spread",
      ...against === undefined ? [] : ["to before", "spread"]
    ])
  ]
  const lines = rows.map((row) => [
    row.client,
    ...metrics.flatMap((metric) => [
      number(row[metric].median),
      ...spread(row[metric].ratio === undefined || row.client === baseline ? undefined : row[metric]),
      ...against === undefined ? [] : spread(row[metric].toBefore)
    ])
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
const commit = (dir) =>
  new Promise((resolve) =>
    execFile(
      "git",
      ["-C", dir, "rev-parse", "--short", "HEAD"],
      (error, out) => resolve(error === null ? out.trim() : undefined)
    )
  )
const machine = {
  date: new Date().toISOString().slice(0, 10),
  node: version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
  kernel: release(),
  ...against === undefined ? undefined : { commit: await commit(checkout), before: await commit(against) },
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
if (flags.chart !== undefined) writeFileSync(flags.chart, chart(results))
