// Uses the package of effect4/build as an app does: packed, in an empty folder, with `effect@^4.1` alone beside it, it answers
// from the mock, whole and streamed, on fetch; with undici too, on `effect-ollama/node`. Its entries load, and type-check.
//
//   node scripts/checkPackage.mjs --install     effect and undici from the registry, not those of this repository
import { execFileSync } from "node:child_process"
import { cpSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  checkCommands,
  checkPages,
  entriesOf,
  freshFolder,
  linkInto,
  lintPackage,
  pack,
  typeCheck
} from "../../scripts/lib/app.mjs"
import { bin, effect4 } from "../../scripts/lib/repo.mjs"
import { run } from "../../scripts/lib/run.mjs"
import manifest from "../build/package.json" with { type: "json" }
import { nodes } from "./nodes.mjs"

const isInstalled = process.argv.includes("--install")
// links to modules stay what they are, so that nothing is found beside their originals
const flags = isInstalled ? [] : ["--preserve-symlinks", "--preserve-symlinks-main"]

const packed = freshFolder()
const filename = pack(join(effect4, "build"), packed)
lintPackage(join(packed, filename))
checkPages(join(packed, "package"))
checkCommands(join(packed, "package"), manifest)

const app = (needed) => {
  const folder = freshFolder()
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }))
  if (isInstalled) {
    execFileSync("npm", ["install", "--no-audit", "--no-fund", join(packed, filename), ...needed], {
      cwd: folder,
      shell: true,
      stdio: "ignore"
    })
    return folder
  }
  const modules = join(folder, "node_modules")
  cpSync(join(packed, "package"), join(modules, "effect-ollama"), { recursive: true })
  linkInto(modules, [...needed, "@humanwhocodes/momoa"].map((spec) => spec.replace(/(?<=.)@.*$/, "")), effect4)
  return folder
}

const program = `
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { ChatCompletions, Ollama } from "effect-ollama"
import { MockServer, layerServer } from "effect-ollama/testing/node"
TRANSPORT

const asked = Effect.gen(function*() {
  const { url } = yield* MockServer
  const config = { models: { providers: { ollama: { baseUrl: url, apiKey: "none", api: "ollama", models: [{ id: "m" }] } } } }
  const live = Ollama.layerValue(config).pipe(Layer.provide(transport))
  return yield* Effect.gen(function*() {
    const whole = yield* ChatCompletions.create({ prompt: "Hi", model: "ollama/m" })
    const pieces = yield* Stream.runCollect(
      Stream.filterMap(ChatCompletions.stream({ prompt: "Hi", model: "ollama/m" }), ChatCompletions.textDelta)
    )
    return [whole.text, pieces.join("")]
  }).pipe(Effect.provide(live))
}).pipe(Effect.provide(layerServer({ models: ["m"], replies: ["Hello there."] })))

const [whole, streamed] = await Effect.runPromise(asked)
if (whole !== "Hello there." || streamed !== "Hello there.") throw new Error(JSON.stringify({ whole, streamed }))
`
const transports = {
  fetch: "import * as FetchHttpClient from \"effect/http/FetchHttpClient\"\nconst transport = FetchHttpClient.layer",
  "effect-ollama/node": "import * as OllamaNode from \"effect-ollama/node\"\nconst transport = OllamaNode.layer"
}
for (const [transport, imports] of Object.entries(transports)) {
  const folder = app(transport === "fetch" ? ["effect@^4.1"] : ["effect@^4.1", "undici@^7.10"])
  writeFileSync(join(folder, "main.mjs"), program.replace("TRANSPORT", imports))
  for (const node of nodes()) {
    run(node.path, [...flags, "main.mjs"], { cwd: folder })
    console.log(`${transport}, Node ${node.major}: answers, whole and streamed`)
  }
}

// every entry, as JavaScript and as types
const folder = app(["effect@^4.1", "undici@^7.10", "@types/node@22"])
const entries = entriesOf(join(folder, "node_modules", "effect-ollama", "dist"), manifest)
writeFileSync(join(folder, "load.mjs"), entries.map((entry) => `await import("${entry}")\n`).join(""))
run(nodes()[0].path, [...flags, "load.mjs"], { cwd: folder })
typeCheck(folder, entries, bin("typescript", "tsc", effect4))
console.log(`${entries.length} entries load, and type-check with TypeScript 5.9, declarations included`)
