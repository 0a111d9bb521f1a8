// Checks what would be published: packs it, lints the tarball (publint, attw), then uses it as an app does: every entry is
// type-checked with TypeScript 5.9, declarations included, and imported by Node; then once more without `@effect/ai`, which an
// app need not have.
//
// `--types` runs the type check and the imports alone.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import {
  checkCommands,
  checkPages,
  entriesOf,
  freshFolder,
  hiddenIn,
  linkInto,
  lintPackage,
  pack,
  typeCheck
} from "./lib/app.mjs"
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

const published = join(modules, manifest.name)
checkPages(published)

const dist = join(published, "dist")
const hidden = hiddenIn(manifest)
const entries = entriesOf(dist, manifest)

const tsc = bin("typescript", "tsc", join(repo, "typetest"))
typeCheck(app, entries, tsc)
console.log(`${entries.length} entries type-check with TypeScript 5.9, declarations included`)

checkCommands(published, manifest)
if (!existsSync(join(dist, "cli.cjs.map"))) throw new Error("The command has no source map")

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
