// Counts what is written by hand for Effect 4, and the transform; holds the former against their limits.
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { effect4 } from "../../scripts/lib/repo.mjs"

const limits = { src: 900, test: 250 }

const linesIn = (folder) => {
  const files = readdirSync(join(effect4, folder), { recursive: true })
    .map((name) => join(effect4, folder, name))
    .filter((path) => statSync(path).isFile())
  return {
    files: files.length,
    lines: files.reduce((sum, path) => sum + readFileSync(path, "utf8").trimEnd().split("\n").length, 0)
  }
}

let isTooMuch = false
for (const folder of ["src", "test", "transform"]) {
  const { files, lines } = linesIn(folder)
  const limit = limits[folder]
  console.log(`effect4/${folder}: ${lines} lines in ${files} files${limit === undefined ? "" : ` (at most ${limit})`}`)
  isTooMuch ||= lines > limit
}
process.exit(isTooMuch ? 1 : 0)
