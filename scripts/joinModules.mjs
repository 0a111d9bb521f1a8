// Puts the internal modules of `dist` together in the few files that the public modules share: resolving and reading some
// seventy small modules costs an app that does not bundle as much as running them. Statements stay apart, so a bundler
// drops as much as before; declarations stay as they are.
import { build } from "esbuild"
import { readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isRoom, repo } from "./lib/repo.mjs"

// Those of an index are namespaces, which bundlers see through only in the original.
const isIndex = (file) => /(^|[\\/])index\.js$|^ai\.js$/.test(file)

export const joinModules = async (folder) => {
  const scripts = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".js"))
  const { outputFiles } = await build({
    absWorkingDir: repo,
    bundle: true,
    chunkNames: "core/shared-[hash]",
    entryPoints: scripts.filter((file) => !isRoom(file) && !isIndex(file)).map((file) => join(folder, file)),
    format: "esm",
    logLevel: "warning",
    outbase: folder,
    outdir: folder,
    packages: "external",
    sourcemap: true,
    // the package has them
    sourcesContent: false,
    splitting: true,
    target: "es2022",
    write: false
  })
  for (const file of scripts.filter(isRoom)) {
    for (const name of [file, `${file}.map`]) rmSync(join(folder, name))
  }
  for (const { contents, path } of outputFiles) writeFileSync(path, contents)
}
