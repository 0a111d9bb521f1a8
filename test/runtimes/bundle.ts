/** The program in one file for each kind of runtime. */
import { Effect } from "effect"
import { build } from "esbuild"
import { fileURLToPath } from "node:url"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export interface Bundles {
  /** Node, Bun, Deno. Lies where `undici` is found: it stays outside, as in an app that is not bundled. */
  readonly cli: string
  readonly page: string
  readonly worker: string
}

export const bundle: Effect.Effect<Bundles> = Effect.promise(async () => {
  const out = here("../../.cache/runtimes")
  await build({
    absWorkingDir: here("../.."),
    entryPoints: ["cli", "page", "worker"].map((name) => here(`program/${name}.ts`)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    external: ["node:*", "undici/*"],
    target: "es2022",
    logLevel: "error"
  })
  return { cli: `${out}/cli.mjs`, page: `${out}/page.mjs`, worker: `${out}/worker.mjs` }
})
