// Measures how long the command takes to start, beside Node itself: the least and the median of some runs, in ms, of the
// clock and of the processor (which other programs disturb less).
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
const work = Object.fromEntries(Object.keys(programs).map((name) => [name, []]))
const env = { PATH: process.env.PATH, HOME: folder }

// one after the other, so that a busy moment meets all of them
for (let i = 0; i < runs; i++) {
  for (const [name, args] of Object.entries(programs)) {
    const command = [process.execPath, ...args].map((word) => `'${word}'`).join(" ")
    const start = performance.now()
    const { status, stderr } = spawnSync("bash", ["-c", `TIMEFORMAT='%U %S'; time ${command} >/dev/null`], {
      encoding: "utf8",
      env
    })
    if (status !== 0) throw new Error(`${name} ends with ${status}: ${stderr}`)
    times[name].push(performance.now() - start)
    work[name].push(1000 * stderr.trim().split(" ").reduce((sum, part) => sum + Number(part), 0))
  }
}
rmSync(folder, { recursive: true })

const least = (all) => Math.min(...all).toFixed(0)
const median = (all) => all.sort((a, b) => a - b)[all.length >> 1].toFixed(0)
for (const name of Object.keys(programs)) {
  const [clock, processor] = [times[name], work[name]].map((all) => `least ${least(all)}, median ${median(all)}`)
  console.log(`${name.padEnd(28)} clock: ${clock}; processor: ${processor}`)
}
