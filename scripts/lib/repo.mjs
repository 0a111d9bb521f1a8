import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The root of the repository. */
export const repo = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "")

const require = createRequire(join(repo, "package.json"))

/** The script behind a package's command, to be run by Node: no shell, no `.bin`, on every system. */
export const bin = (name, command = name, from = repo) => {
  const root = join(from, "node_modules", name)
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  return join(root, typeof bin === "string" ? bin : bin[command])
}

/** The manifest of this package. */
export const manifest = require("./package.json")
