// Uses the package of effect4/build as an app does: packed, in an empty folder, with `effect@^4.1` alone beside it, it answers
// from the mock, whole and streamed, on fetch; with undici too, on `effect-ollama/node`. Its entries load, and type-check.
//
//   node scripts/checkPackage.mjs --install     effect and undici from the registry, not those of this repository
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { bin, isRoom } from "../../scripts/lib/repo.mjs"
import { run } from "../../scripts/lib/run.mjs"
import { nodes } from "./nodes.mjs"

const effect4 = fileURLToPath(new URL("..", import.meta.url))
const isInstalled = process.argv.includes("--install")
// links to modules stay what they are, so that nothing is found beside their originals
const flags = isInstalled ? [] : ["--preserve-symlinks", "--preserve-symlinks-main"]

const fresh = () => {
  const folder = mkdtempSync(join(tmpdir(), "effect-ollama-4-"))
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const packed = fresh()
const [{ entryCount, filename, size }] = JSON.parse(
  execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", packed], {
    cwd: join(effect4, "build"),
    encoding: "utf8",
    shell: true,
    stdio: ["ignore", "pipe", "ignore"]
  })
)
console.log(`${filename}: ${entryCount} files, ${(size / 1000).toFixed(0)} kB packed`)
execFileSync("tar", ["-xzf", filename], { cwd: packed })

const app = (needed) => {
  const folder = fresh()
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
  mkdirSync(modules)
  cpSync(join(packed, "package"), join(modules, "effect-ollama"), { recursive: true })
  for (const spec of [...needed, "@humanwhocodes/momoa"]) {
    const name = spec.replace(/(?<=.)@.*$/, "")
    mkdirSync(join(modules, name, ".."), { recursive: true })
    symlinkSync(join(effect4, "node_modules", name), join(modules, name), "junction")
  }
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
const dist = join(folder, "node_modules", "effect-ollama", "dist")
const entries = readdirSync(dist, { recursive: true })
  .map((file) => file.split(sep).join("/"))
  .filter((file) => file.endsWith(".js") && !isRoom(file) && !/^(index|testing\/(index|Script))\.js$/.test(file))
  .map((file) => `effect-ollama/${file.replace(/\.js$/, "")}`)
entries.push("effect-ollama", "effect-ollama/testing")
writeFileSync(join(folder, "load.mjs"), entries.map((entry) => `await import("${entry}")\n`).join(""))
run(nodes()[0].path, [...flags, "load.mjs"], { cwd: folder })
writeFileSync(
  join(folder, "app.ts"),
  entries.map((entry, i) => `import * as e${i} from "${entry}"\nvoid e${i}\n`).join("")
)
writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2023", "DOM", "DOM.Iterable"],
      module: "NodeNext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: ["node"]
    },
    files: ["app.ts"]
  })
)
run(process.execPath, [bin("typescript", "tsc", effect4), "-p", folder, "--pretty", "false"])
console.log(`${entries.length} entries load, and type-check with TypeScript 5.9, declarations included`)
