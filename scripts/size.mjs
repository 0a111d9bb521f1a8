// Bundles a minimal app with the built package, minified, and holds its compressed size against a limit. `--files` says
// what each file adds.
import { build } from "esbuild"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { repo } from "./lib/repo.mjs"

const limit = 90_000

if (!existsSync(join(repo, "dist", "index.js"))) throw new Error("There is no build: npm run build")

const { metafile, outputFiles: [{ contents }] } = await build({
  absWorkingDir: repo,
  alias: { "effect-ollama": "./dist" },
  bundle: true,
  entryPoints: ["bench/size/minimal.ts"],
  format: "esm",
  legalComments: "none",
  logLevel: "error",
  metafile: true,
  minify: true,
  platform: "browser",
  target: "es2022",
  treeShaking: true,
  tsconfigRaw: {},
  write: false
})

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9)
const owner = (path) =>
  path.startsWith("dist/") ? "effect-ollama" : /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "app"

const byFile = process.argv.includes("--files")
const parts = new Map()
for (const [path, { bytesInOutput }] of Object.entries(Object.values(metafile.outputs)[0].inputs)) {
  const part = byFile ? path : owner(path)
  parts.set(part, (parts.get(part) ?? 0) + bytesInOutput)
}
for (const [name, bytes] of [...parts].sort((a, b) => b[1] - a[1])) console.log(`${kB(bytes)}  ${name}`)
const gzipped = gzipSync(contents, { level: 9 }).length
console.log(`${kB(contents.length)}  minified\n${kB(gzipped)}  minified and gzipped (limit ${kB(limit).trim()})`)
process.exit(gzipped > limit ? 1 : 0)
