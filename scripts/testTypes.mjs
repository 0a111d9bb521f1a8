// Runs the type tests on the TypeScript that typetest/package.json pins: TypeScript 7 has no compiler API. With `effect4`,
// those that were written for Effect 4 into effect4/build.
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { bin, effect4, repo } from "./lib/repo.mjs"
import { run } from "./lib/run.mjs"

const typescript = createRequire(join(repo, "typetest", "package.json")).resolve("typescript")
const isEffect4 = process.argv.includes("effect4")
const args = process.argv.slice(2).filter((arg) => arg !== "effect4")
run(process.execPath, [bin("tstyche"), "--target", "*", ...args], {
  cwd: isEffect4 ? join(effect4, "build") : repo,
  env: { ...process.env, TSTYCHE_TYPESCRIPT_MODULE: pathToFileURL(typescript).href }
})
