// Builds `dist`: what tsc emits, with pure calls marked, internal modules put together, and the command as one file.
import { rmSync } from "node:fs"
import { join } from "node:path"
import { bundleCli } from "./bundleCli.mjs"
import { finishBuild } from "./finishBuild.mjs"
import { bin, repo } from "./lib/repo.mjs"
import { run } from "./lib/run.mjs"

const dist = join(repo, "dist")

rmSync(dist, { recursive: true, force: true })
run(process.execPath, [bin("typescript", "tsc"), "-p", "tsconfig.build.json", "--pretty", "false"])
await finishBuild(dist)
await bundleCli(dist)
