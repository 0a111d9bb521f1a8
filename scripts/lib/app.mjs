// Uses a package as an app does: packed, in a folder of its own.
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, sep } from "node:path"
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
