// The tests, rewritten for Effect 4, on Node 24 and 22.
//
//   npm run test:effect4                          all, on both
//   npm run test:effect4 -- --node 24             on one of them
//   npm run test:effect4 -- --latest              on the newest 4.x of the registry, whose `http` and `ai` may break in minors
//   npm run test:effect4 -- test/node.test.ts     some of them; what else is written is for vitest
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { effect4 } from "../../scripts/lib/repo.mjs"
import { run } from "../../scripts/lib/run.mjs"
import own from "../package.json" with { type: "json" }
import { install } from "./install.mjs"
import { nodes } from "./nodes.mjs"

const args = process.argv.slice(2)
const taken = (name, count) => {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args.splice(at, count)
}
const isLatest = taken("--latest", 1) !== undefined
const node = taken("--node", 2)?.[1]
const isReady = taken("--no-transform", 1) !== undefined

install(effect4)
if (!isReady) run(process.execPath, ["transform/transform.mjs"], { cwd: effect4 })

let root = effect4
if (isLatest) {
  root = join(effect4, "build", "latest")
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  // by its tag: of a range npm takes an older version where the Node that runs it is too old for the newest
  const newest = (name) =>
    /^(effect|@effect\/(opentelemetry|platform-node|vitest))$/.test(name) ? "latest" : own.devDependencies[name]
  const dependencies = { ...own.dependencies }
  for (const name of Object.keys(own.devDependencies)) dependencies[name] = newest(name)
  writeFileSync(join(root, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }))
  execFileSync("npm", ["install", "--no-audit", "--no-fund"], {
    cwd: root,
    shell: true,
    stdio: "inherit"
  })
  for (const folder of ["src", "test", "examples", "docs", "README.md", "CHANGELOG.md"]) {
    cpSync(join(effect4, "build", folder), join(root, "build", folder), { recursive: true })
  }
}

for (const { major, path } of nodes(node === undefined ? undefined : [Number(node)])) {
  console.log(`\n> Node ${major}`)
  run(path, [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--config",
    join(effect4, "vitest.config.ts"),
    ...args
  ], {
    cwd: root
  })
}
