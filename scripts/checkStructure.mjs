// The house: what may import what, from the imports themselves (types included). docs/architecture.md draws it.
//
//   node scripts/checkStructure.mjs            fails on an arrow that leads the wrong way, or past a door
//   node scripts/checkStructure.mjs --share    the share of the core in the lines of src
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { repo } from "./lib/repo.mjs"

const src = join(repo, "src")
const files = readdirSync(src, { recursive: true }).map((file) => file.split(/[\\/]/).join("/")).filter((file) =>
  file.endsWith(".ts")
).sort()
const text = new Map(files.map((file) => [file, readFileSync(join(src, file), "utf8")]))

// Nouns: public data modules. What they are made of is below them.
const nouns = new Set(
  ["Chat", "ConfigValue", "Message", "Model", "ModelRef", "OllamaError"].map((name) => `${name}.ts`)
)
const leaves = new Set([
  "core/json.ts",
  ...["sentences", "refusalSentences", "publicSentences"].map((name) => `core/failure/${name}.ts`)
])

// Rooms at the edge, each with the files that others may import; `node.ts` and `testing/node.ts` are their runtime's own.
const doors = {
  transport: new Set(["transport/transport.ts"]),
  completion: new Set(["completion/completion.ts", "completion/options.ts", "completion/schemas.ts"]),
  catalog: new Set(["catalog/catalog.ts"]),
  server: new Set(["server/server.ts"]),
  config: new Set(["config/file.ts", "config/host.ts", "config/load.ts", "config/lookups.ts"]),
  telemetry: new Set(["telemetry/telemetry.ts"]),
  "ai/internal": new Set(["errors", "stream", "undecoded"].map((name) => `ai/internal/${name}.ts`)),
  "testing/internal": new Set(["memory", "service", "written"].map((name) => `testing/internal/${name}.ts`))
}
const keys = { "node.ts": "transport" }

// From the bottom up: a file imports from its own storey and from those below.
const storeyOf = (file) => {
  if (leaves.has(file)) return 0
  if (nouns.has(file)) return 1
  if (file.startsWith("core/")) return 2
  if (file.startsWith("telemetry/")) return 3
  if (file.startsWith("transport/")) return 4
  if (/^(catalog|completion|config|server)\//.test(file)) return 5
  if (file.startsWith("testing/")) return 7
  if (file.startsWith("cli/")) return 8
  return 6
}
const roomOf = (file) => Object.keys(doors).find((room) => file.startsWith(`${room}/`))

const problems = []
for (const [file, source] of text) {
  for (const [, specifier] of source.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    const target = relative(src, resolve(src, dirname(file), specifier)).split(/[\\/]/).join("/").replace(
      /\.js$/,
      ".ts"
    )
    if (!text.has(target)) continue
    if (storeyOf(target) > storeyOf(file)) problems.push(`src/${file} imports ${target}, which is above it`)
    if (nouns.has(file) && !nouns.has(target) && !leaves.has(target)) {
      problems.push(`src/${file} is a noun and imports ${target}, which works on nouns`)
    }
    const room = roomOf(target)
    if (room !== undefined && room !== roomOf(file) && keys[file] !== room && !doors[room].has(target)) {
      problems.push(`src/${file} imports ${target}, which is not a door of ${room}`)
    }
  }
  // The API is asked for its wire once; from there the wire knows.
  if (!file.startsWith("core/wire/") && !file.startsWith("core/mock/")) {
    source.split("\n").forEach((line, index) => {
      if (/[!=]==?\s*"(ollama|openai-completions)"/.test(line) && /\bapi\b/i.test(line)) {
        problems.push(`src/${file}:${index + 1} asks which API it is: let the wire say what follows`)
      }
    })
  }
}

if (process.argv.includes("--share")) {
  const lines = (file) => text.get(file).split("\n").length - 1
  const sum = (list) => list.reduce((total, file) => total + lines(file), 0)
  const core = sum(files.filter((file) => file.startsWith("core/")))
  const all = sum(files)
  console.log(`core: ${core} of ${all} lines of src (${Math.round(100 * core / all)} %)`)
} else {
  for (const problem of problems) console.error(problem)
  console.log(`${files.length} files, ${problems.length} problems`)
  process.exit(problems.length > 0 ? 1 : 0)
}
