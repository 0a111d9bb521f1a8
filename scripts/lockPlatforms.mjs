// npm leaves a platform's binary packages out of package-lock.json when it could not see them while locking, and then
// `npm ci` of npm 11 refuses the lock. Completes the lock with them; `--check` only says what is missing.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { repo } from "./lib/repo.mjs"

// `node scripts/lockPlatforms.mjs effect4`: the lock of that folder
const folder = process.argv.slice(2).find((arg) => !arg.startsWith("--")) ?? "."
const path = join(repo, folder, "package-lock.json")
const lock = JSON.parse(readFileSync(path, "utf8"))

const found = (name, expression) => expression.exec(name)?.[1]
const libcs = { glibc: "glibc", gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" }

// what the names of such packages say: `@rollup/rollup-linux-x64-musl`
const platformOf = (name) => {
  const os = found(name, /[-/](aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)\b/)
  const cpu = found(name, /-(arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el)\b/)
  if (os === undefined || cpu === undefined) return undefined
  const libc = libcs[found(name, /-(glibc|gnu|gnueabihf|musl|musleabihf)$/)]
  return { cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }), os: [os] }
}

const missing = new Map()
for (const [location, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (`node_modules/${name}` in lock.packages || `${location}/node_modules/${name}` in lock.packages) continue
    const platform = platformOf(name)
    if (platform === undefined || !/^\d/.test(version)) throw new Error(`Cannot lock ${name}@${version} of ${location}`)
    missing.set(`node_modules/${name}`, { version, ...platform, ...(entry.dev ? { dev: true } : {}), optional: true })
  }
}

if (process.argv.includes("--check")) {
  for (const location of missing.keys()) console.error(`package-lock.json lacks ${location}`)
  process.exit(missing.size > 0 ? 1 : 0)
}

const packages = [...Object.entries(lock.packages), ...missing].sort(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`)
console.log(`${missing.size} packages added to package-lock.json`)
