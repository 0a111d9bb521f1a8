// Uses a package as an app does: packed, in a folder of its own.
import { execFileSync, spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { isBuiltin } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join, sep } from "node:path"
import { bin, isRoom } from "./repo.mjs"
import { run } from "./run.mjs"

/** An empty folder, gone when this process ends. */
export const freshFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "effect-ollama-app-"))
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Packs the package of a folder into another one, and unpacks it there, as `package`; gives the name of the tarball. */
export const pack = (from, to) => {
  const [{ entryCount, filename, size }] = JSON.parse(
    // a shell, because npm is a script of another kind on Windows
    execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", to], {
      cwd: from,
      encoding: "utf8",
      shell: true,
      stdio: ["ignore", "pipe", "ignore"]
    })
  )
  console.log(`${filename}: ${entryCount} files, ${(size / 1000).toFixed(0)} kB packed`)
  execFileSync("tar", ["-xzf", filename], { cwd: to })
  return filename
}

// says what it found when it found something
const lint = (name, args) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" })
  if (status !== 0) {
    console.error(stdout + stderr)
    process.exit(1)
  }
  console.log(`${name}: nothing found`)
}

/** What publint and attw say of a tarball. */
export const lintPackage = (tarball) => {
  lint("publint", [bin("publint"), tarball, "--strict"])
  lint("attw", [bin("@arethetypeswrong/cli", "attw"), tarball, "--profile", "esm-only", "--format", "ascii"])
}

/** What the pages of a package link to, or show, is published with it. */
export const checkPages = (published) => {
  for (const page of readdirSync(published, { recursive: true }).filter((file) => file.endsWith(".md"))) {
    const text = readFileSync(join(published, page), "utf8")
    for (const [, link, picture] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)|\bsrc(?:set)?="(?!https?:)([^"]+)"/g)) {
      if (!existsSync(join(published, dirname(page), link ?? picture))) {
        throw new Error(`${page} refers to ${link ?? picture}, which is not packed`)
      }
    }
  }
}

/** The commands of a package are there, and need nothing that is not in them: they run where nothing is installed. */
export const checkCommands = (published, { bin: commands, name, version }) => {
  const alone = freshFolder()
  for (const path of Object.values(commands)) cpSync(join(published, path), join(alone, path), { recursive: true })
  for (const [command, path] of Object.entries(commands)) {
    const file = join(alone, path)
    if ((statSync(file).mode & 0o111) === 0) throw new Error(`${path} cannot be executed`)
    const ask = (...args) => execFileSync(process.execPath, [file, ...args], { cwd: alone, encoding: "utf8" })
    const said = ask("--help")
    if (!said.includes(command === name ? `${name} ${version}` : name)) {
      throw new Error(`${command} --help says: ${said}`)
    }
    if (command === name) ask("config", "validate", "--json", "--config", join(published, "package.json"))
    for (const [, specifier] of readFileSync(file, "utf8").matchAll(/\b(?:require|import)\("([^"]+)"\)/g)) {
      if (!specifier.startsWith(".") && !isBuiltin(specifier)) throw new Error(`${path} needs ${specifier}`)
    }
  }
  console.log(`${Object.keys(commands).length} commands run with nothing else installed`)
}

/** Links packages that `root` has into a folder of modules. */
export const linkInto = (modules, names, root) => {
  for (const name of names) {
    mkdirSync(join(modules, name, ".."), { recursive: true })
    symlinkSync(join(root, "node_modules", name), join(modules, name), "junction")
  }
}

/** The specifiers that a manifest hides. */
export const hiddenIn = ({ exports, name }) =>
  Object.keys(exports)
    .filter((path) => exports[path] === null && !path.includes("*"))
    .map((path) => path.replace(/^\./, name))

/** The specifiers that an app can import from the package that was built in `dist`. */
export const entriesOf = (dist, manifest) => {
  const hidden = hiddenIn(manifest)
  return readdirSync(dist, { recursive: true })
    .map((file) => file.split(sep).join("/"))
    .filter((file) => file.endsWith(".js") && !isRoom(file))
    .map((file) => file.replace(/(^|\/)index\.js$|\.js$/, ""))
    .map((path) => (path === "" ? manifest.name : `${manifest.name}/${path}`))
    .filter((entry) => !hidden.includes(entry))
    .sort()
}

/** Type-checks an app that imports these, with all declarations. */
export const typeCheck = (folder, entries, tsc) => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }))
  writeFileSync(
    join(folder, "app.ts"),
    entries.map((entry, i) => `import * as entry${i} from "${entry}"\nvoid entry${i}\n`).join("")
  )
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ES2022",
        lib: ["ES2023", "DOM", "DOM.Iterable"],
        module: "NodeNext",
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
        types: ["node"]
      },
      files: ["app.ts"]
    })
  )
  run(process.execPath, [tsc, "-p", folder, "--pretty", "false"])
}
