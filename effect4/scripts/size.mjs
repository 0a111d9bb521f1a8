// Bundles the minimal app with the package for Effect 4, minified, and holds its compressed size against a limit.
import { build } from "esbuild"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

const effect4 = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "")

// The aim is 85 kB, and 94 what a trial port had. The limit guards what there is: lower it with every gain.
const limit = 115_000

const { metafile, outputFiles: [{ contents }] } = await build({
  absWorkingDir: effect4,
  alias: { "effect-ollama": "./build/dist" },
  bundle: true,
  entryPoints: ["build/scripts/size/minimal.ts"],
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
const [{ inputs }] = Object.values(metafile.outputs)
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9)
if (process.argv.includes("--files")) {
  for (
    const [path, { bytesInOutput }] of Object.entries(inputs).sort((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)
  ) {
    if (bytesInOutput > 1000) console.log(`${kB(bytesInOutput)}  ${path}`)
  }
}
const gzipped = gzipSync(contents, { level: 9 }).length
console.log(`${kB(contents.length)}  minified`)
console.log(`${kB(gzipped)}  minified and gzipped (limit ${kB(limit).trim()})`)
process.exit(gzipped > limit ? 1 : 0)
