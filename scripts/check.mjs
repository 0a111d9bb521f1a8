// Every check of the project, one after the other, cheap ones first; the first that fails ends the run.
//
//   npm run check                    all
//   npm run check -- --no-tests      all but the test suites
//   npm run check -- lint types      the named ones
//   npm run check -- effect4         all of the package for Effect 4 but its tests, which are tests-effect4
import { spawnSync } from "node:child_process"
import { bin, repo } from "./lib/repo.mjs"

const node = (...args) => [process.execPath, args]
const tool = (name, ...args) => node(bin(name), ...args)

const checks = {
  lock: node("scripts/lockPlatforms.mjs", "--check"),
  format: tool("dprint", "check"),
  lint: tool("oxlint", "--deny-warnings"),
  structure: node("scripts/checkStructure.mjs"),
  ways: tool("tsx", "scripts/ways.ts"),
  any: node("scripts/checkAny.mjs"),
  docs: node("scripts/checkDocs.mjs"),
  types: node(bin("typescript", "tsc"), "-p", "tsconfig.json"),
  "types-core": node(bin("typescript", "tsc"), "-p", "tsconfig.core.json"),
  effect: node("scripts/effectLint.mjs"),
  examples: node("scripts/checkExamples.mjs"),
  unused: tool("knip"),
  build: node("scripts/build.mjs"),
  package: node("scripts/checkPackage.mjs"),
  size: node("scripts/size.mjs"),
  "type-tests": node("scripts/testTypes.mjs"),
  tests: node("scripts/test.mjs"),
  effect4: node("effect4/scripts/check.mjs"),
  "tests-effect4": node("effect4/scripts/test.mjs", "--no-transform")
}
const suites = ["tests", "tests-effect4"]

const args = process.argv.slice(2)
const named = args.filter((arg) => !arg.startsWith("--"))
const unknown = [
  ...named.filter((name) => !(name in checks)),
  ...args.filter((arg) => arg.startsWith("--") && arg !== "--no-tests")
]
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. Checks: ${Object.keys(checks).join(", ")}`)
  process.exit(2)
}
const chosen = (named.length > 0 ? named : Object.keys(checks)).filter(
  (name) => named.includes(name) || !args.includes("--no-tests") || !suites.includes(name)
)

const began = performance.now()
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`
for (const name of chosen) {
  const start = performance.now()
  console.log(`\n> ${name}`)
  const [command, commandArgs] = checks[name]
  const { error, status } = spawnSync(command, commandArgs, { cwd: repo, stdio: "inherit" })
  if (error !== undefined || status !== 0) {
    console.error(`\nFAILED: ${name} (${seconds(start)})${error === undefined ? "" : ` ${error.message}`}`)
    console.error(`Again: npm run check -- ${name}`)
    process.exit(1)
  }
  console.log(`ok: ${name} (${seconds(start)})`)
}
console.log(`\n${chosen.length} checks passed (${seconds(began)})`)
