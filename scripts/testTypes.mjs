// Runs the type tests on the TypeScript that typetest/package.json pins: TypeScript 7 has no compiler API.
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { bin, repo } from "./lib/repo.mjs"
import { run } from "./lib/run.mjs"

const typescript = createRequire(join(repo, "typetest", "package.json")).resolve("typescript")
run(process.execPath, [bin("tstyche"), "--target", "*", ...process.argv.slice(2)], {
  env: { ...process.env, TSTYCHE_TYPESCRIPT_MODULE: pathToFileURL(typescript).href }
})
