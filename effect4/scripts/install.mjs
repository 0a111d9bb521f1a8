import { existsSync } from "node:fs"
import { join } from "node:path"
import { run } from "../../scripts/lib/run.mjs"

/** Installs what a folder's lock names, where nothing is installed yet. */
export const install = (folder) => {
  if (existsSync(join(folder, "node_modules"))) return
  console.log(`What is in ${folder} needs its own packages: npm ci`)
  // a shell, because npm is a script of another kind on Windows
  run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, shell: true })
}
