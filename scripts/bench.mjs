// Runs the benchmarks of bench/run against a fresh build.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { bin, repo } from "./lib/repo.mjs"
import { run } from "./lib/run.mjs"

run(process.execPath, ["scripts/build.mjs"])
const file = ["bench/run.mjs", "bench/run.ts"].find((file) => existsSync(join(repo, file)))
if (file === undefined) throw new Error("There is no bench/run.ts")
const runner = file.endsWith(".ts") ? [bin("tsx")] : []
run(process.execPath, [...runner, "--expose-gc", file, ...process.argv.slice(2)])
