// Every module and every export of the public modules says since when it exists, every export its category, and index.ts
// exports every module.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { isRoom, repo } from "./lib/repo.mjs"

const src = join(repo, "src")
const declaration =
  /^export (?:declare |abstract |async )*(const|function\*?|class|interface|type|namespace|enum) (\w+)/
const problems = []
let exports = 0

// the JSDoc that ends on the line before `index`
const commentBefore = (lines, index) => {
  if (!lines[index - 1]?.trim().endsWith("*/")) return ""
  let start = index - 1
  while (start >= 0 && !lines[start].trim().startsWith("/**")) start--
  return lines.slice(start, index).join("\n")
}

for (const file of readdirSync(src, { recursive: true }).sort()) {
  if (!file.endsWith(".ts") || isRoom(file) || /(^|[\\/])index\.ts$/.test(file)) continue
  const lines = readFileSync(join(src, file), "utf8").split("\n")
  if (!/^\/\*\*[\s\S]*?@since \d+\.\d+\.\d+[\s\S]*?\*\//.test(lines.join("\n"))) {
    problems.push(`src/${file}:1: the module has no JSDoc with @since`)
  }
  const seen = new Set()
  lines.forEach((line, index) => {
    const match = declaration.exec(line)
    if (match === null) return
    const [, kind, name] = match
    // further overloads of a function
    if (kind.startsWith("function") && seen.has(name)) return
    if (kind.startsWith("function")) seen.add(name)
    exports++
    const comment = commentBefore(lines, index)
    const missing = ["@since", "@category"].filter((tag) => !comment.includes(tag))
    if (missing.length > 0) problems.push(`src/${file}:${index + 1}: ${name} has no ${missing.join(" and no ")}`)
  })
}

// index.ts names every module that runs everywhere
const index = readFileSync(join(src, "index.ts"), "utf8")
for (const file of readdirSync(src)) {
  const name = file.replace(/\.ts$/, "")
  if (!/^[A-Z]\w*\.ts$/.test(file) || index.includes(`export * as ${name} from "./${name}.js"`)) continue
  problems.push(`src/index.ts: ${name} is not exported`)
}

for (const problem of problems) console.error(problem)
console.log(`${exports} public exports, ${problems.length} problems`)
process.exit(problems.length > 0 ? 1 : 0)
