// `any` needs its reason on the same line: `// any: <reason>`.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { bin, repo } from "./lib/repo.mjs"

const result = spawnSync(
  process.execPath,
  [bin("oxlint"), "-A", "all", "-D", "typescript/no-explicit-any", "-f", "json", "src"],
  { cwd: repo, encoding: "utf8" }
)
const found = JSON.parse(result.stdout).diagnostics.filter((found) => found.code === "typescript(no-explicit-any)")
const unreasoned = found.flatMap(({ filename, labels }) => {
  const { line } = labels[0].span
  return readFileSync(join(repo, filename), "utf8").split("\n")[line - 1].includes("// any: ")
    ? []
    : [`${filename}:${line}: any without its reason ("// any: <reason>" on the same line)`]
})
for (const line of unreasoned) console.error(line)
console.log(`${found.length} any in src, ${unreasoned.length} without a reason`)
process.exit(unreasoned.length > 0 ? 1 : 0)
