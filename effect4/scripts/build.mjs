// Builds the package of effect4/build: the source for Effect 4, its `dist` with source maps, its pages and its manifest.
//
//   node scripts/build.mjs            all of it
//   node scripts/build.mjs --dist     what runs alone, quicker
import { cpSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bundleCli } from "../../scripts/bundleCli.mjs"
import { finishBuild } from "../../scripts/finishBuild.mjs"
import { bin, effect4, manifest, repo } from "../../scripts/lib/repo.mjs"
import { run } from "../../scripts/lib/run.mjs"
import own from "../package.json" with { type: "json" }

const build = join(effect4, "build")
const dist = join(build, "dist")

run(process.execPath, ["transform/transform.mjs", ...(process.argv.includes("--dist") ? ["--src"] : [])], {
  cwd: effect4
})
rmSync(dist, { recursive: true, force: true })
run(process.execPath, [bin("typescript", "tsc"), "-p", join(effect4, "tsconfig.build.json"), "--pretty", "false"])
await finishBuild(dist)

const { bin: commands, exports, files, keywords, license, name, sideEffects, type } = manifest
const { dependencies, description, engines, peerDependencies, peerDependenciesMeta, version } = own
// the same program, Effect 3 and all: it needs nothing of the package that it comes with, whose source is another
await bundleCli(dist, { sourcemap: false, version })
writeFileSync(
  join(build, "package.json"),
  `${
    JSON.stringify(
      {
        name,
        version,
        description,
        license,
        type,
        sideEffects,
        keywords,
        engines,
        files,
        bin: commands,
        exports: Object.fromEntries(Object.entries(exports).filter(([path]) => !path.startsWith("./cli"))),
        peerDependencies,
        peerDependenciesMeta,
        dependencies
      },
      null,
      2
    )
  }\n`
)
cpSync(join(repo, "LICENSE"), join(build, "LICENSE"))
console.log(`effect-ollama ${version} in effect4/build`)
