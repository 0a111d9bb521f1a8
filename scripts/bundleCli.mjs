// Bundles the command into one file, with all that it needs: who installs the library for its modules pays for nothing of
// it. `effect-ollama-mock` is the same program.
import { build } from "esbuild"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { manifest, repo } from "./lib/repo.mjs"

// The module of platform-node with the client on node:http has one on undici too, which is as large as all the rest.
const withoutUndici = {
  name: "without-undici",
  setup: (bundler) => {
    bundler.onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "nothing" }))
    bundler.onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "module.exports = {}", loader: "js" }))
  }
}

/** Writes `cli.cjs`, its source map, and `cli-mock.cjs` into a folder. */
export const bundleCli = async (folder, { sourcemap = true, version = manifest.version } = {}) => {
  const outfile = join(folder, "cli.cjs")
  const { metafile } = await build({
    absWorkingDir: repo,
    banner: { js: "#!/usr/bin/env node" },
    bundle: true,
    define: { EFFECT_OLLAMA_VERSION: JSON.stringify(version) },
    entryPoints: ["src/cli/main.ts"],
    // Node starts it faster than a module, and loads its own modules when they are first needed
    format: "cjs",
    legalComments: "eof",
    logLevel: "warning",
    metafile: true,
    minify: true,
    outfile,
    platform: "node",
    plugins: [withoutUndici],
    sourcemap,
    sourcesContent: false,
    target: "node20",
    tsconfig: "tsconfig.json"
  })
  const mock = join(folder, "cli-mock.cjs")
  writeFileSync(mock, "#!/usr/bin/env node\nprocess.argv.splice(2, 0, \"mock\")\nrequire(\"./cli.cjs\")\n")
  for (const file of [outfile, mock]) chmodSync(file, 0o755)
  return metafile
}
