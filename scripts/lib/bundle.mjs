import { build } from "esbuild"
import { gzipSync } from "node:zlib"

/** Bundles an app with the package that is built in `dist`, minified: what is in it, and its size, in bytes. */
export const bundle = async (root, dist, entry) => {
  const { metafile, outputFiles: [{ contents }] } = await build({
    ...entry,
    absWorkingDir: root,
    alias: { "effect-ollama": dist },
    bundle: true,
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
  return { inputs, minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length }
}

export const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9)

/** Says what each part of a bundle adds, the largest first: each file, or what `owner` makes of its path. */
export const printParts = ({ inputs }, owner = (path) => path) => {
  const parts = new Map()
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    parts.set(owner(path), (parts.get(owner(path)) ?? 0) + bytesInOutput)
  }
  for (const [name, bytes] of [...parts].sort((a, b) => b[1] - a[1])) console.log(`${kB(bytes)}  ${name}`)
}
