// All that is checked of the line for Effect 4 but its tests: how much is written by hand, that all of it is built and
// type-checks, the examples, the type tests, the packed package in an empty folder, the size of a minimal app.
import { join } from "node:path"
import { bin, effect4, repo } from "../../scripts/lib/repo.mjs"
import { run } from "../../scripts/lib/run.mjs"
import { install } from "./install.mjs"
import { nodes } from "./nodes.mjs"

const comparison = join(effect4, "comparison")
install(effect4)
install(comparison)

const node = (...args) => run(process.execPath, args)
node("effect4/scripts/count.mjs")
node("effect4/scripts/build.mjs")
node(bin("typescript", "tsc"), "-p", join(effect4, "tsconfig.json"), "--pretty", "false")
console.log("source, tests and examples type-check on Effect 4")
run(process.execPath, ["scripts/checkExamples.mjs", "effect4"], { cwd: repo })
node("effect4/scripts/checkPackage.mjs")
node("effect4/scripts/size.mjs")
node("scripts/testTypes.mjs", "effect4")
run(nodes()[0].path, ["effect4/scripts/compare.mjs", "--check"])
