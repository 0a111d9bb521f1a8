/**
 * What each trick is worth: `npm run build && node bench/tricks.mjs [--only name,...] [--rounds n] [--quick] [--build]
 * [--json file]`. The library is built once more without each of its tricks (into `.cache/tricks`), and both builds run the
 * rows concerned in the same rounds. What is shown is what this build takes of what the other takes: 0.8 is a gain of a
 * fifth. `--build` only builds, which says whether the tricks still stand where they are looked for.
 */
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { argv, execPath } from "node:process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const { values: flags } = parseArgs({
  args: argv.slice(2),
  options: {
    only: { type: "string" },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    build: { type: "boolean", default: false },
    json: { type: "string" }
  }
})

const here = dirname(fileURLToPath(import.meta.url))
const checkout = join(here, "..")
const cache = join(checkout, ".cache", "tricks")

// Limits as one would write them: a fiber that sleeps for each.
const plainDeadlines = `import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"

export interface Deadline {
  due: number
  readonly expire: () => void
  fiber?: Fiber.RuntimeFiber<void>
}

export class Deadlines {
  constructor(private readonly clock: Clock.Clock) {}

  now(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  add(due: number, expire: () => void): Deadline {
    const deadline: Deadline = { due: Infinity, expire }
    this.set(deadline, due)
    return deadline
  }

  set(deadline: Deadline, due: number, _soonest = due): void {
    this.remove(deadline)
    deadline.due = due
    if (due === Infinity) return
    const expire = Effect.sync(() => {
      if (deadline.due <= this.now()) deadline.expire()
    })
    deadline.fiber = Effect.runFork(
      Effect.withClock(Effect.zipRight(Effect.sleep(Math.max(0, due - this.now())), expire), this.clock)
    )
  }

  remove(deadline: Deadline): void {
    deadline.fiber?.unsafeInterruptAsFork(FiberId.none)
    delete deadline.fiber
  }
}

export const of = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Deadlines =>
  new Deadlines(Context.get(fiber.getFiberRef(DefaultServices.currentServices), Clock.Clock))
`

/** Each trick: how it is taken out of its file, and the rows and clients that it is for. */
const tricks = {
  direct: {
    file: "src/transport/direct.ts",
    without: (text) =>
      replaced(text, [
        [
          "known.execute === client.execute ? known.send : undefined",
          "known.execute === client.execute ? undefined : undefined"
        ],
        ["pulls.get(response) ?? fromFetched(response)", "fromFetched(response)"]
      ]),
    only: "whole,first,each,joined,concurrent,cold-whole,discovery-100",
    clients: "effect-ollama:node"
  },
  fetch: {
    file: "src/transport/direct.ts",
    without: (text) =>
      replaced(text, [["?? fromFetched(response)", "?? (undefined as ReturnType<typeof fromFetched>)"]]),
    only: "whole,first,each,joined,concurrent,cold-stream",
    clients: "effect-ollama:fetch"
  },
  deadlines: {
    file: "src/transport/deadlines.ts",
    without: () => plainDeadlines,
    only: "whole,first,each,joined,paced,concurrent,open",
    clients: "effect-ollama:fetch,effect-ollama:node"
  },
  template: {
    file: "src/core/decode/decoder.ts",
    without: (text) =>
      replaced(text, [[
        "options.fastPath === false ? undefined : new FastPath(this.wire, options.learnAfter ?? 4)",
        "options.fastPath === false ? undefined : undefined as FastPath | undefined"
      ]]),
    only: "each,joined,native-each,native-joined,cold-stream",
    clients: "effect-ollama:fetch,effect-ollama:node"
  },
  shortLived: {
    file: "src/completion/shortLived.ts",
    without: (text) => replaced(text, [["let told = false", "let told = true as boolean"]]),
    only: "each,joined,cold-each,cold-stream,memory",
    clients: "effect-ollama:fetch,effect-ollama:node"
  },
  vectors: {
    file: "src/core/embedding/vectors.ts",
    without: (text) =>
      replaced(text, [[
        "new Reader(bytes, form).all()",
        "bytes.length < 0 ? new Reader(bytes, form).all() : undefined"
      ]]),
    only: "embed",
    clients: "effect-ollama:fetch-native,effect-ollama:node-native"
  },
  undecoded: {
    file: "src/ai/internal/undecoded.ts",
    without: (text) =>
      replaced(text, [["if (hasTransformer(made)) return core", "if (made !== undefined) return core"]]),
    only: "ai-whole,ai-each,ai-joined",
    clients: "effect-ollama-ai,effect-ollama-ai:node"
  },
  joinModules: {
    file: "scripts/finishBuild.mjs",
    without: (text) => replaced(text, [["  await joinModules(dist)\n", ""]]),
    only: "import,cold-whole",
    clients: "import:core,import:node,effect-ollama:fetch,effect-ollama:node"
  }
}

const replaced = (text, pairs) =>
  pairs.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`not found: ${from}`)
    return text.replace(from, () => to)
  }, text)

const node = (args, cwd = checkout) => execFileSync(execPath, args, { cwd, stdio: ["ignore", "inherit", "inherit"] })

/** This checkout without a trick, built. */
const build = (name) => {
  const { file, without } = tricks[name]
  const dir = join(cache, name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  for (const part of ["src", "scripts", "package.json", "tsconfig.json", "tsconfig.build.json"]) {
    cpSync(join(checkout, part), join(dir, part), { recursive: true })
  }
  symlinkSync(realpathSync(join(checkout, "node_modules")), join(dir, "node_modules"), "dir")
  writeFileSync(join(dir, file), without(readFileSync(join(dir, file), "utf8")))
  node([join(dir, "scripts", "build.mjs")], dir)
  return dir
}

if (!existsSync(join(checkout, "dist", "index.js"))) throw new Error("There is no build: npm run build")

const names = Object.keys(tricks).filter((name) => flags.only?.split(",").includes(name) ?? true)
const results = {}
for (const name of names) {
  console.log(`\n## ${name}\n`)
  const dir = build(name)
  if (flags.build) continue
  const { clients, only } = tricks[name]
  const json = join(cache, `${name}.json`)
  const more = [
    ...flags.rounds === undefined ? [] : ["--rounds", flags.rounds],
    ...flags.quick ? ["--quick"] : []
  ]
  node([join(here, "run.mjs"), "--against", dir, "--only", only, "--clients", clients, "--json", json, ...more])
  results[name] = JSON.parse(readFileSync(json, "utf8"))
  writeFileSync(flags.json ?? join(cache, "tricks.json"), `${JSON.stringify(results, null, 2)}\n`)
}

if (!flags.build) {
  const figure = ({ max, min, ratio }) => `${ratio.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`
  console.log("\n## All\n\n| trick | row | client | measure | with : without |\n| --- | --- | --- | --- | --- |")
  for (const [name, { results: benchmarks }] of Object.entries(results)) {
    for (const { name: row, rows } of benchmarks) {
      for (const { client, ...metrics } of rows) {
        for (const [metric, { toBefore }] of Object.entries(metrics)) {
          if (toBefore !== undefined) console.log(`| ${name} | ${row} | ${client} | ${metric} | ${figure(toBefore)} |`)
        }
      }
    }
  }
}
