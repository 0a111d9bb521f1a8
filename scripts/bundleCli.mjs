// Bundles the command into one file, with all that it needs: who installs the library for its modules pays for nothing of
// it. `effect-ollama-mock` is the same program.
import { build } from "esbuild"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { manifest, repo } from "./lib/repo.mjs"

/** Writes `cli.js`, its source map, and `cli-mock.js` into a folder. */
export const bundleCli = async (folder) => {
  const outfile = join(folder, "cli.js")
  const { metafile } = await build({
    absWorkingDir: repo,
    // what undici asks for its parts with
    banner: {
      js:
        "#!/usr/bin/env node\nimport { createRequire as _createRequire } from \"node:module\"\nconst require = _createRequire(import.meta.url)"
    },
    bundle: true,
    define: { EFFECT_OLLAMA_VERSION: JSON.stringify(manifest.version) },
    entryPoints: ["src/cli/main.ts"],
    format: "esm",
    legalComments: "eof",
    logLevel: "warning",
    metafile: true,
    minify: true,
    outfile,
    platform: "node",
    sourcemap: true,
    sourcesContent: false,
    target: "node20",
    tsconfig: "tsconfig.json"
  })
  const mock = join(folder, "cli-mock.js")
  writeFileSync(mock, "#!/usr/bin/env node\nprocess.argv.splice(2, 0, \"mock\")\nawait import(\"./cli.js\")\n")
  for (const file of [outfile, mock]) chmodSync(file, 0o755)
  return metafile
}
