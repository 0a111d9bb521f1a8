// Type-checks every example of README.md, docs and the JSDoc of src, against src. With `effect4`, those that were written for
// Effect 4 into effect4/build.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ofJsDoc, ofMarkdown } from "./lib/examples.mjs"
import { bin, repo as root } from "./lib/repo.mjs"

const isEffect4 = process.argv.includes("effect4")
const repo = isEffect4 ? join(root, "effect4", "build") : root
const folder = join(repo, ".cache", "examples")

const filesOf = (directory, ending) =>
  existsSync(join(repo, directory))
    ? readdirSync(join(repo, directory), { recursive: true })
      .filter((file) => file.endsWith(ending))
      .map((file) => join(directory, file))
    : []

const sources = [
  ...["README.md", ...filesOf("docs", ".md")].map((file) => [file, ofMarkdown]),
  ...filesOf("src", ".ts").map((file) => [file, ofJsDoc])
].filter(([file]) => existsSync(join(repo, file)))

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const origin = new Map()
for (const [file, examplesOf] of sources) {
  for (const { code, line } of examplesOf(readFileSync(join(repo, file), "utf8"))) {
    // as many empty lines in front as there are in the source, so that the compiler's line numbers are the source's
    const name = `example${origin.size + 1}.ts`
    origin.set(name, file)
    writeFileSync(join(folder, name), "\n".repeat(line) + code + "\n")
  }
}

const tsconfig = {
  extends: isEffect4 ? "../../../tsconfig.json" : "../../tsconfig.json",
  compilerOptions: { moduleDetection: "force", noUnusedLocals: false, noUnusedParameters: false },
  include: ["*.ts"],
  exclude: []
}
writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig))

if (origin.size > 0) {
  const result = spawnSync(process.execPath, [bin("typescript", "tsc"), "-p", folder, "--pretty", "false"], {
    cwd: folder,
    encoding: "utf8"
  })
  process.stdout.write(
    result.stdout.replace(/^(example\d+\.ts)/gm, (name) => origin.get(name)).replaceAll("../../", "")
  )
  if (result.status !== 0) process.exit(1)
}
rmSync(folder, { recursive: true, force: true })
console.log(`${origin.size} examples type-check`)
