// Builds `dist`: what tsc emits, with pure calls marked, internal modules put together, and the command as one file.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { annotatePure } from "./annotatePure.mjs"
import { bundleCli } from "./bundleCli.mjs"
import { joinModules } from "./joinModules.mjs"
import { bin, repo } from "./lib/repo.mjs"
import { run } from "./lib/run.mjs"

const dist = join(repo, "dist")

// Every relative import of a declaration must name a file that is there: Node's resolution guesses no endings.
const checkSpecifiers = () => {
  const wrong = []
  for (const file of readdirSync(dist, { recursive: true })) {
    if (!file.endsWith(".d.ts")) continue
    const text = readFileSync(join(dist, file), "utf8")
    for (const [, specifier] of text.matchAll(/(?:from |import\()"(\.[^"]*)"/g)) {
      if (!specifier.endsWith(".js") || !existsSync(join(dist, file, "..", specifier))) {
        wrong.push(`${file}: ${specifier}`)
      }
    }
  }
  if (wrong.length > 0) throw new Error(`Imports that do not resolve:\n${wrong.join("\n")}`)
}

rmSync(dist, { recursive: true, force: true })
run(process.execPath, [bin("typescript", "tsc"), "-p", "tsconfig.build.json", "--pretty", "false"])
await annotatePure(dist)
checkSpecifiers()
await joinModules(dist)
await bundleCli(dist)
