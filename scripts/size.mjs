// Bundles a minimal app with the built package, minified, and holds its compressed size against a limit; so with what the
// provider of @effect/ai adds to an app that has both anyway. `--files` says what each file adds.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { bundle, kB, printParts } from "./lib/bundle.mjs"
import { repo } from "./lib/repo.mjs"

// The aim is 90 kB. It is not reached: the base, which is what an app on Effect that makes one request bundles anyway, is
// 81 kB of it. The limit guards what there is, so that growth is noticed; lower it with every gain.
const limit = 148_000

// Over what an app bundles that has completions and a language model of another provider.
const aiLimit = 18_000

const base = `
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"

HttpClient.get("http://127.0.0.1:11434/api/version").pipe(
  Effect.flatMap((response) => response.text),
  Effect.tap(Effect.log),
  Effect.provide(FetchHttpClient.layer),
  Effect.runFork
)`

// The minimal app, written out: a bundler drops an import for its effects of a file of this package, which has none.
const aiBase = `
${readFileSync(join(repo, "scripts", "size", "minimal.ts"), "utf8")}
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as Stream from "effect/Stream"

LanguageModel.make({ generateText: () => Effect.succeed([]), streamText: () => Stream.empty }).pipe(
  Effect.flatMap((model) => model.generateText({ prompt: "Why is the sky blue?" })),
  Effect.runFork
)`

if (!existsSync(join(repo, "dist", "index.js"))) throw new Error("There is no build: npm run build")

const bundled = (entry) => bundle(repo, "./dist", entry)
const owner = (path) =>
  path.startsWith("dist/") ? "effect-ollama" : /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "app"

const app = await bundled({ entryPoints: ["scripts/size/minimal.ts"] })
const without = await bundled({ stdin: { contents: base, resolveDir: repo } })

printParts(app, process.argv.includes("--files") ? undefined : owner)
console.log(`${kB(app.minified)}  minified`)
console.log(`${kB(app.gzipped)}  minified and gzipped (limit ${kB(limit).trim()})`)
console.log(`${kB(without.gzipped)}  of it the base: Effect and its HttpClient alone`)

const ai = await bundled({ entryPoints: ["scripts/size/ai.ts"] })
const withoutAi = await bundled({ stdin: { contents: aiBase, resolveDir: repo, loader: "ts" } })
const added = ai.gzipped - withoutAi.gzipped
console.log(`${kB(added)}  that effect-ollama/ai adds to an app with both (limit ${kB(aiLimit).trim()})`)
process.exit(app.gzipped > limit || added > aiLimit ? 1 : 0)
