// The Effect diagnostics of @effect/tsgo.
//
// Their rules follow Effect 3 only through its barrels (`import { Effect } from "effect"`), and `src` imports module by
// module. So they run over a copy in which every such import names the barrel, line by line as it was.
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bin, repo } from "./lib/repo.mjs"

const copy = join(repo, ".cache", "effect-lint")

const toBarrel = (source) =>
  source.replace(
    /^import (type )?\* as (\w+) from "(effect|@effect\/platform)\/(\w+)"/gm,
    (line, type, name, pkg, module) =>
      `import ${type ?? ""}{ ${name === module ? name : `${module} as ${name}`} } from "${pkg}"`
  )

const tsconfig = JSON.parse(readFileSync(join(repo, "tsconfig.json"), "utf8"))

rmSync(copy, { recursive: true, force: true })
for (const folder of tsconfig.include) {
  if (!existsSync(join(repo, folder))) continue
  cpSync(join(repo, folder), join(copy, folder), {
    recursive: true,
    filter: (path) => !/recordings\/v|node_modules$/.test(path)
  })
  for (const file of readdirSync(join(copy, folder), { recursive: true })) {
    if (!file.endsWith(".ts")) continue
    const path = join(copy, folder, file)
    writeFileSync(path, toBarrel(readFileSync(path, "utf8")))
  }
}
cpSync(join(repo, "package.json"), join(copy, "package.json"))
writeFileSync(join(copy, "tsconfig.json"), JSON.stringify(tsconfig, null, 2))

const result = spawnSync(
  process.execPath,
  [
    bin("@effect/tsgo", "effect-tsgo"),
    "diagnostics",
    "--strict",
    "--project",
    join(copy, "tsconfig.json"),
    "--format",
    "text",
    "--severity",
    "error,warning"
  ],
  { cwd: repo, encoding: "utf8" }
)
process.stdout.write(`${result.stdout}${result.stderr}`.replaceAll(`${copy}/`, ""))
rmSync(copy, { recursive: true, force: true })
process.exit(result.status ?? 1)
