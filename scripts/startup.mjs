// Measures how long the command takes to start, beside Node itself: the least and the median of some runs, in ms.
//
//   node scripts/startup.mjs [runs]
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundleCli } from "./bundleCli.mjs"

const runs = Number(process.argv[2] ?? 20)
const folder = mkdtempSync(join(tmpdir(), "effect-ollama-start-"))
await bundleCli(folder)
const cli = join(folder, "cli.cjs")
const programs = {
  "node -e 0": ["-e", "0"],
  "effect-ollama --help": [cli, "--help"],
  "effect-ollama config path": [cli, "config", "path"]
}
const times = Object.fromEntries(Object.keys(programs).map((name) => [name, []]))
const env = { PATH: process.env.PATH, HOME: folder }

// one after the other, so that a busy moment meets all of them
for (let i = 0; i < runs; i++) {
  for (const [name, args] of Object.entries(programs)) {
    const start = performance.now()
    const { status } = spawnSync(process.execPath, args, { env, stdio: "ignore" })
    if (status !== 0) throw new Error(`${name} ends with ${status}`)
    times[name].push(performance.now() - start)
  }
}
rmSync(folder, { recursive: true })

const [node] = Object.values(times).map((all) => Math.min(...all))
for (const [name, all] of Object.entries(times)) {
  const [least, median] = [Math.min(...all), all.sort((a, b) => a - b)[all.length >> 1]]
  console.log(`${name.padEnd(28)} least ${least.toFixed(0)}, median ${median.toFixed(0)}`)
}
console.log(`at most: ${(2 * node + 150).toFixed(0)} (twice Node's own, and 150 ms)`)
