// Checks what would be published: packs it, lints the tarball (publint, attw), then uses it as an app does: every entry is
// type-checked with TypeScript 5.9, declarations included, and imported by Node; then once more without `@effect/ai`, which an
// app need not have.
//
// `--types` runs the type check and the imports alone.
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs"
import { isBuiltin } from "node:module"
import { dirname, join } from "node:path"
import { entriesOf, freshFolder, hiddenIn, linkInto, lintPackage, pack, typeCheck } from "./lib/app.mjs"
import { bin, manifest, repo } from "./lib/repo.mjs"
import { run } from "./lib/run.mjs"

const onlyTypes = process.argv.includes("--types")
const app = freshFolder()
const tarball = join(app, pack(repo, app))

if (!onlyTypes) lintPackage(tarball)

// -----------------------------------------------------------------------------
// the app
// -----------------------------------------------------------------------------

const modules = join(app, "node_modules")
mkdirSync(modules)
renameSync(join(app, "package"), join(modules, manifest.name))
const needed = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies), "@types/node"]
linkInto(modules, needed, repo)

// what a page refers to is published with it
const published = join(modules, manifest.name)
for (const page of readdirSync(published, { recursive: true }).filter((file) => file.endsWith(".md"))) {
  for (const [, link] of readFileSync(join(published, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
    if (!existsSync(join(published, dirname(page), link))) {
      throw new Error(`${page} links to ${link}, which is not packed`)
    }
  }
}

const dist = join(published, "dist")
const hidden = hiddenIn(manifest)
const entries = entriesOf(dist, manifest)

const tsc = bin("typescript", "tsc", join(repo, "typetest"))
typeCheck(app, entries, tsc)
console.log(`${entries.length} entries type-check with TypeScript 5.9, declarations included`)

// the commands are there, and need nothing that is not in them: they run where nothing is installed
const alone = freshFolder()
for (const path of Object.values(manifest.bin)) cpSync(join(published, path), join(alone, path), { recursive: true })
for (const [command, path] of Object.entries(manifest.bin)) {
  const file = join(alone, path)
  if ((statSync(file).mode & 0o111) === 0) throw new Error(`${path} cannot be executed`)
  const ask = (...args) => execFileSync(process.execPath, [file, ...args], { cwd: alone, encoding: "utf8" })
  const said = ask("--help")
  if (!said.includes("effect-ollama")) throw new Error(`${command} --help says: ${said}`)
  if (command === manifest.name) ask("config", "validate", "--json", "--config", join(published, "package.json"))
  for (const [, specifier] of readFileSync(file, "utf8").matchAll(/\b(?:require|import)\("([^"]+)"\)/g)) {
    if (!specifier.startsWith(".") && !isBuiltin(specifier)) throw new Error(`${path} needs ${specifier}`)
  }
}
if (!existsSync(join(dist, "cli.cjs.map"))) throw new Error("The command has no source map")
console.log(`${Object.keys(manifest.bin).length} commands run with nothing else installed`)

// what the command is made from is no dependency of who imports the library
const library = readdirSync(dist, { recursive: true })
  .filter((file) => file.endsWith(".js"))
  .map((file) => readFileSync(join(dist, file), "utf8"))
for (const name of Object.keys(manifest.dependencies)) {
  if (!library.some((source) => source.includes(`"${name}"`))) throw new Error(`The library does not use ${name}`)
}

const importAll = `for (const entry of ${JSON.stringify(entries)}) await import(entry)
for (const path of ${JSON.stringify([...hidden, `${manifest.name}/core/failure/sentences`])}) {
  let leak = false
  try { await import(path); leak = true } catch {}
  if (leak) throw new Error(path + " can be imported")
}`
run(process.execPath, ["--input-type=module", "--eval", importAll], { cwd: app })
console.log(`${entries.length} entries load in Node ${process.versions.node}`)

// -----------------------------------------------------------------------------
// an app without @effect/ai
// -----------------------------------------------------------------------------

const bare = freshFolder()
linkInto(join(bare, "node_modules"), needed.filter((name) => name !== "@effect/ai"), repo)
cpSync(published, join(bare, "node_modules", manifest.name), { recursive: true })
const needsAi = (entry) => entry === `${manifest.name}/ai` || entry.startsWith(`${manifest.name}/ai/`)
const core = entries.filter((entry) => !needsAi(entry))

typeCheck(bare, core, tsc)
const importCore = `for (const entry of ${JSON.stringify(core)}) await import(entry)
for (const entry of ${JSON.stringify(entries.filter(needsAi))}) {
  const failed = await import(entry).then(() => "nothing", (error) => error.message)
  if (!failed.includes("@effect/ai")) throw new Error(entry + " needs @effect/ai, and fails with " + failed)
}`
run(process.execPath, ["--input-type=module", "--eval", importCore], { cwd: bare })
if (manifest.peerDependenciesMeta["@effect/ai"]?.optional !== true) throw new Error("@effect/ai is no optional peer")
console.log(`${core.length} entries type-check and load without @effect/ai, which ${entries.length - core.length} need`)
