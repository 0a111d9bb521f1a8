import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The root of the repository. */
export const repo = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "")

/** Where the package for Effect 4 is made. */
export const effect4 = join(repo, "effect4")

const require = createRequire(join(repo, "package.json"))

/** The script behind a package's command, to be run by Node: no shell, no `.bin`, on every system. */
export const bin = (name, command = name, from = repo) => {
  const root = join(from, "node_modules", name)
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  return join(root, typeof bin === "string" ? bin : bin[command])
}

/** The folders of `src` that are no entries of the package. */
export const rooms = [
  "ai/internal",
  "catalog",
  "cli",
  "completion",
  "config",
  "core",
  "server",
  "telemetry",
  "testing/internal",
  "transport"
]

/** Whether a file of `src` (or of `dist`, by its path in there) lies in one of them. */
export const isRoom = (file) => {
  const path = file.split(/[\\/]/).join("/")
  return rooms.some((room) => path.startsWith(`${room}/`))
}

/** The manifest of this package. */
export const manifest = require("./package.json")
