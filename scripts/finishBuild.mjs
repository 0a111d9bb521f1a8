// What is done with the files that tsc emits: pure calls are marked, and internal modules put together.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { annotatePure } from "./annotatePure.mjs"
import { joinModules } from "./joinModules.mjs"

// Every relative import of a declaration must name a file that is there: Node's resolution guesses no endings.
const checkSpecifiers = (dist) => {
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

export const finishBuild = async (dist) => {
  await annotatePure(dist)
  checkSpecifiers(dist)
  await joinModules(dist)
}
