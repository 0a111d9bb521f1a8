// The Nodes that the package for Effect 4 is tested on. Where they are not installed (they are binaries for Linux), the one
// that runs this, if it is new enough.
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const nodes = (majors = [24, 22]) => {
  const found = majors
    .map((major) => ({ major, path: fileURLToPath(new URL(`../node_modules/node${major}/bin/node`, import.meta.url)) }))
    .filter(({ path }) => existsSync(path))
  if (found.length > 0) return found
  const major = Number(process.versions.node.split(".")[0])
  if (major < 22) throw new Error("Effect 4 is tested on Node 22 and 24: npm ci --prefix effect4, or a newer Node")
  return [{ major, path: process.execPath }]
}
